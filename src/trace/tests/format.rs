//! The bytes of format version 4, written by hand from its description: a change here is a new version.

use super::*;
use crate::trace::{
    chunk::Chunk,
    codec::{Encoder, decode},
    table::{Ending, Row},
};

/// A small chunk and its body before compression.
fn example() -> (Vec<Stamped>, Vec<u8>) {
    let line = |icount, asserted| Stamped { icount, event: Event::Line { irq: 37, asserted } };
    let input = Event::Input { device: "u".into(), bytes: b"A".to_vec() };
    let events = vec![
        read(1000, 0x4000_0018, 0x80),
        read(1005, 0x4000_0018, 0x80),
        read(1010, 0x4000_0018, 0x80),
        read(1015, 0x4000_0018, 0x83),
        write(1015, 0x4000_0004, 0x41),
        line(1200, true),
        line(1200, false),
        Stamped { icount: 1300, event: input },
        digest(1300, 0x0807_0605_0403_0201),
        Stamped { icount: 1300, event: Event::Read { address: 4, width: Width::Byte, value: None } },
        read(1301, 0x4000_0018, 0x82),
        full_digest(),
        full_digest(),
    ];
    let mut body = vec![8]; // channels
    body.extend([0, 0x98, 0x80, 0x80, 0x80, 0x04, 2, 1]); // Read 0x4000_0018 Word, relative
    body.extend([2, 0x84, 0x80, 0x80, 0x80, 0x04, 2, 0]); // Write 0x4000_0004 Word, plain
    body.extend([4, 37, 0]); // Raised
    body.extend([5, 37, 0]); // Lowered
    body.extend([9, 0]); // Rare
    body.extend([7, 0]); // Digest
    body.extend([1, 4, 0, 0]); // ReadFault 4 Byte
    body.extend([10, 0]); // Digest
    body.extend([11, 1, 0, 2, 4, 6, 8, 10, 12, 0, 14, 14]); // codes
    body.extend([12, 0, 5, 0, 0xb9, 0x01, 0, 100, 0, 0, 1, 0, 0]); // icounts
    body.extend([13, 0x80, 0x02, 6, 0x41, 1, 2, 3, 4, 5, 6, 7, 8, 1]); // values: +0x80, +3, 0x41, digest, −1
    body.extend([2, 5, 1]); // runs: 5 icounts apart, 3 events
    body.extend([1, 6, 1, b'u', 1, b'A']); // rare events: Input
    body.extend([1, 0, 0, 0, 0, 0, 0, 0].repeat(2)); // digests: all
    body.extend([2, 0, 0, 0, 0, 0, 0, 0].repeat(2)); // sum
    body.extend([3, 0, 0, 0].repeat(2)); // weighted
    for bucket in 0..8 {
        body.extend([bucket, 0]); // the second has the same
    }
    for register in 0..18 {
        body.extend([register, 0, 0, 0, register, 0, 0, 0]);
    }
    (events, body)
}

fn full_digest() -> Stamped {
    let memory = MemoryDigest { sum: 2, weighted: 3, buckets: std::array::from_fn(|bucket| bucket as u8) };
    let detail = Detail { registers: std::array::from_fn(|register| register as u32), memory };
    Stamped { icount: 1301, event: Event::Digest(Digest { all: 1, detail: Some(Box::new(detail)) }) }
}

#[test]
fn a_chunk_is_encoded_as_described() {
    let (events, body) = example();
    let mut chunk = Chunk::default();
    for stamped in &events {
        chunk.append(stamped);
    }
    assert_eq!(Encoder::default().encode(&chunk), body);
    let mut decoded = Chunk::default();
    decode(&body, 11, 1000, &mut decoded).unwrap();
    assert_eq!(decoded, chunk);
}

#[test]
fn a_file_is_laid_out_as_described() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.untick");
    let (events, body) = example();
    let mut log = Log::create(&path, header()).unwrap();
    for stamped in &events {
        log.append(stamped).unwrap();
    }
    log.reached(moment(1400));
    log.add_section(SectionKind::Keyframe, 1350, b"state").unwrap();
    log.finish(end(1400)).unwrap();
    log.add_section(SectionKind::Bookmarks, 1100, b"here").unwrap();
    let bytes = std::fs::read(path).unwrap();

    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let long = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
    assert_eq!(bytes[..12], *b"\x89UNTICK\n\x04\0\0\0");
    assert_eq!(bytes[12..16], *b"HEAD");
    let chunk = 12 + 60 + word(12 + 8) as usize;
    assert_eq!(bytes[chunk..chunk + 4], *b"CHNK");
    let stored = word(chunk + 8) as usize;
    let found = [4, 12, 16].map(|at| word(chunk + at));
    assert_eq!(found, [0, body.len() as u32, 11], "number, raw, items");
    let found = [24, 32, 40, 48].map(|at| long(chunk + at));
    assert_eq!(found, [13, 1000, 1400, 1405], "events, first, reached");
    let frame = &bytes[chunk + 60..chunk + 60 + stored];
    assert_eq!(word(chunk + 20), crc32fast::hash(frame));
    assert_eq!(word(chunk + 56), crc32fast::hash(&bytes[chunk..chunk + 56]));
    assert_eq!(zstd::decode_all(frame).unwrap(), body);

    let section = chunk + 60 + stored;
    assert_eq!(bytes[section..section + 4], *b"KEYF");
    let found = [4, 12, 16].map(|at| word(section + at));
    assert_eq!(found, [1, 5, 0], "chunks before it, raw, no items");
    assert_eq!([24, 32, 40].map(|at| long(section + at)), [0, 1350, 1400], "events, position, reached");
    let of_section = word(section + 8) as usize;
    assert_eq!(zstd::decode_all(&bytes[section + 60..][..of_section]).unwrap(), b"state");

    let end = section + 60 + of_section;
    assert_eq!(bytes[end..end + 4], *b"ENDR");
    assert_eq!([word(end + 4), word(end + 16)], [1, 0], "chunks, no items");
    assert_eq!([24, 32, 40].map(|at| long(end + at)), [13, 1301, 1400]);
    let low = |length: usize| [length as u8 & 0x7f | 0x80, (length >> 7) as u8];
    let mut table = [&[2, 0][..], &low(stored), &[0xe8, 0x07, 13]].concat(); // a chunk, first 1000, 13 events
    table.extend([1, 0, of_section as u8, 0xc6, 0x0a]); // a keyframe, at 1350
    table.extend((end as u64).to_le_bytes());
    assert!(bytes[..end + 60 + word(end + 8) as usize].ends_with(&table));

    // What is added later goes behind it.
    let section = end + 60 + word(end + 8) as usize;
    assert_eq!(bytes[section..section + 4], *b"BOOK");
    assert_eq!(long(section + 32), 1100);
    let of_section = word(section + 8) as usize;
    let end = section + 60 + of_section;
    assert_eq!(bytes[end..end + 4], *b"ENDR");
    assert_eq!([24, 32, 40].map(|at| long(end + at)), [13, 1301, 1400]);
    let mut table = vec![1, 1, 2, of_section as u8, 0xcc, 0x08]; // bookmarks, at 1100
    table.extend((end as u64).to_le_bytes());
    assert!(bytes.ends_with(&table));
    assert_eq!(bytes.len(), end + 60 + word(end + 8) as usize);
}

#[test]
fn an_end_record_of_format_3_has_no_clock() {
    let of = |end: End| (end.at, end.outcome, end.digest);
    let counts: [u64; 10] = std::array::from_fn(|kind| kind as u64);
    let mut body = postcard::to_stdvec(&(of(end(1400)), counts, Vec::<Row>::new())).unwrap();
    body.extend(7u64.to_le_bytes());
    let ending = Ending::from_body(&body, 7, 3, 1_000_000).unwrap();
    // The run has come to cycle 1405.
    assert_eq!(ending.end, End { time: 1_405_000, ..end(1400) });
    assert_eq!(
        ending.counts,
        Counts {
            writes: 1,
            bus_faults: 2,
            lines: 3,
            sleeps: 4,
            memory: 5,
            host: 6,
            inputs: 7,
            resets: 8,
            digests: 9,
            ..Counts::default()
        }
    );
    assert!(Ending::from_body(&body, 7, 4, 1_000_000).is_err());
}

#[test]
fn the_header_comes_back_with_the_firmwares_sha256() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.untick");
    let firmware = b"abc".to_vec();
    drop(Log::create(&path, Header { firmware, ..header() }).unwrap());
    let log = Log::open(&path).unwrap();
    // FIPS 180-2, B.1.
    let sha256 = log.header().sha256().map(|byte| format!("{byte:02x}")).concat();
    assert_eq!(sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!(log.header(), &Header { firmware: b"abc".to_vec(), ..header() });
}
