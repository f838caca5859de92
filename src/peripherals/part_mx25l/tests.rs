use super::*;
use crate::peripherals::testbed::Testbed;

/// The bench's core clock is 1 MHz: a cycle is a microsecond.
fn flash() -> Testbed {
    let mut flash = Testbed::new("mx25l");
    flash.wire(0, Level::High);
    flash
}

/// A command with CS# low; what it answers after the first byte.
fn command(flash: &mut Testbed, bytes: &[u8], more: usize) -> Vec<u8> {
    flash.wire(0, Level::Low);
    let bytes = bytes.iter().copied().chain(std::iter::repeat_n(0, more));
    let mut answers = Vec::new();
    for byte in bytes {
        let answer = flash.talk(Talk::Spi { bits: 8, value: byte.into() });
        answers.push(answer.expect("it is selected") as u8);
    }
    flash.wire(0, Level::High);
    let answered = answers.len() - more;
    answers.split_off(answered)
}

fn status(flash: &mut Testbed) -> u8 {
    command(flash, &[0x05], 1)[0]
}

fn program(flash: &mut Testbed, bytes: &[u8]) {
    command(flash, &[0x06], 0);
    command(flash, bytes, 0);
    flash.run_until(flash.now() + 1000);
}

#[test]
fn identifications_tell_who_it_is() {
    let mut flash = flash();
    assert_eq!(command(&mut flash, &[0x9f], 4), [0xc2, 0x20, 0x17, 0xc2]);
    assert_eq!(command(&mut flash, &[0xab, 0, 0, 0], 1), [0x16]);
    assert_eq!(command(&mut flash, &[0x90, 0, 0, 0], 3), [0xc2, 0x16, 0xc2]);
    assert_eq!(command(&mut flash, &[0x90, 0, 0, 1], 2), [0x16, 0xc2]);
}

#[test]
fn programming_needs_wren_takes_time_and_only_clears_bits() {
    let mut flash = flash();
    command(&mut flash, &[0x02, 0, 0, 0, 0x12], 0);
    assert_eq!((status(&mut flash), command(&mut flash, &[0x03, 0, 0, 0], 1)), (0, vec![0xff]));
    command(&mut flash, &[0x06], 0);
    assert_eq!(status(&mut flash), WEL);
    command(&mut flash, &[0x02, 0, 0, 0xff, 0x3c, 0x55], 0);
    flash.run_until(329);
    assert_eq!(status(&mut flash), WEL | WIP);
    assert_eq!(command(&mut flash, &[0x03, 0, 0, 0], 1), [0xff], "it does not read while it is busy");
    flash.run_until(330);
    assert_eq!(status(&mut flash), 0);
    assert_eq!(command(&mut flash, &[0x03, 0, 0, 0xff], 2), [0x3c, 0xff]);
    assert_eq!(command(&mut flash, &[0x0b, 0, 0, 0, 0], 1), [0x55], "it wraps within the page");
    program(&mut flash, &[0x02, 0, 0, 0xff, 0xf0]);
    assert_eq!(command(&mut flash, &[0x03, 0, 0, 0xff], 1), [0x30]);
}

#[test]
fn sectors_blocks_and_the_chip_are_erased() {
    let mut flash = flash();
    for address in [[0, 0x0f, 0xff], [0, 0x10, 0], [1, 0, 0]] {
        program(&mut flash, &[&[0x02][..], &address, &[0]].concat());
    }
    let read = |flash: &mut Testbed| {
        [[0, 0x0f, 0xff], [0, 0x10, 0], [1, 0, 0]]
            .map(|address| command(flash, &[&[0x03][..], &address].concat(), 1)[0])
    };
    assert_eq!(read(&mut flash), [0, 0, 0]);
    program(&mut flash, &[0x20, 0, 0x01, 0x23]);
    flash.run_until(100_000);
    assert_eq!(read(&mut flash), [0xff, 0, 0]);
    program(&mut flash, &[0xd8, 0, 0, 0]);
    flash.run_until(1_000_000);
    assert_eq!(read(&mut flash), [0xff, 0xff, 0]);
    program(&mut flash, &[0xc7]);
    flash.run_until(20_000_000);
    assert_eq!(status(&mut flash) & WIP, WIP);
    flash.run_until(30_000_000);
    assert_eq!(read(&mut flash), [0xff, 0xff, 0xff]);
}

#[test]
fn protected_blocks_stay() {
    let mut flash = flash();
    command(&mut flash, &[0x06], 0);
    command(&mut flash, &[0x01, 1 << 2], 0);
    flash.run_until(50_000);
    assert_eq!(status(&mut flash), 1 << 2);
    program(&mut flash, &[0x02, 0x7f, 0, 0, 1]);
    program(&mut flash, &[0x02, 0x7e, 0xff, 0xff, 1]);
    assert_eq!(command(&mut flash, &[0x03, 0x7e, 0xff, 0xff], 2), [1, 0xff]);
}

#[test]
fn in_deep_power_down_it_only_wakes_up() {
    let mut flash = flash();
    command(&mut flash, &[0xb9], 0);
    assert_eq!(command(&mut flash, &[0x9f], 1), [0xff]);
    command(&mut flash, &[0xab], 0);
    assert_eq!(command(&mut flash, &[0x9f], 1), [0xc2]);
}

#[test]
fn one_that_is_not_selected_does_not_answer() {
    assert_eq!(flash().talk(Talk::Spi { bits: 8, value: 0x9f }), None);
}

#[test]
fn input_sets_what_is_in_it() {
    let mut flash = flash();
    flash.input(b"\x01\x02\x03hi");
    assert_eq!(command(&mut flash, &[0x03, 1, 2, 3], 2), b"hi");
}
