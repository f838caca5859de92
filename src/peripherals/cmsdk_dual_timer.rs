//! CMSDK APB dual-input timer (DDI0479, 4.2): two SP804-like down-counters.
//!
//! A count of zero lasts one tick, so that a period is load value + 1 ticks.

use bitfield_struct::bitfield;
use serde::{Deserialize, Serialize};

use super::{Access, Context, Device, Peripheral, Slot, countdown::Countdown, kinds::Kind, primecell};
use crate::words::{BusFault, Cycle};

const LOAD: u32 = 0x00;
const VALUE: u32 = 0x04;
const CONTROL: u32 = 0x08;
const INTCLR: u32 = 0x0c;
const RIS: u32 = 0x10;
const MIS: u32 = 0x14;
const BGLOAD: u32 = 0x18;
/// Bytes between the registers of timer 1 and timer 2.
const STRIDE: u32 = 0x20;
const ITCR: u32 = 0xf00;
const ITOP: u32 = 0xf04;

#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Control {
    one_shot: bool,
    size_32: bool,
    #[bits(2)]
    prescale: u32,
    __: bool,
    int_enable: bool,
    periodic: bool,
    enable: bool,
    #[bits(24)]
    __: u32,
}

pub(super) const KIND: Kind = Kind {
    name: "cmsdk-dual-timer",
    about: "CMSDK APB dual-input timer (DDI0479 4.2)",
    size: 0x1000,
    irqs: &["combined", "timer1", "timer2"],
    build: |_| -> Box<dyn Device> { Box::new(Slot::new(CmsdkDualTimer)) },
    ..Kind::PLAIN
};

struct CmsdkDualTimer;

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    timers: [Timer; 2],
    itcr: u32,
    itop: u32,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Timer {
    load: u32,
    control: Control,
    /// In 16-bit mode only the lower half; the upper one rests in `upper`.
    counter: Countdown,
    upper: u32,
    interrupt: bool,
    /// A one-shot count has reached zero.
    finished: bool,
}

impl Default for Timer {
    fn default() -> Self {
        Timer {
            load: 0,
            control: Control::new().with_int_enable(true),
            counter: Countdown::new(0xffff),
            upper: 0xffff_0000,
            interrupt: false,
            finished: false,
        }
    }
}

impl Timer {
    fn mask(&self) -> u32 {
        if self.control.size_32() { u32::MAX } else { 0xffff }
    }

    fn divider(&self) -> u64 {
        match self.control.prescale() {
            0 => 1,
            1 => 16,
            _ => 256,
        }
    }

    fn reload(&self) -> u32 {
        if self.control.periodic() { self.load & self.mask() } else { self.mask() }
    }

    fn runs(&self) -> bool {
        self.control.enable() && !self.finished
    }

    fn value(&self) -> u32 {
        self.upper | self.counter.value
    }

    fn set_value(&mut self, value: u32, now: Cycle) {
        self.counter.set(value & self.mask(), now);
        self.upper = value & !self.mask();
    }

    fn settle(&mut self, now: Cycle) {
        if !self.runs() {
            return self.counter.hold(now);
        }
        let one_shot = self.control.one_shot();
        let reload = if one_shot { 0 } else { self.reload() };
        let zeros = self.counter.run(now, self.divider(), reload);
        self.interrupt |= zeros > 0;
        self.finished = one_shot && zeros > 0;
    }

    fn masked_interrupt(&self) -> bool {
        self.interrupt && self.control.int_enable()
    }

    fn next_wake(&self) -> Option<Cycle> {
        let wanted = self.runs() && self.control.int_enable() && !self.interrupt;
        let reload = if self.control.one_shot() { 0 } else { self.reload() };
        self.counter.zero_at(self.divider(), reload).filter(|_| wanted)
    }

    fn read(&self, register: u32) -> u32 {
        match register {
            LOAD | BGLOAD => self.load,
            VALUE => self.value(),
            CONTROL => self.control.into(),
            RIS => u32::from(self.interrupt),
            MIS => u32::from(self.masked_interrupt()),
            _ => 0,
        }
    }

    fn write(&mut self, register: u32, at: Access, value: u32, now: Cycle) {
        match register {
            LOAD => {
                self.load = at.merge(self.load, value);
                self.finished = false;
                self.set_value(self.load, now);
            }
            BGLOAD => self.load = at.merge(self.load, value),
            CONTROL => {
                let count = self.value();
                self.control = Control::from(at.merge(self.control.into(), value) & 0xef);
                self.finished &= self.control.one_shot();
                self.set_value(count, now); // the split follows the new size
            }
            INTCLR => self.interrupt = false,
            _ => {}
        }
    }
}

impl Peripheral for CmsdkDualTimer {
    type State = State;

    fn read(&self, s: &mut State, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        self.wake(s, cx);
        let value = match at.register() {
            ITCR => s.itcr,
            offset if offset < 2 * STRIDE => s.timers[(offset / STRIDE) as usize].read(offset % STRIDE),
            offset => primecell::identification(0x23, offset).unwrap_or(0),
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        self.wake(s, cx);
        match at.register() {
            ITCR => s.itcr = at.merge(s.itcr, value) & 1,
            ITOP => s.itop = at.place(value) & 3,
            offset if offset < 2 * STRIDE => {
                s.timers[(offset / STRIDE) as usize].write(offset % STRIDE, at, value, cx.now);
            }
            _ => {}
        }
        Ok(())
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        for timer in &mut s.timers {
            timer.settle(cx.now);
        }
    }

    fn irq_lines(&self, s: &State) -> u32 {
        // In integration test mode ITOP drives the outputs.
        let [one, two] = match s.itcr & 1 {
            0 => [s.timers[0].masked_interrupt(), s.timers[1].masked_interrupt()],
            _ => [s.itop & 1 != 0, s.itop & 2 != 0],
        };
        u32::from(one || two) | u32::from(one) << 1 | u32::from(two) << 2
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        s.timers.iter().filter_map(Timer::next_wake).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::Testbed;

    const PERIODIC: u32 = 0xe2; // enabled, periodic, interrupt, 32 bits
    const ONE_SHOT: u32 = 0xa3;

    #[test]
    fn reset_values_are_the_manuals() {
        let mut timer = Testbed::new("cmsdk-dual-timer");
        assert_eq!(timer.read(VALUE), 0xffff_ffff);
        assert_eq!(timer.read(CONTROL), 0x20);
        assert_eq!(timer.read(LOAD), 0);
    }

    #[test]
    fn the_second_timer_runs_by_itself_and_prescaled() {
        let mut timer = Testbed::new("cmsdk-dual-timer");
        timer.write(STRIDE + LOAD, 9);
        timer.write(STRIDE + CONTROL, PERIODIC | 1 << 2);
        timer.run_until(9 * 16 - 1);
        assert_eq!(timer.irq_lines(), 0);
        timer.run_until(9 * 16);
        assert_eq!(timer.irq_lines(), 0b101);
        assert_eq!((timer.read(RIS), timer.read(STRIDE + MIS)), (0, 1));
        timer.write(STRIDE + INTCLR, 0);
        assert_eq!(timer.irq_lines(), 0);
        assert_eq!(timer.next_wake(), Some(19 * 16));
    }

    #[test]
    fn a_one_shot_count_ends_at_zero_until_loaded_again() {
        let mut timer = Testbed::new("cmsdk-dual-timer");
        timer.write(LOAD, 5);
        timer.write(CONTROL, ONE_SHOT);
        timer.run_until(100);
        assert_eq!((timer.read(VALUE), timer.irq_lines()), (0, 0b011));
        timer.write(INTCLR, 1);
        assert_eq!(timer.next_wake(), None);
        timer.write(LOAD, 7);
        assert_eq!(timer.next_wake(), Some(107));
    }

    #[test]
    fn a_background_load_takes_effect_at_the_next_reload() {
        let mut timer = Testbed::new("cmsdk-dual-timer");
        timer.write(LOAD, 10);
        timer.write(CONTROL, PERIODIC);
        timer.write(BGLOAD, 100);
        timer.run_until(10);
        assert_eq!(timer.read(VALUE), 0);
        timer.run_until(11);
        assert_eq!(timer.read(VALUE), 100);
    }
}
