//! Commands that only look.

use super::{MonitorError, grouped};
use crate::{debug::stub::Stub, timeline::Interrupts, words::seconds};

/// The first line is for people and scripts: `icount N, cycle N, 1.234567 s`.
pub(super) fn when(stub: &mut Stub<'_>, _arguments: &str) -> Result<String, MonitorError> {
    let now = stub.debuggee.now();
    Ok(format!(
        "icount {}, cycle {}, {}\n{}; {}",
        now.icount,
        now.cycle,
        seconds(stub.debuggee.time()),
        part(stub),
        place(stub),
    ))
}

/// `52.9 % of 25,499,432`: how far along the run.
pub(in crate::debug) fn part(stub: &Stub<'_>) -> String {
    let (now, end) = (stub.debuggee.now().icount, stub.debuggee.end().icount);
    let per_mille = u128::from(now) * 1000 / u128::from(end.max(1));
    format!("{}.{} % of {}", per_mille / 10, per_mille % 10, grouped(end))
}

/// Which part of the history this is.
pub(super) fn place(stub: &Stub<'_>) -> &'static str {
    let at_end = stub.debuggee.now().icount == stub.debuggee.end().icount;
    match (stub.debuggee.is_live(), at_end) {
        (true, true) => "the present: execution goes on live",
        (true, false) => "the past of a live session",
        (false, true) => "the end of the recording",
        (false, false) => "in the recording",
    }
}

pub(super) fn info_replay(stub: &mut Stub<'_>, _arguments: &str) -> Result<String, MonitorError> {
    let (now, end, history) = (stub.debuggee.now(), stub.debuggee.end(), stub.debuggee.history());
    let kind = if stub.debuggee.is_live() { "live, recording" } else { "replay" };
    let breaks = match list(stub) {
        none if none.is_empty() => "none".to_owned(),
        some => some,
    };
    let armed = stub.armed.map(|icount| format!("\narmed seek: icount {icount}")).unwrap_or_default();
    let marks = stub.debuggee.bookmarks().all().len();
    let answers = match stub.answers.len() {
        0 => "none".to_owned(),
        1 => "@1".to_owned(),
        count => format!("@1 to @{count}"),
    };
    let percent = |part: u64, of: u64| u128::from(part) * 100 / u128::from(of.max(1));
    Ok(format!(
        "{kind}: icount 0 to {}, now at {}\n\
         checkpoints: {}; a seek re-executes at most {} instructions\n\
         index: {} of {} icounts ({} %), {} bytes; keyframes in the recording: {}\n\
         memory: {} of {} bytes ({} %)\n\
         bookmarks: {marks}; answers: {answers}\n\
         replay_break: {breaks}\n\
         stepirq: {}{armed}",
        grouped(end.icount),
        grouped(now.icount),
        grouped(history.checkpoints as u64),
        grouped(history.longest_interval),
        grouped(history.indexed.min(end.icount)),
        grouped(end.icount),
        percent(history.indexed, end.icount).min(100),
        grouped(history.index_bytes as u64),
        history.keyframes,
        grouped(history.bytes as u64),
        grouped(history.budget as u64),
        percent(history.bytes as u64, history.budget as u64),
        interrupts_name(stub.interrupts),
    ))
}

pub(super) fn fault(stub: &mut Stub<'_>, _arguments: &str) -> Result<String, MonitorError> {
    Ok(match stub.debuggee.fault() {
        Some(fault) => (stub.fault_report)(&fault, stub.debuggee).trim_end().to_owned(),
        None => "no fault up to this position".to_owned(),
    })
}

/// The positions of `replay_break`.
pub(super) fn list(stub: &Stub<'_>) -> String {
    stub.positions.iter().map(|&icount| grouped(icount)).collect::<Vec<_>>().join(" ")
}

pub(super) fn interrupts_name(interrupts: Interrupts) -> &'static str {
    match interrupts {
        Interrupts::Skip => "skip",
        Interrupts::Into => "into",
    }
}
