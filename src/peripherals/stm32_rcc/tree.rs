//! Clock trees: oscillators, and what the dividers and switches of a register say.

use super::{Stm32Rcc, Values};

/// The name of an oscillator or PLL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Lsi,
    Lse,
    Msi,
    Hsi,
    Hsi14,
    Hsi48,
    Hse,
    Pll,
    /// PLL2, PLLI2S or PLLSAI1.
    Pll2,
    /// PLL3, PLLSAI or PLLSAI2.
    Pll3,
}

/// An oscillator or PLL.
pub(super) struct Oscillator {
    pub source: Source,
    /// Where its bits are.
    pub register: u32,
    /// The bit that turns it on.
    pub on: u32,
    /// The bit that says that it runs.
    pub ready: u32,
    /// Its interrupt flag.
    pub flag: u32,
    /// How fast it runs while it is on; 0 if it cannot run.
    pub hz: fn(&View<'_>) -> u32,
    /// Of a PLL: what it runs from.
    pub from: fn(&View<'_>) -> Option<Source>,
    /// Registers and their bits that cannot be written while it is on.
    pub settings: &'static [(u32, u32)],
}

/// An oscillator that is turned on by one bit and says that it runs with the next.
pub(super) const fn oscillator(
    source: Source,
    (register, on): (u32, u32),
    flag: u32,
    hz: fn(&View<'_>) -> u32,
) -> Oscillator {
    Oscillator {
        source,
        register,
        on: 1 << on,
        ready: 2 << on,
        flag: 1 << flag,
        hz,
        from: |_| None,
        settings: &[],
    }
}

/// The registers as the clock tree sees them.
pub(super) struct View<'a> {
    pub rcc: &'a Stm32Rcc,
    pub values: &'a Values,
}

impl View<'_> {
    pub fn get(&self, offset: u32) -> u32 {
        self.rcc.registers.get(self.values, offset)
    }

    /// Some bits of a register.
    pub fn field(&self, offset: u32, lowest: u32, width: u32) -> u32 {
        self.get(offset) >> lowest & ((1 << width) - 1)
    }

    /// How fast an oscillator runs; 0 if it is not ready.
    pub fn hz(&self, source: Source) -> u32 {
        match self.rcc.oscillator(source) {
            Some(oscillator) if self.get(oscillator.register) & oscillator.ready != 0 => {
                (oscillator.hz)(self)
            }
            _ => 0,
        }
    }

    /// The system clock.
    pub fn system(&self) -> u32 {
        let status = self.field(self.rcc.family.cfgr, 2, 2);
        self.rcc.family.system[status as usize].map_or(0, |(_, hz)| hz(self))
    }

    /// The AHB clock, divided by HPRE at this bit of CFGR.
    pub fn ahb(&self, lowest: u32) -> u32 {
        let shift = match self.field(self.rcc.family.cfgr, lowest, 4) {
            0..8 => 0,
            code @ 8..12 => code - 7,
            code => code - 6, // a division by 32 does not exist
        };
        self.system() >> shift
    }

    /// The AHB clock divided by PPRE at this bit of CFGR.
    pub fn apb(&self, lowest: u32) -> u32 {
        (self.rcc.family.ahb)(self) >> self.apb_shift(lowest)
    }

    /// The clock of timers on that bus: twice as fast, unless the bus is as fast as the AHB.
    pub fn timers(&self, lowest: u32) -> u32 {
        (self.rcc.family.ahb)(self) >> self.apb_shift(lowest).saturating_sub(1)
    }

    fn apb_shift(&self, lowest: u32) -> u32 {
        self.field(self.rcc.family.cfgr, lowest, 3).saturating_sub(3)
    }

    /// The clock of the RTC: nothing, LSE, LSI or part of HSE.
    pub fn rtc(&self, offset: u32, select: u32, enable: u32, hse_divider: u32) -> u32 {
        if self.field(offset, enable, 1) == 0 {
            return 0;
        }
        match self.field(offset, select, 2) {
            0 => 0,
            1 => self.hz(Source::Lse),
            2 => self.hz(Source::Lsi),
            _ => self.hz(Source::Hse).checked_div(hse_divider).unwrap_or(0),
        }
    }
}

/// `hz * multiplier / divider`; 0 if that is no number.
pub(super) fn scaled(hz: u32, multiplier: u32, divider: u32) -> u32 {
    let scaled = (u64::from(hz) * u64::from(multiplier)).checked_div(u64::from(divider));
    scaled.and_then(|hz| u32::try_from(hz).ok()).unwrap_or(0)
}
