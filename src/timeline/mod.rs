//! The timeline: a run that can be visited at any icount.
//!
//! A live timeline has a *present*. Behind it, execution is replay from the log; at it, execution goes on live and
//! appends. A replayed trace is the same without the live part.

mod bookmarks;
mod query;
mod search;
mod step;
mod tape;
mod types;

use std::time::{Duration, Instant};

pub use bookmarks::{Automatic, Bookmark, BookmarkError, Bookmarks, Kept, RESERVED};
pub use query::{Answer, DeviceAccess, Finding, Last, Level, Query, Writer};
pub use types::{
    Direction, History, Interrupts, Limits, Options, Outcome, Stop, Stops, TimelineError, WatchKind,
    Watchpoint,
};

use self::tape::Tape;
use crate::{
    board::Board,
    core::{Config, Core, Found, Halt, Search, State, Travel, accesses_several},
    fault::Fault,
    image::Image,
    machine::{Break, Cursor, Host, Live},
    pins::{Event, Stamped},
    trace::{End, Log, TraceError},
    words::{BusFault, Cycle, Icount, Moment, Registers, Width},
};

/// The distance between checkpoints and digests while recording, in icounts.
const INTERVAL: Icount = 1_000_000;
/// How far a run goes before it asks whether it should stop, in icounts.
const SLICE: Icount = 2_000_000;
/// A cut recording loses no more than this.
const FLUSH: Duration = Duration::from_millis(500);

/// A run that can be visited at any icount.
pub struct Timeline {
    core: Core,
    log: Log,
    live: Option<Live>,
    cursor: Cursor,
    tape: Tape,
    /// The last position that exists.
    present: Moment,
    /// How the run ended, if it cannot go on.
    ended: Option<Outcome>,
    /// Why a live run that could go on does not.
    stopped: Outcome,
    /// The search that the core is set up for.
    search: Search,
    nothing: Search,
    bookmarks: Bookmarks,
    last_flush: Instant,
    finished: bool,
}

impl Timeline {
    /// A live machine at reset, recording into `log`.
    pub fn live(
        board: &Board,
        image: &Image,
        host: Box<dyn Host>,
        log: Log,
        options: Options,
    ) -> Result<Timeline, TimelineError> {
        let config = log.header().config.clone();
        let live = Live::new(board.bus(), host, config.clock_hz);
        let mut timeline = Timeline::new(config, image, log, Some(live), options)?;
        timeline.ended = None;
        Ok(timeline)
    }

    /// A recorded run, at its start.
    pub fn replay(log: Log, options: Options) -> Result<Timeline, TimelineError> {
        let header = log.header();
        let config = header.config.clone();
        let (file, origin) = (header.firmware.clone(), header.firmware_name.clone());
        let image = Image::parse_at(file, origin, header.load_address)
            .map_err(|error| TimelineError::Image(error.to_string()))?;
        Timeline::new(config, &image, log, None, options)
    }

    fn new(
        config: Config,
        image: &Image,
        mut log: Log,
        live: Option<Live>,
        options: Options,
    ) -> Result<Timeline, TimelineError> {
        let mut core = Core::new(&config)?;
        for segment in &image.segments {
            core.memory_mut().write(segment.address, &segment.bytes).map_err(|BusFault| {
                TimelineError::Image(format!(
                    "the segment at {:#010x} is outside the memory of the chip",
                    segment.address
                ))
            })?;
        }
        core.reset();
        let mark = log.start();
        let tape = Tape::new(&mut core, mark, options.history);
        let present = if live.is_some() { core.state().moment() } else { log.reached_moment() };
        let bookmarks = bookmarks::read(&mut log)?;
        let ended = Some(log.end().map_or(Outcome::Cut, |end| end.outcome.clone()));
        Ok(Timeline {
            cursor: Cursor::new(mark, core.state().nvic.lines()),
            core,
            log,
            live,
            tape,
            present,
            ended,
            stopped: Outcome::Interrupted,
            search: Search::default(),
            nothing: Search::default(),
            bookmarks,
            last_flush: Instant::now(),
            finished: false,
        })
    }

    /// Where the run is now.
    pub fn now(&self) -> Moment {
        self.core.state().moment()
    }

    /// The last position that exists so far.
    pub fn end(&self) -> Moment {
        self.present
    }

    /// Whether forward travel past the end goes on live.
    pub fn is_live(&self) -> bool {
        self.live.is_some() && self.ended.is_none()
    }

    /// How the run ended, if it cannot go on from its end.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.ended.as_ref()
    }

    /// What the core is built with.
    pub fn config(&self) -> &Config {
        self.core.config()
    }

    /// The recording.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The recording, to read.
    pub fn log_mut(&mut self) -> &mut Log {
        &mut self.log
    }

    /// The state of the core now.
    pub fn state(&self) -> &State {
        self.core.state()
    }

    /// The registers now.
    pub fn registers(&self) -> &Registers {
        &self.core.state().registers
    }

    /// A digest of the whole core state now.
    pub fn digest(&mut self) -> u64 {
        self.core.digest()
    }

    /// Changes the registers. Neither the past nor the recorded present can be changed.
    pub fn set_registers(&mut self, registers: &Registers) -> Result<(), TimelineError> {
        if registers == self.registers() { Ok(()) } else { Err(TimelineError::Past) }
    }

    /// Writes memory. Neither the past nor the recorded present can be changed.
    pub fn poke(&mut self, address: u32, bytes: &[u8]) -> Result<(), TimelineError> {
        let mut now = vec![0; bytes.len()];
        match self.peek(address, &mut now) {
            Ok(()) if now == bytes => Ok(()),
            _ => Err(TimelineError::Past),
        }
    }

    /// Reads memory, peripherals and the system control space without side effects. Peripherals can be looked at only in
    /// the present of a live machine.
    pub fn peek(&self, address: u32, bytes: &mut [u8]) -> Result<(), BusFault> {
        if self.core.peek(address, bytes).is_ok() {
            return Ok(());
        }
        let Some(live) = self.live.as_ref().filter(|_| self.at_present()) else { return Err(BusFault) };
        let width =
            Width::from_bytes(bytes.len() as u32).filter(|width| address.is_multiple_of(width.bytes()));
        let (width, count) = match width {
            Some(width) => (width, 1),
            None => (Width::Byte, bytes.len()),
        };
        let step = width.bytes() as usize;
        for (index, chunk) in bytes.chunks_mut(step).enumerate().take(count) {
            let value =
                live.bus().peek(address.wrapping_add((index * step) as u32), width, self.now().cycle)?;
            chunk.copy_from_slice(&value.to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }

    /// The last fault before or at the present position, if any.
    pub fn fault(&self) -> Option<Fault> {
        self.core.state().fault.clone()
    }

    /// The registers that the firmware used and no model answers for, by name, with how often.
    pub fn unmodelled(&self) -> Vec<String> {
        let Some(live) = &self.live else { return Vec::new() };
        let line = |(address, used): (&u32, &crate::peripherals::Unmodelled)| {
            let name = used.name.clone().unwrap_or_else(|| format!("{address:#010x}"));
            format!("{name} ({} reads, {} writes)", used.reads, used.writes)
        };
        live.bus().unmodelled().iter().map(line).collect()
    }

    /// What the history holds.
    pub fn history(&self) -> History {
        History {
            checkpoints: self.tape.len(),
            bytes: self.tape.bytes() + self.core.memory().changes_size(),
            budget: self.tape.budget(),
            longest_interval: self.tape.longest_interval(self.present.icount),
        }
    }

    fn at_present(&self) -> bool {
        self.now().icount == self.present.icount
    }

    /// Whether execution from here on is live.
    fn is_at_live_end(&mut self) -> bool {
        self.is_live() && self.at_present() && self.cursor.is_at_end(&mut self.log)
    }

    fn set_search(&mut self, search: &Search) {
        if self.search != *search {
            self.search = search.clone();
            self.core.set_search(search);
        }
    }

    /// Runs the core once, with the pins that are right here.
    fn run_core(&mut self, travel: &Travel<'_>) -> Result<Halt, TimelineError> {
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

    fn run_live(&mut self, travel: &Travel<'_>) -> Result<Halt, TimelineError> {
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
        if let Some(error) = error {
            return Err(TimelineError::Trace(error));
        }
        self.present = self.core.state().moment();
        self.cursor = Cursor::new(self.log.tail(), self.core.state().nvic.lines());
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
    fn advance(
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
            let next = self.tape.next_icount().unwrap_or((now / INTERVAL + 1) * INTERVAL);
            let limit = travel.limit.min(next.max(now + 1));
            let live = self.is_at_live_end();
            let halt = self.run_core(&Travel { limit, ..*travel })?;
            let here = self.now().icount;
            if here == next {
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
    fn is_half_done(&self) -> bool {
        let memory = self.core.memory();
        let pc = self.registers().pc;
        let half = |address: u32| memory.read_half(address).unwrap_or(0);
        accesses_several(half(pc), half(pc.wrapping_add(2)))
    }

    fn keep(&mut self, live: bool) -> Result<(), TimelineError> {
        let mark = self.cursor.mark();
        self.tape.keep(&mut self.core, mark, self.present.icount);
        if live {
            let digest = Event::Digest(self.core.digest());
            let icount = self.now().icount;
            self.log.append(&Stamped { icount, event: digest })?;
            self.cursor = Cursor::new(self.log.tail(), self.core.state().nvic.lines());
        }
        Ok(())
    }

    /// Goes to a position; one past the end is the end.
    pub fn seek(&mut self, icount: Icount) -> Result<(), TimelineError> {
        let icount = icount.min(self.present.icount);
        let now = self.now().icount;
        let index = self.tape.find(icount);
        // Going on from here is nearest when no checkpoint lies between.
        if icount < now || index != self.tape.at() {
            self.go(index);
        }
        self.go_on_to(icount)
    }

    /// Takes the core to a checkpoint.
    fn go(&mut self, index: usize) {
        let mark = self.tape.go(&mut self.core, index);
        self.cursor = Cursor::new(mark, self.core.state().nvic.lines());
    }

    /// Re-executes up to a position in the history, stopping at nothing.
    fn go_on_to(&mut self, icount: Icount) -> Result<(), TimelineError> {
        while self.now().icount < icount {
            let nothing = std::mem::take(&mut self.nothing);
            let halt = self.advance(&Travel::to(icount, &nothing), &mut || false);
            self.nothing = nothing;
            match halt? {
                Some(Halt::Limit) => {}
                // The last instruction of a run may end it: that is what was recorded.
                Some(_) if self.now().icount == icount => {}
                halt => {
                    return Err(TimelineError::Diverged {
                        icount: self.now().icount,
                        what: format!("the run stops here ({halt:?}), but it was recorded up to {icount}"),
                    });
                }
            }
        }
        Ok(())
    }

    /// Runs to the end of a recording, or live until the firmware ends or a limit is reached, with no debugger.
    pub fn run(
        &mut self,
        limits: &Limits,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Outcome, TimelineError> {
        self.stopped = self.run_until(limits, interrupted)?;
        Ok(self.stopped.clone())
    }

    fn run_until(
        &mut self,
        limits: &Limits,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Outcome, TimelineError> {
        let nothing = Search::default();
        let limit = limits.icount.unwrap_or(Icount::MAX);
        let cycle_limit = limits.cycles.unwrap_or(Cycle::MAX);
        let mut until = limit;
        let mut in_fault_since = None;
        loop {
            let travel = Travel { cycle_limit, faults: true, ..Travel::to(until.min(limit), &nothing) };
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
            until = here + (here - since).clamp(16, INTERVAL);
        }
    }

    fn is_active(&self, fault: &Fault) -> bool {
        self.core.state().nvic.is_active(fault.exception)
    }

    /// Whether the core is at a branch to itself, in a fault handler, with nothing pending that could end it.
    fn loops_in_place(&self) -> bool {
        const BRANCH_TO_ITSELF: u16 = 0xe7fe;
        let state = self.core.state();
        self.core.memory().read_half(state.registers.pc) == Ok(BRANCH_TO_ITSELF)
            && (3..=6).contains(&state.registers.ipsr())
    }

    /// Whether the run is over, for a reason that a debugger would call the end.
    fn end_of(&mut self, halt: Halt, at_limit: bool) -> Option<Outcome> {
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

    fn end_with(&mut self, outcome: &Outcome) {
        if self.at_present() {
            self.ended.get_or_insert_with(|| outcome.clone());
        }
    }

    /// Closes the recording at the end of the history. The timeline can still be visited, but not go on live.
    pub fn finish(&mut self) -> Result<(), TimelineError> {
        if self.finished || self.live.is_none() {
            return Ok(());
        }
        self.finished = true;
        let here = self.now().icount;
        let outcome = self.ended.get_or_insert(self.stopped.clone()).clone();
        self.seek(self.present.icount)?;
        let end = End { at: self.present, outcome, digest: self.core.digest() };
        if let Some(live) = &mut self.live {
            live.end_lines();
            self.bookmarks.note_happenings(live);
        }
        self.keep_bookmarks();
        self.log.finish(end)?;
        self.seek(here)
    }

    /// Replays from start to end and compares every digest on the way; gives how many there were.
    pub fn verify(&mut self) -> Result<u64, TimelineError> {
        let mut mark = self.log.start();
        let mut compared = 0;
        self.seek(0)?;
        while let Some(stamped) = self.log.read(&mut mark)? {
            if let Event::Digest(digest) = stamped.event {
                self.compare(stamped.icount, digest, compared)?;
                compared += 1;
            }
        }
        self.seek(self.present.icount)?;
        if let Some(end) = self.log.end().cloned() {
            self.compare(end.at.icount, end.digest, compared)?;
            compared += 1;
        }
        Ok(compared)
    }

    fn compare(&mut self, icount: Icount, digest: u64, compared: u64) -> Result<(), TimelineError> {
        self.seek(icount)?;
        let found = self.core.digest();
        if found == digest {
            return Ok(());
        }
        let what =
            format!("the digest is {found:016x}, recorded is {digest:016x}; {compared} before it agree");
        Err(TimelineError::Diverged { icount, what })
    }
}

/// A fault handler that runs longer than this without ending is taken for a loop, in icounts.
const FAULT_PATIENCE: Icount = 20_000_000;

fn check_replay(error: Option<Break>) -> Result<(), TimelineError> {
    match error {
        None => Ok(()),
        Some(Break::Trace(error)) => Err(TimelineError::Trace(error)),
        Some(Break::Diverged { icount, what }) => Err(TimelineError::Diverged { icount, what }),
    }
}
