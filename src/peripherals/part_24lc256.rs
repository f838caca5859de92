//! Microchip 24LC256 (DS20001203): an EEPROM of 32 KiB on I2C, to attach to a controller.
//!
//! Input sets bytes from outside: two bytes of address, high first, and the bytes from there on.

use serde::{Deserialize, Serialize};

use super::{
    Access, Clocking, Context, Device, Frequency, Kind, KindOption, Level, Peripheral, Port, Slot, Talk,
    Wiring, part_memory::PartMemory,
};
use crate::words::{BusFault, Cycle};

/// Bytes of the memory.
const SIZE: u16 = 0x8000;
/// Bytes that one write cycle can change (DS20001203, 6.2).
const PAGE: u16 = 64;
/// Write cycles in a second: TWC is 5 ms.
const WRITE_CYCLES: u32 = 200;

pub(super) const KIND: Kind = Kind {
    name: "24lc256",
    about: "24LC256 EEPROM on I2C, to attach (DS20001203)",
    size: 0,
    inputs: &[Port::one("write-protect")],
    // Told when the core's clock changes, which times are counted in.
    clock: Clocking::Named("ahb"),
    options: &[KindOption { name: "address", about: "I2C address, 7 bits", default: 0x50 }],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        let address = wiring.option("address") as u16;
        Box::new(Slot::new(Part24lc256 { address, clock_hz: wiring.clock_hz }))
    },
    ..Kind::PLAIN
};

struct Part24lc256 {
    address: u16,
    clock_hz: u32,
}

/// What the next byte means.
#[derive(Default, Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
enum Phase {
    /// Nobody talks to this part.
    #[default]
    Idle,
    AddressHigh,
    AddressLow,
    Data,
    Reading,
}

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    memory: PartMemory,
    phase: Phase,
    /// The address pointer.
    pointer: u16,
    /// What the next write cycle writes: addresses and bytes.
    buffer: Vec<(u16, u8)>,
    /// When the write cycle is over.
    busy_until: Cycle,
    write_protect: bool,
    /// The core's clock, if it is not as the board says.
    core_hz: Option<u32>,
}

impl Part24lc256 {
    fn start(&self, s: &mut State, address: u16, read: bool, now: Cycle) -> Option<u32> {
        // A START instead of a STOP: the page is not written.
        s.buffer.clear();
        s.phase = Phase::Idle;
        if address != self.address || now < s.busy_until {
            return None;
        }
        s.phase = if read { Phase::Reading } else { Phase::AddressHigh };
        Some(0)
    }

    fn write(s: &mut State, byte: u8) -> Option<u32> {
        match s.phase {
            Phase::AddressHigh => {
                s.pointer = u16::from(byte) << 8 & (SIZE - 1);
                s.phase = Phase::AddressLow;
            }
            Phase::AddressLow => {
                s.pointer = s.pointer & 0xff00 | u16::from(byte);
                s.phase = Phase::Data;
            }
            Phase::Data => {
                // The pointer stays in its page, and bytes after the 64th replace the first ones.
                s.buffer.retain(|(address, _)| *address != s.pointer);
                s.buffer.push((s.pointer, byte));
                s.pointer = s.pointer & !(PAGE - 1) | (s.pointer + 1) & (PAGE - 1);
            }
            Phase::Idle | Phase::Reading => return None,
        }
        Some(0)
    }

    fn read(s: &mut State, acknowledge: bool) -> Option<u32> {
        if s.phase != Phase::Reading {
            return None;
        }
        let byte = s.memory.read(s.pointer.into());
        s.pointer = (s.pointer + 1) & (SIZE - 1);
        if !acknowledge {
            s.phase = Phase::Idle;
        }
        Some(byte.into())
    }

    fn stop(&self, s: &mut State, now: Cycle) {
        s.phase = Phase::Idle;
        let buffer = std::mem::take(&mut s.buffer);
        // With WP high it is as if nothing had been written, and there is no write cycle (DS20001203, 6.3).
        if buffer.is_empty() || s.write_protect {
            return;
        }
        for (address, byte) in buffer {
            s.memory.write(address.into(), byte);
        }
        let hz = s.core_hz.unwrap_or(self.clock_hz);
        s.busy_until = now.saturating_add((hz / WRITE_CYCLES).into());
    }
}

impl Peripheral for Part24lc256 {
    type State = State;

    fn read(&self, _s: &mut State, _at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        Err(BusFault)
    }

    fn write(&self, _s: &mut State, _at: Access, _value: u32, _cx: &mut Context<'_>) -> Result<(), BusFault> {
        Err(BusFault)
    }

    fn input(&self, s: &mut State, bytes: &[u8], _cx: &mut Context<'_>) {
        let [high, low, data @ ..] = bytes else { return };
        let first = u16::from_be_bytes([*high, *low]);
        for (index, byte) in (0..SIZE).zip(data) {
            s.memory.write((first.wrapping_add(index) & (SIZE - 1)).into(), *byte);
        }
    }

    fn wire(&self, s: &mut State, _input: u32, level: Level, _cx: &mut Context<'_>) {
        s.write_protect = level == Level::High;
    }

    fn clocked(&self, s: &mut State, clock: Frequency, _cx: &mut Context<'_>) {
        s.core_hz = Some(clock.core_hz);
    }

    fn talk(&self, s: &mut State, talk: Talk, cx: &mut Context<'_>) -> Option<u32> {
        match talk {
            Talk::I2cStart { address, read } => self.start(s, address, read, cx.now),
            Talk::I2cWrite(byte) => Self::write(s, byte),
            Talk::I2cRead { acknowledge } => Self::read(s, acknowledge),
            Talk::I2cStop => {
                self.stop(s, cx.now);
                None
            }
            Talk::Spi { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        peripherals::{
            Bus, Mount,
            testbed::{CLOCK_HZ, NoMemory, Testbed},
        },
        words::Width,
    };

    fn select(part: &mut Testbed, read: bool) -> bool {
        part.talk(Talk::I2cStart { address: 0x50, read }).is_some()
    }

    fn write(part: &mut Testbed, bytes: &[u8]) {
        assert!(select(part, false));
        for byte in bytes {
            assert!(part.talk(Talk::I2cWrite(*byte)).is_some());
        }
        part.talk(Talk::I2cStop);
    }

    fn read(part: &mut Testbed, address: u16, count: usize) -> Vec<u8> {
        assert!(select(part, false));
        for byte in address.to_be_bytes() {
            part.talk(Talk::I2cWrite(byte));
        }
        assert!(select(part, true));
        let bytes = (1..=count).map(|n| part.talk(Talk::I2cRead { acknowledge: n < count }));
        let bytes = bytes.map(|byte| byte.expect("the part sends") as u8).collect();
        part.talk(Talk::I2cStop);
        bytes
    }

    #[test]
    fn a_page_write_takes_five_milliseconds_without_an_answer() {
        let mut part = Testbed::new("24lc256");
        write(&mut part, &[0x12, 0x34, b'a', b'b']);
        part.run_until(Cycle::from(CLOCK_HZ) / 200 - 1);
        assert!(!select(&mut part, false));
        part.run_until(Cycle::from(CLOCK_HZ) / 200);
        assert_eq!(read(&mut part, 0x1233, 4), [0xff, b'a', b'b', 0xff]);
    }

    #[test]
    fn a_write_wraps_within_its_page_and_a_read_at_the_end() {
        let mut part = Testbed::new("24lc256");
        write(&mut part, &[0x7f, 0xff, 1, 2]);
        part.run_until(10_000);
        assert_eq!(read(&mut part, 0x7fc0, 1), [2]);
        assert_eq!(read(&mut part, 0x7fff, 2), [1, 0xff]);
    }

    #[test]
    fn only_a_stop_writes() {
        let mut part = Testbed::new("24lc256");
        assert!(select(&mut part, false));
        for byte in [0, 0, 7] {
            part.talk(Talk::I2cWrite(byte));
        }
        assert_eq!(read(&mut part, 0, 1), [0xff], "it was not written, and is not busy");
        part.wire(0, Level::High);
        write(&mut part, &[0, 0, 7]);
        assert_eq!(read(&mut part, 0, 1), [0xff], "it is protected");
    }

    #[test]
    fn another_address_is_not_answered() {
        let mut part = Testbed::with_options("24lc256", &[("address", 0x57)]);
        assert!(!select(&mut part, false));
        assert_eq!(part.talk(Talk::I2cWrite(0)), None);
        assert!(part.talk(Talk::I2cStart { address: 0x57, read: true }).is_some());
    }

    #[test]
    fn input_sets_what_is_in_it() {
        let mut part = Testbed::new("24lc256");
        part.input(b"\x00\x10hi");
        assert_eq!(read(&mut part, 0x10, 2), b"hi");
    }

    #[test]
    fn a_faster_core_waits_for_more_cycles() {
        let mut part = Testbed::new("24lc256");
        part.clocked(2 * CLOCK_HZ, 2 * CLOCK_HZ);
        write(&mut part, &[0, 0, 1]);
        part.run_until(9_999);
        assert!(!select(&mut part, false));
        part.run_until(10_000);
        assert!(select(&mut part, false));
    }

    #[test]
    fn a_controller_polls_until_the_page_is_written() {
        const BASE: u32 = 0x4000_5400;
        let mount = |name: &str, kind: &str, base| {
            let kind = Kind::find(kind).expect("it is in the table");
            let device = (kind.build)(&kind.wiring(CLOCK_HZ));
            Mount {
                name: name.to_owned(),
                base,
                size: kind.size,
                targets: Vec::new(),
                transmits: kind.transmits,
                clock: None,
                device,
            }
        };
        let mounts = vec![mount("i2c1", "stm32-i2c-v2", BASE), mount("eeprom", "24lc256", 0)];
        let mut bus = Bus::new(mounts, None, Vec::new()).unwrap();
        bus.attach("eeprom", "i2c1").unwrap();
        let mut now = 0;
        // CR2 with AUTOEND, and three bytes; gives ISR at the end.
        let mut transfer = |bytes: &[u32]| {
            let write = |bus: &mut Bus, offset, value, now| {
                bus.write(BASE + offset, Width::Word, value, now, &mut NoMemory).unwrap();
            };
            write(&mut bus, 0, 1, now);
            write(&mut bus, 0x1c, 0x30, now);
            write(&mut bus, 4, 1 << 25 | (bytes.len() as u32) << 16 | 1 << 13 | 0xa0, now);
            let mut bytes = bytes.iter();
            loop {
                let isr = bus.read(BASE + 0x18, Width::Word, now, &mut NoMemory).unwrap();
                if isr & 1 << 5 != 0 {
                    return (isr & 1 << 4 != 0, now);
                }
                match bytes.as_slice() {
                    [byte, ..] if isr & 2 != 0 => {
                        write(&mut bus, 0x28, *byte, now);
                        bytes.next();
                    }
                    _ => {
                        now += 1;
                        bus.wake(now, &mut NoMemory);
                    }
                }
            }
        };
        let (refused, written) = transfer(&[0, 0, 7]);
        assert!(!refused);
        let polled = (0..).find_map(|_| Some(transfer(&[])).filter(|(refused, _)| !refused)).unwrap().1;
        let cycle = Cycle::from(CLOCK_HZ) / 200;
        assert!((written + cycle..written + cycle + 100).contains(&polled), "{written} {polled}");
    }
}
