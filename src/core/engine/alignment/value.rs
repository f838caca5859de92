//! What a register holds, told by what the registers held where the block begins.

/// A value of [`Values`]. Operands have lower numbers than what is computed from them.
pub type Id = u16;

/// Arithmetic of two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Add,
    Subtract,
    And,
    Or,
    ExclusiveOr,
    Multiply,
    /// Shifts by the second operand, whose low byte counts.
    ShiftLeft,
    ShiftRight,
    ShiftRightSigned,
}

impl Operation {
    /// The result (Armv7-M ARM A2.2.1 for the shifts).
    pub fn of(self, x: u32, y: u32) -> u32 {
        let amount = y & 0xff;
        match self {
            Operation::Add => x.wrapping_add(y),
            Operation::Subtract => x.wrapping_sub(y),
            Operation::And => x & y,
            Operation::Or => x | y,
            Operation::ExclusiveOr => x ^ y,
            Operation::Multiply => x.wrapping_mul(y),
            Operation::ShiftLeft => x.checked_shl(amount).unwrap_or(0),
            Operation::ShiftRight => x.checked_shr(amount).unwrap_or(0),
            Operation::ShiftRightSigned => ((x as i32) >> amount.min(31)) as u32,
        }
    }

    /// Whether the low bits of the result depend on no other bits of the operands than the low ones.
    fn keeps_low_bits_apart(self) -> bool {
        !matches!(self, Operation::ShiftLeft | Operation::ShiftRight | Operation::ShiftRightSigned)
    }
}

/// How a loaded or extended value gets its upper bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// The size of the value in bytes: 1, 2 or 4.
    pub bytes: u8,
    /// The upper bits are copies of the sign.
    pub signed: bool,
}

impl Format {
    pub const WORD: Format = Format { bytes: 4, signed: false };

    /// The register that such a value makes.
    pub fn extend(self, value: u32) -> u32 {
        let unused = 32 - 8 * u32::from(self.bytes);
        if self.signed { ((value << unused) as i32 >> unused) as u32 } else { value << unused >> unused }
    }
}

/// A load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    pub address: Id,
    pub format: Format,
    /// The value is not the one in memory but one that an earlier store of the block has put there.
    pub stored: Option<Id>,
    /// The accesses of the block, by number, that could have changed the value: from and up to.
    pub accesses: (u16, u16),
}

/// What a register holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// A register where the block begins.
    Register(u8),
    Constant(u32),
    Two(Operation, Id, Id),
    Extended(Format, Id),
    Loaded(Load),
    /// One or the other: an instruction of an IT block has written it, or not.
    Either(Id, Id),
    /// One or the other, of which only the two low bits matter.
    EitherLow(Id, Id),
    Unknown,
}

/// The two low bits of a value: those that are known, and what they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Low {
    known: u32,
    bits: u32,
}

impl Low {
    const UNKNOWN: Low = Low { known: 0, bits: 0 };

    fn of(value: u32) -> Low {
        Low { known: 3, bits: value & 3 }
    }

    /// The number of low bits that are known, from the lowest on.
    fn length(self) -> u32 {
        self.known.trailing_ones()
    }

    fn is_zero(self, mask: u32) -> bool {
        self.known & !self.bits & mask == mask
    }
}

/// The values of a block.
pub struct Values {
    values: Vec<Value>,
    low: Vec<Low>,
}

/// More than this many values are not followed: the block would take too long to look at.
const LIMIT: usize = 4000;
/// How many values [`Values::low_bits`] looks into.
const STEPS: u32 = 64;

impl Values {
    /// The value that is not known.
    pub const UNKNOWN: Id = 16;
    const SP: Id = 13;

    /// Those of the registers where the block begins: each has its own number.
    pub fn new() -> Values {
        let mut values = Values { values: Vec::new(), low: Vec::new() };
        for number in 0..16 {
            // The two low bits of SP are always zero (B1.4.1).
            let low = if number == Self::SP { Low::of(0) } else { Low::UNKNOWN };
            values.append(Value::Register(number as u8), low);
        }
        values.append(Value::Unknown, Low::UNKNOWN);
        values
    }

    pub fn get(&self, id: Id) -> Value {
        self.values[id as usize]
    }

    /// What a register holds where the block begins: one that has no number of its own here.
    pub fn register(&mut self, number: u8) -> Id {
        self.append(Value::Register(number), Low::UNKNOWN)
    }

    pub fn constant(&mut self, value: u32) -> Id {
        self.append(Value::Constant(value), Low::of(value))
    }

    /// What the constant is, if the value is one.
    pub fn as_constant(&self, id: Id) -> Option<u32> {
        match self.get(id) {
            Value::Constant(value) => Some(value),
            _ => None,
        }
    }

    /// The value as a base, which is no sum with a constant, and an offset. Constants have no base.
    pub fn parts(&self, id: Id) -> (Option<Id>, u32) {
        match self.get(id) {
            Value::Constant(value) => (None, value),
            Value::Two(Operation::Add, base, offset) => match self.get(offset) {
                Value::Constant(offset) => (Some(base), offset),
                _ => (Some(id), 0),
            },
            _ => (Some(id), 0),
        }
    }

    pub fn two(&mut self, operation: Operation, x: Id, y: Id) -> Id {
        use Operation::*;
        match (operation, self.as_constant(x), self.as_constant(y)) {
            (_, Some(a), Some(b)) => return self.constant(operation.of(a, b)),
            (Add, Some(_), None) => return self.two(Add, y, x),
            (Subtract, None, Some(b)) => {
                let negative = self.constant(b.wrapping_neg());
                return self.two(Add, x, negative);
            }
            (Add, None, Some(b)) => return self.offset(x, b),
            (ShiftLeft | ShiftRight | ShiftRightSigned, None, Some(0)) => return x,
            _ => {}
        }
        let (a, b) = (self.low[x as usize], self.low[y as usize]);
        let low = match operation {
            And if a.is_zero(3) || b.is_zero(3) => Low::of(0),
            Multiply if a.is_zero(3) || b.is_zero(3) || a.is_zero(1) && b.is_zero(1) => Low::of(0),
            And => {
                let zeros = a.known & !a.bits | b.known & !b.bits;
                Low { known: zeros | a.known & b.known, bits: a.bits & b.bits & a.known & b.known }
            }
            Or => Low { known: a.known & b.known | a.bits | b.bits, bits: a.bits | b.bits },
            ExclusiveOr => Low { known: a.known & b.known, bits: (a.bits ^ b.bits) & a.known & b.known },
            ShiftLeft => match self.as_constant(y).map(|amount| amount & 0xff) {
                Some(0) => a,
                Some(1) => Low { known: a.known << 1 & 3 | 1, bits: a.bits << 1 & 3 },
                Some(_) => Low::of(0),
                None if a.is_zero(3) => a,
                None => Low::UNKNOWN,
            },
            ShiftRight | ShiftRightSigned => Low::UNKNOWN,
            // Carries go upwards: as many low bits are known as of both operands.
            _ => {
                let known = (1 << a.length().min(b.length())) - 1;
                Low { known, bits: operation.of(a.bits, b.bits) & known }
            }
        };
        self.append(Value::Two(operation, x, y), low)
    }

    /// A value and a constant.
    pub fn offset(&mut self, x: Id, offset: u32) -> Id {
        let (base, old) = self.parts(x);
        let sum = old.wrapping_add(offset);
        match base {
            None => self.constant(sum),
            Some(base) if sum == 0 => base,
            Some(base) => {
                let y = self.constant(sum);
                let low = self.low[base as usize];
                let known = (1 << low.length()) - 1;
                let low = Low { known, bits: low.bits.wrapping_add(sum) & known };
                self.append(Value::Two(Operation::Add, base, y), low)
            }
        }
    }

    pub fn extended(&mut self, format: Format, x: Id) -> Id {
        match self.as_constant(x) {
            Some(value) => self.constant(format.extend(value)),
            None => self.append(Value::Extended(format, x), self.low[x as usize]),
        }
    }

    pub fn loaded(&mut self, load: Load) -> Id {
        // Not even what was stored is certain: the other accesses of the block are looked at only when it runs.
        self.append(Value::Loaded(load), Low::UNKNOWN)
    }

    pub fn either(&mut self, x: Id, y: Id) -> Id {
        if x == y { x } else { self.append(Value::Either(x, y), self.common(x, y)) }
    }

    fn common(&self, x: Id, y: Id) -> Low {
        let (a, b) = (self.low[x as usize], self.low[y as usize]);
        let known = a.known & b.known & !(a.bits ^ b.bits);
        Low { known, bits: a.bits & known }
    }

    /// Whether bits of the mask, 1 or 3, are known to be zero.
    pub fn is_aligned(&self, id: Id, mask: u32) -> bool {
        self.low[id as usize].is_zero(mask)
    }

    /// Whether one of these bits is known to be set.
    pub fn is_unaligned(&self, id: Id, mask: u32) -> bool {
        self.low[id as usize].bits & mask != 0
    }

    /// Another value, hopefully a simpler one, with the same two low bits.
    pub fn low_bits(&mut self, id: Id) -> Id {
        self.simplify(id, &mut { STEPS })
    }

    fn simplify(&mut self, id: Id, steps: &mut u32) -> Id {
        let low = self.low[id as usize];
        if low.known == 3 {
            return self.constant(low.bits);
        }
        if *steps == 0 {
            return id;
        }
        *steps -= 1;
        match self.get(id) {
            Value::Two(operation, x, y) if operation.keeps_low_bits_apart() => {
                let (x, y) = (self.simplify(x, steps), self.simplify(y, steps));
                let sum = self.two(operation, x, y);
                match self.parts(sum) {
                    (Some(base), offset) => {
                        let rest = (offset & 3).wrapping_sub(offset);
                        if base == sum { sum } else { self.offset(sum, rest) }
                    }
                    (None, _) => sum,
                }
            }
            Value::Extended(_, x) => self.simplify(x, steps),
            Value::Either(x, y) => {
                let (x, y) = (self.simplify(x, steps), self.simplify(y, steps));
                if x == y { x } else { self.append(Value::EitherLow(x, y), self.common(x, y)) }
            }
            _ => id,
        }
    }

    fn append(&mut self, value: Value, low: Low) -> Id {
        if self.values.len() >= LIMIT {
            return Self::UNKNOWN;
        }
        self.values.push(value);
        self.low.push(low);
        (self.values.len() - 1) as Id
    }
}
