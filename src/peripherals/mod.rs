//! Peripheral models: what answers at the pins of a live machine.
//!
//! A model is a fixed wiring (`self`) and a plain [`Peripheral::State`]; reset, save, restore, compare and a debugger's
//! side-effect-free look are the same generic code for all of them ([`Slot`]).

mod bank;
mod bus;
mod clock;
mod kinds;
mod lanes;
mod slot;
mod surroundings;

// What models share.
mod aes128;
mod countdown;
mod nrf_dma;
mod nrf_events;
mod part_memory;
mod part_spi;
mod primecell;
mod registers;
mod samples;
mod serial_line;
mod stm32_dma_pace;
mod stm32_pins;
mod stm32_usart_line;

// The models, one file each.
mod cmsdk_dual_timer;
mod cmsdk_gpio;
mod cmsdk_timer;
mod cmsdk_uart;
mod cmsdk_watchdog;
mod generic;
mod lm3s_adc;
mod lm3s_flash;
mod lm3s_gptm;
mod lm3s_i2c;
mod lm3s_sysctl;
mod mps2_fpgaio;
mod mps2_scc;
mod nrf_adc;
mod nrf_clock;
mod nrf_ecb;
mod nrf_egu;
mod nrf_ficr;
mod nrf_gpio;
mod nrf_gpiote;
mod nrf_nvmc;
mod nrf_ppi;
mod nrf_pwm;
mod nrf_radio;
mod nrf_rng;
mod nrf_rtc;
mod nrf_saadc;
mod nrf_serial;
mod nrf_temp;
mod nrf_timer;
mod nrf_uart;
mod nrf_wdt;
mod part_24lc256;
mod part_mx25l;
mod part_registers;
mod pl011;
mod pl022;
mod pl061;
mod stm32_adc_common;
mod stm32_adc_v1;
mod stm32_adc_v2;
mod stm32_bkp;
mod stm32_can;
mod stm32_crc;
mod stm32_dac;
mod stm32_dbgmcu;
mod stm32_device_id;
mod stm32_dma;
mod stm32_dma_stream;
mod stm32_exti;
mod stm32_flash;
mod stm32_gpio;
mod stm32_i2c;
mod stm32_i2c_v2;
mod stm32_iwdg;
mod stm32_pwr;
mod stm32_rcc;
mod stm32_rng;
mod stm32_rtc_v1;
mod stm32_rtc_v2;
mod stm32_spi;
mod stm32_syscfg;
mod stm32_tim;
mod stm32_usart;
mod stm32_usart_v2;
mod stm32_wwdg;
mod stm32f1_gpio;
mod stm32l4_pwr;
mod xilinx_uartlite;

#[cfg(test)]
mod laws;
#[cfg(test)]
pub(crate) mod testbed;

use std::{fmt::Debug, ops::Range};

use serde::{Serialize, de::DeserializeOwned};

pub use bank::{Guess, Policy};
pub use bus::{
    Bus, BusAlias, BusError, ControlBit, Controls, Mount, NoSuchDevice, RestoreError, Target, Unclocked,
    Unmodelled,
};
pub use clock::{Clock, Clocks, Frequency};
pub use kinds::{Clocking, Described, KINDS, Kind, KindOption, Layout, Port, Wiring};
pub use slot::{Device, Slot};
pub use surroundings::{Context, Dma, Level, Output, Surroundings, Talk};

use crate::words::{BusFault, Cycle, Width};

/// One access to a register of a peripheral.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Bytes from the base address of the peripheral.
    pub offset: u32,
    /// The size of the access; the address is always aligned to it.
    pub width: Width,
}

/// A model of one kind of peripheral. `self` is fixed wiring (clocks, which variant); everything that changes is `State`.
pub trait Peripheral: 'static {
    /// All that changes: plain data; its default is the state after reset.
    type State: Default + Clone + PartialEq + Debug + Serialize + DeserializeOwned;

    /// Reads a register. An error is a bus fault.
    fn read(&self, state: &mut Self::State, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault>;

    /// Writes a register. An error is a bus fault.
    fn write(
        &self,
        state: &mut Self::State,
        at: Access,
        value: u32,
        cx: &mut Context<'_>,
    ) -> Result<(), BusFault>;

    /// The flash that the peripheral programs when the core stores to it: a function of the wiring. Addresses are those of
    /// the memory itself, not of an alias.
    fn program_areas(&self) -> &[Range<u32>] {
        &[]
    }

    /// Takes a store of the core to one of [`Peripheral::program_areas`]; the address is always aligned to the width. What
    /// becomes of the flash is written with [`Dma::write`]; an error is a bus fault.
    fn program(
        &self,
        _state: &mut Self::State,
        _address: u32,
        _width: Width,
        _value: u32,
        _cx: &mut Context<'_>,
    ) -> Result<(), BusFault> {
        Err(BusFault)
    }

    /// Takes bytes from the host.
    fn input(&self, _state: &mut Self::State, _bytes: &[u8], _cx: &mut Context<'_>) {}

    /// The time that [`Peripheral::next_wake`] named has come.
    fn wake(&self, _state: &mut Self::State, _cx: &mut Context<'_>) {}

    /// The state after a reset of the chip: what is outside of it stays, as a character on its way and the level of a pin
    /// do, and the registers that the kind names as retained.
    fn after_reset(&self, _state: &Self::State) -> Self::State {
        Self::State::default()
    }

    /// The level of each interrupt line, bit 0 the first: a pure function of the state.
    fn irq_lines(&self, _state: &Self::State) -> u32 {
        0
    }

    /// When the peripheral next has something to do by itself, in core clock cycles: a pure function of the state.
    fn next_wake(&self, _state: &Self::State) -> Option<Cycle> {
        None
    }

    /// Whether the peripheral asks for a reset of the chip (a watchdog that ran out).
    fn reset_request(&self, _state: &Self::State) -> bool {
        false
    }

    /// The level of each output, bit 0 the first of the kind's `outputs`: a pure function of the state.
    fn outputs(&self, _state: &Self::State) -> u64 {
        0
    }

    /// A wire that leads to `input`, counted over the kind's `inputs`, changes its level or carries a pulse. At reset all
    /// inputs are low; those that are not are told before anything else happens.
    fn wire(&self, _state: &mut Self::State, _input: u32, _level: Level, _cx: &mut Context<'_>) {}

    /// The clock of the peripheral is another one from now on. Told at reset, and when the clock controller changes it.
    fn clocked(&self, _state: &mut Self::State, _clock: Frequency, _cx: &mut Context<'_>) {}

    /// Of a clock controller: what runs how fast. A pure function of the state.
    fn clocks(&self, _state: &Self::State) -> Option<Clocks> {
        None
    }

    /// The controller that the peripheral is attached to says something; the answer, if there is one.
    fn talk(&self, _state: &mut Self::State, _talk: Talk, _cx: &mut Context<'_>) -> Option<u32> {
        None
    }
}

/// The pins and levels that input from the host names: two bytes each, the number of the pin and its level. Numbers
/// from `pins` on, and half a pair at the end, are left out.
fn pin_levels(bytes: &[u8], pins: u8) -> impl Iterator<Item = (u8, bool)> {
    let pairs = bytes.chunks_exact(2).map(|pair| (pair[0], pair[1] & 1 != 0));
    pairs.filter(move |(pin, _)| *pin < pins)
}
