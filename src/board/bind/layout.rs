//! Whether a peripheral of an SVD file has the registers of a layout.

use crate::{peripherals::Layout, svd::Peripheral};

/// Whether all registers of the layout are there, and none that it excludes.
pub(super) fn fits(layout: &Layout, peripheral: &Peripheral) -> bool {
    let has = |name: &str, offset: Option<u32>| {
        peripheral.registers.iter().any(|(register, at)| {
            offset.is_none_or(|offset| offset == *at) && is_called(register, name, peripheral)
        })
    };
    !layout.registers.is_empty()
        && layout.registers.iter().all(|(name, offset)| has(name, Some(*offset)))
        && !layout.without.iter().any(|name| has(name, None))
}

/// Whether a register's name means a layout's: vendors put the peripheral's or the group's name in front of it, and of
/// registers that are seen in two ways (`CCMR1_Output`) they name the way behind it.
fn is_called(register: &str, name: &str, peripheral: &Peripheral) -> bool {
    let register = register.to_ascii_uppercase();
    let matches =
        |register: &str| register.strip_prefix(name).is_some_and(|rest| rest.is_empty() || is_view(rest));
    if matches(&register) {
        return true;
    }
    let Some((prefix, rest)) = register.split_once('_') else { return false };
    let kind = |text: &str| text.trim_end_matches(|c: char| c.is_ascii_digit() || c == 'X').to_owned();
    let owners = [peripheral.name.to_ascii_uppercase(), peripheral.group.to_ascii_uppercase()];
    let owned = owners.iter().any(|owner| {
        prefix == owner || !owner.is_empty() && kind(prefix) == kind(owner) || owner.starts_with(prefix)
    });
    owned && matches(rest)
}

/// Whether what stands behind a name is a view of the same register: `_OUTPUT`, `_ENABLED`, `_ALT`.
fn is_view(rest: &str) -> bool {
    const VIEWS: [&str; 12] = [
        "_OUTPUT",
        "_INPUT",
        "_ENABLED",
        "_DISABLED",
        "_ALTERNATE",
        "_ALT",
        "_FIFO",
        "_8BIT",
        "_FIFO_ENABLED",
        "_FIFO_DISABLED",
        "_STANDARD",
        "_COMPARE",
    ];
    VIEWS.iter().any(|view| rest.starts_with(view))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peripheral(name: &str, group: &str, registers: &[(&str, u32)]) -> Peripheral {
        Peripheral {
            name: name.to_owned(),
            group: group.to_owned(),
            base: 0,
            size: 0x400,
            registers: registers.iter().map(|(name, at)| ((*name).to_owned(), *at)).collect(),
            interrupts: Vec::new(),
        }
    }

    #[test]
    fn prefixes_and_views_of_vendors_do_not_matter() {
        const LAYOUT: Layout = Layout::of(&[("CR1", 0), ("CCMR1", 0x18)]);
        for registers in [
            [("CR1", 0), ("CCMR1", 0x18)],
            [("CR1", 0), ("CCMR1_Output", 0x18)],
            [("TIM2_CR1", 0), ("TIM2_CCMR1_Input", 0x18)],
            [("TIMx_CR1", 0), ("TIM_CCMR1", 0x18)],
        ] {
            assert!(fits(&LAYOUT, &peripheral("TIM2", "TIM", &registers)), "{registers:?}");
        }
        for registers in
            [[("CR1", 4), ("CCMR1", 0x18)], [("CR10", 0), ("CCMR1", 0x18)], [("ADC_CR1", 0), ("CCMR1", 0x18)]]
        {
            assert!(!fits(&LAYOUT, &peripheral("TIM2", "TIM", &registers)), "{registers:?}");
        }
    }

    #[test]
    fn what_a_layout_excludes_is_not_there() {
        const LAYOUT: Layout = Layout { registers: &[("SR", 0)], without: &["ISR"], options: &[] };
        assert!(fits(&LAYOUT, &peripheral("P", "", &[("SR", 0)])));
        assert!(!fits(&LAYOUT, &peripheral("P", "", &[("SR", 0), ("ISR", 8)])));
    }
}
