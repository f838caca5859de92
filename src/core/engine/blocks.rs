//! What is known about each translated block: how many instructions it has and how it ends.

use std::collections::BTreeSet;

use super::{Memory, Traps};
use crate::core::thumb;

const SLOTS: usize = 8192;

/// One block of the translator. The block hook copies it for every block that runs: 16 bytes, moved at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C, align(16))]
pub struct Block {
    /// The address of the first instruction, and above it the length in bytes: see [`Block::key`].
    key: u64,
    /// Its instructions.
    pub count: u32,
    flags: u32,
}

impl Block {
    /// The last instruction ends a basic block of the architecture.
    pub const ENDS: u32 = 1;
    /// The last instruction can unmask exceptions.
    pub const UNMASKS: u32 = 2;
    /// One of its instructions is a SEV.
    pub const SETS_EVENT: u32 = 4;
    /// One of its instructions has a breakpoint.
    pub const BREAKPOINT: u32 = 8;
    /// One of its instructions may have to trap.
    pub const TRAPS: u32 = 16;
    /// The block hook must look closer each time.
    const SPECIAL: u32 = Block::SETS_EVENT | Block::BREAKPOINT | Block::TRAPS;

    /// A block of `count` instructions in `size` bytes, with some of the flags above.
    pub fn new(address: u32, size: u32, count: u32, flags: u32) -> Block {
        Block { key: Block::key(address.into(), size), count, flags }
    }

    /// What tells a block from others: address and size in one word, so that one comparison does.
    #[inline(always)]
    pub const fn key(address: u64, size: u32) -> u64 {
        address | (size as u64) << 32
    }

    /// The flags for an instruction at the end of a block.
    pub const fn flags_of(first: u16, second: u16) -> u32 {
        let mut flags = 0;
        if thumb::ends_block(first, second) {
            flags |= Block::ENDS;
        }
        if thumb::changes_masks(first, second) {
            flags |= Block::UNMASKS;
        }
        if thumb::sets_event(first, second) {
            flags |= Block::SETS_EVENT;
        }
        flags
    }

    fn scan(memory: &Memory, address: u32, size: u32, traps: Traps, breakpoints: &BTreeSet<u32>) -> Block {
        let end = address.wrapping_add(size);
        let (mut at, mut count, mut flags) = (address, 0, 0);
        while at < end {
            // What cannot be read was not translated either: the block ends in a fetch fault.
            let Ok(first) = memory.read_half(at) else { break };
            let second = memory.read_half(at.wrapping_add(2)).unwrap_or(0);
            count += 1;
            // The last instruction says how the block ends; what any of them does stays.
            flags = flags & (Block::SETS_EVENT | Block::TRAPS) | Block::flags_of(first, second);
            if traps.concern(first, second) {
                flags |= Block::TRAPS;
            }
            at = at.wrapping_add(thumb::length(first));
        }
        if breakpoints.range(address..end).next().is_some() {
            flags |= Block::BREAKPOINT;
        }
        Block::new(address, size, count, flags)
    }

    /// Its first instruction.
    pub fn address(&self) -> u32 {
        self.key as u32
    }

    /// The address behind the last instruction.
    pub fn end(&self) -> u32 {
        self.address().wrapping_add((self.key >> 32) as u32)
    }

    /// Whether any of these flags is set.
    #[inline(always)]
    pub fn has(&self, flags: u32) -> bool {
        self.flags & flags != 0
    }

    /// Whether the block hook must look closer each time.
    #[inline(always)]
    pub fn is_special(&self) -> bool {
        self.has(Block::SPECIAL)
    }

    /// Which instruction of the block stands at an address.
    pub fn index_of(&self, memory: &Memory, address: u32) -> u32 {
        let mut index = 0;
        let mut at = self.address();
        while at < address && index < self.count {
            let Ok(first) = memory.read_half(at) else { break };
            at = at.wrapping_add(thumb::length(first));
            index += 1;
        }
        index
    }
}

/// The blocks seen lately, by address.
pub struct Blocks {
    slots: [Block; SLOTS],
}

impl Blocks {
    pub fn new() -> Blocks {
        Blocks { slots: [Block::default(); SLOTS] }
    }

    /// Forgets everything: code or breakpoints changed.
    pub fn clear(&mut self) {
        self.slots.fill(Block::default());
    }

    /// The block with a key, if it is known.
    #[inline(always)]
    pub fn get(&self, key: u64) -> Option<&Block> {
        let block = &self.slots[slot(key)];
        (block.key == key).then_some(block)
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
            self.slots[slot(block.key)] = block;
        }
        block
    }
}

/// Where in [`Blocks`] a block stands.
#[inline(always)]
fn slot(key: u64) -> usize {
    key as usize >> 1 & (SLOTS - 1)
}
