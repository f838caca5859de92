//! A whole program.

use super::{
    Features, Row,
    fill::{Filled, fill},
    rows, rows_fp, values,
};
use crate::common::Random;

/// Where things are on the machine.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// The vector table; code is behind it.
    pub code: u32,
    /// The RAM in which loads and stores happen.
    pub ram: u32,
    /// Its size; the pointers begin in its middle.
    pub ram_size: u32,
}

/// Code and the initial contents of memory.
pub struct Program {
    pub entry: u32,
    pub segments: Vec<(u32, Vec<u8>)>,
    /// Random instructions in it.
    pub instructions: usize,
}

/// Random instructions in front of and behind which literals can be loaded.
const PADDING: u32 = 0x1400;
/// Random instructions between two settings of all registers.
const BLOCK: usize = 40;
const CPACR: u32 = 0xe000_ed88;
const EXIT: u32 = 0x18;
const APPLICATION_EXIT: u32 = 0x20026;

struct Writer<'a> {
    code: Vec<u16>,
    features: Features,
    rows: Vec<&'static Row>,
    weights: u64,
    random: &'a mut Random,
    instructions: usize,
}

/// Makes a program of about `instructions` random instructions.
pub fn generate(features: Features, layout: Layout, instructions: usize, random: &mut Random) -> Program {
    let tables = [rows::DATA, rows::MEMORY, rows_fp::FLOAT, rows_fp::FLOAT_MOVES];
    let rows: Vec<&Row> = tables.into_iter().flatten().filter(|row| features.has(row.needs)).collect();
    let weights = rows.iter().map(|row| u64::from(row.weight)).sum();
    let base = layout.code + PADDING;
    let mut writer = Writer { code: Vec::new(), features, rows, weights, random, instructions: 0 };
    writer.start();
    while writer.instructions < instructions {
        writer.set_registers(layout);
        for _ in 0..BLOCK {
            writer.anything();
        }
    }
    writer.exit();
    let words = |random: &mut Random, count: u32| -> Vec<u8> {
        (0..count).flat_map(|_| values::integer(random).to_le_bytes()).collect()
    };
    let mut flash = words(writer.random, PADDING / 4);
    flash[..4].copy_from_slice(&(layout.ram + layout.ram_size).to_le_bytes());
    flash[4..8].copy_from_slice(&(base | 1).to_le_bytes());
    flash.extend(writer.code.iter().flat_map(|half| half.to_le_bytes()));
    flash.resize(flash.len().next_multiple_of(4), 0);
    flash.extend(words(writer.random, PADDING / 4));
    let ram = words(writer.random, layout.ram_size / 4);
    let segments = vec![(layout.code, flash), (layout.ram, ram)];
    Program { entry: base, segments, instructions: writer.instructions }
}

impl Writer<'_> {
    fn emit(&mut self, halves: &[u16]) {
        self.code.extend(halves);
    }

    /// LDR of each register from a pool that follows, where `use_it` says what to do with it.
    fn pool(&mut self, loads: &[(u16, u32, &[u16])]) {
        let length: usize = loads.iter().map(|(_, _, then)| 1 + then.len()).sum();
        // The branch over the pool, and what aligns the pool.
        let at = self.code.len();
        let pad = (at + length + 1) % 2;
        let pool = at + length + 1 + pad;
        for (index, (register, _, then)) in loads.iter().enumerate() {
            let pc = (self.code.len() + 2) & !1;
            let words = (pool + 2 * index - pc) / 2;
            assert!(words < 256, "a pool within reach");
            self.emit(&[0x4800 | register << 8 | words as u16]);
            self.emit(then);
        }
        let over = 2 * loads.len() + pad;
        self.emit(&[0xe000 | (over as u16).wrapping_sub(1) & 0x7ff]);
        self.emit(&[0xbf00][..pad]);
        for (_, value, _) in loads {
            self.emit(&[*value as u16, (value >> 16) as u16]);
        }
    }

    /// Allows floating point.
    fn start(&mut self) {
        if self.features.has(Features::FP) {
            let store = [0x6001, 0xf3bf, 0x8f4f, 0xf3bf, 0x8f6f]; // STR R1, [R0]; DSB; ISB
            self.pool(&[(0, CPACR, &[]), (1, 0xf << 20, &store)]);
        }
    }

    fn exit(&mut self) {
        self.pool(&[(0, EXIT, &[]), (1, APPLICATION_EXIT, &[0xbeab])]);
    }

    /// Sets all registers.
    fn set_registers(&mut self, layout: Layout) {
        if self.features.has(Features::FP) {
            self.set_float_registers();
        }
        let middle = layout.ram + layout.ram_size / 2;
        let r = &mut *self.random;
        let mut near = |mask: u32| middle.wrapping_add(r.below(0x800) as u32).wrapping_sub(0x400) & mask;
        let (r6, sp) = (near(!7), near(!7));
        let r7 = near(if self.features.has(Features::V7M) { !0 } else { !7 });
        let mut any = || values::integer(self.random);
        let flags: &[u16] =
            if self.features.has(Features::DSP) { &[0xf380, 0x8c00] } else { &[0xf380, 0x8800] };
        let loads: [(u16, u32, &[u16]); 16] = [
            (0, any(), flags),
            (0, sp, &[0x4685]),
            (0, any(), &[0x4680]), // MOV R8, R0
            (0, any(), &[0x4681]),
            (0, any(), &[0x4682]),
            (0, any(), &[0x4683]),
            (0, any(), &[0x4684]),
            (0, any(), &[0x4686]), // MOV LR, R0
            (6, r6, &[]),
            (7, r7, &[]),
            (0, any(), &[]),
            (1, any(), &[]),
            (2, any(), &[]),
            (3, any(), &[]),
            (4, any(), &[]),
            (5, any(), &[]),
        ];
        self.pool(&loads);
    }

    /// FPSCR, then S0 to S31 from words that are jumped over.
    fn set_float_registers(&mut self) {
        const WORDS: usize = 32;
        let mut words = Vec::new();
        while words.len() < WORDS {
            if self.features.has(Features::DOUBLE) && self.random.below(2) == 0 {
                let value = values::double(self.random);
                words.extend([value as u32, (value >> 32) as u32]);
            } else {
                words.extend([values::single(self.random), values::single(self.random)]);
            }
        }
        let fpscr = values::fpscr(self.random);
        self.pool(&[(0, fpscr, &[0xeee1, 0x0a10])]); // VMSR FPSCR, R0
        if self.code.len() % 2 == 1 {
            self.emit(&[0xbf00]);
        }
        // ADR R0 to behind the branch: ADR, VLDM R0, {S0-S31}, B are four halfwords; the PC is two ahead.
        self.emit(&[0xa001, 0xec90, 0x0a20, 0xe000 | (2 * WORDS as u16 - 1)]);
        for word in words {
            self.emit(&[word as u16, (word >> 16) as u16]);
        }
    }

    fn choose(&mut self) -> &'static Row {
        let mut at = self.random.below(self.weights);
        for row in &self.rows {
            match at.checked_sub(u64::from(row.weight)) {
                Some(rest) => at = rest,
                None => return row,
            }
        }
        unreachable!("the weights are those of the rows")
    }

    fn one(&mut self) -> Filled {
        self.instructions += 1;
        let row = self.choose();
        fill(row, self.features, self.random)
    }

    fn one_for_it(&mut self) -> Vec<u16> {
        loop {
            let row = self.choose();
            if row.in_it_block {
                self.instructions += 1;
                return fill(row, self.features, self.random).halves;
            }
        }
    }

    /// An instruction, an IT block, or a branch over an instruction.
    fn anything(&mut self) {
        let v7 = self.features.has(Features::V7M);
        match self.random.below(20) {
            0 if v7 => self.it_block(),
            1 => self.skip(),
            2 if self.random.below(4) == 0 => {
                self.instructions += 1;
                self.emit(&[0xf000, 0xf800]); // BL to the next instruction
            }
            _ => {
                let filled = self.one();
                self.emit(filled.before.as_slice());
                self.emit(&filled.halves);
            }
        }
    }

    fn it_block(&mut self) {
        let condition = self.random.below(14) as u16;
        let mask = 1 + self.random.below(15) as u16;
        self.instructions += 1;
        self.emit(&[0xbf00 | condition << 4 | mask]);
        for _ in 0..4 - mask.trailing_zeros() {
            let halves = self.one_for_it();
            self.emit(&halves);
        }
    }

    /// B, B<c>, CBZ or CBNZ over one instruction.
    fn skip(&mut self) {
        let over = self.one_for_it();
        let distance = over.len() as u16 - 1;
        self.instructions += 1;
        let branch = match self.random.below(4) {
            0 => 0xe000 | distance,
            1 if self.features.has(Features::V7M) => {
                0xb100 | (self.random.below(2) as u16) << 11 | distance << 3 | self.random.below(8) as u16
            }
            _ => 0xd000 | (self.random.below(14) as u16) << 8 | distance,
        };
        self.emit(&[branch]);
        self.emit(&over);
    }
}
