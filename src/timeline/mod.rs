//! The timeline: a run that can be visited at any icount.
//!
//! A live timeline has a *present*. Behind it, execution is replay from the log; at it, execution goes on live and
//! appends. A replayed trace is the same without the live part.

mod advance;
mod bookmarks;
mod divergence;
mod index;
mod keyframe;
mod look;
mod near;
mod parallel;
mod query;
mod run;
mod search;
mod step;
mod tape;
#[cfg(test)]
mod testing;
mod types;
mod verify;

use std::{collections::BTreeSet, time::Instant};

pub use bookmarks::{Automatic, Bookmark, BookmarkError, Bookmarks, Kept, RESERVED};
pub use divergence::{Cause, Difference, Divergence};
pub use query::{
    Accesses, Answer, Crossing, Crossings, DeviceAccess, Finding, Last, Level, ListedAccess, Query, Writer,
};
pub use types::{
    Direction, History, Interrupts, Limits, Options, Outcome, Stop, Stops, TimelineError, WatchKind,
    Watchpoint,
};

use self::{index::Index, near::Near, parallel::Second, tape::Tape};
use crate::{
    board::Board,
    core::{Config, Core, Search, State},
    image::Image,
    machine::{Cursor, Host, Live},
    trace::{Header, Log},
    words::{BusFault, Icount, Moment, Nanoseconds, Registers},
};

/// How far a run goes before it asks whether it should stop, in icounts.
const SLICE: Icount = 2_000_000;

/// A run that can be visited at any icount.
pub struct Timeline {
    core: Core,
    log: Log,
    live: Option<Live>,
    cursor: Cursor,
    tape: Tape,
    near: Near,
    second: Second,
    index: Index,
    /// From here on the core has executed without a jump: what it tells to the index is about that.
    executed_from: Icount,
    /// Positions of keyframes that cannot be entered.
    bad_keyframes: BTreeSet<Icount>,
    options: Options,
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
        let live = Live::new(board.bus(), host, &config, image).with_agenda(board.agenda());
        let mut timeline = Timeline::new(config, image, log, Some(live), options)?;
        timeline.ended = None;
        Ok(timeline)
    }

    /// A recorded run, at its start.
    pub fn replay(log: Log, options: Options) -> Result<Timeline, TimelineError> {
        let image = image_of(log.header())?;
        let config = log.header().config.clone();
        let mut timeline = Timeline::new(config, &image, log, None, options)?;
        timeline.read_index();
        Ok(timeline)
    }

    fn new(
        config: Config,
        image: &Image,
        mut log: Log,
        live: Option<Live>,
        options: Options,
    ) -> Result<Timeline, TimelineError> {
        let mut core = core_with(&config, image)?;
        let mark = log.start();
        let tape = Tape::new(&mut core, mark, options.history);
        let present = if live.is_some() { core.state().moment() } else { log.reached_moment() };
        let bookmarks = Bookmarks::in_trace(&mut log);
        let ended = Some(log.end().map_or(Outcome::Cut, |end| end.outcome.clone()));
        Ok(Timeline {
            cursor: Cursor::new(mark, core.state()),
            core,
            log,
            live,
            tape,
            near: Near::new(options.history),
            second: Second::default(),
            index: Index::new(options.interval),
            executed_from: 0,
            bad_keyframes: BTreeSet::new(),
            options,
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

    /// The virtual time in seconds, where the run is now.
    pub fn time(&self) -> Nanoseconds {
        self.core.state().time()
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

    pub(super) fn at_present(&self) -> bool {
        self.now().icount == self.present.icount
    }
}

/// The firmware that a trace brings along.
fn image_of(header: &Header) -> Result<Image, TimelineError> {
    let (file, origin) = (header.firmware.clone(), header.firmware_name.clone());
    Image::parse_at(file, origin, header.load_address)
        .map_err(|error| TimelineError::Image(error.to_string()))
}

/// A core at its reset, with firmware in its memory.
fn core_with(config: &Config, image: &Image) -> Result<Core, TimelineError> {
    let mut core = Core::new(config)?;
    for segment in &image.segments {
        core.memory_mut().write(segment.address, &segment.bytes).map_err(|BusFault| {
            TimelineError::Image(format!(
                "the segment at {:#010x} is outside the memory of the chip",
                segment.address
            ))
        })?;
    }
    core.reset();
    Ok(core)
}

/// The first multiple of a length that is behind a position.
fn next_multiple(icount: Icount, length: Icount) -> Icount {
    (icount / length + 1) * length
}
