//! STM32 registers that several analog-to-digital converters have in common: of the F2 and F4 (RM0090, 13.13.15), F3 (RM0316,
//! 15.6) and L4 (RM0351, 18.7). Every converter listens to CCR and tells its flags. There are no data of pairs in CDR, as the
//! converters do not work together.

use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Level, Peripheral, Port, Slot,
    kinds::{Kind, KindOption, Layout, Wiring},
};
use crate::words::BusFault;

const CSR: u32 = 0x00;

pub(super) const KIND: Kind = Kind {
    name: "stm32-adc-common",
    about: "STM32 common registers of analog-to-digital converters (RM0090 13.13.15, RM0316 15.6)",
    size: 0x100,
    layouts: &[
        Layout { registers: &[("CSR", CSR), ("CCR", 4), ("CDR", 8)], without: &[], options: &[("ccr", 4)] },
        Layout { registers: &[("CSR", CSR), ("CCR", 8), ("CDR", 12)], without: &[], options: &[("ccr", 8)] },
    ],
    outputs: &[Port { name: "ccr", count: 32 }],
    inputs: &[Port { name: "status", count: 32 }],
    options: &[KindOption {
        name: "ccr",
        about: "offset of CCR: 4 on the F2 and F4, 8 on others",
        default: 4,
    }],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        let ccr = wiring.option("ccr");
        // MULTI, DELAY, DDS, DMA, ADCPRE, VBATE and TSVREFE; the others have CKMODE and more.
        let writable = if ccr == 4 { 0x00c3_ef1f } else { 0x01ff_ef1f };
        Box::new(Slot::new(Stm32AdcCommon { ccr, writable }))
    },
    ..Kind::PLAIN
};

struct Stm32AdcCommon {
    ccr: u32,
    /// Bits of CCR that exist.
    writable: u32,
}

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    csr: u32,
    ccr: u32,
}

impl Peripheral for Stm32AdcCommon {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let value = match at.register() {
            CSR => s.csr,
            register if register == self.ccr => s.ccr,
            _ => 0,
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, _cx: &mut Context<'_>) -> Result<(), BusFault> {
        if at.register() == self.ccr {
            s.ccr = at.merge(s.ccr, value) & self.writable;
        }
        Ok(())
    }

    fn wire(&self, s: &mut State, input: u32, level: Level, _cx: &mut Context<'_>) {
        s.csr = s.csr & !(1 << input) | if level == Level::High { 1 << input } else { 0 };
    }

    fn outputs(&self, s: &State) -> u64 {
        u64::from(s.ccr)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::Testbed;

    #[test]
    fn settings_go_out_and_flags_come_in() {
        let mut common = Testbed::with_options("stm32-adc-common", &[("ccr", 8)]);
        common.write(8, 0xffff_ffff);
        assert_eq!((common.read(8), common.outputs()), (0x01ff_ef1f, 0x01ff_ef1f));
        common.wire(18, Level::High);
        assert_eq!(common.read(CSR), 1 << 18);
        common.wire(18, Level::Low);
        assert_eq!(common.read(CSR), 0);
    }
}
