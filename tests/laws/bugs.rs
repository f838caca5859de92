//! Bugs that the laws have found, each with the few instructions that show it.

mod clock;
mod code;
mod flash;
mod it_blocks;
mod stack;
mod watched;

use untick::{
    timeline::{Direction, Interrupts, Limits, Outcome, Stop, Stops, Timeline, WatchKind, Watchpoint},
    words::Icount,
};

use crate::common::{CODE, Program, STACK, events};

const PEND_SV: usize = 14;

fn run_to(timeline: &mut Timeline, icount: Icount) -> Outcome {
    timeline.run(&Limits { icount: Some(icount), time: None }, &mut || false).unwrap()
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

/// `loop: movs r3, #1; mrs r0, CONTROL; adds r1, #1; msr CONTROL, r0; b loop`: with an FPU, the core moves CONTROL by itself.
#[test]
fn a_breakpoint_at_an_instruction_that_the_core_does_itself_is_hit() {
    let code = vec![0x2301, 0xf3ef, 0x8014, 0x3101, 0xf380, 0x8814, 0xe7f8];
    let mut timeline = Program { code, handlers: Vec::new() }.live_on("mps2-an386");
    run_to(&mut timeline, 100);
    for (halfword, place) in [(1, 1), (4, 3)] {
        let stops = Stops { breakpoints: [CODE + 2 * halfword].into(), ..Stops::default() };
        assert_eq!(back_from(&mut timeline, 94, &stops), (90 + place, Stop::Breakpoint));
        assert_eq!(back_from(&mut timeline, 90 + place, &stops), (85 + place, Stop::Breakpoint));
    }
}
