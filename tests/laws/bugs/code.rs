//! Code that changes while it runs.

use untick::timeline::{Direction, Interrupts, Stop, Stops, WatchKind, Watchpoint};

use super::run_to;
use crate::common::{CODE, Program};

/// In a loop of a million: waits, and at the end changes an instruction in RAM between `movs r3, #0` and `movs r3, #1`. A
/// million, two millions and so on are behind the ISB that follows; then the code is called.
fn changes_code() -> Program {
    let code = vec![
        0x4806, // ldr r0, =0x20001000
        0x4907, // ldr r1, =0x47702300 (movs r3, #0; bx lr)
        0x2401, // movs r4, #1
        0x1c42, // adds r2, r0, #1
        0x4e06, // loop: ldr r6, =499996
        0x3e01, // wait: subs r6, #1
        0xd1fd, // bne wait
        0x4061, // eors r1, r4
        0x6001, // str r1, [r0]
        0xf3bf, 0x8f6f, // isb
        0x4790, // blx r2
        0xe7f6, // b loop
        0xbf00, //
        0x1000, 0x2000, 0x2300, 0x4770, 0xa11c, 0x0007,
    ];
    Program { code, handlers: Vec::new() }
}

/// Keeps positions right behind a change.
#[test]
fn code_that_changed_before_a_checkpoint_runs_as_it_is_behind_it() {
    let mut timeline = changes_code().live();
    for round in 1..4 {
        run_to(&mut timeline, round * 1_000_000);
        for step in 1..=4 {
            run_to(&mut timeline, round * 1_000_000 + step);
        }
        let r = timeline.registers().r;
        assert_eq!(r[3], r[1] & 1, "round {round}");
    }
}

#[test]
fn code_that_changes_beside_watched_memory_runs_as_it_is() {
    let mut timeline = changes_code().live();
    run_to(&mut timeline, 900_000);
    let stops = Stops {
        breakpoints: [CODE + 2 * 12].into(), // b loop
        watchpoints: vec![Watchpoint { address: 0x2000_1100, length: 4, kind: WatchKind::Access }],
        faults: false,
    };
    for round in 0..3 {
        let stop = timeline.resume(Direction::Forward, &stops, &mut || false).unwrap();
        assert_eq!(stop, Stop::Breakpoint);
        let r = timeline.registers().r;
        assert_eq!(r[3], r[1] & 1, "round {round}");
        timeline.step(Direction::Forward, &stops, Interrupts::Into, &mut || false).unwrap();
    }
}

#[test]
fn code_that_changes_by_one_bit_runs_as_it_is() {
    let code = vec![
        0x4805, // ldr r0, =0x20001000
        0x4906, // ldr r1, =0x47702300 (movs r3, #0; bx lr)
        0x6001, // str r1, [r0]
        0x1c42, // adds r2, r0, #1
        0x4d05, // ldr r5, =0x22020000: its lowest bit
        0x2401, // movs r4, #1
        0x4790, // loop: blx r2
        0x602c, // str r4, [r5]
        0xf3bf, 0x8f6f, // isb
        0xe7fa, // b loop
        0xbf00, //
        0x1000, 0x2000, 0x2300, 0x4770, 0x0000, 0x2202,
    ];
    let mut timeline = Program { code, handlers: Vec::new() }.live();
    run_to(&mut timeline, 100);
    assert_eq!(timeline.registers().r[3], 1, "in one go");
    timeline.seek(9).unwrap();
    assert_eq!(timeline.registers().r[3], 0, "going back, the old code ran");
}
