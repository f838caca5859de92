//! STM32 analog-to-digital converter of the F1 (RM0008, 11), F2 and F4 (RM0033, 10; RM0090, 13) and L1 (RM0038, 12).
//!
//! From the host, three bytes are the sample of a channel from now on: its number, and its twelve bits, low byte first. Without
//! them, the inside channels have what a part at room temperature and 3.3 V has, and all pins are at ground. Several
//! converters do not work together.

mod conversions;
mod registers;

use serde::{Deserialize, Serialize};

use self::{conversions::Conversions, registers::*};
use super::{
    Access, Clock, Clocking, Context, Device, Frequency, Level, Peripheral, Port, Slot,
    kinds::{Described, Kind, KindOption, Layout, Wiring},
    samples::Samples,
};
use crate::words::{BusFault, Cycle};

/// Clocks that a calibration takes (RM0008 11.4: 5.9 us at 14 MHz).
const CALIBRATION: u64 = 83;
/// Clocks until the one of the L1 is on (its data sheet: 3.5 us at 16 MHz).
const POWER_UP: u64 = 56;

const REGULAR: u32 = 0;
const INJECTED: u32 = 32;
const CCR: u32 = 64;

/// Registers that tell the F1, the F2 and the F4 from others.
const COMMON: &[(&str, u32)] = &[
    ("SR", SR),
    ("CR1", CR1),
    ("CR2", CR2),
    ("SMPR1", 0x0c),
    ("SMPR2", 0x10),
    ("JOFR1", 0x14),
    ("HTR", 0x24),
    ("LTR", 0x28),
    ("SQR1", 0x2c),
    ("SQR2", 0x30),
    ("SQR3", 0x34),
    ("JSQR", 0x38),
    ("JDR1", 0x3c),
    ("DR", DR),
];

pub(super) const KIND: Kind = Kind {
    name: "stm32-adc-v1",
    about: "STM32F1, F2, F4 and L1 analog-to-digital converter (RM0008 11, RM0090 13, RM0038 12)",
    size: 0x100,
    layouts: &[
        Layout::of(COMMON),
        Layout {
            registers: &[
                ("SR", SR),
                ("CR1", CR1),
                ("CR2", CR2),
                ("SMPR1", 0x0c),
                ("SMPR2", 0x10),
                ("SMPR3", 0x14),
                ("JOFR1", 0x18),
                ("HTR", 0x28),
                ("LTR", 0x2c),
                ("SQR1", 0x30),
                ("SQR5", 0x40),
                ("JSQR", 0x44),
                ("JDR1", 0x48),
                ("DR", L1_DR),
            ],
            without: &[],
            options: &[("family", Family::L1 as u32)],
        },
    ],
    describe,
    irqs: &["adc"],
    outputs: &[Port::one("request"), Port { name: "status", count: 7 }],
    inputs: &[
        Port { name: "trigger", count: 32 },
        Port { name: "injected", count: 32 },
        Port { name: "ccr", count: 32 },
    ],
    clock: Clocking::Named("adc"),
    options: &[KindOption { name: "family", about: "0: F2 and F4, 1: F1, 2: L1", default: 0 }],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        let family = match wiring.option("family") {
            1 => Family::F1,
            2 => Family::L1,
            _ => Family::F4,
        };
        Box::new(Slot::new(Stm32AdcV1 { family }))
    },
    ..Kind::PLAIN
};

fn describe(peripheral: &Described<'_>) -> Vec<(&'static str, u32)> {
    let first = peripheral.has_field(CR2, "EXTTRIG");
    if first { vec![("family", Family::F1 as u32)] } else { Vec::new() }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Family {
    F4 = 0,
    F1 = 1,
    L1 = 2,
}

struct Stm32AdcV1 {
    family: Family,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    sr: u32,
    cr1: Cr1,
    cr2: Cr2,
    /// TSVREFE of the F1.
    tsvrefe: bool,
    smpr: [u32; 4],
    jofr: [u32; 4],
    htr: u32,
    ltr: u32,
    sqr: [u32; 5],
    jsqr: u32,
    jdr: [u16; 4],
    dr: u16,
    /// A DMA request.
    request: bool,
    /// When a calibration of the F1, or the L1's way up, is over.
    ready: Option<Cycle>,
    conversions: Conversions,
    /// What the common registers say.
    ccr: u32,
    /// Levels of the triggers, regular and injected.
    triggers: u64,
    samples: Samples,
    clock: Clock,
}

impl Default for State {
    fn default() -> Self {
        State {
            sr: 0,
            cr1: Cr1::new(),
            cr2: Cr2::new(),
            tsvrefe: false,
            smpr: [0; 4],
            jofr: [0; 4],
            htr: 0xfff,
            ltr: 0,
            sqr: [0; 5],
            jsqr: 0,
            jdr: [0; 4],
            dr: 0,
            request: false,
            ready: None,
            conversions: Conversions::default(),
            ccr: 0,
            triggers: 0,
            samples: Samples::default(),
            clock: Clock::default(),
        }
    }
}

impl Stm32AdcV1 {
    fn cr2(&self, s: &State) -> u32 {
        match self.family {
            Family::F1 => s.cr2.to_f1().with_cal(s.ready.is_some()).with_tsvrefe(s.tsvrefe).into(),
            _ => s.cr2.into(),
        }
    }

    fn write_cr2(&self, s: &mut State, written: u32, now: Cycle) {
        let old = s.cr2;
        let again = written == self.cr2(s);
        let new = match self.family {
            Family::F1 => Cr2::of_f1(F1Cr2::from(written)),
            _ => Cr2::from(written),
        };
        s.cr2 = Cr2::from(u32::from(new) & self.family.cr2()).with_swstart(false).with_jswstart(false);
        if self.family == Family::F1 {
            let written = F1Cr2::from(written);
            s.tsvrefe = written.tsvrefe();
            if written.cal() && s.ready.is_none() && new.adon() {
                s.ready = Some(now.saturating_add(s.clock.cycles(CALIBRATION)));
            }
        }
        match (old.adon(), new.adon()) {
            (_, false) => {
                s.ready = None;
                s.conversions = Conversions::default();
                s.sr &= !ADONS;
            }
            (false, true) if self.family == Family::L1 => {
                s.ready = Some(now.saturating_add(s.clock.cycles(POWER_UP)));
            }
            (false, true) => {}
            (true, true) => self.start_by_software(s, again, new, now),
        }
    }

    fn start_by_software(&self, s: &mut State, again: bool, new: Cr2, now: Cycle) {
        let (regular, injected) = match self.family {
            // ADON written once more, and nothing else (no calibration either), starts too (RM0008 11.3.1).
            Family::F1 => (
                new.swstart() && new.exten() != 0 && new.extsel() == SOFTWARE || again,
                new.jswstart() && new.jexten() != 0 && new.jextsel() == SOFTWARE,
            ),
            Family::F4 => (new.swstart(), new.jswstart()),
            Family::L1 => (new.swstart() && s.sr & ADONS != 0, new.jswstart() && s.sr & ADONS != 0),
        };
        if injected {
            self.start_injected(s, now);
        }
        if regular {
            self.start_regular(s, now);
        }
    }

    fn settle(&self, s: &mut State, now: Cycle) {
        if s.ready.is_some_and(|at| at <= now) {
            s.ready = None;
            if self.family == Family::L1 {
                s.sr |= ADONS;
            }
        }
        self.convert(s, now);
    }

    fn read_data(&self, s: &mut State, now: Cycle) -> u32 {
        s.sr &= !EOC;
        s.request = false;
        self.go_on(s, now);
        u32::from(s.dr)
    }

    /// Interrupts that are enabled, in the places of their flags.
    fn enabled(&self, s: &State) -> u32 {
        let bit = |on: bool, flag: u32| if on { flag } else { 0 };
        bit(s.cr1.eocie(), EOC)
            | bit(s.cr1.awdie(), AWD)
            | bit(s.cr1.jeocie(), JEOC)
            | bit(s.cr1.ovrie() && self.family != Family::F1, OVR)
    }
}

impl Peripheral for Stm32AdcV1 {
    type State = State;

    fn read(&self, s: &mut State, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        self.settle(s, cx.now);
        let value = match self.family.register(at.register()) {
            Some(Register::Sr) => s.sr,
            Some(Register::Cr1) => s.cr1.into(),
            Some(Register::Cr2) => self.cr2(s),
            Some(Register::Smpr(index)) => s.smpr[index],
            Some(Register::Jofr(index)) => s.jofr[index],
            Some(Register::Htr) => s.htr,
            Some(Register::Ltr) => s.ltr,
            Some(Register::Sqr(index)) => s.sqr[index],
            Some(Register::Jsqr) => s.jsqr,
            Some(Register::Jdr(index)) => u32::from(s.jdr[index]),
            Some(Register::Dr) => self.read_data(s, cx.now),
            None => 0,
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        self.settle(s, cx.now);
        let merge = |old: u32, mask: u32| at.merge(old, value) & mask;
        match self.family.register(at.register()) {
            Some(Register::Sr) => {
                s.sr &= at.place(value) | !at.lanes() | ADONS;
                self.go_on(s, cx.now);
            }
            Some(Register::Cr1) => s.cr1 = Cr1::from(merge(s.cr1.into(), self.family.cr1())),
            Some(Register::Cr2) => {
                let written = at.merge(self.cr2(s), value);
                self.write_cr2(s, written, cx.now);
            }
            Some(Register::Smpr(index)) => {
                let mask = match (self.family, index) {
                    (Family::L1, 3) => 0x3f,
                    (Family::L1, _) | (_, 0) => 0x3fff_ffff,
                    _ => 0x07ff_ffff,
                };
                s.smpr[index] = merge(s.smpr[index], mask);
            }
            Some(Register::Jofr(index)) => s.jofr[index] = merge(s.jofr[index], 0xfff),
            Some(Register::Htr) => s.htr = merge(s.htr, 0xfff),
            Some(Register::Ltr) => s.ltr = merge(s.ltr, 0xfff),
            Some(Register::Sqr(index)) => {
                let mask = match self.family {
                    Family::L1 if index == 4 => 0x01ff_ffff,
                    Family::F1 | Family::F4 if index == 2 => 0x00ff_ffff,
                    _ => 0x3fff_ffff,
                };
                s.sqr[index] = merge(s.sqr[index], mask);
            }
            Some(Register::Jsqr) => s.jsqr = merge(s.jsqr, 0x003f_ffff),
            Some(Register::Jdr(_) | Register::Dr) | None => {}
        }
        Ok(())
    }

    fn input(&self, s: &mut State, bytes: &[u8], cx: &mut Context<'_>) {
        self.settle(s, cx.now);
        s.samples.input(bytes, 0xfff);
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        self.settle(s, cx.now);
    }

    fn wire(&self, s: &mut State, input: u32, level: Level, cx: &mut Context<'_>) {
        self.settle(s, cx.now);
        if input >= CCR {
            let bit = 1 << (input - CCR);
            s.ccr = s.ccr & !bit | if level.is_high() { bit } else { 0 };
            return;
        }
        let (bit, was_high) = (1 << input, s.triggers >> input & 1 != 0);
        s.triggers = s.triggers & !bit | if level == Level::High { bit } else { 0 };
        let edges = level.edges(was_high);
        let software = |select: u32| self.family == Family::F1 && select == SOFTWARE;
        let cr2 = s.cr2;
        if input >= INJECTED {
            let select = cr2.jextsel();
            if select == input - INJECTED && !software(select) && cr2.jexten() & edges != 0 {
                self.start_injected(s, cx.now);
            }
        } else if cr2.extsel() == input - REGULAR && !software(cr2.extsel()) && cr2.exten() & edges != 0 {
            self.start_regular(s, cx.now);
        }
    }

    /// What is at the pins is outside.
    fn after_reset(&self, s: &State) -> State {
        State { samples: s.samples.clone(), ..State::default() }
    }

    fn irq_lines(&self, s: &State) -> u32 {
        u32::from(s.sr & self.enabled(s) != 0)
    }

    fn outputs(&self, s: &State) -> u64 {
        u64::from(s.request && s.cr2.dma()) | u64::from(s.sr & 0x7f) << 1
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        let ready = s.ready.filter(|_| self.family == Family::L1);
        let flags = EOC
            | if s.cr1.awden() || s.cr1.jawden() { AWD } else { 0 }
            | if s.cr2.eocs() { OVR } else { 0 }
            | if s.conversions.is_injected() || s.cr1.jauto() { JEOC } else { 0 };
        // Until its flags are set, every end of a conversion may be seen; with DMA every one is.
        let seen = s.cr2.dma() || flags & !s.sr != 0;
        let converted = s.conversions.until().filter(|_| seen);
        ready.into_iter().chain(converted).min()
    }

    fn clocked(&self, s: &mut State, frequency: Frequency, cx: &mut Context<'_>) {
        self.settle(s, cx.now);
        s.clock.change(frequency, cx.now);
        self.retime(s, cx.now);
    }
}

#[cfg(test)]
mod tests;
