//! The identification registers of CoreSight, by which firmware and debuggers tell what a block is (Armv7-M ARM appendix B,
//! Armv8-M ARM D1.1).
//!
//! The ROM table is that of the processor. A chip may have its own in front of it, with the maker's numbers.

use super::Block;
use crate::core::{
    Architecture,
    CoreKind::{self, *},
};

/// What a block says it is.
struct Identity {
    /// The part number of Arm's, 12 bits.
    part: u32,
    /// The revision of that part.
    revision: u32,
    /// The component class (CIDR1): 1 ROM table, 9 CoreSight component, 0xE generic IP.
    class: u32,
    /// DEVARCH, of a CoreSight component.
    architecture: u32,
}

const fn part(part: u32, revision: u32) -> Option<Identity> {
    Some(Identity { part, revision, class: 0xe, architecture: 0 })
}

const fn coresight(part: u32, architecture: u32) -> Option<Identity> {
    Some(Identity { part, revision: 0, class: 9, architecture })
}

const fn rom(part: u32) -> Option<Identity> {
    Some(Identity { part, revision: 0, class: 1, architecture: 0 })
}

/// The identities: DDI 0432C 6.1 and 7 (M0), DDI 0484C 7.1 (M0+), DDI 0337 (M3), DDI 0439 (M4), DDI 0489 (M7), 100230 (M33).
fn identity(kind: CoreKind, block: Block) -> Option<Identity> {
    match (block, kind) {
        (Block::Scs, CortexM0 | CortexM0Plus | CortexM1) => part(0x008, 0),
        (Block::Scs, CortexM3) => part(0x000, 2),
        (Block::Scs, CortexM33 | CortexM33F) => coresight(0xd21, 0x4770_2a04),
        (Block::Scs, _) => part(0x00c, 0),
        (Block::Dwt, CortexM0 | CortexM0Plus | CortexM1) => part(0x00a, 0),
        (Block::Dwt, CortexM3 | CortexM4 | CortexM4F) => part(0x002, 3),
        (Block::Dwt, CortexM33 | CortexM33F) => coresight(0xd21, 0x4770_1a02),
        (Block::Dwt, _) => part(0x002, 0),
        (Block::Fpb, CortexM0 | CortexM0Plus | CortexM1) => part(0x00b, 0),
        (Block::Fpb, CortexM3 | CortexM4 | CortexM4F) => part(0x003, 2),
        (Block::Fpb, CortexM33 | CortexM33F) => coresight(0xd21, 0x4770_1a03),
        (Block::Fpb, _) => part(0x00e, 0),
        (Block::Itm, CortexM0 | CortexM0Plus | CortexM1) => None,
        (Block::Itm, CortexM3 | CortexM4 | CortexM4F) => part(0x001, 3),
        (Block::Itm, CortexM33 | CortexM33F) => coresight(0xd21, 0x4770_1a01),
        (Block::Itm, _) => part(0x001, 0),
        (Block::RomTable, CortexM0) => rom(0x471),
        (Block::RomTable, CortexM0Plus) => rom(0x4c0),
        (Block::RomTable, CortexM1) => rom(0x470),
        (Block::RomTable, CortexM3) => rom(0x4c3),
        (Block::RomTable, CortexM4 | CortexM4F) => rom(0x4c4),
        (Block::RomTable, CortexM7 | CortexM7F | CortexM7Dp) => rom(0x4c7),
        (Block::RomTable, CortexM33 | CortexM33F) => rom(0x4c9),
        (Block::NonSecure | Block::Other, _) => None,
    }
}

/// The entries of the ROM table: offsets of the blocks from it, with bit 0 for one that is there.
fn rom_entry(kind: CoreKind, index: usize) -> u32 {
    const SCS: u32 = 0xfff0_f003;
    const DWT: u32 = 0xfff0_2003;
    const FPB: u32 = 0xfff0_3003;
    const ITM: u32 = 0xfff0_1003;
    // TPIU and ETM, absent.
    const TPIU: u32 = 0xfff4_1002;
    const ETM: u32 = 0xfff4_2002;
    let entries: &[u32] = match (kind.architecture(), kind) {
        (Architecture::V6M, _) => &[SCS, DWT, FPB],
        (Architecture::V8M, _) => &[SCS, DWT, FPB, ITM, 0, ETM],
        (_, CortexM7 | CortexM7F | CortexM7Dp) => &[SCS, DWT, FPB, ITM],
        _ => &[SCS, DWT, FPB, ITM, TPIU, ETM],
    };
    entries.get(index).copied().unwrap_or(0)
}

/// The identification register at an offset in a block, if it is one.
pub fn word(kind: CoreKind, block: Block, offset: u32) -> Option<u32> {
    if block == Block::RomTable && offset < 0x040 {
        return Some(rom_entry(kind, offset as usize / 4));
    }
    if offset < 0xfbc {
        return None;
    }
    let Identity { part, revision, class, architecture } = identity(kind, block)?;
    Some(match offset {
        0xfbc => architecture,
        0xfcc if class == 1 => 1, // MEMTYPE: system memory is on the same bus
        0xfd0 => 0x04,            // PIDR4: Arm
        0xfe0 => part & 0xff,
        0xfe4 => 0xb0 | part >> 8,
        0xfe8 => revision << 4 | 0xb,
        0xff0 => 0x0d,
        0xff4 => class << 4,
        0xff8 => 0x05,
        0xffc => 0xb1,
        _ => 0,
    })
}
