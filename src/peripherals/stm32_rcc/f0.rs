//! STM32F0 clocks (RM0091, 6; RM0360, 7).

use super::{
    CRYSTALS, Domain, Family, Interrupts, RESETS, build, names,
    tree::{Oscillator, Source, View, oscillator, scaled},
};
use crate::peripherals::kinds::{Kind, Layout};

const CR: u32 = 0x00;
const CFGR: u32 = 0x04;
const CIR: u32 = 0x08;
const BDCR: u32 = 0x20;
const CSR: u32 = 0x24;
const CFGR2: u32 = 0x2c;
const CFGR3: u32 = 0x30;
const CR2: u32 = 0x34;

pub(in crate::peripherals) const KIND: Kind = Kind {
    name: "stm32f0-rcc",
    about: "STM32F0 reset and clock control (RM0091 6.4)",
    layouts: &[Layout::of(&[
        ("CR", CR),
        ("CFGR", CFGR),
        ("CIR", CIR),
        ("APB2RSTR", 0x0c),
        ("APB1RSTR", 0x10),
        ("AHBENR", 0x14),
        ("APB2ENR", 0x18),
        ("APB1ENR", 0x1c),
        ("BDCR", BDCR),
        ("CSR", CSR),
        ("CFGR2", CFGR2),
        ("CFGR3", CFGR3),
        ("CR2", CR2),
    ])],
    irqs: &["RCC"],
    inputs: RESETS,
    clocks: &names(&DOMAINS),
    options: CRYSTALS,
    retained: &[BDCR, CSR],
    build: |wiring| build(&F0, wiring),
    ..Kind::PLAIN
};

static F0: Family = Family {
    known: &[(CR, 0x83), (CFGR, 0), (CIR, 0), (BDCR, 0), (CSR, 0x0c00_0000), (CR2, 0x80)],
    oscillators: &[
        oscillator(Source::Lsi, (CSR, 0), 0, |_| 40_000),
        oscillator(Source::Lse, (BDCR, 0), 1, |view| view.rcc.lse),
        oscillator(Source::Hsi, (CR, 0), 2, |_| 8_000_000),
        oscillator(Source::Hse, (CR, 16), 3, |view| view.rcc.hse),
        oscillator(Source::Hsi14, (CR2, 0), 5, |_| 14_000_000),
        oscillator(Source::Hsi48, (CR2, 16), 6, |_| 48_000_000),
        Oscillator {
            from: |view| Some(pll_source(view).0),
            settings: &[(CFGR, 0x003f_8000), (CFGR2, 0xf)],
            ..oscillator(Source::Pll, (CR, 24), 4, pll)
        },
    ],
    cfgr: CFGR,
    sticky: (CR, 0),
    system: [
        Some((Source::Hsi, |view| view.hz(Source::Hsi))),
        Some((Source::Hse, |view| view.hz(Source::Hse))),
        Some((Source::Pll, |view| view.hz(Source::Pll))),
        Some((Source::Hsi48, |view| view.hz(Source::Hsi48))),
    ],
    interrupts: Interrupts::Cir(CIR),
    backup: (BDCR, 1 << 16, 0xfffe_ffff),
    flags: (CSR, 1 << 24, 0xfe80_0000),
    ahb: |view| view.ahb(4),
    domains: &DOMAINS,
};

const DOMAINS: [Domain; 14] = [
    ("ahb", |view| view.ahb(4)),
    // There is one APB, at the addresses of both.
    ("apb1", |view| view.apb(8)),
    ("apb2", |view| view.apb(8)),
    ("apb1-timer", |view| view.timers(8)),
    ("apb2-timer", |view| view.timers(8)),
    // The watchdog turns it on.
    ("lsi", |_| 40_000),
    ("lse", |view| view.hz(Source::Lse)),
    ("rtc", |view| view.rtc(BDCR, 8, 15, 32)),
    // The ADC turns it on.
    ("adc", |_| 14_000_000),
    ("usart1", |view| usart(view, 0)),
    ("usart2", |view| usart(view, 16)),
    ("usart3", |view| usart(view, 18)),
    ("i2c1", |view| if view.field(CFGR3, 4, 1) == 0 { view.hz(Source::Hsi) } else { view.system() }),
    (
        "cec",
        |view| if view.field(CFGR3, 6, 1) == 0 { view.hz(Source::Hsi) / 244 } else { view.hz(Source::Lse) },
    ),
];

fn usart(view: &View<'_>, lowest: u32) -> u32 {
    match view.field(CFGR3, lowest, 2) {
        0 => view.apb(8),
        1 => view.system(),
        2 => view.hz(Source::Lse),
        _ => view.hz(Source::Hsi),
    }
}

/// What the PLL runs from, and whether PREDIV divides it. The smaller chips have the upper bit alone (RM0091 6.4.2).
fn pll_source(view: &View<'_>) -> (Source, bool) {
    match view.field(CFGR, 15, 2) {
        0 => (Source::Hsi, false),
        1 => (Source::Hsi, true),
        2 => (Source::Hse, true),
        _ => (Source::Hsi48, true),
    }
}

fn pll(view: &View<'_>) -> u32 {
    let (source, divided) = pll_source(view);
    let divider = if divided { view.field(CFGR2, 0, 4) + 1 } else { 2 };
    scaled(view.hz(source), (view.field(CFGR, 18, 4) + 2).min(16), divider)
}
