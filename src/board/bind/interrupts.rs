//! Which interrupts of a chip are a peripheral's, by the names that vendors give to them.
//!
//! `TIM1_UP_TIM10` is the UP of TIM1 and all of TIM10; `EXTI9_5` is five of EXTI; `ADC1_2` is ADC1 and ADC2; `DMA1_Channel4_5`
//! two channels of DMA1. Files differ in where they list an interrupt, so all of them are looked at.

use std::collections::BTreeMap;

use crate::{
    board::file::{IrqRow, IrqWord},
    peripherals::Kind,
    svd::{Peripheral, Svd},
};

/// An interrupt of the chip.
struct Interrupt {
    number: u16,
    name: String,
    /// What its name speaks of, ranges spelled out.
    words: Vec<String>,
    /// Words in the name, before ranges were spelled out.
    length: usize,
    /// Listed under the peripheral.
    own: bool,
}

/// Where each interrupt line of a kind goes, on a chip that has `count` interrupts: files tell of larger ones, too.
pub(super) fn of(svd: &Svd, peripheral: &Peripheral, kind: &Kind, count: u16) -> Vec<IrqRow> {
    let mut all: BTreeMap<(u16, &str), bool> = BTreeMap::new();
    for other in svd.peripherals() {
        for (number, name) in other.interrupts.iter().filter(|(number, _)| *number < count) {
            *all.entry((*number, name)).or_default() |= other.name == peripheral.name;
        }
    }
    let all: Vec<Interrupt> =
        all.into_iter().map(|((number, name), own)| Interrupt::new(number, name, own)).collect();
    let owner = peripheral.name.to_ascii_uppercase();
    let mut lines: Vec<Option<u16>> =
        kind.irqs.iter().map(|line| line_of(&all, &owner, kind, line)).collect();
    while lines.last() == Some(&None) {
        lines.pop();
    }
    let row = |line: Option<u16>| line.map_or(IrqRow::Word(IrqWord::None), IrqRow::Number);
    lines.into_iter().map(row).collect()
}

fn line_of(all: &[Interrupt], owner: &str, kind: &Kind, line: &str) -> Option<u16> {
    let best = |found: Vec<&Interrupt>| {
        let best = found.into_iter().min_by_key(|interrupt| (interrupt.length, interrupt.number));
        best.map(|interrupt| interrupt.number)
    };
    let wanted = |line: &str| spelled_out(&line.replace("{}", owner)).0;
    let has =
        |interrupt: &Interrupt, line: &str| wanted(line).iter().all(|word| interrupt.words.contains(word));
    // Lines with a name of their own: `TIMER0A`, or what leads through the external interrupt controller.
    if line.contains("{}") || owner == "EXTI" {
        return best(all.iter().filter(|interrupt| has(interrupt, line)).collect());
    }
    let related: Vec<&Interrupt> =
        all.iter().filter(|interrupt| interrupt.own || interrupt.speaks_of(owner)).collect();
    if let [only] = related[..] {
        return Some(only.number);
    }
    if kind.irqs.len() == 1 {
        let exact = related.iter().find(|interrupt| interrupt.name.eq_ignore_ascii_case(owner));
        let own: Vec<&Interrupt> = related.iter().filter(|interrupt| interrupt.own).copied().collect();
        let exact = exact.map(|interrupt| interrupt.number);
        return exact.or_else(|| best(if own.is_empty() { related } else { own }));
    }
    let fitting: Vec<&Interrupt> = related.iter().filter(|interrupt| has(interrupt, line)).copied().collect();
    if !fitting.is_empty() {
        return best(fitting);
    }
    let general = |interrupt: &&Interrupt| !kind.irqs.iter().any(|other| has(interrupt, other));
    best(related.into_iter().filter(|interrupt| interrupt.speaks_of(owner)).filter(general).collect())
}

impl Interrupt {
    fn new(number: u16, name: &str, own: bool) -> Interrupt {
        let (words, length) = spelled_out(name);
        Interrupt { number, name: name.to_owned(), words, length, own }
    }

    /// Whether the name speaks of a peripheral: of `ADC1` as `ADC1` or `ADC`, of `CAN` as `CAN` or `CAN1`.
    fn speaks_of(&self, owner: &str) -> bool {
        let family = stem(owner);
        self.words
            .iter()
            .any(|word| word == owner || word == family || family == owner && stem(word) == owner)
    }
}

/// A word without the number at its end.
fn stem(word: &str) -> &str {
    word.trim_end_matches(|c: char| c.is_ascii_digit())
}

/// The words of a name in upper case, with the numbers of ranges as words of their own; and how many words there were.
fn spelled_out(name: &str) -> (Vec<String>, usize) {
    let name = name.to_ascii_uppercase();
    let parts: Vec<&str> =
        name.split('_').filter(|part| !matches!(*part, "" | "IRQ" | "IRQN" | "INT")).collect();
    let mut words: Vec<String> = Vec::new();
    let mut first: Option<(String, u32)> = None;
    for part in &parts {
        if let (Ok(number), Some((stem, from))) = (part.parse::<u32>(), &first) {
            let range = number.min(*from)..=number.max(*from);
            words.extend(range.take(64).map(|number| format!("{stem}{number}")));
            continue;
        }
        let stem = match stem(part) {
            "CH" => "CHANNEL",
            stem => stem,
        };
        let digits = &part[self::stem(part).len()..];
        first = digits.parse().ok().map(|number| (stem.to_owned(), number));
        words.push(format!("{stem}{digits}"));
    }
    (words, parts.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of the interrupt that each line gets, of these names in order.
    fn lines(owner: &str, irqs: &'static [&'static str], names: &[&str]) -> Vec<Option<usize>> {
        let all: Vec<Interrupt> = names
            .iter()
            .enumerate()
            .map(|(number, name)| Interrupt::new(number as u16, name, false))
            .collect();
        let kind = Kind { irqs, ..*Kind::find("generic").unwrap() };
        irqs.iter().map(|line| line_of(&all, owner, &kind, line).map(usize::from)).collect()
    }

    #[test]
    fn timers_share_interrupts() {
        const LINES: &[&str] = &["BRK", "UP", "TRG_COM", "CC"];
        let f4 = ["TIM1_BRK_TIM9", "TIM1_UP_TIM10", "TIM1_TRG_COM_TIM11", "TIM1_CC", "TIM2", "TIM6_DAC"];
        assert_eq!(lines("TIM1", LINES, &f4), [Some(0), Some(1), Some(2), Some(3)]);
        assert_eq!(lines("TIM10", LINES, &f4), [Some(1); 4]);
        assert_eq!(lines("TIM2", LINES, &f4), [Some(4); 4]);
        assert_eq!(lines("TIM6", LINES, &f4), [Some(5); 4]);
        assert_eq!(lines("DAC", &["dac"], &f4), [Some(5)]);
        let f0 = ["TIM1_BRK_UP_TRG_COM", "TIM1_CC"];
        assert_eq!(lines("TIM1", LINES, &f0), [Some(0), Some(0), Some(0), Some(1)]);
    }

    #[test]
    fn ranges_are_spelled_out() {
        const EXTI: &[&str] = &["EXTI0", "EXTI7", "EXTI12", "PVD", "RTC_ALARM"];
        let names = ["EXTI0", "EXTI9_5", "EXTI15_10", "PVD", "RTC_Alarm"];
        assert_eq!(lines("EXTI", EXTI, &names), [Some(0), Some(1), Some(2), Some(3), Some(4)]);
        assert_eq!(lines("EXTI", EXTI, &["EXTI0_1", "EXTI4_15"])[..3], [Some(0), Some(1), Some(1)]);
        const DMA: &[&str] = &["CHANNEL1", "CHANNEL3", "CHANNEL5"];
        let names = ["DMA1_Channel1", "DMA1_Channel2_3", "DMA1_Channel4_5_6_7", "DMA2_Channel1"];
        assert_eq!(lines("DMA1", DMA, &names), [Some(0), Some(1), Some(2)]);
        assert_eq!(
            lines("DMA2", DMA, &["DMA1_CH1", "DMA2_CH1", "DMA2_CH3", "DMA2_CH5"]),
            [Some(1), Some(2), Some(3)]
        );
    }

    #[test]
    fn general_names_serve_all_lines_and_shared_ones_all_owners() {
        assert_eq!(lines("I2C1", &["EV", "ER"], &["I2C1_EV", "I2C1_ER"]), [Some(0), Some(1)]);
        assert_eq!(lines("I2C1", &["EV", "ER"], &["I2C1", "I2C2"]), [Some(0), Some(0)]);
        assert_eq!(lines("ADC2", &["adc"], &["ADC1_2", "ADC3"]), [Some(0)]);
        assert_eq!(lines("ADC1", &["adc"], &["ADC"]), [Some(0)]);
        assert_eq!(lines("USART5", &["usart"], &["USART1", "USART3_8"]), [Some(1)]);
        const CAN: &[&str] = &["TX", "RX0", "RX1", "SCE"];
        let f1 = ["USB_HP_CAN_TX", "USB_LP_CAN_RX0", "CAN_RX1", "CAN_SCE"];
        assert_eq!(lines("CAN1", CAN, &f1), [Some(0), Some(1), Some(2), Some(3)]);
        assert_eq!(lines("CAN", CAN, &["CEC_CAN"]), [Some(0); 4]);
        let nrf = ["UARTE0_UART0", "SPIM0_SPIS0_TWIM0_TWIS0_SPI0_TWI0", "TIMER0"];
        assert_eq!(lines("UART0", &["uart"], &nrf), [Some(0)]);
        assert_eq!(lines("TWI0", &["twi"], &nrf), [Some(1)]);
        assert_eq!(lines("TIMER1", &["{}A", "{}B"], &["TIMER0A", "TIMER1A", "TIMER1B"]), [Some(1), Some(2)]);
    }
}
