//! Virtual time, in a run whose core clock changes.

use untick::{
    pins::{Event, Stamped},
    timeline::{Limits, Options, Outcome, Timeline},
    trace::{End, Log},
    words::{Icount, Nanoseconds},
};

use super::run_to;
use crate::common::{Program, events};

/// The frequencies that are written to a register in turn.
const SLOW: u32 = 1_000_000;
const FAST: u32 = 100_000_000;
/// The first write, of a slow clock.
const FIRST: Icount = 3;
const LAST: Icount = 600;
/// The icounts of a turn, with a slow clock and then with a fast one.
const TURN: Icount = 4 + 3;
const TURN_TIME: Nanoseconds = 4 * 1_000 + 3 * 10;

fn writes_frequencies() -> Program {
    let code = vec![
        0x4804, // ldr r0, =0x40000008 (TIMER0.RELOAD)
        0x4905, // ldr r1, =SLOW
        0x4a05, // ldr r2, =FAST
        0x6001, // loop: str r1, [r0]
        0x3301, // adds r3, #1
        0xbf00, // nop
        0xbf00, // nop
        0x6002, // str r2, [r0]
        0xbf00, // nop
        0xe7f8, // b loop
        0x0008,
        0x4000, //
        (SLOW & 0xffff) as u16,
        (SLOW >> 16) as u16, //
        (FAST & 0xffff) as u16,
        (FAST >> 16) as u16,
    ];
    Program { code, handlers: Vec::new() }
}

/// A recording in which the register is that of the core clock.
fn recording() -> Log {
    let mut timeline = writes_frequencies().live();
    run_to(&mut timeline, LAST);
    let mut log = Log::in_memory(timeline.log().header().clone());
    for stamped in events(timeline.log_mut()) {
        let icount = stamped.icount;
        log.append(&stamped).unwrap();
        if let Event::Write { value: hz, .. } = stamped.event {
            log.append(&Stamped { icount, event: Event::Clock { hz, since: icount } }).unwrap();
        }
    }
    log.finish(End { at: timeline.now(), time: 0, outcome: Outcome::Limit, digest: 0 }).unwrap();
    log
}

/// The virtual time in front of the store with which a turn begins. The clock of reset has 25 MHz.
fn turn(number: u64) -> Nanoseconds {
    FIRST * 40 + number * TURN_TIME
}

#[test]
fn every_position_has_its_time() {
    let options = Options { interval: 100, ..Options::default() };
    let mut straight = Timeline::replay(recording(), options).unwrap();
    let mut states = Vec::new();
    for icount in 0..=LAST {
        straight.seek(icount).unwrap();
        states.push(straight.state().clone());
    }
    assert_eq!(states[FIRST as usize].time(), turn(0));
    assert_eq!(states[FIRST as usize + 1].time(), turn(0) + 1_000);
    assert_eq!(states[FIRST as usize + 5].time(), turn(0) + 4_010);
    assert_eq!(states[(FIRST + 80 * TURN) as usize].time(), turn(80));
    let mut timeline = Timeline::replay(recording(), options).unwrap();
    for step in [5, 130] {
        let positions: Vec<Icount> = (0..=LAST).step_by(step).collect();
        for &icount in positions.iter().rev().chain(&positions) {
            timeline.seek(icount).unwrap();
            assert_eq!(timeline.state(), &states[icount as usize], "at {icount}, every {step}");
        }
    }
}

#[test]
fn a_run_ends_at_a_time_however_fast_the_clock_is() {
    let options = Options { interval: 100, ..Options::default() };
    for time in [0, 100, 1_120, 2_119, 4_120, 5_160, 100_000] {
        let mut timeline = Timeline::replay(recording(), options).unwrap();
        timeline.run(&Limits { icount: None, time: Some(time) }, &mut || false).unwrap();
        // The cycles that begin before the time; but of the instruction that makes the clock slower all.
        let (here, now) = (timeline.now().icount, timeline.time());
        assert!(now <= time, "{now} of {time}");
        timeline.seek(here + 1).unwrap();
        assert!(timeline.time() > time, "{} of {time}", timeline.time());
    }
}
