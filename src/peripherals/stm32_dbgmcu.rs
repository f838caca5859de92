//! STM32 MCU debug component (RM0008 31.16.3, RM0090 38.16.3): who the chip is. Freeze bits store: nothing halts the core.

use super::{
    Access, Context, Device, Peripheral, Slot,
    kinds::{Kind, KindOption, Layout, Wiring},
    registers::{Registers, Values},
};
use crate::words::BusFault;

const IDCODE: u32 = 0;

pub(super) const KIND: Kind = Kind {
    name: "stm32-dbgmcu",
    about: "STM32 device identifier and debug freeze bits (RM0090 38.16.3)",
    layouts: &[
        Layout::of(&[("IDCODE", IDCODE), ("CR", 0x04)]),
        Layout::of(&[("DBGMCU_IDCODE", IDCODE), ("DBGMCU_CR", 0x04)]),
    ],
    options: &[KindOption {
        name: "idcode",
        about: "the value of IDCODE; 0: what the SVD file says",
        default: 0,
    }],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        let idcode = match wiring.option("idcode") {
            0 => wiring.reset_value(IDCODE).unwrap_or(0),
            idcode => idcode,
        };
        Box::new(Slot::new(Stm32Dbgmcu { registers: Registers::new(wiring, &[]), idcode }))
    },
    ..Kind::PLAIN
};

struct Stm32Dbgmcu {
    registers: Registers,
    idcode: u32,
}

impl Peripheral for Stm32Dbgmcu {
    type State = Values;

    fn read(&self, s: &mut Values, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let value = match at.register() {
            IDCODE => self.idcode,
            offset => self.registers.get(s, offset),
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut Values, at: Access, value: u32, _cx: &mut Context<'_>) -> Result<(), BusFault> {
        self.registers.write(s, at, value);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::peripherals::testbed::Testbed;

    #[test]
    fn the_identifier_is_read_only() {
        let mut dbgmcu = Testbed::with_options("stm32-dbgmcu", &[("idcode", 0x2003_6410)]);
        dbgmcu.write(0, 0);
        dbgmcu.write(4, 7);
        assert_eq!((dbgmcu.read(0), dbgmcu.read(4)), (0x2003_6410, 7));
    }
}
