//! Law 1: a replay has the state of the recording at every checkpoint and at the end.

use untick::{
    timeline::{Limits, Options, Timeline},
    trace::Log,
};

use crate::common::{Fixture, Recording, assert_same_events, events, for_each_fixture};

#[test]
fn a_replay_is_the_recording() {
    for_each_fixture(|fixture| {
        let recording = fixture.recording();
        check(&mut recording.replay(), &recording, "from memory");
    });
}

#[test]
fn a_replay_from_a_reopened_file_is_the_recording() {
    for_each_fixture(|fixture| {
        let recording = fixture.recording();
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("run.untick");
        std::fs::write(&file, &recording.bytes).unwrap();
        let log = Log::open(&file).unwrap();
        check(&mut Timeline::replay(log, Options::default()).unwrap(), &recording, "from a file");
    });
}

fn check(timeline: &mut Timeline, recording: &Recording, what: &str) {
    let outcome = timeline.run(&Limits::default(), &mut || false).unwrap();
    assert_eq!(outcome, recording.outcome, "{what}");
    assert_eq!(timeline.now().icount, recording.end, "{what}");
    assert_eq!(timeline.digest(), recording.digest, "{what}: the digest at the end");
    let compared = timeline.verify().unwrap();
    let digests = recording.log().summary().counts.expect("it is finished").digests;
    assert_eq!(compared, digests + 1, "{what}: digests on the way, and at the end");
    assert!(digests >= (recording.end - 1) / 1_000_000, "{what}: a digest for each million");
}

#[test]
fn a_live_run_replays_from_its_own_log() {
    for_each_fixture(|fixture| {
        let recording = fixture.recording();
        let (mut timeline, printed) = live_to_its_end(fixture);
        let digest = timeline.digest();
        assert_eq!(digest, recording.digest, "two recordings of one firmware are the same");
        timeline.verify().unwrap();
        timeline.finish().unwrap();
        timeline.verify().unwrap();
        assert_eq!((timeline.now(), timeline.digest()), (timeline.end(), digest));
        assert_eq!(printed.text(), recording.printed, "a replay prints nothing");
        assert_same_events(&events(timeline.log_mut()), &recording.events(), &fixture.name);
    });
}

fn live_to_its_end(fixture: &Fixture) -> (Timeline, crate::common::Printed) {
    let (mut timeline, printed) = fixture.live();
    timeline.run(&fixture.limits(), &mut || false).unwrap();
    (timeline, printed)
}
