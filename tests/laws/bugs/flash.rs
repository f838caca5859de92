//! Flash that firmware programs while it runs.

use untick::{
    timeline::{Direction, Finding, Interrupts, Query, Stop, Stops, WatchKind, Watchpoint, Writer},
    words::Icount,
};

use super::run_to;
use crate::common::{CODE, Program};

/// What is programmed.
const FUNCTION: u32 = 0x8000;

/// Erases a page, programs a function into it, calls it, clears one bit of it, calls it again; for ever. On the way it tries
/// to set bits, which flash does not do.
fn programs_flash() -> Program {
    let code = vec![
        0x4809, // ldr r0, =0x4001e504 (CONFIG, then ERASEPAGE)
        0x4a0a, // ldr r2, =FUNCTION
        0x1c53, // adds r3, r2, #1
        0x2102, // loop: movs r1, #2 (erase)
        0x6001, // str r1, [r0]
        0x6042, // str r2, [r0, #4]
        0x2101, // movs r1, #1 (write)
        0x6001, // str r1, [r0]
        0x4c07, // ldr r4, =0x47702503 (movs r5, #3; bx lr)
        0x6014, // str r4, [r2]
        0x4798, // blx r3
        0x462e, // mov r6, r5
        0x2502, // movs r5, #2
        0x43ed, // mvns r5, r5
        0x6015, // str r5, [r2]
        0x6014, // str r4, [r2]
        0x4798, // blx r3
        0x462f, // mov r7, r5
        0xe7ef, // b loop
        0xbf00, //
        0xe504, 0x4001, 0x8000, 0x0000, 0x2503, 0x4770,
    ];
    Program { code, handlers: Vec::new() }
}

/// Where the first round begins, and how long each one is, in icounts.
const FIRST: Icount = 3;
const ROUND: Icount = 20;
/// In a round: the stores that erase, program, clear a bit, and do nothing.
const ERASES: Icount = 2;
const PROGRAMS: Icount = 6;
const CLEARS: Icount = 13;
const DOES_NOTHING: Icount = 14;

const WATCH: Watchpoint = Watchpoint { address: FUNCTION, length: 4, kind: WatchKind::Write };

#[test]
fn code_that_is_programmed_runs_as_it_is() {
    let mut straight = programs_flash().live_on("microbit");
    let positions: Vec<Icount> = (0..FIRST + 2 * ROUND).collect();
    let mut states = Vec::new();
    for &icount in &positions {
        run_to(&mut straight, icount);
        states.push((straight.state().clone(), straight.digest()));
    }
    for round in 1..=2 {
        let (state, _) = &states[(FIRST + round * ROUND - 1) as usize];
        assert_eq!((state.registers.pc, state.registers.r[6], state.registers.r[7]), (CODE + 36, 3, 1));
    }
    for slice in [1, 2, 7, 100] {
        let mut timeline = programs_flash().live_on("microbit");
        while timeline.now().icount < FIRST + 2 * ROUND {
            let to = timeline.now().icount + slice;
            run_to(&mut timeline, to);
        }
        for icount in positions.iter().rev().chain(&positions).step_by(3) {
            timeline.seek(*icount).unwrap();
            let here = (timeline.state().clone(), timeline.digest());
            assert_eq!(here, states[*icount as usize], "at {icount}, in slices of {slice}");
        }
        timeline.verify().unwrap();
    }
}

#[test]
fn watchpoints_see_stores_to_flash_in_both_directions() {
    let stops = Stops { watchpoints: vec![WATCH], ..Stops::default() };
    let stop = Stop::Watchpoint { address: WATCH.address, kind: WATCH.kind };
    let stores = [PROGRAMS, CLEARS, DOES_NOTHING].map(|store| FIRST + store);
    let mut timeline = programs_flash().live_on("microbit");
    for store in stores {
        assert_eq!(timeline.resume(Direction::Forward, &stops, &mut || false).unwrap(), stop);
        assert_eq!(timeline.now().icount, store);
        timeline.step(Direction::Forward, &Stops::default(), Interrupts::Into, &mut || false).unwrap();
    }
    run_to(&mut timeline, FIRST + ROUND);
    for store in stores.into_iter().rev() {
        assert_eq!(timeline.resume(Direction::Backward, &stops, &mut || false).unwrap(), stop);
        assert_eq!(timeline.now().icount, store + 1);
        timeline.step(Direction::Backward, &Stops::default(), Interrupts::Into, &mut || false).unwrap();
    }
}

#[test]
fn the_last_write_of_flash_is_one_that_changed_it() {
    let mut timeline = programs_flash().live_on("microbit");
    run_to(&mut timeline, FIRST + 2 * ROUND);
    let query = Query::Write { address: FUNCTION, length: 4 };
    let second = FIRST + ROUND;
    let writes = [
        (second + CLEARS, 0x4770_2501_u32, Writer::Instruction),
        (second + PROGRAMS, 0x4770_2503, Writer::Instruction),
        (second + ERASES, 0xffff_ffff, Writer::Device),
        (FIRST + CLEARS, 0x4770_2501, Writer::Instruction),
        (FIRST + PROGRAMS, 0x4770_2503, Writer::Instruction),
    ];
    for (icount, value, writer) in writes {
        let answer = timeline.last(&query).unwrap().unwrap();
        let Finding::Written { new, by, .. } = answer.finding else { panic!("{:?}", answer.finding) };
        assert_eq!((answer.at.icount, new, by), (icount, value.to_le_bytes().to_vec(), writer));
        timeline.seek(icount).unwrap();
    }
    assert_eq!(timeline.last(&query).unwrap(), None, "the first erasing found it erased");
}
