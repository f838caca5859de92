//! STM32 analog-to-digital converter of the F0 (RM0091, 13), F3 (RM0316, 15) and L4 (RM0351, 18).
//!
//! From the host, three bytes are the sample of a channel from now on: its number, and its twelve bits, low byte first. Without
//! them, the inside channels have what a part at room temperature and 3.3 V has, and all pins are at ground. Several
//! converters do not work together, a differential channel is its positive input, and a written JSQR counts at once,
//! without a queue.

mod conversions;

use bitfield_struct::bitfield;
use serde::{Deserialize, Serialize};

use self::conversions::Conversions;
use super::{
    Access, Clock, Clocking, Context, Device, Frequency, Level, Peripheral, Port, Slot,
    kinds::{Described, Kind, KindOption, Layout, Wiring},
    samples::Samples,
};
use crate::words::{BusFault, Cycle};

const ISR: u32 = 0x00;
const IER: u32 = 0x04;
const CR: u32 = 0x08;
/// CFGR1 on the F0.
const CFGR: u32 = 0x0c;
const CFGR2: u32 = 0x10;
/// SMPR on the F0.
const SMPR1: u32 = 0x14;
const SMPR2: u32 = 0x18;
/// TR on the F0.
const TR1: u32 = 0x20;
const TR2: u32 = 0x24;
const TR3: u32 = 0x28;
/// On the F0, where TR3 is on others.
const CHSELR: u32 = 0x28;
const SQR1: u32 = 0x30;
const SQR4: u32 = 0x3c;
const DR: u32 = 0x40;
const JSQR: u32 = 0x4c;
const OFR1: u32 = 0x60;
const OFR4: u32 = 0x6c;
const JDR1: u32 = 0x80;
const JDR4: u32 = 0x8c;
const AWD2CR: u32 = 0xa0;
const AWD3CR: u32 = 0xa4;
const DIFSEL: u32 = 0xb0;
const CALFACT: u32 = 0xb4;
/// The F0 has the common register for itself.
const F0_CCR: u32 = 0x308;

const ADRDY: u32 = 1 << 0;
const EOSMP: u32 = 1 << 1;
const EOC: u32 = 1 << 2;
/// EOSEQ on the F0.
const EOS: u32 = 1 << 3;
const OVR: u32 = 1 << 4;
const JEOC: u32 = 1 << 5;
const JEOS: u32 = 1 << 6;
/// The first of three watchdogs.
const AWD1: u32 = 1 << 7;

const ADEN: u32 = 1 << 0;
const ADDIS: u32 = 1 << 1;
const ADSTART: u32 = 1 << 2;
const JADSTART: u32 = 1 << 3;
const ADSTP: u32 = 1 << 4;
const JADSTP: u32 = 1 << 5;
const ADVREGEN: u32 = 1 << 28;
/// Deep power down on the L4; the upper bit of ADVREGEN on the F3.
const DEEPPWD: u32 = 1 << 29;
const ADCALDIF: u32 = 1 << 30;
const ADCAL: u32 = 1 << 31;

/// Clocks until ADRDY.
const STABILIZATION: u64 = 14;
/// What a calibration finds.
const FACTOR: u32 = 0x40;

const INJECTED: u32 = 32;
const CCR: u32 = 64;

#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Cfgr {
    dmaen: bool,
    /// DMA goes round: requests never end.
    dmacfg: bool,
    /// Of the F0.
    scandir: bool,
    #[bits(2)]
    res: u32,
    align: bool,
    #[bits(4)]
    extsel: u32,
    #[bits(2)]
    exten: u32,
    ovrmod: bool,
    cont: bool,
    /// WAIT on the F0.
    autdly: bool,
    autoff: bool,
    discen: bool,
    #[bits(3)]
    discnum: u32,
    jdiscen: bool,
    jqm: bool,
    awd1sgl: bool,
    awd1en: bool,
    jawd1en: bool,
    jauto: bool,
    #[bits(5)]
    awd1ch: u32,
    jqdis: bool,
}

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

    /// Bits of the stored registers that exist.
    fn writable(&self, register: u32) -> u32 {
        match (self.family, register) {
            (Family::F0, IER) => 0x9f,
            (Family::F0, CFGR) => 0x7cc1_fdff,
            (Family::F0, CFGR2) => 0xc000_0000,
            (Family::F0, SMPR1) => 7,
            (_, IER) => 0x7ff,
            (Family::L4, CFGR) => 0xffff_7fff,
            (_, CFGR) => 0x7fff_7ffb,
            (Family::L4, CFGR2) => 0x7ff,
            (_, CFGR2) => 0,
            (_, SMPR1) => 0x3fff_ffff,
            (_, SMPR2) => 0x07ff_ffff,
            (_, TR1) => 0x0fff_0fff,
            (_, TR2 | TR3) => 0x00ff_00ff,
            (_, SQR1) => 0x1f7d_f7cf,
            (_, SQR4) => 0x7df,
            (_, JSQR) => 0x7df7_dfff,
            (_, OFR1..=OFR4) => 0xfc00_0fff,
            (_, AWD2CR | AWD3CR | DIFSEL) => 0x0007_ffff,
            (_, CALFACT) => 0x007f_007f,
            _ => 0x1f7d_f7df,
        }
    }

    /// A register that is stored.
    fn stored<'a>(&self, s: &'a mut State, register: u32) -> Option<&'a mut u32> {
        let of = |first: u32| ((register - first) / 4) as usize;
        Some(match register {
            IER => &mut s.ier,
            CFGR2 => &mut s.cfgr2,
            SMPR1 => &mut s.smpr[0],
            TR1 => &mut s.tr[0],
            CHSELR if self.f0() => &mut s.chselr,
            F0_CCR if self.f0() => &mut s.ccr,
            _ if self.f0() => return None,
            SMPR2 => &mut s.smpr[1],
            TR2 | TR3 => &mut s.tr[of(TR1)],
            SQR1..=SQR4 => &mut s.sqr[of(SQR1)],
            JSQR => &mut s.jsqr,
            OFR1..=OFR4 => &mut s.ofr[of(OFR1)],
            AWD2CR | AWD3CR => &mut s.awdcr[of(AWD2CR)],
            DIFSEL => &mut s.difsel,
            CALFACT => &mut s.calfact,
            _ => return None,
        })
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
        // A pulse has both edges. Rising edges are 1, falling ones 2.
        let edges = match (was_high, level) {
            (_, Level::Pulse) => 3,
            (false, Level::High) => 1,
            (true, Level::Low) => 2,
            _ => 0,
        };
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
