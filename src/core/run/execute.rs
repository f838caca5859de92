//! Executing instructions: the two engines by turns, and what the core does itself.

use super::Core;
use crate::{
    core::{
        Halt, Travel,
        engine::{Exit, Fault, Found, Hit, Kind, Memory, PAGE, PageId, Ran, Span},
        exception::{Cause, Preserved},
        nvic::exception::HARD_FAULT,
        port::CorePort,
        scb::cfsr,
        state::{Activity, State},
    },
    pins::Pins,
    words::Icount,
};

/// The length of the longest instruction, in bytes.
const LONGEST: u32 = 4;

impl Core {
    /// Runs instructions until the next boundary that matters.
    pub(super) fn execute(&mut self, pins: &mut dyn Pins, travel: &Travel<'_>) -> Option<Halt> {
        let mut limit = travel.limit;
        // A run cannot stop at a cycle, but sleep aside an instruction is a cycle.
        limit =
            limit.min(self.cycle_limit(travel).saturating_sub(self.state.slept).max(self.state.icount + 1));
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
    pub(super) fn written(&mut self, old: &[Vec<u8>], before: Icount) -> Option<Found> {
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

    fn run_engine(&mut self, kind: Kind, pins: &mut dyn Pins, limit: Icount) -> Ran {
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
        // The translator keeps bits that SP does not have (Armv7-M ARM B1.4.1); the run ends where they can have come from.
        registers.msp &= !3;
        registers.psp &= !3;
        engine.swap_values(&mut self.values);
        self.visited.note(registers.pc, LONGEST);
        if registers.faultmask != self.state.registers.faultmask && self.state.permissions_need_priority() {
            self.memory.invalidate_permissions();
        }
        self.state.registers = registers;
        self.state.send_event_on_pend();
        ran
    }

    fn drop_code(&mut self, pages: Vec<PageId>) {
        for page in pages {
            let address = self.memory.page_address(page);
            self.fast.drop_code(address, PAGE);
            self.exact.drop_code(address, PAGE);
            if let Some(watching) = &mut self.watching {
                watching.drop_code(address, PAGE);
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
