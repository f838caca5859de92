//! The registers of a Cortex-M as gdb numbers and orders them.
//!
//! The order is the one of the target description: the features `org.gnu.gdb.arm.m-profile`, `m-system` and, with an
//! FPU, `vfp` (gdb manual, "ARM Features"). xPSR keeps gdb's number 25; the numbers in between do not exist.

use std::num::NonZeroUsize;

use gdbstub::arch::{Arch, RegId, Registers as GdbRegisters};

use crate::{
    core::{Architecture, CoreKind},
    words::Registers,
};

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
    Msplim,
    Psplim,
}

/// Which of the registers a core has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RegisterSet {
    architecture: Architecture,
    fpu: bool,
}

impl RegisterSet {
    pub(super) fn of(core: CoreKind) -> RegisterSet {
        RegisterSet { architecture: core.architecture(), fpu: core.has_fpu() }
    }

    fn has(self, register: Register) -> bool {
        use Register::*;
        match register {
            Basepri | Faultmask => self.architecture > Architecture::V6M,
            Double(_) | Fpscr => self.fpu,
            Msplim | Psplim => self.architecture == Architecture::V8M,
            _ => true,
        }
    }

    /// All registers in the order of their numbers and of the `g` packet.
    pub(super) fn registers(self) -> impl Iterator<Item = Register> {
        Register::all().filter(move |register| self.has(*register))
    }

    /// R0 to CONTROL: what gdb looks at after every stop. It gets them with the stop and asks for nothing; without MSP
    /// and PSP it would fetch them all.
    pub(super) fn at_stop(self) -> impl Iterator<Item = Register> {
        self.registers().filter(|register| register.number() <= Register::Control.number())
    }

    fn bytes(self) -> usize {
        self.registers().map(Register::size).sum()
    }

    /// The set whose `g` packet has this length in bytes. No two have the same.
    fn of_length(bytes: usize) -> Option<RegisterSet> {
        CoreKind::ALL.into_iter().map(RegisterSet::of).find(|set| set.bytes() == bytes)
    }
}

impl Register {
    /// The registers of all cores, in the order of their numbers.
    fn all() -> impl Iterator<Item = Register> {
        use Register::*;
        let core = (0..13).map(General).chain([Sp, Lr, Pc, Xpsr]);
        let system = [Msp, Psp, Primask, Basepri, Faultmask, Control];
        let float = (0..16).map(Double).chain([Fpscr]);
        core.chain(system).chain(float).chain([Msplim, Psplim])
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
            Msplim => 49,
            Psplim => 50,
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
            Msplim => registers.msplim,
            Psplim => registers.psplim,
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
            Msplim => registers.msplim = word & !7,
            Psplim => registers.psplim = word & !7,
        }
    }
}

impl RegId for Register {
    fn from_raw_id(number: usize) -> Option<(Register, Option<NonZeroUsize>)> {
        let register = Register::all().find(|register| register.number() == number)?;
        Some((register, NonZeroUsize::new(register.size())))
    }

    fn to_raw_id(&self) -> Option<usize> {
        Some(self.number())
    }
}

/// The values of a `g` or `G` packet in the order of [`RegisterSet::registers`].
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Values(Vec<(Register, u64)>);

impl Values {
    /// The values in `registers`.
    pub(super) fn of(registers: &Registers, set: RegisterSet) -> Values {
        Values(set.registers().map(|register| (register, register.get(registers))).collect())
    }

    /// Puts those values into `registers` that are not there already: SP and the stack pointer that it stands for come
    /// with the same packet, and the unchanged one must not undo the changed one.
    pub(super) fn apply(&self, registers: &mut Registers) {
        let before = registers.clone();
        for &(register, value) in &self.0 {
            if register.get(&before) != value {
                register.set(registers, value);
            }
        }
    }
}

impl GdbRegisters for Values {
    type ProgramCounter = u32;

    fn pc(&self) -> u32 {
        self.0.iter().find(|(register, _)| *register == Register::Pc).map_or(0, |&(_, pc)| pc as u32)
    }

    fn gdb_serialize(&self, mut write_byte: impl FnMut(Option<u8>)) {
        for (register, value) in &self.0 {
            value.to_le_bytes()[..register.size()].iter().for_each(|&byte| write_byte(Some(byte)));
        }
    }

    fn gdb_deserialize(&mut self, mut bytes: &[u8]) -> Result<(), ()> {
        self.0.clear();
        for register in RegisterSet::of_length(bytes.len()).ok_or(())?.registers() {
            let (value, rest) = bytes.split_at_checked(register.size()).ok_or(())?;
            self.0.push((register, little_endian(value)));
            bytes = rest;
        }
        Ok(())
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
        let table = [
            (CoreKind::CortexM0, 78),
            (CoreKind::CortexM3, 80),
            (CoreKind::CortexM4F, 212),
            (CoreKind::CortexM33, 88),
            (CoreKind::CortexM33F, 220),
        ];
        for (core, size) in table {
            let set = RegisterSet::of(core);
            let mut registers = Registers { msp: 0x100, psp: 0x200, ..Registers::default() };
            registers.r[3] = 0x1234_5678;
            registers.s[31] = if core.has_fpu() { 0x4000_0000 } else { 0 };
            registers.psplim = if core.architecture() == Architecture::V8M { 0x80 } else { 0 };
            let mut bytes = Vec::new();
            Values::of(&registers, set).gdb_serialize(|byte| bytes.extend(byte));
            assert_eq!(bytes.len(), size, "{core:?}");
            assert_eq!(bytes[12..16], [0x78, 0x56, 0x34, 0x12]);
            let mut values = Values::default();
            values.gdb_deserialize(&bytes).unwrap();
            let mut copy = Registers { msp: 0x100, ..Registers::default() };
            values.apply(&mut copy);
            assert_eq!(copy, registers, "{core:?}");
            assert_eq!(values.gdb_deserialize(&bytes[..size - 1]), Err(()));
        }
    }

    #[test]
    fn a_changed_sp_survives_the_unchanged_msp_in_the_same_packet() {
        let mut registers = Registers { msp: 0x100, ..Registers::default() };
        let mut values = Values::of(&registers, RegisterSet::of(CoreKind::CortexM3));
        values.0[13].1 = 0x80;
        values.apply(&mut registers);
        assert_eq!(registers.msp, 0x80);
    }

    #[test]
    fn every_number_leads_back_to_its_register() {
        for register in Register::all() {
            assert_eq!(Register::from_raw_id(register.number()).unwrap().0, register);
        }
        assert!(Register::from_raw_id(16).is_none());
    }
}
