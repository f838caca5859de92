//! Which registers a load fills, from where: as much decoding as the trace needs to tell what a load got.

use super::trace::Sample;

/// A load by an instruction.
#[derive(Debug, PartialEq, Eq)]
pub struct Load {
    /// The first address.
    pub address: u32,
    /// The registers that it fills, in the order of the addresses.
    pub registers: Vec<usize>,
}

impl Load {
    /// Decodes an instruction that is about to run with these registers.
    pub fn of(first: u16, second: u16, registers: &Sample) -> Option<Load> {
        let (first, second) = (u32::from(first), u32::from(second));
        if first >> 11 >= 0b11101 { wide(first, second, &registers.r) } else { narrow(first, &registers.r) }
    }

    /// The register that gets what is at `address`.
    pub fn register_of(&self, address: u32) -> Option<usize> {
        self.registers.get(address.wrapping_sub(self.address) as usize / 4).copied()
    }
}

fn one(base: u32, offset: u32, register: u32) -> Option<Load> {
    Some(Load { address: base.wrapping_add(offset), registers: vec![register as usize] })
}

fn narrow(op: u32, r: &[u32; 16]) -> Option<Load> {
    let low = |shift: u32| r[(op >> shift & 7) as usize];
    let immediate = op >> 6 & 31;
    match op >> 11 {
        0b01001 => one(r[15].wrapping_add(4) & !3, (op & 0xff) * 4, op >> 8 & 7),
        // LDR, LDRH, LDRB, LDRSH, LDRSB with a register offset (STR and its like have a smaller bits 11:9).
        0b01010 | 0b01011 if op >> 9 & 7 >= 3 => one(low(3), low(6), op & 7),
        0b01101 => one(low(3), immediate * 4, op & 7),
        0b01111 => one(low(3), immediate, op & 7),
        0b10001 => one(low(3), immediate * 2, op & 7),
        0b10011 => one(r[13], (op & 0xff) * 4, op >> 8 & 7),
        0b11001 => Some(Load { address: low(8), registers: list(op & 0xff) }),
        _ => None,
    }
}

fn wide(first: u32, second: u32, r: &[u32; 16]) -> Option<Load> {
    let base = r[(first & 15) as usize];
    let (target, imm8) = (second >> 12, second & 0xff);
    if first & 0xfe10 == 0xf810 {
        // Single loads (A5.3.7 to A5.3.9).
        if first & 15 == 15 {
            let pc = r[15].wrapping_add(4) & !3;
            let offset = second & 0xfff;
            return one(pc, if first & 0x80 != 0 { offset } else { offset.wrapping_neg() }, target);
        }
        return match second >> 8 & 15 {
            _ if first & 0x80 != 0 => one(base, second & 0xfff, target),
            0b1100 => one(base, imm8.wrapping_neg(), target),
            0b1001 | 0b1011 => one(base, 0, target),
            0b1101 => one(base, imm8.wrapping_neg(), target),
            0b1110 | 0b1111 => one(base, imm8, target),
            0 => one(base, r[(second & 15) as usize] << (second >> 4 & 3), target),
            _ => None,
        };
    }
    if first & 0xfe50 == 0xe850 && first & 0x0120 != 0 {
        // LDRD.
        let offset = if first & 0x80 != 0 { imm8 * 4 } else { (imm8 * 4).wrapping_neg() };
        let address = if first & 0x100 != 0 { base.wrapping_add(offset) } else { base };
        return Some(Load { address, registers: vec![target as usize, (second >> 8 & 15) as usize] });
    }
    match first & 0xffd0 {
        0xe890 => Some(Load { address: base, registers: list(second) }),
        0xe910 => {
            let registers = list(second);
            Some(Load { address: base.wrapping_sub(4 * registers.len() as u32), registers })
        }
        0xe850 => one(base, imm8 * 4, target), // LDREX
        0xe8d0 if second & 0xc0 == 0x40 || second & 0xc0 == 0x80 => one(base, 0, target),
        _ => None,
    }
}

fn list(bits: u32) -> Vec<usize> {
    (0..16).filter(|number| bits >> number & 1 != 0).collect()
}

#[test]
fn loads_are_found() {
    let mut registers = Sample::default();
    (0..16).for_each(|n| registers.r[n] = 0x1000 * n as u32);
    type Expected = Option<(u32, &'static [usize])>;
    let table: &[(u16, u16, Expected, &str)] = &[
        (0x6888, 0, Some((0x1008, &[0])), "ldr r0, [r1, #8]"),
        (0x6088, 0, None, "str r0, [r1, #8]"),
        (0x5888, 0, Some((0x3000, &[0])), "ldr r0, [r1, r2]"),
        (0x5088, 0, None, "str r0, [r1, r2]"),
        (0x4a01, 0, Some((0xf008, &[2])), "ldr r2, [pc, #4]"),
        (0xc90c, 0, Some((0x1000, &[2, 3])), "ldm r1!, {r2, r3}"),
        (0xf8d1, 0x2010, Some((0x1010, &[2])), "ldr.w r2, [r1, #16]"),
        (0xf851, 0x2b04, Some((0x1000, &[2])), "ldr r2, [r1], #4"),
        (0xf851, 0x2d04, Some((0xffc, &[2])), "ldr r2, [r1, #-4]!"),
        (0xf851, 0x2022, Some((0x9000, &[2])), "ldr.w r2, [r1, r2, lsl #2]"),
        (0xf8c1, 0x2010, None, "str.w r2, [r1, #16]"),
        (0xe9d1, 0x2302, Some((0x1008, &[2, 3])), "ldrd r2, r3, [r1, #8]"),
        (0xe9c1, 0x2302, None, "strd r2, r3, [r1, #8]"),
        (0xe851, 0x2f01, Some((0x1004, &[2])), "ldrex r2, [r1, #4]"),
        (0xe8d1, 0x2f4f, Some((0x1000, &[2])), "ldrexb r2, [r1]"),
    ];
    for (first, second, expected, text) in table {
        let found = Load::of(*first, *second, &registers);
        let found = found.as_ref().map(|load| (load.address, &load.registers[..]));
        assert_eq!(found, *expected, "{text}");
    }
}
