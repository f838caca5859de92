//! Accesses that must be aligned although CCR.UNALIGN_TRP is clear (Armv7-M ARM A3.2.1), which the translator lets pass.
//!
//! The exact engine looks at the base register in front of each such instruction. The fast one can only look in front
//! of a block: [`scan`] follows the registers through the block, and either knows that every base is aligned, or makes a
//! [`Plan`]: what the registers, and words in memory, must be where the block begins. Where a plan does not hold, or
//! none can be made, the exact engine runs the block.

mod narrow;
mod plan;
mod scan;
#[cfg(test)]
mod tests;
mod value;
mod wide;

pub use plan::Plan;
pub use scan::{Verdict, begins_in_it, scan};

use crate::core::{Architecture, thumb};

/// The base of an access and the bits of it that must be zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Base {
    /// A general-purpose register, never SP or PC: these are aligned.
    pub register: usize,
    /// 3 for words, 1 for halfwords.
    pub mask: u32,
}

impl Base {
    /// The base that must be aligned for this instruction, although CCR.UNALIGN_TRP is clear. The offset of each is a
    /// multiple of the size.
    ///
    /// LDREX, STREX and their like are not among them: the translator checks those itself, and for Armv6-M everything.
    pub const fn find(architecture: Architecture, first: u16, second: u16) -> Option<Base> {
        if matches!(architecture, Architecture::V6M) {
            return None;
        }
        if thumb::length(first) == 2 {
            let is_multiple = first & 0xf000 == 0xc000; // STM, LDM
            return if is_multiple { Base::of(first >> 8 & 7, 3) } else { None };
        }
        if first & 0xfe00 == 0xe800 {
            if first & 0x0040 == 0 {
                // STM, LDM; the others would be SRS and RFE.
                return if matches!(first & 0x0180, 0x0080 | 0x0100) { Base::of(first, 3) } else { None };
            }
            if first & 0x0120 != 0 {
                return Base::of(first, 3); // STRD, LDRD
            }
            if matches!(architecture, Architecture::V8M) && first & 0x0080 != 0 {
                return match second & 0x00f0 {
                    0x0090 => Base::of(first, 1), // STLH, LDAH
                    0x00a0 => Base::of(first, 3), // STL, LDA
                    _ => None,
                };
            }
            return None;
        }
        if thumb::is_float_transfer(first, second) { Base::of(first, 3) } else { None }
    }

    const fn of(register: u16, mask: u32) -> Option<Base> {
        let register = (register & 0xf) as usize;
        if register == 13 || register == 15 { None } else { Some(Base { register, mask }) }
    }
}
