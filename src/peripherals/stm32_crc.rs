//! STM32 CRC calculation unit (RM0090, chapter 4; RM0091, chapter 12, with programmable polynomial).

use bitfield_struct::bitfield;
use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Peripheral, Slot,
    kinds::{Described, Kind, KindOption, Layout, Wiring},
};
use crate::words::{BusFault, Width};

const DR: u32 = 0x00;
const IDR: u32 = 0x04;
const CR: u32 = 0x08;
const INIT: u32 = 0x10;
const POL: u32 = 0x14;

const ETHERNET: u32 = 0x04c1_1db7;

#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Cr {
    reset: bool,
    #[bits(2)]
    _1: u32,
    #[bits(2)]
    polysize: u32,
    #[bits(2)]
    rev_in: u32,
    rev_out: bool,
    #[bits(24)]
    __: u32,
}

impl Cr {
    /// Bits of the polynomial.
    fn bits(self) -> u32 {
        [32, 16, 8, 7][self.polysize() as usize & 3]
    }
}

pub(super) const KIND: Kind = Kind {
    name: "stm32-crc",
    about: "STM32 CRC calculation unit (RM0090 4.4, RM0091 12.4)",
    layouts: &[
        Layout {
            registers: &[("DR", 0x00), ("IDR", 0x04), ("CR", 0x08)],
            without: &["INIT"],
            options: &[("programmable", 0)],
        },
        Layout {
            registers: &[("DR", 0x00), ("IDR", 0x04), ("CR", 0x08), ("INIT", 0x10)],
            without: &[],
            options: &[("programmable", 1)],
        },
        // ST's files of the F0 are wrong about INIT (RM0091 12.5).
        Layout {
            registers: &[("DR", 0x00), ("IDR", 0x04), ("CR", 0x08), ("INIT", 0x0c)],
            without: &[],
            options: &[("programmable", 1)],
        },
    ],
    describe: |crc: &Described<'_>| {
        let wide = crc.register(IDR).is_some_and(|idr| idr.fields.iter().any(|field| field.width > 8));
        vec![("idr-bits", if wide { 32 } else { 8 })]
    },
    options: &[
        KindOption { name: "programmable", about: "1: INIT, POL and data of any width", default: 0 },
        KindOption { name: "idr-bits", about: "width of IDR, 8 or 32", default: 8 },
    ],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        Box::new(Slot::new(Stm32Crc {
            programmable: wiring.option("programmable") != 0,
            idr: if wiring.option("idr-bits") == 32 { u32::MAX } else { 0xff },
        }))
    },
    ..Kind::PLAIN
};

struct Stm32Crc {
    programmable: bool,
    /// The bits of IDR.
    idr: u32,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    crc: u32,
    idr: u32,
    cr: Cr,
    init: u32,
    pol: u32,
}

impl Default for State {
    fn default() -> Self {
        State { crc: u32::MAX, idr: 0, cr: Cr::new(), init: u32::MAX, pol: ETHERNET }
    }
}

impl State {
    /// Takes in the lowest bits of a value, the highest first.
    fn feed(&mut self, data: u32, width: u32) {
        let bits = self.cr.bits();
        let mask = u32::MAX >> (32 - bits);
        for bit in (0..width).rev() {
            let out = self.crc >> (bits - 1) & 1;
            self.crc = self.crc << 1 & mask;
            if out != data >> bit & 1 {
                self.crc ^= self.pol & mask;
            }
        }
    }

    /// Reverses the bits of what is written, in groups as wide as REV_IN says but no wider than the access.
    fn reverse_in(&self, data: u32, width: u32) -> u32 {
        let group = [1, 8, 16, 32][self.cr.rev_in() as usize & 3].min(width);
        match group {
            8 => data.swap_bytes().reverse_bits(),
            16 => data.reverse_bits().rotate_left(16),
            32 => data.reverse_bits(),
            _ => data,
        }
    }

    fn result(&self) -> u32 {
        let bits = self.cr.bits();
        let crc = self.crc & u32::MAX >> (32 - bits);
        if self.cr.rev_out() { crc.reverse_bits() >> (32 - bits) } else { crc }
    }
}

impl Peripheral for Stm32Crc {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let value = match at.register() {
            DR => s.result(),
            IDR => s.idr,
            CR => s.cr.into(),
            INIT if self.programmable => s.init,
            POL if self.programmable => s.pol,
            _ => 0,
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, _cx: &mut Context<'_>) -> Result<(), BusFault> {
        match at.register() {
            DR => {
                // The older unit knows words only.
                let width = if self.programmable { at.width } else { Width::Word };
                let bits = width.bytes() * 8;
                let data = s.reverse_in(value & width.mask(), bits);
                s.feed(data, bits);
            }
            IDR => s.idr = at.merge(s.idr, value) & self.idr,
            CR => {
                if self.programmable {
                    s.cr = Cr::from(at.merge(s.cr.into(), value) & 0xf8);
                }
                if at.place(value) & 1 != 0 {
                    s.crc = s.init;
                }
            }
            INIT if self.programmable => {
                s.init = at.merge(s.init, value);
                s.crc = s.init; // RM0091 12.3.2
            }
            POL if self.programmable => s.pol = at.merge(s.pol, value),
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::Testbed;

    fn bytes(crc: &mut Testbed, bytes: &[u8]) {
        bytes.iter().for_each(|byte| crc.write_width(DR, Width::Byte, u32::from(*byte)));
    }

    #[test]
    fn words_go_in_the_highest_bit_first() {
        let mut crc = Testbed::new("stm32-crc");
        crc.write(DR, 0x3132_3334);
        crc.write(DR, 0x3536_3738);
        let by_words = crc.read(DR);
        crc.write(CR, 1);
        assert_eq!((crc.read(DR), crc.read(CR)), (u32::MAX, 0));
        let mut later = Testbed::with_options("stm32-crc", &[("programmable", 1)]);
        bytes(&mut later, b"12345678");
        assert_eq!(later.read(DR), by_words);
        bytes(&mut later, b"9");
        assert_eq!(later.read(DR), 0x0376_e6e7, "CRC-32/MPEG-2 of 123456789");
    }

    #[test]
    fn it_does_what_other_crcs_do() {
        // Name, polynomial size, polynomial, initial value, reversed, and the CRC of 123456789, not inverted.
        let known = [
            ("CRC-32", 0, 0x04c1_1db7, u32::MAX, true, 0xcbf4_3926 ^ u32::MAX),
            ("CRC-16/MODBUS", 1, 0x8005, 0xffff, true, 0x4b37),
            ("CRC-16/XMODEM", 1, 0x1021, 0, false, 0x31c3),
            ("CRC-8/SMBUS", 2, 0x07, 0, false, 0xf4),
            ("CRC-7/MMC", 3, 0x09, 0, false, 0x75),
        ];
        for (name, polysize, pol, init, reversed, result) in known {
            let mut crc = Testbed::with_options("stm32-crc", &[("programmable", 1)]);
            crc.write(POL, pol);
            crc.write(INIT, init);
            let rev_in = u32::from(reversed);
            crc.write(
                CR,
                Cr::new().with_polysize(polysize).with_rev_in(rev_in).with_rev_out(reversed).into(),
            );
            bytes(&mut crc, b"123456789");
            assert_eq!(crc.read(DR), result, "{name}");
        }
    }

    #[test]
    fn words_are_reversed_in_groups() {
        let reversed = |rev_in| {
            let state = State { cr: Cr::new().with_rev_in(rev_in), ..State::default() };
            state.reverse_in(0x1a2b_3c4d, 32)
        };
        // The example of RM0091 12.3.3.
        assert_eq!([0, 1, 2, 3].map(reversed), [0x1a2b_3c4d, 0x58d4_3cb2, 0xd458_b23c, 0xb23c_d458]);
    }

    #[test]
    fn the_independent_register_is_only_stored() {
        let mut crc = Testbed::new("stm32-crc");
        crc.write(IDR, 0x1ff);
        crc.write(CR, 1);
        assert_eq!(crc.read(IDR), 0xff);
    }
}
