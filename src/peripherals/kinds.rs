//! The table of peripherals. To add one: its file, and its row here.

use super::{
    Device, cmsdk_dual_timer, cmsdk_gpio, cmsdk_timer, cmsdk_uart, cmsdk_watchdog, generic, mps2_fpgaio,
    mps2_scc, nrf_clock, nrf_gpio, nrf_gpiote, nrf_nvmc, nrf_rng, nrf_rtc, nrf_temp, nrf_timer, nrf_uart,
    nrf_wdt, stm32_dbgmcu, stm32_gpio, stm32_iwdg, stm32_tim, stm32_usart, stm32f4_exti, stm32f4_flash,
    stm32f4_pwr, stm32f4_rcc, stm32f4_syscfg, xilinx_uartlite,
};

/// All kinds of peripherals, by name.
pub const KINDS: &[Kind] = &[
    cmsdk_dual_timer::KIND,
    cmsdk_gpio::KIND,
    cmsdk_timer::KIND,
    cmsdk_uart::KIND,
    cmsdk_watchdog::KIND,
    generic::KIND,
    mps2_fpgaio::KIND,
    mps2_scc::KIND,
    nrf_clock::KIND,
    nrf_gpio::KIND,
    nrf_gpiote::KIND,
    nrf_nvmc::KIND,
    nrf_rng::KIND,
    nrf_rtc::KIND,
    nrf_temp::KIND,
    nrf_timer::KIND,
    nrf_uart::KIND,
    nrf_wdt::KIND,
    stm32_dbgmcu::KIND,
    stm32_gpio::KIND,
    stm32_iwdg::KIND,
    stm32_tim::KIND,
    stm32_usart::KIND,
    stm32f4_exti::KIND,
    stm32f4_flash::KIND,
    stm32f4_pwr::KIND,
    stm32f4_rcc::KIND,
    stm32f4_syscfg::KIND,
    xilinx_uartlite::KIND,
];

/// A kind of peripheral: what a board's device row names.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// The name in board files.
    pub name: &'static str,
    /// What it is, with the manual.
    pub about: &'static str,
    /// Bytes of address space, unless the board row says otherwise.
    pub size: u32,
    /// The interrupt lines, in the order of the board row and of the bits of `irq_lines`.
    pub irqs: &'static [&'static str],
    /// What a board row may set.
    pub options: &'static [KindOption],
    /// The offset of the register whose low byte is sent to the host when it is written, if it has one.
    pub transmits: Option<u32>,
    /// Makes one, just after reset.
    pub build: fn(&Wiring) -> Box<dyn Device>,
}

/// Something that a board row may set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindOption {
    /// The name in board files.
    pub name: &'static str,
    /// What it does.
    pub about: &'static str,
    /// The value when the row does not set it.
    pub default: u32,
}

/// Core clock cycles per clock of the peripheral: the option that most kinds with a clock have.
pub(super) const CLOCK_DIVIDER: KindOption =
    KindOption { name: "clock-divider", about: "core clock cycles per clock of the peripheral", default: 1 };

/// The option of UARTs that lets nobody send faster than the firmware reads.
pub(super) const HOLD: KindOption = KindOption {
    name: "hold",
    about: "1: the other end waits while a character is unread, so that nothing overruns",
    default: 0,
};

/// How a peripheral is built into a board.
#[derive(Clone, Debug, Default)]
pub struct Wiring {
    /// Core clock cycles per second of virtual time.
    pub clock_hz: u32,
    /// The kind's options, set or default.
    pub options: Vec<(&'static str, u32)>,
    /// What the SVD says about the registers.
    pub registers: Vec<ResetValue>,
}

/// What the SVD says about one register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResetValue {
    /// Bytes from the base of the peripheral.
    pub offset: u32,
    /// The value after reset.
    pub reset_value: u32,
    /// Whether a write means something.
    pub writable: bool,
}

impl Wiring {
    /// The value of an option; 0 for one that the kind does not have.
    pub fn option(&self, name: &str) -> u32 {
        self.options.iter().find(|(option, _)| *option == name).map_or(0, |(_, value)| *value)
    }
}

impl Kind {
    /// The kind of that name.
    pub fn find(name: &str) -> Option<&'static Kind> {
        KINDS.iter().find(|kind| kind.name == name)
    }

    /// A wiring with every option at its default.
    pub fn wiring(&self, clock_hz: u32) -> Wiring {
        let options = self.options.iter().map(|option| (option.name, option.default)).collect();
        Wiring { clock_hz, options, registers: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_unique() {
        assert!(
            KINDS.is_sorted_by(|a, b| a.name < b.name),
            "{:?}",
            KINDS.iter().map(|k| k.name).collect::<Vec<_>>()
        );
    }

    #[test]
    fn kinds_are_found_by_name() {
        assert_eq!(Kind::find("cmsdk-uart").map(|kind| kind.size), Some(0x1000));
        assert!(Kind::find("none").is_none());
    }
}
