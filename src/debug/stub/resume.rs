//! What gdb can ask a stopped debuggee to do. Asking only notes the action; the session then performs it.

use std::convert::Infallible;

use gdbstub::{
    common::Signal,
    target::ext::base::{
        reverse_exec::{ReverseCont, ReverseContOps, ReverseStep, ReverseStepOps},
        singlethread::{
            SingleThreadRangeStepping, SingleThreadRangeSteppingOps, SingleThreadResume,
            SingleThreadSingleStep, SingleThreadSingleStepOps,
        },
    },
};

use super::Stub;

/// A way to resume the debuggee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Continue,
    Step,
    /// Steps until the PC is outside of these addresses.
    StepRange {
        start: u32,
        /// The first address behind the range.
        end: u32,
    },
    ReverseContinue,
    ReverseStep,
}

/// Signals that gdb passes on are for programs under an operating system.
impl SingleThreadResume for Stub<'_> {
    fn resume(&mut self, _signal: Option<Signal>) -> Result<(), Infallible> {
        self.action = Action::Continue;
        Ok(())
    }
    fn support_single_step(&mut self) -> Option<SingleThreadSingleStepOps<'_, Self>> {
        Some(self)
    }
    fn support_range_step(&mut self) -> Option<SingleThreadRangeSteppingOps<'_, Self>> {
        Some(self)
    }
    fn support_reverse_step(&mut self) -> Option<ReverseStepOps<'_, (), Self>> {
        Some(self)
    }
    fn support_reverse_cont(&mut self) -> Option<ReverseContOps<'_, (), Self>> {
        Some(self)
    }
}

impl SingleThreadSingleStep for Stub<'_> {
    fn step(&mut self, _signal: Option<Signal>) -> Result<(), Infallible> {
        self.action = Action::Step;
        Ok(())
    }
}

impl SingleThreadRangeStepping for Stub<'_> {
    fn resume_range_step(&mut self, start: u32, end: u32) -> Result<(), Infallible> {
        self.action = Action::StepRange { start, end };
        Ok(())
    }
}

impl ReverseCont<()> for Stub<'_> {
    fn reverse_cont(&mut self) -> Result<(), Infallible> {
        self.action = Action::ReverseContinue;
        Ok(())
    }
}

impl ReverseStep<()> for Stub<'_> {
    fn reverse_step(&mut self, _thread: ()) -> Result<(), Infallible> {
        self.action = Action::ReverseStep;
        Ok(())
    }
}
