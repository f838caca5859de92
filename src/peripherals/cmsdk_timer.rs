//! CMSDK APB timer (DDI0479, 4.1). The external input is not connected: a timer that selects it stands still.

use bitfield_struct::bitfield;
use serde::{Deserialize, Serialize};

use super::{Access, Context, Device, Peripheral, Slot, countdown::Countdown, kinds::Kind, primecell};
use crate::words::{BusFault, Cycle};

const CTRL: u32 = 0x00;
const VALUE: u32 = 0x04;
const RELOAD: u32 = 0x08;
const INTSTATUS: u32 = 0x0c;

#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Ctrl {
    enable: bool,
    external_enable: bool,
    external_clock: bool,
    irq_enable: bool,
    #[bits(28)]
    __: u32,
}

pub(super) const KIND: Kind = Kind {
    name: "cmsdk-timer",
    about: "CMSDK APB timer (DDI0479 4.1)",
    size: 0x1000,
    irqs: &["timer"],
    build: |_| -> Box<dyn Device> { Box::new(Slot::new(CmsdkTimer)) },
    ..Kind::PLAIN
};

struct CmsdkTimer;

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    ctrl: Ctrl,
    counter: Countdown,
    reload: u32,
    interrupt: bool,
}

impl Default for State {
    fn default() -> Self {
        State { ctrl: Ctrl::new(), counter: Countdown::new(0), reload: 0, interrupt: false }
    }
}

impl State {
    fn runs(&self) -> bool {
        self.ctrl.enable() && !self.ctrl.external_enable() && !self.ctrl.external_clock()
    }

    fn settle(&mut self, now: Cycle) {
        if !self.runs() {
            return self.counter.hold(now);
        }
        let zeros = self.counter.run(now, 1, self.reload);
        self.interrupt |= zeros > 0 && self.ctrl.irq_enable();
    }
}

impl Peripheral for CmsdkTimer {
    type State = State;

    fn read(&self, s: &mut State, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        s.settle(cx.now);
        let value = match at.register() {
            CTRL => s.ctrl.into(),
            VALUE => s.counter.value,
            RELOAD => s.reload,
            INTSTATUS => u32::from(s.interrupt),
            offset => primecell::identification(0x22, offset).unwrap_or(0),
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        s.settle(cx.now);
        match at.register() {
            CTRL => s.ctrl = Ctrl::from(at.merge(s.ctrl.into(), value) & 0xf),
            VALUE => s.counter.set(at.merge(s.counter.value, value), cx.now),
            RELOAD => {
                // A write to RELOAD also sets the current value (DDI0479 4.1.2).
                s.reload = at.merge(s.reload, value);
                s.counter.set(s.reload, cx.now);
            }
            INTSTATUS => s.interrupt &= at.place(value) & 1 == 0,
            _ => {}
        }
        Ok(())
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        s.settle(cx.now);
    }

    fn irq_lines(&self, s: &State) -> u32 {
        u32::from(s.interrupt)
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        let wanted = s.runs() && s.ctrl.irq_enable() && !s.interrupt;
        s.counter.zero_at(1, s.reload).filter(|_| wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::Testbed;

    #[test]
    fn the_interrupt_comes_every_reload_plus_one_cycles() {
        let mut timer = Testbed::new("cmsdk-timer");
        timer.write(RELOAD, 99);
        timer.write(CTRL, Ctrl::new().with_enable(true).with_irq_enable(true).into());
        timer.run_until(98);
        assert_eq!((timer.read(VALUE), timer.irq_lines()), (1, 0));
        timer.run_until(99);
        assert_eq!((timer.read(VALUE), timer.irq_lines()), (0, 1));
        timer.write(INTSTATUS, 1);
        assert_eq!(timer.irq_lines(), 0);
        assert_eq!(timer.next_wake(), Some(199));
    }

    #[test]
    fn without_reload_it_stops_at_zero() {
        let mut timer = Testbed::new("cmsdk-timer");
        timer.write(VALUE, 10);
        timer.write(CTRL, 9);
        timer.run_until(1000);
        assert_eq!((timer.read(VALUE), timer.read(INTSTATUS)), (0, 1));
        timer.write(INTSTATUS, 1);
        assert_eq!(timer.next_wake(), None);
    }

    #[test]
    fn a_stopped_timer_keeps_its_value() {
        let mut timer = Testbed::new("cmsdk-timer");
        timer.write(RELOAD, 100);
        timer.write(CTRL, 1);
        timer.run_until(30);
        timer.write(CTRL, 0);
        timer.run_until(500);
        timer.write(CTRL, 1);
        timer.run_until(510);
        assert_eq!(timer.read(VALUE), 60);
    }
}
