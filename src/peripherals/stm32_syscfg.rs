//! STM32 system configuration controller, or AFIO in the F1 (RM0008 9.4, RM0090 9.2, RM0091 9.1): which port's pin each
//! external interrupt line comes from.
//!
//! Everything else stores; remapped memory stays where it is.

use super::{
    Access, Context, Device, Peripheral, Slot,
    kinds::{Kind, Layout, Port, Wiring},
    registers::{Registers, Values},
};
use crate::words::BusFault;

/// EXTICR1 to EXTICR4.
const EXTICR: [u32; 4] = [0x08, 0x0c, 0x10, 0x14];
const CMPCR: u32 = 0x20;
/// CMP_PD, and READY, which follows it.
const CMP_PD: u32 = 1 << 0;
const READY: u32 = 1 << 8;

pub(super) const KIND: Kind = Kind {
    name: "stm32-syscfg",
    about: "STM32 system configuration, or alternate functions: external interrupt lines (RM0090 9.2, RM0008 9.4)",
    layouts: &[Layout::of(&[("EXTICR1", 0x08), ("EXTICR2", 0x0c), ("EXTICR3", 0x10), ("EXTICR4", 0x14)])],
    outputs: &[Port { name: "select", count: 64 }],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        let mut registers = wiring.registers.iter();
        // At its place others have other registers.
        let is_cell = registers.any(|register| register.address == CMPCR && register.short_name() == "CMPCR");
        Box::new(Slot::new(Stm32Syscfg {
            registers: Registers::new(wiring, &[]),
            has_cell: is_cell || wiring.registers.is_empty(),
        }))
    },
    ..Kind::PLAIN
};

struct Stm32Syscfg {
    registers: Registers,
    /// Whether there is an I/O compensation cell.
    has_cell: bool,
}

impl Peripheral for Stm32Syscfg {
    type State = Values;

    fn read(&self, s: &mut Values, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let value = self.registers.get(s, at.register());
        let ready = self.has_cell && at.register() == CMPCR && value & CMP_PD != 0;
        Ok(at.take(value | if ready { READY } else { 0 }))
    }

    fn write(&self, s: &mut Values, at: Access, value: u32, _cx: &mut Context<'_>) -> Result<(), BusFault> {
        self.registers.write(s, at, value);
        Ok(())
    }

    fn outputs(&self, s: &Values) -> u64 {
        let fields = EXTICR.iter().map(|&offset| u64::from(self.registers.get(s, offset) & 0xffff));
        fields.rev().fold(0, |all, four| all << 16 | four)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::Testbed;

    #[test]
    fn the_compensation_cell_is_ready_when_on() {
        let mut syscfg = Testbed::new("stm32-syscfg");
        assert_eq!(syscfg.read(CMPCR), 0);
        syscfg.write(CMPCR, 1);
        assert_eq!(syscfg.read(CMPCR), 0x101);
    }

    #[test]
    fn every_line_has_four_wires() {
        let mut syscfg = Testbed::new("stm32-syscfg");
        syscfg.write(0x08, 0x0030);
        syscfg.write(0x14, 0x2001);
        assert_eq!(syscfg.outputs(), 0x2001_0000_0000_0030, "lines 1, 12 and 15");
    }
}
