//! What is known about each translated block, and which one runs now.

mod block;
#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, mem::offset_of, ops::Range};

pub use self::block::Block;
use self::block::{UNVISITED, key};
use super::{Memory, Traps, alignment::Plan};
use crate::core::{Architecture, executed::Visited};

const SLOTS: usize = 8192;
const SPECIAL_SLOTS: usize = 1024;
/// Places of blocks aside.
const CURRENT: usize = 2 * SLOTS;
const PREVIOUS: usize = 2 * SLOTS + 2;

/// The blocks seen lately, by address. Special ones are kept apart, so that the block hook need not ask.
#[repr(C)]
struct Table {
    ordinary: [Block; SLOTS],
    traps: Traps,
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
            ordinary: [EMPTY; SLOTS],
            traps,
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

/// What is known about blocks, for the traps that are set and those that were set lately; and the block that runs now.
#[repr(C)]
pub struct Blocks {
    /// Where the block is that runs now: twice its slot in the table, or behind those one of `aside`. So the block hook moves
    /// on to another block with two stores.
    current: usize,
    /// Where the block in front of it is.
    previous: usize,
    table: Box<Table>,
    aside: [Block; 2],
    /// The last one first.
    parked: Vec<Box<Table>>,
    architecture: Architecture,
    /// The code that ran.
    pub visited: Visited,
}

impl Blocks {
    /// Where the block hook finds what it needs, in bytes from the beginning of this: `current`,
    pub const CURRENT: usize = offset_of!(Blocks, current);
    /// `previous`,
    pub const PREVIOUS: usize = offset_of!(Blocks, previous);
    /// and the pointer to the table, which begins with the ordinary blocks.
    pub const TABLE: usize = offset_of!(Blocks, table);
    /// Where a block has the number of its instructions, in bytes from its beginning. There is its key.
    pub const COUNT: usize = offset_of!(Block, count);
    /// The bits of an address that are twice its slot.
    pub const SLOT_MASK: usize = 2 * (SLOTS - 1);

    pub fn new(architecture: Architecture) -> Blocks {
        let table = Table::new(Traps::default());
        let nothing = Block::default();
        Blocks {
            current: CURRENT,
            previous: PREVIOUS,
            table,
            aside: [nothing; 2],
            parked: Vec::new(),
            architecture,
            visited: Visited::default(),
        }
    }

    /// The block that runs now.
    #[inline]
    pub fn current(&self) -> Block {
        self.at(self.current)
    }

    /// The block in front of it.
    #[inline]
    pub fn previous(&self) -> Block {
        self.at(self.previous)
    }

    #[inline]
    fn at(&self, place: usize) -> Block {
        match place {
            CURRENT => self.aside[0],
            PREVIOUS => self.aside[1],
            _ => self.table.ordinary[(place / 2) & (SLOTS - 1)],
        }
    }

    /// As if a block had run and run again.
    pub fn begin(&mut self, block: Block) {
        self.set(block, block);
    }

    /// Something else is what runs now.
    pub fn set_current(&mut self, block: Block) {
        self.aside[0] = block;
        self.current = CURRENT;
    }

    /// Of the block that runs now nothing runs, or no more.
    pub fn leave_current(&mut self) {
        self.set_current(Block { count: 0, ..self.current() });
    }

    fn set(&mut self, current: Block, previous: Block) {
        self.aside = [current, previous];
        (self.current, self.previous) = (CURRENT, PREVIOUS);
    }

    /// The table is about to change.
    fn set_aside(&mut self) {
        self.set(self.current(), self.previous());
    }

    /// Forgets everything but what ran and runs: code or breakpoints changed.
    pub fn clear(&mut self) {
        self.set_aside();
        self.parked.clear();
        self.table.clear();
    }

    /// Takes the code that ran since this was asked last.
    pub fn take_visited(&mut self) -> Vec<Range<u32>> {
        self.set_aside();
        self.table.leave();
        self.parked.iter_mut().for_each(|table| table.leave());
        self.visited.take()
    }

    /// Sets which instructions trap.
    pub fn set_traps(&mut self, traps: Traps) {
        if self.table.traps == traps {
            return;
        }
        self.set_aside();
        let known = self.parked.iter().position(|table| table.traps == traps);
        let table = known.map_or_else(|| Table::new(traps), |index| self.parked.remove(index));
        self.parked.insert(0, std::mem::replace(&mut self.table, table));
        self.parked.truncate(PARKED);
    }

    /// Which instructions trap.
    pub fn traps(&self) -> Traps {
        self.table.traps
    }

    /// The block at an address runs now, if it is known with this size, is not special, and was noted already. The number
    /// of its instructions.
    #[inline(always)]
    pub fn enter(&mut self, address: u32, size: u32) -> Option<u32> {
        let place = address as usize & Blocks::SLOT_MASK;
        let block = &self.table.ordinary[place / 2];
        if block.key != key(address, size) {
            return None;
        }
        self.previous = self.current;
        self.current = place;
        Some(block.count)
    }

    /// The block at an address runs now, if it is known with this size and [`Blocks::enter`] did not find it.
    pub fn recall(&mut self, address: u32, size: u32) -> Option<Block> {
        let (slot, special_slot) = (slot(address), special_slot(address));
        let previous = self.current();
        let table = &mut *self.table;
        let key = key(address, size);
        let special = &mut table.special[special_slot].block;
        if special.key == key {
            let block = *special;
            self.set(block, previous);
            return Some(block);
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
        self.set(block, previous);
        Some(block)
    }

    /// The block at an address, looked at anew, runs now.
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
        let previous = self.current();
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
        self.set(block, previous);
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
