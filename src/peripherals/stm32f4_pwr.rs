//! STM32F405/407 power control (RM0090, 5.4). The regulator is always ready; low-power modes change nothing.

use serde::{Deserialize, Serialize};

use super::{Access, Context, Device, Peripheral, Slot, kinds::Kind};
use crate::words::BusFault;

const CR: u32 = 0x00;
const CSR: u32 = 0x04;

/// LPDS, PDDS, PVDE, PLS, DBP, FPDS, VOS. (CWUF and CSBF read as zero.)
const CR_STORED: u32 = 0x43f3;
/// EWUP and BRE.
const CSR_STORED: u32 = 0x0300;
const BRE: u32 = 1 << 9;
const BRR: u32 = 1 << 3;
const VOSRDY: u32 = 1 << 14;

pub(super) const KIND: Kind = Kind {
    name: "stm32f4-pwr",
    about: "STM32F405/407 power control (RM0090 5.4)",
    size: 0x400,
    build: |_| -> Box<dyn Device> { Box::new(Slot::new(Stm32f4Pwr)) },
    ..Kind::PLAIN
};

struct Stm32f4Pwr;

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    cr: u32,
    csr: u32,
}

impl Default for State {
    fn default() -> Self {
        State { cr: 0x4000, csr: 0 }
    }
}

impl Peripheral for Stm32f4Pwr {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let value = match at.register() {
            CR => s.cr,
            CSR => s.csr | VOSRDY | if s.csr & BRE != 0 { BRR } else { 0 },
            _ => 0,
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, _cx: &mut Context<'_>) -> Result<(), BusFault> {
        match at.register() {
            CR => s.cr = at.merge(s.cr, value) & CR_STORED,
            CSR => s.csr = at.merge(s.csr, value) & CSR_STORED,
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::Testbed;

    #[test]
    fn the_regulators_are_ready_when_asked_for() {
        let mut pwr = Testbed::new("stm32f4-pwr");
        assert_eq!((pwr.read(CR), pwr.read(CSR) & BRR), (0x4000, 0));
        pwr.write(CSR, BRE);
        assert_eq!(pwr.read(CSR), BRE | BRR | VOSRDY);
        pwr.write(CR, 0x4000 | 1 << 8 | 1 << 2);
        assert_eq!(pwr.read(CR), 0x4100, "CWUF reads as zero");
    }
}
