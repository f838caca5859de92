//! nRF WDT (nRF51 Series Reference Manual 3.0, chapter 24; nRF52840 Product Specification 1.1, 6.36). It runs on through
//! sleep, whatever CONFIG says, and through resets by software (5.3.6), with its configuration.

use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Peripheral, Slot,
    kinds::{Kind, Layout, Wiring},
    nrf_events::{EVENT_PORT, Events, lfclk_cycle, task},
};
use crate::words::{BusFault, Cycle};

const RUNSTATUS: u32 = 0x400;
const REQSTATUS: u32 = 0x404;
const CRV: u32 = 0x504;
const RREN: u32 = 0x508;
const CONFIG: u32 = 0x50c;
const RR: u32 = 0x600;
const RR_LAST: u32 = 0x61c;

const TIMEOUT: u32 = 0;
/// Written to a reload register, requests the reload.
const RELOAD: u32 = 0x6e52_4635;
/// Low-frequency clocks from the time-out to the reset (24.1.4).
const RESET_DELAY: u64 = 2;

pub(super) const KIND: Kind = Kind {
    name: "nrf-wdt",
    about: "nRF watchdog (nRF51 RM 24)",
    size: 0x1000,
    layouts: &[Layout::of(&[
        ("TASKS_START", 0),
        ("EVENTS_TIMEOUT", 0x100),
        ("RUNSTATUS", RUNSTATUS),
        ("CRV", CRV),
        ("RREN", RREN),
    ])],
    irqs: &["wdt"],
    outputs: &[EVENT_PORT],
    retained: &[RUNSTATUS, REQSTATUS, CRV, RREN, CONFIG],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        Box::new(Slot::new(NrfWdt { clock_hz: u64::from(wiring.clock_hz.max(1)) }))
    },
    ..Kind::PLAIN
};

struct NrfWdt {
    clock_hz: u64,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    events: Events,
    crv: u32,
    rren: u32,
    config: u32,
    /// When the running counter was last reloaded.
    reloaded: Option<Cycle>,
    /// Enabled reload registers that were not written since.
    missing: u32,
    timed_out: bool,
    expired: bool,
}

impl Default for State {
    fn default() -> Self {
        State {
            events: Events::default(),
            crv: u32::MAX,
            rren: 1,
            config: 1,
            reloaded: None,
            missing: 1,
            timed_out: false,
            expired: false,
        }
    }
}

impl NrfWdt {
    /// When the event comes, and when the reset.
    fn deadlines(&self, s: &State) -> Option<(Cycle, Cycle)> {
        let ticks = u64::from(s.crv.max(0xf)) + 1;
        let at = |ticks| lfclk_cycle(ticks, self.clock_hz);
        s.reloaded.map(|from| (from.saturating_add(at(ticks)), from.saturating_add(at(ticks + RESET_DELAY))))
    }

    fn settle(&self, s: &mut State, cx: &mut Context<'_>) {
        let Some((timeout, reset)) = self.deadlines(s) else { return };
        if timeout <= cx.now && !s.timed_out {
            s.timed_out = true;
            s.events.happen(TIMEOUT, cx);
        }
        s.expired |= reset <= cx.now;
    }
}

impl Peripheral for NrfWdt {
    type State = State;

    fn read(&self, s: &mut State, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        self.settle(s, cx);
        let value = match at.register() {
            RUNSTATUS => u32::from(s.reloaded.is_some()),
            REQSTATUS => s.missing,
            CRV => s.crv,
            RREN => s.rren,
            CONFIG => s.config,
            register => s.events.read(register).unwrap_or(0),
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        self.settle(s, cx);
        let stands = s.reloaded.is_none();
        if task(at, value) == Some(0) && stands {
            s.reloaded = Some(cx.now);
            s.missing = s.rren;
        }
        match at.register() {
            // Locked once it runs (24.1).
            CRV if stands => s.crv = at.merge(s.crv, value),
            RREN if stands => {
                s.rren = at.merge(s.rren, value) & 0xff;
                s.missing = s.rren;
            }
            CONFIG if stands => s.config = at.merge(s.config, value) & 9,
            register @ RR..=RR_LAST if at.place(value) == RELOAD && !stands => {
                s.missing &= !(1 << ((register - RR) / 4));
                if s.missing == 0 && s.rren != 0 && !s.timed_out {
                    s.reloaded = Some(cx.now);
                    s.missing = s.rren;
                }
            }
            _ => {
                s.events.write(at, value, 1 << TIMEOUT);
            }
        }
        Ok(())
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        self.settle(s, cx);
    }

    /// Only its own reset stops it.
    fn after_reset(&self, s: &State) -> State {
        if s.expired { State::default() } else { State { events: Events::default(), ..s.clone() } }
    }

    fn irq_lines(&self, s: &State) -> u32 {
        u32::from(s.events.irq())
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        let (timeout, reset) = self.deadlines(s).filter(|_| !s.expired)?;
        Some(if s.timed_out { reset } else { timeout })
    }

    fn reset_request(&self, s: &State) -> bool {
        s.expired
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::{CLOCK_HZ, Testbed};

    #[test]
    fn it_resets_unless_every_enabled_register_is_written_in_time() {
        let mut wdt = Testbed::new("nrf-wdt");
        wdt.write(CRV, 32_767); // a second
        wdt.write(RREN, 0b11);
        wdt.write(0, 1);
        wdt.write(CRV, 1);
        let second = u64::from(CLOCK_HZ);
        assert_eq!(wdt.next_wake(), Some(second), "CRV is locked");
        wdt.run_until(second / 2);
        wdt.write(RR, RELOAD);
        assert_eq!((wdt.read(REQSTATUS), wdt.next_wake()), (2, Some(second)));
        wdt.write(RR + 4, RELOAD);
        assert_eq!((wdt.read(REQSTATUS), wdt.next_wake()), (3, Some(second * 3 / 2)));
        wdt.write(0x304, 1);
        wdt.run_until(second * 3 / 2);
        assert_eq!((wdt.irq_lines(), wdt.reset_request()), (1, false));
        wdt.write(RR, RELOAD);
        wdt.write(RR + 4, RELOAD);
        wdt.run_until(second * 3 / 2 + 62);
        assert!(wdt.reset_request(), "too late");
    }

    #[test]
    fn only_its_own_reset_stops_it() {
        let mut wdt = Testbed::new("nrf-wdt");
        wdt.write(CRV, 32_767);
        wdt.write(0, 1);
        let second = u64::from(CLOCK_HZ);
        wdt.run_until(second / 2);
        wdt.device.reset();
        assert_eq!((wdt.read(RUNSTATUS), wdt.read(CRV), wdt.next_wake()), (1, 32_767, Some(second)));
        wdt.run_until(second + 62);
        assert!(wdt.reset_request());
        wdt.device.reset();
        assert_eq!((wdt.read(RUNSTATUS), wdt.read(CRV), wdt.next_wake()), (0, u32::MAX, None));
    }
}
