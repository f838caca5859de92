//! A pattern of bits, filled at random.

use super::{Features, Row};
use crate::common::Random;

/// Registers that instructions may change: not the pointers R6, R7 and SP, not PC.
const FREE: [u32; 12] = [0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 14];
/// Registers whose value may be used: R6 and R7 too, not SP and PC.
const VALUES: [u32; 14] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14];
/// Bits of a register list that may be loaded, and stored.
const LIST: u32 = 0x5f3f;
/// The index register of loads and stores, set right before them.
const INDEX: u32 = 4;

/// Instructions, as halfwords.
pub struct Filled {
    /// What must run right before it: sets the index register.
    pub before: Option<u16>,
    pub halves: Vec<u16>,
}

/// Fills the fields of a pattern:
///
/// | letter | |
/// |---|---|
/// | d, e, f | different registers to change, or to store when the base is written back |
/// | n, m, a | any registers to use |
/// | q | the same of them twice |
/// | b | a base register, for any offset; `B` one that may be written back by any offset |
/// | w | a base register that is a multiple of four and stays it |
/// | x | the index register |
/// | l | a register list |
/// | i | any bits; z not all zero |
/// | c | a condition |
/// | . | one bit, either way |
pub fn fill(row: &Row, features: Features, random: &mut Random) -> Filled {
    loop {
        let before = row.pattern.contains('x').then(|| {
            // Aligned where it must be, and for words often.
            let offset = random.below(256) as u16 & if features.has(Features::V7M) { 0xff } else { 0xfc };
            0x2000 | (INDEX as u16) << 8 | offset
        });
        let bits = once(row.pattern, features, random);
        let length = row.pattern.chars().filter(|c| !c.is_whitespace()).count();
        assert!(length == 16 || length == 32, "{}: {length} bits", row.pattern);
        if bits.is_some_and(row.allowed) {
            let bits = bits.expect("checked");
            let halves =
                if length == 16 { vec![bits as u16] } else { vec![(bits >> 16) as u16, bits as u16] };
            return Filled { before, halves };
        }
    }
}

fn once(pattern: &str, features: Features, random: &mut Random) -> Option<u32> {
    let width = |letter: char| pattern.chars().filter(|&c| c == letter).count() as u32;
    let mut fields: Vec<(char, u32)> = Vec::new();
    for letter in pattern.chars().filter(|c| c.is_ascii_alphabetic()) {
        if fields.iter().any(|&(known, _)| known == letter) {
            continue;
        }
        let low = width(letter) == 3;
        let from = |random: &mut Random, set: &[u32]| {
            let end = if low { set.iter().position(|&r| r > 7).unwrap_or(set.len()) } else { set.len() };
            random.choose(&set[..end])
        };
        let value = match letter {
            'd' | 'e' | 'f' => from(random, &FREE),
            'n' | 'm' | 'a' => from(random, &VALUES),
            'q' => from(random, &VALUES) * 0x11,
            'b' => from(random, &[6, 7, 13]),
            'B' => 7,
            'w' => from(random, if features.has(Features::V7M) { &[6, 13] } else { &[6, 7, 13] }),
            'x' => INDEX,
            'l' => random.next() as u32 & random.next() as u32 & LIST,
            'i' | 'z' => random.next() as u32,
            'c' => random.below(14) as u32,
            other => panic!("{pattern}: what is {other}?"),
        };
        let value = value & (((1u64 << width(letter)) - 1) as u32);
        let twice = matches!(letter, 'd' | 'e' | 'f')
            && fields.iter().any(|&(other, taken)| matches!(other, 'd' | 'e' | 'f') && taken == value);
        if twice || letter == 'z' && value == 0 || letter == 'l' && value.count_ones() < 2 {
            return None;
        }
        fields.push((letter, value));
    }
    let mut left: Vec<(char, u32)> = fields.iter().map(|&(letter, _)| (letter, width(letter))).collect();
    let mut bits = 0;
    for c in pattern.chars().filter(|c| !c.is_whitespace()) {
        let bit = match c {
            '0' | '1' => u32::from(c == '1'),
            '.' => random.below(2) as u32,
            letter => {
                let at = left.iter().position(|&(known, _)| known == letter).expect("collected above");
                left[at].1 -= 1;
                fields[at].1 >> left[at].1 & 1
            }
        };
        bits = bits << 1 | bit;
    }
    Some(bits)
}
