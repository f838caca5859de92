use std::{cell::RefCell, rc::Rc};

use super::*;
use crate::peripherals::{Talk, testbed::Testbed};

/// Cycles of a bit: CCR = 5.
const BIT: Cycle = 10;
const BYTE: Cycle = 9 * BIT;

const START: u32 = 0x101;
const STOP: u32 = 0x201;
const ACK: u32 = 0x400;
const POS: u32 = 0x800;

type Said = Rc<RefCell<Vec<Talk>>>;

/// A controller that is on, and a part at 0x50 that acknowledges and sends 1, 2, 3, …
fn i2c() -> (Testbed, Said) {
    let mut i2c = Testbed::new("stm32-i2c");
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
    i2c.write(CCR, 5);
    i2c.write(CR1, 1);
    (i2c, said)
}

impl Testbed {
    fn flags(&self) -> Sr1 {
        Sr1::from(self.peek(SR1))
    }

    fn wait(&mut self, cycles: Cycle) {
        self.run_until(self.now() + cycles);
    }

    /// A START and the address byte, up to ADDR or AF.
    fn address(&mut self, cr1: u32, byte: u32) {
        self.write(CR1, START | cr1);
        self.wait(BIT);
        assert_eq!(self.read(SR1) & 1, 1, "SB");
        self.write(DR, byte);
        assert!(!self.flags().sb());
        self.wait(BYTE);
    }

    fn clear_addr(&mut self) -> u32 {
        self.read(SR1) | self.read(SR2) << 16
    }
}

#[test]
fn the_events_of_a_transmitter_come_in_order() {
    let (mut i2c, said) = i2c();
    i2c.write(CR1, START);
    assert_eq!(i2c.next_wake(), Some(BIT));
    i2c.wait(BIT);
    // The values that the vendor's library calls events: SR2 above SR1.
    assert_eq!(i2c.clear_addr(), 0x0003_0001, "EV5: SB, MSL, BUSY");
    assert_eq!(i2c.peek(CR1), 1, "START is cleared");
    i2c.write(DR, 0xa0);
    i2c.wait(BYTE);
    assert_eq!(i2c.clear_addr(), 0x0007_0082, "EV6: ADDR, TXE, TRA");
    assert_eq!(i2c.clear_addr(), 0x0007_0080, "EV8_1");
    i2c.write(DR, 0x12);
    assert_eq!(i2c.flags(), Sr1::new().with_txe(true), "EV8: the byte is in the shift register");
    i2c.write(DR, 0x34);
    assert_eq!(i2c.flags(), Sr1::new());
    i2c.wait(BYTE);
    assert_eq!(i2c.flags(), Sr1::new().with_txe(true));
    i2c.wait(BYTE);
    assert_eq!(i2c.clear_addr(), 0x0007_0084, "EV8_2: BTF");
    i2c.write(CR1, STOP);
    assert_eq!((i2c.flags(), i2c.peek(SR2)), (Sr1::new(), 7));
    i2c.wait(BIT);
    assert_eq!((i2c.peek(CR1), i2c.peek(SR2), i2c.next_wake()), (1, 0, None));
    let start = Talk::I2cStart { address: 0x50, read: false };
    assert_eq!(*said.borrow(), [start, Talk::I2cWrite(0x12), Talk::I2cWrite(0x34), Talk::I2cStop]);
}

#[test]
fn an_address_that_nobody_has_is_not_acknowledged() {
    let (mut i2c, _) = i2c();
    i2c.write(CR2, 1 << 8);
    i2c.address(0, 0xa2);
    assert_eq!((i2c.flags(), i2c.irq_lines()), (Sr1::new().with_af(true), 2));
    i2c.write(CR1, STOP);
    i2c.write(SR1, !(1 << 10));
    assert_eq!((i2c.flags(), i2c.irq_lines()), (Sr1::new(), 0));
    i2c.wait(BIT);
    assert_eq!(i2c.peek(SR2), 0);
}

#[test]
fn a_byte_that_is_not_acknowledged_sets_neither_txe_nor_btf() {
    let (mut i2c, _) = i2c();
    i2c.address(0, 0xa0);
    i2c.clear_addr();
    i2c.write(DR, 0xee);
    i2c.wait(BYTE);
    assert_eq!(i2c.flags(), Sr1::new().with_af(true));
}

#[test]
fn one_byte_is_read_with_ack_off() {
    let (mut i2c, said) = i2c();
    i2c.address(0, 0xa1);
    i2c.write(CR1, 1);
    assert_eq!(i2c.clear_addr(), 0x0003_0002);
    i2c.write(CR1, STOP);
    i2c.wait(BYTE);
    assert_eq!(i2c.clear_addr(), 0x0003_0040, "RXNE, while the STOP is sent");
    assert_eq!(i2c.read(DR), 1);
    i2c.wait(BIT);
    assert_eq!((i2c.flags(), i2c.peek(SR2)), (Sr1::new(), 0));
    assert_eq!(said.borrow()[1..], [Talk::I2cRead { acknowledge: false }, Talk::I2cStop]);
}

#[test]
fn two_bytes_are_read_with_pos() {
    let (mut i2c, said) = i2c();
    i2c.address(ACK | POS, 0xa1);
    i2c.clear_addr();
    i2c.write(CR1, 1 | POS);
    i2c.wait(2 * BYTE);
    assert_eq!(i2c.flags(), Sr1::new().with_rxne(true).with_btf(true));
    i2c.write(CR1, STOP);
    assert_eq!((i2c.read(DR), i2c.flags()), (1, Sr1::new().with_rxne(true)));
    assert_eq!((i2c.read(DR), i2c.flags()), (2, Sr1::new()));
    i2c.wait(BIT);
    let reads = [true, false].map(|acknowledge| Talk::I2cRead { acknowledge });
    assert_eq!(said.borrow()[1..], [reads[0], reads[1], Talk::I2cStop]);
}

#[test]
fn three_bytes_are_read_with_btf() {
    let (mut i2c, said) = i2c();
    i2c.address(ACK, 0xa1);
    i2c.clear_addr();
    i2c.wait(20 * BYTE);
    assert!(i2c.flags().btf(), "the clock is stretched after two");
    i2c.write(CR1, 1);
    assert_eq!(i2c.read(DR), 1);
    assert!(!i2c.flags().btf());
    i2c.wait(BYTE);
    assert!(i2c.flags().btf());
    i2c.write(CR1, STOP);
    assert_eq!((i2c.read(DR), i2c.read(DR)), (2, 3));
    i2c.wait(BIT);
    assert_eq!(i2c.flags(), Sr1::new());
    let reads = [true, true, false].map(|acknowledge| Talk::I2cRead { acknowledge });
    assert_eq!(said.borrow()[1..4], reads);
}

#[test]
fn a_repeated_start_keeps_the_bus() {
    let (mut i2c, said) = i2c();
    i2c.address(0, 0xa0);
    i2c.clear_addr();
    i2c.write(DR, 7);
    i2c.write(CR1, START);
    i2c.wait(BYTE);
    assert_eq!((i2c.flags(), i2c.peek(SR2) & 3), (Sr1::new(), 3), "after the byte");
    i2c.wait(BIT);
    assert_eq!(i2c.read(SR1), 1);
    i2c.write(DR, 0xa1);
    i2c.wait(BYTE);
    assert_eq!(i2c.clear_addr(), 0x0003_0002);
    let starts = [false, true].map(|read| Talk::I2cStart { address: 0x50, read });
    assert_eq!(*said.borrow(), [starts[0], Talk::I2cWrite(7), starts[1]]);
}

#[test]
fn a_stop_right_after_addr_ends_a_probe() {
    let (mut i2c, _) = i2c();
    i2c.address(0, 0xa0);
    i2c.write(CR1, STOP);
    i2c.clear_addr();
    i2c.wait(BIT);
    assert_eq!((i2c.peek(SR2), i2c.peek(CR1)), (0, 1));
}

#[test]
fn interrupts_have_their_enables() {
    let (mut i2c, _) = i2c();
    i2c.address(0, 0xa0);
    assert_eq!(i2c.irq_lines(), 0);
    i2c.write(CR2, 1 << 9);
    assert_eq!(i2c.irq_lines(), 1, "ADDR");
    i2c.clear_addr();
    assert_eq!(i2c.irq_lines(), 0, "TXE needs ITBUFEN");
    i2c.write(CR2, 3 << 9);
    assert_eq!(i2c.irq_lines(), 1);
}

#[test]
fn dma_is_asked_for_every_byte_and_ends_with_the_stop() {
    let (mut i2c, said) = i2c();
    i2c.write(CR2, 3 << 11);
    i2c.address(0, 0xa0);
    assert_eq!(i2c.outputs(), 0, "not before ADDR is cleared");
    i2c.clear_addr();
    assert_eq!(i2c.outputs(), 1);
    i2c.write(DR, 7);
    assert_eq!(i2c.outputs(), 1);
    i2c.write(DR, 8);
    assert_eq!(i2c.outputs(), 0);
    i2c.wait(2 * BYTE);
    i2c.write(CR1, START | ACK);
    i2c.wait(BIT);
    i2c.read(SR1);
    i2c.write(DR, 0xa1);
    i2c.wait(BYTE);
    i2c.clear_addr();
    for byte in 1..=4 {
        i2c.wait(BYTE);
        assert_eq!((i2c.outputs(), i2c.read(DR)), (2, byte));
    }
    i2c.wait(BIT);
    i2c.write(CR1, STOP | ACK);
    i2c.wait(BIT);
    assert_eq!((i2c.flags(), i2c.peek(SR2), i2c.outputs()), (Sr1::new(), 0, 0));
    let reads = said.borrow().iter().filter(|talk| matches!(talk, Talk::I2cRead { .. })).count();
    assert_eq!(reads, 4);
}

#[test]
fn ten_bits_of_address_take_two_bytes() {
    let (mut i2c, said) = i2c();
    i2c.address(0, 0xf4);
    assert!(i2c.flags().add10());
    i2c.read(SR1);
    i2c.write(DR, 0x50);
    i2c.wait(BYTE);
    assert!(i2c.flags().addr() && !i2c.flags().add10());
    i2c.clear_addr();
    i2c.write(CR1, START);
    i2c.wait(BIT);
    i2c.read(SR1);
    i2c.write(DR, 0xf5);
    i2c.wait(BYTE);
    assert_eq!(i2c.clear_addr(), 0x0003_0002);
    let starts = [false, true].map(|read| Talk::I2cStart { address: 0x250, read });
    assert_eq!(*said.borrow(), starts);
}

#[test]
fn fast_mode_has_other_duty_cycles_and_the_clock_counts() {
    let (mut i2c, _) = i2c();
    i2c.clocked(1, 2);
    for (ccr, bit) in [(0x8005, 15), (0xc002, 50), (5, 10)] {
        i2c.write(CR1, 0);
        i2c.write(CCR, ccr);
        i2c.write(CR1, START);
        assert_eq!(i2c.next_wake(), Some(i2c.now() + 2 * bit));
    }
}

#[test]
fn a_software_reset_clears_everything() {
    let (mut i2c, said) = i2c();
    i2c.address(ACK, 0xa1);
    i2c.write(CR1, 0x8000);
    assert_eq!((i2c.peek(CR1), i2c.peek(SR1), i2c.peek(SR2), i2c.peek(CCR)), (0x8000, 0, 0, 0));
    assert_eq!(said.borrow().last(), Some(&Talk::I2cStop));
    i2c.write(CR1, 0);
    assert_eq!((i2c.peek(CR1), i2c.peek(TRISE)), (0, 2));
}
