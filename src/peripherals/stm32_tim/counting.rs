//! How the counter moves, in whole stretches between two wraps.

use super::{Preloaded, State, Stm32Tim, UIF, UPDATE, flag};
use crate::words::Cycle;

/// Where the counter turns around.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrap {
    /// With an update event, unless UDIS or the repetition counter says otherwise.
    Event,
    /// Past the largest count, because ARR was set below the count: no event.
    Silent,
}

/// What must not be missed.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Awaited {
    /// Update events.
    pub update: bool,
    /// Compare matches, a bit for each channel.
    pub channels: u32,
    /// Every turn of the counter.
    pub turns: bool,
}

impl Stm32Tim {
    /// Brings the state up to `now`.
    pub(super) fn settle(&self, s: &mut State, now: Cycle) {
        if self.counts_time(s) {
            let clocks = s.clock.take(now);
            self.count(s, clocks);
        }
        // Stopped, maybe by one-pulse mode on the way: it starts with a whole clock.
        if !self.counts_time(s) {
            s.clock.restart(now);
        }
    }

    /// Counts so many clocks, if the counter is enabled.
    pub(super) fn count(&self, s: &mut State, mut clocks: u64) {
        let (mut updates, mut wraps) = (0, 0);
        while s.cr1.cen() {
            let per_tick = self.per_tick(s);
            let total = u64::from(s.prescaled).saturating_add(clocks);
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
            if self.turn(s, wrap) {
                (updates, wraps) = (updates + 1, 0);
            } else if wrap == Wrap::Event {
                wraps += 1;
            }
            if wraps == 0 && updates == 1 {
                // All repeats from here; what is toggled does after twice as long. One time is walked for its flags.
                let cycle = self.period(s).saturating_mul(2 * (u64::from(s.rcr) + 1));
                let times = clocks.checked_div(cycle).unwrap_or(0).saturating_sub(1);
                clocks -= times * cycle;
            } else if wraps == 4 {
                // Every flag that the turns without an update event set is set.
                let turns = if s.cr1.cms() == 0 { 1 } else { 2 };
                let times = clocks.checked_div(self.period(s)).unwrap_or(0);
                let times = times.min(u64::from(s.repetitions / turns)) & !1;
                s.repetitions -= times as u32 * turns;
                clocks -= times * self.period(s);
            }
        }
    }

    /// Clocks of a tick of the counter.
    fn per_tick(&self, s: &State) -> u64 {
        (u64::from(s.psc.shadow) + 1).saturating_mul(self.divider)
    }

    fn arr(&self, s: &State) -> u32 {
        s.arr.shadow & self.max
    }

    /// Clocks of a whole cycle of the counter, from one turn to the like one.
    fn period(&self, s: &State) -> u64 {
        let arr = u64::from(self.arr(s));
        let ticks = if s.cr1.cms() == 0 { arr + 1 } else { 2 * arr };
        ticks.saturating_mul(self.per_tick(s))
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
        let from = u64::from(s.cnt);
        if ticks == 0 {
            return;
        }
        let (low, high) = if s.cr1.dir() {
            s.cnt = s.cnt.wrapping_sub(ticks as u32) & self.max;
            (from.saturating_sub(ticks), from)
        } else {
            s.cnt = s.cnt.wrapping_add(ticks as u32) & self.max;
            (from + 1, from + ticks + 1)
        };
        self.compare(s, |ccr| (low..high).contains(&u64::from(ccr)));
    }

    /// The tick that turns the counter around. Whether the repetition counter has come to its end.
    fn turn(&self, s: &mut State, wrap: Wrap) -> bool {
        let (centred, down) = (s.cr1.cms() != 0, s.cr1.dir());
        let mut last = false;
        if wrap == Wrap::Event {
            // A compare value above ARR sets its flag at the wrap (RM0090 18.4.5).
            let arr = self.arr(s);
            for channel in 0..self.channels {
                if s.compares(channel) && self.ccr(s, channel) > arr && !s.is_silent() {
                    s.raise(flag(channel));
                }
            }
            last = s.repetitions == 0;
            if last {
                s.repetitions = s.rcr;
                self.update(s, true);
            } else {
                s.repetitions -= 1;
            }
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
        last
    }

    /// An update event: shadows are loaded, UIF is set if `flag`, and one-pulse mode ends.
    pub(super) fn update(&self, s: &mut State, flag: bool) {
        if s.cr1.udis() {
            return;
        }
        s.events |= UPDATE;
        s.psc.load();
        s.arr.load();
        s.ccr.iter_mut().for_each(Preloaded::load);
        s.repetitions = s.rcr;
        if flag {
            s.raise(UIF);
        }
        if self.automatic_output(s) {
            s.bdtr.set_moe(true);
        }
        if s.cr1.opm() {
            s.cr1.set_cen(false);
        }
    }

    /// The channels whose compare value matches.
    fn compare(&self, s: &mut State, matches: impl Fn(u32) -> bool) {
        for channel in 0..self.channels {
            if s.compares(channel) && matches(self.ccr(s, channel)) {
                s.matched(channel);
            }
        }
    }

    /// The compare value in use.
    pub(super) fn ccr(&self, s: &State, channel: usize) -> u32 {
        s.ccr[channel].shadow & self.max
    }

    /// When the first of what is awaited may happen: exactly, or earlier at a turn of the counter.
    pub(super) fn next_event(&self, s: &State, awaited: Awaited) -> Option<Cycle> {
        let update = awaited.update && !s.cr1.udis();
        let channels =
            (0..self.channels).filter(|&channel| awaited.channels >> channel & 1 != 0 && s.compares(channel));
        let matches = channels.clone().next().is_some();
        if !self.counts_time(s) || !(update || matches || awaited.turns) {
            return None;
        }
        let (mut ticks, _) = self.to_wrap(s)?;
        if !matches && !awaited.turns {
            let arr = u64::from(self.arr(s));
            let turn = if s.cr1.cms() == 0 { arr + 1 } else { arr };
            ticks += turn * u64::from(s.repetitions);
        }
        for channel in channels {
            let (cnt, ccr) = (u64::from(s.cnt), u64::from(self.ccr(s, channel)));
            let distance = if s.cr1.dir() { cnt.checked_sub(ccr) } else { ccr.checked_sub(cnt) };
            ticks = ticks.min(distance.filter(|&distance| distance > 0).unwrap_or(u64::MAX));
        }
        let clocks = ticks.saturating_mul(self.per_tick(s));
        s.clock.after(clocks.saturating_sub(u64::from(s.prescaled)).max(1))
    }
}
