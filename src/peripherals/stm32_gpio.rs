//! STM32 GPIO port (RM0090, 8.4). The lock register stores, and locks nothing.
//!
//! From the host, two bytes set one pin from outside: its number and its level. A pin that nobody drives has the level of
//! its pull resistor, or is low.

use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Peripheral, Slot,
    kinds::{Kind, KindOption, Wiring},
    pin_levels,
};
use crate::words::BusFault;

const MODER: u32 = 0x00;
const OTYPER: u32 = 0x04;
const OSPEEDR: u32 = 0x08;
const PUPDR: u32 = 0x0c;
const IDR: u32 = 0x10;
const ODR: u32 = 0x14;
const BSRR: u32 = 0x18;
const LCKR: u32 = 0x1c;
const AFRL: u32 = 0x20;
const AFRH: u32 = 0x24;

pub(super) const KIND: Kind = Kind {
    name: "stm32-gpio",
    about: "STM32 GPIO port (RM0090 8.4)",
    size: 0x400,
    options: &[
        KindOption { name: "moder", about: "reset value of MODER", default: 0 },
        KindOption { name: "ospeedr", about: "reset value of OSPEEDR", default: 0 },
        KindOption { name: "pupdr", about: "reset value of PUPDR", default: 0 },
    ],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        Box::new(Slot::new(Stm32Gpio {
            moder: wiring.option("moder"),
            ospeedr: wiring.option("ospeedr"),
            pupdr: wiring.option("pupdr"),
        }))
    },
    ..Kind::PLAIN
};

/// The reset values that differ between ports.
struct Stm32Gpio {
    moder: u32,
    ospeedr: u32,
    pupdr: u32,
}

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    /// MODER, OSPEEDR and PUPDR: the bits that differ from the port's reset value.
    moder_changed: u32,
    ospeedr_changed: u32,
    pupdr_changed: u32,
    otyper: u32,
    odr: u32,
    lckr: u32,
    afr: [u32; 2],
    /// Pins driven from outside, and their levels.
    driven: u32,
    outside: u32,
}

impl Stm32Gpio {
    fn levels(&self, s: &State) -> u32 {
        let (moder, pupdr) = (s.moder_changed ^ self.moder, s.pupdr_changed ^ self.pupdr);
        (0..16).fold(0, |levels, pin| {
            let outside = match s.driven >> pin & 1 {
                0 => u32::from(pupdr >> (2 * pin) & 3 == 1),
                _ => s.outside >> pin & 1,
            };
            let output = s.odr >> pin & 1;
            let open_drain = s.otyper >> pin & 1 != 0;
            let level = match moder >> (2 * pin) & 3 {
                1 if !(open_drain && output == 1) => output,
                3 => 0, // analog: the input buffer is off (RM0090 8.3.12)
                _ => outside,
            };
            levels | level << pin
        })
    }
}

impl Peripheral for Stm32Gpio {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let value = match at.register() {
            MODER => s.moder_changed ^ self.moder,
            OTYPER => s.otyper,
            OSPEEDR => s.ospeedr_changed ^ self.ospeedr,
            PUPDR => s.pupdr_changed ^ self.pupdr,
            IDR => self.levels(s),
            ODR => s.odr,
            LCKR => s.lckr,
            AFRL => s.afr[0],
            AFRH => s.afr[1],
            _ => 0,
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, _cx: &mut Context<'_>) -> Result<(), BusFault> {
        match at.register() {
            MODER => s.moder_changed = at.merge(s.moder_changed ^ self.moder, value) ^ self.moder,
            OTYPER => s.otyper = at.merge(s.otyper, value) & 0xffff,
            OSPEEDR => s.ospeedr_changed = at.merge(s.ospeedr_changed ^ self.ospeedr, value) ^ self.ospeedr,
            PUPDR => s.pupdr_changed = at.merge(s.pupdr_changed ^ self.pupdr, value) ^ self.pupdr,
            ODR => s.odr = at.merge(s.odr, value) & 0xffff,
            BSRR => {
                // Setting wins over resetting (RM0090 8.4.7).
                let bits = at.place(value);
                s.odr = (s.odr & !(bits >> 16)) | (bits & 0xffff);
            }
            LCKR => s.lckr = at.merge(s.lckr, value) & 0x1_ffff,
            AFRL => s.afr[0] = at.merge(s.afr[0], value),
            AFRH => s.afr[1] = at.merge(s.afr[1], value),
            _ => {}
        }
        Ok(())
    }

    fn input(&self, s: &mut State, bytes: &[u8], _cx: &mut Context<'_>) {
        for (pin, level) in pin_levels(bytes, 16) {
            s.driven |= 1 << pin;
            s.outside = (s.outside & !(1 << pin)) | u32::from(level) << pin;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::Testbed;
    use crate::words::Width;

    #[test]
    fn setting_wins_over_resetting() {
        let mut gpio = Testbed::new("stm32-gpio");
        gpio.write(ODR, 0x00f0);
        gpio.write(BSRR, 0x0030_0011);
        assert_eq!(gpio.read(ODR), 0x00d1);
        gpio.write_width(BSRR + 2, Width::Half, 0x0001);
        assert_eq!(gpio.read(ODR), 0x00d0, "the upper half alone resets");
    }

    #[test]
    fn outputs_can_be_read_back_and_inputs_have_their_pull() {
        let mut gpio = Testbed::new("stm32-gpio");
        gpio.write(MODER, 0b01); // pin 0 output, pin 1 input
        gpio.write(PUPDR, 0b01_00);
        gpio.write(ODR, 0b11);
        assert_eq!(gpio.read(IDR), 0b11);
        gpio.input(&[1, 0]);
        assert_eq!(gpio.read(IDR), 0b01);
    }

    #[test]
    fn port_a_keeps_the_debug_pins_at_reset() {
        let mut port_a = Testbed::with_options("stm32-gpio", &[("moder", 0xa800_0000)]);
        assert_eq!(port_a.read(MODER), 0xa800_0000);
        port_a.write(MODER, 1);
        assert_eq!(port_a.read(MODER), 1);
    }
}
