//! Clocks of peripherals: how often they tick against the core's.

use serde::{Deserialize, Serialize};

use crate::words::Cycle;

/// What runs how fast, as a clock controller makes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clocks {
    /// The core clock, in Hz.
    pub core: u32,
    /// Every clock of the kind's `clocks`, in that order, in Hz; 0 for one that stands still.
    pub domains: heapless::Vec<u32, 32>,
}

/// How fast a peripheral's clock is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frequency {
    /// Of the peripheral's clock, in Hz; 0 if it stands still.
    pub hz: u32,
    /// Of the core's, in Hz.
    pub core_hz: u32,
}

impl Frequency {
    /// Core clock cycles per second. A saved state may claim anything; time does not stand still for it.
    fn core_cycles(self) -> u32 {
        self.core_hz.max(1)
    }
}

/// A clock of a peripheral, counted when somebody looks. Ticks are exact over any number of cycles; when the frequency
/// changes, a part of a tick is lost.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Clock {
    frequency: Frequency,
    /// Ticks are counted from this cycle on.
    start: Cycle,
    /// Ticks that were taken since.
    taken: u64,
}

impl Default for Clock {
    /// As fast as the core.
    fn default() -> Clock {
        Clock::new(Frequency { hz: 1, core_hz: 1 })
    }
}

impl Clock {
    /// A clock that begins at cycle 0.
    pub fn new(frequency: Frequency) -> Clock {
        Clock { frequency, start: 0, taken: 0 }
    }

    /// The frequency.
    pub fn frequency(&self) -> Frequency {
        self.frequency
    }

    /// Changes the frequency from `now` on. Take the ticks up to there before.
    pub fn change(&mut self, frequency: Frequency, now: Cycle) {
        *self = Clock { frequency, start: now, taken: 0 };
    }

    /// Begins a tick now: what has passed of the present one does not count.
    pub fn restart(&mut self, now: Cycle) {
        self.change(self.frequency, now);
    }

    /// Takes the whole ticks up to `now` that were not taken yet.
    pub fn take(&mut self, now: Cycle) -> u64 {
        let ticks = self.ticks(now).saturating_sub(self.taken);
        self.taken = self.taken.saturating_add(ticks);
        ticks
    }

    /// The cycle at which the `count`th tick from the ones taken is complete; `None` if the clock stands still.
    pub fn after(&self, count: u64) -> Option<Cycle> {
        if self.frequency.hz == 0 {
            return None;
        }
        let ticks = u128::from(self.taken) + u128::from(count);
        let cycles =
            (ticks * u128::from(self.frequency.core_cycles())).div_ceil(u128::from(self.frequency.hz));
        Some(self.start.saturating_add(u64::try_from(cycles).unwrap_or(u64::MAX)))
    }

    /// Core clock cycles that this many ticks take, at least 1; a clock that stands still takes for ever.
    pub fn cycles(&self, ticks: u64) -> u64 {
        let Frequency { hz, .. } = self.frequency;
        let cycles =
            (u128::from(ticks) * u128::from(self.frequency.core_cycles())).checked_div(u128::from(hz));
        cycles.map_or(u64::MAX, |cycles| u64::try_from(cycles).unwrap_or(u64::MAX).max(1))
    }

    fn ticks(&self, now: Cycle) -> u64 {
        let cycles = u128::from(now.saturating_sub(self.start));
        let ticks = cycles * u128::from(self.frequency.hz) / u128::from(self.frequency.core_cycles());
        u64::try_from(ticks).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_tick_is_lost_and_none_is_early() {
        for (hz, core_hz) in [(1, 1), (84, 168), (32_768, 72_000_000), (16, 4), (3, 7)] {
            let mut clock = Clock::new(Frequency { hz, core_hz });
            let mut ticks = 0;
            for now in (0..3000).step_by(7) {
                let next = clock.after(1).unwrap();
                let taken = clock.take(now);
                assert_eq!(taken > 0, next <= now, "{hz}/{core_hz} at {now}");
                ticks += taken;
            }
            assert_eq!(ticks, 2996 * u64::from(hz) / u64::from(core_hz), "{hz}/{core_hz}");
        }
    }

    #[test]
    fn a_tick_is_when_it_is_announced_even_of_a_core_that_stands_still() {
        let mut clock = Clock::new(Frequency { hz: 5, core_hz: 0 });
        let next = clock.after(10).unwrap();
        assert_eq!((clock.take(next - 1) < 10, clock.take(next) > 0), (true, true));
        assert_eq!(clock.cycles(10), 2);
    }

    #[test]
    fn a_clock_that_stands_still_never_ticks() {
        let mut clock = Clock::new(Frequency { hz: 0, core_hz: 8 });
        assert_eq!((clock.take(1 << 40), clock.after(1), clock.cycles(1)), (0, None, u64::MAX));
    }
}
