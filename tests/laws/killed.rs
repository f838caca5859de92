//! A recording that is killed replays as far as it was written.

use std::{
    path::Path,
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use untick::{
    timeline::{Limits, Options, Outcome, Timeline},
    trace::Log,
};

use crate::common::Fixture;

fn untick() -> Command {
    Command::new(env!("CARGO_BIN_EXE_untick"))
}

/// How far the recording in a file has come, if there is one already.
fn reached(file: &Path) -> u64 {
    Log::open(file).map_or(0, |log| log.reached_moment().icount)
}

#[test]
fn a_recording_that_is_killed_replays_as_far_as_it_was_written() {
    let fixture = Fixture::find("cpu-endless");
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("killed.untick");
    let mut recorder = untick()
        .arg("record")
        .arg(fixture.elf())
        .args(["--board", &fixture.board, "-o"])
        .arg(&file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while reached(&file) == 0 && start.elapsed() < Duration::from_secs(60) {
        sleep(Duration::from_millis(20));
    }
    recorder.kill().unwrap(); // SIGKILL: there are no last words
    assert!(!recorder.wait().unwrap().success());

    let log = Log::open(&file).unwrap();
    assert!(log.is_cut());
    assert_eq!(log.damage(), None, "chunks are written whole");
    let reached = log.reached_moment();
    assert!(reached.icount > 0, "nothing was written in a minute");
    let mut timeline = Timeline::replay(log, Options::default()).unwrap();
    assert_eq!(timeline.run(&Limits::default(), &mut || false).unwrap(), Outcome::Cut);
    assert_eq!((timeline.now(), timeline.end()), (reached, reached));
    let compared = timeline.verify().unwrap();
    let millions = reached.icount / 1_000_000;
    // The digest at the very end may be in the chunk that was lost.
    assert!((millions.saturating_sub(1)..=millions).contains(&compared), "{compared} of {millions} digests");
    timeline.seek(reached.icount / 2).unwrap();
    assert_eq!(timeline.now().icount, reached.icount / 2);

    let info = untick().arg("info").arg(&file).output().unwrap();
    let text = String::from_utf8(info.stdout).unwrap();
    assert!(info.status.success() && text.contains("cut"), "{text}");
}
