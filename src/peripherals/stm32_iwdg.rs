//! STM32 independent watchdog (RM0090, chapter 21; RM0091, chapter 23, with a window). Updates of registers take no time.

use serde::{Deserialize, Serialize};

use super::{
    Access, Clock, Clocking, Context, Device, Frequency, Peripheral, Port, Slot,
    kinds::{Kind, KindOption, Layout, Wiring},
};
use crate::words::{BusFault, Cycle};

const KR: u32 = 0x00;
const PR: u32 = 0x04;
const RLR: u32 = 0x08;
const WINR: u32 = 0x10;

const RELOAD: u32 = 0xaaaa;
const UNLOCK: u32 = 0x5555;
const START: u32 = 0xcccc;
/// The LSI, unless a clock controller says how fast it is.
const LSI_HZ: u32 = 32_000;

pub(super) const KIND: Kind = Kind {
    name: "stm32-iwdg",
    about: "STM32 independent watchdog (RM0090 21.4, RM0091 23.4)",
    layouts: &[
        Layout {
            registers: &[("KR", 0x00), ("PR", 0x04), ("RLR", 0x08), ("SR", 0x0c)],
            without: &["WINR", "EWCR"],
            options: &[("window", 0)],
        },
        Layout {
            registers: &[("KR", 0x00), ("PR", 0x04), ("RLR", 0x08), ("SR", 0x0c), ("WINR", 0x10)],
            without: &["EWCR"],
            options: &[("window", 1)],
        },
    ],
    clock: Clocking::Named("lsi"),
    options: &[KindOption { name: "window", about: "1: a reload may come too early", default: 0 }],
    outputs: &[Port::one("iwdg-reset")],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        Box::new(Slot::new(Stm32Iwdg {
            clock_hz: wiring.clock_hz.max(1),
            window: wiring.option("window") != 0,
        }))
    },
    ..Kind::PLAIN
};

struct Stm32Iwdg {
    clock_hz: u32,
    window: bool,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    unlocked: bool,
    pr: u32,
    rlr: u32,
    winr: u32,
    running: bool,
    counter: u32,
    /// Clocks that the prescaler has counted.
    prescaled: u32,
    /// The clock, once it was told or the watchdog was started.
    clock: Option<Clock>,
    expired: bool,
}

impl Default for State {
    fn default() -> Self {
        State {
            unlocked: false,
            pr: 0,
            rlr: 0xfff,
            winr: 0xfff,
            running: false,
            counter: 0xfff,
            prescaled: 0,
            clock: None,
            expired: false,
        }
    }
}

impl State {
    /// Clocks for one count.
    fn divider(&self) -> u64 {
        4 << self.pr.min(6)
    }

    /// The counter gets the reload value, and counts it from now on.
    fn reload(&mut self, now: Cycle) {
        self.counter = self.rlr;
        self.prescaled = 0;
        if let Some(clock) = &mut self.clock {
            clock.restart(now);
        }
    }
}

impl Stm32Iwdg {
    fn settle(&self, s: &mut State, now: Cycle) {
        let divider = s.divider();
        let Some(clock) = s.clock.as_mut().filter(|_| s.running) else { return };
        let clocks = u64::from(s.prescaled).saturating_add(clock.take(now));
        s.prescaled = (clocks % divider) as u32;
        let counts = clocks / divider;
        s.expired |= counts > u64::from(s.counter);
        s.counter = u64::from(s.counter).saturating_sub(counts) as u32;
    }

    fn key(&self, s: &mut State, key: u32, now: Cycle) {
        s.unlocked = key == UNLOCK;
        match key {
            START if !s.running => {
                s.running = true;
                let lsi = Frequency { hz: LSI_HZ, core_hz: self.clock_hz };
                s.clock.get_or_insert_with(|| Clock::new(lsi)).restart(now);
            }
            RELOAD => {
                // Too early (RM0091 23.3.2).
                s.expired |= self.window && s.running && s.counter > s.winr;
                s.reload(now);
            }
            _ => {}
        }
    }
}

impl Peripheral for Stm32Iwdg {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let value = match at.register() {
            PR => s.pr,
            RLR => s.rlr,
            WINR if self.window => s.winr,
            _ => 0, // KR is write-only; SR: no update takes time
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        self.settle(s, cx.now);
        match at.register() {
            KR => self.key(s, at.place(value) & 0xffff, cx.now),
            PR if s.unlocked => s.pr = at.merge(s.pr, value) & 7,
            RLR if s.unlocked => s.rlr = at.merge(s.rlr, value) & 0xfff,
            WINR if s.unlocked && self.window => {
                s.winr = at.merge(s.winr, value) & 0xfff;
                s.reload(cx.now); // as the manual says (RM0091 23.3.2)
            }
            _ => {}
        }
        Ok(())
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        self.settle(s, cx.now);
    }

    fn clocked(&self, s: &mut State, clock: Frequency, cx: &mut Context<'_>) {
        self.settle(s, cx.now);
        s.clock.get_or_insert_default().change(clock, cx.now);
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        let clock = s.clock.as_ref().filter(|_| s.running && !s.expired)?;
        let clocks = (u64::from(s.counter) + 1) * s.divider();
        clock.after(clocks.saturating_sub(u64::from(s.prescaled)).max(1))
    }

    fn reset_request(&self, s: &State) -> bool {
        s.expired
    }

    fn outputs(&self, s: &State) -> u64 {
        s.expired.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::{CLOCK_HZ, Testbed};

    const TENTH: u64 = CLOCK_HZ as u64 / 10;

    /// Started with a tenth of a second: 800 * 4 / 32 kHz.
    fn started(iwdg: &mut Testbed) {
        iwdg.write(KR, START);
        iwdg.write(KR, UNLOCK);
        iwdg.write(RLR, 799);
        iwdg.write(KR, RELOAD);
    }

    #[test]
    fn it_resets_unless_reloaded_in_time() {
        let mut iwdg = Testbed::new("stm32-iwdg");
        started(&mut iwdg);
        assert_eq!(iwdg.next_wake(), Some(TENTH));
        iwdg.run_until(TENTH - 1);
        iwdg.write(KR, RELOAD);
        iwdg.run_until(TENTH * 2 - 2);
        assert!(!iwdg.reset_request());
        iwdg.run_until(TENTH * 2 - 1);
        assert!(iwdg.reset_request());
    }

    #[test]
    fn it_counts_from_its_reset_value_until_the_first_reload() {
        let mut iwdg = Testbed::new("stm32-iwdg");
        iwdg.write(KR, START);
        assert_eq!(iwdg.next_wake(), Some(512_000));
        let mut iwdg = Testbed::new("stm32-iwdg");
        iwdg.write(KR, UNLOCK);
        iwdg.write(RLR, 799);
        iwdg.write(KR, RELOAD);
        assert_eq!(iwdg.next_wake(), None);
        iwdg.write(KR, START);
        assert_eq!(iwdg.next_wake(), Some(TENTH));
    }

    #[test]
    fn the_registers_are_protected() {
        let mut iwdg = Testbed::new("stm32-iwdg");
        iwdg.write(RLR, 1);
        assert_eq!(iwdg.read(RLR), 0xfff);
    }

    #[test]
    fn a_window_forbids_early_reloads() {
        let mut iwdg = Testbed::with_options("stm32-iwdg", &[("window", 1)]);
        started(&mut iwdg);
        iwdg.write(KR, UNLOCK);
        iwdg.write(WINR, 400);
        iwdg.run_until(TENTH * 6 / 10);
        iwdg.write(KR, RELOAD);
        assert!(!iwdg.reset_request());
        iwdg.run_until(iwdg.now() + TENTH / 10);
        iwdg.write(KR, RELOAD);
        assert!(iwdg.reset_request());
    }

    #[test]
    fn what_was_counted_is_kept_when_the_core_changes_its_speed() {
        let mut iwdg = Testbed::new("stm32-iwdg");
        iwdg.clocked(40_000, 1_000_000);
        started(&mut iwdg);
        assert_eq!(iwdg.next_wake(), Some(80_000));
        iwdg.run_until(40_000);
        iwdg.clocked(40_000, 8_000_000);
        assert_eq!(iwdg.next_wake(), Some(40_000 + 320_000));
    }
}
