//! STM32 analog-to-digital converter of the F0 (RM0091, 13), F3 (RM0316, 15) and L4 (RM0351, 18).
//!
//! From the host, three bytes are the sample of a channel from now on: its number, and its twelve bits, low byte first. Without
//! them, the inside channels have what a part at room temperature and 3.3 V has, and all pins are at ground. Several
//! converters do not work together, a differential channel is its positive input, and a written JSQR counts at once,
//! without a queue.

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

/// Clocks until ADRDY.
const STABILIZATION: u64 = 14;
/// What a calibration finds.
const FACTOR: u32 = 0x40;

const INJECTED: u32 = 32;
const CCR: u32 = 64;

pub(super) const KIND: Kind = Kind {
    name: "stm32-adc-v2",
    about: "STM32F0, F3 and L4 analog-to-digital converter (RM0091 13, RM0316 15, RM0351 18)",
    size: 0x400,
    layouts: &[
        Layout {
            registers: &[
                ("ISR", ISR),
                ("IER", IER),
                ("CR", CR),
                ("CFGR1", CFGR),
                ("CFGR2", CFGR2),
                ("SMPR", SMPR1),
                ("CHSELR", CHSELR),
                ("DR", DR),
            ],
            // Later families have more watchdogs and another sequencer.
            without: &["AWD2CR"],
            options: &[("family", Family::F0 as u32)],
        },
        Layout::of(&[
            ("ISR", ISR),
            ("IER", IER),
            ("CR", CR),
            ("CFGR", CFGR),
            ("SMPR1", SMPR1),
            ("SMPR2", SMPR2),
            ("TR1", TR1),
            ("SQR1", SQR1),
            ("SQR4", SQR4),
            ("DR", DR),
            ("JSQR", JSQR),
            ("JDR1", JDR1),
        ]),
    ],
    describe,
    irqs: &["adc"],
    outputs: &[Port::one("request"), Port { name: "status", count: 11 }],
    inputs: &[
        Port { name: "trigger", count: 32 },
        Port { name: "injected", count: 32 },
        Port { name: "ccr", count: 32 },
    ],
    clock: Clocking::Named("adc"),
    options: &[KindOption { name: "family", about: "0: F3, 1: F0, 2: L4", default: 0 }],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        let family = match wiring.option("family") {
            1 => Family::F0,
            2 => Family::L4,
            _ => Family::F3,
        };
        Box::new(Slot::new(Stm32AdcV2 { family }))
    },
    ..Kind::PLAIN
};

fn describe(peripheral: &Described<'_>) -> Vec<(&'static str, u32)> {
    if peripheral.has_field(CR, "DEEPPWD") { vec![("family", Family::L4 as u32)] } else { Vec::new() }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Family {
    F3 = 0,
    F0 = 1,
    L4 = 2,
}

impl Family {
    /// Clocks that a calibration takes (data sheets).
    const fn calibration(self) -> u64 {
        match self {
            Family::F0 => 83,
            Family::F3 => 112,
            Family::L4 => 116,
        }
    }
}

struct Stm32AdcV2 {
    family: Family,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    isr: u32,
    ier: u32,
    /// ADEN, ADSTART and JADSTART.
    cr: u32,
    /// What is different from the reset value: ADVREGEN, DEEPPWD, ADCALDIF.
    power: u32,
    cfgr: Cfgr,
    cfgr2: u32,
    smpr: [u32; 2],
    tr: [u32; 3],
    chselr: u32,
    sqr: [u32; 4],
    jsqr: u32,
    ofr: [u32; 4],
    dr: u16,
    jdr: [u16; 4],
    /// AWD2CR, AWD3CR.
    awdcr: [u32; 2],
    difsel: u32,
    calfact: u32,
    ccr: u32,
    /// A DMA request.
    request: bool,
    /// When a calibration is over.
    calibrated: Option<Cycle>,
    /// When the converter will be ready.
    ready: Option<Cycle>,
    conversions: Conversions,
    /// Levels of the triggers, regular and injected.
    triggers: u64,
    samples: Samples,
    clock: Clock,
}

impl Default for State {
    fn default() -> Self {
        State {
            isr: 0,
            ier: 0,
            cr: 0,
            power: 0,
            cfgr: Cfgr::new(),
            cfgr2: 0,
            smpr: [0; 2],
            tr: [0x0fff_0000, 0x00ff_0000, 0x00ff_0000],
            chselr: 0,
            sqr: [0; 4],
            jsqr: 0,
            ofr: [0; 4],
            dr: 0,
            jdr: [0; 4],
            awdcr: [0; 2],
            difsel: 0,
            calfact: 0,
            ccr: 0,
            request: false,
            calibrated: None,
            ready: None,
            conversions: Conversions::default(),
            triggers: 0,
            samples: Samples::default(),
            clock: Clock::default(),
        }
    }
}

impl Stm32AdcV2 {
    fn f0(&self) -> bool {
        self.family == Family::F0
    }

    /// ADVREGEN, DEEPPWD and ADCALDIF; the F0 has none of them.
    fn power(&self, s: &State) -> u32 {
        if self.f0() { 0 } else { s.power ^ DEEPPWD }
    }

    fn is_powered(&self, s: &State) -> bool {
        self.f0() || self.power(s) & (ADVREGEN | DEEPPWD) == ADVREGEN
    }

    fn cr(&self, s: &State) -> u32 {
        self.power(s) | s.cr | if s.calibrated.is_some() { ADCAL } else { 0 }
    }

    fn write_cr(&self, s: &mut State, at: Access, value: u32, now: Cycle) {
        let power = at.merge(self.power(s), value) & (ADVREGEN | DEEPPWD | ADCALDIF);
        s.power = power ^ DEEPPWD;
        // Bits that start something are set and never cleared by software.
        let (set, before) = (at.place(value), s.cr);
        if set & ADCAL != 0 && s.cr & ADEN == 0 && s.calibrated.is_none() && self.is_powered(s) {
            s.calibrated = Some(now.saturating_add(self.clocks(s, self.family.calibration())));
        }
        if set & ADEN != 0 && s.cr & ADEN == 0 && s.calibrated.is_none() && self.is_powered(s) {
            s.cr |= ADEN;
            s.ready = Some(now.saturating_add(self.clocks(s, STABILIZATION)));
        }
        if set & ADSTP != 0 {
            s.cr &= !ADSTART;
            s.conversions.stop_regular();
        }
        if set & JADSTP != 0 {
            s.cr &= !JADSTART;
            s.conversions.stop_injected();
            self.begin(s, now);
        }
        if set & ADDIS != 0 && s.cr & (ADSTART | JADSTART) == 0 {
            s.cr &= !ADEN;
            s.ready = None;
            s.conversions = Conversions::default();
        }
        let started = set & !before & if s.cr & ADEN != 0 { ADSTART | JADSTART } else { 0 };
        s.cr |= started & if self.f0() { ADSTART } else { ADSTART | JADSTART };
        if started & ADSTART & s.cr != 0 && s.cfgr.exten() == 0 {
            self.start_regular(s, now);
        }
        if started & JADSTART & s.cr != 0 && s.jsqr >> 6 & 3 == 0 {
            self.start_injected(s, now);
        }
    }

    fn settle(&self, s: &mut State, now: Cycle) {
        if s.calibrated.is_some_and(|at| at <= now) {
            s.calibrated = None;
            s.calfact = FACTOR;
            if self.f0() {
                s.dr = FACTOR as u16; // RM0091 13.4.1
            }
        }
        if s.ready.is_some_and(|at| at <= now) {
            s.ready = None;
            s.isr |= ADRDY;
        }
        self.convert(s, now);
    }

    fn read_data(&self, s: &mut State, now: Cycle) -> u32 {
        s.isr &= !EOC;
        s.request = false;
        self.go_on(s, now);
        u32::from(s.dr)
    }
}

impl Peripheral for Stm32AdcV2 {
    type State = State;

    fn read(&self, s: &mut State, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        self.settle(s, cx.now);
        let value = match at.register() {
            ISR => s.isr,
            CR => self.cr(s),
            CFGR => s.cfgr.into(),
            DR => self.read_data(s, cx.now),
            register @ JDR1..=JDR4 => {
                s.isr &= !JEOC;
                u32::from(s.jdr[((register - JDR1) / 4) as usize])
            }
            register => self.stored(s, register).map_or(0, |stored| *stored),
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        self.settle(s, cx.now);
        match at.register() {
            ISR => {
                s.isr &= !at.place(value);
                self.go_on(s, cx.now);
            }
            CR => self.write_cr(s, at, value, cx.now),
            CFGR => s.cfgr = Cfgr::from(at.merge(s.cfgr.into(), value) & self.writable(CFGR)),
            register => {
                let mask = match register {
                    CHSELR if self.f0() => 0x0007_ffff,
                    F0_CCR => 0x01c0_0000,
                    register => self.writable(register),
                };
                if let Some(stored) = self.stored(s, register) {
                    *stored = at.merge(*stored, value) & mask;
                }
            }
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
        if input < INJECTED {
            let chosen = s.cfgr.extsel() == input && s.cfgr.exten() & edges != 0;
            if chosen && s.cr & ADSTART != 0 {
                self.start_regular(s, cx.now);
            }
        } else {
            let chosen = s.jsqr >> 2 & 0xf == input - INJECTED && s.jsqr >> 6 & 3 & edges != 0;
            if chosen && s.cr & JADSTART != 0 {
                self.start_injected(s, cx.now);
            }
        }
    }

    /// What is at the pins is outside.
    fn after_reset(&self, s: &State) -> State {
        State { samples: s.samples.clone(), ..State::default() }
    }

    fn irq_lines(&self, s: &State) -> u32 {
        u32::from(s.isr & s.ier != 0)
    }

    fn outputs(&self, s: &State) -> u64 {
        u64::from(s.request && s.cfgr.dmaen()) | u64::from(s.isr & 0x7ff) << 1
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        let ready = s.ready.filter(|_| s.isr & ADRDY == 0);
        // Until its flags are set, every end of a conversion may be seen; with DMA every one is.
        let injected = s.conversions.is_injected() || s.cfgr.jauto();
        let watched = s.cfgr.awd1en() || s.cfgr.jawd1en() || s.awdcr != [0; 2];
        let flags =
            EOC | EOS | OVR | if injected { JEOC | JEOS } else { 0 } | if watched { 7 * AWD1 } else { 0 };
        let seen = s.cfgr.dmaen() || flags & !s.isr != 0;
        let converted = s.conversions.until().filter(|_| seen);
        let sampled = s.conversions.sampled().filter(|_| s.isr & EOSMP == 0);
        ready.into_iter().chain(converted).chain(sampled).min()
    }

    fn clocked(&self, s: &mut State, frequency: Frequency, cx: &mut Context<'_>) {
        self.settle(s, cx.now);
        s.clock.change(frequency, cx.now);
        self.retime(s, cx.now);
        // What waits for a clock that stood still begins anew.
        let (calibration, stabilization) =
            (self.clocks(s, self.family.calibration()), self.clocks(s, STABILIZATION));
        s.calibrated = s.calibrated.map(|_| cx.now.saturating_add(calibration));
        s.ready = s.ready.map(|_| cx.now.saturating_add(stabilization));
    }
}

#[cfg(test)]
mod tests;
