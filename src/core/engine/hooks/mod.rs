//! What Unicorn calls while it runs, and the state that those calls share.

mod access;
#[cfg(all(target_arch = "x86_64", unix))]
mod beside;
#[cfg(not(all(target_arch = "x86_64", unix)))]
#[path = "nowhere.rs"]
mod beside;
mod exact;
mod exceptions;
mod fast;
mod fill;
mod search;

use std::{ffi::c_void, ptr::NonNull};

use unicorn_engine_sys::{
    ControlType, MemType, Prot, RegisterARM, TlbEntry, uc_ctl, uc_emu_stop, uc_engine, uc_error,
};

use super::{
    AccessFault, Attention, Exit, Fault, Found, Hit, Masks, Memory, PAGE, PageId, PageUse, Port, Reply,
    Search, Span, Translation, WatchUnits,
    alignment::Base,
    blocks::{Block, Blocks},
    hits::Hits,
    snapshot::Snapshot,
    translator::{Kind, read_register, write_register},
    traps::Trap,
    values::Values,
};
use crate::{
    core::{
        Architecture,
        thumb::{self, ItState},
    },
    timeline::{WatchKind, Watchpoint},
    words::{Icount, Width},
};

pub use self::beside::Beside;
pub use access::{access, device_load, device_store, shadow_load, shadow_store, void_load};
pub use exact::{exact_block, exact_instruction};
pub use exceptions::{interrupt, invalid};
pub use fast::{compare_values, fast_block};
pub use fill::{fill, unmapped};

/// Accesses to this page end in a fault hook: nothing is ever mapped here. The low bits are those of the address.
pub const POISON: u32 = 0xff00_0000;
/// What is loaded from here is zero, and what is stored is lost.
pub const VOID: u32 = 0xff00_1000;
/// The size of that page of the translator's map, in bytes.
pub const VOID_SIZE: u32 = 0x1000;
/// Pages of memory whose accesses must be looked at appear here, as a device, in the order of [`Memory::view`]. This is the
/// vendor's part of the system space, where no chip has memory; its first bytes are left to registers that say which chip it
/// is (0xF0000FE0 on nRF51).
pub const SHADOW: u32 = 0xf100_0000;
/// The size of that space, in bytes: more than a chip has memory.
pub const SHADOW_SIZE: u32 = 0x0e00_0000;

fn shadow_of(view: u32) -> (u32, Prot) {
    (SHADOW + view * PAGE, Prot(Prot::READ.0 | Prot::WRITE.0))
}

/// The widest access, in bytes: that of a double.
const WIDEST: u32 = 8;
/// Bits of xPSR that hold ITSTATE.
const XPSR_IT: u32 = 0x0600_fc00;
const XPSR_T: u32 = 1 << 24;

/// What the last refused page was, because the translator's fault hooks know only the poisoned address.
#[derive(Clone, Copy)]
struct Refusal {
    page: u32,
    fault: AccessFault,
}

/// One load or store that an instruction has done already.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Access {
    address: u32,
    width: Width,
    /// The value loaded; `None` for a store.
    loaded: Option<u32>,
}

/// Where an instruction was abandoned at which the translator does not stop.
#[derive(Clone, Copy)]
pub struct Abandoned {
    pub icount: Icount,
    pub boundary: bool,
    pub event: bool,
}

/// All that the hooks share with [`super::Translator`]. What the block hook needs comes first, in one line of the cache.
#[repr(C, align(64))]
pub struct Shared {
    /// The icounts from the end of the block that runs now to `threshold`: the one number that the block hook keeps.
    left: i64,
    pub blocks: Blocks,
    /// What the block hook calls.
    unknown: extern "C" fn(&mut Shared, u32, u32),
    closer: extern "C" fn(&mut Shared),

    kind: Kind,
    uc: *mut uc_engine,
    port: Option<NonNull<dyn Port>>,
    /// Exact: whether the block that runs now begins a basic block of the architecture.
    boundary: bool,
    /// A SEV has run.
    pub event: bool,
    /// The block hook looks closer when the end of a block is past this icount. Fits in 63 bits.
    threshold: Icount,
    span: Span,
    attention: Attention,
    pub exit: Option<Exit>,
    pub it: ItState,
    /// The exact engine stands at an IT instruction whose block it must go through with single steps.
    pub single_steps: bool,

    architecture: Architecture,
    /// The exit is a trap: the instruction has not begun.
    pub trapped: bool,

    pub search: Search,
    units: WatchUnits,
    /// The icount of the instruction whose accesses the units have seen already.
    units_matched_at: Icount,
    /// Pages with a watchpoint or a watch unit, ascending.
    watched: Vec<PageId>,
    /// Where each watchpoint of the search begins, not through an alias of memory.
    watched_places: Vec<u32>,
    /// Accesses to watched pages, since somebody asked.
    pub watched_accesses: u64,
    /// What is compared in front of each instruction.
    pub values: Option<Box<Values>>,
    pub hits: Hits,

    pub abandoned: Option<Abandoned>,
    /// The registers in front of the abandoned instruction.
    pub snapshot: Snapshot,

    /// Pages of code that not all of may be executed: each instruction must be asked for.
    guarded_code: Vec<u32>,
    refusal: Option<Refusal>,
    /// The accesses of the instruction at this icount.
    accesses: Vec<Access>,
    accesses_at: Icount,
    /// Accesses that are answered from `accesses` because the instruction runs again.
    pub muted: usize,
    /// The next run begins with the instruction that made them.
    repeats: bool,
    /// The icount of that instruction, in the run: what it stores to code it may.
    repeated_at: Icount,
    answer: u64,
    answer_address: u32,
}

impl Shared {
    pub fn new(kind: Kind, uc: *mut uc_engine, architecture: Architecture) -> Result<Shared, uc_error> {
        let never = Attention { at: Icount::MAX, pending: false };
        Ok(Shared {
            left: 0,
            blocks: Blocks::new(architecture),
            unknown: fast::fast_block_unknown,
            closer: fast::fast_block_closer,
            kind,
            uc,
            port: None,
            boundary: false,
            event: false,
            threshold: 0,
            span: Span { start: 0, boundary: false, limit: 0 },
            attention: never,
            exit: None,
            it: ItState::default(),
            single_steps: false,
            architecture,
            trapped: false,
            search: Search::default(),
            units: WatchUnits::new(),
            units_matched_at: Icount::MAX,
            watched: Vec::new(),
            watched_places: Vec::new(),
            watched_accesses: 0,
            values: None,
            hits: Hits::default(),
            abandoned: None,
            snapshot: Snapshot::new(uc)?,
            guarded_code: Vec::new(),
            refusal: None,
            accesses: Vec::new(),
            accesses_at: Icount::MAX,
            muted: 0,
            repeats: false,
            repeated_at: Icount::MAX,
            answer: 0,
            answer_address: 0,
        })
    }

    /// Gets ready for a run. `port` must stay valid until [`Shared::finish`].
    pub fn begin(&mut self, port: NonNull<dyn Port>, span: Span, pc: u32, it: ItState) {
        self.port = Some(port);
        self.span = span;
        self.set_behind(span.start);
        // As if a block without instructions had run in front of the first one.
        let ends = if span.boundary { Block::ENDS } else { 0 };
        self.blocks.begin(Block::new(pc, 0, 0, ends | Block::UNMASKS));
        self.boundary = span.boundary;
        self.event = false;
        self.exit = None;
        self.it = it;
        self.single_steps = false;
        self.refusal = None;
        self.trapped = false;
        self.abandoned = None;
        let repeats = std::mem::take(&mut self.repeats);
        self.repeated_at = if repeats { span.start } else { Icount::MAX };
        if !repeats {
            self.muted = 0;
            self.accesses_at = Icount::MAX; // an earlier visit to this very position
            self.units_matched_at = Icount::MAX;
        }
        let traps = self.port().traps();
        self.blocks.set_traps(traps);
        self.attend();
    }

    /// Forgets the port.
    pub fn finish(&mut self) {
        self.port = None;
    }

    /// Hands the accesses of a stopped instruction to the engine that will run it again.
    pub fn give_accesses(&mut self, other: &mut Shared) {
        other.accesses = std::mem::take(&mut self.accesses);
        other.accesses_at = self.accesses_at;
        other.muted = other.accesses.len();
        other.units_matched_at = self.units_matched_at;
        other.repeats = true;
        self.accesses_at = Icount::MAX;
        self.muted = 0;
    }

    /// The instruction that stopped here with [`Exit::Accessed`] will run again, here.
    pub fn repeat_accesses(&mut self) {
        self.muted = self.accesses.len();
        self.repeats = true;
    }

    fn port(&mut self) -> &mut dyn Port {
        port_of(self.port)
    }

    pub fn memory(&mut self) -> &mut Memory {
        self.port().memory()
    }

    fn attend(&mut self) {
        self.attention = self.port().attention();
        let at = if self.attention.pending { 0 } else { self.attention.at };
        let behind = self.icount_behind();
        self.threshold = at.min(self.span.limit).min(i64::MAX as u64);
        self.set_behind(behind);
    }

    fn stop(&mut self, exit: Exit) {
        self.exit = Some(exit);
        self.stop_again();
    }

    fn register(&self, id: RegisterARM) -> u32 {
        read_register(self.uc, id)
    }

    fn is_privileged(&self) -> bool {
        self.register(RegisterARM::CONTROL) & 1 == 0 || self.register(RegisterARM::IPSR) & 0x1ff != 0
    }

    /// Whether the load or store of the instruction at the PC is a privileged one. Only in hooks of data accesses.
    fn accesses_privileged(&mut self) -> bool {
        if !self.is_privileged() {
            return false;
        }
        let pc = self.register(RegisterARM::PC) & !1;
        let (first, second) = (self.memory_half(pc), self.memory_half(pc.wrapping_add(2)));
        !thumb::accesses_unprivileged(first, second)
    }

    fn masks(&self) -> Masks {
        // Unprivileged code reads all of these as zero, and so would we: look from Handler mode.
        let peek = !self.is_privileged();
        if peek {
            write_register(self.uc, RegisterARM::IPSR, 3);
        }
        let masks = Masks {
            primask: self.register(RegisterARM::PRIMASK) & 1 != 0,
            faultmask: self.register(RegisterARM::FAULTMASK) & 1 != 0,
            basepri: self.register(RegisterARM::BASEPRI) as u8,
        };
        if peek {
            write_register(self.uc, RegisterARM::IPSR, 0);
        }
        masks
    }

    /// Whether the core wants to look at the pins at this boundary. `unmasked` tells that the masks may have changed.
    fn wants_attention(&mut self, icount: Icount, unmasked: bool) -> bool {
        // The accesses of the instruction here are done: it must retire before anything else happens.
        if self.muted > 0 && self.accesses_at == icount {
            return false;
        }
        if icount >= self.attention.at {
            return true;
        }
        unmasked && self.can_take()
    }

    /// Whether a pending exception can be taken as the masks stand now.
    fn can_take(&mut self) -> bool {
        if !self.attention.pending {
            return false;
        }
        let masks = self.masks();
        self.port().takeable(masks)
    }

    /// The translator leaves ITSTATE of the faulting instruction behind when a data hook has been called, as if the
    /// access would fault; but a running block keeps it at zero. Left alone, the next block would run under a condition.
    fn forget_it_state(&self) {
        if self.register(RegisterARM::XPSR) & XPSR_IT != 0 {
            write_register(self.uc, RegisterARM::EPSR, XPSR_T);
        }
    }

    pub fn icount_at(&mut self, pc: u32) -> Icount {
        if self.kind == Kind::Exact {
            return self.icount();
        }
        let block = self.block();
        self.icount() + u64::from(block.index_of(self.memory(), pc))
    }

    /// The block that runs now. Exact: the instruction that runs now, as a block of one. Of no instructions when nothing
    /// runs yet, or no more.
    #[inline]
    pub fn block(&self) -> Block {
        self.blocks.current()
    }

    /// The icount of the first instruction of the block that runs now.
    pub fn icount(&self) -> Icount {
        self.icount_behind() - u64::from(self.block().count)
    }

    /// The icount of the state behind the last instruction that ran, when nothing is left undone.
    pub fn icount_behind(&self) -> Icount {
        self.threshold.wrapping_sub(self.left as u64)
    }

    fn set_behind(&mut self, icount: Icount) {
        self.left = self.threshold.wrapping_sub(icount) as i64;
    }

    /// Whether the block that runs now begins a basic block of the architecture.
    fn is_boundary(&self) -> bool {
        match self.kind {
            Kind::Fast | Kind::Watching => {
                let previous = self.blocks.previous();
                previous.has(Block::ENDS) || self.block().address() != previous.end()
            }
            Kind::Exact => self.boundary,
        }
    }

    /// Whether a basic block of the architecture begins at `icount`, which is a position in the block that runs now.
    pub fn is_boundary_at(&self, icount: Icount) -> bool {
        icount == self.icount() && self.is_boundary()
    }
}

/// The rest of the core. The lifetime is the hook's; no two of these are alive at the same time.
fn port_of<'a>(port: Option<NonNull<dyn Port>>) -> &'a mut dyn Port {
    let mut port = port.expect("hooks are called only during a run");
    // SAFETY: `Shared::begin` got the pointer from a live exclusive borrow that lasts until `Shared::finish`.
    unsafe { port.as_mut() }
}

/// # Safety
/// `data` must be the `Shared` of the engine that calls.
unsafe fn shared<'a>(data: *mut c_void) -> &'a mut Shared {
    // SAFETY: by the contract of this function; Unicorn calls one hook at a time, and `Translator` touches its
    // `Shared` only while the engine does not run.
    unsafe { &mut *data.cast::<Shared>() }
}
