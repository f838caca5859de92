//! Which clock each device runs on, of those that the chip's clock controller makes.

use crate::{
    board::file::BoardFile,
    peripherals::{Clocking, Kind},
};

/// Names the clock of every device that has none yet.
pub(super) fn assign(file: &mut BoardFile) {
    let Some(clocks) = file.clock_controller().map(|(_, kind)| kind.clocks) else { return };
    for row in &mut file.device {
        let Some(kind) = Kind::find(&row.kind).filter(|_| row.clock.is_none()) else { continue };
        row.clock = clock_of(clocks, kind, &row.name, row.base).map(str::to_owned);
    }
}

fn clock_of(clocks: &[&'static str], kind: &Kind, device: &str, base: u32) -> Option<&'static str> {
    let named = |name: &str| clocks.iter().find(|clock| **clock == name).copied();
    let bus = if base < 0x4001_0000 {
        1
    } else if base < 0x4002_0000 {
        2
    } else {
        0
    };
    // A chip with one peripheral bus has no second one in its names.
    let candidates: &[&str] = match (kind.clock, bus) {
        (Clocking::Core, _) => return None,
        (Clocking::Named(name), _) => return named(device).or_else(|| named(name)),
        (Clocking::Bus, 1) => &["apb1", "ahb"],
        (Clocking::Bus, 2) => &["apb2", "apb1", "ahb"],
        (Clocking::Bus, _) => &["ahb"],
        (Clocking::Timer, 1) => &["apb1-timer", "apb1", "ahb"],
        (Clocking::Timer, _) => &["apb2-timer", "apb1-timer", "ahb"],
    };
    named(device).or_else(|| candidates.iter().find_map(|name| named(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_of_its_own_comes_before_that_of_the_bus() {
        let kind = |clock| Kind { clock, ..*Kind::find("generic").unwrap() };
        let clocks = ["ahb", "apb1", "apb2", "apb1-timer", "apb2-timer", "lsi", "usart1"];
        let of = |clock, device, base| clock_of(&clocks, &kind(clock), device, base);
        assert_eq!(of(Clocking::Bus, "usart2", 0x4000_4400), Some("apb1"));
        assert_eq!(of(Clocking::Bus, "usart1", 0x4001_3800), Some("usart1"));
        assert_eq!(of(Clocking::Timer, "tim1", 0x4001_2c00), Some("apb2-timer"));
        assert_eq!(of(Clocking::Named("lsi"), "iwdg", 0x4000_3000), Some("lsi"));
        assert_eq!(of(Clocking::Named("lsi"), "usart1", 0x4000_3000), Some("usart1"));
        assert_eq!(of(Clocking::Core, "gpioa", 0x4002_0000), None);
        assert_eq!(clock_of(&["ahb", "apb1"], &kind(Clocking::Bus), "spi1", 0x4001_3000), Some("apb1"));
    }
}
