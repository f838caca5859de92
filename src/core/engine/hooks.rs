//! What Unicorn calls while it runs, and the state that those calls share.

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
};
use crate::{
    core::{
        Architecture,
        thumb::{self, ItState},
    },
    timeline::{WatchKind, Watchpoint},
    words::{Icount, Width},
};

/// Accesses to this page end in a fault hook: nothing is ever mapped here. The low bits are those of the address.
pub const POISON: u32 = 0xff00_0000;
/// What is loaded from here is zero, and what is stored is lost.
pub const VOID: u32 = 0xff00_1000;
/// The size of that page of the translator's map, in bytes.
pub const VOID_SIZE: u32 = 0x1000;
/// Pages of memory whose accesses must be looked at appear here, as a device, in the order of [`Memory::view`]. This is the
/// vendor's part of the system space, where no chip has memory.
pub const SHADOW: u32 = 0xf000_0000;
/// The size of that space, in bytes: more than a chip has memory.
pub const SHADOW_SIZE: u32 = 0x0f00_0000;

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

/// All that the hooks share with [`super::Translator`].
pub struct Shared {
    kind: Kind,
    uc: *mut uc_engine,
    port: Option<NonNull<dyn Port>>,

    /// The icounts from the end of `block` to `threshold`: the one number that the block hook keeps.
    left: i64,
    /// The block that runs now. Exact: the instruction that runs now, as a block of one. Of no instructions when nothing
    /// runs yet, or no more.
    pub block: Block,
    /// The block in front of `block`.
    previous: Block,
    /// Exact: whether `block` begins a basic block of the architecture.
    boundary: bool,
    /// A SEV has run.
    pub event: bool,
    /// The block hook looks closer when the end of a block is past this icount. Fits in 63 bits.
    threshold: Icount,
    span: Span,
    attention: Attention,
    pub blocks: Blocks,
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
            kind,
            uc,
            port: None,
            left: 0,
            block: Block::default(),
            previous: Block::default(),
            boundary: false,
            event: false,
            threshold: 0,
            span: Span { start: 0, boundary: false, limit: 0 },
            attention: never,
            blocks: Blocks::new(architecture),
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
        self.block = Block::new(pc, 0, 0, ends | Block::UNMASKS);
        self.previous = self.block;
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

    /// Sets what the debugger looks for. Whether that changes what must be seen of memory.
    pub fn set_search(&mut self, search: &Search, memory: &Memory) -> bool {
        if self.search.breakpoints != search.breakpoints {
            self.blocks.clear();
        }
        self.watched_places = search.watchpoints.iter().map(|watch| memory.place(watch.address)).collect();
        self.search = search.clone();
        self.hits.take();
        self.renew_watched(memory)
    }

    /// Sets what the core's own comparators watch. Whether that changes what must be seen of memory.
    pub fn set_units(&mut self, units: WatchUnits, memory: &Memory) -> bool {
        if self.units == units {
            return false;
        }
        self.units = units;
        self.renew_watched(memory)
    }

    fn renew_watched(&mut self, memory: &Memory) -> bool {
        let mut watched = Vec::new();
        for watch in self.search.watchpoints.iter().chain(&self.units).filter(|watch| watch.length > 0) {
            // An access that begins on the page before is announced there, as a whole, and split behind that.
            let first = watch.address.saturating_sub(WIDEST - 1) & !(PAGE - 1);
            let last = watch.address.saturating_add(watch.length - 1);
            watched.extend((first..=last).step_by(PAGE as usize).filter_map(|address| memory.page(address)));
        }
        watched.sort_unstable();
        watched.dedup();
        let changed = watched != self.watched;
        self.watched = watched;
        changed
    }

    /// Tells the core which of its comparators see an access. Whether an exception must be taken right behind the
    /// instruction.
    fn match_units(&mut self, icount: Icount, address: u32, size: u32, store: bool) -> bool {
        if self.units.is_empty() || self.units_matched_at == icount {
            return false;
        }
        let sees = |unit: &Watchpoint| {
            let kind = match unit.kind {
                WatchKind::Access => true,
                WatchKind::Read => !store,
                WatchKind::Write => store,
            };
            kind && unit.length > 0
                && address <= unit.address.saturating_add(unit.length - 1)
                && unit.address <= address.saturating_add(size - 1)
        };
        let seeing: heapless::Vec<usize, 4> =
            self.units.iter().enumerate().filter(|(_, unit)| sees(unit)).map(|(number, _)| number).collect();
        if seeing.is_empty() {
            return false;
        }
        for &unit in &seeing {
            self.port().watch_unit_matched(unit);
        }
        self.units_matched_at = icount;
        self.attend();
        self.can_take()
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
        let block = self.block;
        self.icount() + u64::from(block.index_of(self.memory(), pc))
    }

    /// The icount of the first instruction of the block that runs now.
    pub fn icount(&self) -> Icount {
        self.icount_behind() - u64::from(self.block.count)
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
            Kind::Fast => self.previous.has(Block::ENDS) || self.block.address != self.previous.end(),
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

/// A block of the fast engine begins. This is where a recording spends its time: count, and be gone, in some fifteen
/// machine instructions. Whatever is rare is a call at the very end, so that nothing is saved on the stack.
pub unsafe extern "C" fn fast_block(_uc: *mut uc_engine, address: u64, size: u32, data: *mut c_void) {
    // SAFETY: registered with this engine's `Shared`.
    let s = unsafe { shared(data) };
    let Some(block) = s.blocks.get(address as u32, size) else {
        return fast_block_unknown(s, address as u32, size);
    };
    s.left -= i64::from(block.count);
    s.previous = s.block;
    s.block = *block;
    if s.left < 0 {
        fast_block_closer(s);
    }
}

#[cold]
extern "C" fn fast_block_unknown(s: &mut Shared, address: u32, size: u32) {
    let known = s.blocks.get_special(address, size);
    let block = known.unwrap_or_else(|| {
        let memory = port_of(s.port).memory();
        let guarded = s.is_guarded_code(address) || s.is_guarded_code(address + size - 1);
        s.blocks.find(memory, address, size, guarded, &s.search.breakpoints)
    });
    s.left -= i64::from(block.count);
    s.previous = std::mem::replace(&mut s.block, block);
    if s.left >= 0 && block.is_only_planned() {
        let holds_again = block.has(Block::STEADY) && s.previous == block;
        if holds_again || s.plan_holds() {
            return;
        }
    }
    if s.left < 0 || block.is_special() {
        fast_block_closer(s);
    }
}

#[cold]
extern "C" fn fast_block_closer(s: &mut Shared) {
    if s.abandoned.is_some() {
        return; // on its way out
    }
    let block = s.block;
    let unmasked = s.previous.has(Block::UNMASKS);
    let icount = s.icount();
    let stop = if s.is_boundary() && s.wants_attention(icount, unmasked) {
        Some(Exit::Attention)
    } else if s.icount_behind() > s.span.limit {
        Some(Exit::Limit)
    } else if block.has(Block::TRAPS)
        || block.has(Block::BREAKPOINT) && !s.search.collect
        || block.has(Block::PLANNED) && !s.plan_holds()
    {
        Some(Exit::Block(block.count))
    } else {
        None
    };
    if let Some(exit) = stop {
        s.set_behind(icount);
        s.block.count = 0;
        s.stop(exit);
        return;
    }
    s.event |= block.has(Block::SETS_EVENT);
    if block.has(Block::BREAKPOINT) {
        s.hits.settle(icount);
        let memory = port_of(s.port).memory();
        for &pc in s.search.breakpoints.range(block.address..block.end()) {
            if let Some(index) = block.begins_at(memory, pc) {
                s.hits.expect(Hit { icount: icount + u64::from(index), found: Found::Breakpoint });
            }
        }
    }
}

/// A block of the exact engine begins: the only place to stop in front of an instruction that is inside an IT block.
pub unsafe extern "C" fn exact_block(_uc: *mut uc_engine, address: u64, _size: u32, data: *mut c_void) {
    // SAFETY: registered with this engine's `Shared`.
    let s = unsafe { shared(data) };
    if s.exit.is_some() {
        return;
    }
    s.arrive_at(address as u32);
    if let Some(exit) = s.exact_stop() {
        s.stop(exit);
    }
}

/// An instruction of the exact engine begins. Instructions that an IT block skips are not announced.
pub unsafe extern "C" fn exact_instruction(_uc: *mut uc_engine, address: u64, _size: u32, data: *mut c_void) {
    // SAFETY: registered with this engine's `Shared`.
    let s = unsafe { shared(data) };
    if s.exit.is_some() {
        return;
    }
    let address = address as u32;
    s.arrive_at(address);
    // Inside an IT block the translator cannot stop; `Translator::step_through_it` sees to it.
    let can_stop = s.it.0 == 0;
    let breakpoint = s.search.breakpoints.contains(&address);
    if can_stop {
        let found = (breakpoint && !s.search.collect).then_some(Exit::Found(Found::Breakpoint));
        if let Some(exit) = s.exact_stop().or(found) {
            s.stop(exit);
            return;
        }
    }
    let first = s.memory().read_half(address).unwrap_or(0);
    let second = s.memory().read_half(address.wrapping_add(2)).unwrap_or(0);
    let forbidden = s.forbidden_fetch(address, first);
    if can_stop && let Some(exit) = forbidden.or_else(|| s.trap(first, second)) {
        s.trapped = true;
        s.stop(exit);
        return;
    }
    if can_stop && first & 0xff00 == 0xbf00 && first & 0xf != 0 && !s.single_steps {
        let instructions = 4 - (first & 0xf).trailing_zeros();
        let inside = address..address.wrapping_add(2 + 4 * instructions);
        if s.span.limit <= s.icount_behind() + u64::from(instructions)
            || s.search.breakpoints.range(inside.clone()).next().is_some() && !s.search.collect
            || s.traps_in(inside)
        {
            s.single_steps = true;
            // SAFETY: called from a hook of this live engine.
            unsafe { uc_emu_stop(s.uc) };
            return;
        }
    }
    s.end_behind_faultmask(first, second);
    s.event |= thumb::sets_event(first, second);
    s.begin_instruction(address, first, second);
    if s.search.collect && breakpoint {
        let icount = s.icount();
        s.hits.settle(icount);
        s.hits.expect(Hit { icount, found: Found::Breakpoint });
    }
}

impl Shared {
    /// Whether the bases of the accesses of the block that runs next are aligned.
    fn plan_holds(&self) -> bool {
        let plan = self.blocks.plan(self.block.address);
        plan.holds(|| port_of(self.port).memory(), |number| self.general_register(number))
    }

    /// Permissions have changed: what was known of pages of code is wrong.
    pub fn forget_guarded_code(&mut self) {
        if !self.guarded_code.is_empty() {
            self.guarded_code.clear();
            self.blocks.clear();
        }
    }

    fn is_guarded_code(&self, address: u32) -> bool {
        !self.guarded_code.is_empty() && self.guarded_code.contains(&(address & !(PAGE - 1)))
    }

    /// Exact: the fault of fetching the instruction at an address, where that is not known for its whole page.
    pub fn forbidden_fetch(&mut self, address: u32, first: u16) -> Option<Exit> {
        let size = thumb::length(first);
        if !self.is_guarded_code(address) && !self.is_guarded_code(address.wrapping_add(size - 1)) {
            return None;
        }
        let privileged = self.is_privileged();
        let fault = self.port().allows(address, size, PageUse::Fetch, privileged).err()?;
        Some(Exit::Fault(Fault::Fetch(fault)))
    }

    /// Exact: the run ends behind the next instruction if that changes FAULTMASK and with it permissions.
    pub fn end_behind_faultmask(&mut self, first: u16, second: u16) {
        if self.blocks.traps().of(first, second) == Some(Trap::Faultmask) {
            self.span.limit = self.span.limit.min(self.icount_behind() + 1);
        }
    }

    /// Why the core must be asked before the next instruction is executed, if so.
    pub fn trap(&self, first: u16, second: u16) -> Option<Exit> {
        let more_of_it_block = self.it.0 & 7 != 0;
        let barrier = more_of_it_block && thumb::is_isb(first, second);
        let trap = self.blocks.traps().of(first, second).or(barrier.then_some(Trap::Barrier));
        let base = Base::find(self.architecture, first, second);
        if trap.is_none() && base.is_none() {
            return None;
        }
        if self.it.0 != 0 && !thumb::condition_passed(self.it.condition(), self.register(RegisterARM::XPSR)) {
            return None;
        }
        let Some(trap) = trap else {
            let base = base?;
            let address = self.general_register(base.register);
            let fault = Fault::Access { address, fault: AccessFault::Unaligned };
            return (address & base.mask != 0).then_some(Exit::Fault(fault));
        };
        match trap {
            Trap::Fault(fault) => Some(Exit::Fault(fault)),
            Trap::FloatingPoint => Some(Exit::FloatingPoint),
            Trap::Control(transfer) => Some(Exit::Control(transfer)),
            Trap::Barrier => Some(Exit::Barrier),
            Trap::Faultmask => None,
            Trap::FixedPoint => {
                const ROUNDING_MODE: u32 = 3 << 22;
                let to_nearest = self.register(RegisterARM::FPSCR) & ROUNDING_MODE == 0;
                (!to_nearest).then_some(Exit::FixedPoint)
            }
            Trap::Divisor(register) => {
                (self.general_register(register) == 0).then_some(Exit::Fault(Fault::DivideByZero))
            }
        }
    }

    fn general_register(&self, number: usize) -> u32 {
        super::translator::general_register(self.uc, number)
    }

    /// Whether an instruction in a range of addresses may have to trap.
    fn traps_in(&mut self, range: std::ops::Range<u32>) -> bool {
        let traps = self.blocks.traps();
        if self.is_guarded_code(range.start) || self.is_guarded_code(range.end) {
            return true;
        }
        let mut at = range.start;
        while at < range.end {
            let (first, second) = (self.memory_half(at), self.memory_half(at.wrapping_add(2)));
            if traps.concern(first, second)
                || thumb::is_isb(first, second)
                || Base::find(self.architecture, first, second).is_some()
            {
                return true;
            }
            at = at.wrapping_add(thumb::length(first));
        }
        false
    }

    /// Exact: counts the instruction that ran, and those behind it that an IT block skips, up to the one at `address`.
    pub fn arrive_at(&mut self, address: u32) {
        self.retire();
        while self.it.0 != 0 && self.block.end() != address {
            self.skip();
            self.retire();
        }
    }

    /// Exact: counts the instruction that ran, if one did. What it was still tells what the next one begins.
    fn retire(&mut self) {
        if self.block.count == 0 {
            return;
        }
        self.it = self.it.after(self.memory_half(self.block.address));
        self.block.count = 0;
        self.boundary = self.block.has(Block::ENDS);
    }

    /// Exact: the instruction at `address` runs now, as a block of one.
    fn begin_instruction(&mut self, address: u32, first: u16, second: u16) {
        self.block = Block::new(address, thumb::length(first), 1, Block::flags_of(first, second));
        self.left -= 1;
    }

    /// Exact: takes the instruction behind the last one for one that has run.
    fn skip(&mut self) {
        let address = self.block.end();
        let (first, second) = (self.memory_half(address), self.memory_half(address.wrapping_add(2)));
        if self.search.collect && self.search.breakpoints.contains(&address) {
            let icount = self.icount_behind();
            self.hits.settle(icount);
            self.hits.expect(Hit { icount, found: Found::Breakpoint });
        }
        self.begin_instruction(address, first, second);
    }

    /// Exact: whether to stop in front of the next instruction, whatever it is.
    fn exact_stop(&mut self) -> Option<Exit> {
        if self.at_limit() {
            return Some(Exit::Limit);
        }
        let unmasked = self.block.has(Block::UNMASKS);
        let icount = self.icount_behind();
        (self.boundary && self.wants_attention(icount, unmasked)).then_some(Exit::Attention)
    }

    fn memory_half(&mut self, address: u32) -> u16 {
        self.memory().read_half(address).unwrap_or(0)
    }

    /// Exact: the instruction in front of the exit of a single step has run, or was skipped.
    pub fn stepped(&mut self) {
        if self.block.count == 0 {
            self.skip();
        }
        self.retire();
    }

    /// Exact: whether the search is for the instruction that is next.
    pub fn breakpoint_at(&self, pc: u32) -> bool {
        !self.search.collect && self.search.breakpoints.contains(&pc)
    }

    /// Exact: whether the limit is reached.
    pub fn at_limit(&self) -> bool {
        self.icount_behind() >= self.span.limit
    }
}

/// SVC, BKPT, EXC_RETURN and some faults.
pub unsafe extern "C" fn interrupt(_uc: *mut uc_engine, number: u32, data: *mut c_void) {
    // SAFETY: registered with this engine's `Shared`.
    let s = unsafe { shared(data) };
    if s.abandoned.is_some() {
        return s.stop_again();
    }
    let exit = match number {
        2 => Exit::Svc,
        7 => Exit::Bkpt,
        8 => Exit::ExceptionReturn(s.register(RegisterARM::PC) | (s.register(RegisterARM::XPSR) >> 24 & 1)),
        17 => Exit::Fault(Fault::NoCoprocessor),
        18 => Exit::Fault(Fault::InvalidState),
        19 => Exit::Fault(Fault::StackOverflow),
        // 4: a data abort can only be an unaligned LDREX or STREX: what else is refused never gets that far.
        4 | 22 => Exit::Fault(Fault::Access { address: 0, fault: AccessFault::Unaligned }),
        _ => Exit::Fault(Fault::Undefined),
    };
    s.stop(exit);
}

/// UDF, WFE, YIELD, and instructions in ARM state.
pub unsafe extern "C" fn invalid(_uc: *mut uc_engine, data: *mut c_void) -> bool {
    // SAFETY: registered with this engine's `Shared`.
    let s = unsafe { shared(data) };
    if s.abandoned.is_some() {
        return false;
    }
    if s.register(RegisterARM::XPSR) & XPSR_T == 0 {
        s.exit = Some(Exit::Fault(Fault::InvalidState));
        return false;
    }
    let last = s.last_instruction();
    match (s.memory_half(last), s.memory_half(last.wrapping_add(2))) {
        (0xbf10, _) | (0xf3af, 0x8001) => true, // YIELD: nothing else to run
        (0xbf20, _) | (0xf3af, 0x8002) => {
            s.stop(Exit::Wfe);
            true
        }
        _ => {
            s.exit = Some(Exit::Fault(Fault::Undefined));
            false
        }
    }
}

impl Shared {
    /// The address of the last instruction of the block.
    pub fn last_instruction(&mut self) -> u32 {
        let block = self.block;
        let mut at = block.address;
        for _ in 1..block.count {
            at = at.wrapping_add(thumb::length(self.memory_half(at)));
        }
        at
    }
}

/// Where a page leads, and with which permissions: the one door for memory, devices, faults and change tracking.
pub unsafe extern "C" fn fill(
    _uc: *mut uc_engine,
    address: u64,
    access: MemType,
    result: *mut TlbEntry,
    data: *mut c_void,
) -> bool {
    // SAFETY: registered with this engine's `Shared`.
    let s = unsafe { shared(data) };
    let address = address as u32;
    let page_use = match access {
        MemType::FETCH => PageUse::Fetch,
        MemType::WRITE => PageUse::Store,
        _ => PageUse::Load,
    };
    if s.port.is_none() {
        // Not a run: `Translator::drop_code` asks where the code is, and flushes what it is told.
        // SAFETY: Unicorn passes a valid entry to fill.
        unsafe { result.write(TlbEntry { paddr: u64::from(address & !(PAGE - 1)), perms: Prot::ALL }) };
        return true;
    }
    if s.abandoned.is_some() {
        return false; // whatever comes now must not happen
    }
    let privileged = if page_use == PageUse::Fetch { s.is_privileged() } else { s.accesses_privileged() };
    let entry = s.entry(address, page_use, privileged);
    if page_use != PageUse::Fetch {
        s.forget_it_state();
    }
    let Some((physical, permissions)) = entry else {
        return false;
    };
    // SAFETY: Unicorn passes a valid entry to fill.
    unsafe { result.write(TlbEntry { paddr: u64::from(physical), perms: permissions }) };
    true
}

impl Shared {
    fn entry(&mut self, address: u32, page_use: PageUse, privileged: bool) -> Option<(u32, Prot)> {
        let page_address = address & !(PAGE - 1);
        let translation = self.port().translate(address, page_use, privileged);
        let fault = match translation {
            Translation::Memory { page_address: physical, write, execute } => {
                let page = self.memory().page(physical).expect("translate names a page of memory");
                if page_use == PageUse::Fetch && execute && !self.memory().is_code(page) {
                    self.memory().mark_code(page);
                    if self.memory().is_dirty(page) {
                        self.forget_permissions();
                    }
                }
                if page_use == PageUse::Fetch {
                    // Nothing but that: the data of this page may be watched or guarded, and have another door.
                    return Some((physical, Prot::EXEC));
                }
                if self.watched.binary_search(&page).is_ok() {
                    return self.memory().view(address).map(shadow_of);
                }
                if page_use == PageUse::Store && write {
                    if self.memory().is_code(page) {
                        self.blocks.clear();
                    }
                    self.memory().mark_dirty(page);
                }
                let mut permissions = Prot::READ.0;
                // No store goes unseen until the page is kept; no page is executable that nobody executes, because
                // stores to executable pages are slow for ever.
                if write && self.memory().is_dirty(page) {
                    permissions |= Prot::WRITE.0;
                }
                if execute && self.memory().is_code(page) {
                    permissions |= Prot::EXEC.0;
                }
                if page_use != PageUse::Store || write {
                    return Some((physical, Prot(permissions)));
                }
                AccessFault::Bus
            }
            Translation::Guarded if page_use != PageUse::Fetch => {
                return self.memory().view(address).map(shadow_of);
            }
            Translation::Guarded => {
                if !self.guarded_code.contains(&page_address) {
                    self.guarded_code.push(page_address);
                    self.blocks.clear();
                }
                let page = self.memory().page(address)?;
                if !self.memory().is_code(page) {
                    self.memory().mark_code(page);
                    if self.memory().is_dirty(page) {
                        self.forget_permissions();
                    }
                }
                return Some((self.memory().page_address(page), Prot::EXEC));
            }
            Translation::Device if page_use != PageUse::Fetch => {
                return Some((page_address, Prot(Prot::READ.0 | Prot::WRITE.0)));
            }
            Translation::Void if page_use != PageUse::Fetch => {
                return Some((VOID, Prot(Prot::READ.0 | Prot::WRITE.0)));
            }
            Translation::Device | Translation::Void | Translation::Refused => AccessFault::Protection,
            Translation::Unmapped => AccessFault::Bus,
        };
        self.refusal = Some(Refusal { page: page_address, fault });
        // Refusing here would lose the address within the page: let data accesses run into the unmapped hook instead.
        (page_use != PageUse::Fetch).then_some((POISON, Prot(Prot::READ.0 | Prot::WRITE.0)))
    }

    /// Code begins to run from a page that was written: stores that went straight to memory so far must be seen from
    /// now on, under every address that the page has.
    fn forget_permissions(&self) {
        let flush = ControlType(ControlType::TLB_FLUSH.0 | ControlType::IO_WRITE.0);
        // SAFETY: called from a hook of this live engine; flushing takes no more arguments. The translator looks a page
        // up again behind each TLB fill.
        let error = unsafe { uc_ctl(self.uc, flush) };
        debug_assert_eq!(error, uc_error::OK);
    }

    /// An access has been abandoned. Inside an IT block the translator goes on regardless, to the end of its own block:
    /// keep what the registers are now, and refuse every other access, by having none allowed.
    fn abandon_in_it_block(&mut self) {
        if self.register(RegisterARM::XPSR) & XPSR_IT == 0 {
            return;
        }
        let pc = self.register(RegisterARM::PC);
        let icount = self.icount_at(pc);
        self.abandoned = Some(Abandoned { icount, boundary: self.is_boundary_at(icount), event: self.event });
        self.snapshot.take();
        self.forget_permissions();
        self.stop_again();
    }

    fn stop_again(&self) {
        // SAFETY: called from a hook of this live engine.
        unsafe { uc_emu_stop(self.uc) };
    }

    /// Why a fetch was refused.
    pub fn fetch_fault(&self) -> AccessFault {
        self.refusal.map_or(AccessFault::Bus, |refusal| refusal.fault)
    }
}

/// A load or store at a poisoned page.
pub unsafe extern "C" fn unmapped(
    _uc: *mut uc_engine,
    _access: MemType,
    address: u64,
    _size: i32,
    _value: i64,
    data: *mut c_void,
) -> bool {
    // SAFETY: registered with this engine's `Shared`.
    let s = unsafe { shared(data) };
    if s.exit.is_some() {
        return false;
    }
    let offset = address as u32 & (PAGE - 1);
    let refusal =
        s.refusal.unwrap_or(Refusal { page: address as u32 & !(PAGE - 1), fault: AccessFault::Bus });
    s.exit = Some(Exit::Fault(Fault::Access { address: refusal.page + offset, fault: refusal.fault }));
    s.abandon_in_it_block();
    false
}

/// A load or store at a device or a watched page, with the PC at the very instruction. False abandons the instruction.
pub unsafe extern "C" fn access(
    _uc: *mut uc_engine,
    kind: MemType,
    address: u64,
    size: i32,
    value: i64,
    data: *mut c_void,
) -> bool {
    // SAFETY: registered with this engine's `Shared`.
    let s = unsafe { shared(data) };
    if s.exit.is_some() {
        return false; // a part of an access that was stopped already: the translator goes on with the others
    }
    let store = (kind == MemType::WRITE_PROT).then_some(value as u64);
    let address = address as u32;
    let pc = s.register(RegisterARM::PC);
    let icount = s.icount_at(pc);
    let done = if address.wrapping_sub(SHADOW) < SHADOW_SIZE {
        s.watched_access(icount, address, size as u32, store)
    } else {
        s.device_access(icount, address, size as u32, store)
    };
    if done {
        s.forget_it_state();
    } else {
        s.abandon_in_it_block();
    }
    done
}

impl Shared {
    fn device_access(&mut self, icount: Icount, address: u32, size: u32, store: Option<u64>) -> bool {
        if self.accesses_at != icount {
            self.accesses.clear();
            self.muted = 0;
            self.accesses_at = icount;
        }
        // 64-bit accesses (VLDR, VSTR of a double) are two words on the bus.
        let (width, beats) = match Width::from_bytes(size) {
            Some(width) => (width, 1),
            None => (Width::Word, size / 4),
        };
        if !address.is_multiple_of(width.bytes()) {
            return self.refuse(address, AccessFault::Unaligned);
        }
        let repeated = self.muted > 0;
        if !self.search.watchpoints.is_empty()
            && !repeated
            && let Some(found) = self.watched_device(address, size, store)
        {
            if !self.search.collect {
                self.exit = Some(Exit::Found(found));
                return false;
            }
            self.hits.settle(icount);
            self.hits.expect(Hit { icount: icount + 1, found });
        }
        self.answer = 0;
        self.answer_address = address;
        for beat in 0..beats {
            let address = address + 4 * beat;
            let store = store.map(|value| (value >> (32 * beat)) as u32 & width.mask());
            match self.beat(icount, address, width, store) {
                Reply::Done(value) => self.answer |= u64::from(value & width.mask()) << (32 * beat),
                Reply::Fault(fault) => return self.refuse(address, fault),
            }
        }
        if !repeated {
            self.match_units(icount, address, size, store.is_some());
            self.attend();
            if self.can_take() || self.port().interrupts_run() {
                self.exit = Some(Exit::Accessed);
                return false;
            }
            if self.memory().has_stale_code() {
                self.exit = Some(Exit::Changed);
                return false;
            }
        }
        true
    }

    fn beat(&mut self, icount: Icount, address: u32, width: Width, store: Option<u32>) -> Reply {
        if self.muted > 0 {
            let access = self.accesses[self.accesses.len() - self.muted];
            if access.address == address
                && access.width == width
                && access.loaded.is_none() == store.is_some()
            {
                self.muted -= 1;
                return Reply::Done(access.loaded.unwrap_or(0));
            }
            self.muted = 0;
        }
        // Privilege matters only to the system control space; asking is not free.
        let privileged = address < 0xe000_0000 || self.accesses_privileged();
        let reply = match store {
            None => self.port().load(icount, address, width, privileged),
            Some(value) => self.port().store(icount, address, width, value, privileged),
        };
        if let Reply::Done(value) = reply {
            let loaded = store.is_none().then_some(value);
            self.accesses.push(Access { address, width, loaded });
        }
        reply
    }

    /// The watchpoint for an access to a device or to a bit-band alias, which has not been done yet. It must be found at
    /// the first of several accesses, because what a device has done cannot be undone.
    fn watched_device(&mut self, address: u32, size: u32, store: Option<u64>) -> Option<Found> {
        let bit = self.port().bit_band(address);
        let in_memory = bit.is_some_and(|(byte, _)| self.memory().page(byte).is_some());
        let size = match in_memory {
            _ if self.search.collect || !self.accesses.is_empty() => size,
            true => size,
            false => {
                let pc = self.register(RegisterARM::PC);
                let (first, second) = (self.memory_half(pc), self.memory_half(pc.wrapping_add(2)));
                size.max(thumb::bytes_of_several(first, second))
            }
        };
        // A store to a device is never silent; one to a bit may be.
        let changes = bit.is_none_or(|(byte, bit)| {
            let mut old = [0];
            self.memory().read(byte, &mut old).is_err()
                || store.is_some_and(|value| u64::from(old[0] >> bit & 1) != value & 1)
        });
        // What the alias stands for: in memory the byte, in a device the word, which is read even for a store.
        let (behind, length) = match bit {
            Some((byte, _)) if in_memory => (self.memory().place(byte), 1),
            Some((byte, _)) => (byte & !3, 4),
            None => (address, 0),
        };
        let overlap = |watch: u32, bytes: u32, address: u32, length: u32| {
            address.wrapping_sub(watch) < bytes || watch.wrapping_sub(address) < length && bytes > 0
        };
        let places = self.watched_places.iter().zip(&self.search.watchpoints);
        let mut hits = places.filter(|(place, watch)| {
            let direct = overlap(**place, watch.length, address, size);
            let through = length > 0 && overlap(**place, watch.length, behind, length);
            match watch.kind {
                WatchKind::Write => store.is_some() && changes && (direct || through),
                WatchKind::Read => store.is_none() && (direct || through) || through && !in_memory,
                WatchKind::Access => direct || through,
            }
        });
        let (_, watch) = hits.next()?;
        Some(Found::Watchpoint { address: watch.address, kind: watch.kind })
    }

    fn refuse(&mut self, address: u32, fault: AccessFault) -> bool {
        self.exit = Some(Exit::Fault(Fault::Access { address, fault }));
        false
    }

    fn watched_access(&mut self, icount: Icount, shadow: u32, size: u32, store: Option<u64>) -> bool {
        let seen_at = self.shadow_address(shadow);
        let page_use = if store.is_some() { PageUse::Store } else { PageUse::Load };
        let privileged = self.accesses_privileged();
        if let Err(fault) = self.port().allows(seen_at, size, page_use, privileged) {
            return self.refuse(seen_at, fault);
        }
        let address = self.memory().place(seen_at);
        let mut old = [0; 8];
        let old = &mut old[..size as usize];
        if self.memory().read(address, old).is_err() {
            return true; // the access crosses the end of memory: the translator splits it and finds the fault
        }
        let places = self.watched_places.iter().zip(&self.search.watchpoints);
        let hit = places.map(|(place, watch)| Watchpoint { address: *place, ..*watch }).position(|watch| {
            let changed = |at: u32| {
                store.is_some_and(|value| {
                    let byte = at.wrapping_sub(address) as usize;
                    old[byte] != (value >> (8 * byte)) as u8
                })
            };
            let mut overlap =
                (address..address + size).filter(|at| at.wrapping_sub(watch.address) < watch.length);
            match watch.kind {
                WatchKind::Write => overlap.any(changed),
                WatchKind::Read => store.is_none() && overlap.next().is_some(),
                WatchKind::Access => overlap.next().is_some(),
            }
        });
        if let Some(watch) = hit.map(|index| self.search.watchpoints[index]) {
            let found = Found::Watchpoint { address: watch.address, kind: watch.kind };
            if !self.search.collect {
                self.exit = Some(Exit::Found(found));
                return false;
            }
            self.hits.settle(icount);
            self.hits.expect(Hit { icount: icount + 1, found });
        }
        if self.match_units(icount, seen_at, size, store.is_some()) {
            self.exit = Some(Exit::Accessed);
            return false;
        }
        let changes_code =
            store.is_some() && self.memory().page(address).is_some_and(|page| self.memory().is_code(page));
        if changes_code && self.repeated_at != icount {
            self.exit = Some(Exit::Changed);
            return false;
        }
        true
    }

    fn shadow_address(&mut self, shadow: u32) -> u32 {
        self.memory().view_address((shadow - SHADOW) / PAGE) + (shadow & (PAGE - 1))
    }
}

/// The load itself, after [`access`] has let it pass.
pub unsafe extern "C" fn device_load(_uc: *mut uc_engine, offset: u64, _size: u32, data: *mut c_void) -> u64 {
    // SAFETY: registered with this engine's `Shared`.
    let s = unsafe { shared(data) };
    // Of a 64-bit load the translator asks for the words one by one.
    let second_word = (offset as u32).wrapping_sub(s.answer_address) & 4 != 0;
    if second_word { s.answer >> 32 } else { s.answer & 0xffff_ffff }
}

/// The store itself: [`access`] has done it.
pub unsafe extern "C" fn device_store(_: *mut uc_engine, _: u64, _: u32, _: u64, _: *mut c_void) {}

/// A load from nowhere.
pub unsafe extern "C" fn void_load(_: *mut uc_engine, _: u64, _: u32, _: *mut c_void) -> u64 {
    0
}

/// A load from a watched page.
pub unsafe extern "C" fn shadow_load(_uc: *mut uc_engine, offset: u64, size: u32, data: *mut c_void) -> u64 {
    // SAFETY: registered with this engine's `Shared`.
    let s = unsafe { shared(data) };
    let address = s.shadow_address(SHADOW + offset as u32);
    let mut bytes = [0; 8];
    // A watched page is a page of memory, and an access here never crosses its end.
    let _ = s.memory().read(address, &mut bytes[..size as usize]);
    u64::from_le_bytes(bytes)
}

/// A store to a watched page.
pub unsafe extern "C" fn shadow_store(
    _: *mut uc_engine,
    offset: u64,
    size: u32,
    value: u64,
    data: *mut c_void,
) {
    // SAFETY: registered with this engine's `Shared`.
    let s = unsafe { shared(data) };
    let address = s.shadow_address(SHADOW + offset as u32);
    let _ = s.memory().write(address, &value.to_le_bytes()[..size as usize]);
}
