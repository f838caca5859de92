//! STM32F405/407 reset and clock control (RM0090, 7.3).
//!
//! Oscillators and PLLs are ready as soon as they are on, and the system clock switch follows at once. Clock enables and
//! peripheral resets are stored and have no effect: every peripheral is always clocked, and virtual time does not
//! change its rate.

use serde::{Deserialize, Serialize};

use super::{Access, Context, Device, Peripheral, Slot, kinds::Kind};
use crate::words::BusFault;

const CR: usize = index(0x00);
const PLLCFGR: usize = index(0x04);
const CFGR: usize = index(0x08);
const CIR: usize = index(0x0c);
const AHB1ENR: usize = index(0x30);
const AHB1LPENR: usize = index(0x50);
const AHB2LPENR: usize = index(0x54);
const AHB3LPENR: usize = index(0x58);
const APB1LPENR: usize = index(0x60);
const APB2LPENR: usize = index(0x64);
const BDCR: usize = index(0x70);
const CSR: usize = index(0x74);
const PLLI2SCFGR: usize = index(0x84);
const REGISTERS: usize = index(0x88);

/// The index of the register at an offset.
const fn index(offset: u32) -> usize {
    (offset / 4) as usize
}

/// Which bits of each register can be written; those that are missing here are read-only or do not exist.
#[rustfmt::skip]
const WRITABLE: [u32; REGISTERS] = [
    0x050d_00f9, 0x0f43_7fff, 0xffff_fcf3, 0x0000_3f00, // CR, PLLCFGR, CFGR, CIR
    0x2260_11ff, 0x0000_00f1, 0x0000_0001, 0, // AHB1RSTR, AHB2RSTR, AHB3RSTR
    0x36fe_c9ff, 0x0007_5933, 0, 0, // APB1RSTR, APB2RSTR
    0x7e74_11ff, 0x0000_00f1, 0x0000_0001, 0, // AHB1ENR, AHB2ENR, AHB3ENR
    0x36fe_c9ff, 0x0007_5f33, 0, 0, // APB1ENR, APB2ENR
    0x7e67_91ff, 0x0000_00f1, 0x0000_0001, 0, // AHB1LPENR, AHB2LPENR, AHB3LPENR
    0x36fe_c9ff, 0x0007_5f33, 0, 0, // APB1LPENR, APB2LPENR
    0x0001_8305, 0x0000_0001, 0, 0, // BDCR, CSR
    0xefff_ffff, 0x7000_7fc0, // SSCGR, PLLI2SCFGR
];

/// An oscillator: its register, the bit that turns it on (the ready bit is the next one) and its bit in CIR.
const OSCILLATORS: [(usize, u32, u32); 6] = [
    (CSR, 0, 0),  // LSI
    (BDCR, 0, 1), // LSE
    (CR, 0, 2),   // HSI
    (CR, 16, 3),  // HSE
    (CR, 24, 4),  // PLL
    (CR, 26, 5),  // PLLI2S
];

const HSION: u32 = 1 << 0;
const HSEON: u32 = 1 << 16;
const PLLON: u32 = 1 << 24;
const BDRST: u32 = 1 << 16;
const RMVF: u32 = 1 << 24;

pub(super) const KIND: Kind = Kind {
    name: "stm32f4-rcc",
    about: "STM32F405/407 reset and clock control (RM0090 7.3)",
    size: 0x400,
    irqs: &["rcc"],
    build: |_| -> Box<dyn Device> { Box::new(Slot::new(Stm32f4Rcc)) },
    ..Kind::PLAIN
};

struct Stm32f4Rcc;

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    registers: Vec<u32>,
}

impl Default for State {
    fn default() -> Self {
        let mut registers = vec![0; REGISTERS];
        registers[CR] = 0x0000_0083;
        registers[PLLCFGR] = 0x2400_3010;
        registers[AHB1ENR] = 0x0010_0000;
        registers[AHB1LPENR] = 0x7e67_91ff;
        registers[AHB2LPENR] = 0x0000_00f1;
        registers[AHB3LPENR] = 0x0000_0001;
        registers[APB1LPENR] = 0x36fe_c9ff;
        registers[APB2LPENR] = 0x0007_5f33;
        registers[CSR] = 0x0e00_0000;
        registers[PLLI2SCFGR] = 0x2000_3000;
        State { registers }
    }
}

impl State {
    /// A register by its index; a state from elsewhere may be short.
    fn at(&mut self, index: usize) -> &mut u32 {
        if self.registers.len() < REGISTERS {
            self.registers.resize(REGISTERS, 0);
        }
        &mut self.registers[index]
    }

    /// Lets status bits follow what was written.
    fn follow(&mut self) {
        // An oscillator that drives the system clock cannot be turned off (RM0090 7.3.1).
        let in_use = match *self.at(CFGR) & 3 {
            0 => HSION,
            1 => HSEON,
            _ => PLLON,
        };
        *self.at(CR) |= in_use;
        let switch = *self.at(CFGR) & 3;
        *self.at(CFGR) = (*self.at(CFGR) & !0xc) | switch << 2;
        for (register, on, flag) in OSCILLATORS {
            let value = *self.at(register);
            let (is_on, was_ready) = (value >> on & 1, value >> (on + 1) & 1);
            *self.at(register) = (value & !(2 << on)) | is_on << (on + 1);
            let enabled = *self.at(CIR) >> (flag + 8) & 1;
            *self.at(CIR) |= (is_on & !was_ready & enabled) << flag;
        }
    }
}

impl Peripheral for Stm32f4Rcc {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let index = index(at.offset);
        Ok(at.take(if index < REGISTERS { *s.at(index) } else { 0 }))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, _cx: &mut Context<'_>) -> Result<(), BusFault> {
        let index = index(at.offset);
        if index >= REGISTERS {
            return Ok(());
        }
        let before = *s.at(index);
        let written = at.merge(before, value);
        *s.at(index) = (before & !WRITABLE[index]) | (written & WRITABLE[index]);
        match index {
            // The flags are cleared by the bits sixteen above them.
            CIR => *s.at(CIR) &= !(at.place(value) >> 16 & 0xbf),
            BDCR if written & BDRST != 0 => *s.at(BDCR) = BDRST,
            CSR if at.place(value) & RMVF != 0 => *s.at(CSR) &= 0x0000_0003,
            _ => {}
        }
        s.follow();
        Ok(())
    }

    fn irq_lines(&self, s: &State) -> u32 {
        let cir = s.registers.get(CIR).copied().unwrap_or(0);
        u32::from(cir & cir >> 8 & 0x3f != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::Testbed;

    const CR: u32 = 0x00;
    const CFGR: u32 = 0x08;
    const CIR: u32 = 0x0c;

    #[test]
    fn ready_bits_follow_the_enables() {
        let mut rcc = Testbed::new("stm32f4-rcc");
        assert_eq!(rcc.read(CR), 0x83);
        rcc.write(CR, rcc.peek(CR) | HSEON | PLLON);
        assert_eq!(rcc.read(CR), 0x0303_0083);
        rcc.write(CR, rcc.peek(CR) & !HSEON);
        assert_eq!(rcc.read(CR), 0x0300_0083);
    }

    #[test]
    fn the_switch_status_follows_the_switch() {
        let mut rcc = Testbed::new("stm32f4-rcc");
        rcc.write(CR, 0x83 | PLLON);
        rcc.write(CFGR, 2);
        assert_eq!(rcc.read(CFGR), 0b1010);
        rcc.write(CR, 0x83);
        assert_eq!(rcc.read(CR) & PLLON, PLLON, "the PLL drives the system clock and stays on");
    }

    #[test]
    fn a_ready_interrupt_is_cleared_by_its_clear_bit() {
        let mut rcc = Testbed::new("stm32f4-rcc");
        rcc.write(CIR, 1 << 11);
        rcc.write(CR, 0x83 | HSEON);
        assert_eq!(rcc.irq_lines(), 1);
        rcc.write(CIR, 1 << 11 | 1 << 19);
        assert_eq!((rcc.irq_lines(), rcc.read(CIR)), (0, 1 << 11));
    }
}
