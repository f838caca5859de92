//! Near a position that a step back has gone to, every way gives the state that execution gives.

use untick::{
    timeline::{Direction, Interrupts, Limits, Stop, Stops, Timeline, WatchKind, Watchpoint},
    words::Icount,
};

use crate::common::{Program, Random, events, for_each_fixture};

/// Icounts around a position in which the walk stays, more than the first step back records.
const WINDOW: Icount = 700;
/// Windows in each fixture.
const WINDOWS: usize = 4;
/// Moves in each window.
const MOVES: usize = 50;
/// Where the tape has checkpoints.
const INTERVAL: Icount = 1_000_000;

fn step(timeline: &mut Timeline, direction: Direction, interrupts: Interrupts) -> Stop {
    timeline.step(direction, &Stops::default(), interrupts, &mut || false).unwrap()
}

/// The digest at each position of a window, on the way forward by a timeline that never steps back.
fn executed(timeline: &mut Timeline, start: Icount, end: Icount) -> Vec<u64> {
    let digest_at = |icount| {
        timeline.seek(icount).unwrap();
        timeline.digest()
    };
    (start..=end).map(digest_at).collect()
}

/// Watchpoints that are not hit, or seldom, but may be.
fn some_watchpoint(timeline: &Timeline, random: &mut Random) -> Stops {
    let address = random.choose(&[0x2000_0000, timeline.registers().sp()]) + 4 * random.below(8) as u32;
    let kind = random.choose(&[WatchKind::Write, WatchKind::Read, WatchKind::Access]);
    Stops { watchpoints: vec![Watchpoint { address, length: 4, kind }], ..Stops::default() }
}

/// `expected` are the digests from `start` on.
fn walk(name: &str, timeline: &mut Timeline, start: Icount, expected: &[u64], random: &mut Random) {
    let end = start + expected.len() as Icount - 1;
    timeline.seek(start + (end - start) / 2).unwrap();
    for number in 0..MOVES {
        let before = timeline.now().icount;
        let direction = random.choose(&[Direction::Forward, Direction::Backward]);
        let interrupts = random.choose(&[Interrupts::Into, Interrupts::Skip]);
        let what = match random.below(16) {
            0..=7 => {
                let count = random.below(60);
                (0..count).for_each(|_| {
                    step(timeline, direction, interrupts);
                });
                format!("{count} steps {direction:?}, {interrupts:?}")
            }
            8..=11 => {
                let to = random.between(start, end);
                timeline.seek(to).unwrap();
                assert_eq!(timeline.now().icount, to);
                format!("seek to {to}")
            }
            12 => {
                let far = start.saturating_sub(random.below(50_000));
                timeline.seek(far).unwrap();
                step(timeline, Direction::Backward, Interrupts::Into);
                timeline.seek(before).unwrap();
                format!("seek to {far}, a step back, and a seek to where it was")
            }
            13..=14 => {
                let stops = some_watchpoint(timeline, random);
                (0..random.below(20)).for_each(|_| {
                    timeline.step(direction, &stops, interrupts, &mut || false).unwrap();
                });
                format!("steps {direction:?}, {interrupts:?}, with {stops:x?}")
            }
            _ => {
                let breakpoints = [timeline.registers().pc].into();
                let stops = Stops { breakpoints, ..Stops::default() };
                timeline.resume(Direction::Backward, &stops, &mut || true).unwrap();
                format!("resume backward with {stops:x?}")
            }
        };
        let here = timeline.now().icount;
        if !(start..=end).contains(&here) {
            timeline.seek(random.between(start, end)).unwrap();
        }
        let here = timeline.now().icount;
        let expected = expected[(here - start) as usize];
        assert_eq!(timeline.digest(), expected, "{name}: at {here}; move {number} was from {before}: {what}");
    }
}

#[test]
fn a_walk_near_a_position_meets_the_states_of_a_run() {
    for_each_fixture(|fixture| {
        let recording = fixture.recording();
        let mut random = Random::new(&fixture.name);
        let (mut timeline, mut executing) = (recording.replay(), recording.replay());
        let mut middles = recording.positions(WINDOWS, &mut random);
        middles.truncate(WINDOWS);
        if recording.end > INTERVAL {
            middles.push(INTERVAL * random.between(1, recording.end / INTERVAL));
        }
        for middle in middles {
            let start = middle.saturating_sub(WINDOW / 2);
            let end = (middle + WINDOW / 2).min(recording.end);
            let expected = executed(&mut executing, start, end);
            walk(&fixture.name, &mut timeline, start, &expected, &mut random);
        }
    });
}

/// The positions behind icounts that touch what is watched, found by execution.
fn touching(timeline: &mut Timeline, stops: &Stops, start: Icount, end: Icount) -> Vec<Icount> {
    let mut found = Vec::new();
    timeline.seek(start).unwrap();
    while timeline.now().icount < end {
        let here = timeline.now().icount;
        let stop = timeline.step(Direction::Forward, stops, Interrupts::Into, &mut || false).unwrap();
        if let Stop::Watchpoint { .. } = stop {
            found.push(here + 1);
            timeline.seek(here + 1).unwrap();
        }
    }
    found
}

/// What is recorded leaves watchpoints out that cannot be hit, and no others.
#[test]
fn a_step_back_stops_at_the_watchpoints_that_execution_finds() {
    for_each_fixture(|fixture| {
        let recording = fixture.recording();
        let mut random = Random::new(&fixture.name);
        let (mut timeline, mut executing) = (recording.replay(), recording.replay());
        for end in recording.positions(2 * WINDOWS, &mut random) {
            let start = end.saturating_sub(WINDOW / 2);
            timeline.seek(end).unwrap();
            let stops = some_watchpoint(&timeline, &mut random);
            let expected = touching(&mut executing, &stops, start, end);
            for here in (start + 1..=end).rev() {
                let stop = timeline.step(Direction::Backward, &stops, Interrupts::Into, &mut || false);
                let stopped = matches!(stop.unwrap(), Stop::Watchpoint { .. });
                let what = format!("{}: back from {here} with {stops:x?}", fixture.name);
                assert_eq!(stopped, expected.contains(&here), "{what}");
                if stopped {
                    assert_eq!(timeline.now().icount, here, "{what}");
                    step(&mut timeline, Direction::Backward, Interrupts::Into);
                }
                assert_eq!(timeline.now().icount, here - 1, "{what}");
            }
        }
    });
}

/// Far enough that records are made several times, and that the first of them go.
#[test]
fn a_long_way_back_and_forth_meets_the_states_of_a_run() {
    const WAY: Icount = 6_000;
    for_each_fixture(|fixture| {
        let recording = fixture.recording();
        let end = recording.end;
        let start = end.saturating_sub(WAY);
        let expected = executed(&mut recording.replay(), start, end);
        let mut timeline = recording.replay();
        timeline.seek(end).unwrap();
        let check = |timeline: &mut Timeline| {
            let here = timeline.now().icount;
            let expected = expected[(here - start) as usize];
            assert_eq!(timeline.digest(), expected, "{}: at {here}", fixture.name);
        };
        while timeline.now().icount > start {
            step(&mut timeline, Direction::Backward, Interrupts::Into);
            check(&mut timeline);
        }
        while timeline.now().icount < end {
            step(&mut timeline, Direction::Forward, Interrupts::Into);
            check(&mut timeline);
        }
    });
}

#[test]
fn what_follows_a_walk_in_the_past_of_a_live_run_is_what_would_have_been() {
    for_each_fixture(|fixture| {
        let recording = fixture.recording();
        let mut random = Random::new(&fixture.name);
        let (mut timeline, _) = fixture.live();
        for _ in 0..6 {
            let limit = random.below(recording.end.min(2 * INTERVAL) + 1);
            let limits = Limits { icount: Some(limit.max(timeline.now().icount)), time: None };
            timeline.run(&limits, &mut || false).unwrap();
            let present = timeline.now().icount;
            for _ in 0..random.below(40) {
                step(&mut timeline, Direction::Backward, Interrupts::Into);
            }
            if random.below(2) == 0 {
                timeline.seek(present).unwrap();
            } else {
                while timeline.now().icount < present {
                    step(&mut timeline, Direction::Forward, Interrupts::Into);
                }
            }
        }
        let end = fixture.limits();
        let outcome = timeline.run(&end, &mut || false).unwrap();
        assert_eq!(outcome, recording.outcome, "{}", fixture.name);
        assert_eq!(timeline.end().icount, recording.end, "{}", fixture.name);
        assert_eq!(timeline.digest(), recording.digest, "{}", fixture.name);
        timeline.finish().unwrap();
        crate::common::assert_same_events(&events(timeline.log_mut()), &recording.events(), &fixture.name);
    });
}

/// Stores each round to the same word, and to the next one.
fn stores() -> Program {
    // ldr r0, =0x20001000; loop: adds r1, #1; str r1, [r0]; adds r0, #4; b loop
    Program { code: vec![0x4802, 0x3101, 0x6001, 0x3004, 0xe7fb, 0xbf00, 0x1000, 0x2000], handlers: vec![] }
}

#[test]
fn steps_among_what_is_recorded_keep_no_checkpoints() {
    let mut timeline = stores().live();
    timeline.run(&Limits { icount: Some(100_000), time: None }, &mut || false).unwrap();
    step(&mut timeline, Direction::Backward, Interrupts::Into);
    let checkpoints = timeline.history().checkpoints;
    for direction in [Direction::Backward, Direction::Forward, Direction::Backward] {
        for _ in 0..200 {
            assert_eq!(step(&mut timeline, direction, Interrupts::Into), Stop::Stepped);
        }
    }
    assert_eq!(timeline.history().checkpoints, checkpoints);
    step(&mut timeline, Direction::Forward, Interrupts::Into);
    timeline.seek(99_800).unwrap();
    assert_eq!(timeline.history().checkpoints, checkpoints);
}

#[test]
fn what_is_recorded_counts_as_history() {
    let mut timeline = stores().live();
    timeline.run(&Limits { icount: Some(100_000), time: None }, &mut || false).unwrap();
    let before = timeline.history();
    step(&mut timeline, Direction::Backward, Interrupts::Into);
    let after = timeline.history();
    assert!(after.bytes > before.bytes + 256 * 100, "{before:?}, {after:?}");
}
