//! The core: its state, its memory and its two engines, and the loop that runs them between boundaries.

use thiserror::Error;

use super::{
    Config,
    engine::{Exit, Fault, Found, Hit, Kind, Memory, Search, Span, Translator, Values},
    exception::{Cause, Preserved},
    executed::{Entered, Executed, Visited},
    nvic::exception::*,
    port::{CorePort, bit_band, is_core_register},
    scb::cfsr,
    state::{Activity, State},
    watched::Watched,
};
use crate::{
    pins::{Asleep, Detail, Digest, Pins, Slept},
    timeline::Watchpoint,
    words::{BusFault, Cycle, Icount, Registers},
};

/// The core could not be built.
#[derive(Debug, Error)]
#[error("the translator cannot be set up: {0}")]
pub struct EngineError(#[from] unicorn_engine_sys::uc_error);

/// How far to run, and what to stop at.
#[derive(Clone, Copy, Debug)]
pub struct Travel<'a> {
    /// Stop exactly here.
    pub limit: Icount,
    /// Stop when virtual time has come this far.
    pub cycle_limit: Cycle,
    /// What a debugger looks for.
    pub search: &'a Search,
    /// Stop when a fault exception has been entered.
    pub faults: bool,
    /// Stop when an interrupted context runs again, behind this position.
    pub resumed: Option<(Context, Icount)>,
    /// Stop when a handler has been entered that steps go over: that of an interrupt or of a supervisor call.
    pub interrupts: bool,
    /// Stop when any exception has been entered; a fault only if `faults` says so too.
    pub entries: bool,
}

impl<'a> Travel<'a> {
    /// Straight to a position, past everything that a search would stop at.
    pub fn to(limit: Icount, search: &'a Search) -> Travel<'a> {
        Travel {
            limit,
            cycle_limit: Cycle::MAX,
            search,
            faults: false,
            resumed: None,
            interrupts: false,
            entries: false,
        }
    }
}

/// What tells one flow of execution from another: the exception it handles and its stack pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    ipsr: u32,
    sp: u32,
}

impl Context {
    /// The one that has these registers.
    pub fn of(registers: &Registers) -> Context {
        Context { ipsr: registers.ipsr(), sp: registers.sp() }
    }

    /// Whether it is that of a handler that steps go over.
    pub fn is_stepped_over(self) -> bool {
        is_stepped_over(self.ipsr as u16)
    }
}

/// Interrupts come from outside the flow of the program, and a supervisor call is to it what an instruction is. Faults
/// are what a debugger is here for.
fn is_stepped_over(number: u16) -> bool {
    number >= EXTERNAL || matches!(number, NMI | SV_CALL | PEND_SV | SYS_TICK)
}

/// Why the core stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halt {
    /// At [`Travel::limit`].
    Limit,
    /// At [`Travel::cycle_limit`].
    Time,
    /// In front of what the search is for.
    Found(Found),
    /// A fault exception was entered.
    Fault,
    /// A handler that steps go over, or any that [`Travel::entries`] asks for, was entered from this context.
    Interrupt(Context),
    /// The interrupted context runs again.
    Resumed,
    /// Locked up.
    Lockup,
    /// At a BKPT.
    Breakpoint(u32),
    /// The firmware asked to end, with this exit code.
    Exit(u32),
    /// Asleep, with nothing left that could wake the core.
    Asleep,
    /// Asleep, and the pins do not know yet for how long.
    Waiting,
    /// The pins cannot go on.
    Broken,
}

/// The length of the longest instruction, in bytes.
const LONGEST: u32 = 4;

/// A Cortex-M core.
pub struct Core {
    // The engines map the memory: they are dropped before it.
    fast: Translator,
    exact: Translator,
    /// Made when it is first needed.
    watching: Option<Translator>,
    memory: Memory,
    config: Config,
    state: State,
    /// What the state becomes when what arrives at its very icount has been looked at, if that has happened already and
    /// no instruction has run since. The state itself stays what every way to this icount gives.
    ahead: Option<State>,
    ran_last: Option<Kind>,
    /// Memory that is compared instead of watched.
    values: Option<Box<Values>>,
    /// Memory that the core itself writes, in exception entries and for the host, passes no hook of the engines.
    watched: Watched,
    /// Instructions at which an engine began or stopped: the core may execute them itself.
    visited: Visited,
    entered: Entered,
}

impl Core {
    /// A core at power-up with empty memory.
    pub fn new(config: &Config) -> Result<Core, EngineError> {
        let memory = Memory::new(config);
        Ok(Core {
            fast: Translator::new(Kind::Fast, config.core, &memory)?,
            exact: Translator::new(Kind::Exact, config.core, &memory)?,
            watching: None,
            values: None,
            memory,
            config: config.clone(),
            state: State::new(config),
            ahead: None,
            ran_last: None,
            watched: Watched::default(),
            visited: Visited::default(),
            entered: Entered::default(),
        })
    }

    /// What the core is built with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The state now.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Changes the state, as a debugger does.
    pub fn state_mut(&mut self) -> &mut State {
        self.ahead = None;
        &mut self.state
    }

    /// Replaces the state: the core is somewhere else in its history.
    pub fn set_state(&mut self, state: State) {
        self.state = state;
        self.ahead = None;
    }

    /// Flash and RAM.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Flash and RAM, to change.
    pub fn memory_mut(&mut self) -> &mut Memory {
        &mut self.memory
    }

    /// A digest of state and memory: equal digests, equal futures.
    pub fn digest(&mut self) -> u64 {
        self.state.digest(self.memory.digest().sum)
    }

    /// The digest with what tells where another one differs.
    pub fn detailed_digest(&mut self) -> Digest {
        let memory = self.memory.digest();
        let detail = Detail { registers: self.state.registers.core(), memory };
        Digest { all: self.state.digest(memory.sum), detail: Some(Box::new(detail)) }
    }

    /// Resets the core: everything but memory and time (B1.5.5).
    pub fn reset(&mut self) {
        let (icount, slept) = (self.state.icount, self.state.slept);
        let fault = self.state.fault.take();
        self.state = State { icount, slept, fault, ..State::new(&self.config) };
        let vector_table = self.state.scb.vtor;
        let registers = &mut self.state.registers;
        registers.msp = self.memory.read_word(vector_table).unwrap_or(0) & !3;
        let handler = self.memory.read_word(vector_table.wrapping_add(4)).unwrap_or(0);
        registers.pc = handler & !1;
        registers.xpsr = (handler & 1) << 24;
        self.ahead = None;
        self.memory.invalidate_permissions();
    }

    /// Reads memory and the private peripheral bus without side effects.
    pub fn peek(&self, address: u32, bytes: &mut [u8]) -> Result<(), BusFault> {
        if let Some((byte, _)) = bit_band(&self.config, address)
            && self.memory.page(byte).is_some()
        {
            return self.peek_bits(address, bytes);
        }
        if !is_core_register(address) {
            return self.memory.read(address, bytes);
        }
        let mut state = self.state.clone();
        let now = state.moment().cycle;
        state.sync_systick(now);
        for (byte, address) in bytes.iter_mut().zip(address..) {
            if address >= 0xe010_0000 {
                return Err(BusFault);
            }
            *byte = state.peek_ppb(address, crate::words::Width::Byte, now) as u8;
        }
        Ok(())
    }

    /// Reads the words that stand for single bits of memory.
    fn peek_bits(&self, address: u32, bytes: &mut [u8]) -> Result<(), BusFault> {
        for (value, address) in bytes.iter_mut().zip(address..) {
            let (byte, bit) = bit_band(&self.config, address).ok_or(BusFault)?;
            let mut of = [0];
            self.memory.read(byte, &mut of)?;
            *value = if address.is_multiple_of(4) { of[0] >> bit & 1 } else { 0 };
        }
        Ok(())
    }

    /// The last hit of a collecting search that was run up to now.
    pub fn take_found(&mut self) -> Option<Hit> {
        let found = [self.fast.take_found(), self.exact.take_found(), self.watched.found.take()];
        found.into_iter().flatten().max_by_key(|hit| hit.icount)
    }

    /// What ran since this was asked last.
    pub fn take_executed(&mut self) -> Executed {
        let mut code = self.fast.take_visited();
        code.extend(self.exact.take_visited());
        code.extend(self.watching.iter_mut().flat_map(Translator::take_visited));
        code.extend(self.visited.take());
        Executed { code, exceptions: self.entered.take() }
    }

    /// Sets what the debugger looks for in the runs that follow.
    pub fn set_search(&mut self, search: &Search) {
        self.fast.set_search(search, &self.memory);
        self.exact.set_search(search, &self.memory);
        self.watched = Watched::new(search);
    }

    /// Compares memory in front of each instruction of the runs that follow, and tells with [`Core::take_changed`] when it
    /// changed. That makes all of a run slower, a watchpoint only the accesses to its page: better where the page
    /// is busy. Whether it can be done: memory it must be, and not much.
    pub fn compare_values(&mut self, watchpoints: &[Watchpoint]) -> bool {
        if self.watching.is_none() {
            self.watching = Translator::new(Kind::Watching, self.config.core, &self.memory).ok();
        }
        self.values = Values::new(&self.memory, watchpoints).map(Box::new);
        if self.watching.is_none() {
            self.values = None;
        }
        self.values.is_some()
    }

    /// Ends what [`Core::compare_values`] began; gives a position shortly behind the last change, if there was one.
    pub fn take_changed(&mut self) -> Option<Icount> {
        self.settle_values();
        self.values.take()?.changed_at()
    }

    /// What has changed in memory while no engine ran, or with the last instruction of one.
    fn settle_values(&mut self) {
        if let Some(values) = self.values.as_mut().filter(|values| values.differ()) {
            values.settle(self.state.icount);
        }
    }

    /// Accesses to watched pages since this was last asked.
    pub fn take_watched_accesses(&mut self) -> u64 {
        self.fast.take_watched_accesses() + self.exact.take_watched_accesses()
    }

    /// Runs until something of [`Travel`] stops it.
    pub fn run(&mut self, pins: &mut dyn Pins, travel: &Travel<'_>) -> Halt {
        let mut canonical = None;
        let halt = loop {
            if pins.is_broken() {
                break Halt::Broken;
            }
            if self.state.icount >= travel.limit {
                break Halt::Limit;
            }
            if self.state.activity == Activity::LockedUp {
                break Halt::Lockup;
            }
            if self.state.moment().cycle >= travel.cycle_limit {
                break Halt::Time;
            }
            if let Some((context, behind)) = travel.resumed
                && self.state.icount > behind
                && self.context() == context
            {
                break Halt::Resumed;
            }
            if self.state.boundary {
                let before = self.state.clone();
                if let Some(ahead) = self.ahead.take() {
                    self.state = ahead;
                }
                let old = self.watched.read(&self.memory);
                let boundary = self.boundary(pins, travel, before.moment().cycle);
                let written = self.written(&old, before.icount);
                canonical = Some(before);
                match (boundary, written) {
                    (Boundary::Execute, _) => {}
                    (Boundary::Entered | Boundary::Halt(Halt::Interrupt(_)), Some(found)) => {
                        break Halt::Found(found);
                    }
                    (Boundary::Entered, None) => continue,
                    (Boundary::Halt(halt), _) => break halt,
                }
            }
            if let Some(halt) = self.execute(pins, travel) {
                break halt;
            }
        };
        // What arrived at this icount has been seen, but nothing has run: keep that apart.
        if let Some(canonical) = canonical.filter(|canonical| canonical.icount == self.state.icount) {
            self.ahead = Some(std::mem::replace(&mut self.state, canonical));
        }
        halt
    }

    /// Lets arrive what arrives at this very icount, without going on: the core is ready to continue with other pins.
    pub fn settle(&mut self, pins: &mut dyn Pins) {
        if !self.state.boundary {
            return;
        }
        let before = self.state.clone();
        if let Some(ahead) = self.ahead.take() {
            self.state = ahead;
        }
        // That the pins have nothing more to say is why we are here.
        let _ = self.arrive(pins, Cycle::MAX, before.moment().cycle);
        self.ahead = Some(std::mem::replace(&mut self.state, before));
    }

    /// The flow of execution that runs now.
    pub fn context(&self) -> Context {
        Context::of(&self.state.registers)
    }

    /// Lets arrive at the core what is due.
    fn look(&mut self, pins: &mut dyn Pins) {
        let at = self.state.moment();
        pins.poll(at, &mut self.memory);
        self.state.reset_arrived |= pins.take_reset();
        self.state.nvic.set_lines(pins.lines());
        self.state.sync_systick(at.cycle);
        self.state.send_event_on_pend();
    }

    /// Looks at the pins, and sleeps until something wakes the core. Why it sleeps on, if it does.
    fn arrive(&mut self, pins: &mut dyn Pins, cycle_limit: Cycle, since: Cycle) -> Option<Halt> {
        self.look(pins);
        while let Activity::WaitingForInterrupt | Activity::WaitingForEvent = self.state.activity {
            if self.wakes() {
                self.state.activity = Activity::Running;
                break;
            }
            let at = self.state.moment();
            let core_wake = self.state.systick.next_wake();
            match pins.sleep(at, Asleep { since, core_wake, limit: cycle_limit }, &mut self.memory) {
                Slept::Until(cycle) => self.state.slept += cycle.saturating_sub(at.cycle),
                Slept::PastLimit => return Some(Halt::Time),
                Slept::Forever => return Some(Halt::Asleep),
                Slept::Interrupted => return Some(Halt::Waiting),
            }
            if pins.is_broken() {
                return Some(Halt::Broken);
            }
            self.look(pins);
        }
        None
    }

    fn boundary(&mut self, pins: &mut dyn Pins, travel: &Travel<'_>, since: Cycle) -> Boundary {
        if let Some(halt) = self.arrive(pins, travel.cycle_limit, since) {
            return Boundary::Halt(halt);
        }
        if self.state.reset_requested || self.state.reset_arrived {
            if !self.state.reset_arrived {
                pins.reset(self.state.moment(), &mut self.memory);
            }
            self.reset();
            self.state.nvic.set_lines(pins.lines());
            self.state.icount += 1;
            return Boundary::Entered;
        }
        let Some(number) = self.state.nvic.takeable(self.state.masks()) else {
            return Boundary::Execute;
        };
        let from = self.context();
        self.state.take_pending(number, &mut self.memory);
        // Stacking for one exception may have led to another.
        let number = self.note_entry();
        if travel.faults && matches!(number, HARD_FAULT..=USAGE_FAULT) {
            return Boundary::Halt(Halt::Fault);
        }
        if travel.entries || travel.interrupts && is_stepped_over(number) {
            return Boundary::Halt(Halt::Interrupt(from));
        }
        Boundary::Entered
    }

    /// Notes that the exception whose handler runs next was entered. Its number.
    fn note_entry(&mut self) -> u16 {
        let number = self.state.registers.ipsr() as u16;
        self.entered.note(number);
        number
    }

    /// Whether a sleeping core wakes (B1.5.18, B1.5.19). PRIMASK does not keep it asleep.
    fn wakes(&mut self) -> bool {
        let interrupted = self.state.is_woken();
        match self.state.activity {
            Activity::WaitingForEvent if self.state.event => {
                self.state.event = false;
                true
            }
            _ => interrupted || self.state.reset_requested || self.state.reset_arrived,
        }
    }

    /// Runs instructions until the next boundary that matters.
    fn execute(&mut self, pins: &mut dyn Pins, travel: &Travel<'_>) -> Option<Halt> {
        let mut limit = travel.limit;
        // A run cannot stop at a cycle, but sleep aside an instruction is a cycle.
        limit = limit.min(travel.cycle_limit.saturating_sub(self.state.slept).max(self.state.icount + 1));
        let fast = if self.values.is_some() { Kind::Watching } else { Kind::Fast };
        let mut kind = if limit - self.state.icount < 16 { Kind::Exact } else { fast };
        let mut end_of_block = None;
        let mut accessed = false;
        let mut looks = false;
        let mut context: Option<NewContext> = None;
        loop {
            if self.state.icount >= limit {
                return None;
            }
            let until = match end_of_block {
                _ if accessed || context.is_some() => self.state.icount + 1,
                Some(end) if kind == Kind::Exact => limit.min(end),
                _ => limit,
            };
            let ran = self.run_engine(kind, pins, until);
            let progress = ran.icount > self.state.icount;
            self.state.icount = ran.icount;
            self.state.boundary = ran.boundary;
            self.state.event |= ran.event;
            let written = context.take_if(|_| progress).and_then(|context| context.written);
            if let Some(found) = written.and_then(|found| self.report(found)) {
                return Some(Halt::Found(found));
            }
            if accessed && progress {
                // What the instruction did at the pins must be looked at right behind it.
                accessed = false;
                self.state.boundary |= std::mem::take(&mut looks);
                if ran.exit == Exit::Limit {
                    return None;
                }
            }
            match ran.exit {
                Exit::Limit if kind == fast => kind = Kind::Exact,
                Exit::Limit if ran.icount < limit => {
                    kind = fast; // the block with a breakpoint is behind us
                    end_of_block = None;
                }
                Exit::Limit | Exit::Attention => return None,
                Exit::Block(count) => {
                    kind = Kind::Exact;
                    end_of_block = Some(ran.icount + u64::from(count));
                }
                Exit::Found(found) => {
                    if let Some(context) = context {
                        context.undo(&mut self.state, &mut self.memory);
                    }
                    return Some(Halt::Found(found));
                }
                Exit::FloatingPoint => match self.begin_context() {
                    Ok(begun) => {
                        kind = Kind::Exact;
                        context = Some(begun);
                    }
                    Err(written) => {
                        let found = written.and_then(|found| self.report(found));
                        return travel.faults.then_some(Halt::Fault).or(found.map(Halt::Found));
                    }
                },
                exit @ (Exit::Accessed | Exit::Changed) => {
                    looks |= exit == Exit::Accessed;
                    match kind {
                        Kind::Fast => self.exact.take_accesses(&mut self.fast),
                        Kind::Watching => {
                            self.watching.iter_mut().for_each(|watching| self.exact.take_accesses(watching));
                        }
                        Kind::Exact => self.exact.repeat_accesses(),
                    }
                    kind = Kind::Exact;
                    accessed = true;
                }
                exit => {
                    let old = self.watched.read(&self.memory);
                    let before = self.state.icount;
                    let halt = self.leave(exit, pins, travel);
                    let written = self.written(&old, before);
                    return halt.or(written.map(Halt::Found));
                }
            }
        }
    }

    /// Does what is due in front of a floating-point instruction (B1.5.7 ExecuteFPCheck). If that was a fault,
    /// gives what of watched memory its entry has written.
    fn begin_context(&mut self) -> Result<NewContext, Option<Found>> {
        let old = self.watched.read(&self.memory);
        let before = self.state.clone();
        let frame = self.state.unsaved_fp_frame(&self.memory);
        let preserved = self.state.execute_fp_check(&mut self.memory);
        let written = self.watched.changed(&old, &self.memory);
        if preserved == Ok(Preserved::Done) {
            Ok(NewContext { before, frame, written })
        } else {
            self.note_entry();
            Err(written)
        }
    }

    /// Whether the core has just written watched memory itself; the stop is behind that. A search that collects goes on.
    fn written(&mut self, old: &[Vec<u8>], before: Icount) -> Option<Found> {
        let found = self.watched.changed(old, &self.memory).filter(|_| self.state.icount > before)?;
        self.report(found)
    }

    /// What the core itself has written ends the run here, or is remembered by a search that collects.
    fn report(&mut self, found: Found) -> Option<Found> {
        if self.watched.collect {
            self.watched.found = Some(Hit { icount: self.state.icount, found });
            return None;
        }
        Some(found)
    }

    fn run_engine(&mut self, kind: Kind, pins: &mut dyn Pins, limit: Icount) -> super::engine::Ran {
        if self.ran_last != Some(kind) {
            // Each engine sees only its own stores to code.
            let pages: Vec<_> =
                self.memory.writable_code().filter(|page| self.memory.is_dirty(*page)).collect();
            self.drop_code(pages);
            self.ran_last = Some(kind);
        }
        let stale = self.memory.take_stale_code();
        self.drop_code(stale);
        self.settle_values();
        let engine = match (kind, &mut self.watching) {
            (Kind::Exact, _) => &mut self.exact,
            (Kind::Watching, Some(watching)) => watching,
            (Kind::Fast | Kind::Watching, _) => &mut self.fast,
        };
        engine.swap_values(&mut self.values);
        let mut registers = std::mem::take(&mut self.state.registers);
        // The engine works on its own copy; what the port looks at (IPSR, masks) does not change while it runs.
        self.state.registers = registers.clone();
        let span = Span { start: self.state.icount, boundary: self.state.boundary, limit };
        let mut port = CorePort {
            state: &mut self.state,
            memory: &mut self.memory,
            pins,
            config: &self.config,
            interrupted: false,
        };
        self.visited.note(registers.pc, LONGEST);
        let ran = engine.run(&mut registers, &mut port, span);
        engine.swap_values(&mut self.values);
        self.visited.note(registers.pc, LONGEST);
        if registers.faultmask != self.state.registers.faultmask && self.state.permissions_need_priority() {
            self.memory.invalidate_permissions();
        }
        self.state.registers = registers;
        self.state.send_event_on_pend();
        ran
    }

    fn drop_code(&mut self, pages: Vec<super::engine::PageId>) {
        for page in pages {
            let address = self.memory.page_address(page);
            self.fast.drop_code(address, super::engine::PAGE);
            self.exact.drop_code(address, super::engine::PAGE);
            if let Some(watching) = &mut self.watching {
                watching.drop_code(address, super::engine::PAGE);
            }
        }
    }

    /// What an instruction did that the translator leaves to us.
    fn leave(&mut self, exit: Exit, pins: &mut dyn Pins, travel: &Travel<'_>) -> Option<Halt> {
        let cause = match exit {
            Exit::Svc => {
                self.state.supervisor_call();
                return None;
            }
            Exit::Wfi => {
                self.state.activity = Activity::WaitingForInterrupt;
                return None;
            }
            Exit::Wfe => {
                if !std::mem::take(&mut self.state.event) {
                    self.state.activity = Activity::WaitingForEvent;
                }
                return None;
            }
            Exit::ExceptionReturn(value) => {
                let faults = self.state.fault.clone();
                if self.state.exception_return(value, &mut self.memory) {
                    self.note_entry();
                }
                let faulted = self.state.fault != faults;
                return (faulted && travel.faults).then_some(Halt::Fault);
            }
            Exit::Control(transfer) => {
                self.state.transfer_control(transfer);
                return None;
            }
            Exit::Barrier => {
                const ISB: u16 = 0xf3bf;
                self.state.retire(ISB);
                return None;
            }
            Exit::FixedPoint => {
                self.state.convert_from_fixed_point(&self.memory);
                return None;
            }
            Exit::Bkpt => return self.breakpoint(pins, travel),
            Exit::Fault(Fault::Access { address, fault }) => Cause::access(address, fault),
            Exit::Fault(Fault::Fetch(fault)) => Cause::fetch(fault),
            Exit::Fault(Fault::NoCoprocessor) => Cause::usage(cfsr::NOCP),
            Exit::Fault(Fault::DivideByZero) => Cause::usage(cfsr::DIVBYZERO),
            Exit::Fault(Fault::InvalidState) => Cause::usage(cfsr::INVSTATE),
            Exit::Fault(Fault::Undefined) => Cause::usage(cfsr::UNDEFINSTR),
            Exit::Fault(Fault::StackOverflow) => Cause::usage(cfsr::STKOF),
            Exit::Limit
            | Exit::Attention
            | Exit::Block(_)
            | Exit::Found(_)
            | Exit::FloatingPoint
            | Exit::Accessed
            | Exit::Changed => return None,
        };
        self.state.take_fault(cause, &mut self.memory);
        self.note_entry();
        travel.faults.then_some(Halt::Fault)
    }

    /// BKPT: semihosting, a halt, or without a debugger an exception.
    fn breakpoint(&mut self, pins: &mut dyn Pins, travel: &Travel<'_>) -> Option<Halt> {
        const SEMIHOSTING: u16 = 0xbeab;
        let pc = self.state.registers.pc;
        if self.memory.read_half(pc) != Ok(SEMIHOSTING) {
            if self.config.halting_debug {
                return Some(Halt::Breakpoint(pc));
            }
            let from = self.context();
            self.state.breakpoint_exception(&mut self.memory);
            return match self.note_entry() {
                HARD_FAULT => travel.faults.then_some(Halt::Fault),
                _ => travel.entries.then_some(Halt::Interrupt(from)),
            };
        }
        let (operation, parameter) = (self.state.registers.r[0], self.state.registers.r[1]);
        let result = pins.semihosting(self.state.moment(), operation, parameter, &mut self.memory);
        for (address, bytes) in &result.memory {
            // The host answers only into memory it has read; anything else has nowhere to go.
            let _ = self.memory.write(*address, bytes);
        }
        let registers = &mut self.state.registers;
        registers.r[0] = result.r0;
        self.state.retire(SEMIHOSTING);
        self.state.boundary = true;
        result.exit.map(Halt::Exit)
    }
}

/// A floating-point context that was begun for an instruction that has not retired yet.
struct NewContext {
    before: State,
    /// What the frame held that the state of the interrupted context went to.
    frame: Option<(u32, Vec<u8>)>,
    /// That frame is watched.
    written: Option<Found>,
}

impl NewContext {
    /// The run stops in front of the instruction after all: one icount has one state.
    fn undo(self, state: &mut State, memory: &mut Memory) {
        *state = self.before;
        if let Some((address, bytes)) = self.frame {
            // It was read from there.
            let _ = memory.write(address, &bytes);
        }
    }
}

enum Boundary {
    Execute,
    Entered,
    Halt(Halt),
}
