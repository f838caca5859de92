//! STM32 external interrupt and event controller (RM0008 10, RM0090 12, RM0091 11, RM0316 14, RM0038 10, RM0351 14): edges
//! of pins and of other peripherals' lines become interrupts and events.
//!
//! From the host, two bytes set the level of one line: its number and the level.

mod families;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use self::families::{FAMILIES, IRQS};
use super::{
    Access, Context, Device, Level, Peripheral, Slot,
    kinds::{Kind, KindOption, Layout, Port, Wiring},
    pin_levels,
    registers::Registers,
};
use crate::words::BusFault;

const IMR: u32 = 0x00;
const EMR: u32 = 0x04;
const RTSR: u32 = 0x08;
const FTSR: u32 = 0x0c;
const SWIER: u32 = 0x10;
const PR: u32 = 0x14;
/// The registers of lines from 32 on are this much higher.
const SECOND: u32 = 0x20;

/// Ports of sixteen pins.
const PORTS: u32 = 12;
const LINES: u32 = 64;
/// The first input that is a line, and the first that selects a port.
const LINE: u32 = PORTS * 16;
const SELECT: u32 = LINE + LINES;
/// The output that tells of events.
const EVENT: u32 = 16;

pub(super) const KIND: Kind = Kind {
    name: "stm32-exti",
    about: "STM32 external interrupts and events (RM0008 10, RM0090 12, RM0351 14)",
    layouts: &[
        Layout::of(&[
            ("IMR", IMR),
            ("EMR", EMR),
            ("RTSR", RTSR),
            ("FTSR", FTSR),
            ("SWIER", SWIER),
            ("PR", PR),
        ]),
        Layout::of(&[
            ("IMR1", IMR),
            ("EMR1", EMR),
            ("RTSR1", RTSR),
            ("FTSR1", FTSR),
            ("SWIER1", SWIER),
            ("PR1", PR),
        ]),
    ],
    describe: |exti| vec![("family", families::family(exti))],
    irqs: IRQS,
    outputs: &[Port { name: "line", count: 16 }, Port::one("event")],
    inputs: &[
        Port { name: "pin", count: PORTS * 16 },
        Port { name: "line", count: LINES },
        Port { name: "select", count: 64 },
    ],
    options: &[KindOption {
        name: "family",
        about: "whose lines are behind the interrupts: 0: F1, 1: F2 and F4, 2: F0, 3: F3, 4: L1, 5: L4",
        default: 0,
    }],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        let registers = Registers::new(wiring, &[]);
        let pair =
            |of: &dyn Fn(u32) -> u32, offset| u64::from(of(offset)) | u64::from(of(offset + SECOND)) << 32;
        let writable = |offset| pair(&|offset| registers.writable(offset), offset);
        let family = wiring.option("family") as usize;
        Box::new(Slot::new(Stm32Exti {
            masks: [IMR, EMR, RTSR, FTSR, SWIER, PR].map(writable),
            imr: pair(&|offset| wiring.reset_value(offset).unwrap_or(0), IMR),
            lines: FAMILIES.get(family).copied().unwrap_or(FAMILIES[0]),
        }))
    },
    ..Kind::PLAIN
};

struct Stm32Exti {
    /// The bits of IMR, EMR, RTSR, FTSR, SWIER and PR that exist.
    masks: [u64; 6],
    /// The reset value of IMR.
    imr: u64,
    lines: &'static [u64],
}

/// The registers, with those of lines from 32 on in their upper halves.
#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    /// The bits of IMR that differ from the reset value.
    imr_changed: u64,
    emr: u64,
    rtsr: u64,
    ftsr: u64,
    swier: u64,
    pr: u64,
    /// The level of every line.
    levels: u64,
    /// The levels of all pins, a port each.
    pins: [u16; PORTS as usize],
    /// The port of each of the first sixteen lines, four bits each.
    select: u64,
}

/// The register that an access falls into, and how far its lines are from bit 0.
fn place(at: Access) -> (u32, u32) {
    let offset = at.register();
    if (SECOND..2 * SECOND).contains(&offset) { (offset - SECOND, 32) } else { (offset, 0) }
}

impl State {
    /// The level that a line has by its pin.
    fn pin_of(&self, line: u32) -> bool {
        let port = self.select >> (4 * line) & 0xf;
        self.pins.get(port as usize).is_some_and(|pins| pins >> line & 1 != 0)
    }

    fn put(&mut self, line: u32, level: bool) {
        self.levels = self.levels & !(1 << line) | u64::from(level) << line;
    }
}

impl Stm32Exti {
    /// An edge or a software interrupt of some lines.
    fn trigger(&self, s: &mut State, lines: u64, cx: &mut Context<'_>) {
        s.pr |= lines & self.masks[5];
        let open = (s.imr_changed ^ self.imr) | s.emr;
        for line in (0..EVENT).filter(|line| lines & open & 1 << line != 0) {
            cx.pulse(line);
        }
        if lines & s.emr != 0 {
            cx.pulse(EVENT);
        }
    }

    /// A line gets a level.
    fn level(&self, s: &mut State, line: u32, level: bool, cx: &mut Context<'_>) {
        let edges = if level { s.rtsr } else { s.ftsr };
        let changed = (s.levels >> line & 1 != 0) != level;
        s.put(line, level);
        if changed && edges >> line & 1 != 0 {
            self.trigger(s, 1 << line, cx);
        }
    }

    fn signal(&self, s: &mut State, line: u32, level: Level, cx: &mut Context<'_>) {
        self.level(s, line, level.is_high(), cx);
        if level == Level::Pulse {
            self.level(s, line, false, cx);
        }
    }
}

impl Peripheral for Stm32Exti {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let (register, shift) = place(at);
        let lines = match register {
            IMR => s.imr_changed ^ self.imr,
            EMR => s.emr,
            RTSR => s.rtsr,
            FTSR => s.ftsr,
            SWIER => s.swier,
            PR => s.pr,
            _ => 0,
        };
        Ok(at.take((lines >> shift) as u32))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        let (register, shift) = place(at);
        let Some(mask) = self.masks.get(register as usize / 4) else { return Ok(()) };
        let lanes = u64::from(at.lanes()) << shift & mask;
        let written = u64::from(at.place(value)) << shift & mask;
        let merge = |old: u64| old & !lanes | written;
        match register {
            IMR => s.imr_changed = merge(s.imr_changed ^ self.imr) ^ self.imr,
            EMR => s.emr = merge(s.emr),
            RTSR => s.rtsr = merge(s.rtsr),
            FTSR => s.ftsr = merge(s.ftsr),
            SWIER => {
                // A bit that goes from 0 to 1 while its line is enabled sets the pending bit (RM0090 12.3.5).
                let written = merge(s.swier);
                let started = written & !s.swier;
                s.swier = written;
                self.trigger(s, started & ((s.imr_changed ^ self.imr) | s.emr), cx);
            }
            PR => {
                s.pr &= !written;
                s.swier &= !written;
            }
            _ => {}
        }
        Ok(())
    }

    fn input(&self, s: &mut State, bytes: &[u8], cx: &mut Context<'_>) {
        for (line, level) in pin_levels(bytes, LINES as u8) {
            self.level(s, line.into(), level, cx);
        }
    }

    fn wire(&self, s: &mut State, input: u32, level: Level, cx: &mut Context<'_>) {
        match input {
            0..LINE => {
                let (port, line) = (input / 16, input % 16);
                let Some(pins) = s.pins.get_mut(port as usize) else { return };
                *pins = *pins & !(1 << line) | u16::from(level == Level::High) << line;
                if s.select >> (4 * line) & 0xf == u64::from(port) {
                    self.signal(s, line, level, cx);
                }
            }
            LINE..SELECT => self.signal(s, input - LINE, level, cx),
            _ if input - SELECT < 64 => {
                let bit = input - SELECT;
                s.select = s.select & !(1 << bit) | u64::from(level.is_high()) << bit;
                // The four wires of a line come one after the other: what is selected meanwhile makes no edge.
                s.put(bit / 4, s.pin_of(bit / 4));
            }
            _ => {}
        }
    }

    fn irq_lines(&self, s: &State) -> u32 {
        let pending = s.pr & (s.imr_changed ^ self.imr);
        let special = self.lines.iter().enumerate();
        let special = special.fold(0, |irqs, (i, lines)| irqs | u32::from(pending & lines != 0) << (16 + i));
        special | pending as u32 & 0xffff
    }
}
