//! The table of blocks: what an opened trace consists of, and how an end record lists it.

use serde::{Deserialize, Serialize};

use super::{
    Counts, End, Problem, Section, SectionKind,
    block::{BlockHead, HEAD_BYTES, Tag},
};
use crate::{core::Clock, words::Icount};

/// A closed chunk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// Where its block begins.
    pub offset: u64,
    /// The icount of its first event.
    pub first: Icount,
    /// The events before it.
    pub events_before: u64,
    /// Bytes of its body as stored.
    pub stored: u32,
}

impl Entry {
    /// The length of the whole block.
    pub fn length(&self) -> u64 {
        HEAD_BYTES as u64 + u64::from(self.stored)
    }
}

/// A block, as an end record lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Row {
    /// A chunk of events.
    Chunk {
        /// Bytes of its body.
        stored: u32,
        /// The icount of its first event.
        first: Icount,
        /// Its number of events.
        events: u64,
    },
    /// A section.
    Section {
        /// What it is for.
        kind: SectionKind,
        /// Bytes of its body.
        stored: u32,
        /// Its position.
        icount: Icount,
    },
}

impl Row {
    /// What an end record says of the block with this head; `None` of what it does not list.
    pub fn of(head: &BlockHead) -> Option<Row> {
        let BlockHead { stored, first, events, .. } = *head;
        match head.tag {
            Tag::Chunk => Some(Row::Chunk { stored, first, events }),
            Tag::Section(kind) => Some(Row::Section { kind, stored, icount: first }),
            Tag::Header | Tag::End => None,
        }
    }

    /// The length of the whole block.
    pub fn length(&self) -> u64 {
        let (Row::Chunk { stored, .. } | Row::Section { stored, .. }) = *self;
        HEAD_BYTES as u64 + u64::from(stored)
    }
}

/// Chunks and sections, each in the order of the file.
#[derive(Clone, Debug, Default)]
pub(super) struct Blocks {
    pub chunks: Vec<Entry>,
    pub sections: Vec<Section>,
    /// Events in all chunks.
    pub events: u64,
}

impl Blocks {
    /// Adds the block at `offset`, which is behind all others.
    pub fn push(&mut self, offset: u64, row: Row) -> Result<(), Problem> {
        match row {
            Row::Chunk { stored, first, events } => {
                if self.chunks.last().is_some_and(|last| first < last.first) {
                    return Err(Problem::Misplaced);
                }
                self.chunks.push(Entry { offset, first, events_before: self.events, stored });
                self.events = self
                    .events
                    .checked_add(events)
                    .ok_or(Problem::Encoding("it has more events than there can be"))?;
            }
            Row::Section { kind, icount, .. } => {
                self.sections.push(Section { kind, icount, bytes: row.length(), offset });
            }
        }
        Ok(())
    }

    /// The number of chunks.
    pub fn number(&self) -> u32 {
        self.chunks.len() as u32
    }

    /// What an end record says of a chunk.
    pub fn row(&self, number: usize) -> Row {
        let Entry { first, events_before, stored, .. } = self.chunks[number];
        let behind = self.chunks.get(number + 1).map_or(self.events, |next| next.events_before);
        Row::Chunk { stored, first, events: behind - events_before }
    }

    /// Forgets the last chunk and all sections behind it; gives where its block begins.
    pub fn drop_last_chunk(&mut self) -> Option<u64> {
        let last = self.chunks.pop()?;
        self.events = last.events_before;
        self.sections.retain(|section| section.offset < last.offset);
        Some(last.offset)
    }

    /// All blocks in the order of the file.
    pub fn rows(&self) -> Vec<Row> {
        let section = |section: &Section| Row::Section {
            kind: section.kind,
            stored: section.stored(),
            icount: section.icount,
        };
        let chunks = (0..self.chunks.len()).map(|number| (self.chunks[number].offset, self.row(number)));
        let sections = self.sections.iter().map(|found| (found.offset, section(found)));
        let mut all: Vec<_> = chunks.chain(sections).collect();
        all.sort_unstable_by_key(|(offset, _)| *offset);
        all.into_iter().map(|(_, row)| row).collect()
    }
}

/// What an end record says.
#[derive(Clone, Debug)]
pub(super) struct Ending {
    /// How the run ended.
    pub end: End,
    /// Its events by kind.
    pub counts: Counts,
    /// The blocks between the end record before it, or the header, and itself.
    pub rows: Vec<Row>,
}

impl Ending {
    /// The block, for a place in the file.
    pub fn to_block(&self, head: BlockHead, offset: u64) -> Vec<u8> {
        let mut body = postcard::to_stdvec(&self.end).expect("an end record is plain data");
        body = postcard::to_extend(&self.counts, body).expect("numbers are plain data");
        body = postcard::to_extend(&self.rows, body).expect("numbers are plain data");
        body.extend_from_slice(&offset.to_le_bytes());
        BlockHead { tag: Tag::End, reached: self.end.at, ..head }.to_block(body.len(), &body)
    }

    /// From a body that was checked. Format 2 had no table, format 3 no changes of a clock that has `hz` at reset.
    pub fn from_body(body: &[u8], offset: u64, format: u32, hz: u32) -> Result<Ending, Problem> {
        const ENCODING: Problem = Problem::Encoding("its contents are no end record");
        let (end, counts, rest) = if format < 4 {
            let ((at, outcome, digest), rest) = postcard::take_from_bytes(body).map_err(|_| ENCODING)?;
            let end = End { at, time: Clock::new(hz).time_at(at.cycle), outcome, digest };
            let (counts, rest) = postcard::take_from_bytes(rest).map_err(|_| ENCODING)?;
            (end, Counts::without_clocks_and_outputs(counts), rest)
        } else {
            let (end, rest) = postcard::take_from_bytes(body).map_err(|_| ENCODING)?;
            let (counts, rest) = postcard::take_from_bytes(rest).map_err(|_| ENCODING)?;
            (end, counts, rest)
        };
        let (rows, rest) = match format {
            2 => (Vec::new(), rest),
            _ => postcard::take_from_bytes(rest).map_err(|_| ENCODING)?,
        };
        if rest != offset.to_le_bytes() { Err(ENCODING) } else { Ok(Ending { end, counts, rows }) }
    }
}
