//! Blocks: what a trace file consists of. 60 bytes, then a body.

use super::{Problem, SectionKind};
use crate::words::{Icount, Moment};

/// Bytes in front of a body.
pub(super) const HEAD_BYTES: usize = 60;
/// Most items in a chunk that is read.
const MOST_ITEMS: u32 = 65536;
/// Most bytes of a chunk before compression.
pub(super) const MOST_CHUNK: u32 = 32 << 20;
/// Most bytes of a header, a section or an end record before compression.
pub(super) const MOST_HEADER: u32 = 512 << 20;

/// What a block holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Tag {
    /// The header.
    Header,
    /// Events.
    #[default]
    Chunk,
    /// What the timeline keeps beside the events.
    Section(SectionKind),
    /// An end record.
    End,
}

impl Tag {
    const ALL: [Tag; 6] = [
        Tag::Header,
        Tag::Chunk,
        Tag::Section(SectionKind::Keyframe),
        Tag::Section(SectionKind::Index),
        Tag::Section(SectionKind::Bookmarks),
        Tag::End,
    ];

    fn bytes(self) -> [u8; 4] {
        match self {
            Tag::Header => *b"HEAD",
            Tag::Chunk => *b"CHNK",
            Tag::Section(SectionKind::Keyframe) => *b"KEYF",
            Tag::Section(SectionKind::Index) => *b"INDX",
            Tag::Section(SectionKind::Bookmarks) => *b"BOOK",
            Tag::End => *b"ENDR",
        }
    }
}

/// The 60 bytes in front of a body; the fields are explained in the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct BlockHead {
    pub tag: Tag,
    pub number: u32,
    pub stored: u32,
    pub raw: u32,
    pub items: u32,
    pub checksum: u32,
    pub events: u64,
    pub first: Icount,
    pub reached: Moment,
}

impl BlockHead {
    /// Puts lengths and checksum of the body in.
    pub fn with_body(self, raw: usize, body: &[u8]) -> BlockHead {
        let checksum = crc32fast::hash(body);
        BlockHead { raw: raw as u32, stored: body.len() as u32, checksum, ..self }
    }

    /// The whole block, with this body.
    pub fn to_block(self, raw: usize, body: &[u8]) -> Vec<u8> {
        [&self.with_body(raw, body).to_bytes()[..], body].concat()
    }

    /// The length of the whole block.
    pub fn length(&self) -> u64 {
        HEAD_BYTES as u64 + u64::from(self.stored)
    }

    /// As it stands in the file.
    pub fn to_bytes(self) -> [u8; HEAD_BYTES] {
        let mut bytes = [0; HEAD_BYTES];
        bytes[..4].copy_from_slice(&self.tag.bytes());
        let words = [self.number, self.stored, self.raw, self.items, self.checksum];
        for (place, word) in bytes[4..24].chunks_exact_mut(4).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        let longs = [self.events, self.first, self.reached.icount, self.reached.cycle];
        for (place, long) in bytes[24..56].chunks_exact_mut(8).zip(longs) {
            place.copy_from_slice(&long.to_le_bytes());
        }
        let checksum = crc32fast::hash(&bytes[..56]);
        bytes[56..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// From the file.
    pub fn from_bytes(bytes: &[u8; HEAD_BYTES]) -> Result<BlockHead, Problem> {
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let long = |at: usize| u64::from(word(at)) | u64::from(word(at + 4)) << 32;
        if crc32fast::hash(&bytes[..56]) != word(56) {
            return Err(Problem::HeaderChecksum);
        }
        let tag = Tag::ALL.into_iter().find(|tag| tag.bytes() == bytes[..4]);
        let head = BlockHead {
            tag: tag.ok_or(Problem::Misplaced)?,
            number: word(4),
            stored: word(8),
            raw: word(12),
            items: word(16),
            checksum: word(20),
            events: long(24),
            first: long(32),
            reached: Moment { icount: long(40), cycle: long(48) },
        };
        head.check_limits()?;
        Ok(head)
    }

    fn check_limits(&self) -> Result<(), Problem> {
        let limit = match self.tag {
            Tag::Header | Tag::Section(_) | Tag::End => MOST_HEADER,
            Tag::Chunk => MOST_CHUNK,
        };
        // An incompressible body grows a little.
        for (bytes, limit) in [(self.raw, limit), (self.stored, limit + limit / 128)] {
            if bytes > limit {
                return Err(Problem::TooLarge { bytes, limit });
            }
        }
        if self.items > MOST_ITEMS {
            return Err(Problem::Encoding("it has more items than a chunk may have"));
        }
        Ok(())
    }

    /// Checks a body and decompresses it.
    pub fn unpack(&self, body: &[u8]) -> Result<Vec<u8>, Problem> {
        self.check(body)?;
        let mut raw = Vec::new();
        // The length is bounded, but the memory of the host may be smaller still.
        raw.try_reserve_exact(self.raw as usize).map_err(|_| Problem::Compression)?;
        let mut decompressor = zstd::bulk::Decompressor::new().map_err(|_| Problem::Compression)?;
        let length = decompressor.decompress_to_buffer(body, &mut raw).map_err(|_| Problem::Compression)?;
        if length != self.raw as usize { Err(Problem::Compression) } else { Ok(raw) }
    }

    /// Checks a body.
    pub fn check(&self, body: &[u8]) -> Result<(), Problem> {
        if crc32fast::hash(body) != self.checksum { Err(Problem::Checksum) } else { Ok(()) }
    }
}

/// Compresses a body.
pub(super) fn pack(raw: &[u8]) -> Vec<u8> {
    // Level 3 takes half as long again for a recording as a whole, and the columns do not get smaller on average.
    zstd::bulk::compress(raw, 1).expect("compression in memory has nothing that can fail")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_back_and_every_damaged_bit_shows() {
        let head = BlockHead {
            tag: Tag::End,
            number: 7,
            items: 9,
            events: 1 << 40,
            first: u64::MAX,
            reached: Moment { icount: 3, cycle: 1 << 63 },
            ..BlockHead::default()
        }
        .with_body(12, b"some body");
        let bytes = head.to_bytes();
        assert_eq!(BlockHead::from_bytes(&bytes), Ok(head));
        for bit in 0..8 * HEAD_BYTES {
            let mut damaged = bytes;
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(BlockHead::from_bytes(&damaged), Err(Problem::HeaderChecksum), "bit {bit}");
        }
    }

    #[test]
    fn refuses_lengths_that_no_writer_makes() {
        let bytes = BlockHead { stored: u32::MAX, ..BlockHead::default() }.to_bytes();
        assert!(matches!(BlockHead::from_bytes(&bytes), Err(Problem::TooLarge { bytes: u32::MAX, .. })));
    }

    #[test]
    fn refuses_a_body_of_another_length() {
        let body = pack(&[1; 1000]);
        for raw in [0, 999, 1001, MOST_CHUNK as usize] {
            let head = BlockHead::default().with_body(raw, &body);
            assert_eq!(head.unpack(&body), Err(Problem::Compression));
        }
        assert_eq!(BlockHead::default().with_body(1000, &body).unpack(&body), Ok(vec![1; 1000]));
    }
}
