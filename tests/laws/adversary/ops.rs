//! What an adversary does to a timeline, and what must come of it.

use untick::{
    timeline::{Direction, Interrupts, Limits, Stop, Stops, Timeline},
    words::Icount,
};

use crate::{
    common::Random,
    scan::{
        Hit, Walk, backward, check_backward, check_forward, forward, same_stop,
        stops::{some_address, some_stops},
    },
};

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
            let limits = Limits { icount: Some(to), time: None };
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
