//! One block of the translator: how many instructions it has and how it ends.

use std::collections::BTreeSet;

use super::super::{
    Memory, Traps,
    alignment::{self, Base, Plan, Verdict},
};
use crate::core::{
    Architecture,
    thumb::{self, ItState},
};

/// One block of the translator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C, align(16))]
pub struct Block {
    /// The address of its first instruction; from bit 32 on, its length in bytes. In a table perhaps [`UNVISITED`].
    pub(super) key: u64,
    /// Its instructions.
    pub count: u32,
    pub(super) flags: u32,
}

/// In a table: the block is known, but it has not run since somebody asked what ran. So the block hook does not find it,
/// and what is called then notes that it runs.
pub(super) const UNVISITED: u64 = 1 << 63;

pub(super) const fn key(address: u32, size: u32) -> u64 {
    address as u64 | (size as u64) << 32
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
    /// Whether all its bases are aligned depends: it has a [`Plan`].
    pub const PLANNED: u32 = 32;
    /// Its plan holds again when it runs again right behind itself.
    pub const STEADY: u32 = 64;
    /// The block hook must look closer each time.
    const SPECIAL: u32 = Block::SETS_EVENT | Block::BREAKPOINT | Block::TRAPS | Block::PLANNED;

    /// A block of `count` instructions in `size` bytes, with some of the flags above.
    pub fn new(address: u32, size: u32, count: u32, flags: u32) -> Block {
        Block { key: key(address, size), count, flags }
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

    pub(super) fn scan(
        memory: &Memory,
        address: u32,
        size: u32,
        traps: Traps,
        architecture: Architecture,
        breakpoints: &BTreeSet<u32>,
    ) -> (Block, Plan) {
        let end = address.wrapping_add(size);
        let (mut at, mut count, mut flags) = (address, 0, 0);
        let (mut it, mut has_bases) = (ItState::default(), false);
        while at < end {
            // What cannot be read was not translated either: the block ends in a fetch fault.
            let Ok(first) = memory.read_half(at) else { break };
            let second = memory.read_half(at.wrapping_add(2)).unwrap_or(0);
            count += 1;
            // The last instruction says how the block ends; what any of them does stays.
            flags = flags & Block::SPECIAL | Block::flags_of(first, second);
            if traps.concern(first, second) || may_be_isb_in_it_block(memory, at, first, second) {
                flags |= Block::TRAPS;
            }
            // Not between the halfwords of an instruction: nothing stops there.
            if breakpoints.contains(&at) {
                flags |= Block::BREAKPOINT;
            }
            it = it.after(first);
            has_bases |= Base::find(architecture, first, second).is_some();
            at = at.wrapping_add(thumb::length(first));
        }
        if it.0 != 0 && !alignment::begins_in_it(end) {
            flags |= Block::TRAPS; // nobody would know that the next one begins inside an IT block
        }
        let verdict =
            if has_bases { alignment::scan(memory, address, size, architecture) } else { Verdict::Aligned };
        let plan = match verdict {
            Verdict::Aligned => Plan::default(),
            Verdict::Unknown => {
                flags |= Block::TRAPS;
                Plan::default()
            }
            Verdict::Plan(plan) => {
                flags |= Block::PLANNED | if plan.is_steady() { Block::STEADY } else { 0 };
                plan
            }
        };
        (Block::new(address, size, count, flags), plan)
    }

    /// The address of the first instruction.
    pub fn address(&self) -> u32 {
        self.key as u32
    }

    /// The address behind the last instruction.
    pub fn end(&self) -> u32 {
        self.address().wrapping_add((self.key >> 32) as u32)
    }

    /// Whether any of these flags is set.
    pub fn has(&self, flags: u32) -> bool {
        self.flags & flags != 0
    }

    /// Whether the block hook must look closer each time.
    pub fn is_special(&self) -> bool {
        self.has(Block::SPECIAL)
    }

    /// Whether its plan is all that the block hook must look at.
    pub fn is_only_planned(&self) -> bool {
        self.flags & Block::SPECIAL == Block::PLANNED
    }

    /// Which instruction of the block begins at an address, if one does.
    pub fn begins_at(&self, memory: &Memory, address: u32) -> Option<u32> {
        let index = self.index_of(memory, address);
        (self.index_of(memory, address + 1) > index).then_some(index)
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

/// Whether this is an ISB, and an IT may stand close enough in front of it. Behind an ISB the translator forgets the rest
/// of an IT block, so that the core executes it there.
fn may_be_isb_in_it_block(memory: &Memory, address: u32, first: u16, second: u16) -> bool {
    const FARTHEST: u32 = 2 + 3 * 4; // the IT itself and three instructions
    let before = |distance| memory.read_half(address.wrapping_sub(distance)).unwrap_or(0);
    thumb::is_isb(first, second) && (2..=FARTHEST).step_by(2).any(|distance| thumb::is_it(before(distance)))
}
