//! MPS2 FPGA system control and I/O (AN385, "FPGA system control and I/O"): LEDs, buttons and counters.
//!
//! From the host, two bytes set one button: its number (0, 1) and whether it is pressed. The counters run from power-up;
//! a reset of the chip leaves the 1 Hz and 100 Hz ones at the time since then.

use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Peripheral, Slot,
    kinds::{Kind, Wiring},
    pin_levels,
};
use crate::words::{BusFault, Cycle};

const LED0: u32 = 0x00;
const BUTTON: u32 = 0x08;
const CLK1HZ: u32 = 0x10;
const CLK100HZ: u32 = 0x14;
const COUNTER: u32 = 0x18;
const PRESCALE: u32 = 0x1c;
const PSCNTR: u32 = 0x20;
const MISC: u32 = 0x4c;

pub(super) const KIND: Kind = Kind {
    name: "mps2-fpgaio",
    about: "MPS2 FPGA I/O: LEDs, buttons, counters (AN385)",
    size: 0x1000,
    build: |wiring: &Wiring| -> Box<dyn Device> {
        Box::new(Slot::new(Mps2Fpgaio { clock_hz: u64::from(wiring.clock_hz.max(100)) }))
    },
    ..Kind::PLAIN
};

struct Mps2Fpgaio {
    clock_hz: u64,
}

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    led0: u32,
    buttons: u32,
    misc: u32,
    clk1hz: UpCounter,
    clk100hz: UpCounter,
    counter: u32,
    prescale: u32,
    pscntr: u32,
    /// When `counter` and `pscntr` had these values.
    since: Cycle,
}

/// A counter with a fixed rate.
#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct UpCounter {
    start: u32,
    since: Cycle,
}

impl UpCounter {
    fn at(&self, now: Cycle, period: u64) -> u32 {
        self.start.wrapping_add((now.saturating_sub(self.since) / period) as u32)
    }
}

impl State {
    /// PSCNTR counts down with the clock; the cycle after it was zero it is reloaded and COUNTER goes up.
    fn settle(&mut self, now: Cycle) {
        let cycles = now.saturating_sub(self.since);
        self.since = now;
        if let Some(left) = u64::from(self.pscntr).checked_sub(cycles) {
            self.pscntr = left as u32;
            return;
        }
        let beyond = cycles - u64::from(self.pscntr) - 1;
        let period = u64::from(self.prescale) + 1;
        self.counter = self.counter.wrapping_add((beyond / period + 1) as u32);
        self.pscntr = self.prescale - (beyond % period) as u32;
    }
}

impl Peripheral for Mps2Fpgaio {
    type State = State;

    fn read(&self, s: &mut State, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        s.settle(cx.now);
        let value = match at.register() {
            LED0 => s.led0,
            BUTTON => s.buttons,
            CLK1HZ => s.clk1hz.at(cx.now, self.clock_hz),
            CLK100HZ => s.clk100hz.at(cx.now, self.clock_hz / 100),
            COUNTER => s.counter,
            PRESCALE => s.prescale,
            PSCNTR => s.pscntr,
            MISC => s.misc,
            _ => 0,
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        s.settle(cx.now);
        match at.register() {
            LED0 => s.led0 = at.merge(s.led0, value) & 3,
            CLK1HZ => s.clk1hz = UpCounter { start: at.place(value), since: cx.now },
            CLK100HZ => s.clk100hz = UpCounter { start: at.place(value), since: cx.now },
            COUNTER => s.counter = at.merge(s.counter, value),
            PRESCALE => s.prescale = at.merge(s.prescale, value),
            PSCNTR => s.pscntr = at.merge(s.pscntr, value),
            MISC => s.misc = at.merge(s.misc, value) & 0x3ff,
            _ => {}
        }
        Ok(())
    }

    fn input(&self, s: &mut State, bytes: &[u8], _cx: &mut Context<'_>) {
        for (button, pressed) in pin_levels(bytes, 2) {
            s.buttons = (s.buttons & !(1 << button)) | u32::from(pressed) << button;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::{CLOCK_HZ, Testbed};

    #[test]
    fn the_counter_goes_up_every_prescale_plus_one_cycles() {
        let mut fpgaio = Testbed::new("mps2-fpgaio");
        fpgaio.write(PRESCALE, 5);
        fpgaio.write(PSCNTR, 7);
        let mut seen = Vec::new();
        for now in 1..=14 {
            fpgaio.run_until(now);
            seen.push((fpgaio.read(PSCNTR), fpgaio.read(COUNTER)));
        }
        assert_eq!(seen[6..9], [(0, 0), (5, 1), (4, 1)]);
        assert_eq!(seen[13], (5, 2));
        let mut once = Testbed::new("mps2-fpgaio");
        once.write(PRESCALE, 5);
        once.write(PSCNTR, 7);
        once.run_until(14);
        assert_eq!((once.read(PSCNTR), once.read(COUNTER)), (5, 2));
    }

    #[test]
    fn the_slow_clocks_count_virtual_time() {
        let mut fpgaio = Testbed::new("mps2-fpgaio");
        fpgaio.run_until(u64::from(CLOCK_HZ) * 3 / 2);
        assert_eq!((fpgaio.read(CLK1HZ), fpgaio.read(CLK100HZ)), (1, 150));
        fpgaio.write(CLK1HZ, 10);
        fpgaio.run_until(u64::from(CLOCK_HZ) * 5 / 2);
        assert_eq!(fpgaio.read(CLK1HZ), 11);
    }

    #[test]
    fn buttons_come_from_the_host() {
        let mut fpgaio = Testbed::new("mps2-fpgaio");
        fpgaio.input(&[1, 1]);
        assert_eq!(fpgaio.read(BUTTON), 2);
    }
}
