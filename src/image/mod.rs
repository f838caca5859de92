//! Firmware images: what a flash tool would write, where the vector table is, and what the debug information says.

mod cfi;
mod check;
mod elf;
mod error;
mod hex;
mod lines;
mod symbols;
mod table;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use std::{path::Path, sync::Arc};

pub use cfi::{Rule, Rules};
pub use error::ImageError;
pub use lines::{Inlined, Line};
pub use symbols::{Function, Named, Symbols};

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

/// A firmware image, from an ELF file, an Intel HEX file or a raw binary.
#[derive(Clone, Debug)]
pub struct Image {
    /// What is written to memory before reset, by ascending address, without overlaps.
    pub segments: Vec<Segment>,
    /// The address of the vector table: the value of VTOR when the firmware starts. A guess from the file alone until
    /// [`Image::fit`] has seen the chip.
    pub vector_table: u32,
    /// What is named like a vector table: the name and the address.
    named_tables: Vec<(String, u32)>,
    /// The file as it was read: a trace keeps it, and [`Symbols`] reads the debug information from it.
    pub file: Arc<[u8]>,
    /// Where the first byte of a raw binary goes; `None` for a file that says so itself.
    pub load_address: Option<u32>,
    /// Where the file came from, for messages.
    pub origin: String,
}

impl Image {
    /// Reads an ELF or Intel HEX file.
    pub fn load(path: impl AsRef<Path>) -> Result<Image, ImageError> {
        Image::load_at(path, None)
    }

    /// Reads an ELF or Intel HEX file, or, if there is a load address, a raw binary.
    pub fn load_at(path: impl AsRef<Path>, load_address: Option<u32>) -> Result<Image, ImageError> {
        let path = path.as_ref();
        let origin = path.display().to_string();
        let bytes =
            std::fs::read(path).map_err(|source| ImageError::Read { origin: origin.clone(), source })?;
        Image::parse_at(bytes, origin, load_address)
    }

    /// Where a variable is, by its name in the symbol table, without reading anything else ([`Symbols`] does).
    pub fn variable(&self, name: &str) -> Option<u32> {
        elf::variable(&self.file, name)
    }

    /// Takes an ELF or Intel HEX file from memory; `origin` names it in messages.
    pub fn parse(bytes: impl Into<Arc<[u8]>>, origin: impl Into<String>) -> Result<Image, ImageError> {
        Image::parse_at(bytes, origin, None)
    }

    /// Takes an ELF or Intel HEX file from memory, or, if there is a load address, a raw binary.
    pub fn parse_at(
        bytes: impl Into<Arc<[u8]>>,
        origin: impl Into<String>,
        load_address: Option<u32>,
    ) -> Result<Image, ImageError> {
        let (file, origin) = (bytes.into(), origin.into());
        let is_elf = file.starts_with(b"\x7fELF");
        let (mut segments, named_tables) = match load_address {
            Some(_) if is_elf => return Err(ImageError::SaysItself { origin, kind: "an ELF" }),
            Some(_) if file.first() == Some(&b':') && hex::parse(&file, &origin).is_ok() => {
                return Err(ImageError::SaysItself { origin, kind: "an Intel HEX file" });
            }
            Some(address) => (raw(&file, address, &origin)?, Vec::new()),
            None if is_elf => elf::parse(&file, &origin)?,
            None if file.first() == Some(&b':') => (hex::parse(&file, &origin)?, Vec::new()),
            None => return Err(ImageError::NotFirmware { what: describe(&file), origin }),
        };
        segments.sort_by_key(|segment| segment.address);
        for pair in segments.windows(2) {
            if pair[0].end() > u64::from(pair[1].address) {
                return Err(ImageError::Overlap { origin, address: pair[1].address });
            }
        }
        let Some(first) = segments.first() else { return Err(ImageError::Empty { origin }) };
        let vector_table = first.address;
        let mut image = Image { segments, vector_table, named_tables, file, load_address, origin };
        image.vector_table = table::guess(&image);
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
}

/// The one segment of a raw binary.
fn raw(file: &[u8], address: u32, origin: &str) -> Result<Vec<Segment>, ImageError> {
    let size = file.len() as u64;
    if size > LARGEST {
        return Err(ImageError::TooLarge { origin: origin.to_owned(), size });
    }
    if u64::from(address) + size > 1 << 32 {
        let what = format!("its {size} bytes at {address:#010x} run past the end of the address space");
        return Err(ImageError::Damaged { origin: origin.to_owned(), what });
    }
    Ok(if file.is_empty() { Vec::new() } else { vec![Segment { address, bytes: file.to_vec() }] })
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
        _ => {
            "a raw binary says nothing about addresses; give its own with --load ADDRESS, or the ELF that it was \
             made from"
        }
    }
}
