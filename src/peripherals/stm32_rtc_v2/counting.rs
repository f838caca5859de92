//! How calendar, alarms and wake-up timer go on, in clocks of the RTC.

use super::{
    Held, Reading, State,
    alarm::Position,
    calendar::Calendar,
    registers::{ALRAF, INIT, RSF, WUTF},
};

/// RTC clocks from INIT to INITF, and until the shadow registers follow (RM0090 26.3.5, 26.3.6).
const SYNCHRONIZATION: u32 = 2;

impl State {
    /// RTC clocks per count of the subseconds.
    pub(super) fn step(&self) -> u64 {
        u64::from(self.prer >> 16 & 0x7f) + 1
    }

    /// RTC clocks per second.
    pub(super) fn period(&self) -> u64 {
        (u64::from(self.prer & 0x7fff) + 1) * self.step()
    }

    /// Whether the calendar counts.
    pub(super) fn counts(&self) -> bool {
        self.isr & INIT == 0
    }

    pub(super) fn may_initialize(&self) -> bool {
        self.isr & INIT != 0 && self.synchronized >= SYNCHRONIZATION
    }

    pub(super) fn reading(&self) -> Reading {
        let ssr = (self.left.max(1) - 1) / self.step();
        Reading { tr: self.tr, dr: self.dr, ssr: u32::try_from(ssr).unwrap_or(u32::MAX) }
    }

    fn position(&self) -> Position {
        Position {
            calendar: Calendar::of(self.tr, self.dr, self.cr.fmt()),
            twelve: self.cr.fmt(),
            left: self.left,
            step: self.step(),
            prediv_s: u64::from(self.prer & 0x7fff),
        }
    }

    pub(super) fn go_on(&mut self, seconds: u64) {
        if seconds > 0 {
            let calendar = Calendar::of(self.tr, self.dr, self.cr.fmt()).after(seconds);
            (self.tr, self.dr) = (calendar.tr(self.cr.fmt()), calendar.dr());
        }
    }

    /// RTC clocks until an alarm matches.
    pub(super) fn alarm_distance(&self, alarm: usize) -> Option<u64> {
        let on = self.counts() && self.cr.alarms() >> alarm & 1 != 0;
        on.then(|| self.alarms[alarm].distance(&self.position())).flatten()
    }

    /// Clocks of the wake-up timer in a round, and RTC clocks in each; `None`: seconds (RM0090 26.3.7, 26.6.6).
    fn wakeup_round(&self) -> (u64, Option<u64>) {
        let wut = u64::from(self.wutr) + 1;
        match self.cr.wucksel() {
            divider @ 0..=3 => (wut, Some(16 >> divider)),
            4 | 5 => (wut, None),
            _ => (wut + 0x1_0000, None),
        }
    }

    /// RTC clocks until the wake-up timer is at its end.
    pub(super) fn wakeup_distance(&self) -> Option<u64> {
        match self.wakeup_round().1 {
            _ if !self.cr.wute() => None,
            Some(_) => Some(self.wakeup),
            None if !self.counts() => None,
            None => {
                Some(self.left.saturating_add(self.wakeup.saturating_sub(1).saturating_mul(self.period())))
            }
        }
    }

    pub(super) fn start_wakeup(&mut self) {
        let (clocks, ticks) = self.wakeup_round();
        self.wakeup = clocks * ticks.unwrap_or(1);
    }

    fn count_wakeup(&mut self, ticks: u64, seconds: u64) {
        let (clocks, per_clock) = self.wakeup_round();
        let (passed, round) = match per_clock {
            _ if !self.cr.wute() => return,
            Some(per_clock) => (ticks, clocks * per_clock),
            None => (seconds, clocks),
        };
        if passed < self.wakeup {
            self.wakeup -= passed;
        } else {
            self.isr |= WUTF;
            self.wakeup = round - (passed - self.wakeup) % round;
        }
    }

    /// Lets RTC clocks pass.
    pub(super) fn count(&mut self, ticks: u64) {
        self.synchronized = self.synchronized.saturating_add(u32::try_from(ticks).unwrap_or(u32::MAX));
        let mut seconds = 0;
        if self.counts() && ticks > 0 {
            for alarm in 0..2 {
                if self.alarm_distance(alarm).is_some_and(|distance| distance <= ticks) {
                    self.isr |= ALRAF << alarm;
                }
            }
            if let Some(beyond) = ticks.checked_sub(self.left) {
                seconds = 1 + beyond / self.period();
                self.left = self.period() - beyond % self.period();
            } else {
                self.left -= ticks;
            }
            self.go_on(seconds);
        }
        self.count_wakeup(ticks, seconds);
        if self.counts() && !self.cr.bypshad() && self.synchronized >= SYNCHRONIZATION {
            self.isr |= RSF;
            let now = self.reading();
            self.shadow.ssr = now.ssr;
            if self.held < Held::DateAndTime {
                self.shadow.tr = now.tr;
            }
            if self.held < Held::Date {
                self.shadow.dr = now.dr;
            }
        }
    }

    /// The registers are to be synchronized anew.
    pub(super) fn resynchronize(&mut self) {
        self.isr &= !RSF;
        self.synchronized = 0;
    }
}
