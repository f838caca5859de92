//! The CRC of what goes over the line (RM0090 28.3.6).

/// The CRC register after one more frame. The polynomial's highest term, that of the CRC's own width, is left out.
pub(super) fn next(crc: u16, polynomial: u16, frame: u16, frame_bits: u32, crc_bits: u32) -> u16 {
    let mask = if crc_bits == 8 { 0xff } else { 0xffff };
    (0..frame_bits).rev().fold(crc & mask, |crc, bit| {
        let feedback = (crc >> (crc_bits - 1) ^ frame >> bit) & 1;
        (crc << 1 & mask) ^ if feedback != 0 { polynomial & mask } else { 0 }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_checks_come_out() {
        let of = |bytes: &[u8], polynomial, bits| {
            bytes.iter().fold(0, |crc, byte| next(crc, polynomial, u16::from(*byte), 8, bits))
        };
        assert_eq!(of(b"123456789", 0x07, 8), 0xf4, "CRC-8");
        assert_eq!(of(b"123456789", 0x1021, 16), 0x31c3, "CRC-16/XMODEM");
        assert_eq!(next(next(0, 0x1021, 0x3132, 16, 16), 0x1021, 0x3334, 16, 16), of(b"1234", 0x1021, 16));
    }
}
