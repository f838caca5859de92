//! Sections: what the timeline keeps in the file beside the events.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::block::HEAD_BYTES;
use crate::words::Icount;

/// What a section is for. The trace does not look into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SectionKind {
    /// A full state of the core, from which a replay can go on.
    Keyframe,
    /// What a stretch of the run executed and wrote.
    Index,
    /// Positions with a name.
    Bookmarks,
}

impl fmt::Display for SectionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SectionKind::Keyframe => "keyframe",
            SectionKind::Index => "index",
            SectionKind::Bookmarks => "bookmarks",
        })
    }
}

/// A section of one [`Log`](super::Log), to be read with [`Log::read_section`](super::Log::read_section).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// What it is for.
    pub kind: SectionKind,
    /// The position that it was added for.
    pub icount: Icount,
    /// What it takes in the file, in bytes.
    pub bytes: u64,
    /// Where its block begins.
    pub(super) offset: u64,
}

impl Section {
    /// Bytes of the body as stored.
    pub(super) fn stored(&self) -> u32 {
        (self.bytes - HEAD_BYTES as u64) as u32
    }
}
