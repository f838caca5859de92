//! A bank of registers without behaviour: what is written can be read back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Peripheral, Slot,
    kinds::{Kind, Wiring},
};
use crate::words::BusFault;

pub(super) const KIND: Kind = Kind {
    name: "generic",
    about: "registers without behaviour; read-only ones keep the SVD's reset value",
    size: 0x400,
    irqs: &[],
    options: &[],
    transmits: None,
    build: |wiring: &Wiring| -> Box<dyn Device> {
        let words = wiring.registers.iter().map(|register| (register.offset & !3, register.reset_value));
        let fixed = wiring.registers.iter().filter(|register| !register.writable);
        Box::new(Slot::new(Generic {
            reset: words.collect(),
            fixed: fixed.map(|register| register.offset & !3).collect(),
        }))
    },
};

struct Generic {
    reset: BTreeMap<u32, u32>,
    fixed: Vec<u32>,
}

/// The words that were written.
#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State(BTreeMap<u32, u32>);

impl Generic {
    fn word(&self, s: &State, register: u32) -> u32 {
        s.0.get(&register).or_else(|| self.reset.get(&register)).copied().unwrap_or(0)
    }
}

impl Peripheral for Generic {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        Ok(at.take(self.word(s, at.register())))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, _cx: &mut Context<'_>) -> Result<(), BusFault> {
        let register = at.register();
        if !self.fixed.contains(&register) {
            let word = at.merge(self.word(s, register), value);
            s.0.insert(register, word);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::peripherals::kinds::ResetValue;

    #[test]
    fn read_only_registers_keep_their_reset_value() {
        let registers = vec![
            ResetValue { offset: 0, reset_value: 5, writable: false },
            ResetValue { offset: 4, reset_value: 6, writable: true },
        ];
        let mut bank = crate::peripherals::testbed::Testbed::with_registers("generic", registers);
        bank.write(0, 9);
        bank.write(4, 9);
        bank.write(8, 9);
        assert_eq!((bank.read(0), bank.read(4), bank.read(8), bank.read(12)), (5, 9, 9, 0));
    }
}
