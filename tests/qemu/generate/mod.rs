//! Random programs without loops: instructions whose effect the architecture defines, with registers that hold
//! anything, and loads and stores that stay in a window of RAM.
//!
//! A program is a row of blocks. Each begins by setting all registers, the flags and FPSCR from a literal pool. Then come
//! random instructions (`rows`), some of them skipped by branches or IT blocks. R6 and SP always point into the
//! window and are aligned; so is R7, unless the core can do without.

mod fill;
mod program;
mod rows;
mod rows_fp;
mod values;

pub use program::{Layout, Program, generate};

/// What a core can execute, as a set of bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Features(pub u32);

impl Features {
    /// Armv6-M: everything executes it.
    pub const V6M: Features = Features(0);
    /// Armv7-M.
    pub const V7M: Features = Features(1);
    /// The DSP extension.
    pub const DSP: Features = Features(1 << 1);
    /// Single precision, VFPv4 and later.
    pub const FP: Features = Features(1 << 2);
    /// FPv5: VSEL, VRINT and others.
    pub const FPV5: Features = Features(1 << 3);
    /// Double precision.
    pub const DOUBLE: Features = Features(1 << 4);
    /// Armv8-M: load-acquire, store-release.
    pub const V8M: Features = Features(1 << 5);

    /// All of both.
    pub const fn and(self, other: Features) -> Features {
        Features(self.0 | other.0)
    }

    /// Whether all of `other` is there.
    pub const fn has(self, other: Features) -> bool {
        self.0 & other.0 == other.0
    }
}

/// A kind of instruction.
pub struct Row {
    /// Its bits, the first halfword first; letters are fields, see `fill`.
    pub pattern: &'static str,
    /// What it takes.
    pub needs: Features,
    /// Which of the random encodings are allowed.
    pub allowed: fn(u32) -> bool,
    /// Whether it may stand in an IT block.
    pub in_it_block: bool,
    /// How often it is chosen, relative to others.
    pub weight: u32,
}

const fn row(pattern: &'static str, needs: Features) -> Row {
    Row { pattern, needs, allowed: anything, in_it_block: true, weight: 2 }
}

const fn anything(_: u32) -> bool {
    true
}

impl Row {
    const fn when(self, allowed: fn(u32) -> bool) -> Row {
        Row { allowed, ..self }
    }

    const fn outside_it(self) -> Row {
        Row { in_it_block: false, ..self }
    }

    const fn weighing(self, weight: u32) -> Row {
        Row { weight, ..self }
    }
}
