//! Bookmarks: those that come by themselves, and those that outlive the timeline.

use untick::{
    timeline::{Bookmarks, Kept, Options, Query, Timeline},
    trace::Log,
    words::Icount,
};

use crate::common::{Fixture, Recording};

fn shown(bookmarks: &Bookmarks) -> Vec<(&str, Icount)> {
    bookmarks.all().iter().map(|bookmark| (&*bookmark.name, bookmark.icount)).collect()
}

#[test]
fn faults_resets_and_last_words_have_bookmarks() {
    let recording = Fixture::find("lastwords").recording();
    let mut timeline = recording.replay();
    let bookmarks = timeline.bookmarks().clone();
    let names: Vec<&str> = shown(&bookmarks).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["assert-1", "reset-1", "fault-1", "panic-1"]);
    let at = |name: &str| bookmarks.find(name).unwrap().icount;
    let note = |name: &str| &*bookmarks.find(name).unwrap().note;
    assert_eq!(note("assert-1"), "assertion \"reading < LIMIT\" failed: file \"lastwords.c\", line 7");
    assert_eq!(note("panic-1"), "panicked at src/main.rs:7:5:");
    assert_eq!(note("fault-1"), "UsageFault");

    timeline.seek(recording.end).unwrap();
    // Where the first byte of a message is sent.
    let first = timeline.last(&Query::Output { text: b"a".to_vec() }).unwrap().unwrap();
    assert!(first.at.icount > at("panic-1"));
    timeline.seek(at("assert-1") + 1).unwrap();
    let first = timeline.last(&Query::Output { text: b"a".to_vec() }).unwrap().unwrap();
    assert_eq!(first.at.icount, at("assert-1"));
    // At the instruction that faults, and in front of the reset.
    timeline.seek(at("fault-1")).unwrap();
    let mut instruction = [0; 2];
    timeline.peek(timeline.registers().pc, &mut instruction).unwrap();
    assert_eq!(instruction, [0x01, 0xde], "udf #1");
    timeline.seek(at("reset-1") + 1).unwrap();
    let reset = timeline.registers().pc;
    timeline.seek(0).unwrap();
    assert_eq!(timeline.registers().pc, reset);
}

#[test]
fn each_reset_and_fault_has_its_bookmark() {
    let all = |name: &str| {
        let recording = Fixture::find(name).recording();
        shown(recording.replay().bookmarks()).iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(all("reset"), ["reset-1", "reset-2", "reset-3", "reset-4"]);
    assert_eq!(all("crash"), ["fault-1"]);
    assert!(all("faults").len() > 10, "{:?}", all("faults"));
    assert_eq!(all("cpu"), [""; 0]);
}

/// However the run is cut into pieces, the same things happen at the same places.
#[test]
fn bookmarks_do_not_depend_on_stops() {
    let fixture = Fixture::find("lastwords");
    let recording = fixture.recording();
    let (mut timeline, _) = fixture.live();
    for limit in (0..=recording.end).step_by(997).chain([u64::MAX]) {
        let limits = untick::timeline::Limits { icount: Some(limit), time: None };
        timeline.run(&limits, &mut || false).unwrap();
        timeline.seek(timeline.end().icount / 2).unwrap();
        timeline.seek(Icount::MAX).unwrap();
    }
    timeline.finish().unwrap();
    assert_eq!(timeline.bookmarks().all(), recording.replay().bookmarks().all());
}

fn open(file: &std::path::Path) -> Timeline {
    Timeline::replay(Log::open(file).unwrap(), Options::default()).unwrap()
}

#[test]
fn bookmarks_outlive_the_timeline() {
    let recording: std::sync::Arc<Recording> = Fixture::find("lastwords").recording();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("run.untick");
    std::fs::write(&file, &recording.bytes).unwrap();
    let mut timeline = open(&file);
    assert_eq!(timeline.set_bookmark("first", 1000), Ok(Kept::InTrace));
    assert_eq!(timeline.set_bookmark("second", 2000), Ok(Kept::InTrace));
    assert_eq!(timeline.delete_bookmark("panic-1"), Ok(Kept::InTrace));
    drop(timeline);
    let mut timeline = open(&file);
    let names = |timeline: &Timeline| {
        shown(timeline.bookmarks()).iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&timeline), ["first", "second", "assert-1", "reset-1", "fault-1"]);
    assert_eq!(timeline.set_bookmark("first", 3000), Ok(Kept::InTrace));
    assert_eq!(timeline.delete_bookmark("second"), Ok(Kept::InTrace));
    drop(timeline);
    let mut timeline = open(&file);
    assert_eq!(names(&timeline), ["first", "assert-1", "reset-1", "fault-1"]);
    assert!(timeline.verify().unwrap() > 0);
    assert!(timeline.set_bookmark("far", recording.end + 1).is_err());
}

#[test]
fn a_trace_that_cannot_be_written_keeps_bookmarks_for_now() {
    let recording = Fixture::find("lastwords").recording();
    // The end is missing: it was killed.
    let bytes = recording.bytes[..recording.bytes.len() - 20].to_vec();
    let mut timeline = Timeline::replay(Log::from_bytes(bytes).unwrap(), Options::default()).unwrap();
    let kept = timeline.set_bookmark("here", 0).unwrap();
    assert!(matches!(&kept, Kept::ForNow(why) if why.contains("cut")), "{kept:?}");
    assert_eq!(timeline.bookmarks().find("here").map(|bookmark| bookmark.icount), Some(0));
}
