//! The hooks of the exact engine, and how it counts.

use super::*;

/// A block of the exact engine begins: the only place to stop in front of an instruction that is inside an IT block.
pub unsafe extern "C" fn exact_block(_uc: *mut uc_engine, address: u64, size: u32, data: *mut c_void) {
    // SAFETY: registered with this engine's `Shared`.
    let s = unsafe { shared(data) };
    if s.exit.is_some() {
        return;
    }
    s.blocks.visited.note(address as u32, size);
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
    s.compare_values(address);
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
        s.come_to(address); // the core may do the instruction by itself: it is not announced again
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
    s.end_behind(first, second);
    s.event |= thumb::sets_event(first, second);
    s.come_to(address);
    s.begin_instruction(address, first, second);
}

impl Shared {
    /// Whether the bases of the accesses of the block that runs next are aligned.
    pub(super) fn plan_holds(&self) -> bool {
        let plan = self.blocks.plan(self.block().address());
        plan.holds(|| port_of(self.port).memory(), |number| self.general_register(number))
    }

    /// Permissions have changed: what was known of pages of code is wrong.
    pub fn forget_guarded_code(&mut self) {
        if !self.guarded_code.is_empty() {
            self.guarded_code.clear();
            self.blocks.clear();
        }
    }

    /// Whether each instruction in these bytes, at most a page, must be asked for.
    pub(super) fn is_guarded_code(&self, address: u32, size: u32) -> bool {
        let pages = [address, address.wrapping_add(size - 1)].map(|end| end & !(PAGE - 1));
        self.guarded_code.iter().any(|page| pages.contains(page))
    }

    /// Exact: the fault of fetching the instruction at an address, where that is not known for its whole page.
    pub fn forbidden_fetch(&mut self, address: u32, first: u16) -> Option<Exit> {
        let size = thumb::length(first);
        if !self.is_guarded_code(address, size) {
            return None;
        }
        let privileged = self.is_privileged();
        let fault = self.port().allows(address, size, PageUse::Fetch, privileged).err()?;
        Some(Exit::Fault(Fault::Fetch(fault)))
    }

    /// Exact: the run ends behind the next instruction if the core has something to do there: it changes FAULTMASK and with
    /// it permissions, or SP.
    pub fn end_behind(&mut self, first: u16, second: u16) {
        if matches!(self.blocks.traps().of(first, second), Some(Trap::Faultmask | Trap::StackPointer)) {
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
            Trap::Faultmask | Trap::StackPointer => None,
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
        super::super::translator::general_register(self.uc, number)
    }

    /// Whether an instruction in a range of addresses may have to trap.
    fn traps_in(&mut self, range: std::ops::Range<u32>) -> bool {
        let traps = self.blocks.traps();
        if self.is_guarded_code(range.start, range.end - range.start) {
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
        while self.it.0 != 0 && self.block().end() != address {
            self.skip();
            self.retire();
        }
    }

    /// Exact: counts the instruction that ran, if one did. What it was still tells what the next one begins.
    fn retire(&mut self) {
        let block = self.block();
        if block.count == 0 {
            return;
        }
        self.it = self.it.after(self.memory_half(block.address()));
        self.blocks.leave_current();
        self.boundary = block.has(Block::ENDS);
    }

    /// Exact: the instruction at `address` runs now, as a block of one.
    fn begin_instruction(&mut self, address: u32, first: u16, second: u16) {
        let block = Block::new(address, thumb::length(first), 1, Block::flags_of(first, second));
        self.blocks.set_current(block);
        self.left -= 1;
    }

    /// Exact: takes the instruction behind the last one for one that has run.
    fn skip(&mut self) {
        let address = self.block().end();
        let (first, second) = (self.memory_half(address), self.memory_half(address.wrapping_add(2)));
        self.come_to(address);
        self.begin_instruction(address, first, second);
    }

    /// Exact: a search that collects looks at the address of the next instruction.
    pub fn come_to(&mut self, address: u32) {
        if self.search.collect && self.search.breakpoints.contains(&address) {
            let icount = self.icount_behind();
            self.hits.settle(icount);
            self.hits.expect(Hit { icount, found: Found::Breakpoint });
        }
    }

    /// Exact: whether to stop in front of the next instruction, whatever it is.
    fn exact_stop(&mut self) -> Option<Exit> {
        if self.at_limit() {
            return Some(Exit::Limit);
        }
        let unmasked = self.block().has(Block::UNMASKS);
        let icount = self.icount_behind();
        (self.boundary && self.wants_attention(icount, unmasked)).then_some(Exit::Attention)
    }

    pub(super) fn memory_half(&mut self, address: u32) -> u16 {
        self.memory().read_half(address).unwrap_or(0)
    }

    /// Exact: the instruction in front of the exit of a single step has run, or was skipped.
    pub fn stepped(&mut self) {
        if self.block().count == 0 {
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
