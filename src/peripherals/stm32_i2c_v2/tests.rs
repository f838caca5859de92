use std::{cell::RefCell, rc::Rc};

use super::*;
use crate::peripherals::{Talk, testbed::Testbed};

/// Cycles of a bit: SCLL = SCLH = 4.
const BIT: Cycle = 10;
const BYTE: Cycle = 9 * BIT;
const TIMING: u32 = 0x0404;

type Said = Rc<RefCell<Vec<Talk>>>;

/// A controller that is on, and a part at 0x50 that acknowledges and sends 1, 2, 3, …
fn i2c(cr1: Cr1) -> (Testbed, Said) {
    let mut i2c = Testbed::new("stm32-i2c-v2");
    let said = Said::default();
    let (heard, mut next) = (said.clone(), 0);
    i2c.world.answer = Box::new(move |talk| {
        heard.borrow_mut().push(talk);
        match talk {
            Talk::I2cStart { address, .. } => (address == 0x50 || address == 0x250).then_some(0),
            Talk::I2cWrite(byte) => (byte != 0xee).then_some(0),
            Talk::I2cRead { .. } => {
                next += 1;
                Some(next)
            }
            _ => None,
        }
    });
    i2c.write(TIMINGR, TIMING);
    i2c.write(CR1, cr1.with_pe(true).into());
    (i2c, said)
}

fn to(nbytes: u8) -> Cr2 {
    Cr2::new().with_sadd(0xa0).with_nbytes(nbytes).with_start(true)
}

fn isr(i2c: &Testbed) -> Isr {
    Isr::from(i2c.peek(ISR))
}

fn wait(i2c: &mut Testbed, cycles: Cycle) {
    i2c.run_until(i2c.now() + cycles);
}

fn busy() -> Isr {
    Isr::new().with_busy(true).with_txe(true)
}

#[test]
fn a_write_ends_by_itself() {
    let (mut i2c, said) = i2c(Cr1::new().with_txie(true).with_stopie(true));
    assert_eq!(i2c.read(ISR), 1);
    i2c.write(CR2, to(2).with_autoend(true).into());
    assert_eq!(isr(&i2c), busy());
    wait(&mut i2c, BIT + BYTE);
    assert_eq!((isr(&i2c), i2c.irq_lines()), (busy().with_txis(true), 1));
    assert_eq!(i2c.peek(CR2) & 1 << 13, 0, "START is cleared");
    i2c.write(TXDR, 0x12);
    assert_eq!(isr(&i2c), busy().with_txis(true), "the first byte is in the shift register");
    i2c.write(TXDR, 0x34);
    assert_eq!((isr(&i2c), i2c.irq_lines()), (Isr::new().with_busy(true), 0));
    wait(&mut i2c, BYTE);
    assert_eq!(isr(&i2c), busy());
    wait(&mut i2c, BYTE + BIT);
    assert_eq!((isr(&i2c), i2c.irq_lines()), (Isr::new().with_txe(true).with_stopf(true), 1));
    i2c.write(ICR, 1 << 5);
    assert_eq!((i2c.read(ISR), i2c.next_wake()), (1, None));
    let start = Talk::I2cStart { address: 0x50, read: false };
    assert_eq!(*said.borrow(), [start, Talk::I2cWrite(0x12), Talk::I2cWrite(0x34), Talk::I2cStop]);
}

#[test]
fn nobody_there_is_a_nack_and_a_stop() {
    let (mut i2c, said) = i2c(Cr1::new().with_nackie(true));
    i2c.write(CR2, to(1).with_sadd(0x90).into());
    wait(&mut i2c, BIT + BYTE);
    assert_eq!((isr(&i2c).nackf(), isr(&i2c).txis(), i2c.irq_lines()), (true, false, 1));
    wait(&mut i2c, BIT);
    assert_eq!(isr(&i2c), Isr::new().with_txe(true).with_nackf(true).with_stopf(true));
    i2c.write(ICR, 1 << 4 | 1 << 5);
    assert_eq!(i2c.read(ISR), 1);
    assert_eq!(said.borrow().len(), 2);
}

#[test]
fn a_byte_that_is_not_acknowledged_stops_the_transfer() {
    let (mut i2c, _) = i2c(Cr1::new());
    i2c.write(CR2, to(3).with_autoend(true).into());
    i2c.write(TXDR, 0xee);
    wait(&mut i2c, BIT + 2 * BYTE);
    assert!(isr(&i2c).nackf());
    i2c.write(TXDR, 1);
    wait(&mut i2c, BIT);
    assert!(isr(&i2c).stopf() && !isr(&i2c).txe());
    i2c.write(ISR, 1);
    assert!(isr(&i2c).txe(), "a one flushes TXDR");
}

#[test]
fn a_read_follows_a_write_after_a_repeated_start() {
    let (mut i2c, said) = i2c(Cr1::new().with_tcie(true));
    i2c.write(CR2, to(1).into());
    i2c.write(TXDR, 7);
    wait(&mut i2c, BIT + 2 * BYTE);
    assert_eq!((isr(&i2c), i2c.irq_lines()), (busy().with_tc(true), 1));
    i2c.write(CR2, to(2).with_rd_wrn(true).with_autoend(true).into());
    assert_eq!(isr(&i2c), busy());
    wait(&mut i2c, BIT + 2 * BYTE);
    assert_eq!((isr(&i2c).rxne(), i2c.read(RXDR)), (true, 1));
    wait(&mut i2c, BYTE + BIT);
    assert_eq!((i2c.read(RXDR), isr(&i2c).stopf(), isr(&i2c).busy()), (2, true, false));
    let start = |read| Talk::I2cStart { address: 0x50, read };
    let read = |acknowledge| Talk::I2cRead { acknowledge };
    let all = [start(false), Talk::I2cWrite(7), start(true), read(true), read(false), Talk::I2cStop];
    assert_eq!(*said.borrow(), all);
}

#[test]
fn bytes_that_are_not_read_hold_the_clock() {
    let (mut i2c, said) = i2c(Cr1::new());
    i2c.write(CR2, to(3).with_rd_wrn(true).with_autoend(true).into());
    wait(&mut i2c, 100 * BYTE);
    assert_eq!(said.borrow().len(), 3, "one in RXDR, one in the shift register");
    assert_eq!(i2c.read(RXDR), 1);
    assert_eq!(i2c.read(RXDR), 2);
    assert!(!isr(&i2c).rxne());
    wait(&mut i2c, BYTE + BIT);
    assert_eq!((i2c.read(RXDR), isr(&i2c).stopf()), (3, true));
}

#[test]
fn reload_goes_on_behind_nbytes() {
    let (mut i2c, said) = i2c(Cr1::new());
    i2c.write(CR2, to(1).with_reload(true).into());
    wait(&mut i2c, BIT + BYTE);
    i2c.write(TXDR, 1);
    wait(&mut i2c, BYTE);
    assert_eq!(isr(&i2c), busy().with_tcr(true));
    i2c.write(CR2, to(1).with_start(false).with_autoend(true).into());
    assert_eq!(isr(&i2c), busy().with_txis(true));
    i2c.write(TXDR, 2);
    wait(&mut i2c, BYTE + BIT);
    assert!(isr(&i2c).stopf());
    assert_eq!(said.borrow()[1..], [Talk::I2cWrite(1), Talk::I2cWrite(2), Talk::I2cStop]);
}

#[test]
fn a_probe_has_no_bytes() {
    let (mut i2c, said) = i2c(Cr1::new());
    i2c.write(CR2, to(0).with_autoend(true).into());
    wait(&mut i2c, 2 * BIT + BYTE);
    assert_eq!(isr(&i2c), Isr::new().with_txe(true).with_stopf(true));
    i2c.write(ICR, 1 << 5);
    i2c.write(CR2, to(0).into());
    wait(&mut i2c, BIT + BYTE);
    assert!(isr(&i2c).tc());
    i2c.write(CR2, to(0).with_start(false).with_stop(true).into());
    wait(&mut i2c, BIT);
    assert_eq!((isr(&i2c).stopf(), i2c.peek(CR2) & 3 << 13), (true, 0));
    assert_eq!(said.borrow().len(), 4);
}

#[test]
fn dma_is_asked_for_every_byte() {
    let (mut i2c, _) = i2c(Cr1::new().with_txdmaen(true).with_rxdmaen(true));
    assert_eq!(i2c.outputs(), 0);
    i2c.write(CR2, to(1).into());
    wait(&mut i2c, BIT + BYTE);
    assert_eq!(i2c.outputs(), 1);
    i2c.write(TXDR, 1);
    assert_eq!(i2c.outputs(), 0);
    wait(&mut i2c, BYTE);
    i2c.write(CR2, to(1).with_rd_wrn(true).with_autoend(true).into());
    wait(&mut i2c, BIT + 2 * BYTE);
    assert_eq!(i2c.outputs(), 2);
    i2c.read(RXDR);
    assert_eq!(i2c.outputs(), 0);
}

#[test]
fn ten_bits_of_address_take_longer() {
    let (mut i2c, said) = i2c(Cr1::new());
    i2c.write(CR2, to(1).with_sadd(0x250).with_add10(true).with_rd_wrn(true).into());
    assert_eq!(i2c.next_wake(), Some(BIT + 3 * BYTE));
    wait(&mut i2c, BIT + 3 * BYTE);
    assert_eq!(*said.borrow(), [Talk::I2cStart { address: 0x250, read: true }]);
}

#[test]
fn without_pe_all_is_as_after_reset() {
    let (mut i2c, said) = i2c(Cr1::new());
    i2c.write(CR2, to(1).with_rd_wrn(true).into());
    wait(&mut i2c, BIT + 2 * BYTE);
    i2c.write(CR1, 0);
    assert_eq!((i2c.read(ISR), i2c.next_wake()), (1, None));
    i2c.write(CR2, to(1).into());
    assert_eq!((i2c.read(ISR), i2c.peek(CR2) & 1 << 13), (1, 0));
    assert_eq!(said.borrow().last(), Some(&Talk::I2cStop));
}

#[test]
fn the_prescaler_and_the_clock_count() {
    let (mut i2c, _) = i2c(Cr1::new());
    i2c.clocked(1, 2);
    i2c.write(TIMINGR, TIMING | 3 << 28);
    i2c.write(CR2, to(0).into());
    assert_eq!(i2c.next_wake(), Some((BIT + BYTE) * 4 * 2));
}
