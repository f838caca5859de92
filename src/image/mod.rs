//! Firmware images: what a flash tool would write, where the vector table is, and what the debug information says.

mod cfi;
mod check;
mod elf;
mod error;
mod hex;
mod lines;
mod symbols;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use std::{path::Path, sync::Arc};

pub use cfi::{Rule, Rules};
pub use error::ImageError;
pub use lines::{Inlined, Line};
pub use symbols::{Function, Symbols};

/// More than any Cortex-M has; a damaged file must not make us allocate gigabytes.
const LARGEST: u64 = 64 << 20;

/// Consecutive bytes of an image, at the address where a flash tool writes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The physical address of the first byte.
    pub address: u32,
    /// The content; never empty, and never past the end of the address space.
    pub bytes: Vec<u8>,
}

impl Segment {
    /// The address after the last byte; 2^32 for a segment at the very end of the address space.
    pub fn end(&self) -> u64 {
        u64::from(self.address) + self.bytes.len() as u64
    }
}

/// A firmware image, from an ELF or an Intel HEX file.
#[derive(Clone, Debug)]
pub struct Image {
    /// What is written to memory before reset, by ascending address, without overlaps.
    pub segments: Vec<Segment>,
    /// The address of the vector table: the value of VTOR when the firmware starts.
    pub vector_table: u32,
    /// The file as it was read: a trace keeps it, and [`Symbols`] reads the debug information from it.
    pub file: Arc<[u8]>,
    /// Where the file came from, for messages.
    pub origin: String,
}

impl Image {
    /// Reads an ELF or Intel HEX file.
    pub fn load(path: impl AsRef<Path>) -> Result<Image, ImageError> {
        let path = path.as_ref();
        let origin = path.display().to_string();
        let bytes =
            std::fs::read(path).map_err(|source| ImageError::Read { origin: origin.clone(), source })?;
        Image::parse(bytes, origin)
    }

    /// Takes an ELF or Intel HEX file from memory; `origin` names it in messages.
    pub fn parse(bytes: impl Into<Arc<[u8]>>, origin: impl Into<String>) -> Result<Image, ImageError> {
        let (file, origin) = (bytes.into(), origin.into());
        let (mut segments, tables) = match file.first() {
            Some(0x7f) if file.starts_with(b"\x7fELF") => elf::parse(&file, &origin)?,
            Some(b':') => (hex::parse(&file, &origin)?, Vec::new()),
            _ => return Err(ImageError::NotFirmware { what: describe(&file), origin }),
        };
        segments.sort_by_key(|segment| segment.address);
        for pair in segments.windows(2) {
            if pair[0].end() > u64::from(pair[1].address) {
                return Err(ImageError::Overlap { origin, address: pair[1].address });
            }
        }
        let Some(first) = segments.first() else { return Err(ImageError::Empty { origin }) };
        let lowest = first.address;
        let mut image = Image { segments, vector_table: lowest, file, origin };
        image.vector_table = image.find_vector_table(&tables).unwrap_or(lowest);
        Ok(image)
    }

    /// The bytes at an address; `None` where any of them lies outside the image.
    pub fn read(&self, address: u32, length: u32) -> Option<&[u8]> {
        let segment = self.segments.iter().rfind(|segment| segment.address <= address)?;
        let start = (address - segment.address) as usize;
        segment.bytes.get(start..start.checked_add(length as usize)?)
    }

    /// The little-endian word at an address of the image.
    pub fn word(&self, address: u32) -> Option<u32> {
        let bytes = self.read(address, 4)?;
        Some(u32::from_le_bytes(bytes.try_into().expect("read returns as many bytes as asked for")))
    }

    /// The first candidate that can be a vector table; a table by name before a table by place.
    fn find_vector_table(&self, named: &[u32]) -> Option<u32> {
        let plausible = |&table: &u32| {
            let (Some(sp), Some(reset)) = (self.word(table), self.word(table.wrapping_add(4))) else {
                return false;
            };
            let aligned = table.is_multiple_of(4) && sp.is_multiple_of(4);
            aligned && sp != 0 && reset & 1 == 1 && self.read(reset & !1, 2).is_some()
        };
        let by_place = self.segments.iter().map(|segment| segment.address);
        let mut candidates = named.iter().copied().chain(by_place);
        let named_in_image = || named.iter().copied().find(|&table| self.word(table).is_some());
        candidates.find(plausible).or_else(named_in_image)
    }
}

/// What a file that is no firmware looks like.
fn describe(file: &[u8]) -> &'static str {
    let is_text = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
    match file {
        [] => "the file is empty",
        [b'U', b'F', b'2', b'\n', ..] => "this is a UF2 file; give the ELF that it was made from",
        [b'S', b'0'..=b'9', b'0'..=b'9', ..] => "this looks like Motorola S-records; give the ELF",
        [b'#', b'!', ..] => "this is a script",
        [b'M', b'Z', ..] => "this is a Windows program",
        [b'!', b'<', b'a', b'r', b'c', b'h', b'>', ..] => "this is a library archive",
        _ if file.iter().take(512).all(is_text) => "this is a text file",
        _ => "a raw binary says nothing about addresses; give the ELF that it was made from",
    }
}
