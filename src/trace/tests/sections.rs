//! Sections: during a recording, behind its end, torn, damaged, and where they may not be added.

use std::{fs, sync::OnceLock};

use proptest::{collection::vec, prelude::*};

use super::*;
use crate::trace::{
    block::{BlockHead, HEAD_BYTES, Tag},
    table::{Ending, Row},
};

const KINDS: [SectionKind; 3] = [SectionKind::Keyframe, SectionKind::Index, SectionKind::Bookmarks];

/// What every section of these tests holds.
fn body(kind: SectionKind, icount: u64) -> Vec<u8> {
    format!("{kind} at {icount}, ").repeat(9).into_bytes()
}

fn add(log: &mut Log, kind: SectionKind, icount: u64) -> Result<(), TraceError> {
    log.add_section(kind, icount, &body(kind, icount))
}

/// The positions of all sections, each of which must be what was added; whether one is damaged.
pub fn check(log: &mut Log) -> bool {
    let all: Vec<Section> = KINDS.iter().flat_map(|kind| log.sections(*kind).collect::<Vec<_>>()).collect();
    let mut bad = false;
    for section in all {
        match log.read_section(section) {
            Ok(found) if found == b"more" => {}
            Ok(found) => assert_eq!(found, body(section.kind, section.icount)),
            Err(error) => {
                assert!(matches!(error, TraceError::Damaged { .. }), "{error}");
                bad = true;
            }
        }
    }
    bad
}

fn positions(log: &Log) -> [Vec<u64>; 3] {
    KINDS.map(|kind| log.sections(kind).map(|section| section.icount).collect())
}

/// A recording with a keyframe behind each chunk and an index, to which bookmarks were added twice.
fn record(path: &Path) -> Vec<Stamped> {
    let mut log = Log::create(path, header()).unwrap();
    let mut events = Vec::new();
    for chunk in 0..3 {
        for index in 0..50 {
            events.push(read(1000 * chunk + 9 * index, 0x4000_0000, index as u32 / 7));
            log.append(&events[events.len() - 1]).unwrap();
        }
        log.reached(moment(1000 * chunk + 900));
        add(&mut log, SectionKind::Keyframe, 1000 * chunk + 900).unwrap();
    }
    add(&mut log, SectionKind::Index, 2900).unwrap();
    log.finish(end(3000)).unwrap();
    drop(log);
    for icount in [17, 2500] {
        add(&mut Log::open(path).unwrap(), SectionKind::Bookmarks, icount).unwrap();
    }
    events
}

/// The bytes of [`record`].
pub fn finished() -> &'static (Vec<u8>, Vec<Stamped>) {
    static FILE: OnceLock<(Vec<u8>, Vec<Stamped>)> = OnceLock::new();
    FILE.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.untick");
        let events = record(&path);
        (fs::read(path).unwrap(), events)
    })
}

/// Where the end records of a good file end.
pub fn ends(bytes: &[u8]) -> impl Iterator<Item = usize> + '_ {
    blocks(bytes)
        .into_iter()
        .filter(|(_, head)| head.tag == Tag::End)
        .map(|(at, head)| at + head.length() as usize)
}

fn blocks(bytes: &[u8]) -> Vec<(usize, BlockHead)> {
    let mut all = Vec::new();
    let mut at = 12;
    while let Some(head) = bytes[at..].first_chunk::<HEAD_BYTES>() {
        let head = BlockHead::from_bytes(head).unwrap();
        all.push((at, head));
        at += head.length() as usize;
    }
    assert_eq!(at, bytes.len());
    all
}

fn refusal(result: Result<(), TraceError>) -> Option<Refusal> {
    match result {
        Err(TraceError::Refused { reason, .. }) => Some(reason),
        _ => None,
    }
}

#[test]
fn sections_come_back_while_a_run_is_recorded_and_from_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.untick");
    let mut log = Log::create(&path, header()).unwrap();
    log.append(&digest(5, 1)).unwrap();
    add(&mut log, SectionKind::Keyframe, 5).unwrap();
    assert_eq!(log.summary().chunks, 1, "what was recorded before is in the file");
    log.append(&digest(7, 1)).unwrap();
    log.reached(moment(8));
    add(&mut log, SectionKind::Index, 8).unwrap();
    add(&mut log, SectionKind::Keyframe, 8).unwrap();
    assert!(!check(&mut log));
    assert_eq!(positions(&log), [vec![5, 8], vec![8], vec![]]);

    log.finish(end(9)).unwrap();
    add(&mut log, SectionKind::Bookmarks, 6).unwrap();
    let mut opened = Log::open(&path).unwrap();
    assert_eq!((opened.damage(), opened.end()), (None, Some(&end(9))));
    for log in [&mut log, &mut opened] {
        assert!(!check(log));
        assert_eq!(positions(log), [vec![5, 8], vec![8], vec![6]]);
        assert_eq!(read_all(log).0, [digest(5, 1), digest(7, 1)]);
    }
    let summary = opened.summary();
    assert_eq!(summary, log.summary());
    assert_eq!(summary.keyframes.number, 2);
    assert_eq!(
        summary.keyframes.bytes,
        log.sections(SectionKind::Keyframe).map(|section| section.bytes).sum()
    );
}

#[test]
fn what_is_added_to_a_finished_file_changes_nothing_in_front_of_it() {
    let (bytes, events) = finished();
    let ends: Vec<usize> = ends(bytes).collect();
    assert_eq!(ends.len(), 3);
    for (count, &length) in ends.iter().enumerate() {
        let mut log = Log::from_bytes(bytes[..length].to_vec()).unwrap();
        assert_eq!((log.damage(), log.end()), (None, Some(&end(3000))));
        assert_eq!(&read_all(&mut log).0, events);
        assert_eq!(positions(&log), [vec![900, 1900, 2900], vec![2900], [17, 2500][..count].to_vec()]);
        assert!(!check(&mut log));
    }
}

#[test]
fn a_torn_addition_is_left_out_reported_and_written_over() {
    let (bytes, events) = finished();
    let [.., before, whole] = ends(bytes).collect::<Vec<_>>()[..] else { panic!("three ends") };
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.untick");
    for length in before + 1..whole {
        fs::write(&path, &bytes[..length]).unwrap();
        let mut log = Log::open(&path).unwrap();
        assert_eq!(log.end(), Some(&end(3000)), "{length}");
        assert_eq!(log.damage().map(|damage| damage.offset >= before as u64), Some(true));
        assert_eq!(log.lost_bytes(), (length - before) as u64);
        assert_eq!(positions(&log)[2], [17]);
        assert_eq!(&read_all(&mut log).0, events);

        add(&mut log, SectionKind::Bookmarks, 40).unwrap();
        for mut log in [log, Log::open(&path).unwrap()] {
            assert_eq!((log.damage(), log.lost_bytes()), (None, 0));
            assert_eq!(positions(&log)[2], [17, 40]);
            assert!(!check(&mut log));
        }
        assert_eq!(fs::read(&path).unwrap()[..before], bytes[..before]);
    }
}

#[test]
fn a_cut_recording_keeps_the_sections_that_it_reached() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.untick");
    let mut log = Log::create(&path, header()).unwrap();
    log.append(&digest(5, 1)).unwrap();
    log.reached(moment(100));
    for icount in [100, 101] {
        for kind in KINDS {
            add(&mut log, kind, icount).unwrap();
        }
    }
    drop(log);
    let mut log = Log::open(&path).unwrap();
    assert!(log.is_cut());
    assert_eq!(log.damage(), None);
    assert_eq!(positions(&log), [vec![100], vec![100], vec![100, 101]]);
    assert!(!check(&mut log));
    assert_eq!(refusal(add(&mut log, SectionKind::Bookmarks, 1)), Some(Refusal::Cut));

    // The chunk in front of them is damaged: what is behind it goes, too.
    let mut bytes = fs::read(&path).unwrap();
    let (chunk, _) = blocks(&bytes)[1];
    bytes[chunk + HEAD_BYTES] ^= 1;
    let log = Log::from_bytes(bytes).unwrap();
    assert_eq!(log.damage().map(|damage| damage.place), Some(Place::Chunk(0)));
    assert_eq!(positions(&log), [const { Vec::new() }; 3]);
}

#[test]
fn a_damaged_section_is_an_error_only_when_it_is_read() {
    let (bytes, events) = finished();
    let keyframe =
        blocks(bytes).into_iter().find(|(_, head)| head.tag == Tag::Section(SectionKind::Keyframe));
    let (at, _) = keyframe.unwrap();
    for damaged in [at + 33, at + HEAD_BYTES + 3] {
        let mut bytes = bytes.clone();
        bytes[damaged] ^= 4;
        let mut log = Log::from_bytes(bytes).unwrap();
        assert_eq!(log.damage(), None);
        assert_eq!(&read_all(&mut log).0, events);
        let sections: Vec<Section> = log.sections(SectionKind::Keyframe).collect();
        let error = log.read_section(sections[0]).unwrap_err().to_string();
        assert!(error.contains(&format!("keyframe at byte offset {at}: ")), "{error}");
        assert!(log.read_section(sections[1]).is_ok());
    }
}

#[test]
fn two_processes_do_not_write_over_each_others_additions() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.untick");
    fs::write(&path, &finished().0).unwrap();
    let (mut one, mut other) = (Log::open(&path).unwrap(), Log::open(&path).unwrap());
    add(&mut one, SectionKind::Bookmarks, 1).unwrap();
    add(&mut one, SectionKind::Bookmarks, 2).unwrap();
    let before = fs::read(&path).unwrap();
    assert_eq!(refusal(add(&mut other, SectionKind::Bookmarks, 3)), Some(Refusal::Changed));
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(positions(&other)[2], [17, 2500]);
    assert!(!check(&mut other), "it can still be read");
    assert_eq!(positions(&Log::open(&path).unwrap())[2], [17, 2500, 1, 2]);

    fs::remove_file(&path).unwrap();
    assert_eq!(refusal(add(&mut one, SectionKind::Bookmarks, 3)), Some(Refusal::Changed));
    assert!(!path.exists());
}

#[test]
fn a_read_only_file_stays_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.untick");
    fs::write(&path, &finished().0).unwrap();
    let mut permissions = fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).unwrap();
    let mut log = Log::open(&path).unwrap();
    let error = add(&mut log, SectionKind::Bookmarks, 1).unwrap_err();
    assert_eq!(error.to_string(), format!("nothing can be added to {}: it is read-only", path.display()));
    assert_eq!(fs::read(&path).unwrap(), finished().0);
}

#[test]
fn a_file_of_format_2_is_read_and_not_added_to() {
    let (bytes, events) = finished();
    // HEAD, the chunks without the sections, and an end record without a table.
    let mut old = bytes[..12].to_vec();
    old[8] = 2;
    let mut last = BlockHead::default();
    for (at, head) in blocks(bytes) {
        let block = &bytes[at..at + head.length() as usize];
        match head.tag {
            Tag::Header | Tag::Chunk => old.extend(block),
            Tag::End => last = head,
            Tag::Section(_) => {}
        }
    }
    let counts = Counts { reads: events.len() as u64, ..Counts::default() };
    // Neither the time of the end nor the number of changes of the clock was there.
    let ended = end(3000);
    let kinds: [u64; 10] = std::array::from_fn(|kind| if kind == 0 { counts.reads } else { 0 });
    let mut body = postcard::to_stdvec(&(ended.at, ended.outcome, ended.digest, kinds)).unwrap();
    body.extend((old.len() as u64).to_le_bytes());
    old.extend(BlockHead { items: 0, ..last }.to_block(body.len(), &body));

    let mut log = Log::from_bytes(old.clone()).unwrap();
    // 3005 cycles of 16 MHz.
    let expected = End { time: 187_812, ..end(3000) };
    assert_eq!((log.damage(), log.end()), (None, Some(&expected)));
    assert_eq!(&read_all(&mut log).0, events);
    assert_eq!(log.summary().counts, Some(counts));
    assert_eq!(refusal(add(&mut log, SectionKind::Bookmarks, 1)), Some(Refusal::Old(2)));
    old.truncate(old.len() - 1);
    assert!(Log::from_bytes(old).unwrap().is_cut());
}

#[test]
fn a_reader_sees_what_is_recorded_so_far_on_another_thread() {
    let directory = tempfile::tempdir().unwrap();
    for mut log in
        [Log::in_memory(header()), Log::create(&directory.path().join("a.untick"), header()).unwrap()]
    {
        let mut events = Vec::new();
        for icount in 0..1000 {
            events.push(read(icount, 0x4000_0000, (icount * icount) as u32));
            log.append(&events[icount as usize]).unwrap();
        }
        let mark = log.tail();
        add(&mut log, SectionKind::Keyframe, 900).unwrap();
        log.append(&digest(2000, 9)).unwrap();
        let mut reader = log.reader().unwrap();
        let read = std::thread::spawn(move || {
            let next = reader.peek(mark).unwrap();
            assert!(!check(&mut reader));
            assert_eq!(positions(&reader)[0], [900]);
            assert_eq!(refusal(add(&mut reader, SectionKind::Bookmarks, 1)), Some(Refusal::Cut));
            (read_all(&mut reader).0, next)
        });
        log.append(&digest(3000, 9)).unwrap();
        log.flush().unwrap();
        let (read, next) = read.join().unwrap();
        assert_eq!(read[..1000], events);
        assert_eq!(read[1000..], [digest(2000, 9)]);
        assert_eq!(next, Some(digest(2000, 9)));

        log.finish(end(3000)).unwrap();
        let mut reader = log.reader().unwrap();
        assert_eq!(reader.end(), Some(&end(3000)));
        assert_eq!(refusal(add(&mut reader, SectionKind::Bookmarks, 1)), Some(Refusal::ReadOnly));
        add(&mut log, SectionKind::Bookmarks, 1).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Tables with good checksums that lie: what is read is true all the same, or an error.
    #[test]
    fn tables_that_lie_are_not_believed(
        lies in vec((any::<prop::sample::Index>(), 0..4usize, any::<u32>()), 1..4),
        total in any::<bool>(),
    ) {
        let (bytes, events) = finished();
        let [first, ..] = ends(bytes).collect::<Vec<_>>()[..] else { panic!("three ends") };
        let (at, head) = blocks(&bytes[..first]).pop().unwrap();
        let body = &bytes[at + HEAD_BYTES..first];
        let mut ending = Ending::from_body(body, at as u64, FORMAT, 1).unwrap();
        for (index, what, by) in lies {
            let length = ending.rows.len();
            let row = &mut ending.rows[index.index(length)];
            match (what, row) {
                (0, Row::Chunk { stored, .. } | Row::Section { stored, .. }) => *stored ^= by % 64,
                (1, Row::Chunk { first, .. }) => *first ^= u64::from(by),
                (2, Row::Chunk { events, .. }) => *events = events.wrapping_add(u64::from(by) << 32),
                (1 | 2, Row::Section { icount, .. }) => *icount ^= u64::from(by),
                _ => ending.rows.swap(0, index.index(length)),
            }
        }
        let head = if total { BlockHead { events: 9, ..head } } else { head };
        let lying = [&bytes[..at], &ending.to_block(head, at as u64)].concat();
        let mut log = Log::from_bytes(lying).unwrap();
        let (read, error) = read_all(&mut log);
        prop_assert!(events.starts_with(&read));
        prop_assert!(read.len() == events.len() || error.is_some() || log.damage().is_some());
        check(&mut log);
        let _ = log.find(1500);
        log.summary();
    }
}
