//! What is known about each translated block: how many instructions it has and how it ends.

use std::{collections::BTreeSet, ops::Range};

use super::{
    Memory, Traps,
    alignment::{self, Base, Plan, Verdict},
};
use crate::core::{
    Architecture,
    executed::Visited,
    thumb::{self, ItState},
};

const SLOTS: usize = 8192;
const SPECIAL_SLOTS: usize = 1024;

/// One block of the translator. The block hook copies it for every block that runs: 16 bytes, moved at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C, align(16))]
pub struct Block {
    /// The address of its first instruction; from bit 32 on, its length in bytes. In a table perhaps [`UNVISITED`].
    key: u64,
    /// Its instructions.
    pub count: u32,
    flags: u32,
}

/// In a table: the block is known, but it has not run since somebody asked what ran. So the block hook does not find it,
/// and what is called then notes that it runs.
const UNVISITED: u64 = 1 << 63;

const fn key(address: u32, size: u32) -> u64 {
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

    fn scan(
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

/// The blocks seen lately, by address. Special ones are kept apart, so that the block hook need not ask.
struct Table {
    traps: Traps,
    ordinary: [Block; SLOTS],
    special: Vec<Special>,
    /// The slots of blocks that are not [`UNVISITED`].
    visited: Vec<u16>,
    visited_special: Vec<u16>,
}

const EMPTY: Block = Block { key: UNVISITED, count: 0, flags: 0 };

#[derive(Clone)]
struct Special {
    block: Block,
    plan: Plan,
}

/// Puts a block that runs now into its slot.
fn visit(slot: &mut Block, block: Block, index: usize, visited: &mut Vec<u16>) {
    if slot.key & UNVISITED != 0 {
        visited.push(index as u16);
    }
    *slot = block;
}

impl Table {
    fn new(traps: Traps) -> Box<Table> {
        Box::new(Table {
            traps,
            ordinary: [EMPTY; SLOTS],
            special: vec![Special { block: EMPTY, plan: Plan::default() }; SPECIAL_SLOTS],
            visited: Vec::new(),
            visited_special: Vec::new(),
        })
    }

    fn clear(&mut self) {
        self.ordinary.fill(EMPTY);
        self.special.iter_mut().for_each(|special| special.block = EMPTY);
        self.visited.clear();
        self.visited_special.clear();
    }

    /// Has each block noted again when it runs next.
    fn leave(&mut self) {
        for slot in self.visited.drain(..) {
            self.ordinary[usize::from(slot)].key |= UNVISITED;
        }
        for slot in self.visited_special.drain(..) {
            self.special[usize::from(slot)].block.key |= UNVISITED;
        }
    }
}

/// Tables kept for traps that are not set now: with floating point, every interrupt changes them.
const PARKED: usize = 3;

/// What is known about blocks, for the traps that are set and those that were set lately.
pub struct Blocks {
    table: Box<Table>,
    /// The last one first.
    parked: Vec<Box<Table>>,
    architecture: Architecture,
    /// The code that ran.
    pub visited: Visited,
}

impl Blocks {
    pub fn new(architecture: Architecture) -> Blocks {
        let table = Table::new(Traps::default());
        Blocks { table, parked: Vec::new(), architecture, visited: Visited::default() }
    }

    /// Forgets everything but what ran: code or breakpoints changed.
    pub fn clear(&mut self) {
        self.parked.clear();
        self.table.clear();
    }

    /// Takes the code that ran since this was asked last.
    pub fn take_visited(&mut self) -> Vec<Range<u32>> {
        self.table.leave();
        self.parked.iter_mut().for_each(|table| table.leave());
        self.visited.take()
    }

    /// Sets which instructions trap.
    pub fn set_traps(&mut self, traps: Traps) {
        if self.table.traps == traps {
            return;
        }
        let known = self.parked.iter().position(|table| table.traps == traps);
        let table = known.map_or_else(|| Table::new(traps), |index| self.parked.remove(index));
        self.parked.insert(0, std::mem::replace(&mut self.table, table));
        self.parked.truncate(PARKED);
    }

    /// Which instructions trap.
    pub fn traps(&self) -> Traps {
        self.table.traps
    }

    /// The block at an address that runs now, if it is known with this size, is not special, and was noted already.
    #[inline(always)]
    pub fn get(&self, address: u32, size: u32) -> Option<&Block> {
        let block = &self.table.ordinary[slot(address)];
        (block.key == key(address, size)).then_some(block)
    }

    /// The block at an address that runs now, if it is known with this size and [`Blocks::get`] does not give it.
    pub fn recall(&mut self, address: u32, size: u32) -> Option<Block> {
        let (slot, special_slot) = (slot(address), special_slot(address));
        let table = &mut *self.table;
        let key = key(address, size);
        let special = &mut table.special[special_slot].block;
        if special.key == key {
            return Some(*special);
        }
        let ordinary = &mut table.ordinary[slot];
        let block = Block { key, ..if special.key == key | UNVISITED { *special } else { *ordinary } };
        if special.key == key | UNVISITED {
            visit(special, block, special_slot, &mut table.visited_special);
        } else if ordinary.key == key | UNVISITED {
            visit(ordinary, block, slot, &mut table.visited);
        } else {
            return None;
        }
        self.visited.note(address, size);
        Some(block)
    }

    /// The block at an address that runs now, looked at anew.
    ///
    /// `guarded` tells that not every instruction of it may be fetched.
    pub fn find(
        &mut self,
        memory: &Memory,
        address: u32,
        size: u32,
        guarded: bool,
        breakpoints: &BTreeSet<u32>,
    ) -> Block {
        let table = &mut *self.table;
        let (mut block, plan) =
            Block::scan(memory, address, size, table.traps, self.architecture, breakpoints);
        if guarded {
            block.flags |= Block::TRAPS;
        }
        self.visited.note(address, size);
        let (slot, special_slot) = (slot(address), special_slot(address));
        let special = &mut table.special[special_slot];
        if block.is_special() {
            // Nobody finds what is not there, but the slot may be among those of blocks that ran.
            let block = Block { key: special.block.key & UNVISITED, ..EMPTY };
            *special = Special { block, plan };
        }
        // Code on a page that is being written may change under us: scan it each time.
        if memory.page(address).is_some_and(|page| !memory.is_dirty(page)) {
            if block.is_special() {
                visit(&mut special.block, block, special_slot, &mut table.visited_special);
            } else {
                visit(&mut table.ordinary[slot], block, slot, &mut table.visited);
            }
        }
        block
    }

    /// The plan of the block that [`Blocks::find`] has just found at an address.
    pub fn plan(&self, address: u32) -> &Plan {
        &self.table.special[special_slot(address)].plan
    }
}

#[inline(always)]
fn slot(address: u32) -> usize {
    address as usize >> 1 & (SLOTS - 1)
}

#[inline(always)]
fn special_slot(address: u32) -> usize {
    address as usize >> 1 & (SPECIAL_SLOTS - 1)
}

#[cfg(test)]
mod tests {
    use super::{super::tests, *};
    use crate::core::CoreKind;

    const CODE: u32 = tests::RAM;
    const FLOATING: Traps = Traps {
        coprocessors: 0,
        divide_by_zero: false,
        floating_point: true,
        single_precision: false,
        control: false,
        faultmask: false,
    };

    /// Runs a block of NOPs at an address, as the block hook does.
    fn run(blocks: &mut Blocks, memory: &Memory, address: u32, size: u32) {
        if blocks.get(address, size).is_none() && blocks.recall(address, size).is_none() {
            blocks.find(memory, address, size, false, &BTreeSet::from([CODE + 8]));
        }
    }

    fn takes(blocks: &mut Blocks, expected: &[u32]) {
        let mut starts: Vec<u32> = blocks.take_visited().into_iter().map(|range| range.start).collect();
        starts.sort_unstable();
        assert_eq!(starts, expected);
    }

    #[test]
    fn a_block_is_told_once_each_time_that_somebody_asked_whatever_was_forgotten_meanwhile() {
        let memory = Memory::new(&tests::config(CoreKind::CortexM4F));
        let mut blocks = Blocks::new(Architecture::V7M);
        // The second one has a breakpoint; the third has the place of the first.
        let all = [CODE, CODE + 8, CODE + 2 * SLOTS as u32];
        for round in 0..5 {
            for address in all {
                (0..3).for_each(|_| run(&mut blocks, &memory, address, 4));
                match round {
                    1 => blocks.clear(),
                    2 => blocks.set_traps(FLOATING),
                    3 => blocks.set_traps(Traps { control: true, ..Traps::default() }),
                    _ => blocks.set_traps(Traps::default()),
                }
            }
            takes(&mut blocks, &all);
            takes(&mut blocks, &[]);
        }
    }

    #[test]
    fn a_block_known_under_traps_set_before_is_told_when_they_are_set_again() {
        let memory = Memory::new(&tests::config(CoreKind::CortexM4F));
        let mut blocks = Blocks::new(Architecture::V7M);
        run(&mut blocks, &memory, CODE, 4);
        blocks.set_traps(FLOATING);
        takes(&mut blocks, &[CODE]);
        blocks.set_traps(Traps::default());
        assert!(blocks.get(CODE, 4).is_none() && blocks.recall(CODE, 4).is_some(), "known, but not noted");
        takes(&mut blocks, &[CODE]);
    }

    #[test]
    fn code_on_a_page_that_is_being_written_is_told() {
        let mut memory = Memory::new(&tests::config(CoreKind::CortexM4F));
        memory.write(CODE, &[0; 4]).unwrap();
        let mut blocks = Blocks::new(Architecture::V7M);
        for _ in 0..3 {
            (0..3).for_each(|_| run(&mut blocks, &memory, CODE, 4));
            takes(&mut blocks, &[CODE]);
        }
    }
}
