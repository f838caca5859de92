//! A CAN frame, in registers and as text: `123#11223344`, `12345678#R2`, as SocketCAN's tools write it.

use std::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};

const RTR: u32 = 2;
const IDE: u32 = 4;

/// A data or remote frame.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Frame {
    /// STID, EXID, IDE and RTR, as in CAN_RIxR.
    pub identifier: u32,
    /// DLC, which may be above 8.
    pub dlc: u32,
    /// As in CAN_RDLxR and CAN_RDHxR.
    pub data: [u32; 2],
}

impl Frame {
    pub fn is_remote(&self) -> bool {
        self.identifier & RTR != 0
    }

    pub fn is_extended(&self) -> bool {
        self.identifier & IDE != 0
    }

    /// Bytes of data.
    fn length(&self) -> usize {
        if self.is_remote() { 0 } else { self.dlc.min(8) as usize }
    }

    /// Bits on the bus, with the space behind it and without stuffing.
    pub fn bits(&self) -> u64 {
        let overhead = if self.is_extended() { 67 } else { 47 };
        overhead + 8 * self.length() as u64
    }

    /// The bits that arbitration compares: the lower one wins.
    pub fn arbitration(&self) -> u32 {
        let (base, remote) = (self.identifier & 0xffe0_0000, u32::from(self.is_remote()));
        if self.is_extended() {
            base | 3 << 19 | (self.identifier >> 3 & 0x3_ffff) << 1 | remote
        } else {
            base | remote << 20
        }
    }

    /// The identifier as 16-bit filters see it.
    pub fn short_identifier(&self) -> u32 {
        let (base, extension) = (self.identifier >> 21, self.identifier >> 18 & 7);
        base << 5 | (self.identifier & RTR) << 3 | (self.identifier & IDE) << 1 | extension
    }

    /// Reads a line of text.
    pub fn parse(line: &str) -> Option<Frame> {
        let (identifier, data) = line.trim().split_once('#')?;
        let number = u32::from_str_radix(identifier, 16).ok()?;
        let identifier = match identifier.len() {
            1..=3 if number < 1 << 11 => number << 21,
            4..=8 if number < 1 << 29 => number << 3 | IDE,
            _ => return None,
        };
        let mut frame = Frame { identifier, ..Frame::default() };
        if let Some(length) = data.strip_prefix(['R', 'r']) {
            frame.identifier |= RTR;
            frame.dlc =
                if length.is_empty() { 0 } else { length.parse().ok().filter(|length| *length <= 8)? };
            return Some(frame);
        }
        let digits = data.bytes().filter(|byte| *byte != b'.');
        let digits: Vec<u32> = digits.map(|byte| char::from(byte).to_digit(16)).collect::<Option<_>>()?;
        if digits.len() > 16 || !digits.len().is_multiple_of(2) {
            return None;
        }
        for (index, pair) in digits.chunks(2).enumerate() {
            frame.data[index / 4] |= (pair[0] << 4 | pair[1]) << (8 * (index % 4));
        }
        frame.dlc = digits.len() as u32 / 2;
        Some(frame)
    }
}

impl Display for Frame {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.is_extended() {
            write!(f, "{:08X}#", self.identifier >> 3)?;
        } else {
            write!(f, "{:03X}#", self.identifier >> 21)?;
        }
        if self.is_remote() {
            return write!(f, "R{}", self.dlc);
        }
        let bytes = self.data.iter().flat_map(|word| word.to_le_bytes()).take(self.length());
        bytes.into_iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_goes_both_ways() {
        for text in ["123#", "7FF#1122334455667788", "00000123#AB", "1ABCDEF0#R4", "001#R0"] {
            assert_eq!(Frame::parse(text).unwrap().to_string(), text);
        }
        let bad =
            ["", "123", "800#00", "123#1", "123#112233445566778899", "20000000#", "x#", "123#R9", "123#é"];
        for text in bad {
            assert_eq!(Frame::parse(text), None, "{text}");
        }
        assert_eq!(Frame::parse("1#12.34\r").unwrap().data, [0x3412, 0]);
    }

    #[test]
    fn the_lower_identifier_wins_and_the_shorter_one_of_the_same_beginning() {
        let order = ["0FF#", "100#", "100#R0", "04000000#", "04000000#R0", "04000001#", "101#"];
        let bits = order.map(|text| Frame::parse(text).unwrap().arbitration());
        assert!(bits.is_sorted_by(|a, b| a < b), "{bits:x?}");
    }
}
