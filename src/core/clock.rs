//! The core clock: how fast the cycles go by, and so what time it is.

use serde::{Deserialize, Serialize};

use crate::words::{Cycle, Nanoseconds};

const SECOND: u128 = 1_000_000_000;

/// The core clock since it was last changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    hz: u32,
    since: Cycle,
    before: Nanoseconds,
}

impl Clock {
    /// A clock that has this frequency from power-up on.
    pub fn new(hz: u32) -> Clock {
        Clock { hz: hz.max(1), since: 0, before: 0 }
    }

    /// Cycles in a second.
    pub fn hz(&self) -> u32 {
        self.hz
    }

    /// The virtual time since power-up at a cycle that is not before the last change, rounded down.
    pub fn time_at(&self, cycle: Cycle) -> Nanoseconds {
        let cycles = u128::from(cycle.saturating_sub(self.since));
        let since = Nanoseconds::try_from(cycles * SECOND / u128::from(self.hz)).unwrap_or(Nanoseconds::MAX);
        self.before.saturating_add(since)
    }

    /// The cycles that begin before a time, if the clock stays as it is; at least those before its last change.
    pub fn cycles_until(&self, time: Nanoseconds) -> Cycle {
        let left = u128::from(time.saturating_sub(self.before));
        let cycles = Cycle::try_from(left * u128::from(self.hz) / SECOND).unwrap_or(Cycle::MAX);
        self.since.saturating_add(cycles)
    }

    /// The same clock, if it has another frequency from a cycle on.
    pub fn changed(&self, hz: u32, since: Cycle) -> Clock {
        Clock { hz: hz.max(1), since, before: self.time_at(since) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_on_at_another_speed() {
        let slow = Clock::new(16_000_000);
        assert_eq!(slow.time_at(16_000), 1_000_000);
        let fast = slow.changed(168_000_000, 16_000);
        assert_eq!(fast.time_at(16_000), 1_000_000);
        assert_eq!(fast.time_at(16_000 + 168_000), 2_000_000);
        assert_eq!(fast.time_at(16_000 + 1), 1_000_005, "rounded down");
        assert_eq!(fast.changed(1, 184_000).time_at(184_002), 2_002_000_000);
    }

    #[test]
    fn a_time_is_so_many_cycles_away() {
        let clock = Clock::new(25_000_000);
        assert_eq!(clock.cycles_until(250_000_000), 6_250_000);
        assert_eq!(clock.cycles_until(39), 0);
        let clock = clock.changed(1_000_000, 25);
        assert_eq!((clock.time_at(25), clock.cycles_until(3_000)), (1_000, 27));
        assert_eq!(clock.cycles_until(0), 25, "that was before the change");
    }

    #[test]
    fn nothing_overflows() {
        let clock = Clock::new(u32::MAX);
        assert_eq!(clock.cycles_until(Nanoseconds::MAX), Cycle::MAX);
        assert_eq!(Clock::new(0).time_at(Cycle::MAX), Nanoseconds::MAX, "a clock of nothing is one of 1 Hz");
        assert_eq!(
            clock.changed(1, Cycle::MAX).changed(1, 0).time_at(5),
            clock.time_at(Cycle::MAX) + 5 * SECOND as u64
        );
    }
}
