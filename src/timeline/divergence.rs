//! Divergences: where a recording and its re-execution differ, and in what.

use std::fmt::{self, Write};

use super::TimelineError;
use crate::{
    core::{Halt, PAGE},
    image::Symbols,
    machine::Mismatch,
    pins::{Event, Stamped},
    words::Icount,
};

/// A recording and its re-execution differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Divergence {
    /// The last position at which they are known to agree.
    pub after: Icount,
    /// The position at which they differ. The position before, if that is `after`, is where it happens.
    pub at: Icount,
    /// The address of the instruction that makes the difference, or, if it is not known which one does, of that at which
    /// the re-execution has arrived.
    pub pc: Option<u32>,
    /// What differs.
    pub differences: Vec<Difference>,
    /// What differs at the keyframe that follows, where the recording has everything. With its position.
    pub at_keyframe: Option<(Icount, Vec<Difference>)>,
    /// Who is to blame.
    pub cause: Cause,
    /// How many events are recorded from `after` to `at`, digests aside.
    pub events: u64,
    /// The last of them.
    pub last_event: Option<Stamped>,
}

/// One thing that differs. Expected is what is recorded, or what stepping gives.
#[derive(Clone, Debug, PartialEq)]
pub enum Difference {
    /// A register.
    Register {
        /// Its name.
        name: String,
        /// What it should hold.
        expected: u32,
        /// What it holds.
        found: u32,
    },
    /// A word of memory.
    Memory {
        /// Its address.
        address: u32,
        /// What it should hold.
        expected: u32,
        /// What it holds.
        found: u32,
    },
    /// Something in this KiB of memory: what is recorded of it is a hash.
    Page {
        /// Its first address.
        address: u32,
    },
    /// Memory that the re-execution has not written lately.
    Elsewhere,
    /// More memory than is listed.
    More {
        /// How many words, or KiB where only hashes are known.
        count: usize,
    },
    /// A part of the state of the core that is no register.
    State {
        /// Which.
        part: &'static str,
    },
    /// What crossed the pins.
    Event(Mismatch),
    /// The re-execution ends too early.
    Stop {
        /// Why, as far as the core tells.
        halt: Option<Halt>,
        /// How far it is recorded.
        until: Icount,
    },
    /// The digest, without anything that could tell more.
    Digest {
        /// What is recorded.
        expected: u64,
        /// What the re-execution gives.
        found: u64,
    },
}

/// Who is to blame for a divergence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Nobody has looked closer.
    Unknown,
    /// Whichever way it is executed, the recording is something else.
    Recording {
        /// The next digest that agrees again, if the next one does.
        agrees_again: Option<Icount>,
    },
    /// Stepping gives something else than running.
    Execution {
        /// Whether that is what is recorded.
        as_recorded: bool,
    },
    /// Executing it once more gave something else.
    Chance,
    /// The recording agrees, but not the keyframe that was put beside it.
    Keyframe,
}

impl Divergence {
    /// A difference at a position, and nothing else known.
    pub fn new(at: Icount, difference: Difference) -> Divergence {
        Divergence {
            after: at,
            at,
            pc: None,
            differences: vec![difference],
            at_keyframe: None,
            cause: Cause::Unknown,
            events: 0,
            last_event: None,
        }
    }

    /// The run stops at a position, but is recorded beyond.
    pub fn stop(at: Icount, halt: impl Into<Option<Halt>>, until: Icount) -> TimelineError {
        Divergence::new(at, Difference::Stop { halt: halt.into(), until }).into()
    }

    /// What is known, for a user: several lines, with names from the firmware.
    pub fn report(&self, symbols: &Symbols) -> String {
        let mut text = String::new();
        let mut row = |name: &str, value: &str| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  {name:13} {value}");
        };
        match self.exact() {
            true => row("where", &format!("icount {}", self.at)),
            false => row("where", &format!("after icount {}, at {} at the latest", self.after, self.at)),
        }
        if let Some(pc) = self.pc {
            row(if self.exact() { "instruction" } else { "then at" }, &place(pc, symbols));
        }
        for difference in &self.differences {
            let (name, value) = difference.row(&self.cause, symbols);
            row(&name, &value);
        }
        if let Some((icount, differences)) = &self.at_keyframe {
            row("", &format!("at the keyframe of icount {icount}:"));
            for difference in differences {
                let (name, value) = difference.row(&self.cause, symbols);
                row(&name, &value);
            }
        }
        if let Some(Stamped { icount, event }) = &self.last_event {
            row("events", &format!("{} in between, the last at icount {icount}: {event}", self.events));
        }
        row("why", &self.cause.to_string());
        text
    }

    fn exact(&self) -> bool {
        self.at <= self.after + 1
    }
}

impl From<Divergence> for TimelineError {
    fn from(divergence: Divergence) -> TimelineError {
        TimelineError::Diverged(Box::new(divergence))
    }
}

/// An address of code, with its function and line.
fn place(pc: u32, symbols: &Symbols) -> String {
    let mut text = format!("{pc:#010x}");
    if let Some(function) = symbols.function(pc) {
        let _ = write!(text, ", {}", function.name);
    }
    if let Some(line) = symbols.line(pc) {
        let _ = write!(text, " at {}:{}", line.file, line.line);
    }
    text
}

impl Difference {
    /// What differs, and how.
    fn row(&self, cause: &Cause, symbols: &Symbols) -> (String, String) {
        let (expected_is, found_is) = match cause {
            Cause::Execution { .. } => ("stepping gives", "running"),
            Cause::Keyframe => ("the keyframe has", "the run"),
            _ => ("recorded is", "found"),
        };
        let values =
            |expected: u32, found: u32| format!("{expected_is} {expected:#010x}, {found_is} {found:#010x}");
        let symbol = |address: u32| match symbols.data_symbol(address) {
            Some((name, 0)) => format!(" ({name})"),
            Some((name, offset)) => format!(" ({name}+{offset:#x})"),
            None => String::new(),
        };
        match self {
            Difference::Register { name, expected, found } => (name.clone(), values(*expected, *found)),
            Difference::Memory { address, expected, found } => (
                "memory".into(),
                format!("{address:#010x}{}: {}", symbol(*address), values(*expected, *found)),
            ),
            Difference::Page { address } => {
                let last = address + (PAGE - 1);
                ("memory".into(), format!("somewhere in {address:#010x} to {last:#010x}{}", symbol(*address)))
            }
            Difference::Elsewhere => ("memory".into(), "that was not written here".into()),
            Difference::More { count } => ("memory".into(), format!("and {count} more")),
            Difference::State { part } => ("state".into(), (*part).into()),
            Difference::Event(mismatch) => ("event".into(), mismatch.to_string()),
            Difference::Stop { .. } => ("end".into(), self.to_string()),
            Difference::Digest { expected, found } => {
                ("digest".into(), format!("{expected_is} {expected:016x}, {found_is} {found:016x}"))
            }
        }
    }
}

impl fmt::Display for Divergence {
    /// In one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.exact() {
            true => write!(f, "at icount {}", self.at)?,
            false => write!(f, "after icount {}, at {} at the latest", self.after, self.at)?,
        }
        match &self.differences[..] {
            [] => Ok(()),
            [one] => write!(f, ": {one}"),
            [first, more @ ..] => write!(f, ": {first}; and {} more", more.len()),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Difference::Event(mismatch) => mismatch.fmt(f),
            Difference::Stop { halt: None, until } => {
                write!(f, "the run stops here, but it was recorded up to {until}")
            }
            Difference::Stop { halt: Some(halt), until } => {
                write!(f, "the run stops here ({halt:?}), but it was recorded up to {until}")
            }
            other => {
                let (name, value) = other.row(&Cause::Unknown, &Symbols::default());
                write!(f, "{name}: {value}")
            }
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Unknown => f.write_str("not looked for"),
            Cause::Recording { agrees_again: None } => f.write_str(
                "running and stepping agree: the recording was changed, or made by an untick that executes differently",
            ),
            Cause::Recording { agrees_again: Some(icount) } => write!(
                f,
                "running and stepping agree, and from icount {icount} on the recording does, too: what it says here was changed"
            ),
            Cause::Execution { as_recorded: true } => {
                f.write_str("stepping does what is recorded, and running does not: a bug of untick")
            }
            Cause::Execution { as_recorded: false } => {
                f.write_str("stepping and running differ, and neither is what is recorded: a bug of untick")
            }
            Cause::Chance => f.write_str(
                "executed once more it was different: the memory of this computer, or a bug of untick",
            ),
            Cause::Keyframe => {
                f.write_str("the run is what was recorded, but this keyframe beside it is not: seeks would be wrong")
            }
        }
    }
}

/// Whether an event says something that a verdict should name.
pub(super) fn is_notable(event: &Event) -> bool {
    !matches!(event, Event::Digest(_))
}
