//! Instructions under conditions.

use untick::timeline::{Direction, Interrupts, Outcome, Stop, Stops, WatchKind, Watchpoint};

use super::{PEND_SV, run_to};
use crate::common::{CODE, Program};

/// `loop: movs r0, #1; lsrs r0, r0, #1; ite ne; addne r1, #1; addeq r2, #1; adds r3, #1; it eq; bxeq lr` and so on: with
/// conditions that fail first, last and in the middle of an IT block, and at its end a branch.
fn skips() -> Program {
    let code = vec![
        0x2001, // loop: movs r0, #1
        0x0840, // lsrs r0, r0, #1 (Z)
        0xbf14, // ite ne
        0x3101, // addne r1, #1
        0x3201, // addeq r2, #1
        0x3301, // adds r3, #1
        0x2800, // cmp r0, #0
        0xbf1e, // ittt ne
        0x3101, // addne r1, #1
        0x3101, // addne r1, #1
        0xe7f4, // bne loop
        0xbf08, // it eq
        0x3201, // addeq r2, #1
        0xe7f1, // b loop
    ];
    Program { code, handlers: Vec::new() }
}

#[test]
fn instructions_that_an_it_block_skips_count_in_single_steps_too() {
    let mut straight = skips().live();
    assert_eq!(run_to(&mut straight, 140), Outcome::Limit);
    let r = straight.registers().r;
    assert_eq!((r[1], r[2], r[3], straight.registers().pc), (0, 20, 10, CODE), "14 instructions a round");
    for slice in [1, 2, 3, 5, 13] {
        let mut sliced = skips().live();
        let mut whole = skips().live();
        while sliced.now().icount < 140 {
            let to = sliced.now().icount + slice;
            run_to(&mut sliced, to);
            whole.seek(0).unwrap();
            run_to(&mut whole, to);
            assert_eq!(sliced.state(), whole.state(), "at {to}, in slices of {slice}");
        }
    }
}

/// In a loop of 9 from icount 4 on: stores one value after the other, under one of two conditions, and counts behind it.
fn stores_under_conditions(place: u32) -> Program {
    let code = vec![
        0x4806, // ldr r0, =place
        0x2100, // movs r1, #0
        0x2200, // movs r2, #0
        0xbf00, // nop
        0x3101, // loop: adds r1, #1
        0x07cd, // lsls r5, r1, #31 (Z)
        0xbf17, // itett ne
        0x6001, // strne r1, [r0]
        0x6041, // streq r1, [r0, #4]
        0x3201, // addne r2, #1
        0x6803, // ldrne r3, [r0]
        0x3401, // adds r4, #1
        0xe7f6, // b loop
        0xbf00,
        place as u16,
        (place >> 16) as u16,
        0x3601, // HardFault: adds r6, #1
        0xe7fd, // b HardFault
    ];
    Program { code, handlers: vec![(3, 16)] }
}

#[test]
fn an_access_in_an_it_block_is_stopped_in_front_of() {
    const WORD: u32 = 0x2000_1104;
    for (address, first) in [(WORD, 7), (WORD + 4, 17)] {
        let mut timeline = stores_under_conditions(WORD).live();
        let mut straight = stores_under_conditions(WORD).live();
        let stops = Stops {
            watchpoints: vec![Watchpoint { address, length: 4, kind: WatchKind::Write }],
            ..Stops::default()
        };
        for round in 0..5 {
            let stop = timeline.resume(Direction::Forward, &stops, &mut || true).unwrap();
            assert_eq!(stop, Stop::Watchpoint { address, kind: WatchKind::Write });
            let here = timeline.now().icount;
            assert_eq!(here, first + 18 * round);
            run_to(&mut straight, here);
            assert_eq!(timeline.state(), straight.state(), "at {here}");
            assert_eq!(timeline.digest(), straight.digest(), "at {here}");
            timeline.step(Direction::Forward, &Stops::default(), Interrupts::Into, &mut || false).unwrap();
        }
    }
}

#[test]
fn an_access_in_an_it_block_faults_where_it_is() {
    for slice in [1, 1000] {
        let mut timeline = stores_under_conditions(0x6000_0000).live();
        while timeline.now().icount < 9 {
            let to = timeline.now().icount + slice;
            run_to(&mut timeline, to);
        }
        let fault = timeline.fault().unwrap();
        assert_eq!((fault.at.icount, fault.registers.pc), (7, CODE + 14), "in slices of {slice}");
        let r = timeline.registers().r;
        assert_eq!((r[2], r[3], r[4]), (0, 0, 0), "what follows it has not run");
    }
}

#[test]
fn an_access_in_an_it_block_that_pends_an_exception_is_done_once() {
    let code = vec![
        0x4804, // ldr r0, =0xe000ed04 (ICSR)
        0x4905, // ldr r1, =1 << 28 (PENDSVSET)
        0x2200, // movs r2, #0
        0x2800, // loop: cmp r0, #0
        0xbf1c, // itt ne
        0x6001, // strne r1, [r0]
        0x3201, // addne r2, #1
        0x3301, // adds r3, #1
        0xe7f9, // b loop
        0xbf00, //
        0xed04, 0xe000, 0x0000, 0x1000, //
        0x3401, // PendSV: adds r4, #1
        0x4770, // bx lr
    ];
    for slice in [1, 2, 5, 1000] {
        let mut timeline = Program { code: code.clone(), handlers: vec![(PEND_SV, 14)] }.live();
        // Three, then nine a round: six of the loop, the entry, two of the handler.
        while timeline.now().icount < 3 + 9 * 20 {
            let to = (timeline.now().icount + slice).min(3 + 9 * 20);
            run_to(&mut timeline, to);
        }
        let r = timeline.registers().r;
        assert_eq!((r[2], r[3], r[4]), (20, 20, 20), "in slices of {slice}");
    }
}
