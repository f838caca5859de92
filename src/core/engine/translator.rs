//! One instance of Unicorn: set-up, registers, running.

mod registers;

use std::{
    ops::Range,
    ptr::{self, NonNull},
};

use unicorn_engine::{Arch, ArmCpuModel, Mode, TlbType, Unicorn};
use unicorn_engine_sys::{
    HookType, Prot, RegisterARM, uc_emu_start, uc_engine, uc_error, uc_hook_add, uc_mem_protect, uc_mmio_map,
};

pub use self::registers::{general_register, read_register, write_register};
use super::{
    Exit, Fault, Found, Hit, Memory, PAGE, Port, Search, Span, Values,
    hidden::Hidden,
    hooks::{self, Beside, POISON, SHADOW, SHADOW_SIZE, Shared, VOID, VOID_SIZE},
};
use crate::{
    core::{
        CoreKind,
        thumb::{self, ItState},
    },
    words::{Icount, Registers},
};

/// What a translator is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Called once per block.
    Fast,
    /// The same, and in front of each instruction it compares [`Values`].
    Watching,
    /// Called at every instruction.
    Exact,
}

/// How a run of a translator ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ran {
    /// The position at the exit.
    pub icount: Icount,
    /// Whether a basic block of the architecture begins there.
    pub boundary: bool,
    /// Whether a SEV has run.
    pub event: bool,
    /// Why it stopped.
    pub exit: Exit,
}

/// One instance of Unicorn over a [`Memory`] that must outlive it.
pub struct Translator {
    uc: Unicorn<'static, ()>,
    shared: Box<Shared>,
    kind: Kind,
    fpu: bool,
    /// The memory epoch for which the cached permissions are right.
    epoch: u64,
    hidden: Hidden,
    /// The engine calls it: it is dropped behind it.
    beside: Option<Beside>,
}

impl Translator {
    /// A translator for a core over its memory.
    pub fn new(kind: Kind, core: CoreKind, memory: &Memory) -> Result<Translator, uc_error> {
        let beside = (kind == Kind::Fast).then(Beside::new).flatten();
        // Not Mode::MCLASS: every core would be a Cortex-M33 then, whatever model is asked for.
        let mut uc = Unicorn::new(Arch::ARM, Mode::THUMB)?;
        let model = match core {
            CoreKind::CortexM0 | CoreKind::CortexM0Plus | CoreKind::CortexM1 => ArmCpuModel::CORTEX_M0,
            CoreKind::CortexM3 => ArmCpuModel::CORTEX_M3,
            CoreKind::CortexM4 | CoreKind::CortexM4F => ArmCpuModel::CORTEX_M4,
            CoreKind::CortexM7 | CoreKind::CortexM7F | CoreKind::CortexM7Dp => ArmCpuModel::CORTEX_M7,
            CoreKind::CortexM33 | CoreKind::CortexM33F => ArmCpuModel::CORTEX_M33,
        };
        uc.ctl_set_cpu_model(model as i32)?;
        uc.ctl_set_tlb_type(TlbType::VIRTUAL)?;
        uc.ctl_exits_enable()?;
        uc.ctl_set_exits(&[])?;
        let handle = uc.get_handle();
        let shared = Box::new(Shared::new(kind, handle, core.architecture())?);
        let mut translator = Translator {
            uc,
            shared,
            kind,
            fpu: core.has_fpu(),
            epoch: 0,
            hidden: Hidden::new(handle)?,
            beside,
        };
        for (base, size, bytes) in memory.host_blocks() {
            // SAFETY: the block is `size` bytes that live as long as `memory`, which outlives this translator.
            unsafe {
                translator.uc.mem_map_ptr(base.into(), size.into(), Prot::ALL, bytes.as_ptr().cast())?;
            }
        }
        let mut devices: Vec<_> = memory.devices().iter().map(|range| (range.base, range.size)).collect();
        for &(base, size) in &devices {
            translator.map_device(base, size, hooks::device_load, hooks::device_store)?;
        }
        translator.map_device(SHADOW, SHADOW_SIZE, hooks::shadow_load, hooks::shadow_store)?;
        devices.push((SHADOW, SHADOW_SIZE));
        translator.map_mmio(VOID, VOID_SIZE, hooks::void_load, hooks::device_store)?;
        translator.add_hooks(&devices)?;
        Ok(translator)
    }

    /// Maps a device whose accesses need no look at the instruction.
    fn map_mmio(
        &mut self,
        base: u32,
        size: u32,
        load: unsafe extern "C" fn(*mut uc_engine, u64, u32, *mut std::ffi::c_void) -> u64,
        store: unsafe extern "C" fn(*mut uc_engine, u64, u32, u64, *mut std::ffi::c_void),
    ) -> Result<(), uc_error> {
        let data = ptr::from_mut(&mut *self.shared).cast();
        let uc = self.uc.get_handle();
        // SAFETY: `data` is boxed and lives as long as the engine.
        unsafe {
            Result::from(uc_mmio_map(uc, base.into(), size.into(), Some(load), data, Some(store), data))
        }
    }

    fn map_device(
        &mut self,
        base: u32,
        size: u32,
        load: unsafe extern "C" fn(*mut uc_engine, u64, u32, *mut std::ffi::c_void) -> u64,
        store: unsafe extern "C" fn(*mut uc_engine, u64, u32, u64, *mut std::ffi::c_void),
    ) -> Result<(), uc_error> {
        self.map_mmio(base, size, load, store)?;
        // SAFETY: the engine is alive. The protection makes Unicorn call the access hook first, with the PC at the very
        // instruction.
        unsafe { Result::from(uc_mem_protect(self.uc.get_handle(), base.into(), size.into(), Prot::NONE.0)) }
    }

    /// `devices` are the ranges that [`Translator::map_device`] has mapped.
    fn add_hooks(&mut self, devices: &[(u32, u32)]) -> Result<(), uc_error> {
        use std::ffi::c_void;
        let uc = self.uc.get_handle();
        let data: *mut c_void = ptr::from_mut(&mut *self.shared).cast();
        let add_for = |first: u64, last: u64, kind: HookType, callback: *mut c_void| {
            let mut hook = 0;
            // SAFETY: each callback has the signature that Unicorn documents for its kind, and `data` is boxed and
            // lives as long as the engine.
            Result::from(unsafe { uc_hook_add(uc, &mut hook, kind.0 as i32, callback, data, first, last) })
        };
        // A range with first > last means everywhere.
        let add = |kind, callback| add_for(1, 0, kind, callback);
        match self.kind {
            Kind::Fast => {
                let hook = self.beside.as_ref().map_or(hooks::fast_block as *mut c_void, Beside::hook);
                add(HookType::BLOCK, hook)?;
            }
            Kind::Watching => {
                add(HookType::BLOCK, hooks::fast_block as *mut c_void)?;
                add(HookType::CODE, hooks::compare_values as *mut c_void)?;
            }
            Kind::Exact => {
                add(HookType::BLOCK, hooks::exact_block as *mut c_void)?;
                add(HookType::CODE, hooks::exact_instruction as *mut c_void)?;
            }
        }
        add(HookType::INTR, hooks::interrupt as *mut c_void)?;
        add(HookType::INSN_INVALID, hooks::invalid as *mut c_void)?;
        add(HookType::TLB_FILL, hooks::fill as *mut c_void)?;
        // Bounded to where they are needed: a store to memory that any memory hook covers goes the slow way for ever.
        let add_for = |base: u32, size: u32, kind: HookType, callback: *mut c_void| {
            add_for(base.into(), u64::from(base) + u64::from(size) - 1, kind, callback)
        };
        let unmapped = HookType(HookType::MEM_READ_UNMAPPED.0 | HookType::MEM_WRITE_UNMAPPED.0);
        add_for(POISON, PAGE, unmapped, hooks::unmapped as *mut c_void)?;
        let protected = HookType(HookType::MEM_READ_PROT.0 | HookType::MEM_WRITE_PROT.0);
        for &(base, size) in devices {
            add_for(base, size, protected, hooks::access as *mut c_void)?;
        }
        Ok(())
    }

    /// Sets what the debugger looks for. `memory` tells where watched addresses really are.
    pub fn set_search(&mut self, search: &Search, memory: &Memory) {
        if self.shared.set_search(search, memory) {
            self.epoch = 0;
        }
    }

    /// The last hit of a search that collects.
    pub fn take_found(&mut self) -> Option<Hit> {
        self.shared.hits.take()
    }

    /// Takes the code that ran since this was asked last.
    pub fn take_visited(&mut self) -> Vec<Range<u32>> {
        self.shared.blocks.take_visited()
    }

    /// Lets the instruction that `other` stopped at with [`Exit::Accessed`] run here without doing its accesses again.
    pub fn take_accesses(&mut self, other: &mut Translator) {
        other.shared.give_accesses(&mut self.shared);
    }

    /// Lets the instruction that stopped here with [`Exit::Accessed`] run again without doing its accesses again.
    pub fn repeat_accesses(&mut self) {
        self.shared.repeat_accesses();
    }

    /// The size in bytes of the block at the last exit of the fast engine.
    #[cfg(test)]
    pub fn block_size(&self) -> u32 {
        self.shared.block().end() - self.shared.block().address()
    }

    /// Gives the engine values to compare while it runs, or takes them back.
    pub fn swap_values(&mut self, values: &mut Option<Box<Values>>) {
        std::mem::swap(&mut self.shared.values, values);
    }

    /// Accesses to watched pages since this was last asked.
    pub fn take_watched_accesses(&mut self) -> u64 {
        std::mem::take(&mut self.shared.watched_accesses)
    }

    /// Drops translations of code that changed.
    pub fn drop_code(&mut self, address: u32, length: u32) {
        self.shared.blocks.clear();
        // Fails only where nothing was translated.
        let _ = self.uc.ctl_remove_cache(address.into(), u64::from(address) + u64::from(length));
        self.epoch = 0;
    }

    /// Runs from `registers`, which become those at the exit; gives the icount there.
    pub fn run(&mut self, registers: &mut Registers, port: &mut dyn Port, span: Span) -> Ran {
        let it = ItState::from_xpsr(registers.xpsr);
        if self.kind != Kind::Exact && it.left() > 0 {
            // What is known about blocks does not hold for one that begins under a condition.
            let exit = Exit::Block(it.left());
            return Ran { icount: span.start, boundary: span.boundary, event: false, exit };
        }
        if self.shared.set_units(port.watch_units(), port.memory()) {
            self.epoch = 0;
        }
        if port.memory().epoch() != self.epoch {
            self.epoch = port.memory().epoch();
            self.shared.forget_guarded_code();
            self.uc.ctl_flush_tlb().expect("the engine is set up");
        }
        self.load(registers);
        let mut pc = registers.pc | (registers.xpsr >> 24 & 1);
        // SAFETY: only the lifetime is erased; `finish` below forgets the pointer before the borrow ends.
        let port: NonNull<dyn Port> = unsafe { std::mem::transmute(NonNull::from(port)) };
        self.shared.begin(port, span, registers.pc, it);
        let ran = loop {
            if self.kind == Kind::Exact && (self.shared.it.0 != 0 || self.shared.single_steps) {
                if let Some(done) = self.step_through_it(pc) {
                    break done;
                }
            } else {
                let error = self.start(pc);
                if !self.shared.single_steps || self.shared.exit.is_some() {
                    break self.exit(error);
                }
            }
            pc = self.pc();
        };
        self.shared.finish();
        *registers = self.save(registers.control & 0xc);
        if let Exit::Fault(_) = ran.exit {
            self.epoch = 0; // the page was poisoned
        }
        ran
    }

    /// Runs the one instruction at `pc`, which is in or in front of an IT block, where hooks cannot stop the translator:
    /// makes it end its block behind the instruction. `None` to go on.
    fn step_through_it(&mut self, pc: u32) -> Option<Ran> {
        if self.shared.at_limit() {
            return Some(self.stay(pc, Exit::Limit));
        }
        let address = pc & !1;
        if self.shared.it.0 != 0 && self.shared.breakpoint_at(address) {
            return Some(self.stay(pc, Exit::Found(Found::Breakpoint)));
        }
        let first = self.shared.memory().read_half(address).unwrap_or(0);
        let second = self.shared.memory().read_half(address.wrapping_add(2)).unwrap_or(0);
        let forbidden = self.shared.forbidden_fetch(address, first);
        if let Some(exit) = forbidden.or_else(|| self.shared.trap(first, second)) {
            self.shared.come_to(address);
            self.shared.trapped = true;
            return Some(self.stay(pc, exit));
        }
        self.shared.end_behind(first, second);
        let next = address.wrapping_add(thumb::length(first));
        let range = (u64::from(address), u64::from(next) + 2);
        self.uc.ctl_set_exits(&[next.into()]).expect("exits are enabled");
        let _ = self.uc.ctl_remove_cache(range.0, range.1);
        let error = self.start(pc);
        self.uc.ctl_set_exits(&[]).expect("exits are enabled");
        let _ = self.uc.ctl_remove_cache(range.0, range.1);
        let sleeps = first == 0xbf30;
        if self.shared.exit.is_some() || error != uc_error::OK || sleeps {
            return Some(self.exit(error));
        }
        self.shared.stepped();
        self.shared.single_steps = false;
        None
    }

    /// Stops in front of the instruction at `pc`. When nothing has run yet, the translator has another PC than that.
    fn stay(&mut self, pc: u32, exit: Exit) -> Ran {
        write_register(self.uc.get_handle(), RegisterARM::PC, pc);
        self.shared.exit = Some(exit);
        self.exit(uc_error::OK)
    }

    /// What the run that just returned means.
    fn exit(&mut self, error: uc_error) -> Ran {
        let uc = self.uc.get_handle();
        let shared = &mut self.shared;
        if let (Some(exit), Some(abandoned)) = (shared.exit, shared.abandoned.take()) {
            shared.snapshot.restore();
            shared.hits.end(abandoned.icount);
            return Ran {
                icount: abandoned.icount,
                boundary: abandoned.boundary,
                event: abandoned.event,
                exit,
            };
        }
        if self.kind == Kind::Exact && shared.exit.is_none() && error != uc_error::OK {
            shared.arrive_at(read_register(uc, RegisterARM::PC)); // a fetch was refused: all before has run
        }
        let behind = shared.icount_behind();
        // A refused fetch is an error without a hook of its own; only WFI ends a run without any.
        let exit = shared.exit.unwrap_or_else(|| match error {
            uc_error::OK => Exit::Wfi,
            _ => Exit::Fault(Fault::Fetch(shared.fetch_fault())),
        });
        let icount = match exit {
            _ if shared.trapped => shared.icount(),
            Exit::Limit | Exit::Attention | Exit::Block(_) | Exit::Found(Found::Breakpoint) => {
                shared.icount()
            }
            Exit::FloatingPoint | Exit::Control(_) | Exit::Barrier | Exit::FixedPoint => shared.icount(),
            Exit::Fault(Fault::InvalidState | Fault::DivideByZero) => shared.icount(),
            Exit::Svc | Exit::ExceptionReturn(_) | Exit::Wfi | Exit::Wfe | Exit::Fault(Fault::Fetch(_)) => {
                behind
            }
            Exit::Accessed
            | Exit::Changed
            | Exit::Found(_)
            | Exit::Fault(Fault::Access { .. } | Fault::StackOverflow) => {
                let pc = read_register(uc, RegisterARM::PC);
                shared.icount_at(pc)
            }
            Exit::Bkpt | Exit::Fault(Fault::Undefined | Fault::NoCoprocessor) => {
                // These end their block; the translator has moved the PC on or not, depending on the kind.
                let culprit = shared.last_instruction();
                write_register(uc, RegisterARM::PC, culprit | 1);
                behind.saturating_sub(1)
            }
        };
        shared.hits.end(icount);
        let boundary = match exit {
            Exit::Svc | Exit::ExceptionReturn(_) | Exit::Wfi | Exit::Wfe | Exit::Fault(Fault::Fetch(_)) => {
                true
            }
            _ => shared.is_boundary_at(icount),
        };
        Ran { icount, boundary, event: shared.event, exit }
    }

    fn pc(&self) -> u32 {
        let uc = self.uc.get_handle();
        read_register(uc, RegisterARM::PC) | (read_register(uc, RegisterARM::XPSR) >> 24 & 1)
    }

    fn start(&mut self, pc: u32) -> uc_error {
        // SAFETY: the engine is set up; hooks touch only `shared`, which nothing else uses until this returns.
        unsafe { uc_emu_start(self.uc.get_handle(), pc.into(), 0, 0, 0) }
    }
}
