//! STM32F1 clocks (RM0008, 7 and 8; RM0041, 6): F101, F102 and F103, the value line F100 and the connectivity line
//! F105 and F107.

use super::{
    Family, HSE, Interrupts, LSE, RESETS, build, names,
    tree::{Oscillator, Source, View, oscillator, scaled},
};
use crate::peripherals::kinds::{Described, Kind, KindOption, Layout};

const CR: u32 = 0x00;
const CFGR: u32 = 0x04;
const CIR: u32 = 0x08;
const APB2ENR: u32 = 0x18;
const BDCR: u32 = 0x20;
const CSR: u32 = 0x24;
const CFGR2: u32 = 0x2c;

pub(in crate::peripherals) const KIND: Kind = Kind {
    name: "stm32f1-rcc",
    about: "STM32F1 reset and clock control (RM0008 7.3, 8.3)",
    layouts: &[Layout::of(&[
        ("CR", CR),
        ("CFGR", CFGR),
        ("CIR", CIR),
        ("APB2RSTR", 0x0c),
        ("APB1RSTR", 0x10),
        ("AHBENR", 0x14),
        ("APB2ENR", APB2ENR),
        ("APB1ENR", 0x1c),
        ("BDCR", BDCR),
        ("CSR", CSR),
    ])],
    describe: |rcc| vec![("variant", is_connectivity(rcc).into())],
    irqs: &["RCC"],
    inputs: RESETS,
    clocks: &names(&DOMAINS),
    options: &[
        HSE,
        LSE,
        KindOption { name: "variant", about: "1: the connectivity line, F105 and F107", default: 0 },
    ],
    retained: &[BDCR, CSR],
    build: |wiring| build(&F1, wiring),
    ..Kind::PLAIN
};

/// The connectivity line has PLL2, and none of the value line's timers.
fn is_connectivity(rcc: &Described<'_>) -> bool {
    rcc.has_field(CFGR2, "PLL2MUL") && !rcc.has_field(APB2ENR, "TIM15EN")
}

static F1: Family = Family {
    known: &[(CR, 0x83), (CFGR, 0), (CIR, 0), (BDCR, 0), (CSR, 0x0c00_0000)],
    oscillators: &[
        oscillator(Source::Lsi, (CSR, 0), 0, |_| 40_000),
        oscillator(Source::Lse, (BDCR, 0), 1, |view| view.rcc.lse),
        oscillator(Source::Hsi, (CR, 0), 2, |_| 8_000_000),
        oscillator(Source::Hse, (CR, 16), 3, |view| view.rcc.hse),
        Oscillator {
            from: |_| Some(Source::Hse),
            settings: &[(CFGR2, 0x0000_0ff0)],
            ..oscillator(Source::Pll2, (CR, 26), 5, |view| pll23(view, 8))
        },
        Oscillator {
            from: |_| Some(Source::Hse),
            settings: &[(CFGR2, 0x0000_f0f0)],
            ..oscillator(Source::Pll3, (CR, 28), 6, |view| pll23(view, 12))
        },
        Oscillator {
            from: |view| Some(pll_source(view)),
            settings: &[(CFGR, 0x003f_0000), (CFGR2, 0x0001_000f)],
            ..oscillator(Source::Pll, (CR, 24), 4, pll)
        },
    ],
    cfgr: CFGR,
    sticky: (CR, 0),
    system: [
        Some((Source::Hsi, |view| view.hz(Source::Hsi))),
        Some((Source::Hse, |view| view.hz(Source::Hse))),
        Some((Source::Pll, |view| view.hz(Source::Pll))),
        None,
    ],
    interrupts: Interrupts::Cir(CIR),
    backup: (BDCR, 1 << 16, 0xfffe_ffff),
    flags: (CSR, 1 << 24, 0xfc00_0000),
    ahb: |view| view.ahb(4),
    domains: &DOMAINS,
};

const DOMAINS: [super::Domain; 9] = [
    ("ahb", |view| view.ahb(4)),
    ("apb1", |view| view.apb(8)),
    ("apb2", |view| view.apb(11)),
    ("apb1-timer", |view| view.timers(8)),
    ("apb2-timer", |view| view.timers(11)),
    // The watchdog turns it on.
    ("lsi", |_| 40_000),
    ("lse", |view| view.hz(Source::Lse)),
    ("rtc", |view| view.rtc(BDCR, 8, 15, 128)),
    ("adc", |view| view.apb(11) / (2 * (view.field(CFGR, 14, 2) + 1))),
];

/// PLL2 and PLL3, whose factor is at a bit of CFGR2.
fn pll23(view: &View<'_>, factor: u32) -> u32 {
    let factor = match view.field(CFGR2, factor, 4) {
        code @ 6..=12 => code + 2,
        14 => 16,
        15 => 20,
        _ => return 0,
    };
    scaled(view.hz(Source::Hse), factor, view.field(CFGR2, 4, 4) + 1)
}

fn pll_source(view: &View<'_>) -> Source {
    match (view.field(CFGR, 16, 1), view.field(CFGR2, 16, 1)) {
        (0, _) => Source::Hsi,
        (_, 0) => Source::Hse,
        _ => Source::Pll2,
    }
}

fn pll(view: &View<'_>) -> u32 {
    let source = pll_source(view);
    // Where there is PREDIV1, PLLXTPRE is its lowest bit (RM0041 6.3.2); elsewhere it is all there is of it.
    let divider = match (source, view.field(CFGR2, 0, 4)) {
        (Source::Hsi, _) => 2,
        (_, 0) => view.field(CFGR, 17, 1) + 1,
        (_, code) => code + 1,
    };
    let (factor, half) = match view.field(CFGR, 18, 4) {
        13 if view.rcc.variant == 1 => (13, 2), // 6.5
        15 => (16, 1),
        code => (code + 2, 1),
    };
    scaled(view.hz(source), factor, divider * half)
}
