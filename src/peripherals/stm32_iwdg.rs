//! STM32 independent watchdog (RM0090, 21.4). Its clock, the LSI, has exactly 32 kHz of virtual time.

use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Peripheral, Slot,
    kinds::{Kind, Wiring},
};
use crate::words::{BusFault, Cycle};

const KR: u32 = 0x00;
const PR: u32 = 0x04;
const RLR: u32 = 0x08;

const RELOAD: u32 = 0xaaaa;
const UNLOCK: u32 = 0x5555;
const START: u32 = 0xcccc;
const LSI_HZ: u64 = 32_000;

pub(super) const KIND: Kind = Kind {
    name: "stm32-iwdg",
    about: "STM32 independent watchdog (RM0090 21.4)",
    size: 0x400,
    build: |wiring: &Wiring| -> Box<dyn Device> {
        Box::new(Slot::new(Stm32Iwdg { clock_hz: u64::from(wiring.clock_hz.max(1)) }))
    },
    ..Kind::PLAIN
};

struct Stm32Iwdg {
    clock_hz: u64,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    unlocked: bool,
    pr: u32,
    rlr: u32,
    /// When the running counter was last reloaded.
    reloaded: Option<Cycle>,
    expired: bool,
}

impl Default for State {
    fn default() -> Self {
        State { unlocked: false, pr: 0, rlr: 0xfff, reloaded: None, expired: false }
    }
}

impl Stm32Iwdg {
    fn deadline(&self, s: &State) -> Option<Cycle> {
        let ticks = (u64::from(s.rlr) + 1) << (2 + s.pr.min(6));
        let cycles = (ticks * self.clock_hz).div_ceil(LSI_HZ);
        s.reloaded.map(|at| at.saturating_add(cycles))
    }

    fn settle(&self, s: &mut State, now: Cycle) {
        s.expired |= self.deadline(s).is_some_and(|at| at <= now);
    }
}

impl Peripheral for Stm32Iwdg {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let value = match at.register() {
            PR => s.pr,
            RLR => s.rlr,
            _ => 0, // KR is write-only; SR: no update takes time
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        self.settle(s, cx.now);
        match at.register() {
            KR => {
                let key = at.place(value) & 0xffff;
                s.unlocked = key == UNLOCK;
                if key == START || key == RELOAD && s.reloaded.is_some() {
                    s.reloaded = Some(cx.now);
                }
            }
            PR if s.unlocked => s.pr = at.merge(s.pr, value) & 7,
            RLR if s.unlocked => s.rlr = at.merge(s.rlr, value) & 0xfff,
            _ => {}
        }
        Ok(())
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        self.settle(s, cx.now);
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        self.deadline(s).filter(|_| !s.expired)
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
    fn it_resets_unless_reloaded_in_time() {
        let mut iwdg = Testbed::new("stm32-iwdg");
        iwdg.write(KR, START);
        iwdg.write(KR, UNLOCK);
        iwdg.write(RLR, 799); // 800 * 4 / 32 kHz = 100 ms
        let tenth = u64::from(CLOCK_HZ) / 10;
        assert_eq!(iwdg.next_wake(), Some(tenth));
        iwdg.run_until(tenth - 1);
        iwdg.write(KR, RELOAD);
        iwdg.run_until(tenth * 2 - 2);
        assert!(!iwdg.reset_request());
        iwdg.run_until(tenth * 2 - 1);
        assert!(iwdg.reset_request());
    }

    #[test]
    fn the_registers_are_protected() {
        let mut iwdg = Testbed::new("stm32-iwdg");
        iwdg.write(RLR, 1);
        assert_eq!(iwdg.read(RLR), 0xfff);
    }
}
