//! What must hold where a block begins, so that all its bases are aligned.

use std::ops::Range;

use super::value::{Format, Id, Load, Value, Values};
use crate::core::engine::{Memory, PAGE};

/// What must hold where a block begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// For each remainder of a division by four, the registers that must have it: a bit each.
    registers: [u16; 4],
    /// What more there is to compute.
    program: Option<Box<Program>>,
    /// When the block runs again right behind itself, the plan holds again.
    steady: bool,
}

/// An access that could change what a load gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Its address is this value and an offset; the offset alone where there is no value.
    pub base: Option<Id>,
    pub offset: u32,
    pub bytes: u32,
    pub stores: bool,
}

impl Access {
    /// Whether the bases alone tell that two accesses touch neither the same bytes nor memory of another kind. What a
    /// constant apart lies in the same memory, if it is not far.
    pub fn is_beside(&self, other: &Access) -> bool {
        let distance = self.offset.wrapping_sub(other.offset);
        let near = distance.wrapping_add(0x1000) < 0x2000;
        let apart = distance >= other.bytes && distance.wrapping_neg() >= self.bytes;
        self.base == other.base && near && (apart || !self.stores && !other.stores)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Program {
    steps: Vec<Step>,
    /// Values that must be aligned, and the bits that must be zero.
    aligned: Vec<(Id, u32)>,
    accesses: Vec<Access>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Value(Value),
    /// The accesses from the first to before the second go before it.
    Load {
        address: Id,
        format: Format,
        stored: Option<Id>,
        accesses: (u16, u16),
    },
}

/// A program of more values than this takes longer than the exact engine.
const STEPS: usize = 32;
const ACCESSES: usize = 64;

/// What [`Plan::make`] finds.
pub enum Made {
    /// All bases are aligned, whatever the registers are.
    Always,
    /// It depends.
    Plan(Plan),
    /// Some base is not aligned, or it takes too much to know.
    Unknown,
}

impl Plan {
    /// The plan for values that must be aligned, `bases`, each with the bits that must be zero. `last` are the registers
    /// behind the block.
    pub fn make(values: &mut Values, accesses: &[Access], bases: &[(Id, u32)], last: &[Id; 16]) -> Made {
        let mut plan = Plan::default();
        let mut others: Vec<(Id, u32)> = Vec::new();
        for &(base, mask) in bases {
            if values.is_aligned(base, mask) {
                continue;
            }
            let low = values.low_bits(base);
            match (values.parts(low), mask) {
                _ if values.is_aligned(low, mask) => {}
                _ if values.is_unaligned(low, mask) => return Made::Unknown,
                ((Some(base), offset), 3) if base < 16 => {
                    plan.registers[(offset.wrapping_neg() & 3) as usize] |= 1 << base;
                }
                _ if others.contains(&(low, mask)) => {}
                _ => others.push((low, mask)),
            }
        }
        if !others.is_empty() {
            let Some(program) = Program::make(values, accesses, &others) else { return Made::Unknown };
            plan.program = Some(Box::new(program));
        }
        if plan == Plan::default() {
            return Made::Always;
        }
        let needed = plan.registers.into_iter().fold(0, |all, some| all | some);
        plan.steady = plan.program.is_none()
            && (0..16)
                .filter(|number| needed >> number & 1 != 0)
                .all(|number| values.low_bits(last[usize::from(number)]) == number);
        Made::Plan(plan)
    }

    /// Whether all bases are aligned. `register` reads a register, `memory` is asked for only where words in memory matter.
    pub fn holds<'m>(&self, memory: impl FnOnce() -> &'m Memory, register: impl Fn(usize) -> u32) -> bool {
        for (remainder, numbers) in self.registers.iter().enumerate() {
            let mut numbers = *numbers;
            while numbers != 0 {
                if register(numbers.trailing_zeros() as usize) & 3 != remainder as u32 {
                    return false;
                }
                numbers &= numbers - 1;
            }
        }
        self.program.as_ref().is_none_or(|program| program.holds(memory(), register))
    }

    /// Whether these registers must have these remainders of a division by four, and nothing else matters.
    #[cfg(test)]
    pub fn needs_only(&self, registers: &[(u32, usize)]) -> bool {
        let mut needed = [0; 4];
        registers.iter().for_each(|(register, remainder)| needed[*remainder] |= 1 << register);
        self.registers == needed && self.program.is_none()
    }

    /// Whether the plan holds again when the block runs again right behind itself.
    pub fn is_steady(&self) -> bool {
        self.steady
    }
}

impl Program {
    fn make(values: &Values, accesses: &[Access], roots: &[(Id, u32)]) -> Option<Program> {
        let highest = roots.iter().map(|(id, _)| *id).max()?;
        let mut number: Vec<Option<Id>> = vec![None; usize::from(highest) + 1];
        let mark = |number: &mut Vec<Option<Id>>, id: Id| number[usize::from(id)] = Some(0);
        for &(id, _) in roots {
            mark(&mut number, id);
        }
        // Operands have lower numbers, the accesses in front of a load too.
        let mut count = 0;
        for id in (0..=highest).rev() {
            if number[usize::from(id)].is_none() {
                continue;
            }
            count += 1;
            if count > STEPS {
                return None;
            }
            match values.get(id) {
                Value::Unknown => return None,
                Value::Register(_) | Value::Constant(_) => {}
                Value::Extended(_, x) => mark(&mut number, x),
                Value::Two(_, x, y) | Value::Either(x, y) | Value::EitherLow(x, y) => {
                    mark(&mut number, x);
                    mark(&mut number, y);
                }
                Value::Loaded(load) => {
                    mark(&mut number, load.address);
                    load.stored.into_iter().for_each(|stored| mark(&mut number, stored));
                    before(values, accesses, load)
                        .filter_map(|access| access.base)
                        .for_each(|base| mark(&mut number, base));
                }
            }
        }
        let mut program =
            Program { steps: Vec::with_capacity(count), aligned: Vec::new(), accesses: Vec::new() };
        for id in 0..=highest {
            if number[usize::from(id)].is_none() {
                continue;
            }
            let new = |id: Id| number[usize::from(id)].expect("operands are marked");
            let step = match values.get(id) {
                Value::Extended(format, x) => Step::Value(Value::Extended(format, new(x))),
                Value::Two(operation, x, y) => Step::Value(Value::Two(operation, new(x), new(y))),
                Value::Either(x, y) => Step::Value(Value::Either(new(x), new(y))),
                Value::EitherLow(x, y) => Step::Value(Value::EitherLow(new(x), new(y))),
                Value::Loaded(load) => {
                    let first = program.accesses.len();
                    let renumbered = before(values, accesses, load)
                        .map(|access| Access { base: access.base.map(new), ..access });
                    for access in renumbered {
                        let seen = &program.accesses[first..];
                        let again = |old: &Access| !access.stores && old.is_beside(&access);
                        if !seen.iter().any(again) {
                            program.accesses.push(access);
                        }
                    }
                    if program.accesses.len() > ACCESSES {
                        return None;
                    }
                    Step::Load {
                        address: new(load.address),
                        format: load.format,
                        stored: load.stored.map(new),
                        accesses: (first as u16, program.accesses.len() as u16),
                    }
                }
                value => Step::Value(value),
            };
            number[usize::from(id)] = Some(program.steps.len() as Id);
            program.steps.push(step);
        }
        program.aligned = roots
            .iter()
            .map(|(id, mask)| (number[usize::from(*id)].expect("roots are marked"), *mask))
            .collect();
        Some(program)
    }

    fn holds(&self, memory: &Memory, register: impl Fn(usize) -> u32) -> bool {
        let mut values = [0; STEPS];
        for (at, step) in self.steps.iter().enumerate() {
            let Some(value) = self.step(step, &values, memory, &register) else { return false };
            values[at] = value;
        }
        self.aligned.iter().all(|(id, mask)| values[usize::from(*id)] & mask == 0)
    }

    fn step(
        &self,
        step: &Step,
        values: &[u32; STEPS],
        memory: &Memory,
        register: impl Fn(usize) -> u32,
    ) -> Option<u32> {
        let value = |id: Id| values[usize::from(id)];
        Some(match *step {
            Step::Value(Value::Register(number)) => register(usize::from(number)),
            Step::Value(Value::Constant(constant)) => constant,
            Step::Value(Value::Two(operation, x, y)) => operation.of(value(x), value(y)),
            Step::Value(Value::Extended(format, x)) => format.extend(value(x)),
            Step::Value(Value::Either(x, y)) => (value(x) == value(y)).then(|| value(x))?,
            Step::Value(Value::EitherLow(x, y)) => (value(x) & 3 == value(y) & 3).then(|| value(x))?,
            Step::Value(Value::Loaded(_) | Value::Unknown) => return None,
            Step::Load { address, format, stored, accesses } => {
                let address = value(address);
                let bytes = u32::from(format.bytes);
                let here = places(memory, address, bytes)?;
                let accesses = &self.accesses[usize::from(accesses.0)..usize::from(accesses.1)];
                for access in accesses {
                    let other = access.base.map_or(0, value).wrapping_add(access.offset);
                    // Nobody knows what a device does to memory.
                    let there = places(memory, other, access.bytes)?;
                    if access.stores && there.start < here.end && here.start < there.end {
                        return None;
                    }
                }
                let mut word = [0; 4];
                memory.read(address, &mut word[..bytes as usize]).ok()?;
                format.extend(stored.map_or(u32::from_le_bytes(word), value))
            }
        })
    }
}

/// Where in memory some bytes are, whatever alias names them. `None` for a device, or across the end of a region.
fn places(memory: &Memory, address: u32, bytes: u32) -> Option<Range<u32>> {
    let place = |address| memory.page(address).map(|page| page * PAGE + address % PAGE);
    let first = place(address)?;
    if address % PAGE + bytes > PAGE && place(address.wrapping_add(bytes - 1))? != first + bytes - 1 {
        return None;
    }
    Some(first..first + bytes)
}

/// The accesses that could have changed what a load gives.
fn before<'a>(values: &Values, accesses: &'a [Access], load: Load) -> impl Iterator<Item = Access> + use<'a> {
    let (base, offset) = values.parts(load.address);
    let here = Access { base, offset, bytes: load.format.bytes.into(), stores: false };
    let (first, end) = load.accesses;
    accesses[usize::from(first)..usize::from(end)]
        .iter()
        .copied()
        .filter(move |access| !access.is_beside(&here))
}
