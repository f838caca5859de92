//! Law 3: slicing is invisible. A live run in slices, or with a debugger that stops and travels, records the same
//! events and passes through the same states as one in one go.

use untick::{
    timeline::{
        Direction, Interrupts, Limits, Options, Outcome, Stop, Stops, Timeline, WatchKind, Watchpoint,
    },
    trace::Log,
    words::Icount,
};

use crate::common::{Fixture, HISTORIES, Random, Recording, assert_same_events, events, for_each_fixture};

/// Places in a run around which every instruction is a slice.
const WINDOWS: usize = 8;

/// What a session at a debugger does, one thing after the other.
const TURNS: usize = 16;

/// Runs live in slices, the lengths of which are told by `slice`, and compares with the recording.
fn in_slices(fixture: &Fixture, what: &str, mut slice: impl FnMut(Icount) -> Icount) {
    let recording = fixture.recording();
    let what = format!("{}, {what}", fixture.name);
    let (mut timeline, printed) = fixture.live();
    while timeline.now().icount < recording.end {
        let from = timeline.now().icount;
        let to = (from + slice(from)).min(recording.end);
        let outcome = timeline.run(&Limits { icount: Some(to), time: None }, &mut || false).unwrap();
        let here = timeline.now().icount;
        assert!(here == to || outcome != Outcome::Limit, "{what}: at {here} instead of {to}");
        assert!(here > from, "{what}: stuck at {here}, {outcome:?}");
    }
    compare(&recording, &mut timeline, &what);
    assert_eq!(printed.text(), recording.printed, "{what}");
}

fn compare(recording: &Recording, timeline: &mut Timeline, what: &str) {
    timeline.finish().unwrap();
    assert_same_events(&events(timeline.log_mut()), &recording.events(), what);
    assert_eq!(timeline.now().icount, recording.end, "{what}");
    assert_eq!(timeline.digest(), recording.digest, "{what}: the digest at the end");
}

#[test]
fn a_run_in_slices_is_the_same_run() {
    for_each_fixture(|fixture| {
        let scale = 1 + fixture.recording().end / 2_000_000;
        in_slices(fixture, "slices of a prime", |_| 9973 * scale);
        in_slices(fixture, "slices of a power of two", |_| 4096 * scale);
        let mut random = Random::new(&fixture.name);
        in_slices(fixture, "slices of any length", |_| {
            let longest = 1 << random.below(15);
            1 + random.below(longest) * scale
        });
    });
}

#[test]
fn a_run_in_single_steps_is_the_same_run() {
    for_each_fixture(|fixture| {
        let recording = fixture.recording();
        let mut random = Random::new(&fixture.name);
        let windows = recording.positions(WINDOWS, &mut random);
        let near = |at: Icount| windows.iter().any(|window| window.abs_diff(at) < 100);
        let next = |at: Icount| {
            windows.iter().map(|window| window.saturating_sub(99)).filter(|start| *start > at).min()
        };
        in_slices(fixture, "single steps", |at| {
            if near(at) { 1 } else { next(at).map_or(Icount::MAX / 2, |next| next - at) }
        });
        in_slices(fixture, "steps of seven", |at| {
            if near(at) { 7 } else { next(at).map_or(Icount::MAX / 2, |next| next - at) }
        });
    });
}

#[test]
fn states_inside_a_run_in_slices_are_those_of_a_replay_in_one_go() {
    for_each_fixture(|fixture| {
        let recording = fixture.recording();
        let mut random = Random::new(&fixture.name);
        let windows = recording.positions(WINDOWS, &mut random);
        let mut straight = recording.replay_for_reference();
        let mut sliced = recording.replay();
        for window in windows {
            let start = window.saturating_sub(30);
            sliced.seek(start).unwrap();
            // A step back leaves a checkpoint near: the way from there is short, but longer than a block.
            straight.seek(start).unwrap();
            straight.step(Direction::Backward, &Stops::default(), Interrupts::Into, &mut || false).unwrap();
            while sliced.now().icount < (window + 30).min(recording.end) {
                let to = sliced.now().icount + 1;
                sliced.run(&Limits { icount: Some(to), time: None }, &mut || false).unwrap();
                assert_eq!(sliced.now().icount, to, "{}", fixture.name);
                straight.seek(start.saturating_sub(200)).unwrap();
                straight.seek(to).unwrap();
                if straight.state() != sliced.state() || straight.digest() != sliced.digest() {
                    panic!("{}: at {to}\n{:?}\n{:?}", fixture.name, straight.state(), sliced.state());
                }
            }
        }
    });
}

/// A session: what somebody at a debugger does, over and over.
#[test]
fn a_run_with_a_debugger_in_between_is_the_same_run() {
    for_each_fixture(|fixture| {
        for options in HISTORIES {
            session(fixture, options);
        }
    });
}

fn session(fixture: &Fixture, options: Options) {
    let recording = fixture.recording();
    let what = format!("{}, {options:?}", fixture.name);
    let mut random = Random::new(&what);
    let (mut timeline, printed) = fixture.live_into(Log::in_memory(fixture.header()), options);
    let mut reference = recording.replay_for_reference();
    let mut doing = String::new();
    for turn in 0..TURNS {
        let goal = random.between(0, recording.end);
        doing = match random.below(8) {
            0 => {
                let goal = goal.max(timeline.end().icount);
                let limits = Limits { icount: Some(goal), time: None };
                timeline.run(&limits, &mut || false).unwrap();
                format!("run to {goal}")
            }
            1 => {
                timeline.seek(goal).unwrap();
                format!("seek to {goal}")
            }
            2 | 3 => {
                let direction = if random.below(2) == 0 { Direction::Forward } else { Direction::Backward };
                let interrupts = if random.below(2) == 0 { Interrupts::Skip } else { Interrupts::Into };
                let mut stops = Vec::new();
                for _ in 0..random.below(6) {
                    stops.push(
                        timeline.step(direction, &Stops::default(), interrupts, &mut || false).unwrap(),
                    );
                }
                format!("step {direction:?} {interrupts:?}: {stops:?}")
            }
            _ => {
                let stops = some_stops(&timeline, &mut reference, recording.end, &mut random);
                let direction = if random.below(3) > 0 { Direction::Forward } else { Direction::Backward };
                // Breakpoints that are hit for ever: not past the end of the recording, and not for long.
                let mut left = 3;
                let stop = timeline.resume(direction, &stops, &mut || {
                    left -= 1;
                    left == 0
                });
                format!("resume {direction:?} with {stops:?}: {:?}", stop.unwrap())
            }
        };
        let here = timeline.now().icount;
        if here <= recording.end {
            reference.seek(here).unwrap();
            if reference.digest() != timeline.digest() {
                let (found, expected) = (timeline.state(), reference.state());
                panic!("{what}: turn {turn}: {doing}\nat {here}: {found:?}\ninstead of {expected:?}");
            }
        }
        if timeline.end().icount >= recording.end {
            break;
        }
    }
    let limits = Limits { icount: Some(recording.end.max(timeline.end().icount)), time: None };
    timeline.run(&limits, &mut || false).unwrap();
    timeline.seek(recording.end).unwrap();
    let what = format!("{what}, after {doing}");
    assert_eq!(timeline.digest(), recording.digest, "{what}: the digest at the end");
    let expected = recording.comparable(recording.events());
    let mut found = recording.comparable(events(timeline.log_mut()));
    // A fixture without an end may have been taken further.
    found.truncate(expected.len().max(found.partition_point(|event| event.icount < recording.end)));
    assert_same_events(&found, &expected, &what);
    assert!(printed.text().starts_with(&recording.printed), "{what}: prints");
}

/// Breakpoints where the firmware really comes by, and memory around its stack pointer and registers.
fn some_stops(timeline: &Timeline, elsewhere: &mut Timeline, end: Icount, random: &mut Random) -> Stops {
    let mut stops = Stops { faults: random.below(2) == 0, ..Stops::default() };
    for _ in 0..random.below(3) {
        elsewhere.seek(random.between(0, end)).unwrap();
        stops.breakpoints.insert(elsewhere.registers().pc);
    }
    if random.below(2) == 0 {
        let address = timeline.registers().sp().wrapping_sub(4 * random.below(8) as u32);
        let kind = random.choose(&[WatchKind::Write, WatchKind::Read, WatchKind::Access]);
        stops.watchpoints.push(Watchpoint { address, length: 4, kind });
    }
    stops
}

/// What the sessions above rely on.
#[test]
fn the_end_of_a_live_run_is_a_stop() {
    let fixture = Fixture::find("hello");
    let (mut timeline, _) = fixture.live();
    let stop = timeline.resume(Direction::Forward, &Stops::default(), &mut || false).unwrap();
    assert_eq!(stop, Stop::End(Outcome::Exit(0)));
}
