//! Bookmarks: positions with names, kept in the trace.
//!
//! A user sets them. Some come by themselves while a machine runs live, because finding them later would mean running all
//! of it again: each fault at the instruction that faults (`fault-1`, …), each reset in front of it (`reset-1`), and each
//! line that tells of a panic or a failed assertion, where its first byte is sent (`panic-1`, `assert-1`). The first
//! hundred of a kind are kept.
//!
//! In a trace they are operations in sections of the kind [`SectionKind::Bookmarks`](crate::trace::SectionKind), each the
//! postcard of a sequence of [`Operation`]s. What holds is what all of them lead to, in the order of the file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Timeline;
use crate::{
    board::{hint_or, near},
    fault::{Fault, exception_name},
    machine::{Live, Message, Told},
    trace::{Log, Section, SectionKind},
    words::Icount,
};

/// The longest name in bytes.
const LONGEST_NAME: usize = 64;

/// The longest note that is kept, in characters.
const LONGEST_NOTE: usize = 120;

/// Of each kind that comes by itself, so many are kept: firmware may fault or reset for ever.
const MOST_AUTOMATIC: u32 = 100;

/// Names that stand for the ends of a run, always.
pub const RESERVED: [&str; 2] = ["start", "end"];

/// A position with a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bookmark {
    /// The name.
    pub name: String,
    /// The position.
    pub icount: Icount,
    /// What is there, if it came by itself: the line that was printed, the kind of fault. Else empty.
    pub note: String,
}

/// A change of the bookmarks, as it stands in a trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Operation {
    /// Sets one, in the place of one with the same name.
    Set(Bookmark),
    /// Removes the one of that name.
    Delete(String),
}

/// Why a bookmark is not set or removed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BookmarkError {
    /// The name cannot be one.
    #[error("{0:?} cannot name a bookmark: a letter or _, then anything but spaces, at most 64 bytes in all")]
    Name(String),
    /// The name always stands for an end of the run.
    #[error("{0} is always the {0} of the run")]
    Reserved(String),
    /// There is none.
    #[error("no bookmark {name:?}{}", hint_or(.near, "`monitor bookmarks` and `untick info` list them all"))]
    Unknown {
        /// The name.
        name: String,
        /// Names like it.
        near: Vec<String>,
    },
    /// The position does not exist.
    #[error("icount {icount} is past the end of the run, {end}")]
    Beyond {
        /// The position.
        icount: Icount,
        /// The end.
        end: Icount,
    },
}

/// How long a change of the bookmarks lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is in the trace, or will be when the recording is next written.
    InTrace,
    /// It is gone when the timeline is: the trace cannot be written, for this reason.
    ForNow(String),
}

/// What comes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Automatic {
    /// A fault exception.
    Fault,
    /// A reset of the running chip.
    Reset,
    /// The firmware says that it has given up.
    Panic,
    /// The firmware says that an assertion has failed.
    Assertion,
}

impl Automatic {
    fn stem(self) -> &'static str {
        match self {
            Automatic::Fault => "fault",
            Automatic::Reset => "reset",
            Automatic::Panic => "panic",
            Automatic::Assertion => "assert",
        }
    }
}

/// All bookmarks of a run.
#[derive(Clone, Debug, Default)]
pub struct Bookmarks {
    /// By position, then by name.
    all: Vec<Bookmark>,
    /// What the trace does not have yet.
    unwritten: Vec<Operation>,
    /// How many of each kind have come by themselves.
    automatic: BTreeMap<Automatic, u32>,
}

impl Bookmarks {
    /// Those in a trace. What of them cannot be read is left out: no bookmark is worth the run.
    pub fn in_trace(log: &mut Log) -> Bookmarks {
        let sections: Vec<Section> = log.sections(SectionKind::Bookmarks).collect();
        let read = sections.into_iter().filter_map(|section| log.read_section(section).ok());
        let mut bookmarks = Bookmarks::from_sections(read);
        let end = log.reached_moment().icount;
        bookmarks.all.retain(|bookmark| bookmark.icount <= end);
        bookmarks
    }

    /// Those that the sections of a trace lead to.
    fn from_sections(sections: impl IntoIterator<Item = Vec<u8>>) -> Bookmarks {
        let mut bookmarks = Bookmarks::default();
        for section in sections {
            let operations: Vec<Operation> = postcard::from_bytes(&section).unwrap_or_default();
            operations.into_iter().for_each(|operation| bookmarks.apply(operation));
        }
        bookmarks
    }

    /// All of them, by position.
    pub fn all(&self) -> &[Bookmark] {
        &self.all
    }

    /// The one of that name.
    pub fn find(&self, name: &str) -> Option<&Bookmark> {
        self.all.iter().find(|bookmark| bookmark.name == name)
    }

    /// The one of that name, or an error that knows names like it.
    pub fn named(&self, name: &str) -> Result<&Bookmark, BookmarkError> {
        self.find(name).ok_or_else(|| {
            let near = near(name, self.all.iter().map(|bookmark| bookmark.name.as_str()));
            BookmarkError::Unknown { name: name.to_owned(), near }
        })
    }

    /// The last reset before a position, of those that have a bookmark.
    pub(super) fn last_reset(&self, before: Icount) -> Option<Icount> {
        let is_reset = |bookmark: &&Bookmark| {
            let number = bookmark.name.strip_prefix(Automatic::Reset.stem());
            let number = number.and_then(|number| number.strip_prefix('-'));
            number.is_some_and(|number| number.parse::<u32>().is_ok()) && bookmark.note.is_empty()
        };
        self.all.iter().rev().filter(is_reset).map(|bookmark| bookmark.icount).find(|icount| *icount < before)
    }

    /// Sets one, in the place of one with the same name. `end` is the last position of the run.
    pub fn set(&mut self, name: &str, icount: Icount, end: Icount) -> Result<(), BookmarkError> {
        check(name)?;
        if icount > end {
            return Err(BookmarkError::Beyond { icount, end });
        }
        self.change(Operation::Set(Bookmark { name: name.to_owned(), icount, note: String::new() }));
        Ok(())
    }

    /// Removes one.
    pub fn delete(&mut self, name: &str) -> Result<(), BookmarkError> {
        self.named(name)?;
        self.change(Operation::Delete(name.to_owned()));
        Ok(())
    }

    /// Sets one that comes by itself.
    pub fn note(&mut self, kind: Automatic, icount: Icount, note: &str) {
        let count = self.automatic.entry(kind).or_default();
        if *count == MOST_AUTOMATIC {
            return;
        }
        *count += 1;
        let taken = |number: &u32| self.all.iter().any(|b| b.name == format!("{}-{number}", kind.stem()));
        let number = (*count..).find(|number| !taken(number)).unwrap_or(u32::MAX);
        let name = format!("{}-{number}", kind.stem());
        let note = note.chars().take(LONGEST_NOTE).collect();
        self.change(Operation::Set(Bookmark { name, icount, note }));
    }

    /// Notes the last fault of a live run, if it is another one than `before`.
    pub(super) fn note_fault(&mut self, before: Option<Icount>, last: Option<&Fault>) {
        if let Some(fault) = last.filter(|fault| before != Some(fault.at.icount)) {
            let name =
                if fault.lockup { "lockup".to_owned() } else { exception_name(fault.exception.into()) };
            self.note(Automatic::Fault, fault.at.icount, &name);
        }
    }

    /// Notes what else has happened in a live run since it was last asked.
    pub(super) fn note_happenings(&mut self, live: &mut Live) {
        for icount in live.take_resets() {
            self.note(Automatic::Reset, icount, "");
        }
        for Message { icount, told, line } in live.take_messages() {
            let kind = match told {
                Told::Panic => Automatic::Panic,
                Told::Assertion => Automatic::Assertion,
            };
            self.note(kind, icount, &line);
        }
    }

    /// What the trace does not have yet, as a section; `None` if it has all.
    fn unwritten(&self) -> Option<Vec<u8>> {
        let bytes = || postcard::to_stdvec(&self.unwritten).expect("operations are plain data");
        (!self.unwritten.is_empty()).then(bytes)
    }

    fn change(&mut self, operation: Operation) {
        self.unwritten.push(operation.clone());
        self.apply(operation);
    }

    fn apply(&mut self, operation: Operation) {
        match operation {
            Operation::Set(bookmark) => {
                self.all.retain(|other| other.name != bookmark.name);
                let key = |bookmark: &Bookmark| (bookmark.icount, bookmark.name.clone());
                let place = self.all.partition_point(|other| key(other) < key(&bookmark));
                self.all.insert(place, bookmark);
            }
            Operation::Delete(name) => self.all.retain(|bookmark| bookmark.name != name),
        }
    }
}

fn check(name: &str) -> Result<(), BookmarkError> {
    if RESERVED.contains(&name) {
        return Err(BookmarkError::Reserved(name.to_owned()));
    }
    let begins = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let plain = !name.contains(|c: char| c.is_whitespace() || c.is_control());
    let short = name.len() <= LONGEST_NAME;
    // What is no letter in front could be a position: 100, 1e6, +5, 50%, @1.
    if begins && plain && short { Ok(()) } else { Err(BookmarkError::Name(name.to_owned())) }
}

impl Timeline {
    /// All bookmarks of the run.
    pub fn bookmarks(&self) -> &Bookmarks {
        &self.bookmarks
    }

    /// Names a position, in the place of a bookmark with the same name.
    ///
    /// # Errors
    /// The name cannot be one, or there is no such position.
    pub fn set_bookmark(&mut self, name: &str, icount: Icount) -> Result<Kept, BookmarkError> {
        self.bookmarks.set(name, icount, self.present.icount)?;
        Ok(self.keep_bookmarks())
    }

    /// Removes a bookmark.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn delete_bookmark(&mut self, name: &str) -> Result<Kept, BookmarkError> {
        self.bookmarks.delete(name)?;
        Ok(self.keep_bookmarks())
    }

    /// Writes what the trace does not have yet. What cannot be written is tried again with the next change.
    pub(super) fn keep_bookmarks(&mut self) -> Kept {
        let Some(section) = self.bookmarks.unwritten() else { return Kept::InTrace };
        match self.log.add_section(SectionKind::Bookmarks, self.now().icount, &section) {
            Ok(()) => {
                self.bookmarks.unwritten.clear();
                Kept::InTrace
            }
            Err(error) => Kept::ForNow(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names and positions.
    fn shown(bookmarks: &Bookmarks) -> Vec<(&str, Icount)> {
        bookmarks.all().iter().map(|bookmark| (&*bookmark.name, bookmark.icount)).collect()
    }

    #[test]
    fn sections_lead_to_what_was_set_and_removed() {
        let mut bookmarks = Bookmarks::default();
        bookmarks.set("late", 90, 100).unwrap();
        bookmarks.set("moved", 10, 100).unwrap();
        let first = bookmarks.unwritten().unwrap();
        bookmarks.unwritten.clear();
        assert_eq!(bookmarks.unwritten(), None);
        bookmarks.set("moved", 20, 100).unwrap();
        bookmarks.set("gone", 30, 100).unwrap();
        bookmarks.delete("gone").unwrap();
        let second = bookmarks.unwritten().unwrap();
        assert_eq!(shown(&bookmarks), [("moved", 20), ("late", 90)]);
        let again = Bookmarks::from_sections([first.clone(), second]);
        assert_eq!(again.all(), bookmarks.all());
        assert_eq!(shown(&Bookmarks::from_sections([vec![0xff; 9], first])), [("moved", 10), ("late", 90)]);
    }

    #[test]
    fn what_could_be_a_position_is_no_name() {
        let mut bookmarks = Bookmarks::default();
        for name in ["a", "_1", "boot/done", "größer", &"n".repeat(64)] {
            assert_eq!(bookmarks.set(name, 5, 5), Ok(()), "{name}");
        }
        for name in ["", "1", "1e6", "+5", "-d", "@1", "50%", "a b", "a\tb", &"n".repeat(65)] {
            assert_eq!(bookmarks.set(name, 5, 5), Err(BookmarkError::Name(name.to_owned())));
        }
        assert_eq!(bookmarks.set("end", 5, 5), Err(BookmarkError::Reserved("end".to_owned())));
        assert_eq!(bookmarks.set("a", 6, 5), Err(BookmarkError::Beyond { icount: 6, end: 5 }));
        let error = bookmarks.delete("boot/dome").unwrap_err().to_string();
        assert!(error.contains("did you mean boot/done?"), "{error}");
    }

    #[test]
    fn those_that_come_by_themselves_are_numbered_and_not_without_end() {
        let mut bookmarks = Bookmarks::default();
        bookmarks.set("fault-2", 1, 100).unwrap();
        for icount in 10..500 {
            bookmarks.note(Automatic::Fault, icount, &"x".repeat(500));
        }
        assert_eq!(
            shown(&bookmarks)[..4],
            [("fault-2", 1), ("fault-1", 10), ("fault-3", 11), ("fault-4", 12)]
        );
        assert_eq!(bookmarks.all().len(), 101);
        assert_eq!(bookmarks.all()[1].note.len(), LONGEST_NOTE);
        bookmarks.note(Automatic::Reset, 600, "");
        assert_eq!(bookmarks.find("reset-1").map(|bookmark| bookmark.icount), Some(600));
    }
}
