//! What parts on SPI that speak in bytes have in common.

/// Gives the bytes of a frame to a part, the highest first, and puts its answer together. Bits that are no whole byte at
/// the end of a frame are lost on such a part.
pub(super) fn by_bytes(bits: u8, value: u32, mut exchange: impl FnMut(u8) -> u8) -> u32 {
    let rest = u32::from(bits % 8);
    let whole = u32::from(bits.min(32) / 8);
    let bytes = (0..whole).rev().map(|index| (value >> (8 * index + rest)) as u8);
    let answer = bytes.fold(0, |answer: u32, byte| answer << 8 | u32::from(exchange(byte)));
    answer << rest | ((1 << rest) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_frame_is_several_bytes() {
        let mut heard = Vec::new();
        let answer = by_bytes(16, 0x9f00, |byte| {
            heard.push(byte);
            heard.len() as u8
        });
        assert_eq!((answer, heard), (0x0102, vec![0x9f, 0]));
        assert_eq!(by_bytes(10, 0x3fc, |byte| byte), 0x3ff);
        assert_eq!(by_bytes(4, 5, |byte| byte), 0xf);
    }
}
