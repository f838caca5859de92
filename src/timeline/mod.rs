//! The timeline: a run that can be visited at any icount.

use std::collections::BTreeSet;

use thiserror::Error;

use crate::{
    core::Config,
    words::{BusFault, Icount, Moment, Registers},
};

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

/// Whether a step goes through interrupt handlers or over them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Interrupts {
    /// A step that an interrupt preempts goes on until the interrupted context runs again.
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
    /// The trace cannot be read.
    #[error("{0}")]
    Trace(String),
    /// The recorded run and its re-execution differ: the trace is from another version, or untick has a bug.
    #[error("replay diverges at icount {icount}: {what}")]
    Diverged {
        /// Where.
        icount: Icount,
        /// What was expected and found.
        what: String,
    },
    /// The past cannot be changed.
    #[error("the past cannot be changed; go to the end of a live session first")]
    Past,
}

/// A run that can be visited at any icount.
pub struct Timeline {
    registers: Registers,
}

impl Timeline {
    /// Where the run is now.
    pub fn now(&self) -> Moment {
        todo!()
    }
    /// The last position that exists so far.
    pub fn end(&self) -> Moment {
        todo!()
    }
    /// Whether forward travel past the end goes on live.
    pub fn is_live(&self) -> bool {
        todo!()
    }
    /// What the core is built with.
    pub fn config(&self) -> &Config {
        todo!()
    }
    /// Goes to a position; one past the end is the end.
    pub fn seek(&mut self, _icount: Icount) -> Result<(), TimelineError> {
        todo!()
    }
    /// Moves by one instruction. Watchpoints (and, on the way through skipped handlers, breakpoints) stop it.
    pub fn step(
        &mut self,
        _direction: Direction,
        _stops: &Stops,
        _interrupts: Interrupts,
        _interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Stop, TimelineError> {
        todo!()
    }
    /// Travels until something stops it. Forward, a breakpoint at the present PC stops at once; backward, it does not
    /// count. `interrupted` is polled every few milliseconds; an interrupted backward search returns to where it began.
    pub fn resume(
        &mut self,
        _direction: Direction,
        _stops: &Stops,
        _interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Stop, TimelineError> {
        todo!()
    }
    /// The registers now.
    pub fn registers(&self) -> &Registers {
        &self.registers
    }
    /// Changes the registers; only at the present of a live session.
    pub fn set_registers(&mut self, _registers: &Registers) -> Result<(), TimelineError> {
        todo!()
    }
    /// Reads memory, peripherals and the system control space without side effects.
    pub fn peek(&self, _address: u32, _bytes: &mut [u8]) -> Result<(), BusFault> {
        todo!()
    }
    /// Writes RAM or flash; only at the present of a live session.
    pub fn poke(&mut self, _address: u32, _bytes: &[u8]) -> Result<(), TimelineError> {
        todo!()
    }
    /// The last fault before or at the present position, if any.
    pub fn fault(&self) -> Option<crate::fault::Fault> {
        todo!()
    }
    /// For `monitor info replay`: what the history holds.
    pub fn history(&self) -> History {
        todo!()
    }
}

/// What the history of a timeline holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// Checkpoints kept.
    pub checkpoints: usize,
    /// Bytes used by checkpoints.
    pub bytes: usize,
    /// The byte budget.
    pub budget: usize,
    /// The longest distance between two checkpoints, in icounts: the most that a seek re-executes.
    pub longest_interval: Icount,
}
