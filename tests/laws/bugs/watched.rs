//! Accesses that watchpoints did not see, or saw where none was.

use untick::{
    timeline::{Direction, Interrupts, Stop, Stops, Timeline, WatchKind, Watchpoint},
    words::Icount,
};

use super::{back_from, run_to};
use crate::common::{Program, events};

/// A word that nothing else uses; not at the begin of a page.
const WORD: u32 = 0x2000_1104;
/// The alias of its bit 3.
const BIT: u32 = 0x2200_0000 + 0x1104 * 32 + 3 * 4;
/// The reload register of timer 0, and the value register in front of it.
const RELOAD: u32 = 0x4000_0008;

fn watch(address: u32, length: u32, kind: WatchKind) -> Stops {
    Stops { watchpoints: vec![Watchpoint { address, length, kind }], ..Stops::default() }
}

/// Code that begins with `ldr r0, =value` and goes on with `code`, padded to `value`.
fn with_r0(value: u32, code: &[u16]) -> Program {
    let mut all = vec![0x4800 + code.len().div_ceil(2) as u16];
    all.extend(code);
    all.resize(2 * code.len().div_ceil(2) + 2, 0xbf00);
    all.extend([value as u16, (value >> 16) as u16]);
    Program { code: all, handlers: Vec::new() }
}

/// A run to a position, at its start; it does not go on behind that.
fn run_of(program: &Program, to: Icount) -> Timeline {
    let mut timeline = program.live();
    run_to(&mut timeline, to);
    timeline.finish().unwrap();
    timeline.seek(0).unwrap();
    timeline
}

/// Where travel forward stops, each time going on with a step.
fn all_forward(program: &Program, stops: &Stops, to: Icount, in_steps: bool) -> Vec<Icount> {
    let mut timeline = run_of(program, to);
    let mut found = Vec::new();
    while timeline.now().icount < to {
        let stop = if in_steps {
            timeline.step(Direction::Forward, stops, Interrupts::Into, &mut || false)
        } else {
            timeline.resume(Direction::Forward, stops, &mut || false)
        };
        if let Stop::Watchpoint { .. } = stop.unwrap() {
            found.push(timeline.now().icount);
            timeline.step(Direction::Forward, &Stops::default(), Interrupts::Into, &mut || false).unwrap();
        }
    }
    found
}

/// The same from behind: positions behind the access.
fn all_backward(program: &Program, stops: &Stops, from: Icount) -> Vec<Icount> {
    let mut timeline = run_of(program, from);
    let mut found = Vec::new();
    let mut at = from;
    while let (here, Stop::Watchpoint { .. }) = back_from(&mut timeline, at, stops) {
        found.push(here);
        at = here - 1;
    }
    found.reverse();
    found
}

/// What is found forward, block by block and by single steps, and backward.
#[track_caller]
fn assert_found(program: &Program, stops: &Stops, expected: &[Icount]) {
    let to = 40;
    assert_eq!(all_forward(program, stops, to, true), expected, "in steps, {stops:x?}");
    assert_eq!(all_forward(program, stops, to, false), expected, "forward, {stops:x?}");
    let behind: Vec<Icount> = expected.iter().map(|icount| icount + 1).collect();
    assert_eq!(all_backward(program, stops, to), behind, "backward, {stops:x?}");
}

/// In a loop of 6, from icount 1 on: sets the bit, clears it twice, reads it.
fn sets_a_bit() -> Program {
    with_r0(BIT, &[0x2101, 0x6001, 0x2100, 0x6001, 0x6001, 0x6802, 0xe7f8]) // loops to movs r1, #1
}

#[test]
fn a_store_through_a_bit_band_alias_is_seen_at_the_word() {
    for (address, length) in [(WORD, 4), (WORD, 1), (BIT, 4), (0x2040_1104, 4)] {
        let found = |kind| watch(address, length, kind);
        let rounds = |places: &[Icount]| -> Vec<Icount> {
            let all = (0..6).flat_map(|round| places.iter().map(move |place| 1 + 7 * round + place));
            all.filter(|icount| *icount < 40).collect()
        };
        assert_found(&sets_a_bit(), &found(WatchKind::Write), &rounds(&[1, 3]));
        assert_found(&sets_a_bit(), &found(WatchKind::Read), &rounds(&[5]));
        assert_found(&sets_a_bit(), &found(WatchKind::Access), &rounds(&[1, 3, 4, 5]));
    }
    for (address, length) in [(WORD + 1, 3), (BIT + 4, 4), (BIT - 4, 4), (WORD - 1, 1)] {
        assert_found(&sets_a_bit(), &watch(address, length, WatchKind::Access), &[]);
    }
}

#[test]
fn a_watched_bit_shows_its_value() {
    let mut timeline = sets_a_bit().live();
    run_to(&mut timeline, 3);
    let mut bit = [0xff; 4];
    timeline.peek(BIT, &mut bit).unwrap();
    assert_eq!(bit, [1, 0, 0, 0]);
    timeline.peek(BIT + 4, &mut bit).unwrap();
    assert_eq!(bit, [0; 4]);
}

/// In a loop of 4, from icount 1 on: writes two registers of a timer, reads two.
fn uses_a_timer() -> Program {
    with_r0(RELOAD - 4, &[0x2105, 0xe9c0, 0x1100, 0xe9d0, 0x2300, 0xe7f9])
}

#[test]
fn accesses_to_a_watched_device_are_seen() {
    let rounds = |places: &[Icount]| -> Vec<Icount> {
        let all = (0..10).flat_map(|round| places.iter().map(move |place| 1 + 4 * round + place));
        all.filter(|icount| *icount < 40).collect()
    };
    for (address, length) in [(RELOAD, 4), (RELOAD - 4, 8), (RELOAD + 2, 1)] {
        assert_found(&uses_a_timer(), &watch(address, length, WatchKind::Write), &rounds(&[1]));
        assert_found(&uses_a_timer(), &watch(address, length, WatchKind::Read), &rounds(&[2]));
        assert_found(&uses_a_timer(), &watch(address, length, WatchKind::Access), &rounds(&[1, 2]));
    }
    assert_found(&uses_a_timer(), &watch(RELOAD + 4, 4, WatchKind::Access), &[]);
}

#[test]
fn a_watchpoint_stops_in_front_of_all_that_an_instruction_does_to_a_device() {
    let mut timeline = uses_a_timer().live();
    let stops = watch(RELOAD, 4, WatchKind::Access);
    let mut straight = uses_a_timer().live();
    for _ in 0..4 {
        timeline.resume(Direction::Forward, &stops, &mut || true).unwrap();
        let here = timeline.now().icount;
        run_to(&mut straight, here);
        assert_eq!(timeline.digest(), straight.digest());
        assert_eq!(events(timeline.log_mut()), events(straight.log_mut()), "at {here}");
        timeline.step(Direction::Forward, &Stops::default(), Interrupts::Into, &mut || false).unwrap();
    }
    assert!(timeline.is_live());
}

#[test]
fn a_load_beside_the_code_is_seen() {
    // loop: ldr r0, literal; nop; b loop
    let program = Program { code: vec![0x4801, 0xbf00, 0xe7fc, 0, 1, 2], handlers: Vec::new() };
    let stops = watch(super::CODE + 8, 4, WatchKind::Read);
    let expected: Vec<Icount> = (0..40).step_by(3).collect();
    assert_found(&program, &stops, &expected);
}

/// In a loop of 4, from icount 1 on: stores a word of another value each time, and loads it.
fn stores_and_loads(address: u32) -> Program {
    with_r0(address, &[0x3101, 0x6001, 0x6802, 0xe7fb])
}

fn straight_to(program: &Program, icount: Icount) -> Timeline {
    let mut timeline = program.live();
    run_to(&mut timeline, icount);
    timeline
}

#[test]
fn memory_is_watched_through_every_address_that_it_has() {
    let expected: Vec<Icount> = (0..10).map(|round| 2 + 4 * round).collect();
    for (stored, watched) in [(0x2000_1100, 0x2040_1100), (0x2040_1100, 0x2000_1100)] {
        assert_found(&stores_and_loads(stored), &watch(watched, 4, WatchKind::Write), &expected);
    }
}

#[test]
fn an_unaligned_store_into_the_next_page_is_not_half_done() {
    for (address, watched) in
        [(0x2000_13fe, 0x2000_1400), (0x2000_13ff, 0x2000_1401), (0x2000_13fd, 0x2000_13ff)]
    {
        let program = stores_and_loads(address);
        let mut timeline = program.live();
        let stops = watch(watched, 1, WatchKind::Access);
        for _ in 0..4 {
            let stop = timeline.resume(Direction::Forward, &stops, &mut || true).unwrap();
            assert_eq!(stop, Stop::Watchpoint { address: watched, kind: WatchKind::Access }, "{address:#x}");
            let mut straight = straight_to(&program, timeline.now().icount);
            assert_eq!(timeline.digest(), straight.digest(), "{address:#x}, at {}", timeline.now().icount);
            timeline.step(Direction::Forward, &Stops::default(), Interrupts::Into, &mut || false).unwrap();
        }
    }
}

#[test]
fn an_unaligned_load_is_seen_where_it_is() {
    let loads: Vec<Icount> = (0..10).map(|round| 3 + 4 * round).collect();
    for (address, watched, hit) in [
        (0x2000_1102, 0x2000_1100, false),
        (0x2000_1102, 0x2000_1104, true),
        (0x2000_1102, 0x2000_1106, false),
        (0x2000_13fe, 0x2000_13fc, false),
        (0x2000_13fe, 0x2000_13fe, true),
        (0x2000_13fe, 0x2000_1400, true), // on the next page
        (0x2000_13fe, 0x2000_1402, false),
    ] {
        let stops = watch(watched, 2, WatchKind::Read);
        assert_found(&stores_and_loads(address), &stops, if hit { &loads } else { &[] });
    }
}

/// The translator compares before it stores.
#[test]
fn a_store_exclusive_is_no_load() {
    // loop: adds r1, #1; ldrex r2, [r0]; strex r3, r1, [r0]; b loop
    let program = with_r0(WORD, &[0x3101, 0xe850, 0x2f00, 0xe840, 0x1300, 0xe7f9]);
    let rounds = |place: Icount| (0..10).map(|round| 1 + 4 * round + place).collect::<Vec<Icount>>();
    assert_found(&program, &watch(WORD, 4, WatchKind::Read), &rounds(1));
    assert_found(&program, &watch(WORD, 4, WatchKind::Write), &rounds(2));
}
