//! Follows the registers through a block, as far as it matters for addresses.

use super::{
    Base,
    plan::{Access, Made, Plan},
    value::{Format, Id, Load, Operation, Values},
};
use crate::core::{
    Architecture,
    engine::{Memory, PAGE},
    thumb::{self, ItState},
};

/// What is known about a block before it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All bases are aligned.
    Aligned,
    /// All bases are aligned if the plan holds.
    Plan(Plan),
    /// Nobody knows: only the exact engine can run the block.
    Unknown,
}

/// Whether a block may begin inside an IT block, because the translator ends its blocks at the end of a page.
pub fn begins_in_it(address: u32) -> bool {
    matches!(address.wrapping_add(2) % PAGE, 0 | 2 | 4)
}

/// Looks at the block of `size` bytes at an address.
pub fn scan(memory: &Memory, address: u32, size: u32, architecture: Architecture) -> Verdict {
    let mut scan = Scan {
        memory,
        values: Values::new(),
        registers: std::array::from_fn(|number| number as Id),
        accesses: Vec::new(),
        stored: Vec::new(),
        pc: address,
        conditional: false,
    };
    let mut bases = Vec::new();
    let mut it = ItState::default();
    let mut unsure = if begins_in_it(address) { 4 } else { 0 };
    let end = address.wrapping_add(size);
    while scan.pc < end {
        let Ok(first) = memory.read_half(scan.pc) else { break };
        let second = memory.read_half(scan.pc.wrapping_add(2)).unwrap_or(0);
        scan.conditional = it.0 != 0 || unsure > 0;
        if let Some(base) = Base::find(architecture, first, second) {
            bases.push((scan.registers[base.register], base.mask));
        }
        if thumb::length(first) == 2 {
            scan.narrow(first)
        } else {
            scan.wide(first, second)
        }
        it = it.after(first);
        unsure -= i32::from(unsure > 0);
        scan.pc = scan.pc.wrapping_add(thumb::length(first));
    }
    match Plan::make(&mut scan.values, &scan.accesses, &bases, &scan.registers) {
        Made::Always => Verdict::Aligned,
        Made::Plan(plan) => Verdict::Plan(plan),
        Made::Unknown => Verdict::Unknown,
    }
}

pub(super) struct Scan<'a> {
    memory: &'a Memory,
    pub(super) values: Values,
    pub(super) registers: [Id; 16],
    accesses: Vec<Access>,
    /// For each access: the word that it certainly stores.
    stored: Vec<Option<Id>>,
    pc: u32,
    /// The instruction may be skipped.
    conditional: bool,
}

pub(super) const BYTE: Format = Format { bytes: 1, signed: false };
pub(super) const HALF: Format = Format { bytes: 2, signed: false };
pub(super) const WORD: Format = Format::WORD;

/// What stands for MSP and PSP among the numbers of the registers.
pub(super) const MSP: u8 = 16;
pub(super) const PSP: u8 = 17;

/// A field of an instruction.
pub(super) const fn bits(half: u16, lowest: u32, count: u32) -> u32 {
    half as u32 >> lowest & ((1 << count) - 1)
}

impl Scan<'_> {
    pub(super) fn read(&mut self, number: u32) -> Id {
        if number == 15 {
            self.values.constant(self.pc.wrapping_add(4))
        } else {
            self.registers[number as usize]
        }
    }

    /// PC as a base: aligned (A5.1.2).
    pub(super) fn aligned_pc(&mut self) -> Id {
        self.values.constant(self.pc.wrapping_add(4) & !3)
    }

    pub(super) fn write(&mut self, number: u32, value: Id) {
        let old = &mut self.registers[number as usize];
        *old = if self.conditional { self.values.either(*old, value) } else { value };
    }

    pub(super) fn forget(&mut self, number: u32) {
        self.write(number, Values::UNKNOWN);
    }

    /// An instruction that is not understood.
    pub(super) fn forget_all(&mut self) {
        self.registers = [Values::UNKNOWN; 16];
        self.access(Values::UNKNOWN, 4, true, None);
    }

    pub(super) fn compute(&mut self, number: u32, operation: Operation, x: Id, y: Id) {
        let value = self.values.two(operation, x, y);
        self.write(number, value);
    }

    pub(super) fn compute_with(&mut self, number: u32, operation: Operation, x: Id, y: u32) {
        let y = self.values.constant(y);
        self.compute(number, operation, x, y);
    }

    /// An operand that is inverted.
    pub(super) fn not(&mut self, x: Id) -> Id {
        let ones = self.values.constant(!0);
        self.values.two(Operation::ExclusiveOr, x, ones)
    }

    pub(super) fn access(&mut self, address: Id, bytes: u32, stores: bool, value: Option<Id>) {
        let (base, offset) = self.values.parts(address);
        self.accesses.push(Access { base, offset, bytes, stores });
        self.stored.push(value);
    }

    pub(super) fn store(&mut self, address: Id, format: Format, value: Id) {
        let certain = !self.conditional && format == WORD;
        self.access(address, format.bytes.into(), true, certain.then_some(value));
    }

    pub(super) fn store_register(&mut self, address: Id, format: Format, register: u32) {
        let value = self.read(register);
        self.store(address, format, value);
    }

    pub(super) fn load(&mut self, number: u32, address: Id, format: Format) {
        let value = self.loaded(address, format);
        self.access(address, format.bytes.into(), false, None);
        self.write(number, value);
    }

    fn loaded(&mut self, address: Id, format: Format) -> Id {
        let (base, offset) = self.values.parts(address);
        if base.is_none()
            && let Some(literal) = self.literal(offset, format)
        {
            return self.values.constant(literal);
        }
        if base == Some(Values::UNKNOWN) {
            return Values::UNKNOWN; // two that are not known are not the same
        }
        let here = Access { base, offset, bytes: format.bytes.into(), stores: false };
        let mut load = Load { address, format, stored: None, accesses: (0, self.accesses.len() as u16) };
        for (number, access) in self.accesses.iter().enumerate().rev() {
            if !access.stores || access.base != base || access.is_beside(&here) {
                continue;
            }
            let same = access.offset == offset && format == WORD;
            let Some(value) = self.stored[number].filter(|_| same) else { return Values::UNKNOWN };
            load.stored = Some(value);
            load.accesses.0 = number as u16 + 1;
            break;
        }
        self.values.loaded(load)
    }

    /// What stands at an address that cannot change while the block is known: on a page of code that is not written.
    fn literal(&self, address: u32, format: Format) -> Option<u32> {
        let constant = |address| {
            let page = self.memory.page(address);
            page.is_some_and(|page| self.memory.is_code(page) && !self.memory.is_dirty(page))
        };
        if !constant(address) || !constant(address.wrapping_add(u32::from(format.bytes) - 1)) {
            return None;
        }
        let mut word = [0; 4];
        self.memory.read(address, &mut word[..format.bytes.into()]).ok()?;
        Some(format.extend(u32::from_le_bytes(word)))
    }

    /// Loads or stores registers, the lowest at the lowest address; what `base` becomes is written first.
    pub(super) fn multiple(&mut self, list: u32, address: Id, loads: bool, written_back: Option<(u32, Id)>) {
        let stored = self.registers;
        if loads && let Some((number, value)) = written_back {
            self.write(number, value);
        }
        let mut at = address;
        for number in (0..16).filter(|number| list >> number & 1 != 0) {
            if loads {
                self.load(number, at, WORD);
            } else {
                self.store(at, WORD, stored[number as usize]);
            }
            at = self.values.offset(at, 4);
        }
        if !loads && let Some((number, value)) = written_back {
            self.write(number, value);
        }
    }

    /// A shift by an immediate: the type and the amount as they are encoded (A7.4.2).
    pub(super) fn shifted(&mut self, x: Id, kind: u32, amount: u32) -> Id {
        let operation = match kind {
            0 => Operation::ShiftLeft,
            1 => Operation::ShiftRight,
            2 => Operation::ShiftRightSigned,
            _ => return Values::UNKNOWN, // ROR, RRX
        };
        let amount = if amount == 0 && kind != 0 { 32 } else { amount };
        let amount = self.values.constant(amount);
        self.values.two(operation, x, amount)
    }
}
