//! Which timers there are, by the registers that an SVD file has.

use crate::peripherals::kinds::{Described, Layout};

pub(super) const LAYOUTS: &[Layout] = &[
    // TIM6 and TIM7.
    Layout {
        registers: &[("CR1", 0x00), ("CR2", 0x04), ("PSC", 0x28), ("ARR", 0x2c)],
        without: &["CCR1"],
        options: &[("channels", 0)],
    },
    // TIM10, TIM11, TIM13, TIM14.
    Layout {
        registers: &[("CR1", 0x00), ("PSC", 0x28), ("ARR", 0x2c), ("CCR1", 0x34)],
        without: &["CCR2", "BDTR"],
        options: &[("channels", 1)],
    },
    // TIM9 and TIM12, TIM21 and TIM22.
    Layout {
        registers: &[
            ("CR1", 0x00),
            ("SMCR", 0x08),
            ("PSC", 0x28),
            ("ARR", 0x2c),
            ("CCR1", 0x34),
            ("CCR2", 0x38),
        ],
        without: &["CCR3", "BDTR"],
        options: &[("channels", 2)],
    },
    // TIM2 to TIM5.
    Layout {
        registers: &[
            ("CR1", 0x00),
            ("SMCR", 0x08),
            ("PSC", 0x28),
            ("ARR", 0x2c),
            ("CCR1", 0x34),
            ("CCR2", 0x38),
            ("CCR3", 0x3c),
            ("CCR4", 0x40),
        ],
        without: &["BDTR"],
        options: &[("channels", 4)],
    },
    // TIM16 and TIM17.
    Layout {
        registers: &[
            ("CR1", 0x00),
            ("CR2", 0x04),
            ("PSC", 0x28),
            ("ARR", 0x2c),
            ("RCR", 0x30),
            ("CCR1", 0x34),
            ("BDTR", 0x44),
        ],
        without: &["CCR2"],
        options: &[("channels", 1), ("break", 1)],
    },
    // TIM15.
    Layout {
        registers: &[
            ("CR1", 0x00),
            ("CR2", 0x04),
            ("SMCR", 0x08),
            ("PSC", 0x28),
            ("ARR", 0x2c),
            ("RCR", 0x30),
            ("CCR1", 0x34),
            ("CCR2", 0x38),
            ("BDTR", 0x44),
        ],
        without: &["CCR3"],
        options: &[("channels", 2), ("break", 1)],
    },
    // TIM1 and TIM8.
    Layout {
        registers: &[
            ("CR1", 0x00),
            ("CR2", 0x04),
            ("SMCR", 0x08),
            ("PSC", 0x28),
            ("ARR", 0x2c),
            ("RCR", 0x30),
            ("CCR1", 0x34),
            ("CCR2", 0x38),
            ("CCR3", 0x3c),
            ("CCR4", 0x40),
            ("BDTR", 0x44),
        ],
        without: &["CCR5"],
        options: &[("channels", 4), ("break", 1)],
    },
    // TIM1, TIM8 and TIM20 of later series.
    Layout {
        registers: &[
            ("CR1", 0x00),
            ("CR2", 0x04),
            ("SMCR", 0x08),
            ("PSC", 0x28),
            ("ARR", 0x2c),
            ("RCR", 0x30),
            ("CCR1", 0x34),
            ("CCR2", 0x38),
            ("CCR3", 0x3c),
            ("CCR4", 0x40),
            ("BDTR", 0x44),
            ("CCR5", 0x58),
        ],
        without: &[],
        options: &[("channels", 6), ("break", 1), ("extended", 1)],
    },
];

/// The width of the counter, and whether there are the modes of later series.
pub(super) fn describe(timer: &Described<'_>) -> Vec<(&'static str, u32)> {
    let mut options = Vec::new();
    // Files describe 32 bits for all timers that share a chapter of the manual; only these ever have them.
    if matches!(timer.name, "TIM2" | "TIM5") {
        let wide = [0x24, 0x2c].iter().filter_map(|offset| timer.register(*offset)).any(|register| {
            let fields = register.fields.iter().filter(|field| field.name != "UIFCPY");
            register.reset_value > 0xffff || fields.fold(0, |bits, field| bits | field.mask()) > 0xffff
        });
        options.push(("bits", if wide { 32 } else { 16 }));
    }
    if timer.has_field(0x00, "UIFREMAP") || timer.has_field(0x08, "SMS_3") {
        options.push(("extended", 1));
    }
    options
}
