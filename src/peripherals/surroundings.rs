//! What is around a peripheral while it handles an access, a wake-up or a signal.

use super::{Access, Peripheral};
use crate::words::{BusFault, Cycle};

/// What a peripheral may do to the world while it handles an access, input, a signal or a wake-up.
pub struct Context<'a> {
    /// The virtual time of this access, in core clock cycles.
    pub now: Cycle,
    /// Memory and the other peripherals, for a bus master; and what is attached.
    pub dma: &'a mut dyn Surroundings,
    /// What goes to the host.
    pub output: &'a mut Output,
    /// The outputs that carry a pulse.
    pub pulses: &'a mut Vec<u32>,
}

/// Bytes for the host: what a UART sends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// All of them.
    pub bytes: Vec<u8>,
    /// Those that were never stored to the register that a kind names in `transmits`.
    pub fetched: Vec<u8>,
}

impl Output {
    /// Sends a byte that was stored to the register of the kind's `transmits`.
    pub fn push(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    /// Sends bytes that come from somewhere else.
    pub fn fetch(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.fetched.extend_from_slice(bytes);
    }
}

impl Context<'_> {
    /// Sends a pulse out of an output, counted over the kind's `outputs`. It arrives when this access is done.
    pub fn pulse(&mut self, output: u32) {
        self.pulses.push(output);
    }

    /// Says something to what is attached to this controller. `None`: nothing answers.
    pub fn talk(&mut self, talk: Talk) -> Option<u32> {
        self.dma.talk(talk)
    }
}

/// Memory as a bus master other than the core sees it.
pub trait Dma {
    /// Reads `bytes.len()` bytes.
    fn read(&mut self, address: u32, bytes: &mut [u8]) -> Result<(), BusFault>;
    /// Writes `bytes`.
    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), BusFault>;
}

/// Memory and, at their addresses, the other peripherals, which take 1, 2 or 4 bytes at a time; and what is attached.
pub trait Surroundings: Dma {
    /// Says something to what is attached.
    fn talk(&mut self, talk: Talk) -> Option<u32>;
}

/// What arrives at an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// From now on the wire is low.
    Low,
    /// From now on the wire is high.
    High,
    /// Something happened: an event, a trigger.
    Pulse,
}

impl Level {
    /// The edges that a wire has on its way to this level: a rising one is 1, a falling one 2, and a pulse has both.
    pub fn edges(self, was_high: bool) -> u32 {
        match (was_high, self) {
            (_, Level::Pulse) => 3,
            (false, Level::High) => 1,
            (true, Level::Low) => 2,
            _ => 0,
        }
    }

    /// Whether the wire is high now, or for a moment.
    pub fn is_high(self) -> bool {
        self != Level::Low
    }
}

/// What a controller says to the parts that are attached to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Talk {
    /// I2C: a START or repeated START with an address of 7 or 10 bits. Whoever acknowledges answers.
    I2cStart {
        /// The address, without the direction bit.
        address: u16,
        /// Whether the controller will read.
        read: bool,
    },
    /// I2C: a byte for the addressed part. An answer is an acknowledge.
    I2cWrite(u8),
    /// I2C: a byte from the addressed part.
    I2cRead {
        /// Whether the controller acknowledges it and wants another one.
        acknowledge: bool,
    },
    /// I2C: a STOP.
    I2cStop,
    /// SPI: a frame out of the controller; the answer is the frame into it.
    Spi {
        /// Bits of the frame, 4 to 32.
        bits: u8,
        /// The frame.
        value: u32,
    },
}

/// Nothing is around: no memory, nothing attached.
pub(crate) struct Nothing;

impl Dma for Nothing {
    fn read(&mut self, _address: u32, _bytes: &mut [u8]) -> Result<(), BusFault> {
        Err(BusFault)
    }
    fn write(&mut self, _address: u32, _bytes: &[u8]) -> Result<(), BusFault> {
        Err(BusFault)
    }
}

impl Surroundings for Nothing {
    fn talk(&mut self, _talk: Talk) -> Option<u32> {
        None
    }
}

/// No peripheral: every access is a bus fault. Stands in for one that is busy with an access of its own.
pub(crate) struct Absent;

impl Peripheral for Absent {
    type State = ();

    fn read(&self, _state: &mut (), _at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        Err(BusFault)
    }

    fn write(
        &self,
        _state: &mut (),
        _at: Access,
        _value: u32,
        _cx: &mut Context<'_>,
    ) -> Result<(), BusFault> {
        Err(BusFault)
    }
}
