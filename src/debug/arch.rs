//! The registers of a Cortex-M as gdb numbers and orders them.
//!
//! The order is the one of the target description: the features `org.gnu.gdb.arm.m-profile`, `m-system` and, with an
//! FPU, `vfp` (gdb manual, "ARM Features"). xPSR keeps gdb's number 25; the numbers in between do not exist.

use std::num::NonZeroUsize;

use gdbstub::arch::{Arch, RegId, Registers as GdbRegisters};

use crate::words::Registers;

/// The architecture of the debuggee for gdbstub.
pub(super) enum CortexM {}

impl Arch for CortexM {
    type Usize = u32;
    type Registers = Values;
    /// The kind in a Z packet: [`BREAKPOINT_KINDS`] for breakpoints. Any number, because one that gdbstub cannot turn
    /// into its type ends the session, and a wrong packet should not.
    type BreakpointKind = usize;
    type RegId = Register;
}

/// 2: a 16-bit Thumb instruction, 3: a 32-bit one, 4: an Arm one (gdb manual, "ARM Breakpoint Kinds").
pub(super) const BREAKPOINT_KINDS: std::ops::RangeInclusive<usize> = 2..=4;

/// One register as gdb sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Register {
    /// R0 to R12.
    General(u8),
    /// The stack pointer in use.
    Sp,
    Lr,
    Pc,
    Xpsr,
    Msp,
    Psp,
    Primask,
    Basepri,
    Faultmask,
    Control,
    /// D0 to D15: two of S0 to S31 each.
    Double(u8),
    Fpscr,
}

impl Register {
    /// All registers in the order of the description and of the `g` packet.
    pub(super) fn all(fpu: bool) -> impl Iterator<Item = Register> {
        use Register::*;
        let core = (0..13).map(General).chain([Sp, Lr, Pc, Xpsr]);
        let system = [Msp, Psp, Primask, Basepri, Faultmask, Control];
        let float = (0..16).map(Double).chain([Fpscr]);
        core.chain(system).chain(float.filter(move |_| fpu))
    }

    /// R0 to CONTROL: what gdb looks at after every stop. It gets them with the stop and asks for nothing; without MSP
    /// and PSP it would fetch them all.
    pub(super) fn at_stop() -> impl Iterator<Item = Register> {
        Register::all(false)
    }

    /// The register's number in packets.
    pub(super) fn number(self) -> usize {
        use Register::*;
        match self {
            General(n) => usize::from(n),
            Sp => 13,
            Lr => 14,
            Pc => 15,
            Xpsr => 25,
            Msp => 26,
            Psp => 27,
            Primask => 28,
            Basepri => 29,
            Faultmask => 30,
            Control => 31,
            Double(n) => 32 + usize::from(n),
            Fpscr => 48,
        }
    }

    /// The size in packets, in bytes.
    pub(super) fn size(self) -> usize {
        use Register::*;
        match self {
            Primask | Basepri | Faultmask | Control => 1,
            Double(_) => 8,
            _ => 4,
        }
    }

    /// The value in `registers`.
    pub(super) fn get(self, registers: &Registers) -> u64 {
        use Register::*;
        u64::from(match self {
            General(n) => registers.r[usize::from(n)],
            Sp => registers.sp(),
            Lr => registers.lr,
            Pc => registers.pc,
            Xpsr => registers.xpsr,
            Msp => registers.msp,
            Psp => registers.psp,
            Primask => registers.primask,
            Basepri => registers.basepri,
            Faultmask => registers.faultmask,
            Control => registers.control,
            Double(n) => {
                let low = usize::from(n) * 2;
                return u64::from(registers.s[low]) | u64::from(registers.s[low + 1]) << 32;
            }
            Fpscr => registers.fpscr,
        })
    }

    /// Changes the value in `registers`, without the bits that the register does not have.
    pub(super) fn set(self, registers: &mut Registers, value: u64) {
        use Register::*;
        let word = value as u32;
        match self {
            General(n) => registers.r[usize::from(n)] = word,
            Sp => registers.set_sp(word),
            Lr => registers.lr = word,
            Pc => registers.pc = word & !1,
            Xpsr => registers.xpsr = word,
            Msp => registers.msp = word & !3,
            Psp => registers.psp = word & !3,
            Primask => registers.primask = word & 1,
            Basepri => registers.basepri = word & 0xff,
            Faultmask => registers.faultmask = word & 1,
            Control => registers.control = word & 7,
            Double(n) => {
                let low = usize::from(n) * 2;
                registers.s[low] = word;
                registers.s[low + 1] = (value >> 32) as u32;
            }
            Fpscr => registers.fpscr = word,
        }
    }
}

impl RegId for Register {
    fn from_raw_id(number: usize) -> Option<(Register, Option<NonZeroUsize>)> {
        let register = Register::all(true).find(|register| register.number() == number)?;
        Some((register, NonZeroUsize::new(register.size())))
    }

    fn to_raw_id(&self) -> Option<usize> {
        Some(self.number())
    }
}

/// The values of a `g` or `G` packet in the order of [`Register::all`].
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Values(Vec<u64>);

impl Values {
    /// The values in `registers`.
    pub(super) fn of(registers: &Registers, fpu: bool) -> Values {
        Values(Register::all(fpu).map(|register| register.get(registers)).collect())
    }

    /// Puts those values into `registers` that are not there already: SP and the stack pointer that it stands for come
    /// with the same packet, and the unchanged one must not undo the changed one.
    pub(super) fn apply(&self, registers: &mut Registers) {
        let before = registers.clone();
        for (register, &value) in Register::all(true).zip(&self.0) {
            if register.get(&before) != value {
                register.set(registers, value);
            }
        }
    }
}

impl GdbRegisters for Values {
    type ProgramCounter = u32;

    fn pc(&self) -> u32 {
        self.0.get(15).map_or(0, |&pc| pc as u32)
    }

    fn gdb_serialize(&self, mut write_byte: impl FnMut(Option<u8>)) {
        for (register, value) in Register::all(true).zip(&self.0) {
            value.to_le_bytes()[..register.size()].iter().for_each(|&byte| write_byte(Some(byte)));
        }
    }

    fn gdb_deserialize(&mut self, mut bytes: &[u8]) -> Result<(), ()> {
        self.0.clear();
        for register in Register::all(true) {
            if bytes.is_empty() {
                break; // a core without FPU
            }
            let (value, rest) = bytes.split_at_checked(register.size()).ok_or(())?;
            self.0.push(little_endian(value));
            bytes = rest;
        }
        let complete = [false, true].iter().any(|&fpu| Register::all(fpu).count() == self.0.len());
        if bytes.is_empty() && complete { Ok(()) } else { Err(()) }
    }
}

/// The number in up to eight bytes.
pub(super) fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).rev().fold(0, |value, &byte| value << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_g_packet_round_trips() {
        for (fpu, size) in [(false, 80), (true, 212)] {
            let mut registers = Registers { msp: 0x100, psp: 0x200, ..Registers::default() };
            registers.r[3] = 0x1234_5678;
            registers.s[31] = if fpu { 0x4000_0000 } else { 0 };
            let mut bytes = Vec::new();
            Values::of(&registers, fpu).gdb_serialize(|byte| bytes.extend(byte));
            assert_eq!(bytes.len(), size);
            assert_eq!(bytes[12..16], [0x78, 0x56, 0x34, 0x12]);
            let mut values = Values::default();
            values.gdb_deserialize(&bytes).unwrap();
            let mut copy = Registers { msp: 0x100, ..Registers::default() };
            values.apply(&mut copy);
            assert_eq!(copy, registers);
            assert_eq!(values.gdb_deserialize(&bytes[..size - 1]), Err(()));
        }
    }

    #[test]
    fn a_changed_sp_survives_the_unchanged_msp_in_the_same_packet() {
        let mut registers = Registers { msp: 0x100, ..Registers::default() };
        let mut values = Values::of(&registers, false);
        values.0[13] = 0x80;
        values.apply(&mut registers);
        assert_eq!(registers.msp, 0x80);
    }

    #[test]
    fn every_number_leads_back_to_its_register() {
        for register in Register::all(true) {
            assert_eq!(Register::from_raw_id(register.number()).unwrap().0, register);
        }
        assert!(Register::from_raw_id(16).is_none());
    }
}
