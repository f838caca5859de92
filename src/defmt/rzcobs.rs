//! Reverse zero-compressing COBS: an encoding without zero bytes that is read from its end.

/// The frame of which these are all bytes but the zero behind it; `None` if they cannot be one.
pub(super) fn decode(encoded: &[u8]) -> Option<Vec<u8>> {
    let mut backwards = encoded.iter().rev().copied();
    let mut frame = Vec::new();
    while let Some(control) = backwards.next() {
        match control {
            0 => return None,
            // Seven bytes of which those with a set bit are zero, the first one in bit 0.
            0x01..=0x7f => {
                for bit in (0..7).rev() {
                    let byte = if control >> bit & 1 == 0 { backwards.next()? } else { 0 };
                    frame.push(byte);
                }
            }
            // A zero, and in front of it 7 bytes and more.
            0x80..=0xfe => {
                frame.push(0);
                for _ in 0..7 + (control & 0x7f) {
                    frame.push(backwards.next()?);
                }
            }
            // 134 bytes without a zero.
            0xff => {
                for _ in 0..134 {
                    frame.push(backwards.next()?);
                }
            }
        }
    }
    frame.reverse();
    Some(frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_with_and_without_zeros() {
        assert_eq!(decode(&[]), Some(vec![]));
        assert_eq!(decode(&[5, 6, 0b0111_1100]), Some(vec![5, 6, 0, 0, 0, 0, 0]));
        assert_eq!(decode(&[1, 2, 3, 4, 5, 6, 7, 8, 0x81]), Some(vec![1, 2, 3, 4, 5, 6, 7, 8, 0]));
        let long: Vec<u8> = (1..=134).collect();
        assert_eq!(decode(&[&long[..], &[0xff]].concat()), Some(long));
        assert_eq!(decode(&[1, 0b0111_1100]), None, "a byte is missing");
        assert_eq!(decode(&[0]), None);
    }
}
