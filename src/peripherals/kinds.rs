//! The table of peripherals. To add one: its file, and its row here.

use super::{
    Device, cmsdk_dual_timer, cmsdk_gpio, cmsdk_timer, cmsdk_uart, cmsdk_watchdog, generic, lm3s_adc,
    lm3s_flash, lm3s_gptm, lm3s_i2c, lm3s_sysctl, mps2_fpgaio, mps2_scc, nrf_adc, nrf_clock, nrf_ecb,
    nrf_egu, nrf_ficr, nrf_gpio, nrf_gpiote, nrf_nvmc, nrf_ppi, nrf_pwm, nrf_radio, nrf_rng, nrf_rtc,
    nrf_saadc, nrf_serial, nrf_temp, nrf_timer, nrf_uart, nrf_wdt, part_24lc256, part_mx25l, part_registers,
    pl011, pl022, pl061, stm32_adc_common, stm32_adc_v1, stm32_adc_v2, stm32_bkp, stm32_can, stm32_crc,
    stm32_dac, stm32_dbgmcu, stm32_device_id, stm32_dma, stm32_dma_stream, stm32_exti, stm32_flash,
    stm32_gpio, stm32_i2c, stm32_i2c_v2, stm32_iwdg, stm32_pwr, stm32_rcc, stm32_rng, stm32_rtc_v1,
    stm32_rtc_v2, stm32_spi, stm32_syscfg, stm32_tim, stm32_usart, stm32_usart_v2, stm32_wwdg, stm32f1_gpio,
    stm32l4_pwr, xilinx_uartlite,
};
use crate::svd::Register;

/// All kinds of peripherals, by name.
pub const KINDS: &[Kind] = &[
    part_24lc256::KIND,
    cmsdk_dual_timer::KIND,
    cmsdk_gpio::KIND,
    cmsdk_timer::KIND,
    cmsdk_uart::KIND,
    cmsdk_watchdog::KIND,
    generic::KIND,
    part_registers::I2C,
    lm3s_adc::KIND,
    lm3s_flash::KIND,
    lm3s_gptm::KIND,
    lm3s_i2c::KIND,
    lm3s_sysctl::KIND,
    cmsdk_watchdog::STELLARIS,
    mps2_fpgaio::KIND,
    mps2_scc::KIND,
    part_mx25l::KIND,
    nrf_adc::KIND,
    nrf_clock::KIND,
    nrf_ecb::KIND,
    nrf_egu::KIND,
    nrf_ficr::KIND,
    nrf_gpio::KIND,
    nrf_gpiote::KIND,
    nrf_nvmc::KIND,
    nrf_ppi::KIND,
    nrf_pwm::KIND,
    nrf_radio::KIND,
    nrf_rng::KIND,
    nrf_rtc::KIND,
    nrf_saadc::KIND,
    nrf_serial::KIND,
    nrf_temp::KIND,
    nrf_timer::KIND,
    nrf_uart::KIND,
    nrf_wdt::KIND,
    pl011::KIND,
    pl022::KIND,
    pl061::KIND,
    part_registers::SPI,
    stm32_adc_common::KIND,
    stm32_adc_v1::KIND,
    stm32_adc_v2::KIND,
    stm32_bkp::KIND,
    stm32_can::KIND,
    stm32_crc::KIND,
    stm32_dac::KIND,
    stm32_dbgmcu::KIND,
    stm32_dma::KIND,
    stm32_dma_stream::KIND,
    stm32_exti::KIND,
    stm32_gpio::KIND,
    stm32_i2c::KIND,
    stm32_i2c_v2::KIND,
    stm32_iwdg::KIND,
    stm32_pwr::KIND,
    stm32_rng::KIND,
    stm32_rtc_v1::KIND,
    stm32_rtc_v2::KIND,
    stm32_spi::KIND,
    stm32_syscfg::KIND,
    stm32_tim::KIND,
    stm32_usart::KIND,
    stm32_usart_v2::KIND,
    stm32_wwdg::KIND,
    stm32_device_id::F0,
    stm32_rcc::F0,
    stm32_device_id::F1,
    stm32_flash::F1,
    stm32f1_gpio::KIND,
    stm32_rcc::F1,
    stm32_rcc::F3,
    stm32_device_id::F4,
    stm32_flash::F4,
    stm32_rcc::F4,
    stm32_flash::L1,
    stm32_rcc::L1,
    stm32_flash::L4,
    stm32l4_pwr::KIND,
    stm32_rcc::L4,
    xilinx_uartlite::KIND,
];

/// A kind of peripheral: what a board's device row names.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// The name in board files.
    pub name: &'static str,
    /// What it is, with the manual.
    pub about: &'static str,
    /// Bytes of address space, unless the board row says otherwise; 0 for a part that is attached to a controller.
    pub size: u32,
    /// The register layouts that it implements: a peripheral of an SVD file that has all registers of one of them gets
    /// this model. Of several kinds, the one with the most registers is taken.
    pub layouts: &'static [Layout],
    /// What else an SVD file tells: options by their names.
    pub describe: fn(&Described<'_>) -> Vec<(&'static str, u32)>,
    /// The interrupt lines, in the order of the board row and of the bits of `irq_lines`.
    pub irqs: &'static [&'static str],
    /// What can be wired to other peripherals, in the order of the bits of `outputs`.
    pub outputs: &'static [Port],
    /// Where other peripherals can be wired to.
    pub inputs: &'static [Port],
    /// The clock that it runs on.
    pub clock: Clocking,
    /// Of a clock controller: the clocks that it makes.
    pub clocks: &'static [&'static str],
    /// What a board row may set.
    pub options: &'static [KindOption],
    /// The offsets of registers that a reset of the chip leaves as they are, or in which it tells of itself.
    pub retained: &'static [u32],
    /// The offset of the register whose low byte is sent to the host when it is written, if it has one.
    pub transmits: Option<u32>,
    /// Makes one, just after reset.
    pub build: fn(&Wiring) -> Box<dyn Device>,
}

/// Registers by their names in SVD files, and offsets from the base.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// All of them must be there.
    pub registers: &'static [(&'static str, u32)],
    /// None of these names may be there.
    pub without: &'static [&'static str],
    /// Options that follow.
    pub options: &'static [(&'static str, u32)],
}

impl Layout {
    /// A layout from which no options follow.
    pub const fn of(registers: &'static [(&'static str, u32)]) -> Layout {
        Layout { registers, without: &[], options: &[] }
    }
}

/// A peripheral of an SVD file, for a kind that looks closer.
#[derive(Clone, Copy, Debug)]
pub struct Described<'a> {
    /// The name in the file.
    pub name: &'a str,
    /// The first address.
    pub base: u32,
    /// The registers.
    pub registers: &'a [&'a Register],
}

impl<'a> Described<'a> {
    /// The register at an offset.
    pub fn register(&self, offset: u32) -> Option<&'a Register> {
        self.registers.iter().find(|register| register.address.wrapping_sub(self.base) == offset).copied()
    }

    /// Whether the register at an offset has a field of that name.
    pub fn has_field(&self, offset: u32, name: &str) -> bool {
        let fields = self.register(offset).map_or(&[][..], |register| &register.fields);
        fields.iter().any(|field| field.name == name)
    }
}

/// One or several wires with one name: `tx`, or `pin0` to `pin15`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Port {
    /// The name, without the number.
    pub name: &'static str,
    /// How many; 1 has no number.
    pub count: u32,
}

impl Port {
    /// A single wire.
    pub const fn one(name: &'static str) -> Port {
        Port { name, count: 1 }
    }

    /// The number, over a list of ports, of the wire that a name means.
    pub fn find(ports: &[Port], name: &str) -> Option<u32> {
        let mut first = 0;
        for port in ports {
            let number = match name.strip_prefix(port.name) {
                Some("") => Some(0),
                Some(digits) if port.count > 1 => digits.parse().ok().filter(|number| *number < port.count),
                _ => None,
            };
            if let Some(number) = number {
                return Some(first + number);
            }
            first += port.count;
        }
        None
    }

    /// How many wires a list of ports has.
    pub fn total(ports: &[Port]) -> u32 {
        ports.iter().map(|port| port.count).sum()
    }
}

/// Which clock a kind runs on. A clock controller's clock with the name of the device comes before all of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clocking {
    /// The core's, or none.
    Core,
    /// That of the bus it is on: `apb1`, `apb2`, `ahb`.
    Bus,
    /// That of the timers on its bus: `apb1-timer`, `apb2-timer`.
    Timer,
    /// The clock of this name.
    Named(&'static str),
}

impl Kind {
    /// A kind without anything, to begin from.
    pub(super) const PLAIN: Kind = Kind {
        name: "",
        about: "",
        size: 0x400,
        layouts: &[],
        describe: |_| Vec::new(),
        irqs: &[],
        outputs: &[],
        inputs: &[],
        clock: Clocking::Core,
        clocks: &[],
        options: &[],
        retained: &[],
        transmits: None,
        build: |_| -> Box<dyn Device> { Box::new(super::Slot::new(super::surroundings::Absent)) },
    };
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
    /// What the SVD says about the registers; addresses are offsets from the base.
    pub registers: Vec<Register>,
}

impl Wiring {
    /// The value of an option; 0 for one that the kind does not have.
    pub fn option(&self, name: &str) -> u32 {
        self.options.iter().find(|(option, _)| *option == name).map_or(0, |(_, value)| *value)
    }

    /// The reset value of the register at an offset, if the SVD has one there.
    pub fn reset_value(&self, offset: u32) -> Option<u32> {
        let register = self.registers.iter().find(|register| register.address == offset)?;
        Some(register.reset_value)
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
