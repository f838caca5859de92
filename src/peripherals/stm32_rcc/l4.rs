//! STM32L4 clocks (RM0351, 6; RM0394, 6).

use super::{
    CRYSTALS, Domain, Family, Interrupts, RESETS, build, names,
    tree::{Oscillator, Source, View, oscillator, scaled},
};
use crate::peripherals::kinds::{Kind, Layout};

const CR: u32 = 0x00;
const CFGR: u32 = 0x08;
const PLLCFGR: u32 = 0x0c;
const PLLSAI1CFGR: u32 = 0x10;
const PLLSAI2CFGR: u32 = 0x14;
const CIER: u32 = 0x18;
const CCIPR: u32 = 0x88;
const BDCR: u32 = 0x90;
const CSR: u32 = 0x94;
const CRRCR: u32 = 0x98;
const CCIPR2: u32 = 0x9c;

pub(in crate::peripherals) const KIND: Kind = Kind {
    name: "stm32l4-rcc",
    about: "STM32L4 reset and clock control (RM0351 6.4)",
    layouts: &[Layout::of(&[
        ("CR", CR),
        ("ICSCR", 0x04),
        ("CFGR", CFGR),
        ("PLLCFGR", PLLCFGR),
        ("CIER", CIER),
        ("CIFR", 0x1c),
        ("CICR", 0x20),
        ("AHB1ENR", 0x48),
        ("AHB2ENR", 0x4c),
        ("APB1ENR1", 0x58),
        ("APB2ENR", 0x60),
        ("CCIPR", CCIPR),
        ("BDCR", BDCR),
        ("CSR", CSR),
    ])],
    irqs: &["RCC"],
    inputs: RESETS,
    clocks: &names(&DOMAINS),
    options: CRYSTALS,
    retained: &[BDCR, CSR],
    build: |wiring| build(&L4, wiring),
    ..Kind::PLAIN
};

/// N, P, Q, R and PDIV, and of the main PLL M and the source; the enables of outputs can be changed at any time.
const SAI_SETTINGS: u32 = 0xfe62_7f00;
const PLL_SETTINGS: u32 = 0xfe62_7f73;

static L4: Family = Family {
    known: &[
        (CR, 0x63),
        (CFGR, 0),
        (PLLCFGR, 0x1000),
        (PLLSAI1CFGR, 0x1000),
        (PLLSAI2CFGR, 0x1000),
        (CIER, 0),
        (CIER + 4, 0),
        (CIER + 8, 0),
        (BDCR, 0),
        (CSR, 0x0c00_0600),
    ],
    oscillators: &[
        oscillator(Source::Lsi, (CSR, 0), 0, |_| 32_000),
        oscillator(Source::Lse, (BDCR, 0), 1, |view| view.rcc.lse),
        oscillator(Source::Msi, (CR, 0), 2, msi),
        Oscillator { ready: 1 << 10, ..oscillator(Source::Hsi, (CR, 8), 3, |_| 16_000_000) },
        oscillator(Source::Hse, (CR, 16), 4, |view| view.rcc.hse),
        oscillator(Source::Hsi48, (CRRCR, 0), 10, |_| 48_000_000),
        Oscillator {
            from: pll_source,
            settings: &[(PLLCFGR, PLL_SETTINGS)],
            ..oscillator(Source::Pll, (CR, 24), 5, |view| vco(view, PLLCFGR))
        },
        Oscillator {
            from: pll_source,
            settings: &[(PLLSAI1CFGR, SAI_SETTINGS)],
            ..oscillator(Source::Pll2, (CR, 26), 6, |view| vco(view, PLLSAI1CFGR))
        },
        Oscillator {
            from: pll_source,
            settings: &[(PLLSAI2CFGR, SAI_SETTINGS)],
            ..oscillator(Source::Pll3, (CR, 28), 7, |view| vco(view, PLLSAI2CFGR))
        },
    ],
    cfgr: CFGR,
    // MSIRGSEL.
    sticky: (CR, 1 << 3),
    system: [
        Some((Source::Msi, |view| view.hz(Source::Msi))),
        Some((Source::Hsi, |view| view.hz(Source::Hsi))),
        Some((Source::Hse, |view| view.hz(Source::Hse))),
        Some((Source::Pll, |view| part(view, Source::Pll, PLLCFGR, 24))),
    ],
    interrupts: Interrupts::Cier(CIER),
    backup: (BDCR, 1 << 16, 0xfffe_ffff),
    flags: (CSR, 1 << 23, 0xff00_0000),
    ahb: |view| view.ahb(4),
    domains: &DOMAINS,
};

const DOMAINS: [Domain; 22] = [
    ("ahb", |view| view.ahb(4)),
    ("apb1", |view| view.apb(8)),
    ("apb2", |view| view.apb(11)),
    ("apb1-timer", |view| view.timers(8)),
    ("apb2-timer", |view| view.timers(11)),
    // The watchdog turns it on.
    ("lsi", |_| 32_000),
    ("lse", |view| view.hz(Source::Lse)),
    ("rtc", |view| view.rtc(BDCR, 8, 15, 32)),
    ("adc", |view| match view.field(CCIPR, 28, 2) {
        // It has only the AHB's (RM0351 18.3.3).
        0 => view.ahb(4),
        1 => part(view, Source::Pll2, PLLSAI1CFGR, 24),
        2 => part(view, Source::Pll3, PLLSAI2CFGR, 24),
        _ => view.system(),
    }),
    ("rng", |view| match view.field(CCIPR, 26, 2) {
        0 => view.hz(Source::Hsi48),
        1 => part(view, Source::Pll2, PLLSAI1CFGR, 20),
        2 => part(view, Source::Pll, PLLCFGR, 20),
        _ => view.hz(Source::Msi),
    }),
    ("usart1", |view| uart(view, 0, 11)),
    ("usart2", |view| uart(view, 2, 8)),
    ("usart3", |view| uart(view, 4, 8)),
    ("uart4", |view| uart(view, 6, 8)),
    ("uart5", |view| uart(view, 8, 8)),
    ("lpuart1", |view| uart(view, 10, 8)),
    ("i2c1", |view| i2c(view, CCIPR, 12)),
    ("i2c2", |view| i2c(view, CCIPR, 14)),
    ("i2c3", |view| i2c(view, CCIPR, 16)),
    ("i2c4", |view| i2c(view, CCIPR2, 0)),
    ("lptim1", |view| lptim(view, 18)),
    ("lptim2", |view| lptim(view, 20)),
];

fn uart(view: &View<'_>, lowest: u32, prescaler: u32) -> u32 {
    match view.field(CCIPR, lowest, 2) {
        0 => view.apb(prescaler),
        1 => view.system(),
        2 => view.hz(Source::Hsi),
        _ => view.hz(Source::Lse),
    }
}

fn i2c(view: &View<'_>, register: u32, lowest: u32) -> u32 {
    match view.field(register, lowest, 2) {
        1 => view.system(),
        2 => view.hz(Source::Hsi),
        _ => view.apb(8),
    }
}

fn lptim(view: &View<'_>, lowest: u32) -> u32 {
    match view.field(CCIPR, lowest, 2) {
        0 => view.apb(8),
        1 => view.hz(Source::Lsi),
        2 => view.hz(Source::Hsi),
        _ => view.hz(Source::Lse),
    }
}

fn msi(view: &View<'_>) -> u32 {
    const KHZ: [u32; 12] = [100, 200, 400, 800, 1_000, 2_000, 4_000, 8_000, 16_000, 24_000, 32_000, 48_000];
    // MSIRGSEL: MSIRANGE, or what it is after standby.
    let range = if view.field(CR, 3, 1) != 0 { view.field(CR, 4, 4) } else { view.field(CSR, 8, 4) };
    KHZ.get(range as usize).map_or(0, |khz| khz * 1_000)
}

fn pll_source(view: &View<'_>) -> Option<Source> {
    match view.field(PLLCFGR, 0, 2) {
        0 => None,
        1 => Some(Source::Msi),
        2 => Some(Source::Hsi),
        _ => Some(Source::Hse),
    }
}

/// The oscillator of a PLL. All of them share the source and M.
fn vco(view: &View<'_>, pll: u32) -> u32 {
    let source = pll_source(view).map_or(0, |source| view.hz(source));
    scaled(source, view.field(pll, 8, 7), view.field(PLLCFGR, 4, 3) + 1)
}

/// A PLL divided by Q or R, if that output is on.
fn part(view: &View<'_>, source: Source, pll: u32, enable: u32) -> u32 {
    let divider = 2 * (view.field(pll, enable + 1, 2) + 1);
    if view.field(pll, enable, 1) == 0 { 0 } else { view.hz(source) / divider }
}
