//! Pins that answer what QEMU's trace shows.

use untick::{
    core::{Clock, Memory},
    pins::{Asleep, Due, HostResult, Lines, Pins, Slept},
    words::{BusFault, Moment, Width},
};

use super::{
    load::Load,
    trace::{Sample, Step},
};

const SYS_READ: u32 = 0x06;
const SYS_GET_CMDLINE: u32 = 0x15;
const SYS_HEAPINFO: u32 = 0x16;

/// The outside world during one step.
pub struct TracePins<'a> {
    step: &'a Step,
    /// The registers when the step was over.
    after: &'a Sample,
    load: Option<Load>,
    lines: Lines,
    /// A reset from outside arrives now.
    pub reset: bool,
    /// Memory that the host was asked to fill: addresses and lengths. The trace does not tell what with.
    pub filled: Vec<(u32, u32)>,
}

impl<'a> TracePins<'a> {
    pub fn new(step: &'a Step, after: &'a Sample, instruction: (u16, u16)) -> TracePins<'a> {
        let load = Load::of(instruction.0, instruction.1, &step.before);
        TracePins { step, after, load, lines: Lines::default(), reset: false, filled: Vec::new() }
    }

    /// Where the instruction loads from, and what.
    pub fn load(&self) -> Option<&Load> {
        self.load.as_ref()
    }
}

impl Pins for TracePins<'_> {
    fn read(&mut self, _: Moment, address: u32, _: Width, _: &mut Memory) -> Result<u32, BusFault> {
        if self.step.faulted {
            return Err(BusFault);
        }
        let Some(load) = &self.load else { return Ok(0) };
        if matches!(load.address >> 25, 0x21) {
            // A bit-band alias: the core reads the whole word (Armv7-M ARM B3.1.1), the register got one bit of it.
            let bit = load.address / 4 % 32;
            return Ok((self.after.r[load.registers[0]] & 1) << bit);
        }
        // QEMU enters exceptions without touching what was loaded.
        Ok(load.register_of(address).map_or(0, |register| self.after.r[register]))
    }

    fn write(&mut self, _: Moment, _: u32, _: Width, _: u32, _: &mut Memory) -> Result<(), BusFault> {
        if self.step.faulted { Err(BusFault) } else { Ok(()) }
    }

    fn due(&mut self) -> Due {
        Due::NEVER
    }

    fn poll(&mut self, _: Moment, _: &mut Memory) {}

    fn lines(&self) -> &Lines {
        &self.lines
    }

    fn clock(&self) -> Clock {
        Clock::new(1)
    }

    fn sleep(&mut self, _: Moment, _: Asleep, _: &mut Memory) -> Slept {
        Slept::Forever
    }

    fn semihosting(&mut self, _: Moment, operation: u32, parameter: u32, memory: &mut Memory) -> HostResult {
        let word = |index: u32| memory.read_word(parameter.wrapping_add(4 * index)).unwrap_or(0);
        match operation {
            SYS_READ => self.filled.push((word(1), word(2))),
            SYS_GET_CMDLINE => {
                // The length of the text comes back in the block.
                self.filled.extend([(word(0), word(1)), (parameter + 4, 4)]);
            }
            SYS_HEAPINFO => self.filled.push((word(0), 16)),
            _ => {}
        }
        HostResult { r0: self.after.r[0], ..HostResult::default() }
    }

    fn reset(&mut self, _: Moment, _: &mut Memory) {}

    fn take_reset(&mut self) -> bool {
        std::mem::take(&mut self.reset)
    }

    fn is_broken(&self) -> bool {
        false
    }
}
