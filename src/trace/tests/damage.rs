//! Killed recordings, damaged files and files that are no traces.

use std::{fs, sync::OnceLock};

use proptest::{collection::vec, prelude::*};

use super::*;
use crate::trace::{block::BlockHead, block::HEAD_BYTES, chunk::Chunk, codec::Encoder, codec::decode};

/// The bytes of a finished file with three chunks, and its events.
fn finished() -> &'static (Vec<u8>, Vec<Stamped>) {
    static FILE: OnceLock<(Vec<u8>, Vec<Stamped>)> = OnceLock::new();
    FILE.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.untick");
        let events = three_chunks(&path);
        (fs::read(path).unwrap(), events)
    })
}

/// Where the blocks begin: header, chunks, end, and the end of the file.
fn blocks(bytes: &[u8]) -> Vec<usize> {
    let mut offsets = vec![12];
    while let Some(head) = bytes[offsets[offsets.len() - 1]..].first_chunk::<HEAD_BYTES>() {
        let stored = BlockHead::from_bytes(head).unwrap().stored;
        offsets.push(offsets[offsets.len() - 1] + HEAD_BYTES + stored as usize);
    }
    assert_eq!(offsets.len(), 6);
    offsets
}

fn message(bytes: &[u8]) -> String {
    Log::from_bytes(bytes.to_vec()).unwrap_err().to_string()
}

#[test]
fn a_killed_recording_replays_up_to_its_last_chunk() {
    let directory = tempfile::tempdir().unwrap();
    let (path, copy) = (directory.path().join("a.untick"), directory.path().join("b.untick"));
    let mut log = Log::create(&path, header()).unwrap();
    log.append(&digest(5, 1)).unwrap();
    log.reached(moment(6));
    log.flush().unwrap();
    log.append(&digest(8, 2)).unwrap();
    // What is on the disk now is all that a SIGKILL leaves.
    fs::copy(&path, &copy).unwrap();

    let mut killed = Log::open(&copy).unwrap();
    assert!(killed.is_cut());
    assert_eq!((killed.end(), killed.damage(), killed.reached_moment()), (None, None, moment(6)));
    assert_eq!(read_all(&mut killed).0, [digest(5, 1)]);
    assert!(matches!(killed.append(&digest(9, 3)), Err(TraceError::Finished { .. })));
    drop(killed);
    assert_eq!(fs::read(&copy).unwrap(), fs::read(&path).unwrap(), "reading changes nothing");

    drop(log);
    assert_eq!(
        read_all(&mut Log::open(&path).unwrap()).0,
        [digest(5, 1), digest(8, 2)],
        "an error loses nothing"
    );
}

#[test]
fn a_recording_without_events_says_how_far_it_came() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.untick");
    let mut log = Log::create(&path, header()).unwrap();
    for icount in [100, 200] {
        log.reached(moment(icount));
        log.flush().unwrap();
        log.flush().unwrap();
        assert_eq!(Log::open(&path).unwrap().reached_moment(), moment(icount));
    }
    assert_eq!(log.summary().chunks, 2, "nothing new is not written");
}

#[test]
fn what_is_no_trace_is_said_so() {
    let (bytes, _) = finished();
    assert!(message(b"").contains("is not an untick trace"));
    assert!(message(b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0").contains("is not an untick trace"));
    assert!(message(&bytes[..7]).contains("is not an untick trace"));
    let missing = Log::open(Path::new("/does/not/exist.untick")).unwrap_err();
    assert!(missing.to_string().starts_with("cannot open /does/not/exist.untick: "), "{missing}");
    let directory = tempfile::tempdir().unwrap();
    assert!(matches!(Log::open(directory.path()), Err(TraceError::Io { .. })));

    let mut newer = bytes.clone();
    newer[8] = 5;
    assert!(
        message(&newer).contains("has trace format 5, this untick reads formats 2 to 4"),
        "{}",
        message(&newer)
    );
}

#[test]
fn a_recording_that_cannot_be_written_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("missing/a.untick");
    let error = Log::create(&path, header()).unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot create {}: ", path.display())), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_and_a_device_is_not_removed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.untick");
    std::os::unix::fs::symlink("/dev/full", &path).unwrap();
    let error = Log::create(&path, header()).unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot write {}: ", path.display())), "{error}");
    assert!(fs::symlink_metadata(&path).is_ok());
}

#[test]
fn a_damaged_header_is_refused_by_offset() {
    let (bytes, _) = finished();
    assert!(message(&bytes[..10]).ends_with("header at byte offset 8: the file ends inside it"));
    assert!(message(&bytes[..100]).ends_with("header at byte offset 12: the file ends inside it"));
    let mut damaged = bytes.clone();
    damaged[80] ^= 1;
    assert!(message(&damaged).ends_with("header at byte offset 12: its contents fail the checksum"));
}

#[test]
fn a_damaged_chunk_in_the_middle_is_an_error_when_it_is_reached() {
    let (bytes, events) = finished();
    let blocks = blocks(bytes);
    // In the body: the chunk behind it stays readable.
    let mut body = bytes.clone();
    body[blocks[2] + 70] ^= 0x10;
    let mut log = Log::from_bytes(body).unwrap();
    assert_eq!((log.damage(), log.end()), (None, Some(&end(3000))));
    let (read, error) = read_all(&mut log);
    assert_eq!(read, events[..200]);
    let expected = format!("chunk 1 at byte offset {}: its contents fail the checksum", blocks[2]);
    assert!(error.unwrap().to_string().ends_with(&expected));
    let mark = log.find(2001).unwrap();
    assert_eq!(log.peek(mark).unwrap().as_ref(), Some(&events[401]));

    // In its header: where the blocks are is known from the end record, too.
    let mut head = bytes.clone();
    head[blocks[2] + 9] ^= 0x10;
    let mut log = Log::from_bytes(head).unwrap();
    assert_eq!((log.damage(), log.end()), (None, Some(&end(3000))));
    let (read, error) = read_all(&mut log);
    assert_eq!(read, events[..200]);
    let damage =
        Damage { place: Place::Chunk(1), offset: blocks[2] as u64, problem: Problem::HeaderChecksum };
    assert!(matches!(error, Some(TraceError::Damaged { damage: found, .. }) if found == damage));
    let mut tail = log.tail();
    assert_eq!(log.read_back(&mut tail).unwrap().as_ref(), Some(&events[599]));
}

#[test]
fn a_damaged_tail_is_left_out_and_reported() {
    let (bytes, events) = finished();
    let blocks = blocks(bytes);
    let cut = |length: usize| bytes[..length].to_vec();
    let mut flipped = cut(blocks[4]);
    flipped[blocks[3] + 65] ^= 1;
    let zeroed = [&bytes[..blocks[3]], &[0; 200]].concat();
    for (bytes, problem) in [
        (cut(blocks[3] + 10), Problem::Truncated),
        (cut(blocks[3] + 70), Problem::Truncated),
        (flipped, Problem::Checksum),
        (zeroed, Problem::HeaderChecksum),
    ] {
        let length = bytes.len();
        let mut log = Log::from_bytes(bytes).unwrap();
        assert!(log.is_cut());
        let damage = Damage { place: Place::Chunk(2), offset: blocks[3] as u64, problem };
        assert_eq!(log.damage(), Some(damage));
        assert_eq!(log.lost_bytes(), (length - blocks[3]) as u64);
        assert_eq!(log.reached_moment(), moment(1900));
        let (read, error) = read_all(&mut log);
        assert!(error.is_none(), "{error:?}");
        assert_eq!(read, events[..400]);
        assert_eq!(log.summary().counts.unwrap().reads, 200);
    }
}

#[test]
fn a_damaged_end_record_leaves_the_events() {
    let (bytes, events) = finished();
    let mut damaged = bytes.clone();
    let last = damaged.len() - 20;
    damaged[last] ^= 1;
    let mut log = Log::from_bytes(damaged).unwrap();
    assert!(log.is_cut());
    assert_eq!(
        log.damage().map(|damage| (damage.place, damage.problem)),
        Some((Place::End, Problem::Checksum))
    );
    assert_eq!(&read_all(&mut log).0, events);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever happens to a file: no panic, never a wrong event or section, never a loss that nothing tells of.
    #[test]
    fn damage_never_goes_unseen(
        with_sections: bool,
        flips in vec((any::<prop::sample::Index>(), 1..=255u8), 0..4),
        cut in any::<Option<prop::sample::Index>>(),
        more in vec(any::<u8>(), 0..3),
    ) {
        let (original, events) = if with_sections { sections::finished() } else { finished() };
        let mut bytes = original.clone();
        for (index, bits) in flips {
            bytes[index.index(original.len())] ^= bits;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(original.len()));
        }
        bytes.extend(more);
        // Where an addition ends, a file ends as well.
        let intact = sections::ends(original).any(|end| bytes == original[..end]);
        let Ok(mut log) = Log::from_bytes(bytes) else { return Ok(()) };
        let (read, error) = read_all(&mut log);
        prop_assert!(events.starts_with(&read));
        let bad_section = sections::check(&mut log);
        let told = log.is_cut() || log.damage().is_some() || error.is_some() || bad_section;
        prop_assert_eq!(told, !intact);
        if log.is_cut() && error.is_none() && read.len() < events.len() {
            prop_assert!(log.reached_moment().icount <= events[read.len()].icount);
        }
        if error.is_none() && !log.is_cut() {
            prop_assert_eq!(read.len(), events.len());
        }
        let summary = log.summary();
        prop_assert!(summary.chunks <= 3);
        let mut mark = log.tail();
        while let Ok(Some(_)) = log.read_back(&mut mark) {}
        let _ = log.find(1500);
        let _ = log.add_section(SectionKind::Bookmarks, 1, b"more");
        prop_assert!(events.starts_with(&read_all(&mut log).0));
    }

    /// A body whose checksum was made to fit.
    #[test]
    fn decoding_takes_any_bytes(
        flips in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        items in prop_oneof![Just(None), any::<u16>().prop_map(Some)],
        first in prop_oneof![Just(0), any::<u64>()],
    ) {
        let mut chunk = Chunk::default();
        for stamped in &finished().1[..60] {
            chunk.append(stamped);
        }
        for icount in 500..505 {
            chunk.append(&Stamped { icount, event: Event::Memory { address: 1, bytes: vec![1, 2, 3] } });
            chunk.append(&Stamped { icount, event: Event::Reset });
            chunk.append(&digest(icount, 99));
            chunk.append(&detailed(icount, 99, 5));
        }
        let items = items.map_or(chunk.items().len() as u32, u32::from);
        let mut body = Encoder::default().encode(&chunk).to_vec();
        for (index, byte) in flips {
            let index = index.index(body.len());
            body[index] = byte;
        }
        let mut decoded = Chunk::default();
        if decode(&body, items, first, &mut decoded).is_ok() {
            prop_assert_eq!(decoded.items().len() as u32, items);
            for item in decoded.items() {
                prop_assert!(item.last_icount() >= item.icount);
                decoded.event(item, item.count - 1);
            }
        }
    }

    #[test]
    fn decoding_takes_noise(body in vec(any::<u8>(), 0..300), items: u32) {
        let _ = decode(&body, items % 70_000, 0, &mut Chunk::default());
    }
}
