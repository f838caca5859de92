//! Searching finds what a look at each instruction finds, in both directions, however the history is cut into intervals,
//! whatever is known of them, and wherever that comes from.

use untick::{
    timeline::{Direction, Options, Stop, Stops, Timeline, WatchKind, Watchpoint},
    trace::Log,
    words::Icount,
};

use crate::{
    common::{Fixture, Random, Recording, for_each_fixture},
    scan::{Walk, backward, check_backward, check_forward, stops::some_stops},
};

/// A run of no more icounts is looked at as a whole, and searched more.
const SHORT: Icount = 7_000;
/// What is looked at of a longer run.
const STRETCH: Icount = 1_500;

/// A run, or a stretch of it.
fn walk(recording: &Recording, random: &mut Random) -> Walk {
    let (start, length) = if recording.end <= SHORT {
        (0, recording.end)
    } else {
        let positions = recording.positions(20, random);
        (random.choose(&positions).saturating_sub(random.below(STRETCH)), STRETCH)
    };
    Walk::of(&mut recording.replay_for_reference(), start, (start + length).min(recording.end))
}

/// Timelines of a run that know of it in different ways.
fn timelines(fixture: &Fixture, recording: &Recording) -> Vec<(&'static str, Timeline)> {
    let options = Options { interval: recording.interval(), ..Options::default() };
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("run.untick");
    let (mut live, _) = fixture.live_into(Log::create(&file, fixture.header()).unwrap(), options);
    live.run(&fixture.limits(), &mut || false).unwrap();
    live.finish().unwrap();
    let bytes = std::fs::read(&file).unwrap();
    let reopened = Timeline::replay(Log::from_bytes(bytes).unwrap(), Options::default()).unwrap();
    let mut visited = recording.replay_with(Options { history: 1 << 20, ..options });
    visited.seek(recording.end).unwrap();
    vec![("recorded", live), ("reopened", reopened), ("visited", visited)]
}

fn search(
    timeline: &mut Timeline,
    walk: &Walk,
    from: Icount,
    direction: Direction,
    stops: &Stops,
) -> Result<(), String> {
    timeline.seek(from).unwrap();
    if direction == Direction::Forward {
        // Behind the stretch nothing is known: no need to go far.
        let stop = timeline.resume(direction, stops, &mut || true).unwrap();
        return check_forward(timeline, walk, from, stops, &stop);
    }
    let expected = backward(walk, from, stops);
    let nothing = expected.as_ref().is_none_or(|(certain, _)| certain.is_none());
    // Where nothing is to be found in the stretch, the way to reset may be too long.
    let stop = timeline.resume(direction, stops, &mut || nothing && walk.start > 0).unwrap();
    check_backward(timeline, walk, from, expected, &stop)
}

#[test]
fn a_search_finds_what_a_look_at_each_instruction_finds() {
    for_each_fixture(|fixture| {
        let recording = fixture.recording();
        let mut random = Random::new(&fixture.name);
        let walk = walk(&recording, &mut random);
        let searches = if recording.end <= SHORT { 80 } else { 10 };
        for (what, mut timeline) in timelines(fixture, &recording) {
            for _ in 0..searches {
                let from = random.between(walk.start, walk.end());
                let stops = some_stops(&walk, &mut random);
                let direction =
                    random.choose(&[Direction::Backward, Direction::Backward, Direction::Forward]);
                if let Err(error) = search(&mut timeline, &walk, from, direction, &stops) {
                    panic!("{}, {what}, with {stops:x?}: {error}", fixture.name);
                }
                let here = timeline.now().icount;
                if let Some(seen) = walk.at(here) {
                    assert_eq!(timeline.digest(), seen.digest, "{}, {what}: at {here}", fixture.name);
                }
            }
        }
    });
}

/// All the way back, from hit to hit: none is left out, none comes twice.
#[test]
fn a_search_finds_every_hit_of_a_run() {
    for name in ["medley", "medley on mps2-an386", "context", "units", "fault-cases-v8m", "fault-cases-v6m"] {
        let fixture = Fixture::find(name);
        let recording = fixture.recording();
        assert!(recording.end <= SHORT, "{name} is short");
        let mut random = Random::new(name);
        let walk = walk(&recording, &mut random);
        for (what, mut timeline) in timelines(&fixture, &recording) {
            for _ in 0..3 {
                let stops = some_stops(&walk, &mut random);
                timeline.seek(recording.end).unwrap();
                loop {
                    let from = timeline.now().icount;
                    let expected = backward(&walk, from, &stops);
                    let stop = timeline.resume(Direction::Backward, &stops, &mut || false).unwrap();
                    if let Err(error) = check_backward(&timeline, &walk, from, expected, &stop) {
                        panic!("{name}, {what}, with {stops:x?}: {error}");
                    }
                    // A search begins behind an access, and finds it: go in front of it.
                    if let Stop::Watchpoint { .. } = stop {
                        timeline.seek(timeline.now().icount - 1).unwrap();
                    }
                    if timeline.now().icount == 0 {
                        break;
                    }
                }
            }
        }
    }
}

/// What writes to memory is known without trust in watchpoints, and without knowledge of instructions: compare it.
#[test]
fn a_watchpoint_for_writes_finds_every_change() {
    for_each_fixture(|fixture| {
        let recording = fixture.recording();
        let mut random = Random::new(&fixture.name);
        let mut timeline = recording.replay_for_reference();
        for start in recording.positions(4, &mut random) {
            let end = (start + 400).min(recording.end);
            timeline.seek(start).unwrap();
            // On the stack, or among the variables, which are where RAM begins.
            let stack = timeline.registers().sp().wrapping_sub(32) & !7;
            let variables = 0x2000_0000 + 32 * random.below(4) as u32;
            let address = random.choose(&[stack, variables]);
            let look = |timeline: &Timeline| {
                let mut bytes = [0; 32];
                timeline.peek(address, &mut bytes).map(|()| bytes)
            };
            let mut changed = Vec::new();
            while timeline.now().icount < end {
                let before = look(&timeline);
                timeline.seek(timeline.now().icount + 1).unwrap();
                if look(&timeline) != before {
                    changed.push(timeline.now().icount);
                }
            }
            let watch = Watchpoint { address, length: 32, kind: WatchKind::Write };
            let stops = Stops { watchpoints: vec![watch], ..Stops::default() };
            let mut found = Vec::new();
            while changed.len() > found.len() {
                let stop = timeline.resume(Direction::Backward, &stops, &mut || false).unwrap();
                assert!(matches!(stop, Stop::Watchpoint { .. }), "{}: {stop:?}", fixture.name);
                found.insert(0, timeline.now().icount);
                timeline.seek(timeline.now().icount - 1).unwrap();
            }
            assert_eq!(found, changed, "{}: {address:#x} from {start}", fixture.name);
        }
    });
}
