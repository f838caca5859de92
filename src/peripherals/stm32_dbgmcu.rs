//! STM32 MCU debug component (RM0090, 38.16.3).

use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Peripheral, Slot,
    kinds::{Kind, KindOption, Wiring},
};
use crate::words::BusFault;

pub(super) const KIND: Kind = Kind {
    name: "stm32-dbgmcu",
    about: "STM32 device identifier and debug freeze bits (RM0090 38.16.3)",
    size: 0x400,
    options: &[KindOption { name: "idcode", about: "the value of IDCODE", default: 0x1007_6413 }],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        Box::new(Slot::new(Stm32Dbgmcu { idcode: wiring.option("idcode") }))
    },
    ..Kind::PLAIN
};

struct Stm32Dbgmcu {
    idcode: u32,
}

/// CR, APB1_FZ and APB2_FZ.
#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State([u32; 3]);

impl Peripheral for Stm32Dbgmcu {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let value = match at.register() / 4 {
            0 => self.idcode,
            index => s.0.get(index as usize - 1).copied().unwrap_or(0),
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, _cx: &mut Context<'_>) -> Result<(), BusFault> {
        let index = (at.register() / 4).checked_sub(1);
        if let Some(register) = index.and_then(|index| s.0.get_mut(index as usize)) {
            *register = at.merge(*register, value);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::peripherals::testbed::Testbed;

    #[test]
    fn the_identifier_is_read_only() {
        let mut dbgmcu = Testbed::with_options("stm32-dbgmcu", &[("idcode", 0x1007_6413)]);
        dbgmcu.write(0, 0);
        dbgmcu.write(4, 7);
        assert_eq!((dbgmcu.read(0), dbgmcu.read(4)), (0x1007_6413, 7));
    }
}
