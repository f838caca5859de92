//! Parts with nothing but registers, for a sensor or a display that a scenario plays: firmware reads and writes them over
//! I2C or SPI, and input sets them from outside, in pairs of a register and its value.

use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Kind, KindOption, Level, Peripheral, Port, Slot, Talk, Wiring, part_spi,
};
use crate::words::BusFault;

pub(super) const I2C: Kind = Kind {
    name: "i2c-registers",
    about: "256 registers on I2C, to attach: a byte selects, the next ones go on from there",
    size: 0,
    options: &[KindOption { name: "address", about: "I2C address, 7 or 10 bits", default: 0x48 }],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        Box::new(Slot::new(I2cRegisters { address: wiring.option("address") as u16 }))
    },
    ..Kind::PLAIN
};

pub(super) const SPI: Kind = Kind {
    name: "spi-registers",
    about: "128 registers on SPI, to attach: bit 7 of the first byte reads, the next ones go on from there",
    size: 0,
    inputs: &[Port::one("select")],
    build: |_: &Wiring| -> Box<dyn Device> { Box::new(Slot::new(SpiRegisters)) },
    ..Kind::PLAIN
};

struct I2cRegisters {
    address: u16,
}

struct SpiRegisters;

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    /// Registers from 0 on, all others being zero.
    registers: Vec<u8>,
    /// The next register.
    pointer: u8,
    selection: Selection,
}

#[derive(Default, Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
enum Selection {
    /// SPI: selected, as it is when nobody wires it. I2C: another part is addressed.
    #[default]
    Idle,
    /// SPI: not selected.
    Deselected,
    /// I2C: the next byte is the register.
    Addressed,
    Writing,
    Reading,
}

impl State {
    fn get(&self, register: u8) -> u8 {
        self.registers.get(usize::from(register)).copied().unwrap_or(0)
    }

    fn set(&mut self, register: u8, value: u8) {
        let index = usize::from(register);
        if index >= self.registers.len() {
            self.registers.resize(index + 1, 0);
        }
        self.registers[index] = value;
    }

    fn read_next(&mut self) -> u8 {
        let value = self.get(self.pointer);
        self.pointer = self.pointer.wrapping_add(1);
        value
    }

    fn write_next(&mut self, value: u8) {
        self.set(self.pointer, value);
        self.pointer = self.pointer.wrapping_add(1);
    }

    fn input(&mut self, bytes: &[u8]) {
        for pair in bytes.chunks_exact(2) {
            self.set(pair[0], pair[1]);
        }
    }
}

impl Peripheral for I2cRegisters {
    type State = State;

    fn read(&self, _s: &mut State, _at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        Err(BusFault)
    }

    fn write(&self, _s: &mut State, _at: Access, _value: u32, _cx: &mut Context<'_>) -> Result<(), BusFault> {
        Err(BusFault)
    }

    fn input(&self, s: &mut State, bytes: &[u8], _cx: &mut Context<'_>) {
        s.input(bytes);
    }

    fn talk(&self, s: &mut State, talk: Talk, _cx: &mut Context<'_>) -> Option<u32> {
        match (talk, s.selection) {
            (Talk::I2cStart { address, read }, _) => {
                s.selection = match (address == self.address, read) {
                    (false, _) => Selection::Idle,
                    (true, false) => Selection::Addressed,
                    (true, true) => Selection::Reading,
                };
                (address == self.address).then_some(0)
            }
            (Talk::I2cWrite(register), Selection::Addressed) => {
                s.pointer = register;
                s.selection = Selection::Writing;
                Some(0)
            }
            (Talk::I2cWrite(value), Selection::Writing) => {
                s.write_next(value);
                Some(0)
            }
            (Talk::I2cRead { .. }, Selection::Reading) => Some(s.read_next().into()),
            (Talk::I2cStop, _) => {
                s.selection = Selection::Idle;
                None
            }
            _ => None,
        }
    }
}

impl Peripheral for SpiRegisters {
    type State = State;

    fn read(&self, _s: &mut State, _at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        Err(BusFault)
    }

    fn write(&self, _s: &mut State, _at: Access, _value: u32, _cx: &mut Context<'_>) -> Result<(), BusFault> {
        Err(BusFault)
    }

    fn input(&self, s: &mut State, bytes: &[u8], _cx: &mut Context<'_>) {
        s.input(bytes);
    }

    fn wire(&self, s: &mut State, _input: u32, level: Level, _cx: &mut Context<'_>) {
        s.selection = if level == Level::High { Selection::Deselected } else { Selection::Idle };
    }

    fn talk(&self, s: &mut State, talk: Talk, _cx: &mut Context<'_>) -> Option<u32> {
        let Talk::Spi { bits, value } = talk else { return None };
        if s.selection == Selection::Deselected {
            return None;
        }
        Some(part_spi::by_bytes(bits, value, |byte| exchange(s, byte)))
    }
}

fn exchange(s: &mut State, byte: u8) -> u8 {
    match s.selection {
        Selection::Reading => {
            let value = s.get(s.pointer & 0x7f);
            s.pointer = s.pointer.wrapping_add(1);
            value
        }
        Selection::Writing => {
            s.set(s.pointer & 0x7f, byte);
            s.pointer = s.pointer.wrapping_add(1);
            0xff
        }
        _ => {
            s.pointer = byte & 0x7f;
            s.selection = if byte & 0x80 != 0 { Selection::Reading } else { Selection::Writing };
            0xff
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::Testbed;

    #[test]
    fn registers_on_i2c_are_selected_by_a_byte() {
        let mut part = Testbed::new("i2c-registers");
        part.input(&[0x0f, 0xd4, 0x10, 0x33]);
        assert_eq!(part.talk(Talk::I2cStart { address: 0x49, read: false }), None);
        assert_eq!(part.talk(Talk::I2cWrite(0)), None);
        let start = |read| Talk::I2cStart { address: 0x48, read };
        let reading = [start(false), Talk::I2cWrite(0x0f), start(true)];
        assert!(reading.into_iter().all(|talk| part.talk(talk).is_some()));
        let read = Talk::I2cRead { acknowledge: true };
        assert_eq!([(); 3].map(|()| part.talk(read)), [Some(0xd4), Some(0x33), Some(0)]);
        part.talk(Talk::I2cStop);
        let writing = [start(false), Talk::I2cWrite(0xff), Talk::I2cWrite(1), Talk::I2cWrite(2)];
        assert!(writing.into_iter().all(|talk| part.talk(talk).is_some()));
        let reading = [start(false), Talk::I2cWrite(0xff), start(true)];
        assert!(reading.into_iter().all(|talk| part.talk(talk).is_some()));
        assert_eq!([(); 2].map(|()| part.talk(read)), [Some(1), Some(2)], "it goes on at 0");
    }

    #[test]
    fn registers_on_spi_are_selected_by_the_first_byte() {
        let mut part = Testbed::new("spi-registers");
        part.wire(0, Level::High);
        part.input(&[0x0f, 0xd4]);
        let spi = |part: &mut Testbed, bits, value| part.talk(Talk::Spi { bits, value });
        assert_eq!(spi(&mut part, 8, 0x8f), None);
        part.wire(0, Level::Low);
        spi(&mut part, 8, 0x8f);
        assert_eq!(spi(&mut part, 8, 0), Some(0xd4));
        part.wire(0, Level::High);
        part.wire(0, Level::Low);
        spi(&mut part, 16, 0x2055);
        part.wire(0, Level::High);
        part.wire(0, Level::Low);
        assert_eq!(spi(&mut part, 16, 0xa000), Some(0xff55));
    }
}
