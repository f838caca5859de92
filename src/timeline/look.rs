//! Looking at the machine without changing anything.

use super::{History, Timeline, TimelineError};
use crate::{
    fault::Fault,
    peripherals::{Guess, Unclocked},
    trace::SectionKind,
    words::{BusFault, Icount, Registers, Width},
};

impl Timeline {
    /// Changes the registers. Neither the past nor the recorded present can be changed.
    pub fn set_registers(&mut self, registers: &Registers) -> Result<(), TimelineError> {
        if registers == self.registers() { Ok(()) } else { Err(TimelineError::Past) }
    }

    /// Writes memory. Neither the past nor the recorded present can be changed.
    pub fn poke(&mut self, address: u32, bytes: &[u8]) -> Result<(), TimelineError> {
        let mut now = vec![0; bytes.len()];
        match self.peek(address, &mut now) {
            Ok(()) if now == bytes => Ok(()),
            _ => Err(TimelineError::Past),
        }
    }

    /// Reads memory, peripherals and the system control space without side effects. Peripherals can be looked at only in
    /// the present of a live machine.
    pub fn peek(&self, address: u32, bytes: &mut [u8]) -> Result<(), BusFault> {
        if self.core.peek(address, bytes).is_ok() {
            return Ok(());
        }
        let Some(live) = self.live.as_ref().filter(|_| self.at_present()) else { return Err(BusFault) };
        let width =
            Width::from_bytes(bytes.len() as u32).filter(|width| address.is_multiple_of(width.bytes()));
        let (width, count) = match width {
            Some(width) => (width, 1),
            None => (Width::Byte, bytes.len()),
        };
        let step = width.bytes() as usize;
        for (index, chunk) in bytes.chunks_mut(step).enumerate().take(count) {
            let value =
                live.bus().peek(address.wrapping_add((index * step) as u32), width, self.now().cycle)?;
            chunk.copy_from_slice(&value.to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }

    /// The last fault before or at the present position, if any.
    pub fn fault(&self) -> Option<Fault> {
        self.core.state().fault.clone()
    }

    /// The registers that the firmware used and no model answers for, by name, with how often.
    pub fn unmodelled(&self) -> Vec<String> {
        let Some(live) = &self.live else { return Vec::new() };
        let line = |(address, used): (&u32, &crate::peripherals::Unmodelled)| {
            let name = used.name.clone().unwrap_or_else(|| format!("{address:#010x}"));
            format!("{name} ({} reads, {} writes)", used.reads, used.writes)
        };
        live.bus().unmodelled().iter().map(line).collect()
    }

    /// What the firmware waited for at registers without a model, and got.
    pub fn guesses(&self) -> Vec<Guess> {
        self.live.as_ref().map(|live| live.bus().guesses()).unwrap_or_default()
    }

    /// The peripherals that the firmware used although they had no clock.
    pub fn unclocked(&self) -> Vec<Unclocked> {
        self.live.as_ref().map(|live| live.bus().unclocked().collect()).unwrap_or_default()
    }

    /// The most that a seek executes: the longest way between two places that can be entered.
    fn longest_way(&self) -> Icount {
        let keyframes = self.log.sections(SectionKind::Keyframe).map(|section| section.icount);
        let mut places: Vec<Icount> =
            self.tape.icounts().chain(keyframes).chain([self.present.icount]).collect();
        places.sort_unstable();
        places.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0)
    }

    /// What the history holds.
    pub fn history(&self) -> History {
        History {
            checkpoints: self.tape.len(),
            bytes: self.tape.bytes()
                + self.core.memory().changes_size()
                + self.index.bytes()
                + self.near.bytes(),
            budget: self.options.history,
            indexed: self.index.known() as Icount * self.index.span(),
            index_bytes: self.index.bytes(),
            keyframes: self.log.sections(SectionKind::Keyframe).count(),
            longest_interval: self.longest_way(),
        }
    }
}
