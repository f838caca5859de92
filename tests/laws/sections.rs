//! What is kept in a trace to open it quickly changes no answer: keyframes, and the index of what intervals did.

use untick::{
    timeline::{Direction, Options, Stop, Stops, Timeline, WatchKind, Watchpoint},
    trace::{Log, SectionKind},
    words::Icount,
};

use crate::common::{Fixture, Random, for_each_fixture};

/// So short that small fixtures have an index and keyframes.
const SHORT: Icount = 500;
/// So long that none has.
const LONG: Icount = 1 << 40;
/// Of longer runs, this much is recorded.
const MOST: Icount = 100_000;
/// Searches in each fixture.
const SEARCHES: usize = 8;

fn options(interval: Icount) -> Options {
    Options { interval, ..Options::default() }
}

/// The file of a run that was recorded with such intervals.
fn record(fixture: &Fixture, interval: Icount) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("run.untick");
    let log = Log::create(&file, fixture.header()).unwrap();
    let (mut timeline, _) = fixture.live_into(log, options(interval));
    let limit = fixture.limits().icount.unwrap_or(MOST).min(MOST);
    let limits = untick::timeline::Limits { icount: Some(limit), time: None };
    timeline.run(&limits, &mut || false).unwrap();
    timeline.finish().unwrap();
    drop(timeline);
    std::fs::read(&file).unwrap()
}

fn open(bytes: &[u8], interval: Icount) -> Timeline {
    Timeline::replay(Log::from_bytes(bytes.to_vec()).unwrap(), options(interval)).unwrap()
}

#[test]
fn a_keyframe_is_what_execution_gives() {
    for_each_fixture(|fixture| {
        let bytes = record(fixture, SHORT);
        let mut log = Log::from_bytes(bytes.clone()).unwrap();
        let keyframes: Vec<_> = log.sections(SectionKind::Keyframe).collect();
        let end = open(&bytes, SHORT).end().icount;
        assert_eq!(keyframes.is_empty(), end < 16 * SHORT, "{}: {end}", fixture.name);
        // Each in a timeline of its own, entered from nowhere; then on from there, and back.
        let mut executed = open(&bytes, LONG);
        for section in keyframes {
            assert!(log.read_section(section).is_ok());
            let mut entered = open(&bytes, SHORT);
            for to in [section.icount, section.icount + SHORT / 3, section.icount, section.icount - SHORT / 3]
            {
                entered.seek(to).unwrap();
                executed.seek(to).unwrap();
                assert_eq!(entered.now(), executed.now());
                assert_eq!(entered.digest(), executed.digest(), "{} at {to}", fixture.name);
            }
        }
    });
}

fn some_stops(timeline: &mut Timeline, random: &mut Random) -> Stops {
    let mut stops = Stops::default();
    let end = timeline.end().icount;
    for _ in 0..1 + random.below(2) {
        timeline.seek(random.below(end)).unwrap();
        let registers = timeline.registers();
        let place = random.choose(&registers.r);
        match random.below(3) {
            0 if place >> 28 == 2 => {
                let kind = random.choose(&[WatchKind::Write, WatchKind::Write, WatchKind::Access]);
                stops.watchpoints.push(Watchpoint { address: place & !3, length: 4, kind });
            }
            1 => drop(stops.breakpoints.insert(registers.pc + 2)),
            _ => drop(stops.breakpoints.insert(registers.pc)),
        }
    }
    stops
}

/// Where travel backwards from a position stops, three times in a row.
fn answers(timeline: &mut Timeline, from: Icount, stops: &Stops) -> Vec<(Icount, Stop)> {
    timeline.seek(from).unwrap();
    let mut stop = || {
        let stop = timeline.resume(Direction::Backward, stops, &mut || false).unwrap();
        (timeline.now().icount, stop)
    };
    vec![stop(), stop(), stop()]
}

#[test]
fn an_index_changes_no_answer() {
    for_each_fixture(|fixture| {
        let bytes = record(fixture, SHORT);
        let mut random = Random::new(&fixture.name);
        // With the index of the file, with one that is learnt on the way, and with none.
        let mut indexed = open(&bytes, SHORT);
        let bytes = record(fixture, LONG);
        let mut learning = open(&bytes, SHORT);
        let mut executed = open(&bytes, LONG);
        let end = executed.end().icount;
        assert_eq!(indexed.history().indexed, end / SHORT * SHORT, "{}", fixture.name);
        for _ in 0..SEARCHES {
            let stops = some_stops(&mut executed, &mut random);
            let from = random.between(1, end);
            let expected = answers(&mut executed, from, &stops);
            assert_eq!(
                answers(&mut indexed, from, &stops),
                expected,
                "{}: {stops:?} from {from}",
                fixture.name
            );
            assert_eq!(
                answers(&mut learning, from, &stops),
                expected,
                "{}: {stops:?} from {from}",
                fixture.name
            );
        }
    });
}
