//! STM32 power control of all families but the L4 (RM0008 5.4, RM0090 5.4, RM0038 5.4). Regulators are ready at once;
//! low-power modes change nothing.

use super::{
    Access, Context, Device, Peripheral, Slot,
    kinds::{Described, Kind, KindOption, Layout, Wiring},
    registers::{Registers, Values},
};
use crate::words::BusFault;

const CR: u32 = 0x00;
const CSR: u32 = 0x04;

/// CWUF and CSBF, which read as zero.
const CLEARS: u32 = 0b1100;
/// WUF, SBF, PVDO, and what is ready, of all families.
const STATUS: u32 = 0b11_1111;

/// Of a status bit in CSR: the bit of CR or CSR that it follows.
type Follows = (u32, u32, u32);

/// BRR, ODRDY and ODSWRDY (RM0090 5.5.2).
const F4: &[Follows] = &[(1 << 3, CSR, 1 << 9), (1 << 16, CR, 1 << 16), (1 << 17, CR, 1 << 17)];
/// REGLPF (RM0038 5.4.2).
const L1: &[Follows] = &[(1 << 5, CR, 1 << 14)];
/// VOSRDY.
const F4_READY: u32 = 1 << 14;
/// VREFINTRDYF.
const REFERENCE_READY: u32 = 1 << 3;

pub(super) const KIND: Kind = Kind {
    name: "stm32-pwr",
    about: "STM32 power control, but for the L4 (RM0008 5.4, RM0090 5.4, RM0038 5.4)",
    layouts: &[Layout { registers: &[("CR", CR), ("CSR", CSR)], without: &["SR", "DR"], options: &[] }],
    describe: |pwr| vec![("family", family(pwr))],
    options: &[KindOption {
        name: "family",
        about: "whose status bits it has: 0: F1, 1: F2 and F4, 2: F0 and F3, 3: L1",
        default: 0,
    }],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        let (reset, follows, ready): (_, &[Follows], _) = match wiring.option("family") {
            0 => (0, &[], 0),
            1 => (0x4000, F4, F4_READY),
            2 => (0, &[], REFERENCE_READY),
            _ => (0x1000, L1, REFERENCE_READY),
        };
        let registers = Registers::new(wiring, &[(CR, reset), (CSR, 0)]);
        Box::new(Slot::new(Stm32Pwr { registers, follows, ready: ready & fields(wiring) }))
    },
    ..Kind::PLAIN
};

fn family(pwr: &Described<'_>) -> u32 {
    match (pwr.has_field(CSR, "BRR"), pwr.has_field(CR, "ULP"), pwr.has_field(CSR, "VREFINTRDYF")) {
        (true, ..) => 1,
        (_, true, _) => 3,
        (_, _, true) => 2,
        _ => 0,
    }
}

/// The bits that CSR has: not every F2 and F4 has all of them.
fn fields(wiring: &Wiring) -> u32 {
    let csr = wiring.registers.iter().find(|register| register.address == CSR);
    let fields = csr.map_or(&[][..], |csr| &csr.fields);
    if fields.is_empty() { u32::MAX } else { fields.iter().fold(0, |bits, field| bits | field.mask()) }
}

struct Stm32Pwr {
    registers: Registers,
    follows: &'static [Follows],
    /// What is ready always.
    ready: u32,
}

impl Peripheral for Stm32Pwr {
    type State = Values;

    fn read(&self, s: &mut Values, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let value = self.registers.get(s, at.register());
        let status = || {
            let on = self.follows.iter().filter(|(_, from, bit)| self.registers.get(s, *from) & bit != 0);
            let all = self.follows.iter().fold(STATUS, |bits, (status, ..)| bits | status);
            value & !all | self.ready | on.fold(0, |bits, (status, ..)| bits | status)
        };
        Ok(at.take(if at.register() == CSR { status() } else { value }))
    }

    fn write(&self, s: &mut Values, at: Access, value: u32, _cx: &mut Context<'_>) -> Result<(), BusFault> {
        self.registers.write(s, at, value);
        if at.register() == CR {
            self.registers.put(s, CR, CLEARS, 0);
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
        let mut pwr = Testbed::with_options("stm32-pwr", &[("family", 1)]);
        assert_eq!((pwr.read(CR), pwr.read(CSR)), (0x4000, F4_READY));
        pwr.write(CSR, 1 << 9);
        assert_eq!(pwr.read(CSR), 1 << 9 | 1 << 3 | F4_READY, "BRR follows BRE");
        pwr.write(CR, 0x4000 | 1 << 16 | 1 << 8 | 1 << 2);
        assert_eq!(pwr.read(CR), 0x1_4100, "CWUF reads as zero");
        assert_eq!(pwr.read(CSR) >> 16, 1, "ODRDY follows ODEN");
    }

    #[test]
    fn an_l1_says_when_its_regulator_saves_power() {
        let mut pwr = Testbed::with_options("stm32-pwr", &[("family", 3)]);
        assert_eq!((pwr.read(CR), pwr.read(CSR)), (0x1000, 8));
        pwr.write(CR, 0x1000 | 1 << 14);
        assert_eq!(pwr.read(CSR), 8 | 1 << 5, "REGLPF follows LPRUN");
    }
}
