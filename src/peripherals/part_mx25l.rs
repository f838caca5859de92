//! Macronix MX25L serial NOR flash (MX25L6433F, PM2027), to attach to an SPI controller: one bit wide, addresses of three
//! bytes.
//!
//! Its input `select` is CS#, which has to be wired: a command begins when it goes low, and programs or erases when it goes
//! high. Input sets bytes from outside: three bytes of address, high first, and the bytes from there on.

mod commands;

use serde::{Deserialize, Serialize};

use self::commands::Command;
use super::{
    Access, Clocking, Context, Device, Frequency, Kind, KindOption, Level, Peripheral, Port, Slot, Talk,
    Wiring, part_memory::PartMemory, part_spi,
};
use crate::words::{BusFault, Cycle};

/// Status register.
const WIP: u8 = 1;
const WEL: u8 = 2;
/// SRWD, QE and BP3 to BP0, which WRSR writes.
const WRITABLE: u8 = 0xfc;

pub(super) const KIND: Kind = Kind {
    name: "mx25l",
    about: "MX25L serial NOR flash on SPI, to attach (PM2027)",
    size: 0,
    inputs: &[Port::one("select")],
    // Told when the core's clock changes, which times are counted in.
    clock: Clocking::Named("ahb"),
    options: &[KindOption {
        name: "id",
        about: "what RDID reads: manufacturer, type, and the power of two of the size",
        default: 0x00c2_2017,
    }],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        let id = wiring.option("id");
        // From 64 KiB to what three bytes of address reach.
        let size = 1 << (id & 0xff).clamp(16, 24);
        Box::new(Slot::new(PartMx25l { id, size, clock_hz: wiring.clock_hz }))
    },
    ..Kind::PLAIN
};

struct PartMx25l {
    id: u32,
    /// Bytes of the memory, a power of two.
    size: u32,
    clock_hz: u32,
}

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    memory: PartMemory,
    /// WEL and what WRSR wrote.
    status: u8,
    deselected: bool,
    command: Option<Command>,
    /// Bytes of the command so far, with the command.
    count: u32,
    address: u32,
    /// What is to be programmed, at its place in the page; or the new status.
    buffer: Vec<(u8, u8)>,
    /// When programming or erasing is over.
    busy_until: Cycle,
    powered_down: bool,
    /// The core's clock, if it is not as the board says.
    core_hz: Option<u32>,
}

impl State {
    /// The end of programming or erasing takes WEL with it.
    fn settle(&mut self, now: Cycle) {
        if self.busy_until != 0 && now >= self.busy_until {
            self.busy_until = 0;
            self.status &= !WEL;
        }
    }

    fn is_busy(&self) -> bool {
        self.busy_until != 0
    }

    fn status(&self) -> u8 {
        self.status | if self.is_busy() { WIP } else { 0 }
    }
}

impl Peripheral for PartMx25l {
    type State = State;

    fn read(&self, _s: &mut State, _at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        Err(BusFault)
    }

    fn write(&self, _s: &mut State, _at: Access, _value: u32, _cx: &mut Context<'_>) -> Result<(), BusFault> {
        Err(BusFault)
    }

    fn input(&self, s: &mut State, bytes: &[u8], _cx: &mut Context<'_>) {
        let [high, middle, low, data @ ..] = bytes else { return };
        let first = u32::from_be_bytes([0, *high, *middle, *low]);
        for (index, byte) in (0..self.size).zip(data) {
            s.memory.write(first.wrapping_add(index) & (self.size - 1), *byte);
        }
    }

    fn wire(&self, s: &mut State, _input: u32, level: Level, cx: &mut Context<'_>) {
        s.settle(cx.now);
        let deselected = level == Level::High;
        if deselected && !s.deselected {
            self.finish(s, cx.now);
        }
        s.deselected = deselected;
        s.command = None;
        s.count = 0;
    }

    fn clocked(&self, s: &mut State, clock: Frequency, _cx: &mut Context<'_>) {
        s.core_hz = Some(clock.core_hz);
    }

    fn talk(&self, s: &mut State, talk: Talk, cx: &mut Context<'_>) -> Option<u32> {
        let Talk::Spi { bits, value } = talk else { return None };
        if s.deselected {
            return None;
        }
        s.settle(cx.now);
        Some(part_spi::by_bytes(bits, value, |byte| self.exchange(s, byte)))
    }
}

#[cfg(test)]
mod tests;
