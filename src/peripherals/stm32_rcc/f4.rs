//! STM32F2 and STM32F4 clocks (RM0033, 5; RM0090, 6 and 7; RM0390, 6; RM0402, 6).

use super::{
    CRYSTALS, Domain, Family, Interrupts, RESETS, build, names,
    tree::{Oscillator, Source, View, oscillator, scaled},
};
use crate::peripherals::kinds::{Kind, Layout};

const CR: u32 = 0x00;
const PLLCFGR: u32 = 0x04;
const CFGR: u32 = 0x08;
const CIR: u32 = 0x0c;
const BDCR: u32 = 0x70;
const CSR: u32 = 0x74;
const PLLI2SCFGR: u32 = 0x84;
const PLLSAICFGR: u32 = 0x88;
const DCKCFGR: u32 = 0x8c;
const DCKCFGR2: u32 = 0x94;

pub(in crate::peripherals) const KIND: Kind = Kind {
    name: "stm32f4-rcc",
    about: "STM32F2 and STM32F4 reset and clock control (RM0033 5.3, RM0090 6.3, 7.3)",
    layouts: &[Layout::of(&[
        ("CR", CR),
        ("PLLCFGR", PLLCFGR),
        ("CFGR", CFGR),
        ("CIR", CIR),
        ("AHB1RSTR", 0x10),
        ("AHB1ENR", 0x30),
        ("APB1ENR", 0x40),
        ("APB2ENR", 0x44),
        ("BDCR", BDCR),
        ("CSR", CSR),
        ("SSCGR", 0x80),
    ])],
    irqs: &["RCC"],
    inputs: RESETS,
    clocks: &names(&DOMAINS),
    options: CRYSTALS,
    retained: &[BDCR, CSR],
    build: |wiring| build(&F4, wiring),
    ..Kind::PLAIN
};

static F4: Family = Family {
    known: &[(CR, 0x83), (PLLCFGR, 0x2400_3010), (CFGR, 0), (CIR, 0), (BDCR, 0), (CSR, 0x0e00_0000)],
    oscillators: &[
        oscillator(Source::Lsi, (CSR, 0), 0, |_| 32_000),
        oscillator(Source::Lse, (BDCR, 0), 1, |view| view.rcc.lse),
        oscillator(Source::Hsi, (CR, 0), 2, |_| 16_000_000),
        oscillator(Source::Hse, (CR, 16), 3, |view| view.rcc.hse),
        Oscillator {
            from: |view| Some(pll_source(view)),
            settings: &[(PLLCFGR, 0x7f43_7fff)],
            ..oscillator(Source::Pll, (CR, 24), 4, |view| vco(view, PLLCFGR))
        },
        Oscillator {
            from: |view| Some(pll_source(view)),
            settings: &[(PLLI2SCFGR, 0x7f43_7fff)],
            ..oscillator(Source::Pll2, (CR, 26), 5, |view| vco(view, PLLI2SCFGR))
        },
        Oscillator {
            from: |view| Some(pll_source(view)),
            settings: &[(PLLSAICFGR, 0x7f03_7fff)],
            ..oscillator(Source::Pll3, (CR, 28), 6, |view| vco(view, PLLSAICFGR))
        },
    ],
    cfgr: CFGR,
    sticky: (CR, 0),
    system: [
        Some((Source::Hsi, |view| view.hz(Source::Hsi))),
        Some((Source::Hse, |view| view.hz(Source::Hse))),
        Some((Source::Pll, |view| view.hz(Source::Pll) / (2 * (view.field(PLLCFGR, 16, 2) + 1)))),
        // The chips that have PLLR.
        Some((Source::Pll, |view| pll_part(view, 28, 3))),
    ],
    interrupts: Interrupts::Cir(CIR),
    backup: (BDCR, 1 << 16, 0xfffe_ffff),
    flags: (CSR, 1 << 24, 0xfe00_0000),
    ahb: |view| view.ahb(4),
    domains: &DOMAINS,
};

const DOMAINS: [Domain; 12] = [
    ("ahb", |view| view.ahb(4)),
    ("apb1", |view| view.apb(10)),
    ("apb2", |view| view.apb(13)),
    ("apb1-timer", |view| timers(view, 10)),
    ("apb2-timer", |view| timers(view, 13)),
    // The watchdog turns it on.
    ("lsi", |_| 32_000),
    ("lse", |view| view.hz(Source::Lse)),
    ("rtc", |view| view.rtc(BDCR, 8, 15, view.field(CFGR, 16, 5))),
    // Divided in the ADC itself.
    ("adc", |view| view.apb(13)),
    ("rng", |view| pll_part(view, 24, 4)),
    ("fmpi2c1", |view| match view.field(DCKCFGR2, 22, 2) {
        1 => view.system(),
        2 => view.hz(Source::Hsi),
        _ => view.apb(10),
    }),
    ("lptim1", |view| match view.field(DCKCFGR2, 30, 2) {
        0 => view.apb(10),
        1 => view.hz(Source::Hsi),
        2 => view.hz(Source::Lsi),
        _ => view.hz(Source::Lse),
    }),
];

fn pll_source(view: &View<'_>) -> Source {
    if view.field(PLLCFGR, 22, 1) == 0 { Source::Hsi } else { Source::Hse }
}

/// The oscillator of a PLL. Where the others have no divider M of their own, they share the main one's.
fn vco(view: &View<'_>, pll: u32) -> u32 {
    let divider = match view.field(pll, 0, 6) {
        0 if pll != PLLCFGR => view.field(PLLCFGR, 0, 6),
        divider => divider,
    };
    // Two at the least (RM0090 7.3.2).
    let divider = if divider < 2 { 0 } else { divider };
    scaled(view.hz(pll_source(view)), view.field(pll, 6, 9), divider)
}

/// The main PLL divided by Q or R.
fn pll_part(view: &View<'_>, lowest: u32, width: u32) -> u32 {
    match view.field(PLLCFGR, lowest, width) {
        0 | 1 => 0,
        divider => view.hz(Source::Pll) / divider,
    }
}

/// The clock of timers, which TIMPRE makes faster (RM0090 6.3.24).
fn timers(view: &View<'_>, prescaler: u32) -> u32 {
    match view.field(DCKCFGR, 24, 1) {
        0 => view.timers(prescaler),
        _ => (view.rcc.family.ahb)(view).min(view.apb(prescaler).saturating_mul(4)),
    }
}
