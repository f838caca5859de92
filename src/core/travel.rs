//! How far the core runs, what stops it, and why it stopped.

use super::{
    engine::{Found, Search},
    nvic::exception::*,
};
use crate::words::{Icount, Nanoseconds, Registers};

/// How far to run, and what to stop at.
#[derive(Clone, Copy, Debug)]
pub struct Travel<'a> {
    /// Stop exactly here.
    pub limit: Icount,
    /// Stop when virtual time has come this far.
    pub time_limit: Option<Nanoseconds>,
    /// What a debugger looks for.
    pub search: &'a Search,
    /// Stop when a fault exception has been entered.
    pub faults: bool,
    /// Stop when an interrupted context runs again, behind this position.
    pub resumed: Option<(Context, Icount)>,
    /// Stop when a handler has been entered that steps go over: that of an interrupt or of a supervisor call.
    pub interrupts: bool,
    /// Stop when any exception has been entered; a fault only if `faults` says so too.
    pub entries: bool,
}

impl<'a> Travel<'a> {
    /// Straight to a position, past everything that a search would stop at.
    pub fn to(limit: Icount, search: &'a Search) -> Travel<'a> {
        Travel {
            limit,
            time_limit: None,
            search,
            faults: false,
            resumed: None,
            interrupts: false,
            entries: false,
        }
    }
}

/// What tells one flow of execution from another: the exception it handles and its stack pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    ipsr: u32,
    sp: u32,
}

impl Context {
    /// The one that has these registers.
    pub fn of(registers: &Registers) -> Context {
        Context { ipsr: registers.ipsr(), sp: registers.sp() }
    }

    /// Whether it is that of a handler that steps go over.
    pub fn is_stepped_over(self) -> bool {
        is_stepped_over(self.ipsr as u16)
    }
}

/// Interrupts come from outside the flow of the program, and a supervisor call is to it what an instruction is. Faults
/// are what a debugger is here for.
pub(super) fn is_stepped_over(number: u16) -> bool {
    number >= EXTERNAL || matches!(number, NMI | SV_CALL | PEND_SV | SYS_TICK)
}

/// Why the core stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halt {
    /// At [`Travel::limit`].
    Limit,
    /// At [`Travel::time_limit`].
    Time,
    /// In front of what the search is for.
    Found(Found),
    /// A fault exception was entered.
    Fault,
    /// A handler that steps go over, or any that [`Travel::entries`] asks for, was entered from this context.
    Interrupt(Context),
    /// The interrupted context runs again.
    Resumed,
    /// Locked up.
    Lockup,
    /// At a BKPT.
    Breakpoint(u32),
    /// The firmware asked to end, with this exit code.
    Exit(u32),
    /// Asleep, with nothing left that could wake the core.
    Asleep,
    /// Asleep, and the pins do not know yet for how long.
    Waiting,
    /// The pins cannot go on.
    Broken,
}
