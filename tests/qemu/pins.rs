//! Pins that answer what QEMU's trace shows.

use untick::{
    core::Memory,
    pins::{Asleep, Due, HostResult, Lines, Pins, Slept},
    words::{BusFault, Moment, Width},
};

use super::{
    load::Load,
    trace::{Sample, Step},
};

/// The outside world during one step.
pub struct TracePins<'a> {
    step: &'a Step,
    /// The registers when the step was over.
    after: &'a Sample,
    load: Option<Load>,
    lines: Lines,
    /// A reset from outside arrives now.
    pub reset: bool,
}

impl<'a> TracePins<'a> {
    pub fn new(step: &'a Step, after: &'a Sample, instruction: (u16, u16)) -> TracePins<'a> {
        let load = Load::of(instruction.0, instruction.1, &step.before);
        TracePins { step, after, load, lines: Lines::default(), reset: false }
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

    fn sleep(&mut self, _: Moment, _: Asleep, _: &mut Memory) -> Slept {
        Slept::Forever
    }

    fn semihosting(&mut self, _: Moment, _: u32, _: u32, _: &mut Memory) -> HostResult {
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
