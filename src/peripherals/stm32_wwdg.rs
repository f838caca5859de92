//! STM32 window watchdog (RM0090, chapter 22). It counts only once it is activated.

use bitfield_struct::bitfield;
use serde::{Deserialize, Serialize};

use super::{
    Access, Clock, Clocking, Context, Device, Frequency, Peripheral, Port, Slot,
    kinds::{Kind, Layout, Wiring},
};
use crate::words::{BusFault, Cycle};

const CR: u32 = 0x00;
const CFR: u32 = 0x04;
const SR: u32 = 0x08;

/// At this count the early wake-up comes; below it the reset.
const LAST: u32 = 0x40;

#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Cr {
    #[bits(7)]
    t: u32,
    wdga: bool,
    #[bits(24)]
    __: u32,
}

#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Cfr {
    #[bits(7)]
    w: u32,
    #[bits(2)]
    wdgtb: u32,
    ewi: bool,
    #[bits(22)]
    __: u32,
}

pub(super) const KIND: Kind = Kind {
    name: "stm32-wwdg",
    about: "STM32 window watchdog (RM0090 22.6)",
    layouts: &[Layout::of(&[("CR", 0x00), ("CFR", 0x04), ("SR", 0x08)])],
    irqs: &["WWDG"],
    clock: Clocking::Bus,
    outputs: &[Port::one("wwdg-reset")],
    build: |_: &Wiring| -> Box<dyn Device> { Box::new(Slot::new(Stm32Wwdg)) },
    ..Kind::PLAIN
};

struct Stm32Wwdg;

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    cr: u32,
    cfr: u32,
    ewif: bool,
    clock: Clock,
    /// Clocks that the prescaler has counted.
    prescaled: u64,
    expired: bool,
}

impl Default for State {
    fn default() -> Self {
        State { cr: 0x7f, cfr: 0x7f, ewif: false, clock: Clock::default(), prescaled: 0, expired: false }
    }
}

impl State {
    fn cr(&self) -> Cr {
        Cr::from(self.cr)
    }

    fn cfr(&self) -> Cfr {
        Cfr::from(self.cfr)
    }

    /// Clocks for one count.
    fn divider(&self) -> u64 {
        4096 << self.cfr().wdgtb()
    }

    fn settle(&mut self, now: Cycle) {
        let clocks = self.clock.take(now);
        if !self.cr().wdga() || self.expired {
            return;
        }
        let clocks = self.prescaled.saturating_add(clocks);
        self.prescaled = clocks % self.divider();
        let counts = clocks / self.divider();
        let t = u64::from(self.cr().t());
        self.ewif |= t > LAST.into() && counts >= t - u64::from(LAST);
        self.expired = t < u64::from(LAST) || counts > t - u64::from(LAST);
        self.cr = self.cr().with_t(if self.expired { LAST - 1 } else { (t - counts) as u32 }).into();
    }

    /// A refresh: a reset follows if it comes too early or goes too low (RM0090 22.4).
    fn refresh(&mut self, value: Cr, now: Cycle) {
        let old = self.cr();
        self.cr = value.with_wdga(old.wdga() || value.wdga()).into();
        if !old.wdga() {
            self.prescaled = 0;
            self.clock.restart(now);
        }
        self.expired |= old.wdga() && old.t() > self.cfr().w();
        self.expired |= self.cr().wdga() && value.t() < LAST;
    }
}

impl Peripheral for Stm32Wwdg {
    type State = State;

    fn read(&self, s: &mut State, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        s.settle(cx.now);
        let value = match at.register() {
            CR => s.cr,
            CFR => s.cfr,
            SR => s.ewif.into(),
            _ => 0,
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        s.settle(cx.now);
        match at.register() {
            CR => s.refresh(Cr::from(at.merge(s.cr, value) & 0xff), cx.now),
            // Only a reset clears EWI.
            CFR => s.cfr = at.merge(s.cfr, value) & 0x3ff | s.cfr & 0x200,
            SR => s.ewif &= at.merge(1, value) & 1 != 0,
            _ => {}
        }
        Ok(())
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        s.settle(cx.now);
    }

    fn clocked(&self, s: &mut State, clock: Frequency, cx: &mut Context<'_>) {
        s.settle(cx.now);
        s.clock.change(clock, cx.now);
    }

    fn irq_lines(&self, s: &State) -> u32 {
        u32::from(s.ewif && s.cfr().ewi())
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        if !s.cr().wdga() || s.expired {
            return None;
        }
        let t = s.cr().t();
        let until = if s.cfr().ewi() && !s.ewif && t > LAST { LAST } else { LAST - 1 };
        let clocks = u64::from(t.saturating_sub(until)).saturating_mul(s.divider());
        s.clock.after(clocks.saturating_sub(s.prescaled).max(1))
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
    use crate::peripherals::testbed::Testbed;

    #[test]
    fn it_resets_below_0x40() {
        let mut wwdg = Testbed::new("stm32-wwdg");
        assert_eq!((wwdg.read(CR), wwdg.next_wake()), (0x7f, None));
        wwdg.write(CR, 0xff);
        assert_eq!(wwdg.next_wake(), Some(64 * 4096));
        wwdg.run_until(10 * 4096);
        assert_eq!(wwdg.read(CR), 0xf5);
        wwdg.write(CR, 0x50);
        wwdg.run_until(wwdg.now() + 17 * 4096 - 1);
        assert!(!wwdg.reset_request());
        wwdg.run_until(wwdg.now() + 1);
        assert!(wwdg.reset_request());
    }

    #[test]
    fn it_interrupts_at_0x40() {
        let mut wwdg = Testbed::new("stm32-wwdg");
        wwdg.write(CFR, Cfr::new().with_w(0x7f).with_wdgtb(1).with_ewi(true).into());
        wwdg.write(CR, 0xff);
        wwdg.run_until(63 * 8192 - 1);
        assert_eq!(wwdg.irq_lines(), 0);
        wwdg.run_until(63 * 8192);
        assert_eq!((wwdg.irq_lines(), wwdg.read(SR)), (1, 1));
        wwdg.write(SR, 0);
        wwdg.write(CFR, 0);
        assert_eq!((wwdg.irq_lines(), wwdg.read(CFR)), (0, 0x200));
        wwdg.run_until(1 << 30);
        assert!(wwdg.reset_request());
    }

    #[test]
    fn a_refresh_outside_of_the_window_resets() {
        let mut wwdg = Testbed::new("stm32-wwdg");
        wwdg.write(CFR, 0x50);
        wwdg.write(CR, 0xff);
        wwdg.run_until(0x2f * 4096);
        wwdg.write(CR, 0x7f);
        assert!(!wwdg.reset_request());
        wwdg.write(CR, 0x7f);
        assert!(wwdg.reset_request());
        let mut wwdg = Testbed::new("stm32-wwdg");
        wwdg.write(CR, 0xbf);
        assert!(wwdg.reset_request());
    }
}
