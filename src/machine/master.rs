//! Memory as bus masters and a debug probe see it.

use std::ops::Range;

use crate::{
    core::{Memory, PAGE},
    peripherals::Dma,
    words::BusFault,
};

/// Memory, and what was written to it: that crosses the pins.
pub(super) struct Master<'a> {
    memory: &'a mut Memory,
    written: Vec<(u32, Vec<u8>)>,
}

impl<'a> Master<'a> {
    pub fn new(memory: &'a mut Memory) -> Master<'a> {
        Master { memory, written: Vec::new() }
    }

    /// Address and bytes of each write, in order.
    pub fn into_written(self) -> Vec<(u32, Vec<u8>)> {
        self.written
    }

    /// The addresses of the pages of a range that were ever written; the others are as they were at power-up.
    pub fn written_pages(&self, range: &Range<u32>) -> Vec<u32> {
        let pages = range.clone().step_by(PAGE as usize);
        pages
            .filter(|&page| self.memory.page(page).is_some_and(|page| self.memory.was_written(page)))
            .collect()
    }
}

impl Dma for Master<'_> {
    fn read(&mut self, address: u32, bytes: &mut [u8]) -> Result<(), BusFault> {
        self.memory.read(address, bytes)
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), BusFault> {
        self.memory.write(address, bytes)?;
        self.written.push((address, bytes.to_vec()));
        Ok(())
    }
}
