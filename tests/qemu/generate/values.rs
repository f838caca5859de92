//! Values that registers begin with.

use crate::common::Random;

/// Integers at which something changes.
const SPECIAL: [u32; 14] =
    [0, 1, 2, 31, 32, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff];

/// Floating-point numbers at which something changes: zeros, denormals, ones, limits of the integers, infinities, NaNs.
const SINGLES: [u32; 24] = [
    0,
    0x8000_0000,
    1,
    0x8000_0001,
    0x007f_ffff,
    0x0080_0000,
    0x3f80_0000,
    0xbf80_0000,
    0x3fc0_0000,
    0x3f00_0000,
    0x7f7f_ffff,
    0xff7f_ffff,
    0x7f80_0000,
    0xff80_0000,
    0x7fc0_0000,
    0xffc0_1234,
    0x7f80_0001,
    0xffa0_0000,
    0x4f00_0000,
    0xcf00_0000,
    0x4f80_0000,
    0x4700_0000,
    0x477f_e000,
    0x3300_0000,
];

const DOUBLES: [u64; 18] = [
    0,
    1 << 63,
    1,
    0x000f_ffff_ffff_ffff,
    0x0010_0000_0000_0000,
    0x3ff0_0000_0000_0000,
    0xbff0_0000_0000_0000,
    0x3ff8_0000_0000_0000,
    0x7fef_ffff_ffff_ffff,
    0x7ff0_0000_0000_0000,
    0xfff0_0000_0000_0000,
    0x7ff8_0000_0000_0000,
    0xfff4_0000_0000_0001,
    0x41e0_0000_0000_0000,
    0xc1e0_0000_0000_0000,
    0x41ef_ffff_ffe0_0000,
    0x47ef_ffff_e000_0000,
    0x36a0_0000_0000_0000,
];

/// Anything, or something special, or a small number.
pub fn integer(random: &mut Random) -> u32 {
    match random.below(4) {
        0 => random.choose(&SPECIAL),
        1 => random.below(256) as u32,
        _ => random.next() as u32,
    }
}

/// Anything, or a special number, or one of ordinary size, so that sums do not lose one of their parts.
pub fn single(random: &mut Random) -> u32 {
    match random.below(4) {
        0 => random.choose(&SINGLES),
        1 => random.next() as u32,
        _ => random.next() as u32 & 0x80ff_ffff | (0x3a + random.below(12) as u32) << 24,
    }
}

pub fn double(random: &mut Random) -> u64 {
    match random.below(4) {
        0 => random.choose(&DOUBLES),
        1 => random.next(),
        _ => random.next() & 0x800f_ffff_ffff_ffff | (0x3e0 + random.below(64)) << 52,
    }
}

/// AHP, DN, FZ and the rounding mode, often at their defaults; flags.
pub fn fpscr(random: &mut Random) -> u32 {
    let mode = random.next() as u32 & 0x07c0_0000;
    let mode = if random.below(3) == 0 { 0 } else { mode };
    mode | random.next() as u32 & random.next() as u32 & 0xf000_009f
}
