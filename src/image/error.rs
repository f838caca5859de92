//! Why a file cannot be used as firmware.

use thiserror::Error;

/// Why a file cannot be used as firmware. Every message is one line that begins with the name of the file.
#[derive(Debug, Error)]
pub enum ImageError {
    /// The file cannot be read at all.
    #[error("{origin}: {source}")]
    Read {
        /// The file.
        origin: String,
        /// What the host says.
        source: std::io::Error,
    },
    /// Neither ELF nor Intel HEX.
    #[error("{origin}: neither an ELF nor an Intel HEX file: {what}")]
    NotFirmware {
        /// The file.
        origin: String,
        /// What it looks like.
        what: &'static str,
    },
    /// A load address for a file that has addresses of its own.
    #[error("{origin}: this is {kind}, which says itself where it goes; leave --load out")]
    SaysItself {
        /// The file.
        origin: String,
        /// What it is.
        kind: &'static str,
    },
    /// An ELF file for a processor that is no Arm.
    #[error(
        "{origin}: this ELF is for {machine}, not for Arm; build the firmware for a thumbv7m or thumbv7em target"
    )]
    Machine {
        /// The file.
        origin: String,
        /// The processor it is for.
        machine: String,
    },
    /// An ELF file of the 64-bit class.
    #[error("{origin}: this ELF is 64-bit; Cortex-M firmware is 32-bit")]
    Not32Bit {
        /// The file.
        origin: String,
    },
    /// A big-endian ELF file.
    #[error("{origin}: this ELF is big-endian; only little-endian Cortex-M firmware is supported")]
    BigEndian {
        /// The file.
        origin: String,
    },
    /// An object file, library or core dump.
    #[error("{origin}: this ELF is {what}, not a linked program")]
    NotExecutable {
        /// The file.
        origin: String,
        /// What it is.
        what: &'static str,
    },
    /// The file ends before what its headers promise.
    #[error("{origin}: the file is cut short: {what} end at byte {needed}, the file at byte {length}")]
    Truncated {
        /// The file.
        origin: String,
        /// What is missing.
        what: &'static str,
        /// The bytes that there should be.
        needed: u64,
        /// The bytes that there are.
        length: u64,
    },
    /// Headers that contradict themselves.
    #[error("{origin}: the file is damaged: {what}")]
    Damaged {
        /// The file.
        origin: String,
        /// What is wrong.
        what: String,
    },
    /// A line of a HEX file that is no record.
    #[error("{origin}:{line}: not an Intel HEX record: {what}")]
    Record {
        /// The file.
        origin: String,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// Nothing to write to memory.
    #[error("{origin}: nothing to load: no segment or record with content")]
    Empty {
        /// The file.
        origin: String,
    },
    /// More content than any microcontroller has memory.
    #[error("{origin}: {size} bytes to load; no Cortex-M has that much memory")]
    TooLarge {
        /// The file.
        origin: String,
        /// The bytes to load.
        size: u64,
    },
    /// Two pieces for the same address.
    #[error("{origin}: two segments overlap at {address:#010x}")]
    Overlap {
        /// The file.
        origin: String,
        /// Where.
        address: u32,
    },
    /// Content where the chip has no memory.
    #[error(
        "{origin}: the image has bytes at {first:#010x}-{last:#010x}, where the chip has no memory; it has {map}"
    )]
    Outside {
        /// The file.
        origin: String,
        /// The first byte of the segment.
        first: u32,
        /// The last byte of the segment.
        last: u32,
        /// The regions of the chip with their addresses.
        map: String,
    },
    /// No vector table in the image.
    #[error("{origin}: no vector table at {address:#010x}: {what}")]
    VectorTable {
        /// The file.
        origin: String,
        /// Where it was looked for.
        address: u32,
        /// What is wrong with what stands there.
        what: String,
    },
    /// No vector table at any of the places where it may be.
    #[error("{origin}: no vector table found; give its address with --vector-table. {}", tried.join("; "))]
    NoVectorTable {
        /// The file.
        origin: String,
        /// What was looked at, and what is wrong with it.
        tried: Vec<String>,
    },
}
