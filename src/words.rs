//! The words that every layer uses: positions, accesses, bus faults.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A position in a run: instructions retired since reset plus exception entries taken.
///
/// One icount names exactly one state of the core: the state *before* instruction `icount` executes, and before
/// anything that arrives at the pins at this very icount has been looked at.
pub type Icount = u64;

/// Virtual time, in core clock cycles: the icount plus the cycles slept in WFI and WFE.
pub type Cycle = u64;

/// Virtual time since power-up, in nanoseconds: what the cycles take at the speed of the core clock.
pub type Nanoseconds = u64;

/// `1.234567 s`: virtual time to the microsecond, rounded down.
pub fn seconds(time: Nanoseconds) -> String {
    let microseconds = time / 1000;
    format!("{}.{:06} s", microseconds / 1_000_000, microseconds % 1_000_000)
}

/// Where in a run something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Moment {
    /// The position, in instructions and exception entries.
    pub icount: Icount,
    /// The virtual time, in core clock cycles.
    pub cycle: Cycle,
}

/// The size of one bus access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Width {
    /// 8 bits.
    Byte,
    /// 16 bits.
    Half,
    /// 32 bits.
    Word,
}

impl Width {
    /// The size in bytes: 1, 2 or 4.
    pub const fn bytes(self) -> u32 {
        match self {
            Width::Byte => 1,
            Width::Half => 2,
            Width::Word => 4,
        }
    }

    /// The bits that a value of this width can have.
    pub const fn mask(self) -> u32 {
        match self {
            Width::Byte => 0xff,
            Width::Half => 0xffff,
            Width::Word => 0xffff_ffff,
        }
    }

    /// The width of an access of `bytes` bytes, if the bus has one.
    pub const fn from_bytes(bytes: u32) -> Option<Width> {
        match bytes {
            1 => Some(Width::Byte),
            2 => Some(Width::Half),
            4 => Some(Width::Word),
            _ => None,
        }
    }
}

impl fmt::Display for Width {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Width::Byte => "byte",
            Width::Half => "halfword",
            Width::Word => "word",
        })
    }
}

/// The bus answered an access with an error: the core takes a precise BusFault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BusFault;

/// The registers of the core as the architecture names them (Armv7-M ARM B1.4), in one plain value.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Registers {
    /// R0 to R12.
    pub r: [u32; 13],
    /// The main stack pointer.
    pub msp: u32,
    /// The process stack pointer.
    pub psp: u32,
    /// The link register, R14.
    pub lr: u32,
    /// The address of the next instruction; bit 0 is always clear (the T bit is in `xpsr`).
    pub pc: u32,
    /// APSR, IPSR and EPSR with ITSTATE and T.
    pub xpsr: u32,
    /// PRIMASK, bit 0.
    pub primask: u32,
    /// BASEPRI, bits 7:0.
    pub basepri: u32,
    /// FAULTMASK, bit 0.
    pub faultmask: u32,
    /// CONTROL: nPRIV (0), SPSEL (1), FPCA (2).
    pub control: u32,
    /// MSPLIM, the lowest value that MSP may have; zero before Armv8-M.
    pub msplim: u32,
    /// PSPLIM, the same for PSP.
    pub psplim: u32,
    /// S0 to S31 as raw bits; zero on a core without FPU.
    pub s: [u32; 32],
    /// FPSCR; zero on a core without FPU.
    pub fpscr: u32,
    /// The local exclusive monitor: the address and value of the last LDREX, if it is still open.
    pub exclusive: Option<(u32, u32)>,
}

/// The registers that code works with, by the names of [`Registers::core`].
pub const CORE_REGISTERS: [&str; 18] = [
    "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "msp", "psp", "lr",
    "pc", "xpsr",
];

impl Registers {
    /// The exception number that the core is handling, 0 in Thread mode (IPSR).
    pub fn ipsr(&self) -> u32 {
        self.xpsr & 0x1ff
    }

    /// R0 to R12, MSP, PSP, LR, PC and XPSR, in the order of [`CORE_REGISTERS`].
    pub fn core(&self) -> [u32; 18] {
        let mut values = [0; 18];
        values[..13].copy_from_slice(&self.r);
        values[13..].copy_from_slice(&[self.msp, self.psp, self.lr, self.pc, self.xpsr]);
        values
    }

    /// Sets the registers that [`Registers::core`] gives.
    pub fn set_core(&mut self, values: &[u32; 18]) {
        self.r.copy_from_slice(&values[..13]);
        [self.msp, self.psp, self.lr, self.pc, self.xpsr] =
            [values[13], values[14], values[15], values[16], values[17]];
    }

    /// The stack pointer in use: PSP in Thread mode with CONTROL.SPSEL set, else MSP.
    pub fn sp(&self) -> u32 {
        if self.uses_psp() { self.psp } else { self.msp }
    }

    /// Sets the stack pointer in use.
    pub fn set_sp(&mut self, value: u32) {
        if self.uses_psp() {
            self.psp = value & !3;
        } else {
            self.msp = value & !3;
        }
    }

    /// Whether SP is the process stack pointer.
    pub fn uses_psp(&self) -> bool {
        self.ipsr() == 0 && self.control & 2 != 0
    }
}

/// The little-endian words that differ between two stretches of memory of the same length, with their offsets in bytes.
pub fn differing_words(one: &[u8], other: &[u8]) -> impl Iterator<Item = (u32, u32, u32)> {
    let word = |bytes: &[u8]| bytes.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte));
    let words = one.chunks_exact(4).zip(other.chunks_exact(4)).zip((0..).step_by(4));
    words
        .filter(|((one, other), _)| one != other)
        .map(move |((one, other), offset)| (offset, word(one), word(other)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_shown_to_the_microsecond() {
        assert_eq!(seconds(1_000_001_999), "1.000001 s");
        assert_eq!(seconds(0), "0.000000 s");
    }

    #[test]
    fn sp_is_psp_only_in_thread_mode_with_spsel() {
        let mut registers = Registers { msp: 0x100, psp: 0x200, control: 2, ..Registers::default() };
        assert_eq!(registers.sp(), 0x200);
        registers.xpsr = 15; // in SysTick
        assert_eq!(registers.sp(), 0x100);
        registers.set_sp(0x83);
        assert_eq!((registers.msp, registers.psp), (0x80, 0x200));
    }
}
