//! STM32 electronic signature (RM0008 30, RM0090 39): how much flash there is. Identity and calibration are the SVD file's.

use super::{
    Access, Context, Device, Peripheral, Slot,
    kinds::{Kind, KindOption, Layout, Wiring},
    registers::{Registers, Values},
};
use crate::words::BusFault;

/// The F1's; option bytes follow.
pub(super) const F1: Kind = kind(
    "stm32f1-device-id",
    0x20,
    &[Layout {
        registers: &[("FLASH_SIZE", 0), ("UID0", 8)],
        without: &[],
        options: &[("size-at", 0), ("second-size-at", 0)],
    }],
);
/// The F0's and F3's; option bytes follow.
pub(super) const F0: Kind = kind(
    "stm32f0-device-id",
    0x54,
    &[Layout {
        registers: &[("UID0", 0), ("FLASH_SIZE", 0x20)],
        without: &[],
        options: &[("size-at", 0x20), ("second-size-at", 0x20)],
    }],
);
/// Those of the F2, F4, L1 and L4.
pub(super) const F4: Kind = kind(
    "stm32f4-device-id",
    0xe4,
    &[
        Layout {
            registers: &[("UID0", 0x10), ("FLASH_SIZE", 0x22)],
            without: &[],
            options: &[("size-at", 0x22), ("second-size-at", 0x22)],
        },
        // Where categories 1 and 2 have it, and where the others have (RM0038 30.1).
        Layout {
            registers: &[("FLASH_SIZE_CAT12", 0x0c), ("FLASH_SIZE", 0x8c)],
            without: &[],
            options: &[("size-at", 0x8c), ("second-size-at", 0x0c)],
        },
        Layout {
            registers: &[("UID0", 0x90), ("FLASH_SIZE", 0xe0)],
            without: &[],
            options: &[("size-at", 0xe0), ("second-size-at", 0xe0)],
        },
    ],
);

const fn kind(name: &'static str, size: u32, layouts: &'static [Layout]) -> Kind {
    Kind {
        name,
        about: "STM32 flash size and unique identifier (RM0008 30, RM0090 39)",
        size,
        layouts,
        options: &[
            KindOption { name: "flash-size", about: "bytes of flash", default: 0x10_0000 },
            KindOption { name: "size-at", about: "the offset of the flash size register", default: 0 },
            KindOption { name: "second-size-at", about: "where it is too", default: 0 },
        ],
        build: |wiring: &Wiring| -> Box<dyn Device> {
            Box::new(Slot::new(Stm32DeviceId {
                registers: Registers::new(wiring, &[]),
                size: wiring.option("flash-size") >> 10,
                places: ["size-at", "second-size-at"].map(|option| wiring.option(option)),
            }))
        },
        ..Kind::PLAIN
    }
}

struct Stm32DeviceId {
    registers: Registers,
    /// KiB of flash.
    size: u32,
    /// Where that stands, in halves of words.
    places: [u32; 2],
}

impl Peripheral for Stm32DeviceId {
    type State = Values;

    fn read(&self, s: &mut Values, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let word = at.register();
        let size = |value: u32, place: &u32| {
            let shift = 8 * (place & 2);
            if place & !3 == word {
                value & !(0xffff << shift) | (self.size & 0xffff) << shift
            } else {
                value
            }
        };
        Ok(at.take(self.places.iter().fold(self.registers.get(s, word), size)))
    }

    fn write(
        &self,
        _s: &mut Values,
        _at: Access,
        _value: u32,
        _cx: &mut Context<'_>,
    ) -> Result<(), BusFault> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::{peripherals::testbed::Testbed, words::Width};

    #[test]
    fn the_size_of_the_flash_is_half_a_word() {
        let options = [("flash-size", 0x8_0000), ("size-at", 0x22), ("second-size-at", 0x22)];
        let mut id = Testbed::with_options("stm32f4-device-id", &options);
        id.write(0x20, 7);
        assert_eq!((id.read(0x20), id.read_width(0x22, Width::Half)), (512 << 16, 512));
    }
}
