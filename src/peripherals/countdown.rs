//! A down-counter in virtual time, computed only when somebody looks.

use serde::{Deserialize, Serialize};

use crate::words::Cycle;

/// A counter that goes down by one per tick, stays at zero for one tick, and starts again from its reload value.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Countdown {
    /// The count at `since`.
    pub value: u32,
    /// When that was.
    since: Cycle,
}

impl Countdown {
    /// A counter that starts from `value`.
    pub const fn new(value: u32) -> Self {
        Countdown { value, since: 0 }
    }

    /// Sets the count; the next tick is a whole tick away.
    pub fn set(&mut self, value: u32, now: Cycle) {
        self.value = value;
        self.since = now;
    }

    /// Lets time pass without counting.
    pub fn hold(&mut self, now: Cycle) {
        self.since = now;
    }

    /// Counts up to `now`, a tick being `divider` cycles; gives how often the count went from one to zero. With a
    /// reload value of zero the counter stays at zero.
    pub fn run(&mut self, now: Cycle, divider: u64, reload: u32) -> u64 {
        let divider = divider.max(1);
        let ticks = now.saturating_sub(self.since) / divider;
        self.since = self.since.saturating_add(ticks * divider);
        let value = u64::from(self.value);
        if ticks < value {
            self.value = (value - ticks) as u32;
            return 0;
        }
        let first = u64::from(value > 0);
        let beyond = ticks - value;
        if reload == 0 {
            self.value = 0;
            return first;
        }
        let period = u64::from(reload) + 1;
        self.value = match beyond % period {
            0 => 0,
            ticks => (period - ticks) as u32,
        };
        first + beyond / period
    }

    /// When the count next goes from one to zero.
    pub fn zero_at(&self, divider: u64, reload: u32) -> Option<Cycle> {
        let ticks = match (self.value, reload) {
            (0, 0) => return None,
            (0, reload) => u64::from(reload) + 1,
            (value, _) => u64::from(value),
        };
        Some(self.since.saturating_add(ticks.saturating_mul(divider.max(1))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_long_run_is_many_short_ones() {
        for reload in [0, 1, 2, 7] {
            let (mut long, mut short) = (Countdown::new(3), Countdown::new(3));
            let mut zeros = 0;
            for now in 0..200 {
                zeros += short.run(now, 3, reload);
                assert!(short.zero_at(3, reload).is_none_or(|at| at > now), "in the past at {now}");
            }
            assert_eq!(long.run(199, 3, reload), zeros, "reload {reload}");
            assert_eq!(long, short, "reload {reload}");
        }
    }

    #[test]
    fn zero_lasts_one_tick_before_the_reload() {
        let mut counter = Countdown::new(2);
        let values: Vec<u32> = (1..=6)
            .map(|now| {
                counter.run(now, 1, 3);
                counter.value
            })
            .collect();
        assert_eq!(values, [1, 0, 3, 2, 1, 0]);
    }
}
