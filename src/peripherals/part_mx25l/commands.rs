//! The commands (PM2027, 9), and what each byte of them means.

use serde::{Deserialize, Serialize};

use super::{PartMx25l, State, WEL, WRITABLE};
use crate::words::Cycle;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum Command {
    Wren,
    Wrdi,
    Rdid,
    Rdsr,
    Wrsr,
    Read,
    FastRead,
    Pp,
    /// SE, BE 32K and BE by the bytes that they erase.
    Erase(u32),
    Ce,
    Dp,
    /// Releases from deep power-down, and reads the electronic ID.
    Res,
    Rems,
    Unknown,
}

impl Command {
    fn of(byte: u8) -> Command {
        match byte {
            0x06 => Command::Wren,
            0x04 => Command::Wrdi,
            0x9f => Command::Rdid,
            0x05 => Command::Rdsr,
            0x01 => Command::Wrsr,
            0x03 => Command::Read,
            0x0b => Command::FastRead,
            0x02 => Command::Pp,
            0x20 => Command::Erase(0x1000),
            0x52 => Command::Erase(0x8000),
            0xd8 => Command::Erase(0x1_0000),
            0x60 | 0xc7 => Command::Ce,
            0xb9 => Command::Dp,
            0xab => Command::Res,
            0x90 => Command::Rems,
            _ => Command::Unknown,
        }
    }

    /// Microseconds that it typically takes (PM2027, 12: tW at most, tPP, tSE, tBE32, tBE, tCE).
    fn microseconds(self) -> u64 {
        match self {
            Command::Wrsr => 40_000,
            Command::Pp => 330,
            Command::Erase(0x1000) => 25_000,
            Command::Erase(0x8000) => 140_000,
            Command::Erase(_) => 250_000,
            Command::Ce => 26_000_000,
            _ => 0,
        }
    }
}

/// What the part sends while nothing is to be said: nobody drives the line.
const SILENCE: u8 = 0xff;

impl PartMx25l {
    /// A byte in, a byte out.
    pub(super) fn exchange(&self, s: &mut State, byte: u8) -> u8 {
        let index = s.count;
        s.count = s.count.saturating_add(1);
        let Some(command) = s.command else {
            s.command = Some(self.accept(s, Command::of(byte)));
            s.address = 0;
            s.buffer.clear();
            return SILENCE;
        };
        let id = self.id.to_be_bytes();
        match command {
            Command::Rdid => id[1 + (index as usize - 1) % 3],
            Command::Rdsr => s.status(),
            Command::Wrsr if index == 1 => {
                s.buffer.push((0, byte));
                SILENCE
            }
            // Three bytes of address, or dummies.
            Command::Read | Command::FastRead | Command::Pp | Command::Erase(_) if index <= 3 => {
                s.address = (s.address << 8 | u32::from(byte)) & (self.size - 1);
                SILENCE
            }
            Command::FastRead if index == 4 => SILENCE,
            Command::Read | Command::FastRead => {
                let byte = s.memory.read(s.address);
                s.address = s.address.wrapping_add(1) & (self.size - 1);
                byte
            }
            Command::Pp => {
                // Within the page; of more than 256 bytes the last ones stay.
                let place = s.address as u8;
                s.buffer.retain(|(other, _)| *other != place);
                s.buffer.push((place, byte));
                s.address = s.address & !0xff | u32::from(place.wrapping_add(1));
                SILENCE
            }
            Command::Rems if index == 3 => {
                s.address = byte.into();
                SILENCE
            }
            Command::Rems if index > 3 => {
                let device = (index + s.address) & 1 == 1;
                if device { self.electronic_id() } else { id[1] }
            }
            Command::Res if index > 3 => self.electronic_id(),
            _ => SILENCE,
        }
    }

    /// One less than the last byte of the ID, as with all of this family.
    fn electronic_id(&self) -> u8 {
        (self.id as u8).wrapping_sub(1)
    }

    /// While it is busy it only tells its status, and in deep power-down it only wakes up.
    fn accept(&self, s: &State, command: Command) -> Command {
        let takes = match command {
            Command::Rdsr => !s.powered_down,
            Command::Res => !s.is_busy(),
            _ => !s.powered_down && !s.is_busy(),
        };
        if takes { command } else { Command::Unknown }
    }

    /// CS# goes high: commands that change something do it now, if they are whole.
    pub(super) fn finish(&self, s: &mut State, now: Cycle) {
        let Some(command) = s.command else { return };
        match command {
            Command::Wren => s.status |= WEL,
            Command::Wrdi => s.status &= !WEL,
            Command::Dp => s.powered_down = true,
            Command::Res => s.powered_down = false,
            _ if s.status & WEL == 0 => {}
            Command::Wrsr | Command::Pp if s.buffer.is_empty() => {}
            Command::Wrsr => {
                let status = s.buffer.first().map_or(0, |(_, status)| *status);
                s.status = s.status & !WRITABLE | status & WRITABLE;
                self.begin(s, command, now);
            }
            Command::Pp if !self.is_protected(s, s.address) => {
                for (place, byte) in std::mem::take(&mut s.buffer) {
                    let address = s.address & !0xff | u32::from(place);
                    let old = s.memory.read(address);
                    s.memory.write(address, old & byte); // only an erase sets bits
                }
                self.begin(s, command, now);
            }
            Command::Erase(size) if s.count == 4 && !self.is_protected(s, s.address) => {
                s.memory.erase(s.address & !(size - 1), size);
                self.begin(s, command, now);
            }
            Command::Ce if s.count == 1 && s.status & 0x3c == 0 => {
                s.memory.erase_all();
                self.begin(s, command, now);
            }
            _ => {}
        }
    }

    fn begin(&self, s: &mut State, command: Command, now: Cycle) {
        let hz = u64::from(s.core_hz.unwrap_or(self.clock_hz));
        let cycles = (hz * command.microseconds()).div_ceil(1_000_000);
        s.busy_until = now.saturating_add(cycles.max(1));
    }

    /// Whether BP3 to BP0 protect an address: n of them, the 2^(n-1) highest blocks of 64 KiB (PM2027, table 2).
    fn is_protected(&self, s: &State, address: u32) -> bool {
        match u32::from(s.status >> 2 & 0xf) {
            0 => false,
            n => self.size - address <= 0x8000 << n.min(16),
        }
    }
}
