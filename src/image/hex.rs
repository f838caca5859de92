//! Intel HEX.

use std::collections::BTreeMap;

use ihex::Record;

use super::{ImageError, LARGEST, Segment};

/// The content of a HEX file, neighbouring records joined. A later record for the same address is an error.
pub(super) fn parse(file: &[u8], origin: &str) -> Result<Vec<Segment>, ImageError> {
    let fail =
        |line: usize, what: String| ImageError::Record { origin: origin.to_owned(), line: line + 1, what };
    let mut pieces: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
    let (mut base, mut total) = (0_u32, 0_u64);
    let mut lines = 0;
    for (number, line) in file.split(|&byte| byte == b'\n').enumerate() {
        lines = number;
        let line = str::from_utf8(line).map_err(|_| fail(number, "not text".into()))?.trim();
        if line.is_empty() {
            continue;
        }
        match Record::from_record_string(line).map_err(|error| fail(number, error.to_string()))? {
            Record::Data { offset, value } if !value.is_empty() => {
                let address = base.checked_add(u32::from(offset));
                let last = address.and_then(|address| address.checked_add(value.len() as u32 - 1));
                let (Some(address), Some(_)) = (address, last) else {
                    return Err(fail(number, "its data runs past the end of the address space".into()));
                };
                total += value.len() as u64;
                if total > LARGEST {
                    return Err(ImageError::TooLarge { origin: origin.to_owned(), size: total });
                }
                if pieces.insert(address, value).is_some() {
                    return Err(ImageError::Overlap { origin: origin.to_owned(), address });
                }
            }
            Record::ExtendedLinearAddress(upper) => base = u32::from(upper) << 16,
            Record::ExtendedSegmentAddress(segment) => base = u32::from(segment) << 4,
            Record::EndOfFile => return Ok(join(pieces)),
            Record::Data { .. } | Record::StartLinearAddress(_) | Record::StartSegmentAddress { .. } => {}
        }
    }
    Err(fail(lines, "the file is cut short: no end-of-file record".into()))
}

fn join(pieces: BTreeMap<u32, Vec<u8>>) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    for (address, bytes) in pieces {
        match segments.last_mut() {
            Some(last) if last.end() == u64::from(address) => last.bytes.extend(bytes),
            _ => segments.push(Segment { address, bytes }),
        }
    }
    segments
}
