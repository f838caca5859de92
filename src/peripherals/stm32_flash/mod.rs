//! STM32 flash interfaces: wait states, locks, erasing and programming. All of it is done at once.
//!
//! What is written to option bytes takes effect with a reset, as it does in the chip; but a reset brings the factory's back.

mod f1;
mod f4;
mod l1;
mod l4;

pub(super) use self::{f1::KIND as F1, f4::KIND as F4, l1::KIND as L1, l4::KIND as L4};

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{
    Dma,
    kinds::{KindOption, Wiring},
};
use crate::words::{BusFault, Width};

const FLASH_BASE: KindOption =
    KindOption { name: "flash-base", about: "first address of the flash", default: 0x0800_0000 };
const FLASH_SIZE: KindOption =
    KindOption { name: "flash-size", about: "bytes of the flash", default: 0x10_0000 };
const PAGE_SIZE: KindOption = KindOption {
    name: "page-size",
    about: "bytes of a page; 0: as chips with this much flash have",
    default: 0,
};

/// Unlocks the control register, of all families but the L1.
const KEYS: [u32; 2] = [0x4567_0123, 0xcdef_89ab];
/// Unlocks the option bytes of the F2, F4 and L4.
const OPTION_KEYS: [u32; 2] = [0x0819_2a3b, 0x4c5d_6e7f];

/// A register behind two keys that must be written in order; a wrong one locks it until reset.
#[derive(Default, Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
enum Lock {
    #[default]
    Locked,
    HalfOpen,
    Open,
    Jammed,
}

impl Lock {
    fn key(self, key: u32, keys: [u32; 2]) -> Lock {
        match self {
            Lock::Locked if key == keys[0] => Lock::HalfOpen,
            Lock::HalfOpen if key == keys[1] => Lock::Open,
            Lock::Open => Lock::Open,
            _ => Lock::Jammed,
        }
    }

    fn close(self) -> Lock {
        if self == Lock::Jammed { Lock::Jammed } else { Lock::Locked }
    }

    fn is_open(self) -> bool {
        self == Lock::Open
    }

    /// The bit that says that it is locked.
    fn bit(self, bit: u32) -> u32 {
        if self.is_open() { 0 } else { bit }
    }
}

/// Where the flash is.
#[derive(Clone, Copy, Debug)]
struct Array {
    base: u32,
    size: u32,
}

impl Array {
    fn new(wiring: &Wiring) -> Array {
        let (base, size) = (wiring.option("flash-base"), wiring.option("flash-size").min(0x100_0000));
        Array { base, size: size.min(u32::MAX - base) }
    }

    fn range(self) -> Range<u32> {
        self.base..self.base + self.size
    }

    /// How far an address is from the first one.
    fn offset(self, address: u32) -> u32 {
        address.wrapping_sub(self.base)
    }

    /// Fills some of it with what erased flash reads as. False where there is no flash.
    fn erase(self, dma: &mut dyn Dma, from: u32, length: u32, erased: u8) -> bool {
        let ends = from.checked_add(length).is_some_and(|end| end <= self.size);
        ends && dma.write(self.base + from, &vec![erased; length as usize]).is_ok()
    }
}

/// The value at an address.
fn fetch(dma: &mut dyn Dma, address: u32, width: Width) -> Result<u32, BusFault> {
    let mut bytes = [0; 4];
    dma.read(address, &mut bytes[..width.bytes() as usize])?;
    Ok(u32::from_le_bytes(bytes))
}

/// Puts a value there.
fn store(dma: &mut dyn Dma, address: u32, width: Width, value: u32) -> Result<(), BusFault> {
    dma.write(address, &value.to_le_bytes()[..width.bytes() as usize])
}
