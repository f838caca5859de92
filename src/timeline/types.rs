//! The words of a timeline: directions, stops, outcomes, errors.

use std::collections::BTreeSet;

use thiserror::Error;

use super::Divergence;
use crate::{
    core::{EngineError, PAGE},
    trace::TraceError,
    words::{Icount, Nanoseconds},
};

/// How a timeline is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The budget for checkpoints and the index, in bytes.
    pub history: usize,
    /// The distance between checkpoints, and between digests in the recording, in icounts. Not zero.
    pub interval: Icount,
}

impl Default for Options {
    fn default() -> Self {
        Options { history: 64 << 20, interval: 1_000_000 }
    }
}

/// How far a run goes at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Stop exactly here.
    pub icount: Option<Icount>,
    /// Stop when virtual time has come this far.
    pub time: Option<Nanoseconds>,
}

/// Which way to travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Towards the present.
    Forward,
    /// Towards reset.
    Backward,
}

/// Which accesses a watchpoint is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchKind {
    /// Stores that change the value (a silent store is not reported).
    Write,
    /// Loads.
    Read,
    /// Loads and stores.
    Access,
}

/// A range of memory to watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watchpoint {
    /// The first byte.
    pub address: u32,
    /// The number of bytes.
    pub length: u32,
    /// Which accesses count.
    pub kind: WatchKind,
}

impl Watchpoint {
    /// The first address of each page that it lies in.
    pub(super) fn pages(&self) -> impl Iterator<Item = u32> + use<> {
        let last = self.address.saturating_add(self.length.max(1) - 1);
        (self.address & !(PAGE - 1)..=last).step_by(PAGE as usize)
    }
}

/// What a debugger wants to stop at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stops {
    /// Addresses of instructions.
    pub breakpoints: BTreeSet<u32>,
    /// Watched memory.
    pub watchpoints: Vec<Watchpoint>,
    /// Whether the entry of a fault exception stops forward travel.
    pub faults: bool,
}

/// Whether a step goes through the handlers of interrupts and supervisor calls or over them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Interrupts {
    /// A step that an interrupt preempts, or that calls the supervisor, goes on until the same context runs again.
    #[default]
    Skip,
    /// A step is one icount, into handlers too.
    Into,
}

/// How a run ended, or why it cannot go on.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Outcome {
    /// The firmware ended itself through semihosting, with this exit code.
    Exit(u32),
    /// The core locked up (Armv7-M ARM B1.5.15).
    Lockup,
    /// The firmware loops in place inside a fault handler, at the address.
    FaultLoop(u32),
    /// A BKPT instruction, other than semihosting, at the address.
    Breakpoint(u32),
    /// Asleep with nothing that could wake the core.
    Asleep,
    /// A limit that the user asked for.
    Limit,
    /// The user stopped it.
    Interrupted,
    /// The recording was cut off: untick was killed, or the file is damaged.
    Cut,
}

/// Why travel stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// A step is done.
    Stepped,
    /// At a breakpoint.
    Breakpoint,
    /// At the instruction that touches watched memory, before the access in the direction of travel.
    Watchpoint {
        /// The address of the watchpoint.
        address: u32,
        /// The kind of the watchpoint.
        kind: WatchKind,
    },
    /// A fault exception was entered.
    Fault,
    /// At icount 0.
    Start,
    /// At the end of a recorded run, or of a live one that cannot go on.
    End(Outcome),
    /// The caller asked to stop.
    Interrupted,
}

/// Why travel failed.
#[derive(Debug, Error)]
pub enum TimelineError {
    /// The trace cannot be read or written.
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// The firmware does not fit the machine.
    #[error("firmware: {0}")]
    Image(String),
    /// The core cannot be built.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The recorded run and its re-execution differ: the trace is from another version, or untick has a bug.
    #[error("replay diverges {0}")]
    Diverged(Box<Divergence>),
    /// What is recorded cannot be changed.
    #[error("memory and registers of a recorded run cannot be changed")]
    Past,
}

/// What the history of a timeline holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// Checkpoints kept.
    pub checkpoints: usize,
    /// Bytes used by checkpoints and the index.
    pub bytes: usize,
    /// The byte budget.
    pub budget: usize,
    /// Icounts of which the index tells what was executed and written.
    pub indexed: Icount,
    /// Bytes used by the index.
    pub index_bytes: usize,
    /// Keyframes in the trace.
    pub keyframes: usize,
    /// The longest distance between two checkpoints or keyframes, in icounts: the most that a seek re-executes.
    pub longest_interval: Icount,
}
