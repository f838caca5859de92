//! Extended mode: `run` starts again at reset, and nothing that gdb does ends the debuggee.

use std::convert::Infallible;

use gdbstub::{
    common::Pid,
    target::{
        TargetResult,
        ext::extended_mode::{
            Args, AttachKind, CurrentActivePid, CurrentActivePidOps, ExtendedMode, ShouldTerminate,
        },
    },
};

use super::{Stub, THREAD, memory::refusal};

impl ExtendedMode for Stub<'_> {
    /// The firmware is the debuggee's own: a file name that gdb sends is the one on its side.
    fn run(&mut self, _file: Option<&[u8]>, _arguments: Args<'_, '_>) -> TargetResult<Pid, Self> {
        self.armed = None;
        self.debuggee.seek(0).map_err(refusal)?;
        Ok(THREAD)
    }

    fn attach(&mut self, _pid: Pid) -> TargetResult<(), Self> {
        Ok(())
    }

    /// What was attached to is left alone when gdb quits; what was run would be killed.
    fn query_if_attached(&mut self, _pid: Pid) -> TargetResult<AttachKind, Self> {
        Ok(AttachKind::Attach)
    }

    /// Kills nothing: the run stays where it is, and `run` or a new connection finds it.
    fn kill(&mut self, _pid: Option<Pid>) -> TargetResult<ShouldTerminate, Self> {
        Ok(ShouldTerminate::No)
    }

    fn restart(&mut self) -> Result<(), Infallible> {
        // The packet has no answer, so a failure has nowhere to go; the next stop shows where the run is.
        let _ = self.debuggee.seek(0);
        Ok(())
    }

    fn support_current_active_pid(&mut self) -> Option<CurrentActivePidOps<'_, Self>> {
        Some(self)
    }
}

impl CurrentActivePid for Stub<'_> {
    fn current_active_pid(&mut self) -> Result<Pid, Infallible> {
        Ok(THREAD)
    }
}
