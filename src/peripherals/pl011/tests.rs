use super::*;
use crate::peripherals::testbed::Testbed;

/// A UART that is on, with 16 cycles per bit: a character takes 160.
fn uart(lcrh: Lcrh, ctl: Ctl) -> Testbed {
    let mut uart = Testbed::new("pl011");
    uart.write(IBRD, 1);
    uart.write(LCRH, lcrh.with_wlen(3).into());
    uart.write(CTL, ctl.with_uarten(true).with_txe(true).with_rxe(true).into());
    uart
}

fn flags(uart: &Testbed) -> u32 {
    uart.peek(FR)
}

#[test]
fn after_reset_both_fifos_are_empty() {
    let mut uart = Testbed::new("pl011");
    assert_eq!((uart.read(FR), uart.read(CTL), uart.read(IFLS)), (0x90, 0x300, 0x12));
    assert_eq!((uart.read(0xfe0), uart.read(0xffc)), (0x11, 0xb1));
}

#[test]
fn characters_leave_one_after_the_other() {
    let mut uart = uart(Lcrh::new(), Ctl::new());
    uart.write(DR, u32::from(b'o'));
    assert_eq!(flags(&uart), 1 << 3 | 1 << 4 | 1 << 7, "busy, but there is room");
    uart.write(DR, u32::from(b'k'));
    uart.write(DR, u32::from(b'!'));
    assert_eq!(flags(&uart) >> 5 & 5, 1, "full");
    uart.run_until(320);
    assert_eq!(flags(&uart), 0x90);
    assert_eq!(uart.output(), b"ok");
}

#[test]
fn the_divisor_counts_from_the_next_write_to_lcrh() {
    let mut uart = uart(Lcrh::new(), Ctl::new());
    uart.write(IBRD, 2);
    uart.write(FBRD, 32);
    uart.write(DR, 0);
    uart.run_until(159);
    assert_eq!(flags(&uart) >> 3 & 1, 1);
    uart.run_until(160);
    assert_eq!(flags(&uart) >> 3 & 1, 0);
    let lcrh = uart.read(LCRH);
    uart.write(LCRH, lcrh);
    uart.write(DR, 0);
    uart.run_until(160 + 399);
    assert_eq!(flags(&uart) >> 3 & 1, 1);
    uart.run_until(160 + 400);
    assert_eq!(flags(&uart) >> 3 & 1, 0);
}

#[test]
fn the_transmit_interrupt_comes_with_the_passage_through_the_level() {
    let mut uart = uart(Lcrh::new().with_fen(true), Ctl::new());
    uart.write(IFLS, 0);
    uart.write(IM, TXIS);
    assert_eq!((uart.irq_lines(), uart.read(RIS)), (0, 0), "not because it is empty");
    for _ in 0..5 {
        uart.write(DR, 0);
    }
    uart.run_until(319);
    assert_eq!(uart.irq_lines(), 0);
    uart.run_until(320);
    assert_eq!(uart.irq_lines(), 1, "two wait");
    uart.write(DR, 0);
    assert_eq!(uart.irq_lines(), 0, "three wait");
}

#[test]
fn without_fifos_the_transmit_interrupt_says_that_the_register_is_empty() {
    let mut uart = uart(Lcrh::new(), Ctl::new());
    uart.write(IM, TXIS);
    uart.write(DR, 1);
    assert_eq!(uart.irq_lines(), 1);
    uart.write(DR, 2);
    assert_eq!((uart.irq_lines(), uart.next_wake()), (0, Some(160)));
    uart.run_until(160);
    assert_eq!(uart.irq_lines(), 1);
    uart.write(ICR, TXIS);
    assert_eq!(uart.irq_lines(), 0);
}

#[test]
fn what_is_written_while_off_is_sent_when_on() {
    let mut uart = Testbed::new("pl011");
    uart.write(DR, u32::from(b'x'));
    uart.run_until(1000);
    assert!(uart.output().is_empty());
    uart.write(CTL, Ctl::new().with_uarten(true).with_txe(true).into());
    assert_eq!(uart.output(), b"x");
}

#[test]
fn the_receive_interrupt_comes_at_the_level_and_the_timeout_for_the_rest() {
    let mut uart = uart(Lcrh::new().with_fen(true), Ctl::new());
    uart.write(IFLS, 0);
    uart.write(IM, RXIS | RTIS);
    uart.input(b"abc");
    uart.run_until(319);
    assert_eq!(uart.irq_lines(), 0);
    uart.run_until(320);
    assert_eq!(uart.read(MIS), RXIS);
    assert_eq!((uart.read(DR), uart.read(MIS)), (u32::from(b'a'), 0));
    uart.run_until(480 + 32 * 16 - 1);
    assert_eq!(uart.read(MIS), RXIS);
    uart.run_until(480 + 32 * 16);
    assert_eq!(uart.read(MIS), RXIS | RTIS);
    uart.read(DR);
    assert_eq!(uart.read(MIS), RTIS, "one is left");
    uart.read(DR);
    assert_eq!((uart.read(MIS), flags(&uart)), (0, 0x90));
}

#[test]
fn an_overrun_is_told_at_once_and_with_the_next_character() {
    let mut uart = uart(Lcrh::new(), Ctl::new());
    uart.write(IM, OEIS);
    uart.input(b"abc");
    uart.run_until(320);
    assert_eq!((uart.irq_lines(), uart.read(RSR)), (1, 8));
    assert_eq!(uart.read(DR), u32::from(b'a'));
    assert_eq!(uart.read(RSR), 8, "until it is cleared");
    uart.run_until(480);
    assert_eq!(uart.read(DR), u32::from(b'c') | u32::from(OVERRUN));
    assert_eq!(uart.read(RSR), 8);
    uart.write(RSR, 0);
    assert_eq!(uart.read(RSR), 0);
}

#[test]
fn a_sender_that_holds_waits_for_room() {
    let mut uart = Testbed::with_options("pl011", &[("hold", 1)]);
    uart.write(IBRD, 1);
    uart.write(LCRH, Lcrh::new().with_wlen(3).into());
    uart.write(CTL, Ctl::new().with_uarten(true).with_rxe(true).into());
    uart.input(b"ab");
    uart.run_until(10_000);
    assert_eq!((uart.read(RIS) & OEIS, uart.read(DR)), (0, u32::from(b'a')));
    uart.run_until(10_160);
    assert_eq!(uart.read(DR), u32::from(b'b'));
}

#[test]
fn loopback_receives_what_is_sent() {
    let mut uart = uart(Lcrh::new().with_fen(true), Ctl::new().with_lbe(true));
    uart.write(DR, 1);
    uart.write(DR, 2);
    uart.run_until(320);
    assert_eq!((uart.read(DR), uart.read(DR)), (1, 2));
}

#[test]
fn loopback_overruns_though_the_other_end_would_hold() {
    let mut uart = Testbed::with_options("pl011", &[("hold", 1)]);
    uart.write(IBRD, 1);
    uart.write(LCRH, Lcrh::new().with_wlen(3).into());
    uart.write(CTL, Ctl::new().with_uarten(true).with_txe(true).with_rxe(true).with_lbe(true).into());
    uart.write(DR, 1);
    uart.write(DR, 2);
    uart.run_until(320);
    assert_eq!((uart.read(RIS) & OEIS, uart.read(DR)), (OEIS, 1));
}

#[test]
fn dma_requests_follow_the_fifos() {
    let mut uart = uart(Lcrh::new(), Ctl::new());
    uart.write(DMACTL, RXDMAE | TXDMAE);
    assert_eq!(uart.outputs(), 2);
    uart.write(DR, 0);
    uart.write(DR, 0);
    assert_eq!(uart.outputs(), 0);
    uart.input(b"x");
    uart.run_until(160);
    assert_eq!(uart.outputs(), 3);
    uart.read(DR);
    assert_eq!(uart.outputs(), 2);
}
