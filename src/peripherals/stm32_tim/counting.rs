//! How the counter moves, in whole stretches between two wraps.

use super::{State, Stm32Tim, UIF};
use crate::words::Cycle;

/// Where the counter turns around.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrap {
    /// With an update event, unless UDIS.
    Event,
    /// Past the largest count, because ARR was set below the count: no event.
    Silent,
}

impl Stm32Tim {
    /// Brings the state up to `now`.
    pub(super) fn settle(&self, s: &mut State, now: Cycle) {
        let clocks = now.saturating_sub(s.since) / self.divider;
        if !s.cr1.cen() || s.smcr & 7 != 0 {
            s.since = s.since.max(now);
            return;
        }
        s.since = s.since.saturating_add(clocks * self.divider);
        self.count(s, clocks);
        if !s.cr1.cen() {
            s.since = s.since.max(now); // one-pulse mode stopped it on the way
        }
    }

    fn count(&self, s: &mut State, mut clocks: u64) {
        let mut skipped = false;
        while s.cr1.cen() {
            let per_tick = u64::from(s.psc.shadow) + 1;
            let total = u64::from(s.prescaled) + clocks;
            let ticks = total / per_tick;
            let Some((distance, wrap)) = self.to_wrap(s).filter(|(distance, _)| *distance <= ticks) else {
                if self.arr(s) != 0 {
                    self.stretch(s, ticks);
                }
                s.prescaled = (total % per_tick) as u32;
                return;
            };
            clocks = total - distance * per_tick;
            s.prescaled = 0;
            self.stretch(s, distance - 1);
            self.turn(s, wrap);
            if wrap == Wrap::Event && s.cr1.cen() && !skipped {
                // Everything repeats from here; the first whole period still has to be walked for its flags.
                skipped = true;
                let period = self.period(s).saturating_mul(u64::from(s.psc.shadow) + 1);
                let periods = clocks.checked_div(period).unwrap_or(0).saturating_sub(2);
                clocks -= periods * period;
            }
        }
    }

    fn arr(&self, s: &State) -> u32 {
        s.arr.shadow & self.max
    }

    /// Ticks of a whole cycle of the counter, from one turn to the like one.
    fn period(&self, s: &State) -> u64 {
        let arr = u64::from(self.arr(s));
        if s.cr1.cms() == 0 { arr + 1 } else { 2 * arr }
    }

    /// Ticks until the counter turns around; `None` while ARR is zero, which stops it (RM0090 18.4.12).
    fn to_wrap(&self, s: &State) -> Option<(u64, Wrap)> {
        let (cnt, arr) = (u64::from(s.cnt & self.max), u64::from(self.arr(s)));
        if arr == 0 {
            return None;
        }
        Some(match (s.cr1.cms() != 0, s.cr1.dir()) {
            (false, false) if cnt > arr => (u64::from(self.max) - cnt + 1, Wrap::Silent),
            (false, false) => (arr - cnt + 1, Wrap::Event),
            (false, true) => (cnt + 1, Wrap::Event),
            // Centre-aligned: overflow on reaching ARR, underflow on reaching zero (RM0090 18.3.2).
            (true, false) => (arr.saturating_sub(cnt).max(1), Wrap::Event),
            (true, true) => (cnt.max(1), Wrap::Event),
        })
    }

    /// Moves by fewer ticks than there are to the wrap.
    fn stretch(&self, s: &mut State, ticks: u64) {
        let from = s.cnt;
        if ticks == 0 {
            return;
        }
        if s.cr1.dir() {
            s.cnt = from.wrapping_sub(ticks as u32) & self.max;
            self.compare(s, |ccr| s_within(ccr, u64::from(from).saturating_sub(ticks), u64::from(from)));
        } else {
            s.cnt = from.wrapping_add(ticks as u32) & self.max;
            self.compare(s, |ccr| s_within(ccr, u64::from(from) + 1, u64::from(from) + ticks + 1));
        }
    }

    /// The tick that turns the counter around.
    fn turn(&self, s: &mut State, wrap: Wrap) {
        let (centred, down) = (s.cr1.cms() != 0, s.cr1.dir());
        let arr = u64::from(self.arr(s));
        // A compare value above ARR matches at the wrap (RM0090 18.4.13, CC1IF).
        if wrap == Wrap::Event {
            self.compare(s, |ccr| u64::from(ccr) > arr);
            self.update(s, true);
        }
        s.cnt = match (centred, down) {
            (false, false) => 0,
            (false, true) | (true, false) => self.arr(s),
            (true, true) => 0,
        };
        let cnt = s.cnt;
        self.compare(s, |ccr| ccr == cnt);
        if centred {
            s.cr1.set_dir(!down);
        }
    }

    /// An update event: shadows are loaded, UIF is set if `flag`, and one-pulse mode ends.
    pub(super) fn update(&self, s: &mut State, flag: bool) {
        if s.cr1.udis() {
            return;
        }
        s.psc.load();
        s.arr.load();
        s.ccr.iter_mut().for_each(super::Preloaded::load);
        if flag {
            s.sr |= UIF;
        }
        if s.cr1.opm() {
            s.cr1.set_cen(false);
        }
    }

    /// Sets the flags of the channels whose compare value matches.
    fn compare(&self, s: &mut State, matches: impl Fn(u32) -> bool) {
        // Centre-aligned mode 1 sets flags when counting down, mode 2 when up, mode 3 always.
        let silent = matches!((s.cr1.cms(), s.cr1.dir()), (1, false) | (2, true));
        if silent {
            return;
        }
        for channel in 0..self.channels {
            if s.compares(channel) && matches(s.ccr[channel].shadow) {
                s.sr |= 2 << channel;
            }
        }
    }

    /// When the first of the `wanted` flags may be set: exactly, or earlier at a turn of the counter.
    pub(super) fn next_event(&self, s: &State, wanted: u32) -> Option<Cycle> {
        if wanted == 0 || !s.cr1.cen() || s.smcr & 7 != 0 {
            return None;
        }
        let (mut ticks, _) = self.to_wrap(s)?;
        for channel in (0..self.channels).filter(|channel| wanted & 2 << channel != 0) {
            let (cnt, ccr) = (u64::from(s.cnt), u64::from(s.ccr[channel].shadow));
            let distance = if s.cr1.dir() { cnt.checked_sub(ccr) } else { ccr.checked_sub(cnt) };
            ticks = ticks.min(distance.filter(|&distance| distance > 0).unwrap_or(u64::MAX));
        }
        let clocks = ticks.saturating_mul(u64::from(s.psc.shadow) + 1);
        let clocks = clocks.saturating_sub(u64::from(s.prescaled)).max(1);
        Some(s.since.saturating_add(clocks.saturating_mul(self.divider)))
    }
}

fn s_within(ccr: u32, from: u64, until: u64) -> bool {
    (from..until).contains(&u64::from(ccr))
}
