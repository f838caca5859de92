//! STM32F3 clocks (RM0316, 9; RM0364, RM0365 and RM0366).

use super::{
    Domain, Family, HSE, Interrupts, LSE, RESETS, build, names,
    tree::{Oscillator, Source, View, oscillator, scaled},
};
use crate::peripherals::kinds::{Kind, KindOption, Layout};

const CR: u32 = 0x00;
const CFGR: u32 = 0x04;
const CIR: u32 = 0x08;
const APB1ENR: u32 = 0x1c;
const BDCR: u32 = 0x20;
const CSR: u32 = 0x24;
const CFGR2: u32 = 0x2c;
const CFGR3: u32 = 0x30;

pub(in crate::peripherals) const KIND: Kind = Kind {
    name: "stm32f3-rcc",
    about: "STM32F3 reset and clock control (RM0316 9.4)",
    layouts: &[Layout::of(&[
        ("CR", CR),
        ("CFGR", CFGR),
        ("CIR", CIR),
        ("APB2RSTR", 0x0c),
        ("APB1RSTR", 0x10),
        ("AHBENR", 0x14),
        ("APB2ENR", 0x18),
        ("APB1ENR", APB1ENR),
        ("BDCR", BDCR),
        ("CSR", CSR),
        ("CFGR2", CFGR2),
        ("CFGR3", CFGR3),
    ])],
    // The chips without UART4 and without SDADCs are the small ones.
    describe: |rcc| {
        let has_uart4 = ["UART4EN", "USART4EN"].iter().any(|name| rcc.has_field(APB1ENR, name));
        let small = !has_uart4 && !rcc.has_field(CFGR, "SDPRE");
        vec![("variant", small.into())]
    },
    irqs: &["RCC"],
    inputs: RESETS,
    clocks: &names(&DOMAINS),
    options: &[
        HSE,
        LSE,
        KindOption {
            name: "variant",
            about: "1: a small chip (F301, F302x6/x8, F303x6/x8, F334), whose USART1 runs on APB1's clock",
            default: 0,
        },
    ],
    retained: &[BDCR, CSR],
    build: |wiring| build(&F3, wiring),
    ..Kind::PLAIN
};

static F3: Family = Family {
    known: &[(CR, 0x83), (CFGR, 0), (CIR, 0), (BDCR, 0), (CSR, 0x0c00_0000)],
    oscillators: &[
        oscillator(Source::Lsi, (CSR, 0), 0, |_| 40_000),
        oscillator(Source::Lse, (BDCR, 0), 1, |view| view.rcc.lse),
        oscillator(Source::Hsi, (CR, 0), 2, |_| 8_000_000),
        oscillator(Source::Hse, (CR, 16), 3, |view| view.rcc.hse),
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
        None,
    ],
    interrupts: Interrupts::Cir(CIR),
    backup: (BDCR, 1 << 16, 0xfffe_ffff),
    flags: (CSR, 1 << 24, 0xfe80_0000),
    ahb: |view| view.ahb(4),
    domains: &DOMAINS,
};

const DOMAINS: [Domain; 25] = [
    ("ahb", |view| view.ahb(4)),
    ("apb1", |view| view.apb(8)),
    ("apb2", |view| view.apb(11)),
    ("apb1-timer", |view| view.timers(8)),
    ("apb2-timer", |view| view.timers(11)),
    // The watchdog turns it on.
    ("lsi", |_| 40_000),
    ("lse", |view| view.hz(Source::Lse)),
    ("rtc", |view| view.rtc(BDCR, 8, 15, 32)),
    ("adc", |view| adc(view, 4)),
    ("adc3", |view| adc(view, 9)),
    ("adc4", |view| adc(view, 9)),
    ("usart1", |view| uart(view, 0, if view.rcc.variant == 1 { 8 } else { 11 })),
    ("usart2", |view| uart(view, 16, 8)),
    ("usart3", |view| uart(view, 18, 8)),
    ("uart4", |view| uart(view, 20, 8)),
    ("uart5", |view| uart(view, 22, 8)),
    ("i2c1", |view| i2c(view, 4)),
    ("i2c2", |view| i2c(view, 5)),
    ("i2c3", |view| i2c(view, 6)),
    ("tim1", |view| timer(view, 8)),
    ("tim8", |view| timer(view, 9)),
    ("tim15", |view| timer(view, 10)),
    ("tim16", |view| timer(view, 11)),
    ("tim17", |view| timer(view, 13)),
    ("tim20", |view| timer(view, 15)),
];

fn uart(view: &View<'_>, lowest: u32, prescaler: u32) -> u32 {
    match view.field(CFGR3, lowest, 2) {
        0 => view.apb(prescaler),
        1 => view.system(),
        2 => view.hz(Source::Lse),
        _ => view.hz(Source::Hsi),
    }
}

fn i2c(view: &View<'_>, bit: u32) -> u32 {
    if view.field(CFGR3, bit, 1) == 0 { view.hz(Source::Hsi) } else { view.system() }
}

/// A timer on APB2, which may have twice the PLL's clock instead.
fn timer(view: &View<'_>, bit: u32) -> u32 {
    match view.field(CFGR3, bit, 1) {
        0 => view.timers(11),
        _ => view.hz(Source::Pll).saturating_mul(2),
    }
}

/// The PLL's clock divided for a pair of ADCs; without it they have only the AHB's (RM0316 15.3.3).
fn adc(view: &View<'_>, lowest: u32) -> u32 {
    const DIVIDERS: [u32; 16] = [1, 2, 4, 6, 8, 10, 12, 16, 32, 64, 128, 256, 256, 256, 256, 256];
    match view.field(CFGR2, lowest, 5) {
        0..16 => view.ahb(4),
        code => view.hz(Source::Pll) / DIVIDERS[(code & 15) as usize],
    }
}

/// What the PLL runs from, and whether PREDIV divides it. Most chips have the upper bit alone (RM0316 9.4.2).
fn pll_source(view: &View<'_>) -> (Source, bool) {
    match view.field(CFGR, 15, 2) {
        0 => (Source::Hsi, false),
        1 => (Source::Hsi, true),
        _ => (Source::Hse, true),
    }
}

fn pll(view: &View<'_>) -> u32 {
    let (source, divided) = pll_source(view);
    let divider = if divided { view.field(CFGR2, 0, 4) + 1 } else { 2 };
    scaled(view.hz(source), (view.field(CFGR, 18, 4) + 2).min(16), divider)
}
