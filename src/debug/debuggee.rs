//! What a debugger needs of a run.

use std::ops::Range;

use crate::{
    core::Config,
    fault::Fault,
    timeline::{
        Accesses, BookmarkError, Bookmarks, Crossings, Direction, History, Interrupts, Kept, Last, Outcome,
        Query, Stop, Stops, Timeline, TimelineError,
    },
    words::{BusFault, Icount, Moment, Nanoseconds, Registers},
};

/// A run that a debugger can travel through: the [`Timeline`], or a script in a test.
///
/// The contract of every method is the one of the timeline's method of the same name.
pub trait Debuggee {
    /// Where the run is now.
    fn now(&self) -> Moment;
    /// The virtual time in seconds.
    fn time(&self) -> Nanoseconds;
    /// The last position that exists so far.
    fn end(&self) -> Moment;
    /// Whether forward travel past the end goes on live.
    fn is_live(&self) -> bool;
    /// How the run ended, if it cannot go on from its end.
    fn outcome(&self) -> Option<&Outcome>;
    /// What the core is built with.
    fn config(&self) -> &Config;
    /// Goes to a position; one past the end is the end.
    fn seek(&mut self, icount: Icount) -> Result<(), TimelineError>;
    /// Moves by one instruction.
    fn step(
        &mut self,
        direction: Direction,
        stops: &Stops,
        interrupts: Interrupts,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Stop, TimelineError>;
    /// Travels until something stops it. An interrupted backward search returns to where it began.
    fn resume(
        &mut self,
        direction: Direction,
        stops: &Stops,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Stop, TimelineError>;
    /// The registers now.
    fn registers(&self) -> &Registers;
    /// Changes the registers; only at the present of a live session.
    fn set_registers(&mut self, registers: &Registers) -> Result<(), TimelineError>;
    /// Reads memory, peripherals and the system control space without side effects.
    fn peek(&self, address: u32, bytes: &mut [u8]) -> Result<(), BusFault>;
    /// Writes RAM or flash; only at the present of a live session.
    fn poke(&mut self, address: u32, bytes: &[u8]) -> Result<(), TimelineError>;
    /// The last fault before or at the present position, if any.
    fn fault(&self) -> Option<Fault>;
    /// What the history holds.
    fn history(&self) -> History;
    /// The last time before now that something happened. The position stays.
    fn search_last(
        &mut self,
        query: &Query,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Last, TimelineError>;
    /// What crossed the pins last at each of some places, between the last reset of the chip and now.
    fn last_crossings(
        &mut self,
        places: &[Range<u32>],
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Crossings, TimelineError>;
    /// The last accesses to any of some places before now. The position stays.
    fn last_accesses(
        &mut self,
        places: &[Range<u32>],
        count: usize,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Accesses, TimelineError>;
    /// All bookmarks of the run.
    fn bookmarks(&self) -> &Bookmarks;
    /// Names a position, in the place of a bookmark with the same name.
    fn set_bookmark(&mut self, name: &str, icount: Icount) -> Result<Kept, BookmarkError>;
    /// Removes a bookmark.
    fn delete_bookmark(&mut self, name: &str) -> Result<Kept, BookmarkError>;
}

impl Debuggee for Timeline {
    fn now(&self) -> Moment {
        self.now()
    }
    fn time(&self) -> Nanoseconds {
        self.time()
    }
    fn end(&self) -> Moment {
        self.end()
    }
    fn is_live(&self) -> bool {
        self.is_live()
    }
    fn outcome(&self) -> Option<&Outcome> {
        self.outcome()
    }
    fn config(&self) -> &Config {
        self.config()
    }
    fn seek(&mut self, icount: Icount) -> Result<(), TimelineError> {
        self.approach(icount)
    }
    fn step(
        &mut self,
        direction: Direction,
        stops: &Stops,
        interrupts: Interrupts,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Stop, TimelineError> {
        self.step(direction, stops, interrupts, interrupted)
    }
    fn resume(
        &mut self,
        direction: Direction,
        stops: &Stops,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Stop, TimelineError> {
        self.resume(direction, stops, interrupted)
    }
    fn registers(&self) -> &Registers {
        self.registers()
    }
    fn set_registers(&mut self, registers: &Registers) -> Result<(), TimelineError> {
        self.set_registers(registers)
    }
    fn peek(&self, address: u32, bytes: &mut [u8]) -> Result<(), BusFault> {
        self.peek(address, bytes)
    }
    fn poke(&mut self, address: u32, bytes: &[u8]) -> Result<(), TimelineError> {
        self.poke(address, bytes)
    }
    fn fault(&self) -> Option<Fault> {
        self.fault()
    }
    fn history(&self) -> History {
        self.history()
    }
    fn search_last(
        &mut self,
        query: &Query,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Last, TimelineError> {
        self.search_last(query, interrupted)
    }
    fn last_crossings(
        &mut self,
        places: &[Range<u32>],
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Crossings, TimelineError> {
        self.last_crossings(places, interrupted)
    }
    fn last_accesses(
        &mut self,
        places: &[Range<u32>],
        count: usize,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Accesses, TimelineError> {
        self.last_accesses(places, count, interrupted)
    }
    fn bookmarks(&self) -> &Bookmarks {
        self.bookmarks()
    }
    fn set_bookmark(&mut self, name: &str, icount: Icount) -> Result<Kept, BookmarkError> {
        self.set_bookmark(name, icount)
    }
    fn delete_bookmark(&mut self, name: &str) -> Result<Kept, BookmarkError> {
        self.delete_bookmark(name)
    }
}
