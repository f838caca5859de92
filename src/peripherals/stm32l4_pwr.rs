//! STM32L4 power control (RM0351, 5.4). Regulators are ready at once; low-power modes change nothing.

use super::{
    Access, Context, Device, Peripheral, Slot,
    kinds::{Kind, Layout, Wiring},
    registers::{Registers, Values},
};
use crate::words::BusFault;

const CR1: u32 = 0x00;
const CR2: u32 = 0x04;
const CR3: u32 = 0x08;
const SR1: u32 = 0x10;
const SR2: u32 = 0x14;
const SCR: u32 = 0x18;

const LPR: u32 = 1 << 14;
const REGLPS: u32 = 1 << 8;
const REGLPF: u32 = 1 << 9;

pub(super) const KIND: Kind = Kind {
    name: "stm32l4-pwr",
    about: "STM32L4 power control (RM0351 5.4)",
    layouts: &[Layout::of(&[
        ("CR1", CR1),
        ("CR2", CR2),
        ("CR3", CR3),
        ("CR4", 0x0c),
        ("SR1", SR1),
        ("SR2", SR2),
        ("SCR", SCR),
    ])],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        let known = [(CR1, 0x200), (CR3, 0x8000), (SR1, 0), (SR2, 0), (SCR, 0)];
        Box::new(Slot::new(Stm32l4Pwr(Registers::new(wiring, &known))))
    },
    ..Kind::PLAIN
};

struct Stm32l4Pwr(Registers);

impl Peripheral for Stm32l4Pwr {
    type State = Values;

    fn read(&self, s: &mut Values, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let value = match at.register() {
            // The voltage is what VOS says already: VOSF is clear.
            SR2 if self.0.get(s, CR1) & LPR != 0 => REGLPS | REGLPF,
            SR2 => REGLPS,
            offset => self.0.get(s, offset),
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut Values, at: Access, value: u32, _cx: &mut Context<'_>) -> Result<(), BusFault> {
        // Nothing sets the flags that SCR clears.
        if !matches!(at.register(), SR1 | SR2 | SCR) {
            self.0.write(s, at, value);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::Testbed;

    #[test]
    fn the_flag_of_the_low_power_regulator_follows_lpr() {
        let mut pwr = Testbed::new("stm32l4-pwr");
        assert_eq!((pwr.read(CR1), pwr.read(SR2)), (0x200, REGLPS));
        pwr.write(CR1, 0x200 | LPR);
        assert_eq!(pwr.read(SR2), REGLPS | REGLPF);
        pwr.write(SCR, 0x1f);
        assert_eq!((pwr.read(SCR), pwr.read(SR1)), (0, 0));
    }
}
