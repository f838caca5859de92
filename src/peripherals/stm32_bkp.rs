//! STM32F1 backup registers (RM0008, 6): they keep what they are given, until the tamper pin says so. A reset of the chip
//! clears them, as there is no backup supply.

use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Level, Peripheral, Port, Slot,
    kinds::{Kind, Layout},
};
use crate::words::BusFault;

const DR1: u32 = 0x04;
const DR10: u32 = 0x28;
const RTCCR: u32 = 0x2c;
const CR: u32 = 0x30;
const CSR: u32 = 0x34;
const DR11: u32 = 0x40;
const DR42: u32 = 0xbc;

const TPE: u32 = 1 << 0;
const TPAL: u32 = 1 << 1;
const CTE: u32 = 1 << 0;
const CTI: u32 = 1 << 1;
const TPIE: u32 = 1 << 2;
const TEF: u32 = 1 << 8;
const TIF: u32 = 1 << 9;

pub(super) const KIND: Kind = Kind {
    name: "stm32-bkp",
    about: "STM32F1 backup registers and tamper detection (RM0008 6)",
    size: 0x400,
    layouts: &[Layout::of(&[("DR1", DR1), ("DR10", DR10), ("RTCCR", RTCCR), ("CR", CR), ("CSR", CSR)])],
    irqs: &["TAMPER"],
    inputs: &[Port::one("tamper")],
    build: |_| -> Box<dyn Device> { Box::new(Slot::new(Stm32Bkp)) },
    ..Kind::PLAIN
};

struct Stm32Bkp;

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    data: [u16; 10],
    more_data: [u16; 32],
    rtccr: u32,
    cr: u32,
    csr: u32,
}

impl State {
    fn data(&mut self, register: u32) -> Option<&mut u16> {
        match register {
            DR1..=DR10 => self.data.get_mut(((register - DR1) / 4) as usize),
            DR11..=DR42 => self.more_data.get_mut(((register - DR11) / 4) as usize),
            _ => None,
        }
    }
}

impl Peripheral for Stm32Bkp {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let value = match at.register() {
            RTCCR => s.rtccr,
            CR => s.cr,
            CSR => s.csr,
            register => s.data(register).map_or(0, |data| u32::from(*data)),
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, _cx: &mut Context<'_>) -> Result<(), BusFault> {
        match at.register() {
            RTCCR => s.rtccr = at.merge(s.rtccr, value) & 0x3ff,
            CR => s.cr = at.merge(s.cr, value) & (TPE | TPAL),
            CSR => {
                let clear = at.place(value);
                s.csr = at.merge(s.csr, value) & TPIE | s.csr & (TEF | TIF);
                s.csr &= !(if clear & CTE != 0 { TEF } else { 0 } | if clear & CTI != 0 { TIF } else { 0 });
            }
            register => {
                if let Some(data) = s.data(register) {
                    *data = at.merge(u32::from(*data), value) as u16;
                }
            }
        }
        Ok(())
    }

    fn wire(&self, s: &mut State, _input: u32, level: Level, _cx: &mut Context<'_>) {
        // TPAL: which level of the pin clears the registers.
        if s.cr & TPE != 0 && level.is_high() == (s.cr & TPAL == 0) {
            (s.data, s.more_data) = ([0; 10], [0; 32]);
            s.csr |= TEF | TIF;
        }
    }

    fn irq_lines(&self, s: &State) -> u32 {
        u32::from(s.csr & TPIE != 0 && s.csr & TIF != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::Testbed;

    #[test]
    fn registers_keep_sixteen_bits() {
        let mut backup = Testbed::new("stm32-bkp");
        backup.write(DR1, 0x1234_a5a5);
        backup.write(DR42, 0x5a5a);
        assert_eq!((backup.read(DR1), backup.read(DR42)), (0xa5a5, 0x5a5a));
    }

    #[test]
    fn tampering_clears_them_and_interrupts() {
        let mut backup = Testbed::new("stm32-bkp");
        backup.write(DR10, 1);
        backup.write(CSR, TPIE);
        backup.write(CR, TPE | TPAL);
        backup.wire(0, Level::High);
        assert_eq!((backup.read(DR10), backup.irq_lines()), (1, 0));
        backup.wire(0, Level::Low);
        assert_eq!((backup.read(DR10), backup.read(CSR), backup.irq_lines()), (0, TEF | TIF | TPIE, 1));
        backup.write(CSR, TPIE | CTI | CTE);
        assert_eq!((backup.read(CSR), backup.irq_lines()), (TPIE, 0));
    }
}
