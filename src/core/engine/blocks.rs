//! What is known about each translated block: how many instructions it has and how it ends.

use std::collections::BTreeSet;

use super::{Memory, Traps};
use crate::core::thumb;

const SLOTS: usize = 8192;

/// One block of the translator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// Its first instruction.
    pub address: u32,
    /// Its length in bytes; no block is longer than a page and an instruction.
    pub size: u16,
    /// Its instructions.
    pub count: u16,
    /// The last instruction ends a basic block of the architecture.
    pub ends: bool,
    /// The last instruction can unmask exceptions.
    pub unmasks: bool,
    /// One of its instructions has a breakpoint.
    pub breakpoint: bool,
    /// One of its instructions may have to trap.
    pub traps: bool,
    /// One of its instructions is a SEV.
    pub sets_event: bool,
    /// The block hook must look closer each time.
    pub special: bool,
}

impl Block {
    fn scan(memory: &Memory, address: u32, size: u32, traps: Traps, breakpoints: &BTreeSet<u32>) -> Block {
        let end = address.wrapping_add(size);
        let mut block = Block { address, size: size as u16, ..Block::default() };
        let mut at = address;
        while at < end {
            // What cannot be read was not translated either: the block ends in a fetch fault.
            let Ok(first) = memory.read_half(at) else { break };
            let second = memory.read_half(at.wrapping_add(2)).unwrap_or(0);
            block.count += 1;
            block.ends = thumb::ends_block(first, second);
            block.unmasks = thumb::changes_masks(first, second);
            block.traps |= traps.concern(first, second);
            block.sets_event |= thumb::sets_event(first, second);
            at = at.wrapping_add(thumb::length(first));
        }
        block.breakpoint = breakpoints.range(address..end).next().is_some();
        block.special = block.breakpoint || block.traps || block.sets_event;
        block
    }

    /// The address behind the last instruction.
    pub fn end(&self) -> u32 {
        self.address.wrapping_add(u32::from(self.size))
    }

    /// Which instruction of the block stands at an address.
    pub fn index_of(&self, memory: &Memory, address: u32) -> u32 {
        let mut index = 0;
        let mut at = self.address;
        while at < address && index < u32::from(self.count) {
            let Ok(first) = memory.read_half(at) else { break };
            at = at.wrapping_add(thumb::length(first));
            index += 1;
        }
        index
    }
}

/// The blocks seen lately, by address.
pub struct Blocks {
    slots: Box<[Block]>,
}

impl Blocks {
    pub fn new() -> Blocks {
        Blocks { slots: vec![Block::default(); SLOTS].into() }
    }

    /// Forgets everything: code or breakpoints changed.
    pub fn clear(&mut self) {
        self.slots.fill(Block::default());
    }

    /// The block at an address, if it is known with this size.
    #[inline(always)]
    pub fn get(&self, address: u32, size: u32) -> Option<&Block> {
        let block = &self.slots[address as usize >> 1 & (SLOTS - 1)];
        (block.address == address && u32::from(block.size) == size).then_some(block)
    }

    /// The block at an address, scanned now.
    #[cold]
    pub fn scan(
        &mut self,
        memory: &Memory,
        address: u32,
        size: u32,
        traps: Traps,
        breakpoints: &BTreeSet<u32>,
    ) -> Block {
        let block = Block::scan(memory, address, size, traps, breakpoints);
        // Code on a page that is being written may change under us: scan it each time.
        if memory.page(address).is_some_and(|page| !memory.is_dirty(page)) {
            self.slots[address as usize >> 1 & (SLOTS - 1)] = block;
        }
        block
    }
}
