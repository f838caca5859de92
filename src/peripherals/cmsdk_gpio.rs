//! CMSDK AHB GPIO (DDI0479, 3.5): sixteen pins.
//!
//! From the host, two bytes set one pin from outside: its number and its level.

use serde::{Deserialize, Serialize};

use super::{Access, Context, Device, Peripheral, Slot, kinds::Kind, pin_levels, primecell};
use crate::words::BusFault;

const DATA: u32 = 0x00;
const DATAOUT: u32 = 0x04;
const OUTENSET: u32 = 0x10;
const OUTENCLR: u32 = 0x14;
const ALTFUNCSET: u32 = 0x18;
const ALTFUNCCLR: u32 = 0x1c;
const INTENSET: u32 = 0x20;
const INTENCLR: u32 = 0x24;
const INTTYPESET: u32 = 0x28;
const INTTYPECLR: u32 = 0x2c;
const INTPOLSET: u32 = 0x30;
const INTPOLCLR: u32 = 0x34;
const INTSTATUS: u32 = 0x38;
const MASKLOWBYTE: u32 = 0x400;
const MASKHIGHBYTE: u32 = 0x800;
const MASK_END: u32 = 0xc00;

pub(super) const KIND: Kind = Kind {
    name: "cmsdk-gpio",
    about: "CMSDK AHB GPIO, sixteen pins (DDI0479 3.5)",
    size: 0x1000,
    irqs: &[
        "combined", "pin0", "pin1", "pin2", "pin3", "pin4", "pin5", "pin6", "pin7", "pin8", "pin9", "pin10",
        "pin11", "pin12", "pin13", "pin14", "pin15",
    ],
    build: |_| -> Box<dyn Device> { Box::new(Slot::new(CmsdkGpio)) },
    ..Kind::PLAIN
};

struct CmsdkGpio;

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    /// Levels that come from outside.
    outside: u32,
    dataout: u32,
    out_enable: u32,
    alt_function: u32,
    int_enable: u32,
    /// 1: edge, 0: level.
    int_edge: u32,
    /// 1: rising edge or high level.
    int_high: u32,
    /// INTSTATUS: edges and levels alike stay until they are cleared.
    int_status: u32,
}

impl State {
    fn pins(&self) -> u32 {
        (self.dataout & self.out_enable) | (self.outside & !self.out_enable)
    }

    fn write(&mut self, at: Access, value: u32) {
        let set = at.place(value) & 0xffff;
        match at.register() {
            DATA | DATAOUT => self.dataout = at.merge(self.dataout, value) & 0xffff,
            OUTENSET => self.out_enable |= set,
            OUTENCLR => self.out_enable &= !set,
            ALTFUNCSET => self.alt_function |= set,
            ALTFUNCCLR => self.alt_function &= !set,
            INTENSET => self.int_enable |= set,
            INTENCLR => self.int_enable &= !set,
            INTTYPESET => self.int_edge |= set,
            INTTYPECLR => self.int_edge &= !set,
            INTPOLSET => self.int_high |= set,
            INTPOLCLR => self.int_high &= !set,
            INTSTATUS => self.int_status &= !set,
            // The address bits 9:2 are the mask of the pins that are written.
            offset @ MASKLOWBYTE..MASKHIGHBYTE => {
                let mask = offset >> 2 & 0xff;
                self.dataout = (self.dataout & !mask) | (set & mask);
            }
            offset @ MASKHIGHBYTE..MASK_END => {
                let mask = (offset >> 2 & 0xff) << 8;
                self.dataout = (self.dataout & !mask) | (set & mask);
            }
            _ => {}
        }
    }

    /// Does `change` and notes the edges and levels that are to interrupt. A level that lasts comes again when it is
    /// cleared.
    fn change(&mut self, change: impl FnOnce(&mut State)) {
        let before = self.pins();
        change(self);
        let now = self.pins();
        let edges = (now & !before & self.int_high) | (before & !now & !self.int_high);
        let levels = !(now ^ self.int_high);
        self.int_status |= ((edges & self.int_edge) | (levels & !self.int_edge)) & self.int_enable;
    }
}

impl Peripheral for CmsdkGpio {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let value = match at.register() {
            DATA => s.pins(),
            DATAOUT => s.dataout,
            OUTENSET | OUTENCLR => s.out_enable,
            ALTFUNCSET | ALTFUNCCLR => s.alt_function,
            INTENSET | INTENCLR => s.int_enable,
            INTTYPESET | INTTYPECLR => s.int_edge,
            INTPOLSET | INTPOLCLR => s.int_high,
            INTSTATUS => s.int_status,
            offset @ MASKLOWBYTE..MASKHIGHBYTE => s.pins() & (offset >> 2 & 0xff),
            offset @ MASKHIGHBYTE..MASK_END => s.pins() & ((offset >> 2 & 0xff) << 8),
            offset => primecell::identification(0x20, offset).unwrap_or(0),
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, _cx: &mut Context<'_>) -> Result<(), BusFault> {
        s.change(|s| s.write(at, value));
        Ok(())
    }

    fn input(&self, s: &mut State, bytes: &[u8], _cx: &mut Context<'_>) {
        for (pin, level) in pin_levels(bytes, 16) {
            s.change(|s| s.outside = (s.outside & !(1 << pin)) | u32::from(level) << pin);
        }
    }

    fn irq_lines(&self, s: &State) -> u32 {
        u32::from(s.int_status != 0) | s.int_status << 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::Testbed;

    #[test]
    fn masked_writes_touch_only_the_pins_of_the_address() {
        let mut gpio = Testbed::new("cmsdk-gpio");
        gpio.write(OUTENSET, 0xffff);
        gpio.write(DATAOUT, 0x00f0);
        gpio.write(MASKLOWBYTE + (0x3c << 2), 0x0f);
        assert_eq!(gpio.read(DATA), 0x00cc);
        gpio.write(MASKHIGHBYTE + (0x81 << 2), 0xff00);
        assert_eq!(gpio.read(DATA), 0x81cc);
        assert_eq!(gpio.read(MASKHIGHBYTE + (0x80 << 2)), 0x8000);
    }

    #[test]
    fn a_rising_edge_stays_until_cleared() {
        let mut gpio = Testbed::new("cmsdk-gpio");
        gpio.write(INTTYPESET, 1 << 3);
        gpio.write(INTPOLSET, 1 << 3);
        gpio.write(INTENSET, 1 << 3);
        gpio.input(&[3, 1, 3, 0]);
        assert_eq!(gpio.irq_lines(), 1 | 1 << 4, "combined and pin 3");
        gpio.write(INTSTATUS, 1 << 3);
        assert_eq!(gpio.irq_lines(), 0);
    }

    #[test]
    fn a_level_comes_again_while_it_lasts_and_stays_until_cleared() {
        let mut gpio = Testbed::new("cmsdk-gpio");
        gpio.write(INTENSET, 1);
        gpio.write(INTSTATUS, 1);
        assert_eq!(gpio.irq_lines(), 0b11);
        gpio.input(&[0, 1]);
        gpio.write(INTENCLR, 1);
        assert_eq!(gpio.irq_lines(), 0b11, "nobody has cleared it");
        gpio.write(INTSTATUS, 1);
        assert_eq!(gpio.irq_lines(), 0);
    }
}
