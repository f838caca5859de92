//! STM32 GPIO port of all families but the F1 (RM0090, 8.4).
//!
//! From the host, two bytes set one pin from outside: its number and its level. A pin with an alternate function has the
//! level that the world outside gives it.

use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Level, Peripheral, Slot,
    kinds::{Kind, KindOption, Layout, Wiring},
    stm32_pins::{Lock, OUTSIDE, Outside, PINS},
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
const BRR: u32 = 0x28;
const ASCR: u32 = 0x2c;

/// Where the ports are that have BRR, although not all SVD files say so (RM0351 8.4.11).
const AHB2: u32 = 0x4800_0000;

pub(super) const KIND: Kind = Kind {
    name: "stm32-gpio",
    about: "STM32 GPIO port (RM0090 8.4, RM0091 8.4)",
    layouts: &[Layout::of(&[
        ("MODER", MODER),
        ("OTYPER", OTYPER),
        ("PUPDR", PUPDR),
        ("IDR", IDR),
        ("ODR", ODR),
        ("BSRR", BSRR),
    ])],
    describe: |gpio| {
        let has_brr = gpio.register(BRR).is_some() || gpio.base >= AHB2;
        vec![("brr", has_brr.into())]
    },
    outputs: PINS,
    inputs: OUTSIDE,
    options: &[
        KindOption { name: "brr", about: "1: the port has BRR", default: 0 },
        KindOption { name: "moder", about: "reset value of MODER, if the SVD file has none", default: 0 },
        KindOption { name: "ospeedr", about: "reset value of OSPEEDR, if the SVD file has none", default: 0 },
        KindOption { name: "pupdr", about: "reset value of PUPDR, if the SVD file has none", default: 0 },
    ],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        let reset = |offset, option| wiring.reset_value(offset).unwrap_or(wiring.option(option));
        Box::new(Slot::new(Stm32Gpio {
            brr: wiring.option("brr") != 0,
            moder: reset(MODER, "moder"),
            ospeedr: reset(OSPEEDR, "ospeedr"),
            pupdr: reset(PUPDR, "pupdr"),
        }))
    },
    ..Kind::PLAIN
};

/// What differs between ports.
struct Stm32Gpio {
    brr: bool,
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
    otyper: u16,
    odr: u16,
    ascr: u16,
    afr: [u32; 2],
    lock: Lock,
    outside: Outside,
}

/// The lower bit of each of 16 fields of two bits.
fn lower_bits(fields: u32) -> u16 {
    let bits = fields & 0x5555_5555;
    let bits = (bits | bits >> 1) & 0x3333_3333;
    let bits = (bits | bits >> 2) & 0x0f0f_0f0f;
    let bits = (bits | bits >> 4) & 0x00ff_00ff;
    (bits | bits >> 8) as u16
}

impl Stm32Gpio {
    fn levels(&self, s: &State) -> u16 {
        let (moder, pupdr) = (s.moder_changed ^ self.moder, s.pupdr_changed ^ self.pupdr);
        let (low, high) = (lower_bits(moder), lower_bits(moder >> 1));
        // An open drain lets go of its pin to make it high.
        let drives = low & !high & !(s.otyper & s.odr);
        // Analog: the input buffer is off (RM0090 8.3.12).
        let analog = low & high;
        let pulled = lower_bits(pupdr) & !lower_bits(pupdr >> 1);
        drives & s.odr | !drives & !analog & s.outside.levels(pulled)
    }
}

impl Peripheral for Stm32Gpio {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let value = match at.register() {
            MODER => s.moder_changed ^ self.moder,
            OTYPER => s.otyper.into(),
            OSPEEDR => s.ospeedr_changed ^ self.ospeedr,
            PUPDR => s.pupdr_changed ^ self.pupdr,
            IDR => self.levels(s).into(),
            ODR => s.odr.into(),
            LCKR => s.lock.read(),
            AFRL => s.afr[0],
            AFRH => s.afr[1],
            ASCR => s.ascr.into(),
            _ => 0,
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, _cx: &mut Context<'_>) -> Result<(), BusFault> {
        let lock = &s.lock;
        let changed = |changed: u32, reset: u32| {
            let old = changed ^ reset;
            lock.keep(old, at.merge(old, value), 2, 0) ^ reset
        };
        let bits = |old: u16| at.merge(old.into(), value) as u16;
        match at.register() {
            MODER => s.moder_changed = changed(s.moder_changed, self.moder),
            OTYPER => s.otyper = lock.keep(s.otyper.into(), bits(s.otyper).into(), 1, 0) as u16,
            OSPEEDR => s.ospeedr_changed = changed(s.ospeedr_changed, self.ospeedr),
            PUPDR => s.pupdr_changed = changed(s.pupdr_changed, self.pupdr),
            ODR => s.odr = bits(s.odr),
            BSRR => {
                // Setting wins over resetting (RM0090 8.4.7).
                let bits = at.place(value);
                s.odr = s.odr & !(bits >> 16) as u16 | bits as u16;
            }
            LCKR => s.lock.write(at, value),
            AFRL => s.afr[0] = lock.keep(s.afr[0], at.merge(s.afr[0], value), 4, 0),
            AFRH => s.afr[1] = lock.keep(s.afr[1], at.merge(s.afr[1], value), 4, 8),
            BRR if self.brr => s.odr &= !at.place(value) as u16,
            ASCR if self.brr => s.ascr = bits(s.ascr),
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
        self.levels(s).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::Testbed;
    use crate::words::Width;

    #[test]
    fn setting_wins_over_resetting() {
        let mut gpio = Testbed::with_options("stm32-gpio", &[("brr", 1)]);
        gpio.write(ODR, 0x00f0);
        gpio.write(BSRR, 0x0030_0011);
        assert_eq!(gpio.read(ODR), 0x00d1);
        gpio.write_width(BSRR + 2, Width::Half, 0x0001);
        assert_eq!(gpio.read(ODR), 0x00d0, "the upper half alone resets");
        gpio.write(BRR, 0x0040);
        assert_eq!(gpio.read(ODR), 0x0090);
    }

    #[test]
    fn outputs_can_be_read_back_and_inputs_have_their_pull() {
        let mut gpio = Testbed::new("stm32-gpio");
        gpio.write(MODER, 0b01); // pin 0 output, pin 1 input
        gpio.write(PUPDR, 0b01_00);
        gpio.write(ODR, 0b11);
        assert_eq!((gpio.read(IDR), gpio.outputs()), (0b11, 0b11));
        gpio.input(&[1, 0]);
        assert_eq!((gpio.read(IDR), gpio.outputs()), (0b01, 0b01));
        gpio.wire(1, Level::High);
        assert_eq!(gpio.read(IDR), 0b11);
        gpio.write(MODER, 0b1101);
        assert_eq!(gpio.read(IDR), 0b01, "analog");
    }

    #[test]
    fn an_open_drain_only_pulls_down() {
        let mut gpio = Testbed::new("stm32-gpio");
        gpio.write(MODER, 0x0101_0101);
        gpio.write(OTYPER, 0xffff);
        gpio.write(ODR, 0xffff);
        assert_eq!(gpio.read(IDR), 0, "nobody pulls up");
        gpio.write(PUPDR, 0x5555_5555);
        assert_eq!(gpio.read(IDR), 0xffff);
        gpio.write(ODR, 0xfffe);
        assert_eq!(gpio.read(IDR), 0xfffe);
    }

    #[test]
    fn port_a_keeps_the_debug_pins_at_reset() {
        let mut port_a = Testbed::with_options("stm32-gpio", &[("moder", 0xa800_0000)]);
        assert_eq!(port_a.read(MODER), 0xa800_0000);
        port_a.write(MODER, 1);
        assert_eq!(port_a.read(MODER), 1);
    }

    #[test]
    fn a_locked_pin_keeps_its_configuration() {
        let mut gpio = Testbed::new("stm32-gpio");
        for value in [0x1_0201, 0x0_0201, 0x1_0201] {
            assert_eq!(gpio.read(LCKR) >> 16, 0);
            gpio.write(LCKR, value);
        }
        assert_eq!(gpio.read(LCKR), 0x1_0201);
        for (register, expected) in [
            (MODER, 0xfff3_fffc),
            (OTYPER, 0xfdfe),
            (OSPEEDR, 0xfff3_fffc),
            (PUPDR, 0xfff3_fffc),
            (AFRL, 0xffff_fff0),
            (AFRH, 0xffff_ff0f),
            (ODR, 0xffff),
            (LCKR, 0x1_0201),
        ] {
            gpio.write(register, u32::MAX);
            assert_eq!(gpio.read(register), expected, "{register:#x}");
        }
    }

    #[test]
    fn a_mistake_in_the_sequence_begins_it_again() {
        let mut gpio = Testbed::new("stm32-gpio");
        for value in [0x1_0001, 0x0_0001, 0x1_0003, 0x0_0003, 0x0_0003, 0x1_0003] {
            gpio.write(LCKR, value);
            assert_eq!(gpio.read(LCKR), value & 0xffff);
        }
    }
}
