//! What the DMA controllers of STM32 share: request wires, and the pace of transfers.

use serde::{Deserialize, Serialize};

use super::{Context, Level};
use crate::words::{BusFault, Cycle};

/// Core clock cycles for one item: arbitration, a read and a write (AN2548, AN4031).
const CYCLES: u64 = 5;

/// Items of memory-to-memory transfers that are moved at a time.
pub(super) const BURST: u32 = 8;

/// The request wires, a bit for each.
#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Requests {
    levels: u128,
    /// Pulses that were not served.
    pulses: u128,
}

impl Requests {
    /// A wire changes or pulses. A pulse asks for one item, of who is listening.
    pub fn wire(&mut self, input: u32, level: Level, listened: u128) {
        let bit = 1_u128.checked_shl(input).unwrap_or(0);
        match level {
            Level::Low => self.levels &= !bit,
            Level::High => self.levels |= bit,
            Level::Pulse => self.pulses |= bit & listened,
        }
    }

    /// Whether one of these wires asks.
    pub fn any(&self, of: u128) -> bool {
        (self.levels | self.pulses) & of != 0
    }

    /// One item was moved for one of these wires. A level stays until the peripheral lowers it.
    pub fn served(&mut self, of: u128) {
        if self.levels & of == 0 {
            let waiting = self.pulses & of;
            self.pulses &= !(waiting & waiting.wrapping_neg());
        }
    }

    /// Nobody listens to these wires any more.
    pub fn forget(&mut self, of: u128) {
        self.pulses &= !of;
    }
}

/// What was done for a channel.
pub(super) struct Served {
    /// Items that were moved.
    pub items: u32,
    /// Whether a peripheral asked for it: whether it still does is known only later.
    pub requested: bool,
}

/// When the next item is moved.
#[derive(Default, Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Pace {
    due: Option<Cycle>,
}

impl Pace {
    /// When there is something to do.
    pub fn due(self) -> Option<Cycle> {
        self.due
    }

    /// Does all that is due. `serve` does it for the first channel that is ready, if one is.
    pub fn run(&mut self, now: Cycle, mut serve: impl FnMut() -> Option<Served>) {
        while let Some(due) = self.due.filter(|due| *due <= now) {
            let Some(served) = serve() else {
                self.due = None;
                break;
            };
            let next = due.saturating_add(CYCLES * u64::from(served.items.max(1)));
            if served.requested {
                self.due = Some(next.max(now.saturating_add(1)));
                break;
            }
            self.due = Some(next);
        }
    }

    /// A channel may have become ready. A request does not wait for the end of a burst.
    pub fn schedule(&mut self, now: Cycle, ready: bool, requested: bool) {
        let soon = now.saturating_add(CYCLES);
        self.due = match self.due {
            _ if !ready => None,
            Some(due) if requested => Some(due.min(soon)),
            Some(due) => Some(due),
            None => Some(soon),
        };
    }
}

/// An address with a size of 1, 2 or 4 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The address; what is not aligned is ignored.
    pub address: u32,
    /// The size as registers have it: 0 a byte, 1 a half-word, 2 a word.
    pub size: u32,
}

impl Place {
    /// Bytes.
    pub fn bytes(self) -> u32 {
        1 << self.size.min(2)
    }

    fn aligned(self) -> u32 {
        self.address & !(self.bytes() - 1)
    }

    /// Reads one item, little-endian.
    pub fn read(self, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let mut bytes = [0; 4];
        cx.dma.read(self.aligned(), &mut bytes[..self.bytes() as usize])?;
        Ok(u32::from_le_bytes(bytes))
    }

    /// Writes one item.
    pub fn write(self, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        cx.dma.write(self.aligned(), &value.to_le_bytes()[..self.bytes() as usize])
    }
}
