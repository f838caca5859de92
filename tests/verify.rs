//! `untick replay --verify` on a recording that was changed, from the command line: the verdict has the source line.

#![expect(clippy::unwrap_used, reason = "in helpers of tests, too, a panic is a failed test")]

#[path = "common/mod.rs"]
mod common;

use std::{path::Path, process::Command};

use untick::{
    pins::{Event, Stamped},
    trace::Log,
};

use common::Fixture;

/// What `--verify` says, and its exit code.
fn verify(trace: &Path) -> (String, Option<i32>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_untick"));
    let output = command.arg("replay").arg(trace).arg("--verify").output().unwrap();
    (String::from_utf8(output.stderr).unwrap(), output.status.code())
}

/// The recording of a fixture with other events, in a file.
fn forge(fixture: &Fixture, trace: &Path, alter: impl Fn(&mut Stamped)) {
    let mut log = fixture.recording().log();
    let mut forged = Log::create(trace, log.header().clone()).unwrap();
    let mut mark = log.start();
    while let Some(mut stamped) = log.read(&mut mark).unwrap() {
        alter(&mut stamped);
        forged.append(&stamped).unwrap();
    }
    forged.finish(log.end().unwrap().clone()).unwrap();
}

#[test]
fn the_verdict_on_a_changed_recording_names_function_and_line() {
    let directory = tempfile::tempdir().unwrap();
    let trace = directory.path().join("a.untick");
    let fixture = Fixture::find("hello");
    forge(&fixture, &trace, |_| ());
    let (text, code) = verify(&trace);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("match over"), "{text}");

    // Another letter was sent.
    forge(&fixture, &trace, |stamped| {
        if let Event::Write { value: value @ 0x68, .. } = &mut stamped.event {
            *value = 0x6a;
        }
    });
    let (text, code) = verify(&trace);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("a.untick: the replay is not the recording\n"), "{text}");
    for part in ["the core writes the", " 0x68 to 0x40004000; recorded is a ", " 0x6a written to 0x40004000"]
    {
        assert!(text.contains(part), "{text}");
    }
    let place = text.lines().find(|line| line.trim_start().starts_with("instruction")).unwrap();
    assert!(place.contains(", uart_") || place.contains(".c:") || place.contains(".h:"), "{place}");
    assert!(text.contains("running and stepping agree: the recording was changed"), "{text}");
}
