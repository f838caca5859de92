//! Registers, memory, and the documents about both.

use std::convert::Infallible;

use gdbstub::target::{
    TargetError, TargetResult,
    ext::{
        base::{
            single_register_access::{SingleRegisterAccess, SingleRegisterAccessOps},
            singlethread::{SingleThreadBase, SingleThreadResumeOps},
        },
        memory_map::MemoryMap,
        target_description_xml_override::TargetDescriptionXmlOverride,
    },
};

use super::Stub;
use crate::{
    debug::{
        arch::{Register, RegisterSet, Values, little_endian},
        description::{excerpt, memory_map_xml, target_xml},
    },
    timeline::TimelineError,
    words::Registers,
};

/// Operation not permitted: the past cannot be changed.
const EPERM: u8 = 1;
/// Bad address.
pub(super) const EFAULT: u8 = 14;
/// Invalid argument.
pub(super) const EINVAL: u8 = 22;

/// gdb prints a message of its own for each kind of packet; the number only tells the two cases apart.
pub(super) fn refusal(error: TimelineError) -> TargetError<Infallible> {
    TargetError::Errno(match error {
        TimelineError::Past => EPERM,
        _ => EFAULT,
    })
}

impl Stub<'_> {
    fn register_set(&self) -> RegisterSet {
        RegisterSet::of(self.debuggee.config().core)
    }

    /// Writes registers, unless they have these values already: so much is allowed in the past too, and `load` of the
    /// very firmware that runs does it.
    fn replace_registers(&mut self, registers: &Registers) -> TargetResult<(), Self> {
        if registers == self.debuggee.registers() {
            return Ok(());
        }
        self.debuggee.set_registers(registers).map_err(refusal)
    }
}

impl SingleThreadBase for Stub<'_> {
    fn read_registers(&mut self, values: &mut Values) -> TargetResult<(), Self> {
        *values = Values::of(self.debuggee.registers(), self.register_set());
        Ok(())
    }

    fn write_registers(&mut self, values: &Values) -> TargetResult<(), Self> {
        let mut registers = self.debuggee.registers().clone();
        values.apply(&mut registers);
        self.replace_registers(&registers)
    }

    fn support_single_register_access(&mut self) -> Option<SingleRegisterAccessOps<'_, (), Self>> {
        Some(self)
    }

    /// Reads as much as there is: gdb asks for whole cache lines, over the end of a memory too.
    fn read_addrs(&mut self, address: u32, bytes: &mut [u8]) -> TargetResult<usize, Self> {
        // An access of gdb's never wraps around; one that would ends at the last address.
        let room = usize::try_from((1 << 32) - u64::from(address)).unwrap_or(usize::MAX);
        let length = bytes.len().min(room);
        let bytes = &mut bytes[..length];
        if self.debuggee.peek(address, bytes).is_ok() {
            return Ok(length);
        }
        let mut done = 0;
        while done < length {
            let at = address + done as u32;
            let piece = (4 - at as usize % 4).min(length - done);
            if self.debuggee.peek(at, &mut bytes[done..done + piece]).is_err() {
                break;
            }
            done += piece;
        }
        if done == 0 && length > 0 { Err(TargetError::Errno(EFAULT)) } else { Ok(done) }
    }

    fn write_addrs(&mut self, address: u32, bytes: &[u8]) -> TargetResult<(), Self> {
        if bytes.is_empty() {
            return Ok(()); // gdb's question whether the packet is known
        }
        self.debuggee.poke(address, bytes).map_err(refusal)
    }

    fn support_resume(&mut self) -> Option<SingleThreadResumeOps<'_, Self>> {
        Some(self)
    }
}

impl SingleRegisterAccess<()> for Stub<'_> {
    fn read_register(
        &mut self,
        _thread: (),
        register: Register,
        bytes: &mut [u8],
    ) -> TargetResult<usize, Self> {
        if !self.register_set().registers().any(|known| known == register) {
            return Ok(0); // "unavailable"
        }
        let value = register.get(self.debuggee.registers()).to_le_bytes();
        let size = register.size();
        let room = bytes.get_mut(..size).ok_or(TargetError::Errno(EINVAL))?;
        room.copy_from_slice(&value[..size]);
        Ok(size)
    }

    fn write_register(&mut self, _thread: (), register: Register, bytes: &[u8]) -> TargetResult<(), Self> {
        let known = self.register_set().registers().any(|known| known == register);
        if !known || bytes.len() != register.size() {
            return Err(TargetError::Errno(EINVAL));
        }
        let mut registers = self.debuggee.registers().clone();
        register.set(&mut registers, little_endian(bytes));
        self.replace_registers(&registers)
    }
}

impl TargetDescriptionXmlOverride for Stub<'_> {
    fn target_description_xml(
        &self,
        annex: &[u8],
        offset: u64,
        length: usize,
        buffer: &mut [u8],
    ) -> TargetResult<usize, Self> {
        if annex != b"target.xml" {
            return Err(TargetError::Errno(EINVAL));
        }
        Ok(excerpt(&target_xml(self.debuggee.config().core), offset, length, buffer))
    }
}

impl MemoryMap for Stub<'_> {
    fn memory_map_xml(&self, offset: u64, length: usize, buffer: &mut [u8]) -> TargetResult<usize, Self> {
        Ok(excerpt(&memory_map_xml(self.debuggee.config()), offset, length, buffer))
    }
}
