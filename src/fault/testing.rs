//! A fault made by hand, in the program of `tests/data/inlined.c`: `worker`, called by `systick`, stores through a wild
//! pointer; `systick` has interrupted `leaf`, which `reset` had called.

use super::Fault;
use crate::{
    image::testing::inlined,
    words::{BusFault, Moment, Registers},
};

/// The stack, as words by their addresses.
pub(super) fn stack() -> Vec<(u32, u32)> {
    let values: [u32; 13] = [
        0,           // worker: R4
        0x2000_0020, // systick: R3
        0xffff_fff9, // systick: LR
        1,           // the exception frame: R0 to R3
        0,
        0x2000_0020,
        7,
        0,
        0x0800_00a3, // LR
        0x0800_008a, // PC
        0x0100_0000, // xPSR
        0,           // reset: R3
        0xffff_ffff, // reset: LR
    ];
    values.iter().enumerate().map(|(index, &value)| (0x2000_3fcc + 4 * index as u32, value)).collect()
}

/// The registers before the store.
pub(super) fn registers() -> Registers {
    let mut registers =
        Registers { msp: 0x2000_3fcc, lr: 0x0800_0079, pc: 0x0800_005a, ..Registers::default() };
    (registers.r[0], registers.r[1], registers.r[2], registers.r[3]) = (2, 0x1234, 42, 0x2000_0020);
    registers.r[4] = 0x6000_0000;
    registers.xpsr = 0x0100_000f;
    registers
}

/// The HardFault that it became.
pub(super) fn fault() -> Fault {
    Fault {
        at: Moment { icount: 12_345_678, cycle: 16_000_250 },
        time: 1_000_015_625,
        exception: 3,
        registers: registers(),
        cfsr: 0x8200,
        hfsr: 0x4000_0000,
        mmfar: 0,
        bfar: 0x6000_0000,
        lockup: false,
    }
}

/// The memory at the fault: the image, the stack and SHCSR.
pub(super) fn memory(shcsr: u32) -> impl Fn(u32, &mut [u8]) -> Result<(), BusFault> {
    let (image, stack) = (inlined(), stack());
    move |address, bytes| {
        let word = stack.iter().find(|&&(at, _)| at == address).map(|&(_, word)| word);
        match word.or((address == 0xe000_ed24).then_some(shcsr)) {
            Some(word) => bytes.copy_from_slice(&word.to_le_bytes()[..bytes.len()]),
            None => bytes.copy_from_slice(image.read(address, bytes.len() as u32).ok_or(BusFault)?),
        }
        Ok(())
    }
}
