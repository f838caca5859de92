//! What an adversary does to a timeline, and what must come of it.

use untick::{
    timeline::{Direction, Interrupts, Limits, Stop, Stops, Timeline, WatchKind, Watchpoint},
    words::Icount,
};

use super::walk::{Hit, Walk};
use crate::common::Random;

/// One thing to do. It says all by itself, so that those around it can be left out.
#[derive(Clone, Debug)]
pub enum Op {
    /// To a position.
    Seek(Icount),
    /// To a position this far from here.
    Near(i64),
    /// Forward or backward to what stops.
    Resume(Direction, Stops),
    /// Single steps.
    Step(Direction, Interrupts, u64, Stops),
    /// Forward by so much, live at the end of the history.
    Slice(Icount),
    /// A look at this many bytes of memory, a device or the system control space.
    Look(u32, usize),
    /// The digest, which keeps hashes of pages for the next time.
    Digest,
}

/// Something to do, mostly in or near the stretch that was walked through.
pub fn some_op(walk: &Walk, reach: Icount, random: &mut Random) -> Op {
    let inside = |random: &mut Random| random.between(walk.start, walk.end());
    let direction = random.choose(&[Direction::Forward, Direction::Backward]);
    match random.below(20) {
        0 => Op::Seek(random.between(0, reach)),
        1 => Op::Seek(random.choose(&[0, 1, walk.start, reach - 1, reach, reach + 1])),
        2..=5 => Op::Seek(inside(random)),
        6 => Op::Near(random.below(600) as i64 - 300),
        7..=11 => Op::Resume(direction, some_stops(walk, random)),
        12..=15 => {
            let interrupts = random.choose(&[Interrupts::Skip, Interrupts::Into]);
            let stops = if random.below(4) == 0 { some_stops(walk, random) } else { Stops::default() };
            Op::Step(direction, interrupts, 1 + random.below(12), stops)
        }
        16 | 17 => {
            let longest = 1 << random.below(12);
            Op::Slice(1 + random.below(longest))
        }
        18 => Op::Look(some_address(walk, random), random.choose(&[1, 2, 4, 7, 64])),
        _ => Op::Digest,
    }
}

/// An address that the stretch touches: one that it touches often, or any of them.
fn some_address(walk: &Walk, random: &mut Random) -> u32 {
    let mut all: Vec<u32> =
        walk.seen.iter().flat_map(|seen| &seen.accesses).map(|access| access.address).collect();
    if random.below(2) == 0 {
        all.sort_unstable();
        all.dedup();
    }
    // Words of the system control space that every program has: ICSR, and SysTick's counter.
    all.extend([0xe000_ed04, 0xe000_e018]);
    let address = random.choose(&all);
    address.wrapping_add(random.choose(&[0, 0, 0, 1, 2, 4, 32, u32::MAX, 3u32.wrapping_neg()]))
}

fn some_stops(walk: &Walk, random: &mut Random) -> Stops {
    let mut stops = Stops { faults: random.below(4) == 0, ..Stops::default() };
    for _ in 0..random.below(3) {
        let seen = &walk.seen[random.below(walk.seen.len() as u64) as usize];
        let behind = random.choose(&[0, 0, 2, 4]);
        stops.breakpoints.insert(seen.pc.wrapping_add(behind));
    }
    for _ in 0..random.below(3) + u64::from(stops.breakpoints.is_empty()) {
        let address = some_address(walk, random);
        let kind = random.choose(&[WatchKind::Write, WatchKind::Read, WatchKind::Access]);
        let length = random.choose(&[1, 2, 4, 4, 4, 8, 64]);
        stops.watchpoints.push(Watchpoint { address, length, kind });
    }
    stops
}

/// Does it. What cannot be, as far as the walk tells, is the error.
pub fn perform(op: &Op, timeline: &mut Timeline, walk: &Walk, reach: Icount) -> Result<(), String> {
    let from = timeline.now().icount;
    let far = |error| format!("{error}");
    match op {
        Op::Seek(to) => arrive(timeline, *to),
        Op::Near(by) => arrive(timeline, from.saturating_add_signed(*by).min(reach)),
        Op::Resume(Direction::Forward, stops) => {
            let mut patience = 1;
            let stop = timeline.resume(Direction::Forward, stops, &mut || {
                patience -= 1;
                patience < 0
            });
            check_forward(timeline, walk, from, stops, &stop.map_err(far)?)
        }
        Op::Resume(Direction::Backward, stops) => {
            let expected = backward(walk, from, stops);
            // Where nothing is to be found in the stretch, the way to reset may be too long.
            let hopeless = expected.as_ref().is_none_or(|(certain, _)| certain.is_none());
            let stop = timeline.resume(Direction::Backward, stops, &mut || hopeless).map_err(far)?;
            check_backward(timeline, walk, from, expected, &stop)
        }
        Op::Step(direction, interrupts, count, stops) => {
            for _ in 0..*count {
                step(timeline, walk, *direction, *interrupts, stops)?;
            }
            Ok(())
        }
        Op::Slice(length) => {
            let to = from + length;
            let limits = Limits { icount: Some(to), cycles: None };
            let outcome = timeline.run(&limits, &mut || false).map_err(far)?;
            let here = timeline.now().icount;
            let ended = timeline.outcome().is_some() && here <= to;
            if here == to || ended {
                Ok(())
            } else {
                Err(format!("a slice to {to} is at {here}, {outcome:?}"))
            }
        }
        Op::Look(address, length) => {
            let mut bytes = [0; 64];
            let _ = timeline.peek(*address, &mut bytes[..*length]);
            Ok(())
        }
        Op::Digest => {
            timeline.digest();
            Ok(())
        }
    }
}

fn arrive(timeline: &mut Timeline, to: Icount) -> Result<(), String> {
    timeline.seek(to).map_err(|error| format!("{error}"))?;
    let (here, to) = (timeline.now().icount, to.min(timeline.end().icount));
    if here == to { Ok(()) } else { Err(format!("a seek to {to} is at {here}")) }
}

/// The first stop of travel forward from a position in the stretch: those that come first for certain, and before.
fn forward(walk: &Walk, from: Icount, stops: &Stops) -> (Vec<Hit>, Option<Icount>) {
    let mut hits = walk.hits(stops);
    // In front of an access counts where travel begins; behind what the core wrote, or a fault, does not.
    hits.retain(|hit| hit.forward > from || hit.forward == from && hit.backward == from + 1);
    hits.extend(
        walk.hits(stops).into_iter().filter(|hit| hit.forward == from && hit.stop == Stop::Breakpoint),
    );
    let certain = hits.iter().filter(|hit| !hit.doubtful).map(|hit| hit.forward).min();
    hits.retain(|hit| certain.is_none_or(|certain| hit.forward <= certain));
    (hits, certain)
}

fn same_stop(hit: &Hit, stop: &Stop) -> bool {
    std::mem::discriminant(&hit.stop) == std::mem::discriminant(stop)
}

fn check_forward(
    timeline: &Timeline,
    walk: &Walk,
    from: Icount,
    stops: &Stops,
    stop: &Stop,
) -> Result<(), String> {
    let here = timeline.now().icount;
    if here < from {
        return Err(format!("forward from {from} to {here}"));
    }
    if walk.at(from).is_none() {
        return Ok(());
    }
    if stops.breakpoints.contains(&walk.at(from).expect("it is inside").pc) {
        // A breakpoint under the cursor stops, whether the instruction is reached or an interrupt comes first.
        return if here == from { Ok(()) } else { Err(format!("left the breakpoint at {from} for {here}")) };
    }
    let (hits, certain) = forward(walk, from, stops);
    let found = hits.iter().any(|hit| hit.forward == here && same_stop(hit, stop));
    let ended = matches!(stop, Stop::End(_)) && here == timeline.end().icount;
    let beyond = here >= walk.end() || ended;
    if found || certain.is_none() && beyond || ended && certain.is_some_and(|certain| certain > here) {
        return Ok(());
    }
    Err(format!("forward from {from}: {stop:?} at {here}, expected {:?} of {hits:?}", certain))
}

/// The position at which travel backward must stop, unless it stops at one of the others; nothing is known outside the
/// stretch.
type Backward = (Option<Icount>, Vec<Hit>);

fn backward(walk: &Walk, from: Icount, stops: &Stops) -> Option<Backward> {
    walk.at(from)?;
    let mut hits = walk.hits(stops);
    // Behind an access counts where travel begins, a breakpoint there does not.
    hits.retain(|hit| hit.backward < from || hit.backward == from && hit.stop != Stop::Breakpoint);
    let certain = hits.iter().filter(|hit| !hit.doubtful).map(|hit| hit.backward).max();
    hits.retain(|hit| certain.is_none_or(|certain| hit.backward >= certain));
    Some((certain, hits))
}

fn check_backward(
    timeline: &Timeline,
    walk: &Walk,
    from: Icount,
    expected: Option<Backward>,
    stop: &Stop,
) -> Result<(), String> {
    let here = timeline.now().icount;
    if here > from {
        return Err(format!("backward from {from} to {here}"));
    }
    let Some((certain, hits)) = expected else { return Ok(()) };
    let found = hits.iter().any(|hit| hit.backward == here && same_stop(hit, stop));
    let gave_up = *stop == Stop::Interrupted && here == from;
    // An access of the instruction in front of the stretch stands at its first position.
    if found || certain.is_none() && (here <= walk.start || gave_up) {
        return Ok(());
    }
    Err(format!("backward from {from}: {stop:?} at {here}, expected {certain:?} of {hits:?}"))
}

fn step(
    timeline: &mut Timeline,
    walk: &Walk,
    direction: Direction,
    interrupts: Interrupts,
    stops: &Stops,
) -> Result<(), String> {
    let from = timeline.now().icount;
    let stop =
        timeline.step(direction, stops, interrupts, &mut || false).map_err(|error| format!("{error}"))?;
    let here = timeline.now().icount;
    let what = format!("step {direction:?} {interrupts:?} from {from}: {stop:?} at {here}");
    let (Some(_), Some(_)) = (walk.at(from), walk.at(here)) else { return Ok(()) };
    if matches!(stop, Stop::End(_)) {
        return if here == timeline.end().icount { Ok(()) } else { Err(what) };
    }
    let goal = match (direction, interrupts) {
        (Direction::Forward, Interrupts::Into) => Some(from + 1),
        (Direction::Backward, Interrupts::Into) => from.checked_sub(1),
        (Direction::Forward, Interrupts::Skip) => walk.step_over(from),
        (Direction::Backward, Interrupts::Skip) => walk.step_back_over(from),
    };
    let Some(goal) = goal else { return Ok(()) };
    let hits = match direction {
        Direction::Forward => {
            let mut hits = forward(walk, from, stops).0;
            hits.retain(|hit| {
                hit.forward < goal || hit.forward == goal && (hit.backward <= goal || hit.stop == Stop::Fault)
            });
            hits.retain(|hit| hit.stop != Stop::Breakpoint || goal > from + 1 && hit.forward > from);
            hits
        }
        Direction::Backward => {
            let mut hits = backward(walk, from, stops).map(|(_, hits)| hits).unwrap_or_default();
            hits.retain(|hit| hit.backward > goal);
            hits
        }
    };
    let position = |hit: &Hit| if direction == Direction::Forward { hit.forward } else { hit.backward };
    let stopped = hits.iter().any(|hit| position(hit) == here && same_stop(hit, &stop));
    // Of breakpoints count only those in handlers that are gone over.
    let must_stop = hits.iter().any(|hit| !hit.doubtful && hit.stop != Stop::Breakpoint);
    if stopped || !must_stop && here == goal { Ok(()) } else { Err(format!("{what}, goal {goal}, {hits:?}")) }
}
