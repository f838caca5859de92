//! Searching backwards finds what a look at each instruction finds.

use std::mem::discriminant;

use untick::{
    timeline::{Direction, Interrupts, Stop, Stops, Timeline, WatchKind, Watchpoint},
    words::Icount,
};

use crate::common::{Random, for_each_fixture};

/// Instructions in a window that is searched one by one.
const WINDOW: Icount = 400;
/// Windows in each fixture.
const WINDOWS: usize = 12;

/// Something to stop at, and the position at which travel backwards is told about it: at a breakpoint, or behind the
/// access to watched memory.
type Hit = (Icount, Stop);

fn step(timeline: &mut Timeline, stops: &Stops) -> Stop {
    timeline.step(Direction::Forward, stops, Interrupts::Into, &mut || false).unwrap()
}

/// The exceptions that are active, as bits.
fn active(timeline: &Timeline) -> Vec<u32> {
    let nvic = &timeline.state().nvic;
    nvic.active.iter().copied().chain([nvic.system_active.into()]).collect()
}

/// All hits between two positions, found by a look at each instruction on its way forward.
fn scan(timeline: &mut Timeline, stops: &Stops, from: Icount, to: Icount) -> Vec<Hit> {
    let watchpoints = Stops { breakpoints: Default::default(), ..stops.clone() };
    timeline.seek(from).unwrap();
    let mut hits = Vec::new();
    while timeline.now().icount < to {
        let (here, pc, before) = (timeline.now().icount, timeline.registers().pc, active(timeline));
        let mut stop = step(timeline, &watchpoints);
        if let Stop::Watchpoint { .. } = stop {
            hits.push((here + 1, stop));
            // In front of an instruction, or behind what the core itself has written: stacking, the host's answers.
            stop =
                if timeline.now().icount > here { Stop::Stepped } else { step(timeline, &Stops::default()) };
        }
        assert!(matches!(stop, Stop::Stepped | Stop::End(_)), "{stop:?} at {here}");
        assert_eq!(timeline.now().icount, here + 1);
        // An exception that was taken in front of the instruction: it has not been reached.
        let entered = active(timeline).iter().zip(before).any(|(now, before)| now & !before != 0);
        let faulted = timeline.fault().is_some_and(|fault| fault.at.icount == here);
        if stops.breakpoints.contains(&pc) && (!entered || faulted) {
            hits.push((here, Stop::Breakpoint));
        }
    }
    hits
}

/// Breakpoints at instructions of the window, and watchpoints where its registers point.
fn some_stops(timeline: &mut Timeline, from: Icount, to: Icount, random: &mut Random) -> Stops {
    let mut stops = Stops::default();
    let breakpoints = random.below(4);
    for _ in 0..breakpoints {
        timeline.seek(random.between(from, to)).unwrap();
        // Sometimes the instruction behind: one that is skipped, faults, or is the last of its block.
        let behind = 2 * random.below(3) as u32;
        stops.breakpoints.insert(timeline.registers().pc + behind);
    }
    for _ in 0..random.below(3) + u64::from(breakpoints == 0) {
        timeline.seek(random.between(from, to)).unwrap();
        let registers = timeline.registers();
        let mut places = vec![registers.sp(), registers.sp().wrapping_sub(8)];
        places.extend(registers.r.iter().filter(|address| **address >> 28 == 2));
        let address = random.choose(&places).wrapping_add(4 * random.below(4) as u32);
        let kind = random.choose(&[WatchKind::Write, WatchKind::Read, WatchKind::Access]);
        let length = random.choose(&[1, 2, 4, 4, 4, 12]);
        stops.watchpoints.push(Watchpoint { address, length, kind });
    }
    stops
}

#[test]
fn the_last_hit_is_the_one_that_a_look_at_each_instruction_finds() {
    for_each_fixture(|fixture| {
        let recording = fixture.recording();
        let mut random = Random::new(&fixture.name);
        let mut timeline = recording.replay();
        let mut looker = recording.replay();
        for start in recording.positions(WINDOWS, &mut random) {
            let end = (start + WINDOW).min(recording.end);
            let stops = some_stops(&mut looker, start, end, &mut random);
            let hits = scan(&mut looker, &stops, start, end);
            for _ in 0..4 {
                let from = random.between(start, end);
                // Behind an access counts where travel begins, a breakpoint there does not.
                let counts = |hit: &&Hit| hit.0 < from || hit.0 == from && hit.1 != Stop::Breakpoint;
                let expected = hits.iter().filter(counts).map(|hit| hit.0).max();
                timeline.seek(from).unwrap();
                // Where nothing is to be found in the window, the way to reset is too long.
                let stop = timeline.resume(Direction::Backward, &stops, &mut || expected.is_none()).unwrap();
                let found = timeline.now().icount;
                let what = format!("{}: back from {from} with {stops:x?}: {stop:?} at {found}", fixture.name);
                match expected {
                    None if stop == Stop::Interrupted => assert_eq!(found, from, "{what}"),
                    None => assert!(found <= start, "{what}, nothing was expected"),
                    Some(expected) => {
                        assert_eq!(found, expected, "{what}, {hits:?}");
                        // Of several watchpoints, which one an instruction touches first depends on the direction.
                        let same = |hit: &Hit| hit.0 == found && discriminant(&hit.1) == discriminant(&stop);
                        assert!(hits.iter().any(same), "{what}");
                    }
                }
                looker.seek(found).unwrap();
                assert_eq!(timeline.digest(), looker.digest(), "{what}: at {found}");
            }
        }
    });
}

/// What writes to memory is known without trust in watchpoints: compare it.
#[test]
fn a_watchpoint_for_writes_finds_every_change() {
    for_each_fixture(|fixture| {
        let recording = fixture.recording();
        let mut random = Random::new(&fixture.name);
        let mut timeline = recording.replay();
        for start in recording.positions(WINDOWS, &mut random) {
            let end = (start + WINDOW).min(recording.end);
            timeline.seek(start).unwrap();
            // On the stack, or among the variables, which are where RAM begins.
            let stack = timeline.registers().sp().wrapping_sub(32) & !7;
            let variables = 0x2000_0000 + 32 * random.below(4) as u32;
            let address = random.choose(&[stack, variables]);
            let stops = Stops {
                watchpoints: vec![Watchpoint { address, length: 32, kind: WatchKind::Write }],
                ..Stops::default()
            };
            let found: Vec<Icount> =
                scan(&mut timeline, &stops, start, end).into_iter().map(|hit| hit.0).collect();
            let look = |timeline: &Timeline| {
                let mut bytes = [0; 32];
                timeline.peek(address, &mut bytes).map(|()| bytes)
            };
            timeline.seek(start).unwrap();
            let mut changed = Vec::new();
            while timeline.now().icount < end {
                let before = look(&timeline);
                step(&mut timeline, &Stops::default());
                if look(&timeline) != before {
                    changed.push(timeline.now().icount);
                }
            }
            assert_eq!(found, changed, "{}: {address:#x} from {start}", fixture.name);
        }
    });
}
