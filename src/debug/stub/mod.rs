//! The debuggee as gdbstub wants to see it: one thread with registers, memory and stops.
//!
//! One thread, because the core is one; RTOS threads would be a `MultiThreadBase` in place of `SingleThreadBase` here.

mod extended;
mod flash;
mod memory;
mod points;
mod resume;
mod travel;

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    num::NonZeroUsize,
};

use gdbstub::{
    common::Tid,
    target::{
        Target,
        ext::{
            base::BaseOps, breakpoints::BreakpointsOps, extended_mode::ExtendedModeOps, flash::FlashOps,
            memory_map::MemoryMapOps, target_description_xml_override::TargetDescriptionXmlOverrideOps,
        },
    },
};

pub(super) use self::travel::{Halt, Report};
use self::{flash::Staged, points::Points, resume::Action};
use super::{Debuggee, arch::CortexM, monitor::Names};
use crate::{fault::Fault, timeline::Interrupts, words::Icount};

/// The number of the one thread, and of the one process.
pub(super) const THREAD: Tid = NonZeroUsize::MIN;

/// The last fault in words: what `monitor fault` prints.
pub type FaultReport<'a> = dyn Fn(&Fault, &dyn Debuggee) -> String + 'a;

/// What connects gdbstub with a debuggee.
pub(super) struct Stub<'a> {
    pub(super) debuggee: &'a mut dyn Debuggee,
    pub(super) fault_report: &'a FaultReport<'a>,
    pub(super) names: &'a Names<'a>,
    /// How steps treat interrupts.
    pub(super) interrupts: Interrupts,
    /// Positions to stop at, whatever happens there (`monitor replay_break`).
    pub(super) positions: BTreeSet<Icount>,
    /// Where the next resumption jumps to instead of running (`monitor arm-seek`).
    pub(super) armed: Option<Icount>,
    /// The positions of the answers that were given to `monitor last-…`, by their numbers from 1.
    pub(super) answers: Vec<Icount>,
    /// The PC at positions that were shown.
    pub(super) places: BTreeMap<Icount, u32>,
    points: Points,
    action: Action,
    staged: Staged,
}

impl<'a> Stub<'a> {
    /// A stub that has not met gdb yet.
    pub(super) fn new(
        debuggee: &'a mut dyn Debuggee,
        fault_report: &'a FaultReport<'a>,
        names: &'a Names<'a>,
    ) -> Stub<'a> {
        Stub {
            debuggee,
            fault_report,
            names,
            interrupts: Interrupts::default(),
            positions: BTreeSet::new(),
            armed: None,
            answers: Vec::new(),
            places: BTreeMap::new(),
            points: Points::default(),
            action: Action::Continue,
            staged: Staged::default(),
        }
    }

    /// Forgets what belonged to the last gdb. The position and the monitor's settings stay.
    pub(super) fn begin_session(&mut self) {
        self.points = Points::default();
        self.armed = None;
        self.staged = Staged::default();
    }
}

impl Target for Stub<'_> {
    type Arch = CortexM;
    /// Nothing that a debuggee does ends the session.
    type Error = Infallible;

    fn base_ops(&mut self) -> BaseOps<'_, CortexM, Infallible> {
        BaseOps::SingleThread(self)
    }
    fn support_breakpoints(&mut self) -> Option<BreakpointsOps<'_, Self>> {
        Some(self)
    }
    fn support_extended_mode(&mut self) -> Option<ExtendedModeOps<'_, Self>> {
        Some(self)
    }
    fn support_memory_map(&mut self) -> Option<MemoryMapOps<'_, Self>> {
        Some(self)
    }
    fn support_flash_operations(&mut self) -> Option<FlashOps<'_, Self>> {
        Some(self)
    }
    fn support_target_description_xml_override(
        &mut self,
    ) -> Option<TargetDescriptionXmlOverrideOps<'_, Self>> {
        Some(self)
    }
}
