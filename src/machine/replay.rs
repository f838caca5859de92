//! Replayed pins: what crossed them is read from the log, and what the core does must be what it did.

use std::fmt;

use crate::{
    core::{Clock, Memory, State},
    pins::{Asleep, Due, Event, HostResult, Lines, Pins, Slept, Stamped},
    trace::{Log, Mark, TraceError},
    words::{BusFault, Cycle, Icount, Moment, Width},
};

/// Where the replay has read to.
#[derive(Clone, Debug)]
pub struct Cursor {
    mark: Mark,
    /// The next event that says anything to the core, and the place behind it.
    next: Option<(Stamped, Mark)>,
    lines: Lines,
    clock: Clock,
    reset: bool,
}

/// Why the replay cannot go on.
#[derive(Debug)]
pub enum Break {
    /// The log cannot be read.
    Trace(TraceError),
    /// The core did something else than what is recorded.
    Diverged {
        /// Where.
        icount: Icount,
        /// What was expected and found.
        mismatch: Mismatch,
    },
}

/// Something that the core did, and what is recorded instead.
#[derive(Clone, Debug, PartialEq)]
pub struct Mismatch {
    /// The next event that is recorded; `None` at the end of the recording.
    pub expected: Option<Stamped>,
    /// What the core did.
    pub found: Act,
}

/// Something that a core does at its pins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// It reads.
    Read {
        /// The bus address.
        address: u32,
        /// The size of the access.
        width: Width,
    },
    /// It writes.
    Write {
        /// The bus address.
        address: u32,
        /// The size of the access.
        width: Width,
        /// What it writes.
        value: u32,
    },
    /// It sleeps.
    Sleep,
    /// It calls the host.
    Call {
        /// The operation, R0 of the call.
        operation: u32,
    },
    /// It has gone past what was recorded earlier.
    Pass,
    /// It has no memory where some was written from outside.
    Lack,
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Act::Read { address, width } => write!(f, "reads a {width} from {address:#010x}"),
            Act::Write { address, width, value } => {
                write!(f, "writes the {width} {value:#x} to {address:#010x}")
            }
            Act::Sleep => f.write_str("sleeps"),
            Act::Call { operation } => write!(f, "makes semihosting call {operation:#04x}"),
            Act::Pass => f.write_str("does nothing"),
            Act::Lack => f.write_str("has no memory there"),
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the core {}; recorded is ", self.found)?;
        match &self.expected {
            Some(Stamped { icount, event }) => write!(f, "{event}, at icount {icount}"),
            None => f.write_str("the end of the run"),
        }
    }
}

impl Cursor {
    /// At a place in the log, with interrupt lines and clock as the core has them there.
    pub fn new(mark: Mark, state: &State) -> Cursor {
        Cursor { mark, next: None, lines: state.nvic.lines(), clock: state.clock, reset: false }
    }

    /// The place in front of the next event.
    pub fn mark(&self) -> Mark {
        self.mark
    }

    /// Whether no event is left that says anything to the core.
    pub fn is_at_end(&mut self, log: &mut Log) -> bool {
        let mut error = None;
        self.pins(log, &mut error).next().is_none() && error.is_none()
    }

    /// The pins, reading from `log`. What goes wrong is left in `error`.
    pub fn pins<'a>(&'a mut self, log: &'a mut Log, error: &'a mut Option<Break>) -> ReplayPins<'a> {
        ReplayPins { cursor: self, log, error }
    }
}

/// [`Cursor`] as the core sees it during a run.
pub struct ReplayPins<'a> {
    cursor: &'a mut Cursor,
    log: &'a mut Log,
    error: &'a mut Option<Break>,
}

impl ReplayPins<'_> {
    /// The next event that the core sees.
    fn next(&mut self) -> Option<&Stamped> {
        while self.cursor.next.is_none() {
            let mut behind = self.cursor.mark;
            match self.log.read(&mut behind) {
                Ok(Some(Stamped {
                    event: Event::Digest(_) | Event::Input { .. } | Event::Output { .. },
                    ..
                })) => self.cursor.mark = behind,
                Ok(Some(stamped)) => self.cursor.next = Some((stamped, behind)),
                Ok(None) => break,
                Err(error) => {
                    self.error.get_or_insert(Break::Trace(error));
                    break;
                }
            }
        }
        self.cursor.next.as_ref().map(|(stamped, _)| stamped)
    }

    fn take(&mut self) -> Option<Stamped> {
        self.next()?;
        let (stamped, behind) = self.cursor.next.take()?;
        self.cursor.mark = behind;
        Some(stamped)
    }

    #[cold]
    fn diverged(&mut self, at: Moment, found: Act) {
        let mismatch = Mismatch { expected: self.next().cloned(), found };
        self.error.get_or_insert(Break::Diverged { icount: at.icount, mismatch });
    }

    /// Takes what arrived together with the access, or at the boundary, at this icount.
    fn arrive(&mut self, icount: Icount, memory: &mut Memory) {
        while let Some(stamped) = self.next() {
            let arrives = arrives(&stamped.event);
            if stamped.icount != icount || !arrives {
                return;
            }
            match self.take().map(|stamped| stamped.event) {
                Some(Event::Line { irq, asserted }) => self.cursor.lines.set(irq, asserted),
                Some(Event::Clock { hz, since }) => self.cursor.clock = self.cursor.clock.changed(hz, since),
                Some(Event::Memory { address, bytes }) => {
                    if memory.write(address, &bytes).is_err() {
                        let expected = Some(Stamped { icount, event: Event::Memory { address, bytes } });
                        let mismatch = Mismatch { expected, found: Act::Lack };
                        self.error.get_or_insert(Break::Diverged { icount, mismatch });
                    }
                }
                _ => self.cursor.reset = true,
            }
        }
    }
}

/// Whether an event comes to the core, which does not ask for it.
fn arrives(event: &Event) -> bool {
    matches!(event, Event::Line { .. } | Event::Memory { .. } | Event::Reset | Event::Clock { .. })
}

impl Pins for ReplayPins<'_> {
    fn read(&mut self, at: Moment, address: u32, width: Width, memory: &mut Memory) -> Result<u32, BusFault> {
        match self.next() {
            Some(&Stamped { icount, event: Event::Read { address: recorded, width: w, value } })
                if icount == at.icount && recorded == address && w == width =>
            {
                self.take();
                self.arrive(at.icount, memory);
                value.ok_or(BusFault)
            }
            _ => {
                self.diverged(at, Act::Read { address, width });
                Ok(0)
            }
        }
    }

    fn write(
        &mut self,
        at: Moment,
        address: u32,
        width: Width,
        value: u32,
        memory: &mut Memory,
    ) -> Result<(), BusFault> {
        match self.next() {
            Some(&Stamped { icount, event: Event::Write { address: a, width: w, value: v, accepted } })
                if icount == at.icount && (a, w, v) == (address, width, value) =>
            {
                self.take();
                self.arrive(at.icount, memory);
                if accepted { Ok(()) } else { Err(BusFault) }
            }
            _ => {
                self.diverged(at, Act::Write { address, width, value });
                Ok(())
            }
        }
    }

    fn due(&mut self) -> Due {
        let broken = self.error.is_some();
        match self.next() {
            _ if broken => Due { icount: 0, cycle: 0 },
            Some(Stamped { icount, event }) if arrives(event) => Due { icount: *icount, cycle: Cycle::MAX },
            _ => Due::NEVER,
        }
    }

    fn poll(&mut self, at: Moment, memory: &mut Memory) {
        if self.next().is_some_and(|stamped| stamped.icount < at.icount) {
            self.diverged(at, Act::Pass);
            return;
        }
        self.arrive(at.icount, memory);
    }

    fn lines(&self) -> &Lines {
        &self.cursor.lines
    }

    fn clock(&self) -> Clock {
        self.cursor.clock
    }

    fn sleep(&mut self, at: Moment, asleep: Asleep, _memory: &mut Memory) -> Slept {
        let recorded = match self.next() {
            Some(Stamped { icount, event: Event::Sleep { cycles } }) if *icount == at.icount => {
                Some(asleep.since + cycles)
            }
            _ => None,
        };
        match (asleep.core_wake, recorded) {
            (Some(core), wake) if wake.is_none_or(|wake| core <= wake) => {
                if core > asleep.limit {
                    Slept::PastLimit
                } else {
                    Slept::Until(core)
                }
            }
            (_, Some(wake)) if wake > asleep.limit => Slept::PastLimit,
            (_, Some(wake)) => {
                self.take();
                Slept::Until(wake)
            }
            (_, None) => {
                if self.next().is_some() {
                    self.diverged(at, Act::Sleep);
                }
                Slept::Interrupted
            }
        }
    }

    fn semihosting(
        &mut self,
        at: Moment,
        operation: u32,
        _parameter: u32,
        _memory: &mut Memory,
    ) -> HostResult {
        match self.next() {
            Some(Stamped { icount, event: Event::Host { operation: recorded, .. } })
                if *icount == at.icount && *recorded == operation => {}
            _ => {
                self.diverged(at, Act::Call { operation });
                return HostResult::default();
            }
        }
        match self.take() {
            Some(Stamped { event: Event::Host { result, .. }, .. }) => result,
            _ => HostResult::default(),
        }
    }

    fn reset(&mut self, at: Moment, memory: &mut Memory) {
        self.arrive(at.icount, memory);
    }

    fn take_reset(&mut self) -> bool {
        std::mem::take(&mut self.cursor.reset)
    }

    fn is_broken(&self) -> bool {
        self.error.is_some()
    }
}
