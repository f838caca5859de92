//! STM32F405/407 external interrupt controller (RM0090, 12.3): 23 lines.
//!
//! From the host, two bytes set the level of one line: its number and the level. (Pins of a GPIO port are not connected
//! to it yet; a button is an input to both.)

use serde::{Deserialize, Serialize};

use super::{Access, Context, Device, Peripheral, Slot, kinds::Kind, pin_levels};
use crate::words::BusFault;

const IMR: u32 = 0x00;
const EMR: u32 = 0x04;
const RTSR: u32 = 0x08;
const FTSR: u32 = 0x0c;
const SWIER: u32 = 0x10;
const PR: u32 = 0x14;

const LINES: u32 = 0x007f_ffff;

/// The EXTI lines behind each interrupt, in the order of [`KIND`]'s interrupts.
const GROUPS: [u32; 14] = [
    1 << 0,
    1 << 1,
    1 << 2,
    1 << 3,
    1 << 4,
    0x0000_03e0,
    0x0000_fc00,
    1 << 16,
    1 << 17,
    1 << 18,
    1 << 19,
    1 << 20,
    1 << 21,
    1 << 22,
];

pub(super) const KIND: Kind = Kind {
    name: "stm32f4-exti",
    about: "STM32F405/407 external interrupts (RM0090 12.3)",
    size: 0x400,
    irqs: &[
        "exti0",
        "exti1",
        "exti2",
        "exti3",
        "exti4",
        "exti9-5",
        "exti15-10",
        "pvd",
        "rtc-alarm",
        "otg-fs-wkup",
        "eth-wkup",
        "otg-hs-wkup",
        "tamp-stamp",
        "rtc-wkup",
    ],
    build: |_| -> Box<dyn Device> { Box::new(Slot::new(Stm32f4Exti)) },
    ..Kind::PLAIN
};

struct Stm32f4Exti;

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    imr: u32,
    emr: u32,
    rtsr: u32,
    ftsr: u32,
    swier: u32,
    pr: u32,
    levels: u32,
}

impl Peripheral for Stm32f4Exti {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let value = match at.register() {
            IMR => s.imr,
            EMR => s.emr,
            RTSR => s.rtsr,
            FTSR => s.ftsr,
            SWIER => s.swier,
            PR => s.pr,
            _ => 0,
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, _cx: &mut Context<'_>) -> Result<(), BusFault> {
        match at.register() {
            IMR => s.imr = at.merge(s.imr, value) & LINES,
            EMR => s.emr = at.merge(s.emr, value) & LINES,
            RTSR => s.rtsr = at.merge(s.rtsr, value) & LINES,
            FTSR => s.ftsr = at.merge(s.ftsr, value) & LINES,
            SWIER => {
                // A bit that goes from 0 to 1 while its line is enabled sets the pending bit (RM0090 12.3.5).
                let written = at.merge(s.swier, value) & LINES;
                s.pr |= written & !s.swier & s.imr;
                s.swier = written;
            }
            PR => {
                let clear = at.place(value) & LINES;
                s.pr &= !clear;
                s.swier &= !clear;
            }
            _ => {}
        }
        Ok(())
    }

    fn input(&self, s: &mut State, bytes: &[u8], _cx: &mut Context<'_>) {
        for (line, level) in pin_levels(bytes, 23) {
            let bit = 1 << line;
            let was = s.levels & bit != 0;
            s.levels = (s.levels & !bit) | u32::from(level) << line;
            let edges = if level { s.rtsr } else { s.ftsr };
            if was != level {
                s.pr |= bit & edges;
            }
        }
    }

    fn irq_lines(&self, s: &State) -> u32 {
        let pending = s.pr & s.imr;
        GROUPS.iter().enumerate().fold(0, |lines, (i, group)| lines | u32::from(pending & group != 0) << i)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::Testbed;

    #[test]
    fn a_software_interrupt_pends_until_written_with_one() {
        let mut exti = Testbed::new("stm32f4-exti");
        exti.write(IMR, 1 << 7);
        exti.write(SWIER, 1 << 7 | 1 << 8);
        assert_eq!(exti.read(PR), 1 << 7, "line 8 is masked");
        assert_eq!(exti.irq_lines(), 1 << 5, "EXTI9_5");
        exti.write(PR, 1 << 7);
        assert_eq!((exti.read(PR), exti.read(SWIER), exti.irq_lines()), (0, 1 << 8, 0));
    }

    #[test]
    fn only_selected_edges_pend() {
        let mut exti = Testbed::new("stm32f4-exti");
        exti.write(IMR, 1);
        exti.write(FTSR, 1);
        exti.input(&[0, 1]);
        assert_eq!(exti.irq_lines(), 0);
        exti.input(&[0, 0]);
        assert_eq!(exti.irq_lines(), 1);
    }
}
