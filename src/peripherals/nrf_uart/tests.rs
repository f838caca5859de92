use super::*;
use crate::peripherals::testbed::{Testbed, World};

/// A UART or UARTE that is on, with 16 cycles per bit: a frame takes 160.
fn enabled(enable: u32, options: &[(&'static str, u32)]) -> Testbed {
    let mut uart = Testbed::with_options("nrf-uart", options);
    uart.write(BAUDRATE, 0x1000_0000);
    uart.write(ENABLE, enable);
    uart
}

fn uart(options: &[(&'static str, u32)]) -> Testbed {
    let mut uart = enabled(UART, options);
    uart.write(4 * STARTTX, 1);
    uart.write(4 * STARTRX, 1);
    uart
}

fn uarte(options: &[(&'static str, u32)]) -> Testbed {
    enabled(UARTE, options)
}

/// Gives a buffer of this many bytes to one direction.
fn give(uarte: &mut Testbed, register: u32, offset: u32, count: u32) {
    uarte.write(register, World::RAM + offset);
    uarte.write(register + 4, count);
}

fn event(uart: &Testbed, event: u32) -> bool {
    uart.peek(0x100 + 4 * event) != 0
}

#[test]
fn txdrdy_comes_when_a_character_is_out() {
    let mut uart = uart(&[]);
    uart.write(0x304, 1 << TXDRDY);
    uart.write(TXD, u32::from(b'x'));
    assert_eq!((uart.output(), uart.next_wake()), (&b"x"[..], Some(160)));
    uart.run_until(159);
    assert!(!event(&uart, TXDRDY));
    uart.run_until(160);
    assert_eq!((event(&uart, TXDRDY), uart.irq_lines()), (true, 1));
    uart.write(0x100 + 4 * TXDRDY, 0);
    assert_eq!((uart.irq_lines(), uart.take_pulses()), (0, vec![TXDRDY]));
}

#[test]
fn a_stopped_transmitter_sends_nothing() {
    let mut uart = uart(&[]);
    uart.write(4 * STOPTX, 1);
    uart.write(TXD, 1);
    assert_eq!(uart.output(), b"");
}

#[test]
fn six_characters_wait_and_the_seventh_is_an_overrun() {
    let mut uart = uart(&[]);
    uart.input(b"abcdefg");
    uart.run_until(6 * 160);
    assert!(event(&uart, RXDRDY) && !event(&uart, ERROR));
    uart.run_until(7 * 160);
    assert_eq!((event(&uart, ERROR), uart.read(ERRORSRC)), (true, OVERRUN));
    uart.write(ERRORSRC, OVERRUN);
    assert_eq!(uart.read(ERRORSRC), 0);
    for byte in b"abcdef" {
        assert!(event(&uart, RXDRDY));
        uart.write(0x100 + 4 * RXDRDY, 0);
        assert_eq!(uart.read(RXD), u32::from(*byte));
    }
    assert!(!event(&uart, RXDRDY));
}

#[test]
fn a_held_line_loses_nothing() {
    let mut uart = uart(&[("hold", 1)]);
    uart.input(b"0123456789");
    let mut read = Vec::new();
    for _ in 0..10 {
        uart.run_until(uart.now() + 10_000);
        read.push(uart.read(RXD) as u8);
    }
    assert_eq!(read, b"0123456789");
}

#[test]
fn without_power_it_forgets() {
    let mut uart = uart(&[]);
    uart.write(0xffc, 0);
    assert_eq!((uart.read(ENABLE), uart.read(BAUDRATE)), (0, 0));
}

#[test]
fn a_buffer_is_sent_character_by_character() {
    let mut uarte = uarte(&[]);
    uarte.world.bytes(World::RAM + 8, 3).unwrap().copy_from_slice(b"abc");
    give(&mut uarte, TXD_PTR, 8, 3);
    uarte.write(0x300, 1 << ENDTX);
    uarte.write(4 * STARTTX, 1);
    assert_eq!(uarte.output(), b"a");
    assert_eq!(uarte.take_pulses(), [TXSTARTED]);
    uarte.run_until(479);
    assert_eq!((uarte.output(), uarte.irq_lines()), (&b"abc"[..], 0));
    assert_eq!(uarte.take_pulses(), [TXDRDY; 2]);
    uarte.run_until(480);
    assert_eq!((uarte.take_pulses(), uarte.irq_lines()), (vec![TXDRDY, ENDTX], 1));
    assert_eq!((uarte.read(TXD_PTR + 8), uarte.next_wake()), (3, None));
    uarte.write(4 * STOPTX, 1);
    assert_eq!(uarte.take_pulses(), [TXSTOPPED], "at once");
}

#[test]
fn a_stop_waits_for_the_end_of_the_character() {
    let mut uarte = uarte(&[]);
    give(&mut uarte, TXD_PTR, 0, 100);
    uarte.write(4 * STARTTX, 1);
    uarte.run_until(200);
    uarte.take_pulses();
    uarte.write(4 * STOPTX, 1);
    uarte.run_until(1000);
    assert_eq!((uarte.take_pulses(), uarte.read(TXD_PTR + 8)), (vec![TXDRDY, ENDTX, TXSTOPPED], 2));
}

#[test]
fn nothing_to_send_ends_at_once() {
    let mut uarte = uarte(&[]);
    uarte.write(4 * STARTTX, 1);
    assert_eq!((uarte.take_pulses(), uarte.next_wake()), (vec![TXSTARTED, ENDTX], None));
}

#[test]
fn a_full_buffer_ends_and_the_shortcut_takes_the_next() {
    let mut uarte = uarte(&[("hold", 1)]);
    give(&mut uarte, RXD_PTR, 0, 2);
    uarte.write(0x200, 1 << 5);
    uarte.write(4 * STARTRX, 1);
    uarte.write(RXD_PTR, World::RAM + 0x10);
    uarte.input(b"hello");
    uarte.run_until(320);
    assert_eq!(uarte.take_pulses(), [RXSTARTED, RXDRDY, RXDRDY, ENDRX, RXSTARTED]);
    uarte.write(0x200, 0);
    uarte.run_until(5000);
    assert_eq!(uarte.world.bytes(World::RAM, 2).unwrap(), b"he");
    assert_eq!(uarte.world.bytes(World::RAM + 0x10, 2).unwrap(), b"ll");
    assert_eq!((uarte.take_pulses(), uarte.next_wake()), (vec![RXDRDY, RXDRDY, ENDRX], None), "o is held");
    give(&mut uarte, RXD_PTR, 0x20, 9);
    uarte.write(4 * STARTRX, 1);
    uarte.run_until(6000);
    uarte.take_pulses();
    uarte.write(4 * STOPRX, 1);
    assert_eq!((uarte.take_pulses(), uarte.read(RXD_PTR + 8)), (vec![ENDRX, RXTO], 1));
}

#[test]
fn what_came_without_a_buffer_can_be_flushed() {
    let mut uarte = uarte(&[]);
    give(&mut uarte, RXD_PTR, 0, 1);
    uarte.write(4 * STARTRX, 1);
    uarte.input(b"abc");
    uarte.run_until(1000);
    give(&mut uarte, RXD_PTR, 0x10, 8);
    uarte.write(4 * FLUSHRX, 1);
    assert_eq!(uarte.world.bytes(World::RAM + 0x10, 2).unwrap(), b"bc");
    assert_eq!(uarte.read(RXD_PTR + 8), 2);
    uarte.write(0x110, 0);
    uarte.write(4 * FLUSHRX, 1);
    assert_eq!((uarte.read(RXD_PTR + 8), event(&uarte, ENDRX)), (2, true), "nothing more was there");
}
