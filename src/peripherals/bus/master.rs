//! The bus as a peripheral sees it: memory, the other peripherals, and what is attached to it.

use super::Bus;
use crate::{
    peripherals::{Dma, Surroundings, Talk},
    words::{BusFault, Cycle, Width},
};

/// What is around the peripheral in one slot, which is not in its slot meanwhile.
pub(super) struct Master<'a> {
    pub bus: &'a mut Bus,
    pub memory: &'a mut dyn Dma,
    pub slot: usize,
    pub now: Cycle,
}

fn width(length: usize) -> Option<Width> {
    match length {
        1 => Some(Width::Byte),
        2 => Some(Width::Half),
        4 => Some(Width::Word),
        _ => None,
    }
}

impl Dma for Master<'_> {
    fn read(&mut self, address: u32, bytes: &mut [u8]) -> Result<(), BusFault> {
        if self.memory.read(address, bytes).is_ok() {
            return Ok(());
        }
        let width = width(bytes.len()).ok_or(BusFault)?;
        let value = self.bus.read(address, width, self.now, self.memory)?;
        bytes.copy_from_slice(&value.to_le_bytes()[..bytes.len()]);
        Ok(())
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), BusFault> {
        if self.memory.write(address, bytes).is_ok() {
            return Ok(());
        }
        let width = width(bytes.len()).ok_or(BusFault)?;
        let value = bytes.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte));
        self.bus.write(address, width, value, self.now, self.memory)?;
        self.bus.note_fetched(address, value as u8);
        Ok(())
    }
}

impl Surroundings for Master<'_> {
    fn talk(&mut self, talk: Talk) -> Option<u32> {
        let mut answer = None;
        for index in 0..self.bus.slots[self.slot].attached.len() {
            let part = self.bus.slots[self.slot].attached[index];
            let said = self.bus.touch(part, self.now, self.memory, |device, _, cx| device.talk(talk, cx));
            answer = answer.or(said);
        }
        answer
    }
}
