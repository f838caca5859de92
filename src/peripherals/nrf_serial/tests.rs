use std::{cell::RefCell, rc::Rc};

use super::*;
use crate::peripherals::{
    Talk,
    testbed::{Testbed, World},
};

/// An interface that is on, and what it says to a part that answers so.
fn enabled(
    enable: u32,
    mut answer: impl FnMut(Talk) -> Option<u32> + 'static,
) -> (Testbed, Rc<RefCell<Vec<Talk>>>) {
    let mut serial = Testbed::new("nrf-serial");
    let said = Rc::new(RefCell::new(Vec::new()));
    let heard = Rc::clone(&said);
    serial.world.answer = Box::new(move |talk| {
        heard.borrow_mut().push(talk);
        answer(talk)
    });
    serial.write(ENABLE, enable);
    (serial, said)
}

/// Gives a buffer to one direction.
fn give(serial: &mut Testbed, register: u32, offset: u32, count: u32) {
    serial.write(register, World::RAM + offset);
    serial.write(register + 4, count);
}

fn spi(value: u32) -> Talk {
    Talk::Spi { bits: 8, value }
}

fn plus_one(talk: Talk) -> Option<u32> {
    match talk {
        Talk::Spi { value, .. } => Some(value + 1),
        _ => None,
    }
}

const FAST: u32 = 0x8000_0000;

#[test]
fn spi_has_two_characters_in_each_direction() {
    let (mut serial, said) = enabled(SPI, plus_one);
    serial.write(FREQUENCY, FAST); // 16 cycles a character
    serial.write(TXD, 5);
    serial.write(TXD, 7);
    serial.run_until(16);
    assert_eq!((serial.take_pulses(), serial.next_wake()), (vec![READY], Some(32)));
    serial.run_until(40);
    assert_eq!(serial.take_pulses(), [], "the second one waits");
    assert_eq!((serial.read(RXD), serial.take_pulses()), (6, vec![READY]));
    assert_eq!((serial.read(RXD), serial.take_pulses()), (8, vec![]));
    assert_eq!(*said.borrow(), [spi(5), spi(7)]);
}

#[test]
fn spim_sends_the_overrun_character_when_its_buffer_ends() {
    let (mut serial, said) = enabled(SPIM, plus_one);
    serial.write(FREQUENCY, FAST);
    serial.write(ORC, 0x40);
    serial.world.bytes(World::RAM, 2).unwrap().copy_from_slice(&[1, 2]);
    give(&mut serial, TXD_PTR, 0, 2);
    give(&mut serial, RXD_PTR, 0x10, 3);
    serial.write(0x304, 1 << END);
    serial.write(4 * START, 1);
    assert_eq!((serial.take_pulses(), serial.next_wake()), (vec![RXSTARTED], Some(48)));
    serial.run_until(48);
    assert_eq!((serial.take_pulses(), serial.irq_lines()), (vec![ENDTX, ENDRX, END], 1));
    assert_eq!(serial.world.bytes(World::RAM + 0x10, 3).unwrap(), [2, 3, 0x41]);
    assert_eq!((serial.read(TXD_PTR + 8), serial.read(RXD_PTR + 8)), (2, 3));
    assert_eq!(*said.borrow(), [spi(1), spi(2), spi(0x40)]);
}

#[test]
fn spim_goes_on_by_its_shortcut_and_through_its_list() {
    let (mut serial, said) = enabled(SPIM, |_| None);
    serial.write(FREQUENCY, FAST);
    serial.world.bytes(World::RAM, 4).unwrap().copy_from_slice(&[1, 2, 3, 4]);
    give(&mut serial, TXD_PTR, 0, 2);
    serial.write(TXD_LIST, 1);
    serial.write(0x200, 1 << 17);
    serial.write(4 * START, 1);
    serial.run_until(64);
    assert_eq!(*said.borrow(), [spi(1), spi(2), spi(3), spi(4)]);
    serial.jump(1 << 40);
    serial.write(4 * STOP, 1);
    assert_eq!((serial.next_wake(), serial.take_pulses().pop()), (None, Some(STOPPED)));
}

#[test]
fn spim_stands_while_it_is_suspended() {
    let (mut serial, _) = enabled(SPIM, |_| None);
    serial.write(FREQUENCY, FAST);
    give(&mut serial, TXD_PTR, 0, 2);
    serial.write(4 * START, 1);
    serial.run_until(10);
    serial.write(4 * SUSPEND, 1);
    serial.run_until(100);
    serial.write(4 * RESUME, 1);
    assert_eq!(serial.next_wake(), Some(122));
}

/// A part at 0x1d that acknowledges and gives 0x30, 0x31 …
fn part() -> impl FnMut(Talk) -> Option<u32> {
    let mut next = 0x30;
    move |talk| match talk {
        Talk::I2cStart { address, .. } => (address == 0x1d).then_some(0),
        Talk::I2cRead { .. } => {
            next += 1;
            Some(next - 1)
        }
        _ => Some(0),
    }
}

fn start(address: u16, read: bool) -> Talk {
    Talk::I2cStart { address, read }
}

#[test]
fn twim_writes_reads_and_stops_by_shortcuts() {
    let (mut serial, said) = enabled(TWIM, part());
    serial.write(ADDRESS, 0x1d);
    serial.write(FREQUENCY, FAST); // two cycles a bit
    serial.world.bytes(World::RAM, 2).unwrap().copy_from_slice(&[8, 9]);
    give(&mut serial, TXD_PTR, 0, 2);
    give(&mut serial, RXD_PTR, 0x10, 2);
    serial.write(0x200, 1 << 7 | 1 << 12);
    serial.write(4 * STARTTX, 1);
    serial.run_until(1000);
    assert_eq!(serial.take_pulses(), [TXSTARTED, LASTTX, RXSTARTED, LASTRX, STOPPED]);
    let read = |acknowledge| Talk::I2cRead { acknowledge };
    let expected = [
        start(0x1d, false),
        Talk::I2cWrite(8),
        Talk::I2cWrite(9),
        start(0x1d, true),
        read(true),
        read(false),
        Talk::I2cStop,
    ];
    assert_eq!(*said.borrow(), expected);
    assert_eq!(serial.world.bytes(World::RAM + 0x10, 2).unwrap(), [0x30, 0x31]);
    assert_eq!((serial.read(TXD_PTR + 8), serial.read(RXD_PTR + 8)), (2, 2));
}

#[test]
fn nobody_at_an_address_is_an_error_that_stop_ends() {
    for enable in [TWI, TWIM] {
        let (mut serial, _) = enabled(enable, part());
        serial.write(ADDRESS, 0x1e);
        give(&mut serial, TXD_PTR, 0, 1);
        serial.write(0x200, 1 << 9);
        serial.write(4 * STARTTX, 1);
        serial.write(TXD, 1);
        serial.run_until(100_000);
        assert_eq!((serial.peek(0x124), serial.read(TWI_ERRORSRC)), (1, ANACK), "ENABLE {enable}");
        serial.write(TWI_ERRORSRC, ANACK);
        assert_eq!((serial.read(TWI_ERRORSRC), serial.peek(0x104)), (0, 0));
        serial.write(4 * RESUME, 1);
        serial.write(4 * STOP, 1);
        serial.run_until(200_000);
        assert_eq!((serial.peek(0x104), serial.next_wake()), (1, None), "STOPPED");
    }
}

const ANACK: u32 = 2;

#[test]
fn twi_writes_a_byte_for_each_write_to_txd() {
    let (mut serial, said) = enabled(TWI, part());
    serial.write(ADDRESS, 0x1d);
    serial.write(4 * STARTTX, 1);
    serial.write(TXD, 7);
    serial.run_until(5000);
    assert_eq!(serial.take_pulses(), [BB, TXDSENT]);
    serial.write(TXD, 8);
    serial.run_until(10_000);
    serial.write(4 * STOP, 1);
    serial.run_until(11_000);
    assert_eq!(serial.take_pulses(), [BB, TXDSENT, STOPPED]);
    assert_eq!(*said.borrow(), [start(0x1d, false), Talk::I2cWrite(7), Talk::I2cWrite(8), Talk::I2cStop]);
}

#[test]
fn twi_reads_as_the_manual_says() {
    let (mut serial, said) = enabled(TWI, part());
    serial.write(ADDRESS, 0x1d);
    serial.write(0x200, 1); // BB_SUSPEND
    serial.write(4 * STARTRX, 1);
    serial.run_until(5000);
    assert_eq!(serial.take_pulses(), [BB, READY, SUSPENDED]);
    assert_eq!(serial.read(RXD), 0x30);
    serial.write(0x200, 2); // BB_STOP
    serial.write(4 * RESUME, 1);
    serial.run_until(10_000);
    assert_eq!((serial.take_pulses(), serial.read(RXD)), (vec![BB, READY, STOPPED], 0x31));
    let read = |acknowledge| Talk::I2cRead { acknowledge };
    assert_eq!(*said.borrow(), [start(0x1d, true), read(true), read(false), Talk::I2cStop]);
}

#[test]
fn slaves_are_silent() {
    let (mut serial, _) = enabled(SPIS, |_| None);
    serial.write(0x200, 4);
    assert_eq!(serial.read(SEMSTAT), CPU);
    serial.write(4 * RELEASE, 1);
    assert_eq!(serial.read(SEMSTAT), FREE);
    serial.write(4 * ACQUIRE, 1);
    assert_eq!((serial.read(SEMSTAT), serial.take_pulses(), serial.next_wake()), (CPU, vec![ACQUIRED], None));
}
