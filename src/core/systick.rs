//! SysTick (Armv7-M ARM B3.3): computed from virtual time, never ticked.

use serde::{Deserialize, Serialize};

use crate::words::Cycle;

const ENABLE: u32 = 1;
const TICKINT: u32 = 2;
const CLKSOURCE: u32 = 4;
const COUNTFLAG: u32 = 1 << 16;

/// SysTick's registers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SysTick {
    /// SYST_CSR bits 2:0.
    control: u32,
    count_flag: bool,
    /// SYST_RVR.
    reload: u32,
    counter: Counter,
    /// Core clock cycles per tick of the reference clock; `None` without one.
    reference_divider: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Counter {
    /// Not enabled: SYST_CVR holds this.
    Stopped(u32),
    /// Enabled: SYST_CVR is next zero at this time.
    ZeroAt(Cycle),
    /// Enabled with a reload value of 0: it stays at zero (B3.3.1).
    Zero,
}

impl SysTick {
    /// The state after reset.
    pub fn new(reference_divider: Option<u32>) -> SysTick {
        SysTick { control: 0, count_flag: false, reload: 0, counter: Counter::Stopped(0), reference_divider }
    }

    /// Core clock cycles per tick.
    fn divider(&self) -> u64 {
        if self.control & CLKSOURCE != 0 {
            return 1;
        }
        self.reference_divider.map_or(1, |divider| divider.max(1).into())
    }

    fn period(&self) -> u64 {
        (u64::from(self.reload) + 1) * self.divider()
    }

    /// When the counter next reaches zero, if that matters to anyone.
    pub fn next_wake(&self) -> Option<Cycle> {
        match self.counter {
            Counter::ZeroAt(at) if self.control & TICKINT != 0 => Some(at),
            _ => None,
        }
    }

    /// Catches up with virtual time; true when SysTick becomes pending. Changes nothing while no zero has passed.
    pub fn sync(&mut self, now: Cycle) -> bool {
        let Counter::ZeroAt(at) = self.counter else { return false };
        if now < at {
            return false;
        }
        self.count_flag = true;
        self.counter = if self.reload == 0 {
            Counter::Zero
        } else {
            Counter::ZeroAt(at + ((now - at) / self.period() + 1) * self.period())
        };
        self.control & TICKINT != 0
    }

    /// SYST_CSR. A read through the bus clears COUNTFLAG: [`SysTick::clear_count_flag`].
    pub fn csr(&self) -> u32 {
        self.control | if self.count_flag { COUNTFLAG } else { 0 }
    }

    /// What a read of SYST_CSR does.
    pub fn clear_count_flag(&mut self) {
        self.count_flag = false;
    }

    /// SYST_RVR.
    pub fn rvr(&self) -> u32 {
        self.reload
    }

    /// SYST_CVR at a time to which [`SysTick::sync`] has caught up.
    pub fn cvr(&self, now: Cycle) -> u32 {
        match self.counter {
            Counter::Stopped(value) => value,
            Counter::Zero => 0,
            // Right after the zero the counter shows 0 for one tick, then the reload value.
            Counter::ZeroAt(at) => (at.saturating_sub(now).div_ceil(self.divider()) % self.ticks()) as u32,
        }
    }

    fn ticks(&self) -> u64 {
        u64::from(self.reload) + 1
    }

    /// SYST_CALIB: no reference clock, or the ticks of 10 ms are not given.
    pub fn calib(&self) -> u32 {
        if self.reference_divider.is_none() { 1 << 31 | 1 << 30 } else { 1 << 30 }
    }

    /// Writes SYST_CSR.
    pub fn write_csr(&mut self, value: u32, now: Cycle) {
        let current = self.cvr(now);
        self.control = value & (ENABLE | TICKINT);
        if value & CLKSOURCE != 0 || self.reference_divider.is_none() {
            self.control |= CLKSOURCE; // without a reference clock the bit is fixed to 1
        }
        self.counter = match (value & ENABLE != 0, current) {
            (false, current) => Counter::Stopped(current),
            (true, 0) => self.start(now),
            (true, current) => Counter::ZeroAt(now + u64::from(current) * self.divider()),
        };
    }

    /// From zero, the next tick loads the reload value.
    fn start(&self, now: Cycle) -> Counter {
        if self.reload == 0 { Counter::Zero } else { Counter::ZeroAt(now + self.period()) }
    }

    /// Writes SYST_RVR.
    pub fn write_rvr(&mut self, value: u32, now: Cycle) {
        let was_zero = self.counter == Counter::Zero;
        let current = self.cvr(now);
        self.reload = value & 0x00ff_ffff;
        if was_zero {
            self.counter = self.start(now);
        } else if matches!(self.counter, Counter::ZeroAt(_)) && current == 0 {
            // The counter stands at zero and has not loaded yet: it will load the new value.
            self.counter = self.start(now);
        }
    }

    /// Writes SYST_CVR: any value clears it and COUNTFLAG, without an exception.
    pub fn write_cvr(&mut self, now: Cycle) {
        self.count_flag = false;
        self.counter = match self.counter {
            Counter::Stopped(_) => Counter::Stopped(0),
            _ => self.start(now),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running(reload: u32) -> SysTick {
        let mut tick = SysTick::new(Some(8));
        tick.write_rvr(reload, 0);
        tick.write_cvr(0);
        tick.write_csr(ENABLE | TICKINT | CLKSOURCE, 0);
        tick
    }

    #[test]
    fn the_period_is_reload_plus_one() {
        let mut tick = running(99);
        assert_eq!(tick.next_wake(), Some(100));
        assert_eq!(tick.cvr(0), 0);
        assert_eq!(tick.cvr(1), 99);
        assert_eq!(tick.cvr(99), 1);
        assert!(!tick.sync(99));
        assert!(tick.sync(100));
        assert_eq!(tick.next_wake(), Some(200));
        assert!(tick.sync(1050), "several periods at once");
        assert_eq!(tick.next_wake(), Some(1100));
    }

    #[test]
    fn countflag_is_cleared_by_reading_csr_and_by_writing_cvr() {
        let mut tick = running(9);
        tick.sync(10);
        assert_eq!(tick.csr() & COUNTFLAG, COUNTFLAG);
        tick.clear_count_flag();
        assert_eq!(tick.csr() & COUNTFLAG, 0);
        tick.sync(20);
        tick.write_cvr(25);
        assert_eq!(tick.csr() & COUNTFLAG, 0);
        assert_eq!(tick.cvr(25), 0);
        assert_eq!(tick.next_wake(), Some(35));
    }

    #[test]
    fn the_reference_clock_is_slower() {
        let mut tick = SysTick::new(Some(8));
        tick.write_rvr(9, 0);
        tick.write_cvr(0);
        tick.write_csr(ENABLE | TICKINT, 0);
        assert_eq!(tick.next_wake(), Some(80));
        assert_eq!(tick.cvr(8), 9);
        assert_eq!(tick.cvr(79), 1);
    }

    #[test]
    fn a_stopped_counter_keeps_its_value() {
        let mut tick = running(99);
        tick.write_csr(CLKSOURCE, 40);
        assert_eq!(tick.cvr(1000), 60);
        tick.write_csr(ENABLE | TICKINT | CLKSOURCE, 1000);
        assert_eq!(tick.next_wake(), Some(1060));
    }

    #[test]
    fn a_reload_of_zero_disables_the_timer() {
        let tick = running(0);
        assert_eq!(tick.next_wake(), None);
        assert_eq!(tick.cvr(500), 0);
    }
}
