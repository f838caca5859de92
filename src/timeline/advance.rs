//! Moving through the history: replay, live execution, checkpoints on the way, seeks.

use std::time::{Duration, Instant};

use super::{Difference, Divergence, SLICE, Timeline, TimelineError, next_multiple};
use crate::{
    core::{Executed, Found, Halt, PageId, Search, Travel, accesses_several},
    machine::{Break, Cursor},
    pins::{Event, Stamped},
    trace::{Mark, TraceError},
    words::Icount,
};

/// A cut recording loses no more than this.
const FLUSH: Duration = Duration::from_millis(500);

/// The index gets this part of the history's budget at most.
const INDEX_SHARE: usize = 4;

impl Timeline {
    /// Whether execution from here on is live.
    pub(super) fn is_at_live_end(&mut self) -> bool {
        self.is_live() && self.at_present() && self.cursor.is_at_end(&mut self.log)
    }

    pub(super) fn set_search(&mut self, search: &Search) {
        if self.search != *search {
            self.search = search.clone();
            self.core.set_search(search);
        }
    }

    /// Runs the core once, with the pins that are right here.
    pub(super) fn run_core(&mut self, travel: &Travel<'_>) -> Result<Halt, TimelineError> {
        if self.is_live() && self.at_present() && !self.is_at_live_end() {
            // What arrived at the very end of the history is in the log: take it from there, then go on live.
            let mut error = None;
            self.core.settle(&mut self.cursor.pins(&mut self.log, &mut error));
            check_replay(error)?;
        }
        if self.is_at_live_end() {
            return self.run_live(travel);
        }
        let mut error = None;
        let limit = travel.limit.min(self.present.icount);
        let mut pins = self.cursor.pins(&mut self.log, &mut error);
        let halt = self.core.run(&mut pins, &Travel { limit, ..*travel });
        check_replay(error)?;
        Ok(halt)
    }

    pub(super) fn run_live(&mut self, travel: &Travel<'_>) -> Result<Halt, TimelineError> {
        let live = self.live.as_mut().expect("the caller asked");
        live.take_input();
        let mut error: Option<TraceError> = None;
        // Whoever runs, each fault is noted.
        let all_faults = Travel { faults: true, ..*travel };
        let halt = loop {
            let before = self.core.state().fault.as_ref().map(|fault| fault.at.icount);
            let halt = self.core.run(&mut live.pins(&mut self.log, &mut error), &all_faults);
            self.bookmarks.note_fault(before, self.core.state().fault.as_ref());
            if halt != Halt::Fault || travel.faults || error.is_some() {
                break halt;
            }
        };
        self.bookmarks.note_happenings(live);
        if !matches!(halt, Halt::Limit | Halt::Waiting) {
            let now = self.core.state().moment();
            self.core.look_ahead(|memory| live.show_rest(now, memory));
        }
        if let Some(error) = error {
            return Err(TimelineError::Trace(error));
        }
        self.present = self.core.state().moment();
        self.cursor = Cursor::new(self.log.tail(), self.core.state());
        self.log.reached(self.present);
        if self.last_flush.elapsed() >= FLUSH {
            self.keep_bookmarks();
            self.log.flush()?;
            self.last_flush = Instant::now();
        }
        Ok(halt)
    }

    /// Goes forward, keeping checkpoints, until the core halts for another reason than the limit of a slice, or
    /// `interrupted` says so (`None`).
    pub(super) fn advance(
        &mut self,
        travel: &Travel<'_>,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Option<Halt>, TimelineError> {
        self.set_search(travel.search);
        let mut asked = self.now().icount;
        loop {
            let now = self.now().icount;
            if self.tape.next_icount() == Some(now) {
                self.keep(false)?; // a search has come this far without telling the tape
            }
            // At multiples, wherever a debugger has kept checkpoints besides: every recording of a run is the same.
            // Where the history has been thinned, too: there will be more to do around here.
            let multiple = next_multiple(now, self.options.interval);
            let next = self.tape.next_icount().map_or(multiple, |next| next.min(multiple));
            let limit = travel.limit.min(next.max(now + 1));
            let live = self.is_at_live_end();
            let halt = self.run_core(&Travel { limit, ..*travel })?;
            let here = self.now().icount;
            if here == next {
                self.index_interval();
                self.keep(live)?; // nothing that arrives here has been looked at: it was the limit
            }
            if let Halt::Found(Found::Watchpoint { .. }) = halt
                && self.is_half_done()
            {
                self.go(self.tape.find(here));
                self.go_on_to(here)?;
            }
            match halt {
                Halt::Limit if here >= travel.limit => return Ok(Some(Halt::Limit)),
                Halt::Limit if !self.is_live() && self.at_present() => return Ok(Some(Halt::Limit)),
                Halt::Limit => {}
                Halt::Waiting if self.is_live() => {}
                halt => return Ok(Some(halt)),
            }
            if here >= asked + SLICE || halt == Halt::Waiting {
                asked = here;
                if interrupted() {
                    return Ok(None);
                }
            }
        }
    }

    /// Whether the instruction in front of which the core stopped may have done a part of its accesses before the one that
    /// was watched: then neither registers nor memory are what they were.
    pub(super) fn is_half_done(&self) -> bool {
        let memory = self.core.memory();
        let pc = self.registers().pc;
        let half = |address: u32| memory.read_half(address).unwrap_or(0);
        accesses_several(half(pc), half(pc.wrapping_add(2)))
    }

    pub(super) fn keep(&mut self, live: bool) -> Result<(), TimelineError> {
        let mark = self.cursor.mark();
        self.tape.keep(&mut self.core, mark, self.present.icount);
        if live {
            let digest = Event::Digest(self.core.detailed_digest());
            let icount = self.now().icount;
            self.log.append(&Stamped { icount, event: digest })?;
            self.cursor = Cursor::new(self.log.tail(), self.core.state());
            self.write_keyframe_if_due()?;
        }
        Ok(())
    }

    /// Remembers what the interval did that ends here, if it has been executed from its start.
    pub(super) fn index_interval(&mut self) {
        let (here, span) = (self.now().icount, self.index.span());
        if !here.is_multiple_of(span) {
            return;
        }
        let executed = self.core.take_executed();
        let from = std::mem::replace(&mut self.executed_from, here);
        if from + span > here || self.index.knows_interval_to(here) {
            return;
        }
        let written = self.tape.pages_written_since(here - span, self.core.memory());
        self.learn(here, executed, written);
    }

    /// Adds an interval to the index, by its end.
    pub(super) fn learn(&mut self, end: Icount, executed: Executed, written: Vec<PageId>) {
        self.index.insert(end, executed, written);
        self.index.shrink_to(self.options.history / INDEX_SHARE);
        self.tape.set_budget(self.options.history.saturating_sub(self.index.bytes()));
    }

    /// Goes to a position; one past the end is the end.
    pub fn seek(&mut self, icount: Icount) -> Result<(), TimelineError> {
        let icount = icount.min(self.present.icount);
        if self.go_near(icount) {
            return Ok(());
        }
        let now = self.now().icount;
        let index = self.tape.find(icount);
        // Going on from here is nearest when no checkpoint lies between.
        let goes_on = icount >= now && index == self.tape.at();
        let near = if goes_on { now } else { self.tape.icount(index) };
        if !self.enter_keyframe(near, icount) && !goes_on {
            self.go(index);
        }
        self.go_on_to(icount)
    }

    /// Takes the core to a checkpoint.
    pub(super) fn go(&mut self, index: usize) {
        let mark = self.tape.go(&mut self.core, index);
        self.jumped(mark);
    }

    /// The state of the core has been replaced by one that belongs to a place in the log.
    pub(super) fn jumped(&mut self, mark: Mark) {
        self.cursor = Cursor::new(mark, self.core.state());
        self.executed_from = self.now().icount;
        let _ = self.core.take_executed(); // that was elsewhere
    }

    /// Re-executes up to a position in the history, stopping at nothing.
    pub(super) fn go_on_to(&mut self, icount: Icount) -> Result<(), TimelineError> {
        while self.now().icount < icount {
            let nothing = std::mem::take(&mut self.nothing);
            let halt = self.advance(&Travel::to(icount, &nothing), &mut || false);
            self.nothing = nothing;
            match halt? {
                Some(Halt::Limit) => {}
                // The last instruction of a run may end it: that is what was recorded.
                Some(_) if self.now().icount == icount => {}
                halt => {
                    return Err(Divergence::stop(self.now().icount, halt, icount));
                }
            }
        }
        Ok(())
    }
}

pub(super) fn check_replay(error: Option<Break>) -> Result<(), TimelineError> {
    match error {
        None => Ok(()),
        Some(Break::Trace(error)) => Err(TimelineError::Trace(error)),
        Some(Break::Diverged { icount, mismatch }) => {
            Err(Divergence::new(icount, Difference::Event(mismatch)).into())
        }
    }
}
