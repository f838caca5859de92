//! Commands that move, or say how to move.

use super::{
    MonitorError, Position, bookmarks,
    reports::{interrupts_name, list, when},
};
use crate::{
    debug::stub::Stub,
    timeline::{BookmarkError, Interrupts},
    words::Icount,
};

/// gdb keeps registers and frames until it sees the debuggee stop (gdb manual, "Maintenance Commands").
const HINT: &str = "gdb still shows the old place; type:\n  \
    maintenance flush register-cache\n  maintenance flush dcache\n\
    or use `monitor arm-seek POSITION` and then `stepi`, which gdb notices";

/// At most so many positions to stop at: each passed one costs a seek.
const MOST_POSITIONS: usize = 64;

/// A position as a user writes it: also an answer, and a bookmark.
pub(super) fn position(stub: &Stub<'_>, text: &str) -> Result<Icount, MonitorError> {
    if let Some(answer) = text.strip_prefix('@') {
        return of_answer(stub, answer);
    }
    match text.parse::<Position>() {
        Ok(position) => Ok(position.icount(stub.debuggee.now().icount, stub.debuggee.end().icount)),
        Err(error) => bookmarks::find(stub, text).map_err(|unknown| match unknown {
            BookmarkError::Unknown { ref near, .. } if near.is_empty() => error.into(),
            unknown => unknown.into(),
        }),
    }
}

/// `1`, `1+5`, `1-5`: the position of an answer, or one from there.
fn of_answer(stub: &Stub<'_>, text: &str) -> Result<Icount, MonitorError> {
    let (number, distance) = text.split_at(text.find(['+', '-']).unwrap_or(text.len()));
    let index = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let Some(&icount) = index.and_then(|index| stub.answers.get(index)) else {
        let are = match stub.answers.len() {
            0 => "; last-write and its like give answers".to_owned(),
            1 => "; there is @1".to_owned(),
            count => format!("; there are @1 to @{count}"),
        };
        return Err(MonitorError::NoSuchAnswer(number.to_owned(), are));
    };
    if distance.is_empty() {
        return Ok(icount);
    }
    Ok(distance.parse::<Position>()?.icount(icount, stub.debuggee.end().icount))
}

pub(super) fn seek(stub: &mut Stub<'_>, arguments: &str) -> Result<String, MonitorError> {
    let icount = position(stub, arguments)?;
    stub.armed = None;
    stub.debuggee.seek(icount)?;
    Ok(format!("{}\n{HINT}", when(stub, "")?))
}

pub(super) fn arm_seek(stub: &mut Stub<'_>, arguments: &str) -> Result<String, MonitorError> {
    if arguments == "off" {
        stub.armed = None;
        return Ok("the next step or continue is what it is".to_owned());
    }
    match position(stub, arguments) {
        Ok(icount) => {
            stub.armed = Some(icount);
            // Said when it has happened: `seek` does both at once.
            Ok(String::new())
        }
        Err(error) => {
            // A script steps right after this command. After a mistyped number that step must not move.
            stub.armed = Some(stub.debuggee.now().icount);
            Err(error)
        }
    }
}

pub(super) fn replay_break(stub: &mut Stub<'_>, arguments: &str) -> Result<String, MonitorError> {
    let icount = position(stub, arguments)?;
    if stub.positions.len() == MOST_POSITIONS && !stub.positions.contains(&icount) {
        return Ok(format!(
            "{MOST_POSITIONS} positions are set already; remove some with replay_delete_break"
        ));
    }
    stub.positions.insert(icount);
    Ok(format!("stops at icount: {}", list(stub)))
}

pub(super) fn replay_delete_break(stub: &mut Stub<'_>, arguments: &str) -> Result<String, MonitorError> {
    if arguments.is_empty() {
        stub.positions.clear();
        return Ok("no position to stop at is left".to_owned());
    }
    let icount = position(stub, arguments)?;
    if stub.positions.remove(&icount) {
        Ok(format!("removed icount {icount}"))
    } else {
        Err(MonitorError::NoSuchBreak(icount, list(stub)))
    }
}

/// IDEs send `reset halt` before and after loading.
pub(super) fn reset(stub: &mut Stub<'_>, arguments: &str) -> Result<String, MonitorError> {
    if !matches!(arguments, "" | "halt" | "init") {
        return Err(MonitorError::Usage("reset [halt]"));
    }
    seek(stub, "start")
}

pub(super) fn halt(stub: &mut Stub<'_>, _arguments: &str) -> Result<String, MonitorError> {
    when(stub, "")
}

pub(super) fn stepirq(stub: &mut Stub<'_>, arguments: &str) -> Result<String, MonitorError> {
    stub.interrupts = match arguments {
        "" => stub.interrupts,
        "skip" => Interrupts::Skip,
        "into" => Interrupts::Into,
        _ => return Err(MonitorError::Usage("stepirq [skip|into]")),
    };
    Ok(format!("stepirq {}", interrupts_name(stub.interrupts)))
}
