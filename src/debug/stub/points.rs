//! Breakpoints and watchpoints. They live here and nowhere else; the debuggee gets them with every resumption.

use std::collections::BTreeSet;

use gdbstub::target::{
    TargetResult,
    ext::breakpoints::{
        Breakpoints, HwBreakpoint, HwBreakpointOps, HwWatchpoint, HwWatchpointOps, SwBreakpoint,
        SwBreakpointOps, WatchKind as GdbWatchKind,
    },
};

use super::Stub;
use crate::{
    debug::arch::BREAKPOINT_KINDS,
    timeline::{Stops, WatchKind, Watchpoint},
};

/// The breakpoints of one session. gdb may set both kinds at one address, and remove them one by one.
#[derive(Debug, Default)]
pub(super) struct Points {
    pub(super) software: BTreeSet<u32>,
    pub(super) hardware: BTreeSet<u32>,
    watched: Vec<Watchpoint>,
}

impl Points {
    /// What the debuggee is to stop at. A fault stops too: gdb shows it as a signal, and `handle` can silence that.
    pub(super) fn stops(&self) -> Stops {
        Stops {
            breakpoints: self.software.union(&self.hardware).copied().collect(),
            watchpoints: self.watched.clone(),
            faults: true,
        }
    }
}

impl Breakpoints for Stub<'_> {
    fn support_sw_breakpoint(&mut self) -> Option<SwBreakpointOps<'_, Self>> {
        Some(self)
    }
    fn support_hw_breakpoint(&mut self) -> Option<HwBreakpointOps<'_, Self>> {
        Some(self)
    }
    fn support_hw_watchpoint(&mut self) -> Option<HwWatchpointOps<'_, Self>> {
        Some(self)
    }
}

impl SwBreakpoint for Stub<'_> {
    fn add_sw_breakpoint(&mut self, address: u32, kind: usize) -> TargetResult<bool, Self> {
        Ok(add(&mut self.points.software, address, kind))
    }
    fn remove_sw_breakpoint(&mut self, address: u32, _kind: usize) -> TargetResult<bool, Self> {
        self.points.software.remove(&(address & !1));
        Ok(true)
    }
}

impl HwBreakpoint for Stub<'_> {
    fn add_hw_breakpoint(&mut self, address: u32, kind: usize) -> TargetResult<bool, Self> {
        Ok(add(&mut self.points.hardware, address, kind))
    }
    fn remove_hw_breakpoint(&mut self, address: u32, _kind: usize) -> TargetResult<bool, Self> {
        self.points.hardware.remove(&(address & !1));
        Ok(true)
    }
}

/// Adds a breakpoint; false when there is no such kind. Adding twice is adding once, as the protocol wants it.
fn add(set: &mut BTreeSet<u32>, address: u32, kind: usize) -> bool {
    let known = BREAKPOINT_KINDS.contains(&kind);
    if known {
        set.insert(address & !1);
    }
    known
}

impl HwWatchpoint for Stub<'_> {
    fn add_hw_watchpoint(
        &mut self,
        address: u32,
        length: u32,
        kind: GdbWatchKind,
    ) -> TargetResult<bool, Self> {
        let last = length.checked_sub(1).and_then(|more| address.checked_add(more));
        if last.is_none() {
            return Ok(false);
        }
        let watchpoint = Watchpoint { address, length, kind: from_gdb(kind) };
        if !self.points.watched.contains(&watchpoint) {
            self.points.watched.push(watchpoint);
        }
        Ok(true)
    }

    fn remove_hw_watchpoint(
        &mut self,
        address: u32,
        length: u32,
        kind: GdbWatchKind,
    ) -> TargetResult<bool, Self> {
        let removed = Watchpoint { address, length, kind: from_gdb(kind) };
        self.points.watched.retain(|watchpoint| *watchpoint != removed);
        Ok(true)
    }
}

fn from_gdb(kind: GdbWatchKind) -> WatchKind {
    match kind {
        GdbWatchKind::Write => WatchKind::Write,
        GdbWatchKind::Read => WatchKind::Read,
        GdbWatchKind::ReadWrite => WatchKind::Access,
    }
}

/// The kind as a stop names it to gdb.
pub(super) fn to_gdb(kind: WatchKind) -> GdbWatchKind {
    match kind {
        WatchKind::Write => GdbWatchKind::Write,
        WatchKind::Read => GdbWatchKind::Read,
        WatchKind::Access => GdbWatchKind::ReadWrite,
    }
}
