//! Events: single crossings of the pins.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    core::MemoryDigest,
    words::{Cycle, Icount, Width},
};

/// An event and when it happened.
///
/// Events that arrive from outside (`Line`, `Sleep`, `Memory`, `Reset` …) are stamped with the icount of the boundary
/// at which the core looked at them, and stand before what the instruction at that icount does itself. Those that an
/// access caused stand right behind that access, with its icount.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stamped {
    /// When it happened.
    pub icount: Icount,
    /// What happened.
    pub event: Event,
}

/// One crossing of the pins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// The core read a peripheral: `value` is what it got, `None` a bus fault.
    Read {
        /// The bus address.
        address: u32,
        /// The size of the access.
        width: Width,
        /// What the bus answered.
        value: Option<u32>,
    },
    /// The core wrote a peripheral.
    Write {
        /// The bus address.
        address: u32,
        /// The size of the access.
        width: Width,
        /// What was written.
        value: u32,
        /// Whether the bus took it; otherwise the core had a bus fault.
        accepted: bool,
    },
    /// An interrupt line went up or down.
    Line {
        /// The external interrupt number (exception number − 16).
        irq: u16,
        /// Whether the line is now asserted.
        asserted: bool,
    },
    /// A sleep (WFI, WFE) that began at this icount ended because of the pins, not of the core's own SysTick.
    Sleep {
        /// How long it lasted.
        cycles: u64,
    },
    /// A DMA controller or a debugger wrote memory.
    Memory {
        /// The first address.
        address: u32,
        /// The bytes written.
        bytes: Vec<u8>,
    },
    /// A semihosting call was answered by the host.
    Host {
        /// The operation, R0 of the call.
        operation: u32,
        /// What the host answered.
        result: HostResult,
    },
    /// Bytes from the host reached a peripheral. Replay does not need it: what the core saw of them are reads.
    Input {
        /// The device's name on the board.
        device: String,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// The chip was reset from outside the core (watchdog, reset pin).
    Reset,
    /// What the core was like at this icount: nothing crossed the pins.
    Digest(Digest),
    /// The core clock has another frequency from here on.
    Clock {
        /// Cycles in a second.
        hz: u32,
        /// The first cycle at that speed.
        since: Cycle,
    },
    /// Bytes for the host of which no store of the core tells: DMA fetched them, or a debug probe took them from memory.
    /// Replay does not need it.
    Output {
        /// The device's name on the board, or `rtt0` ….
        device: String,
        /// The bytes.
        bytes: Vec<u8>,
    },
}

/// What a core was like at a position, in few bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// Of state and memory: equal digests, equal futures.
    pub all: u64,
    /// What tells where another core differs. Old recordings do not have it.
    pub detail: Option<Box<Detail>>,
}

/// What tells where two cores differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// The core registers, see [`Registers::core`](crate::words::Registers::core).
    pub registers: [u32; 18],
    /// Of memory.
    pub memory: MemoryDigest,
}

/// What the host did for a semihosting call.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct HostResult {
    /// The new value of R0.
    pub r0: u32,
    /// Memory that the host filled: address and bytes.
    pub memory: Vec<(u32, Vec<u8>)>,
    /// The firmware asked to end with this exit code.
    pub exit: Option<u32>,
}

impl fmt::Display for Event {
    /// In words, as the subject of a sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Read { address, width, value: Some(value) } => {
                write!(f, "a {width} read from {address:#010x} that gave {value:#x}")
            }
            Event::Read { address, width, value: None } => {
                write!(f, "a {width} read from {address:#010x} that was a bus fault")
            }
            Event::Write { address, width, value, accepted } => {
                let how = if *accepted { "" } else { " that was a bus fault" };
                write!(f, "a {width} {value:#x} written to {address:#010x}{how}")
            }
            Event::Line { irq, asserted } => {
                write!(f, "interrupt line {irq} going {}", if *asserted { "up" } else { "down" })
            }
            Event::Sleep { cycles } => write!(f, "a sleep of {cycles} cycles"),
            Event::Memory { address, bytes } => {
                write!(f, "{} bytes written at {address:#010x} from outside the core", bytes.len())
            }
            Event::Host { operation, .. } => write!(f, "semihosting call {operation:#04x}"),
            Event::Input { device, bytes } => write!(f, "{} bytes of input for {device}", bytes.len()),
            Event::Output { device, bytes } => write!(f, "{} bytes of output of {device}", bytes.len()),
            Event::Reset => f.write_str("a reset from outside the core"),
            Event::Clock { hz, .. } => write!(f, "a change of the core clock to {hz} Hz"),
            Event::Digest(digest) => write!(f, "the digest {:016x}", digest.all),
        }
    }
}
