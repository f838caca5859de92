//! Resuming the debuggee, and telling gdb how that went.

use std::time::{Duration, Instant};

use gdbstub::{
    common::Signal, stub::MultiThreadStopReason, target::ext::base::reverse_exec::ReplayLogPosition,
};

use super::{Stub, THREAD, points::to_gdb, resume::Action};
use crate::{
    debug::monitor::{outcome_in_words, part},
    timeline::{Direction, Outcome, Stop, Stops, TimelineError},
    words::Icount,
};

/// How long the debuggee runs forward while a position to stop at is set. It overruns the position by as much at most,
/// and then goes back to it: the timeline itself stops at addresses and accesses only.
const SLICE: Duration = Duration::from_millis(20);

/// In range stepping, the steps between two looks at the connection.
const STEPS_PER_LOOK: u32 = 64;

/// How a resumption came to its end.
pub(in crate::debug) enum Halt {
    /// At something to report.
    Stopped(Report),
    /// Because the caller interrupted it.
    Interrupted,
}

/// A stop, for gdb and for the one who reads its console.
pub(in crate::debug) struct Report {
    pub(in crate::debug) reason: MultiThreadStopReason<u32>,
    pub(in crate::debug) text: Option<String>,
}

impl Report {
    /// A stop with a signal. All have a thread with them: gdb guesses it otherwise.
    pub(in crate::debug) fn signal(signal: Signal) -> Report {
        Report { reason: MultiThreadStopReason::SignalWithThread { tid: THREAD, signal }, text: None }
    }

    fn edge(pos: ReplayLogPosition) -> Report {
        Report { reason: MultiThreadStopReason::ReplayLog { tid: Some(THREAD), pos }, text: None }
    }

    fn saying(self, text: impl Into<String>) -> Report {
        Report { text: Some(format!("untick: {}\n", text.into())), ..self }
    }
}

/// What travel ended with, before it is put into gdb's words.
enum Arrival {
    Stop(Stop),
    Position(Icount),
}

impl Stub<'_> {
    /// Performs the action that gdb asked for last.
    pub(in crate::debug) fn travel(&mut self, interrupted: &mut dyn FnMut() -> bool) -> Halt {
        if let Some(target) = self.armed.take() {
            return Halt::Stopped(match self.debuggee.seek(target) {
                Ok(()) => Report::signal(Signal::SIGTRAP).saying(format!(
                    "at icount {}, {}",
                    self.debuggee.now().icount,
                    part(self)
                )),
                Err(error) => failure(&error),
            });
        }
        let stops = self.points.stops();
        let arrival = match self.action {
            Action::Continue => self.run(Direction::Forward, &stops, interrupted),
            Action::ReverseContinue => self.run(Direction::Backward, &stops, interrupted),
            Action::Step => self.step(Direction::Forward, &stops, interrupted),
            Action::ReverseStep => self.step(Direction::Backward, &stops, interrupted),
            Action::StepRange { start, end } => self.step_range(start..end, &stops, interrupted),
        };
        match arrival {
            Ok(Arrival::Stop(Stop::Interrupted)) => Halt::Interrupted,
            Ok(Arrival::Stop(stop)) => Halt::Stopped(self.report(stop)),
            Ok(Arrival::Position(icount)) => Halt::Stopped(self.report_position(icount)),
            Err(error) => Halt::Stopped(failure(&error)),
        }
    }

    fn run(
        &mut self,
        direction: Direction,
        stops: &Stops,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Arrival, TimelineError> {
        loop {
            let from = self.debuggee.now().icount;
            let ahead = direction == Direction::Forward && self.positions.range(from + 1..).next().is_some();
            let slice_end = ahead.then(|| Instant::now() + SLICE);
            let mut asked = false;
            let stop = self.debuggee.resume(direction, stops, &mut || {
                asked |= interrupted();
                asked || slice_end.is_some_and(|end| Instant::now() >= end)
            })?;
            let interrupted_only = stop == Stop::Interrupted;
            match self.arrive(from, stop)? {
                Arrival::Stop(Stop::Interrupted) if interrupted_only && !asked && ahead => {}
                arrival => return Ok(arrival),
            }
        }
    }

    fn step(
        &mut self,
        direction: Direction,
        stops: &Stops,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Arrival, TimelineError> {
        let from = self.debuggee.now().icount;
        let stop = self.debuggee.step(direction, stops, self.interrupts, interrupted)?;
        self.arrive(from, stop)
    }

    fn step_range(
        &mut self,
        range: std::ops::Range<u32>,
        stops: &Stops,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Arrival, TimelineError> {
        for steps in 1_u32.. {
            match self.step(Direction::Forward, stops, interrupted)? {
                Arrival::Stop(Stop::Stepped) => {}
                arrival => return Ok(arrival),
            }
            let pc = self.debuggee.registers().pc;
            if stops.breakpoints.contains(&pc) {
                return Ok(Arrival::Stop(Stop::Breakpoint));
            }
            if !range.contains(&pc) {
                break;
            }
            if steps % STEPS_PER_LOOK == 0 && interrupted() {
                return Ok(Arrival::Stop(Stop::Interrupted));
            }
        }
        Ok(Arrival::Stop(Stop::Stepped))
    }

    /// Goes back to the first position to stop at that was passed on the way from `from`.
    fn arrive(&mut self, from: Icount, stop: Stop) -> Result<Arrival, TimelineError> {
        let now = self.debuggee.now().icount;
        let passed = if from < now {
            self.positions.range(from + 1..=now).next()
        } else {
            self.positions.range(now..from).next_back()
        };
        match passed.copied() {
            // What happens right at the position says more than the position.
            Some(icount) if icount == now && !matches!(stop, Stop::Interrupted | Stop::Stepped) => {
                Ok(Arrival::Stop(stop))
            }
            Some(icount) => {
                if icount != now {
                    self.debuggee.seek(icount)?;
                }
                Ok(Arrival::Position(icount))
            }
            None => Ok(Arrival::Stop(stop)),
        }
    }

    fn report(&self, stop: Stop) -> Report {
        match stop {
            // gdb itself finds that a step ended at a breakpoint.
            Stop::Stepped => Report::signal(Signal::SIGTRAP),
            Stop::Breakpoint => {
                let pc = self.debuggee.registers().pc;
                let software = self.points.software.contains(&pc);
                let reason = if software {
                    MultiThreadStopReason::SwBreak(THREAD)
                } else {
                    MultiThreadStopReason::HwBreak(THREAD)
                };
                Report { reason, text: None }
            }
            Stop::Watchpoint { address, kind } => {
                let reason = MultiThreadStopReason::Watch { tid: THREAD, kind: to_gdb(kind), addr: address };
                Report { reason, text: None }
            }
            Stop::Fault => {
                let exception = self.debuggee.fault().map_or(0, |fault| fault.exception);
                Report::signal(Signal::SIGSEGV)
                    .saying(format!("{}; `monitor fault` explains it", exception_name(exception)))
            }
            Stop::Start => Report::edge(ReplayLogPosition::Begin),
            Stop::End(outcome) => self.report_end(&outcome),
            Stop::Interrupted => Report::signal(Signal::SIGINT),
        }
    }

    /// The run cannot go on. What gdb is told must end its own stepping too, which a SIGTRAP would not.
    fn report_end(&self, outcome: &Outcome) -> Report {
        let faulty = matches!(outcome, Outcome::Lockup | Outcome::FaultLoop(_));
        let report = if faulty && self.debuggee.is_live() {
            Report::signal(Signal::SIGSEGV)
        } else {
            Report::edge(ReplayLogPosition::End)
        };
        let more = if faulty {
            "`monitor fault` explains it, and the way back is open"
        } else {
            "the way back is open"
        };
        report.saying(format!("{}; {more}", outcome_in_words(outcome)))
    }

    fn report_position(&self, icount: Icount) -> Report {
        let whole_way = matches!(self.action, Action::Continue | Action::ReverseContinue);
        // gdb takes a SIGTRAP for a part of its own stepping and would go on.
        let signal = if whole_way { Signal::SIGTRAP } else { Signal::SIGSTOP };
        Report::signal(signal).saying(format!("at icount {icount} (replay_break)"))
    }
}

/// The debuggee itself failed; the session goes on, if only to look around.
fn failure(error: &TimelineError) -> Report {
    Report::signal(Signal::SIGABRT).saying(error.to_string())
}

fn exception_name(exception: u16) -> &'static str {
    match exception {
        0 => "lockup",
        3 => "HardFault",
        4 => "MemManage fault",
        5 => "BusFault",
        6 => "UsageFault",
        _ => "fault",
    }
}
