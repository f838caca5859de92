//! What an instruction accesses, worked out from its encoding and the registers before it (Armv7-M ARM A5): knows nothing
//! of the engines, whose watchpoints it is held against.

use untick::{
    timeline::Timeline,
    words::{BusFault, Registers},
};

/// One load or store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    pub address: u32,
    pub length: u32,
    pub store: bool,
}

impl Access {
    pub fn bytes(self) -> impl Iterator<Item = u32> {
        (0..self.length).map(move |offset| self.address.wrapping_add(offset))
    }

    /// Where the access goes through a bit-band alias: the byte that has the bit.
    fn behind_alias(self) -> Option<Access> {
        bit_behind(self.address).map(|address| Access { address, length: 1, ..self })
    }
}

/// The byte that has the bit which a bit-band alias stands for (Armv7-M ARM B3.1.1).
pub fn bit_behind(address: u32) -> Option<u32> {
    let is_alias = matches!(address >> 25, 0x11 | 0x21);
    is_alias.then_some((address & 0xf000_0000) + (address & 0x01ff_ffff) / 32)
}

/// The next instruction, if it is executed.
fn next(timeline: &Timeline) -> Option<(u16, u16)> {
    let registers = timeline.registers();
    let half = |address: u32| {
        let mut bytes = [0; 2];
        timeline.peek(address, &mut bytes)?;
        Ok::<_, BusFault>(u16::from_le_bytes(bytes))
    };
    let first = half(registers.pc).ok()?;
    let second = half(registers.pc.wrapping_add(2)).unwrap_or(0);
    executes(registers.xpsr).then_some((first, second))
}

/// The register in which the next instruction, if it is a store-exclusive, tells that it has stored nothing (A7.7.167).
pub fn status_of_next(timeline: &Timeline) -> Option<usize> {
    let (first, second) = next(timeline)?;
    match first & 0xfff0 {
        0xe840 => Some((second >> 8 & 15).into()),
        0xe8c0 if matches!(second >> 4 & 15, 4 | 5) => Some((second & 15).into()),
        _ => None,
    }
}

/// What the next instruction accesses, if it is executed and nothing faults.
pub fn of_next(timeline: &Timeline) -> Vec<Access> {
    let registers = timeline.registers();
    let Some((first, second)) = next(timeline) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    if let Some(access) = decode(registers, first.into(), second.into()) {
        if let Some(target) = access.behind_alias().filter(|_| timeline.config().bit_band) {
            // The word of a device is read and, for a store, written.
            if access.address >> 28 == 4 {
                let word = Access { address: target.address & !3, length: 4, store: false };
                all.push(word);
                all.extend(access.store.then_some(Access { store: true, ..word }));
            } else {
                all.push(target);
            }
        }
        all.push(access);
    }
    all
}

/// Whether an IT block lets the next instruction execute (A7.3).
fn executes(xpsr: u32) -> bool {
    let it = xpsr >> 25 & 3 | xpsr >> 8 & 0xfc;
    if it & 0xf == 0 {
        return true;
    }
    let flag = |bit: u32| xpsr >> bit & 1 != 0;
    let (n, z, c, v) = (flag(31), flag(30), flag(29), flag(28));
    let condition = it >> 4;
    let holds = match condition >> 1 {
        0 => z,
        1 => c,
        2 => n,
        3 => v,
        4 => c && !z,
        5 => n == v,
        6 => n == v && !z,
        _ => return true,
    };
    holds != (condition & 1 != 0)
}

fn decode(registers: &Registers, first: u32, second: u32) -> Option<Access> {
    let register = |number: u32| match number & 15 {
        13 => registers.sp(),
        14 => registers.lr,
        15 => registers.pc.wrapping_add(4),
        number => registers.r[number as usize],
    };
    if first >> 11 < 0b11101 { decode_16(register, first) } else { decode_32(register, first, second) }
}

fn decode_16(register: impl Fn(u32) -> u32, op: u32) -> Option<Access> {
    let low = |shift: u32| register(op >> shift & 7);
    let imm5 = op >> 6 & 31;
    let (address, length, store) = match op >> 11 {
        0b01001 => ((register(15) & !3) + 4 * (op & 255), 4, false),
        0b01010 | 0b01011 => {
            let (length, store) =
                [(4, true), (2, true), (1, true), (1, false), (4, false), (2, false), (1, false), (2, false)]
                    [(op >> 9 & 7) as usize];
            (low(3).wrapping_add(low(6)), length, store)
        }
        0b01100 | 0b01101 => (low(3).wrapping_add(4 * imm5), 4, op >> 11 & 1 == 0),
        0b01110 | 0b01111 => (low(3).wrapping_add(imm5), 1, op >> 11 & 1 == 0),
        0b10000 | 0b10001 => (low(3).wrapping_add(2 * imm5), 2, op >> 11 & 1 == 0),
        0b10010 | 0b10011 => (register(13).wrapping_add(4 * (op & 255)), 4, op >> 11 & 1 == 0),
        0b10110 | 0b10111 if op & 0x0600 == 0x0400 => {
            let bytes = 4 * (op & 0x1ff).count_ones();
            let push = op & 0x0800 == 0;
            (register(13).wrapping_sub(if push { bytes } else { 0 }), bytes, push)
        }
        0b11000 | 0b11001 => (low(8), 4 * (op & 255).count_ones(), op >> 11 & 1 == 0),
        _ => return None,
    };
    Some(Access { address, length, store })
}

fn decode_32(register: impl Fn(u32) -> u32, first: u32, second: u32) -> Option<Access> {
    let bit = |number: u32| first >> number & 1 != 0;
    let base = if first & 15 == 15 { register(15) & !3 } else { register(first & 15) };
    let store = !bit(4);
    let imm8 = second & 255;
    let signed = |offset: u32| if bit(7) { base.wrapping_add(offset) } else { base.wrapping_sub(offset) };
    if first & 0xfe40 == 0xe800 {
        let length = 4 * second.count_ones();
        let address = if bit(8) { base.wrapping_sub(length) } else { base };
        return Some(Access { address, length, store });
    }
    if first & 0xfe40 == 0xe840 {
        if first & 0x0120 != 0 {
            let address = if bit(8) { signed(4 * imm8) } else { base };
            return Some(Access { address, length: 8, store });
        }
        let index = register(second);
        let table = register(first); // of TBB and TBH; behind them, when it is the PC
        let (address, length) = match (bit(7), second >> 4 & 15) {
            (false, _) => (base.wrapping_add(4 * imm8), 4),
            (true, 0) => (table.wrapping_add(index), 1),
            (true, 1) => (table.wrapping_add(2 * index), 2),
            (true, 4) => (base, 1),
            (true, 5) => (base, 2),
            _ => return None,
        };
        return Some(Access { address, length, store });
    }
    if first & 0xfe00 == 0xf800 {
        let size = first >> 5 & 3;
        if size == 3 || !store && second >> 12 == 15 && size < 2 {
            return None; // PLD and PLI
        }
        let address = match () {
            () if first & 15 == 15 => signed(second & 0xfff),
            () if bit(7) => base.wrapping_add(second & 0xfff),
            () if second & 0x0800 != 0 => match (second >> 10 & 1, second >> 9 & 1) {
                (0, _) => base,
                (_, 0) => base.wrapping_sub(imm8),
                _ => base.wrapping_add(imm8),
            },
            () => base.wrapping_add(register(second) << (second >> 4 & 3)),
        };
        return Some(Access { address, length: 1 << size, store });
    }
    if first & 0xfe00 == 0xec00 && second & 0x0e00 == 0x0a00 && first & 0x0fe0 != 0x0c40 {
        let (p, w) = (bit(8), bit(5));
        let (address, length) = match (p, w) {
            (true, false) => (signed(4 * imm8), if second & 0x0100 != 0 { 8 } else { 4 }),
            (true, true) => (base.wrapping_sub(4 * imm8), 4 * imm8),
            (false, _) => (base, 4 * imm8),
        };
        return Some(Access { address, length, store });
    }
    None
}
