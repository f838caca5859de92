//! The bits of the clock controller that turn a peripheral's clock on and reset it, found by their names. STM32 has `USART2EN`
//! in a register whose name ends with ENR, and `USART2RST` in one that ends with RSTR; Stellaris has `UART0` in RCGC1 and SRCR1.

use std::ops::Range;

use crate::{
    peripherals::{ControlBit, Controls},
    svd::{Register, Svd},
};

/// Where a vendor has such bits: which registers, and how a field is called behind the peripheral's name.
type Place = (fn(&str) -> bool, &'static str);

const CLOCKS: [Place; 2] = [(is_enable, "EN"), (|register| register.starts_with("RCGC"), "")];
const RESETS: [Place; 2] = [(is_reset, "RST"), (|register| register.starts_with("SRCR"), "")];

/// Those of a peripheral, by its name in the SVD file, in the registers of a clock controller.
pub(super) fn controls_of(svd: &Svd, controller: Range<u32>, peripheral: &str) -> Controls {
    let base = controller.start;
    let registers: Vec<&Register> = svd.registers(controller).collect();
    let names = names(peripheral);
    let find = |(is_one, suffix): Place| {
        names.iter().find_map(|name| {
            let bit = format!("{name}{suffix}");
            let all = registers.iter().filter(|register| is_one(register.short_name()));
            let mut fields =
                all.flat_map(|register| register.fields.iter().map(move |field| (register, field)));
            let (register, field) = fields.find(|(_, field)| field.name == bit)?;
            let offset = register.address - base;
            let mask = field.mask() << (8 * (offset % 4));
            Some(ControlBit { offset: offset & !3, mask, name: format!("{}.{bit}", register.name) })
        })
    };
    Controls { clock: CLOCKS.into_iter().find_map(find), reset: RESETS.into_iter().find_map(find) }
}

/// Whether it is one of the registers that enable clocks while the core runs; the others are for its sleep.
fn is_enable(register: &str) -> bool {
    let bare = register.trim_end_matches(|c: char| c.is_ascii_digit());
    bare.ends_with("ENR") && !bare.ends_with("LPENR") && !bare.ends_with("SMENR") && bare != "CKGATENR"
}

fn is_reset(register: &str) -> bool {
    register.trim_end_matches(|c: char| c.is_ascii_digit()).ends_with("RSTR")
}

/// What the bits of a peripheral begin with: its name, or what the families have made of it.
fn names(peripheral: &str) -> Vec<String> {
    let mut names = vec![peripheral.to_owned()];
    let mut add = |name: &str| names.push(name.to_owned());
    if let Some(port) = peripheral.strip_prefix("GPIO") {
        add(&format!("IOP{port}"));
        add(&format!("GPIOP{port}"));
    }
    match peripheral {
        "ADC1" | "ADC2" => ["ADC12", "ADC"].into_iter().for_each(add),
        "ADC3" | "ADC4" => ["ADC34", "ADC"].into_iter().for_each(add),
        "ADC" => add("ADC1"),
        "ADC0" => add("ADC"),
        "WATCHDOG0" => add("WDT"),
        "DAC" => add("DAC1"),
        "DAC1" => add("DAC"),
        "DMA" | "CAN" => add(&format!("{peripheral}1")),
        "DMA1" => add("DMA"),
        "CAN1" => add("CAN"),
        "SYSCFG" | "SYSCFG_COMP" => ["SYSCFG", "SYSCFGCOMP"].into_iter().for_each(add),
        _ => {}
    }
    names
}

#[cfg(test)]
mod tests {
    use crate::board::Board;

    /// The bits of a device, by their names.
    fn bits(board: &str, device: &str) -> (Option<String>, Option<String>) {
        let board = Board::find(board).unwrap();
        let controls =
            board.controls().find(|(name, _)| *name == device).map(|(_, controls)| controls).unwrap();
        (controls.clock.map(|bit| bit.name), controls.reset.map(|bit| bit.name))
    }

    #[test]
    fn bits_are_found_in_every_family() {
        for (board, device, clock, reset) in [
            ("nucleo-f072rb", "gpioa", "RCC.AHBENR.IOPAEN", "RCC.AHBRSTR.IOPARST"),
            ("bluepill", "usart1", "RCC.APB2ENR.USART1EN", "RCC.APB2RSTR.USART1RST"),
            ("bluepill", "gpioc", "RCC.APB2ENR.IOPCEN", "RCC.APB2RSTR.IOPCRST"),
            ("stm32f3discovery", "adc1", "RCC.AHBENR.ADC12EN", "RCC.AHBRSTR.ADC12RST"),
            ("stm32f4discovery", "tim2", "RCC.APB1ENR.TIM2EN", "RCC.APB1RSTR.TIM2RST"),
            ("stm32f4discovery", "adc2", "RCC.APB2ENR.ADC2EN", "RCC.APB2RSTR.ADCRST"),
            ("nucleo-l476rg", "tim2", "RCC.APB1ENR1.TIM2EN", "RCC.APB1RSTR1.TIM2RST"),
            ("lm3s6965evb", "uart0", "SYSCTL.RCGC1.UART0", "SYSCTL.SRCR1.UART0"),
            ("lm3s6965evb", "gpioa", "SYSCTL.RCGC2.GPIOA", "SYSCTL.SRCR2.GPIOA"),
        ] {
            assert_eq!(bits(board, device), (Some(clock.into()), Some(reset.into())), "{board} {device}");
        }
        assert_eq!(bits("bluepill", "rcc"), (None, None));
        assert_eq!(bits("bluepill", "iwdg"), (None, None));
    }
}
