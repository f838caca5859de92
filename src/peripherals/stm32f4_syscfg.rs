//! STM32F405/407 system configuration controller (RM0090, 9.2). MEMRMP stores and moves no memory.

use serde::{Deserialize, Serialize};

use super::{Access, Context, Device, Peripheral, Slot, kinds::Kind};
use crate::words::BusFault;

const CMPCR: u32 = 0x20;
/// CMP_PD, and READY, which follows it.
const CMP_PD: u32 = 1 << 0;
const READY: u32 = 1 << 8;

/// The bits that MEMRMP, PMC and EXTICR1 to EXTICR4 store.
const STORED: [u32; 6] = [0x0000_0003, 0x0080_0000, 0xffff, 0xffff, 0xffff, 0xffff];

pub(super) const KIND: Kind = Kind {
    name: "stm32f4-syscfg",
    about: "STM32F405/407 system configuration (RM0090 9.2)",
    size: 0x400,
    build: |_| -> Box<dyn Device> { Box::new(Slot::new(Stm32f4Syscfg)) },
    ..Kind::PLAIN
};

struct Stm32f4Syscfg;

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    registers: [u32; 6],
    cmpcr: u32,
}

impl Peripheral for Stm32f4Syscfg {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let value = match at.register() {
            CMPCR if s.cmpcr & CMP_PD != 0 => s.cmpcr | READY,
            CMPCR => s.cmpcr,
            offset => s.registers.get((offset / 4) as usize).copied().unwrap_or(0),
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, _cx: &mut Context<'_>) -> Result<(), BusFault> {
        let index = (at.register() / 4) as usize;
        if at.register() == CMPCR {
            s.cmpcr = at.merge(s.cmpcr, value) & CMP_PD;
        } else if let (Some(register), Some(stored)) = (s.registers.get_mut(index), STORED.get(index)) {
            *register = at.merge(*register, value) & stored;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::Testbed;

    #[test]
    fn the_compensation_cell_is_ready_when_on() {
        let mut syscfg = Testbed::new("stm32f4-syscfg");
        assert_eq!(syscfg.read(CMPCR), 0);
        syscfg.write(CMPCR, 1);
        assert_eq!(syscfg.read(CMPCR), 0x101);
        syscfg.write(0x0c, 0x1_2345);
        assert_eq!(syscfg.read(0x0c), 0x2345, "EXTICR2 has sixteen bits");
    }
}
