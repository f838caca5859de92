//! What can be wrong with a bus, its input and its saved states.

use thiserror::Error;

use crate::pins::Lines;

/// Why peripherals cannot be put on one bus.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum BusError {
    /// Two peripherals claim an address.
    #[error("devices {first} and {second} overlap at {address:#010x}; move one of them")]
    Overlap {
        /// The name of the lower one.
        first: String,
        /// The name of the upper one.
        second: String,
        /// The first address that both claim.
        address: u32,
    },
    /// A peripheral has no address, or runs over the end of the address space.
    #[error("device {name} at {base:#010x} with {size:#x} bytes does not fit the address space")]
    Range {
        /// Its name.
        name: String,
        /// Its base.
        base: u32,
        /// Its size.
        size: u32,
    },
    /// Two peripherals have one name.
    #[error("two devices are named {0}; rename one of them")]
    Name(String),
    /// An interrupt number is too large.
    #[error("device {name} is wired to interrupt {irq}; the largest number is {}", Lines::MAX - 1)]
    Irq {
        /// The name of the device.
        name: String,
        /// The interrupt.
        irq: u16,
    },
}

/// Input names a device that the board does not have.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the board has no device {0:?} that could take input")]
pub struct NoSuchDevice(pub String);

/// A saved state that does not fit this bus. The bus is as it was.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum RestoreError {
    /// The bytes cannot be decoded.
    #[error("the saved state of {device} cannot be read: {cause}")]
    Decode {
        /// The device, or "the bus".
        device: String,
        /// What the decoder said.
        cause: postcard::Error,
    },
    /// The devices differ.
    #[error("the state was saved on a board with other devices: it has {found:?}, this board {expected:?}")]
    Devices {
        /// The names in the saved state.
        found: Vec<String>,
        /// The names on this bus.
        expected: Vec<String>,
    },
}
