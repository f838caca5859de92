//! Searching backwards finds what a look at each instruction finds.

use untick::{
    timeline::{Direction, Interrupts, Stop, Stops, Timeline, WatchKind, Watchpoint},
    words::Icount,
};

use crate::common::{Random, for_each_fixture};

/// Instructions in a window that is searched one by one.
const WINDOW: Icount = 600;
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
            assert_eq!(timeline.now().icount, here, "a watchpoint stops in front of its instruction");
            hits.push((here + 1, stop));
            stop = step(timeline, &Stops::default());
        }
        assert!(matches!(stop, Stop::Stepped | Stop::End(_)), "{stop:?} at {here}");
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
            for _ in 0..6 {
                let from = random.between(start, end);
                timeline.seek(from).unwrap();
                let stop = timeline.resume(Direction::Backward, &stops, &mut || false).unwrap();
                let found = timeline.now().icount;
                // Behind an access counts where travel begins, a breakpoint there does not.
                let counts = |hit: &&Hit| hit.0 < from || hit.0 == from && hit.1 != Stop::Breakpoint;
                let what = format!("{}: back from {from} with {stops:x?}", fixture.name);
                match hits.iter().filter(counts).map(|hit| hit.0).max() {
                    None => assert!(found <= start, "{what}: {stop:?} at {found}, nothing was expected"),
                    Some(expected) => {
                        assert_eq!(found, expected, "{what}: {stop:?}, {hits:?}");
                        assert!(hits.contains(&(found, stop.clone())), "{what}: {stop:?} at {found}");
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
fn a_watchpoint_for_writes_finds_every_change_by_an_instruction() {
    for_each_fixture(|fixture| {
        let recording = fixture.recording();
        let mut random = Random::new(&fixture.name);
        let mut timeline = recording.replay();
        for start in recording.positions(WINDOWS, &mut random) {
            let end = (start + WINDOW).min(recording.end);
            timeline.seek(start).unwrap();
            let address = timeline.registers().sp().wrapping_sub(32) & !7;
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
                let (before, exceptions) = (look(&timeline), active(&timeline));
                step(&mut timeline, &Stops::default());
                // Stacking is no access of an instruction.
                let entered =
                    active(&timeline).iter().zip(exceptions).any(|(now, before)| now & !before != 0);
                if look(&timeline) != before && !entered {
                    changed.push(timeline.now().icount);
                }
            }
            assert_eq!(found, changed, "{}: {address:#x} from {start}", fixture.name);
        }
    });
}
