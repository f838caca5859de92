//! What can be typed where: for the one who has just arrived.

use std::fmt::Write;

use super::{MonitorError, reports::place};
use crate::{debug::stub::Stub, timeline::Outcome};

/// How a run ended, in a clause.
pub(in crate::debug) fn outcome_in_words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Exit(code) => format!("the firmware ended itself with exit code {code}"),
        Outcome::Lockup => "the core is locked up".to_owned(),
        Outcome::FaultLoop(address) => format!("the firmware loops in a fault handler at {address:#010x}"),
        Outcome::Breakpoint(address) => format!("a BKPT instruction at {address:#010x} ends the run"),
        Outcome::Asleep => "the core sleeps, and nothing can wake it".to_owned(),
        Outcome::Limit => "the limit of the run is reached".to_owned(),
        Outcome::Interrupted => "the run was interrupted here".to_owned(),
        Outcome::Cut => "the recording was cut off here".to_owned(),
    }
}

/// The position and the commands that make sense there.
pub(super) fn hints(stub: &mut Stub<'_>, _arguments: &str) -> Result<String, MonitorError> {
    let debuggee = &*stub.debuggee;
    let (now, end) = (debuggee.now().icount, debuggee.end().icount);
    let mut text = format!("icount {now}: {}", place(stub));
    if let Some(outcome) = debuggee.outcome().filter(|_| now == end) {
        // Writing to a string cannot fail.
        let _ = write!(text, "; {}", outcome_in_words(outcome));
    }
    let mut hint = |command: &str, about: &str| {
        let _ = write!(text, "\n  {command:<38} {about}");
    };
    if debuggee.fault().is_some() {
        hint("monitor fault", "the fault in words");
        hint("bt", "how the firmware got here");
    }
    if now > 0 {
        hint("last-write EXPR, seek @1", "who wrote it last; go there");
        hint("watch -l NAME, reverse-continue", "the same, with all that gdb can do");
        hint("break PLACE, reverse-continue", "when it was there last");
        hint("reverse-step, -next, -finish, -stepi", "step backwards");
    }
    if debuggee.is_live() || now < end {
        hint("step, next, continue", "forwards");
    }
    hint("seek N|N%|start|end, when", "go anywhere; where is this");
    hint("bookmark NAME, bookmarks, goto NAME", "name a place; all of them; go there");
    hint("monitor help", "everything else");
    Ok(text)
}
