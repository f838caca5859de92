//! Each kind of divergence is made, and the verdict must name it.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::{
    board::Board,
    core::Core,
    image::{Image, Symbols},
    machine::{Act, Mismatch},
    pins::Stamped,
    timeline::{
        Limits,
        keyframe::Keyframe,
        testing::{Nobody, header},
    },
    trace::{Header, Log},
    words::Width,
};

/// Something that happens to a core whenever it runs past a position.
#[derive(Clone, Copy)]
pub struct Disturbance {
    pub at: Icount,
    pub act: fn(&mut Core),
}

/// Where the program counts.
const COUNTER: u32 = 0x2000_0400;
/// The address of the first instruction of its loop.
const LOOP: u32 = 0x114;
/// Instructions in front of the loop, and in it.
const BEFORE: Icount = 6;
const LENGTH: Icount = 6;

/// R0 counts by 1, R4 by 3 and by the state of a UART, and memory follows R4.
const CODE: [u16; 16] = [
    0xf240, 0x4100, // movw r1, #0x400
    0xf2c2, 0x0100, // movt r1, #0x2000
    0xf244, 0x0200, // movw r2, #0x4000
    0xf2c4, 0x0200, // movt r2, #0x4000
    0x2000, // movs r0, #0
    0x2400, // movs r4, #0
    0x3001, // loop: adds r0, #1
    0x600c, // str r4, [r1]
    0x6853, // ldr r3, [r2, #4]
    0x3403, // adds r4, #3
    0x441c, // add r4, r3
    0xe7f9, // b loop
];

/// The program with one halfword of the loop changed.
fn firmware(change: Option<(usize, u16)>) -> Vec<u8> {
    let mut code = CODE;
    if let Some((at, halfword)) = change {
        code[10 + at] = halfword;
    }
    let mut bytes = vec![0; 0x100];
    bytes[..4].copy_from_slice(&0x2000_2000u32.to_le_bytes());
    bytes[4..8].copy_from_slice(&0x101u32.to_le_bytes());
    bytes.extend(code.iter().flat_map(|half| half.to_le_bytes()));
    bytes
}

const INTERVAL: Icount = 1000;

fn options() -> Options {
    Options { interval: INTERVAL, ..Options::default() }
}

fn record(change: Option<(usize, u16)>, end: Icount) -> Log {
    let board = Board::find("mps2-an385").unwrap();
    let image = Image::parse_at(firmware(change), "program", Some(0)).unwrap();
    let log = Log::in_memory(header(&board, &image, Some(0)));
    let mut timeline = Timeline::live(&board, &image, Box::new(Nobody), log, options()).unwrap();
    timeline.run(&Limits { icount: Some(end), time: None }, &mut || false).unwrap();
    timeline.finish().unwrap();
    timeline.log.reader().unwrap()
}

/// The recording with other firmware, other events, and some more sections.
fn forge(
    mut log: Log,
    change: Option<(usize, u16)>,
    alter: impl Fn(&mut Stamped),
    keyframes: &[(Icount, Vec<u8>)],
) -> Log {
    let header = Header { firmware: firmware(change), ..log.header().clone() };
    let mut forged = Log::in_memory(header);
    let mut mark = log.start();
    while let Some(mut stamped) = log.read(&mut mark).unwrap() {
        alter(&mut stamped);
        forged.append(&stamped).unwrap();
    }
    let sections: Vec<Section> = log.sections(SectionKind::Keyframe).collect();
    for section in sections {
        let body = log.read_section(section).unwrap();
        forged.add_section(SectionKind::Keyframe, section.icount, &body).unwrap();
    }
    for (icount, body) in keyframes {
        forged.add_section(SectionKind::Keyframe, *icount, body).unwrap();
    }
    forged.finish(log.end().unwrap().clone()).unwrap();
    forged.reader().unwrap()
}

fn verdict(log: Log) -> Divergence {
    diverged(Timeline::replay(log, options()).unwrap().verify())
}

fn diverged(result: Result<u64, TimelineError>) -> Divergence {
    match result {
        Err(TimelineError::Diverged(found)) => *found,
        other => panic!("{other:?}"),
    }
}

fn disturbed(at: Icount, act: fn(&mut Core)) -> Divergence {
    let mut verifier = Verifier::new(Timeline::replay(record(None, 5500), options()).unwrap());
    verifier.disturbance = Some(Disturbance { at, act });
    diverged(verifier.verify())
}

fn register(name: &str, expected: u32, found: u32) -> Difference {
    Difference::Register { name: name.into(), expected, found }
}

/// How often the instruction of the loop with this number was executed up to a position.
fn times(number: Icount, icount: Icount) -> u32 {
    ((icount + LENGTH - 1 - BEFORE - number) / LENGTH) as u32
}

const RECORDING: Cause = Cause::Recording { agrees_again: None };

#[test]
fn a_good_recording_is_verified_without_moving() {
    let mut timeline = Timeline::replay(record(None, 40_500), options()).unwrap();
    timeline.seek(77).unwrap();
    assert!(timeline.log.sections(SectionKind::Keyframe).count() > 2);
    assert_eq!(timeline.verify().unwrap(), 41);
    assert_eq!(timeline.now().icount, 77);
}

#[test]
fn another_instruction_shows_in_its_register_and_its_page() {
    let found = verdict(forge(record(None, 5500), Some((0, 0x3002)), |_| (), &[]));
    let count = times(0, 1000);
    let code = Difference::Page { address: 0 };
    assert_eq!(found.differences, [register("r0", count, 2 * count), code], "{found}");
    assert_eq!((found.after, found.at, found.cause), (0, 1000, RECORDING));
    assert_eq!(u64::from(found.pc.unwrap()), u64::from(LOOP) + 2 * ((1000 - BEFORE) % LENGTH));
    assert_eq!(found.events, u64::from(times(2, 1000)), "all reads of the UART");
}

#[test]
fn another_store_shows_in_its_page() {
    let found = verdict(forge(record(None, 5500), Some((1, 0x6008)), |_| (), &[]));
    let page = Difference::Page { address: COUNTER };
    assert_eq!(found.differences, [page, Difference::Elsewhere], "and the page of the instruction: {found}");
    assert_eq!((found.after, found.at, found.cause), (0, 1000, RECORDING));
}

#[test]
fn a_changed_value_shows_where_it_ends_up_and_at_the_next_keyframe_in_which_word() {
    let change = |stamped: &mut Stamped| {
        if let Stamped { icount: 2000..2006, event: Event::Read { value: Some(value), .. } } = stamped {
            *value += 0x700;
        }
    };
    let recording = record(None, 40_500);
    let next_keyframe = recording.sections(SectionKind::Keyframe).next().unwrap().icount;
    let found = verdict(forge(recording, None, change, &[]));
    let at = 3000;
    let count = 3 * times(3, at);
    let page = Difference::Page { address: COUNTER };
    assert_eq!(found.differences, [register("r4", count, count + 0x700), page], "{found}");
    assert_eq!((found.after, found.at, found.cause), (2000, at, RECORDING));

    let at = next_keyframe;
    let stored = 3 * (times(1, at) - 1);
    let word = Difference::Memory { address: COUNTER, expected: stored, found: stored + 0x700 };
    let count = 3 * times(3, at);
    assert_eq!(found.at_keyframe, Some((at, vec![register("r4", count, count + 0x700), word])));
}

#[test]
fn another_access_is_found_where_it_happens() {
    let found = verdict(forge(record(None, 5500), Some((2, 0x6813)), |_| (), &[]));
    let at = BEFORE + 2;
    let width = Width::Word;
    let expected = Event::Read { address: 0x4000_4004, width, value: Some(0) };
    let mismatch = Mismatch {
        expected: Some(Stamped { icount: at, event: expected }),
        found: Act::Read { address: 0x4000_4000, width },
    };
    assert_eq!(found.differences, [Difference::Event(mismatch)]);
    assert_eq!((found.after, found.at, found.pc, found.cause), (at, at, Some(LOOP + 4), RECORDING));
    let text = "at icount 8: the core reads a word from 0x40004000; recorded is a word read from 0x40004004 \
                that gave 0x0, at icount 8";
    assert_eq!(found.to_string(), text);
}

#[test]
fn a_changed_digest_is_told_from_a_changed_run() {
    let change = |stamped: &mut Stamped| {
        if let Stamped { icount: 2000, event: Event::Digest(digest) } = stamped {
            digest.all ^= 1;
        }
    };
    let found = verdict(forge(record(None, 5500), None, change, &[]));
    assert_eq!((found.after, found.at), (1000, 2000));
    assert_eq!(found.cause, Cause::Recording { agrees_again: Some(3000) });
}

#[test]
fn an_old_digest_shows_that_something_differs() {
    let change = |stamped: &mut Stamped| {
        if let Event::Digest(digest) = &mut stamped.event {
            digest.detail = None;
        }
    };
    let found = verdict(forge(record(None, 5500), Some((3, 0x3405)), change, &[]));
    assert!(matches!(found.differences[..], [Difference::Digest { .. }]), "{found}");
    assert_eq!((found.after, found.at, found.cause), (0, 1000, RECORDING));
}

#[test]
fn a_disturbed_register_is_found_at_its_instruction() {
    let found = disturbed(2345, |core| core.state_mut().registers.r[4] ^= 1 << 20);
    let [Difference::Register { name, expected, found: other }] = &found.differences[..] else {
        panic!("{found}")
    };
    assert_eq!((name.as_str(), expected ^ other), ("r4", 1 << 20));
    assert_eq!((found.after, found.at), (2345, 2346));
    assert_eq!(u64::from(found.pc.unwrap()), u64::from(LOOP) + 2 * ((2345 - BEFORE) % LENGTH));
    assert_eq!(found.cause, Cause::Execution { as_recorded: true });
}

#[test]
fn a_disturbed_word_of_memory_is_found_at_its_instruction() {
    let found = disturbed(4321, |core| core.memory_mut().write(0x2000_0800, &[9]).unwrap());
    let word = Difference::Memory { address: 0x2000_0800, expected: 0, found: 9 };
    assert_eq!(found.differences, [word]);
    assert_eq!((found.after, found.at), (4321, 4322));
    assert_eq!(found.cause, Cause::Execution { as_recorded: true });
}

#[test]
fn a_disturbed_access_is_found_at_its_instruction() {
    // R2 points to the UART: the access shows it before a digest does.
    let found = disturbed(2345, |core| core.state_mut().registers.r[2] += 4);
    assert_eq!(found.differences, [register("r2", 0x4000_4000, 0x4000_4004)]);
    assert_eq!((found.after, found.at), (2345, 2346));
    assert_eq!(found.cause, Cause::Execution { as_recorded: true });
}

#[test]
fn what_happens_only_once_is_said_so() {
    static HAPPENED: AtomicBool = AtomicBool::new(false);
    let found = disturbed(2345, |core| {
        if !HAPPENED.swap(true, Ordering::Relaxed) {
            core.state_mut().registers.r[4] ^= 1 << 20;
        }
    });
    assert_eq!((found.after, found.at, found.cause), (2000, 3000, Cause::Chance));
    assert!(matches!(&found.differences[0], Difference::Register { name, .. } if name == "r4"), "{found}");
}

#[test]
fn a_keyframe_of_another_run_is_found() {
    let mut other = Timeline::replay(record(None, 40_500), options()).unwrap();
    let at = 32 * INTERVAL;
    other.seek(at).unwrap();
    other.core.state_mut().registers.r[4] += 5;
    let pages = other.tape.pages_written_before(other.core.memory());
    let body = Keyframe::encode(&mut other.core, pages);
    let found = verdict(forge(record(None, 40_500), None, |_| (), &[(at, body)]));
    let count = 3 * times(3, at);
    assert_eq!(found.differences, [register("r4", count + 5, count)], "{found}");
    assert_eq!((found.at, found.cause), (at, Cause::Keyframe));
}

#[test]
fn a_report_names_functions_lines_and_who_is_to_blame() {
    let found = disturbed(2345, |core| core.state_mut().registers.r[4] ^= 1 << 20);
    let [Difference::Register { expected, found: other, .. }] = &found.differences[..] else {
        panic!("{found}")
    };
    let text = format!(
        "  where         icount 2346
  instruction   {:#010x}
  r4            stepping gives {expected:#010x}, running {other:#010x}
  why           stepping does what is recorded, and running does not: a bug of untick
",
        found.pc.unwrap()
    );
    assert_eq!(found.report(&Symbols::default()), text);
}
