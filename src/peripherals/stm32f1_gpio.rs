//! STM32F1 GPIO port (RM0008, 9.2).
//!
//! From the host, two bytes set one pin from outside: its number and its level. A pin with an alternate function has the
//! level that the world outside gives it.

use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Level, Peripheral, Slot,
    kinds::{Kind, Layout},
    stm32_pins::{Lock, OUTSIDE, Outside, PINS},
};
use crate::words::BusFault;

const CRL: u32 = 0x00;
const CRH: u32 = 0x04;
const IDR: u32 = 0x08;
const ODR: u32 = 0x0c;
const BSRR: u32 = 0x10;
const BRR: u32 = 0x14;
const LCKR: u32 = 0x18;

pub(super) const KIND: Kind = Kind {
    name: "stm32f1-gpio",
    about: "STM32F1 GPIO port (RM0008 9.2)",
    layouts: &[Layout::of(&[
        ("CRL", CRL),
        ("CRH", CRH),
        ("IDR", IDR),
        ("ODR", ODR),
        ("BSRR", BSRR),
        ("BRR", BRR),
    ])],
    outputs: PINS,
    inputs: OUTSIDE,
    build: |_| -> Box<dyn Device> { Box::new(Slot::new(Stm32f1Gpio)) },
    ..Kind::PLAIN
};

struct Stm32f1Gpio;

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    /// CRL and CRH.
    cr: [u32; 2],
    odr: u16,
    lock: Lock,
    outside: Outside,
}

impl Default for State {
    fn default() -> Self {
        // All pins are floating inputs (RM0008 9.1.1).
        State { cr: [0x4444_4444; 2], odr: 0, lock: Lock::default(), outside: Outside::default() }
    }
}

/// The lowest bit of each of 8 fields of four bits.
fn lowest_bits(fields: u32) -> u16 {
    let bits = fields & 0x1111_1111;
    let bits = (bits | bits >> 3) & 0x0303_0303;
    let bits = (bits | bits >> 6) & 0x000f_000f;
    (bits | bits >> 12) as u16 & 0xff
}

impl State {
    /// A bit of the configuration of each pin: 0 and 1 are MODE, 2 and 3 are CNF.
    fn configuration(&self, bit: u32) -> u16 {
        lowest_bits(self.cr[0] >> bit) | lowest_bits(self.cr[1] >> bit) << 8
    }

    fn levels(&self) -> u16 {
        let output = self.configuration(0) | self.configuration(1);
        let (cnf0, cnf1) = (self.configuration(2), self.configuration(3));
        // An open drain lets go of its pin to make it high.
        let drives = output & !cnf1 & !(cnf0 & self.odr);
        let analog = !output & !cnf0 & !cnf1;
        // ODR chooses between pull-up and pull-down (RM0008 table 20).
        let pulled = !output & !cnf0 & cnf1 & self.odr;
        drives & self.odr | !drives & !analog & self.outside.levels(pulled)
    }
}

impl Peripheral for Stm32f1Gpio {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let value = match at.register() {
            CRL => s.cr[0],
            CRH => s.cr[1],
            IDR => s.levels().into(),
            ODR => s.odr.into(),
            LCKR => s.lock.read(),
            _ => 0,
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, _cx: &mut Context<'_>) -> Result<(), BusFault> {
        match at.register() {
            CRL => s.cr[0] = s.lock.keep(s.cr[0], at.merge(s.cr[0], value), 4, 0),
            CRH => s.cr[1] = s.lock.keep(s.cr[1], at.merge(s.cr[1], value), 4, 8),
            ODR => s.odr = at.merge(s.odr.into(), value) as u16,
            BSRR => {
                // Setting wins over resetting (RM0008 9.2.5).
                let bits = at.place(value);
                s.odr = s.odr & !(bits >> 16) as u16 | bits as u16;
            }
            BRR => s.odr &= !at.place(value) as u16,
            LCKR => s.lock.write(at, value),
            _ => {}
        }
        Ok(())
    }

    fn input(&self, s: &mut State, bytes: &[u8], _cx: &mut Context<'_>) {
        s.outside.input(bytes);
    }

    fn wire(&self, s: &mut State, input: u32, level: Level, _cx: &mut Context<'_>) {
        s.outside.wire(input, level);
    }

    fn outputs(&self, s: &State) -> u64 {
        s.levels().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::Testbed;

    #[test]
    fn outputs_can_be_read_back() {
        let mut gpio = Testbed::new("stm32f1-gpio");
        gpio.write(CRH, 0x4434_4444); // PC13 push-pull
        gpio.write(BSRR, 1 << 13);
        assert_eq!((gpio.read(IDR), gpio.outputs()), (1 << 13, 1 << 13));
        gpio.write(BSRR, 1 << 29 | 1);
        assert_eq!((gpio.read(ODR), gpio.outputs()), (1, 0));
        gpio.write(BRR, 1);
        assert_eq!(gpio.read(ODR), 0);
    }

    #[test]
    fn odr_pulls_an_input_up_or_down() {
        let mut gpio = Testbed::new("stm32f1-gpio");
        gpio.write(CRL, 0x4444_8884);
        gpio.write(ODR, 0b1011);
        assert_eq!(gpio.read(IDR), 0b1010, "pin 0 floats");
        gpio.input(&[3, 0, 2, 1]);
        assert_eq!(gpio.read(IDR), 0b0110);
        gpio.write(CRL, 0x4444_8084);
        assert_eq!(gpio.read(IDR), 0b0010, "pin 2 is analog");
    }

    #[test]
    fn an_open_drain_only_pulls_down() {
        let mut gpio = Testbed::new("stm32f1-gpio");
        gpio.write(CRL, 0x4444_4465);
        gpio.write(ODR, 0b11);
        assert_eq!(gpio.outputs(), 0, "nobody pulls up");
        gpio.wire(0, Level::High);
        gpio.wire(1, Level::High);
        assert_eq!(gpio.outputs(), 0b11);
        gpio.write(ODR, 0);
        assert_eq!(gpio.outputs(), 0);
    }

    #[test]
    fn a_locked_pin_keeps_its_configuration() {
        let mut gpio = Testbed::new("stm32f1-gpio");
        for value in [0x1_0201, 0x0_0201, 0x1_0201] {
            gpio.write(LCKR, value);
        }
        gpio.write(CRL, 0);
        gpio.write(CRH, 0);
        assert_eq!((gpio.read(CRL), gpio.read(CRH), gpio.read(LCKR)), (4, 0x40, 0x1_0201));
    }
}
