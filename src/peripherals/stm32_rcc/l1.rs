//! STM32L1 clocks (RM0038, 6).

use super::{
    CRYSTALS, Domain, Family, Interrupts, RESETS, build, names,
    tree::{Oscillator, Source, View, oscillator, scaled},
};
use crate::peripherals::kinds::{Kind, Layout};

const CR: u32 = 0x00;
const ICSCR: u32 = 0x04;
const CFGR: u32 = 0x08;
const CIR: u32 = 0x0c;
const CSR: u32 = 0x34;

pub(in crate::peripherals) const KIND: Kind = Kind {
    name: "stm32l1-rcc",
    about: "STM32L1 reset and clock control (RM0038 6.3)",
    layouts: &[Layout::of(&[
        ("CR", CR),
        ("ICSCR", ICSCR),
        ("CFGR", CFGR),
        ("CIR", CIR),
        ("AHBRSTR", 0x10),
        ("APB2RSTR", 0x14),
        ("APB1RSTR", 0x18),
        ("AHBENR", 0x1c),
        ("APB2ENR", 0x20),
        ("APB1ENR", 0x24),
        ("CSR", CSR),
    ])],
    irqs: &["RCC"],
    inputs: RESETS,
    clocks: &names(&DOMAINS),
    options: CRYSTALS,
    retained: &[CSR],
    build: |wiring| build(&L1, wiring),
    ..Kind::PLAIN
};

static L1: Family = Family {
    known: &[(CR, 0x300), (ICSCR, 0xb000), (CFGR, 0), (CIR, 0), (CSR, 0x0c00_0000)],
    oscillators: &[
        oscillator(Source::Lsi, (CSR, 0), 0, |_| 37_000),
        oscillator(Source::Lse, (CSR, 8), 1, |view| view.rcc.lse),
        oscillator(Source::Hsi, (CR, 0), 2, |_| 16_000_000),
        oscillator(Source::Hse, (CR, 16), 3, |view| view.rcc.hse),
        oscillator(Source::Msi, (CR, 8), 5, msi),
        Oscillator {
            from: |view| Some(pll_source(view)),
            settings: &[(CFGR, 0x00fd_0000)],
            ..oscillator(Source::Pll, (CR, 24), 4, pll)
        },
    ],
    cfgr: CFGR,
    sticky: (CR, 0),
    system: [
        Some((Source::Msi, |view| view.hz(Source::Msi))),
        Some((Source::Hsi, |view| view.hz(Source::Hsi))),
        Some((Source::Hse, |view| view.hz(Source::Hse))),
        Some((Source::Pll, |view| view.hz(Source::Pll))),
    ],
    interrupts: Interrupts::Cir(CIR),
    // RTCRST: LSE and the RTC's clock are in the register with it.
    backup: (CSR, 1 << 23, 0x0043_1f00),
    flags: (CSR, 1 << 24, 0xfe00_0000),
    ahb: |view| view.ahb(4),
    domains: &DOMAINS,
};

const DOMAINS: [Domain; 9] = [
    ("ahb", |view| view.ahb(4)),
    ("apb1", |view| view.apb(8)),
    ("apb2", |view| view.apb(11)),
    ("apb1-timer", |view| view.timers(8)),
    ("apb2-timer", |view| view.timers(11)),
    // The watchdog turns it on.
    ("lsi", |_| 37_000),
    ("lse", |view| view.hz(Source::Lse)),
    ("rtc", |view| view.rtc(CSR, 16, 22, 2 << view.field(CR, 29, 2))),
    // Divided in the ADC itself.
    ("adc", |view| view.hz(Source::Hsi)),
];

fn msi(view: &View<'_>) -> u32 {
    65_536 << view.field(ICSCR, 13, 3).min(6)
}

fn pll_source(view: &View<'_>) -> Source {
    if view.field(CFGR, 16, 1) == 0 { Source::Hsi } else { Source::Hse }
}

fn pll(view: &View<'_>) -> u32 {
    const FACTORS: [u32; 9] = [3, 4, 6, 8, 12, 16, 24, 32, 48];
    let factor = FACTORS.get(view.field(CFGR, 18, 4) as usize).copied().unwrap_or(0);
    // The code 0 is not allowed (RM0038 6.3.3).
    let divider = match view.field(CFGR, 22, 2) {
        0 => 0,
        code => code + 1,
    };
    scaled(view.hz(pll_source(view)), factor, divider)
}
