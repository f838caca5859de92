//! What can be wrong with a trace.

use std::{fmt, io};

use thiserror::Error;

use super::{FORMAT, OLDEST_FORMAT, SectionKind};
use crate::words::Icount;

/// Why a trace cannot be recorded, opened or read. `trace` is the file's path.
#[derive(Debug, Error)]
pub enum TraceError {
    /// The file system said no.
    #[error("cannot {action} {trace}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// Which trace.
        trace: String,
        /// What the system answered.
        source: io::Error,
    },
    /// The file does not begin like a trace.
    #[error("{trace} is not an untick trace: it does not begin with the signature of one")]
    Foreign {
        /// Which file.
        trace: String,
    },
    /// The file has another format.
    #[error(
        "{trace} has trace format {found}, this untick reads formats {OLDEST_FORMAT} to {FORMAT}: \
         use the untick that recorded it"
    )]
    Format {
        /// Which trace.
        trace: String,
        /// Its format version.
        found: u32,
    },
    /// A part of the file is not what was written.
    #[error("{trace} is damaged: {damage}")]
    Damaged {
        /// Which trace.
        trace: String,
        /// Where and how.
        damage: Damage,
    },
    /// Events must be appended in the order in which they happened.
    #[error("an event at icount {icount} comes after one at icount {last}")]
    Order {
        /// The icount of the event.
        icount: Icount,
        /// The icount of the event before it.
        last: Icount,
    },
    /// More than the format can hold.
    #[error("{what} of {bytes} bytes is too large for a trace: at most {limit}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Its size.
        bytes: u64,
        /// The largest that there can be.
        limit: u64,
    },
    /// The recording is finished, or the trace was opened: events cannot follow.
    #[error("{trace} is a finished recording: no events can be added")]
    Finished {
        /// Which trace.
        trace: String,
    },
    /// A section cannot be added.
    #[error("nothing can be added to {trace}: {reason}")]
    Refused {
        /// Which trace.
        trace: String,
        /// Why.
        reason: Refusal,
    },
}

/// Why a section cannot be added to a trace that is not being recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The file may not be written, or this is a [`Log::reader`](super::Log::reader).
    #[error("it is read-only")]
    ReadOnly,
    /// The file is not what it was.
    #[error("it was changed or removed since it was opened; open it again")]
    Changed,
    /// There is no end record, or it is behind a damaged part.
    #[error("its recording was cut, or it is damaged")]
    Cut,
    /// The file has a format without sections.
    #[error("it has trace format {0}, which has no room for it; record again")]
    Old(
        /// Its format version.
        u32,
    ),
}

/// A damaged part of a trace file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{place} at byte offset {offset}: {problem}")]
pub struct Damage {
    /// Which part.
    pub place: Place,
    /// Where the part begins in the file, in bytes.
    pub offset: u64,
    /// What is wrong with it.
    pub problem: Problem,
}

/// A part of a trace file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The header: versions, firmware, board.
    Header,
    /// The chunk of events with this number, the first is 0.
    Chunk(u32),
    /// What the timeline keeps beside the events.
    Section(SectionKind),
    /// An end record.
    End,
    /// Something behind an end record: it was added later, but not whole. The recording itself is not concerned.
    Addition,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Header => f.write_str("header"),
            Place::Chunk(number) => write!(f, "chunk {number}"),
            Place::Section(kind) => kind.fmt(f),
            Place::End => f.write_str("end record"),
            Place::Addition => f.write_str("what was added last"),
        }
    }
}

/// What is wrong with a damaged part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Problem {
    /// Not all of it is there.
    #[error("the file ends inside it")]
    Truncated,
    /// The 60 bytes in front of its body are damaged.
    #[error("its block header fails the checksum")]
    HeaderChecksum,
    /// Its body is damaged.
    #[error("its contents fail the checksum")]
    Checksum,
    /// It is intact, but cannot be at this place.
    #[error("a block that does not belong there")]
    Misplaced,
    /// A length that no writer makes.
    #[error("it claims {bytes} bytes, the format allows {limit}")]
    TooLarge {
        /// What the block header says.
        bytes: u32,
        /// What it may say.
        limit: u32,
    },
    /// It is no zstd frame, or one of another length.
    #[error("it does not decompress to the length that it names")]
    Compression,
    /// It decompresses to something that no writer makes.
    #[error("{0}")]
    Encoding(&'static str),
}

impl Problem {
    /// The problem at its place.
    pub(super) fn at(self, place: Place, offset: u64) -> Damage {
        Damage { place, offset, problem: self }
    }
}
