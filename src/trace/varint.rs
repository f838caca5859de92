//! Variable-length integers, as postcard writes them.

/// Appends `value`, 1 to 10 bytes.
pub(super) fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// The number of bytes that [`put`] writes.
pub(super) fn length(value: u64) -> u32 {
    (64 - (value | 1).leading_zeros()).div_ceil(7)
}

/// Maps small differences of either sign to small numbers.
pub(super) fn zigzag(difference: u64) -> u64 {
    (difference << 1) ^ ((difference as i64 >> 63) as u64)
}

/// The inverse of [`zigzag`].
pub(super) fn unzigzag(coded: u64) -> u64 {
    (coded >> 1) ^ (coded & 1).wrapping_neg()
}

/// Bytes that are read from the front.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    /// What has not been read.
    pub rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// The next varint; `None` if the bytes end or it does not fit 64 bits.
    #[inline]
    pub fn varint(&mut self) -> Option<u64> {
        let (&first, rest) = self.rest.split_first()?;
        if first < 0x80 {
            self.rest = rest;
            return Some(first.into());
        }
        self.long_varint()
    }

    fn long_varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for (index, &byte) in self.rest.iter().enumerate().take(10) {
            let bits = u64::from(byte & 0x7f);
            let shift = 7 * index as u32;
            if shift == 63 && bits > 1 {
                return None;
            }
            value |= bits << shift;
            if byte < 0x80 {
                self.rest = &self.rest[index + 1..];
                return Some(value);
            }
        }
        None
    }

    /// The next `length` bytes.
    pub fn bytes(&mut self, length: u64) -> Option<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(usize::try_from(length).ok()?)?;
        self.rest = rest;
        Some(bytes)
    }

    /// The next 8 bytes as a number.
    pub fn fixed(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn is_postcards_varint(value: u64, shift in 0u32..64) {
            let value = value >> shift;
            let mut out = Vec::new();
            put(&mut out, value);
            prop_assert_eq!(&out, &postcard::to_stdvec(&value).unwrap());
            prop_assert_eq!(out.len() as u32, length(value));
            let mut cursor = Cursor { rest: &out };
            prop_assert_eq!(cursor.varint(), Some(value));
            prop_assert!(cursor.rest.is_empty());
            prop_assert_eq!(unzigzag(zigzag(value)), value);
            prop_assert_eq!(unzigzag(zigzag(value.wrapping_neg())), value.wrapping_neg());
        }
    }

    #[test]
    fn refuses_what_ends_early_or_does_not_fit() {
        for bytes in
            [&[][..], &[0x80], &[0xff; 11], &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2]]
        {
            assert_eq!(Cursor { rest: bytes }.varint(), None, "{bytes:x?}");
        }
    }

    #[test]
    fn near_differences_are_one_byte() {
        assert_eq!((zigzag(0), zigzag(1u64.wrapping_neg()), zigzag(1)), (0, 1, 2));
    }
}
