//! Bugs that the laws have found, each with the few instructions that show it.

mod watched;

use untick::{
    timeline::{Direction, Interrupts, Limits, Outcome, Stop, Stops, Timeline, WatchKind, Watchpoint},
    words::Icount,
};

use crate::common::{CODE, Program, STACK, events};

const PEND_SV: usize = 14;

fn run_to(timeline: &mut Timeline, icount: Icount) -> Outcome {
    timeline.run(&Limits { icount: Some(icount), cycles: None }, &mut || false).unwrap()
}

/// An instruction that a branch leads to and that itself makes an exception pending.
fn pends_in_a_loop() -> Program {
    Program {
        code: vec![
            0x4804, // ldr r0, =0xe000ed04 (ICSR)
            0x4905, // ldr r1, =1 << 28 (PENDSVSET)
            0x2200, // movs r2, #0
            0x2303, // movs r3, #3
            0x2400, // movs r4, #0
            0x6001, // loop: str r1, [r0]
            0x3201, // adds r2, #1
            0x3b01, // subs r3, #1
            0xd1fb, // bne loop
            0xe7fe, // b .
            0xed04, 0xe000, 0x0000, 0x1000, //
            0x3401, // PendSV: adds r4, #1
            0x4770, // bx lr
        ],
        handlers: vec![(PEND_SV, 14)],
    }
}

#[test]
fn an_instruction_that_pends_an_exception_at_the_begin_of_a_block_runs_once() {
    for slice in [1, 2, 7, 1000] {
        let mut timeline = pends_in_a_loop().live();
        while timeline.now().icount < 60 {
            let to = timeline.now().icount + slice;
            run_to(&mut timeline, to);
        }
        let r = timeline.registers().r;
        assert_eq!((r[2], r[4]), (3, 3), "rounds and PendSV handlers, in slices of {slice}");
    }
}

/// `loop: movs r0, #0; movs r4, #4; movs r5, #5; push {r4, r5}; pop {r6, r7}; adds r0, #1; b loop`
fn pushes_and_pops() -> Program {
    let code = vec![0x2000, 0x2404, 0x2505, 0xb430, 0xbcc0, 0x3001, 0xe7f8];
    Program { code, handlers: Vec::new() }
}

#[test]
fn a_watchpoint_stops_in_front_of_all_accesses_of_its_instruction() {
    for kind in [WatchKind::Read, WatchKind::Access] {
        let mut timeline = pushes_and_pops().live();
        let mut straight = pushes_and_pops().live();
        let stops = Stops {
            watchpoints: vec![Watchpoint { address: STACK - 4, length: 4, kind }],
            ..Stops::default()
        };
        for _ in 0..6 {
            let stop = timeline.resume(Direction::Forward, &stops, &mut || false).unwrap();
            assert_eq!(stop, Stop::Watchpoint { address: STACK - 4, kind });
            let here = timeline.now().icount;
            run_to(&mut straight, here);
            assert_eq!(timeline.state(), straight.state(), "{kind:?} at {here}");
            assert_eq!(timeline.digest(), straight.digest(), "{kind:?} at {here}");
            timeline.step(Direction::Forward, &Stops::default(), Interrupts::Into, &mut || false).unwrap();
        }
        assert!(timeline.is_live());
    }
}

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

#[test]
fn a_seek_arrives_behind_the_instruction_that_ended_the_run() {
    // SYS_EXIT: movs r0, #0x18; ldr r1, =0x20026; bkpt 0xab
    let program =
        Program { code: vec![0x2018, 0x4901, 0xbeab, 0xe7fe, 0x0026, 0x0002], handlers: Vec::new() };
    let mut timeline = program.live();
    let outcome = timeline.run(&Limits::default(), &mut || false).unwrap();
    assert_eq!(outcome, Outcome::Exit(0));
    timeline.seek(0).unwrap();
    timeline.seek(3).unwrap();
    assert_eq!(timeline.now(), timeline.end());
    timeline.verify().unwrap();
}

#[test]
fn digests_are_at_the_same_places_wherever_a_debugger_steps_back() {
    let mut timeline = pushes_and_pops().live();
    run_to(&mut timeline, 500_000);
    timeline.step(Direction::Backward, &Stops::default(), Interrupts::Into, &mut || false).unwrap();
    run_to(&mut timeline, 2_500_000);
    let digests: Vec<Icount> = events(timeline.log_mut()).iter().map(|event| event.icount).collect();
    assert_eq!(digests, [1_000_000, 2_000_000]);
}

fn back_from(timeline: &mut Timeline, icount: Icount, stops: &Stops) -> (Icount, Stop) {
    timeline.seek(icount).unwrap();
    let stop = timeline.resume(Direction::Backward, stops, &mut || false).unwrap();
    (timeline.now().icount, stop)
}

#[test]
fn of_two_hits_in_one_block_the_later_one_is_the_last() {
    let mut timeline = pushes_and_pops().live();
    run_to(&mut timeline, 100);
    let watch = Watchpoint { address: STACK - 8, length: 4, kind: WatchKind::Read };
    let stops = Stops { breakpoints: [CODE + 12].into(), watchpoints: vec![watch], faults: false };
    // Seven instructions a round: the fifth reads, the seventh has the breakpoint.
    assert_eq!(back_from(&mut timeline, 70, &stops), (69, Stop::Breakpoint));
    let behind_the_read = Stop::Watchpoint { address: watch.address, kind: watch.kind };
    assert_eq!(back_from(&mut timeline, 67, &stops), (62, Stop::Breakpoint));
    let reads = Stops { breakpoints: [CODE + 8].into(), ..stops };
    assert_eq!(back_from(&mut timeline, 70, &reads), (68, behind_the_read));
    assert_eq!(
        back_from(&mut timeline, 67, &reads),
        (61, Stop::Watchpoint { address: watch.address, kind: watch.kind })
    );
}

#[test]
fn a_breakpoint_behind_an_instruction_that_faults_is_not_hit() {
    let program = Program {
        code: vec![
            0x2106, // movs r1, #6
            0x0709, // lsls r1, r1, #28: nothing is at 0x60000000
            0x3001, // adds r0, #1
            0x6808, // ldr r0, [r1]
            0x3001, // adds r0, #1
            0x3001, // adds r0, #1
            0xe7fe, // b .
            0x3201, // HardFault: adds r2, #1
            0xe7fd, // b HardFault
        ],
        handlers: vec![(3, 7)],
    };
    let mut timeline = program.live();
    run_to(&mut timeline, 100);
    let at = |halfword: u32| Stops { breakpoints: [CODE + 2 * halfword].into(), ..Stops::default() };
    for from in [5, 6, 7, 20, 60, 100] {
        assert_eq!(back_from(&mut timeline, from, &at(5)), (0, Stop::Start), "from {from}");
        assert_eq!(back_from(&mut timeline, from, &at(4)), (0, Stop::Start), "from {from}");
        assert_eq!(back_from(&mut timeline, from, &at(3)), (3, Stop::Breakpoint), "from {from}");
    }
}

#[test]
fn a_breakpoint_between_the_halfwords_of_an_instruction_is_not_hit() {
    let program = Program { code: vec![0xf04f, 0x0001, 0xe7fc], handlers: Vec::new() }; // loop: mov.w r0, #1; b loop
    let mut timeline = program.live();
    run_to(&mut timeline, 1000);
    let stops = Stops { breakpoints: [CODE + 2].into(), ..Stops::default() };
    assert_eq!(back_from(&mut timeline, 900, &stops), (0, Stop::Start));
}

#[test]
fn an_instruction_that_pends_an_exception_can_be_visited_many_times() {
    const STORE: Icount = 5; // to ICSR
    let mut timeline = pends_in_a_loop().live();
    run_to(&mut timeline, 60);
    let mut straight = pends_in_a_loop().live();
    run_to(&mut straight, STORE + 2); // in PendSV
    for visit in 0..5 {
        timeline.seek(STORE).unwrap();
        for _ in 0..2 {
            timeline.step(Direction::Forward, &Stops::default(), Interrupts::Into, &mut || false).unwrap();
        }
        assert_eq!(timeline.state(), straight.state(), "visit {visit}");
    }
}

#[test]
fn a_step_over_an_interrupt_ends_behind_it_where_a_checkpoint_is_too() {
    let code = vec![
        0x4803, // ldr r0, =0xe000ed04 (ICSR)
        0x4904, // ldr r1, =1 << 28 (PENDSVSET)
        0x6001, // loop: str r1, [r0]
        0x3201, // adds r2, #1
        0xe7fc, // b loop
        0x3401, // PendSV: adds r4, #1
        0x4770, // bx lr
        0xbf00, //
        0xed04, 0xe000, 0x0000, 0x1000,
    ];
    let mut timeline = Program { code, handlers: vec![(PEND_SV, 5)] }.live();
    run_to(&mut timeline, 2000);
    // Six icounts a round: the store, the entry, two of the handler, two more.
    const ENTRY: Icount = 2 + 6 * 200 + 1;
    const BEHIND: Icount = ENTRY + 3;
    timeline.seek(BEHIND + 257).unwrap();
    timeline.step(Direction::Backward, &Stops::default(), Interrupts::Into, &mut || false).unwrap();
    timeline.seek(ENTRY).unwrap();
    timeline.step(Direction::Forward, &Stops::default(), Interrupts::Skip, &mut || false).unwrap();
    assert_eq!(timeline.now().icount, BEHIND + 1);
}

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
