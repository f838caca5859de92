//! What a debugger asks for: steps and travel in both directions.

use super::{Direction, Interrupts, Outcome, SLICE, Stop, Stops, Timeline, TimelineError};
use crate::{
    core::{Context, Found, Halt, Hit, Search, Travel},
    words::Icount,
};

impl Timeline {
    /// Moves by one instruction. Watchpoints (and, on the way through skipped handlers, breakpoints) stop it.
    pub fn step(
        &mut self,
        direction: Direction,
        stops: &Stops,
        interrupts: Interrupts,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Stop, TimelineError> {
        match direction {
            Direction::Forward => self.step_forward(stops, interrupts, interrupted),
            Direction::Backward => self.step_back(stops, interrupts, interrupted),
        }
    }

    /// Travels until something stops it. Forward, a breakpoint at the present PC stops at once; backward, it does not
    /// count. `interrupted` is polled every few milliseconds; an interrupted backward search returns to where it began.
    pub fn resume(
        &mut self,
        direction: Direction,
        stops: &Stops,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Stop, TimelineError> {
        match direction {
            Direction::Forward if stops.breakpoints.contains(&self.registers().pc) => Ok(Stop::Breakpoint),
            Direction::Forward => self.resume_forward(stops, interrupted),
            Direction::Backward => self.resume_back(stops, interrupted),
        }
    }

    /// Runs forward; `None` when interrupted.
    fn travel(
        &mut self,
        travel: &Travel<'_>,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Option<Stop>, TimelineError> {
        if let Some(stop) = self.end_stop() {
            return Ok(Some(stop));
        }
        let halt = self.advance(travel, interrupted)?;
        Ok(halt.map(|halt| self.stop_for(halt)))
    }

    fn end_stop(&self) -> Option<Stop> {
        self.ended.clone().filter(|_| self.at_present()).map(Stop::End)
    }

    fn stop_for(&mut self, halt: Halt) -> Stop {
        match halt {
            Halt::Found(Found::Breakpoint) => Stop::Breakpoint,
            Halt::Found(Found::Watchpoint { address, kind }) => Stop::Watchpoint { address, kind },
            Halt::Fault => Stop::Fault,
            // A debugger is attached: BKPT halts. Nothing steps over it but the firmware's own debugger.
            Halt::Breakpoint(pc) if self.is_live() => Stop::End(Outcome::Breakpoint(pc)),
            halt => match self.end_of(halt, false) {
                Some(outcome) => Stop::End(outcome),
                None => Stop::Stepped,
            },
        }
    }

    fn step_forward(
        &mut self,
        stops: &Stops,
        interrupts: Interrupts,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Stop, TimelineError> {
        // The instruction under the cursor may carry a breakpoint: a step gets off it.
        let watch = Search { breakpoints: Default::default(), ..search(stops) };
        let everything = search(stops);
        let skip = interrupts == Interrupts::Skip;
        let mut called = false;
        loop {
            if let Some(stop) = self.end_stop() {
                return Ok(stop);
            }
            let before = self.now().icount;
            let context = self.core.context();
            let halt = if watch.is_empty() && self.step_near() {
                Some(Halt::Limit)
            } else {
                let travel =
                    Travel { interrupts: skip, faults: stops.faults, ..Travel::to(before + 1, &watch) };
                self.advance(&travel, interrupted)?
            };
            match halt {
                None => return Ok(Stop::Interrupted),
                Some(Halt::Interrupt(_)) => {}
                // Behind an SVC, its handler is still to come: that is the rest of the step.
                Some(Halt::Limit) if skip && self.core.state().is_calling() => {
                    called = true;
                    continue;
                }
                Some(Halt::Limit) => return Ok(Stop::Stepped),
                Some(halt) => return Ok(self.stop_for(halt)),
            }
            // An interrupt came first: run its handler, then try again.
            if everything.breakpoints.contains(&self.registers().pc) {
                return Ok(Stop::Breakpoint);
            }
            let travel = Travel {
                resumed: Some((context, self.now().icount)),
                faults: stops.faults,
                ..Travel::to(Icount::MAX, &everything)
            };
            match self.travel(&travel, interrupted)? {
                None => return Ok(Stop::Interrupted),
                Some(Stop::Stepped) if called && !self.core.state().is_calling() => return Ok(Stop::Stepped),
                Some(Stop::Stepped) => {}
                Some(stop) => return Ok(stop),
            }
        }
    }

    fn resume_forward(
        &mut self,
        stops: &Stops,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Stop, TimelineError> {
        let search = search(stops);
        loop {
            // Live, a fault handler that loops would run for ever.
            let live = self.is_live();
            if live && self.at_present() && self.loops_in_place() {
                return Ok(Stop::End(Outcome::FaultLoop(self.registers().pc)));
            }
            let limit = if live { self.now().icount + SLICE } else { Icount::MAX };
            let travel = Travel { faults: stops.faults, ..Travel::to(limit, &search) };
            match self.travel(&travel, interrupted)? {
                None => return Ok(Stop::Interrupted),
                Some(Stop::Stepped) if self.now().icount == limit && interrupted() => {
                    return Ok(Stop::Interrupted);
                }
                Some(Stop::Stepped) if self.now().icount == limit => {}
                Some(stop) => return Ok(stop),
            }
        }
    }

    fn resume_back(
        &mut self,
        stops: &Stops,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Stop, TimelineError> {
        let origin = self.now().icount;
        let found = self.find_last(&search(stops), 0, interrupted)?;
        let (to, stop) = match found {
            None => (origin, Stop::Interrupted),
            Some(None) => (0, Stop::Start),
            Some(Some(hit)) => (hit.icount, stop_of(hit)),
        };
        self.approach(to)?;
        Ok(stop)
    }

    fn step_back(
        &mut self,
        stops: &Stops,
        interrupts: Interrupts,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Stop, TimelineError> {
        let origin = self.now().icount;
        let mut at = origin;
        loop {
            if at == 0 {
                self.seek(0)?;
                return Ok(Stop::Start);
            }
            self.seek(at)?;
            self.record_before()?;
            let context = self.core.context();
            let active = self.core.state().nvic.active_count();
            if let Some(stop) = self.watched_before(stops, at)? {
                return Ok(stop);
            }
            self.seek(at - 1)?;
            let inside = self.core.context();
            // In front of an entry fewer exceptions are active, in front of a return more.
            let returned = inside.is_stepped_over() && self.core.state().nvic.active_count() > active;
            if interrupts == Interrupts::Into || !returned {
                return Ok(Stop::Stepped);
            }
            // The instruction before returned from a handler: go over all of it.
            let Some(entry) = self.last_interrupt_of(context, at - 1, interrupted)? else {
                self.seek(origin)?;
                return Ok(Stop::Interrupted);
            };
            let Some(entry) = entry else {
                self.seek(at - 1)?; // there was no entry: it began inside
                return Ok(Stop::Stepped);
            };
            let search = search(stops);
            if search.is_empty() {
                at = entry;
                continue;
            }
            self.seek(at - 1)?;
            match self.find_last(&search, entry + 1, interrupted)? {
                None => {
                    self.seek(origin)?;
                    return Ok(Stop::Interrupted);
                }
                Some(Some(hit)) => {
                    self.seek(hit.icount)?;
                    return Ok(stop_of(hit));
                }
                Some(None) => at = entry,
            }
        }
    }

    /// Whether the instruction before `at` touches watched memory: then a step back stops in front of undoing it.
    fn watched_before(&mut self, stops: &Stops, at: Icount) -> Result<Option<Stop>, TimelineError> {
        if self.is_unwatched(&stops.watchpoints, at) {
            return Ok(None);
        }
        let watch = Search { breakpoints: Default::default(), collect: true, ..search(stops) };
        self.seek(at - 1)?;
        let hit = self.collect(&watch, at, at)?;
        Ok(hit.map(stop_of))
    }

    /// The last position before `before` at which an interrupt was about to be entered from this context. `None` when
    /// interrupted.
    fn last_interrupt_of(
        &mut self,
        context: Context,
        before: Icount,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Option<Option<Icount>>, TimelineError> {
        let nothing = Search::default();
        self.set_search(&nothing);
        let mut end = before;
        // What is recorded only excludes.
        while let Some(entry) = self.near.last_entry(context, end) {
            self.seek(entry)?;
            let travel = Travel { interrupts: true, ..Travel::to(entry + 1, &nothing) };
            if self.run_core(&travel)? == Halt::Interrupt(context) {
                return Ok(Some(Some(entry)));
            }
            end = entry;
        }
        end = self.near.begin_of(end);
        while end > 0 {
            let index = self.tape.find(end - 1);
            let start = self.tape.icount(index);
            self.go(index);
            let mut last = None;
            let travel = Travel { interrupts: true, ..Travel::to(end, &nothing) };
            while self.now().icount < end {
                if let Halt::Interrupt(from) = self.run_core(&travel)?
                    && from == context
                {
                    last = Some(self.now().icount - 1);
                }
            }
            if last.is_some() {
                return Ok(Some(last));
            }
            if interrupted() {
                return Ok(None);
            }
            end = start;
        }
        Ok(Some(None))
    }
}

fn search(stops: &Stops) -> Search {
    Search { breakpoints: stops.breakpoints.clone(), watchpoints: stops.watchpoints.clone(), collect: false }
}

fn stop_of(hit: Hit) -> Stop {
    match hit.found {
        Found::Breakpoint => Stop::Breakpoint,
        Found::Watchpoint { address, kind } => Stop::Watchpoint { address, kind },
    }
}
