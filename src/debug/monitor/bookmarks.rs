//! Bookmarks: setting, listing and removing them. `seek` and `goto` go to them.

use std::fmt::Write;

use super::{MonitorError, Poll, grouped, travel::position};
use crate::{
    debug::stub::Stub,
    timeline::{BookmarkError, Kept},
    words::Icount,
};

pub(super) fn bookmark(stub: &mut Stub<'_>, arguments: &str) -> Result<String, MonitorError> {
    const USAGE: MonitorError = MonitorError::Usage("bookmark NAME [POSITION], or bookmark -d NAME");
    let words: Vec<&str> = arguments.split_whitespace().collect();
    let (name, icount) = match words[..] {
        ["-d", name] => return delete(stub, name),
        [name] => (name, stub.debuggee.now().icount),
        [name, text] => (name, position(stub, text)?),
        _ => return Err(USAGE),
    };
    let moved = stub.debuggee.bookmarks().find(name).map(|bookmark| bookmark.icount);
    let kept = stub.debuggee.set_bookmark(name, icount)?;
    let moved = match moved {
        Some(from) if from != icount => format!(" (was at {from})"),
        _ => String::new(),
    };
    Ok(format!("{name} is icount {icount}{moved}{}", said(&kept)))
}

pub(super) fn delete(stub: &mut Stub<'_>, name: &str) -> Result<String, MonitorError> {
    if name.is_empty() {
        return Err(MonitorError::Usage("delete-bookmark NAME"));
    }
    let kept = stub.debuggee.delete_bookmark(name)?;
    Ok(format!("removed {name}{}", said(&kept)))
}

fn said(kept: &Kept) -> String {
    match kept {
        Kept::InTrace => String::new(),
        Kept::ForNow(why) => format!("\nonly until this session ends: {why}"),
    }
}

/// All of them, by position: name, icount, place, and what is there if they came by themselves.
pub(super) fn list(
    stub: &mut Stub<'_>,
    _arguments: &str,
    poll: &mut Poll<'_>,
) -> Result<String, MonitorError> {
    let (now, end) = (stub.debuggee.now().icount, stub.debuggee.end().icount);
    let ends = [("start".to_owned(), 0, String::new()), ("end".to_owned(), end, String::new())];
    let set = stub.debuggee.bookmarks().all().iter();
    let set = set.map(|bookmark| (bookmark.name.clone(), bookmark.icount, bookmark.note.clone()));
    let [start, end] = ends;
    let all: Vec<(String, Icount, String)> = [start].into_iter().chain(set).chain([end]).collect();
    let width = all.iter().map(|(name, ..)| name.chars().count()).max().unwrap_or(0);
    let digits = all.iter().map(|(_, icount, _)| grouped(*icount).len()).max().unwrap_or(0);
    let mut text = String::new();
    let mut given_up = false;
    for (name, icount, note) in &all {
        // Where it is only execution tells; the way there is the same as that of a seek.
        given_up = given_up || poll();
        let place = if given_up { "…".to_owned() } else { place(stub, *icount)? };
        let note = if note.is_empty() { String::new() } else { format!("  {note}") };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name:width$}  {:>digits$}  {place}{note}", grouped(*icount));
    }
    stub.debuggee.seek(now)?;
    Ok(text.trim_end().to_owned())
}

/// The function and line at a position; moves there.
fn place(stub: &mut Stub<'_>, icount: Icount) -> Result<String, MonitorError> {
    if let Some(pc) = stub.places.get(&icount) {
        return Ok(stub.names.of_code(*pc));
    }
    stub.debuggee.seek(icount)?;
    let pc = stub.debuggee.registers().pc;
    stub.places.insert(icount, pc);
    Ok(stub.names.of_code(pc))
}

/// The position of a bookmark.
pub(super) fn find(stub: &Stub<'_>, name: &str) -> Result<Icount, BookmarkError> {
    stub.debuggee.bookmarks().named(name).map(|bookmark| bookmark.icount)
}
