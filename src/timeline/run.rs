//! Running with no debugger, and how a run ends.

use super::{Limits, Outcome, Timeline, TimelineError, advance::check_replay};
use crate::{
    core::{Halt, Search, Travel},
    fault::Fault,
    pins::Stamped,
    trace::End,
    words::Icount,
};

/// A fault handler that runs longer than this without ending is taken for a loop, in icounts.
const FAULT_PATIENCE: Icount = 20_000_000;

impl Timeline {
    /// Runs to the end of a recording, or live until the firmware ends or a limit is reached, with no debugger.
    pub fn run(
        &mut self,
        limits: &Limits,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Outcome, TimelineError> {
        self.stopped = self.run_until(limits, interrupted)?;
        let now = self.now();
        if let Some(live) = self.live.as_mut().filter(|_| now.icount == self.present.icount) {
            self.core.look_ahead(|memory| live.show_rest(now, memory));
        }
        Ok(self.stopped.clone())
    }

    pub(super) fn run_until(
        &mut self,
        limits: &Limits,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Outcome, TimelineError> {
        let nothing = Search::default();
        let limit = limits.icount.unwrap_or(Icount::MAX);
        let mut until = limit;
        let mut in_fault_since = None;
        loop {
            let travel =
                Travel { time_limit: limits.time, faults: true, ..Travel::to(until.min(limit), &nothing) };
            let Some(halt) = self.advance(&travel, interrupted)? else {
                return Ok(Outcome::Interrupted);
            };
            if let Some(outcome) = self.end_of(halt, until >= limit) {
                return Ok(outcome);
            }
            // After a fault, look closer: most handlers end in a loop, and nobody wants to wait for a limit then.
            let Some(fault) = self.core.state().fault.as_ref().filter(|fault| self.is_active(fault)) else {
                until = limit;
                in_fault_since = None;
                continue;
            };
            let since = *in_fault_since.get_or_insert(fault.at.icount);
            let here = self.now().icount;
            if self.loops_in_place() || here - since > FAULT_PATIENCE {
                let outcome = Outcome::FaultLoop(self.registers().pc);
                self.end_with(&outcome);
                return Ok(outcome);
            }
            until = here + (here - since).clamp(16, self.options.interval);
        }
    }

    pub(super) fn is_active(&self, fault: &Fault) -> bool {
        self.core.state().nvic.is_active(fault.exception)
    }

    /// Whether the core is at a branch to itself, in a fault handler, with nothing pending that could end it.
    pub(super) fn loops_in_place(&self) -> bool {
        const BRANCH_TO_ITSELF: u16 = 0xe7fe;
        let state = self.core.state();
        self.core.memory().read_half(state.registers.pc) == Ok(BRANCH_TO_ITSELF)
            && (3..=6).contains(&state.registers.ipsr())
    }

    /// Whether the run is over, for a reason that a debugger would call the end.
    pub(super) fn end_of(&mut self, halt: Halt, at_limit: bool) -> Option<Outcome> {
        let outcome = match halt {
            Halt::Limit if !self.is_live() && self.at_present() => self.ended.clone()?,
            Halt::Limit if at_limit => return Some(Outcome::Limit),
            Halt::Time => return Some(Outcome::Limit),
            Halt::Exit(code) => Outcome::Exit(code),
            Halt::Lockup => Outcome::Lockup,
            Halt::Breakpoint(pc) => Outcome::Breakpoint(pc),
            Halt::Asleep => Outcome::Asleep,
            Halt::Waiting => self.ended.clone().unwrap_or(Outcome::Asleep),
            _ => return None,
        };
        self.end_with(&outcome);
        Some(outcome)
    }

    pub(super) fn end_with(&mut self, outcome: &Outcome) {
        if self.at_present() {
            self.ended.get_or_insert_with(|| outcome.clone());
        }
    }

    /// Takes what the firmware was about to say for its last words.
    fn end_lines(&mut self) -> Result<(), TimelineError> {
        if !self.at_present() {
            self.seek(self.present.icount)?;
        }
        if !self.cursor.is_at_end(&mut self.log) {
            // What arrived at the very end has been said already.
            let mut error = None;
            self.core.settle(&mut self.cursor.pins(&mut self.log, &mut error));
            check_replay(error)?;
        }
        let now = self.now();
        if let Some(live) = &mut self.live {
            let left = self.core.look_ahead(|memory| live.end_lines(now, memory));
            self.bookmarks.note_happenings(live);
            // The last instruction is the last one that can have sent it.
            let icount = self.log.last_icount().max(self.present.icount.saturating_sub(1));
            for event in left {
                self.log.append(&Stamped { icount, event })?;
            }
        }
        Ok(())
    }

    /// Closes the recording at the end of the history. The timeline can still be visited, but not go on live.
    pub fn finish(&mut self) -> Result<(), TimelineError> {
        if self.finished || self.live.is_none() {
            return Ok(());
        }
        self.finished = true;
        let here = self.now().icount;
        let outcome = self.ended.get_or_insert(self.stopped.clone()).clone();
        self.end_lines()?;
        self.keep_bookmarks();
        self.write_last_sections()?;
        self.seek(self.present.icount)?;
        let time = self.core.state().time();
        let end = End { at: self.present, time, outcome, digest: self.core.digest() };
        self.log.finish(end)?;
        self.seek(here)
    }
}
