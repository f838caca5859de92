//! AES with a key of 128 bits, encryption alone (FIPS 197).

/// Encrypts one block.
pub(super) fn encrypt(key: [u8; 16], block: [u8; 16]) -> [u8; 16] {
    let substitute = s_box();
    let mut key = key;
    let mut state = xor(block, key);
    let mut constant = 1;
    for round in 1..=10 {
        let mut shifted = [0; 16];
        for (index, byte) in shifted.iter_mut().enumerate() {
            // Row r of the columns moves r columns to the left (5.1.2).
            *byte = substitute[state[(index + 4 * (index % 4)) % 16] as usize];
        }
        if round < 10 {
            shifted.chunks_exact_mut(4).for_each(mix_column);
        }
        key = next_key(key, constant, &substitute);
        constant = double(constant);
        state = xor(shifted, key);
    }
    state
}

fn xor(one: [u8; 16], other: [u8; 16]) -> [u8; 16] {
    std::array::from_fn(|index| one[index] ^ other[index])
}

/// Times x in GF(2^8).
fn double(value: u8) -> u8 {
    value << 1 ^ if value & 0x80 != 0 { 0x1b } else { 0 }
}

fn mix_column(column: &mut [u8]) {
    let all = column.iter().fold(0, |sum, byte| sum ^ byte);
    let first = column[0];
    for row in 0..4 {
        let next = if row == 3 { first } else { column[row + 1] };
        column[row] ^= all ^ double(column[row] ^ next);
    }
}

/// The key of the next round (5.2).
fn next_key(key: [u8; 16], constant: u8, substitute: &[u8; 256]) -> [u8; 16] {
    let mut next = key;
    for index in 0..16 {
        next[index] ^= match index {
            0..4 => substitute[key[12 + (index + 1) % 4] as usize] ^ if index == 0 { constant } else { 0 },
            _ => next[index - 4],
        };
    }
    next
}

/// The substitution table (5.1.1): inverses in GF(2^8), found along the powers of x + 1 and of its inverse, then an affine
/// transformation.
fn s_box() -> [u8; 256] {
    let mut table = [0; 256];
    let (mut power, mut inverse) = (1u8, 1u8);
    loop {
        power ^= double(power);
        inverse ^= inverse << 1;
        inverse ^= inverse << 2;
        inverse ^= inverse << 4;
        inverse ^= if inverse & 0x80 != 0 { 9 } else { 0 };
        let turned = (1..5).fold(inverse, |sum, by| sum ^ inverse.rotate_left(by));
        table[power as usize] = turned ^ 0x63;
        if power == 1 {
            break;
        }
    }
    table[0] = 0x63;
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_standard() {
        let key = std::array::from_fn(|index| index as u8);
        let block = std::array::from_fn(|index| index as u8 * 0x11);
        let expected = 0x69c4_e0d8_6a7b_0430_d8cd_b780_70b4_c55a_u128.to_be_bytes();
        assert_eq!(encrypt(key, block), expected, "appendix C.1");
    }
}
