//! nRF CLOCK and POWER with what else is at their place: MPU, BPROT (nRF51 Series Reference Manual 3.0, chapters 12 and 13;
//! nRF52840 Product Specification 1.1, 5.3 and 5.4). The crystals start as fast as the oscillators on the chip; there is no
//! brown-out and nothing on USB. SYSTEMOFF only remembers that it was written.

use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Level, Peripheral, Slot,
    kinds::{Kind, Layout, Port, Wiring},
    nrf_events::{EVENT_PORT, LFCLK_HZ, Registers, Values, Written, lfclk_cycle, microseconds},
};
use crate::words::{BusFault, Cycle};

const RESETREAS: u32 = 0x400;
const HFCLKRUN: u32 = 0x408;
const HFCLKSTAT: u32 = 0x40c;
const LFCLKRUN: u32 = 0x414;
const LFCLKSTAT: u32 = 0x418;
const LFCLKSRCCOPY: u32 = 0x41c;
/// Bytes that software keeps over a reset.
const GPREGRET: u32 = 0x51c;
const GPREGRET2: u32 = 0x520;
const LFCLKSRC: u32 = 0x518;
const CTIV: u32 = 0x538;
/// RAM[n]: POWER, POWERSET, POWERCLR and a gap.
const RAM: u32 = 0x900;
const RAM_LAST: u32 = 0x98c;

const HFCLKSTART: u32 = 0;
const HFCLKSTOP: u32 = 1;
const LFCLKSTART: u32 = 2;
const LFCLKSTOP: u32 = 3;
const CAL: u32 = 4;
const CTSTART: u32 = 5;
const CTSTOP: u32 = 6;

const HFCLKSTARTED: u32 = 0;
const LFCLKSTARTED: u32 = 1;
const DONE: u32 = 3;
const CTTO: u32 = 4;
const CTSTARTED: u32 = 10;
const CTSTOPPED: u32 = 11;
/// HFCLKSTARTED, LFCLKSTARTED, POFWARN, DONE, CTTO, SLEEPENTER, SLEEPEXIT, USBDETECTED, USBREMOVED, USBPWRRDY, CTSTARTED,
/// CTSTOPPED.
const EXIST: u32 = 0b1111_1111_1111;

/// RESETREAS: the watchdog, software.
const DOG: u32 = 1 << 1;
const SREQ: u32 = 1 << 2;

/// HFCLKSTAT.STATE and LFCLKSTAT.STATE.
const RUNS: u32 = 1 << 16;
/// HFCLKSTAT.SRC: the crystal.
const CRYSTAL: u32 = 1;

/// Microseconds until the clocks run (5.4.4), and that a calibration takes.
const HF_START: u64 = 360;
const LF_START: u64 = 600;
const CALIBRATION: u64 = 500;

pub(super) const KIND: Kind = Kind {
    name: "nrf-clock",
    about: "nRF CLOCK and POWER (nRF51 RM 12, 13, nRF52840 PS 5.3, 5.4)",
    size: 0x1000,
    layouts: &[Layout::of(&[
        ("TASKS_HFCLKSTART", 0),
        ("TASKS_LFCLKSTART", 8),
        ("EVENTS_HFCLKSTARTED", 0x100),
        ("HFCLKSTAT", HFCLKSTAT),
        ("LFCLKSRC", LFCLKSRC),
    ])],
    irqs: &["power-clock"],
    outputs: &[EVENT_PORT],
    inputs: &[Port::one("dog")],
    retained: &[RESETREAS, GPREGRET, GPREGRET2],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        Box::new(Slot::new(NrfClock {
            registers: Registers::new(wiring, EXIST, &[]),
            clock_hz: u64::from(wiring.clock_hz.max(1)),
        }))
    },
    ..Kind::PLAIN
};

struct NrfClock {
    registers: Registers,
    clock_hz: u64,
}

/// A clock that takes its time to start.
#[derive(Default, Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
enum Oscillator {
    #[default]
    Off,
    Starts(Cycle),
    Runs,
}

impl Oscillator {
    /// Starts it. If it runs, that is told at once.
    fn start(&mut self, now: Cycle, time: u64) {
        *self = match *self {
            Oscillator::Off => Oscillator::Starts(now.saturating_add(time)),
            Oscillator::Runs => Oscillator::Starts(now.saturating_add(1)),
            starting => starting,
        };
    }

    fn due(self) -> Option<Cycle> {
        match self {
            Oscillator::Starts(due) => Some(due),
            _ => None,
        }
    }

    /// True when it just began to run.
    fn settle(&mut self, now: Cycle) -> bool {
        let started = self.due().is_some_and(|due| due <= now);
        if started {
            *self = Oscillator::Runs;
        }
        started
    }
}

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    values: Values,
    hfclk: Oscillator,
    lfclk: Oscillator,
    /// LFCLKSRC as it was when the clock was started.
    lfclk_source: u32,
    /// When the calibration is done.
    calibrated: Option<Cycle>,
    /// When the calibration timer is through.
    timeout: Option<Cycle>,
    /// The watchdog has run out: it is what resets next.
    dog: bool,
}

impl NrfClock {
    fn settle(&self, s: &mut State, cx: &mut Context<'_>) {
        let due = |at: &mut Cycle| *at <= cx.now;
        let happened = [
            (HFCLKSTARTED, s.hfclk.settle(cx.now)),
            (LFCLKSTARTED, s.lfclk.settle(cx.now)),
            (DONE, s.calibrated.take_if(due).is_some()),
            (CTTO, s.timeout.take_if(due).is_some()),
        ];
        for (event, _) in happened.iter().filter(|(_, happened)| *happened) {
            s.values.events.happen(*event, cx);
        }
    }

    fn trigger(&self, s: &mut State, task: u32, cx: &mut Context<'_>) {
        let time = |count| microseconds(count, self.clock_hz);
        match task {
            HFCLKSTART => s.hfclk.start(cx.now, time(HF_START)),
            HFCLKSTOP => s.hfclk = Oscillator::Off,
            LFCLKSTART => {
                s.lfclk.start(cx.now, time(LF_START));
                s.lfclk_source = self.registers.get(&s.values, LFCLKSRC) & 3;
            }
            LFCLKSTOP => s.lfclk = Oscillator::Off,
            CAL => s.calibrated = Some(cx.now.saturating_add(time(CALIBRATION))),
            CTSTART => {
                // CTIV counts quarters of a second.
                let quarters = self.registers.get(&s.values, CTIV) & 0x7f;
                let ticks = u64::from(quarters.max(1)) * LFCLK_HZ / 4;
                s.timeout = Some(cx.now.saturating_add(lfclk_cycle(ticks, self.clock_hz)));
                s.values.events.happen(CTSTARTED, cx);
            }
            CTSTOP => {
                s.timeout = None;
                s.values.events.happen(CTSTOPPED, cx);
            }
            _ => {} // CONSTLAT and LOWPWR choose a latency
        }
    }
}

impl Peripheral for NrfClock {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let value = match at.register() {
            HFCLKRUN => u32::from(s.hfclk != Oscillator::Off),
            HFCLKSTAT if s.hfclk == Oscillator::Runs => RUNS | CRYSTAL,
            LFCLKRUN => u32::from(s.lfclk != Oscillator::Off),
            LFCLKSTAT if s.lfclk == Oscillator::Runs => RUNS | s.lfclk_source,
            LFCLKSRCCOPY if s.lfclk != Oscillator::Off => s.lfclk_source,
            register @ RAM..=RAM_LAST => self.registers.get(&s.values, register & !0xf),
            _ => return Ok(self.registers.read(&s.values, at)),
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        self.settle(s, cx);
        let register = at.register();
        let old = |register| self.registers.get(&s.values, register);
        let new = match register {
            RESETREAS => (RESETREAS, old(RESETREAS) & !at.place(value)),
            GPREGRET | GPREGRET2 => (register, at.merge(old(register), value) & 0xff),
            RAM..=RAM_LAST => {
                let power = register & !0xf;
                let new = match register & 0xf {
                    4 => old(power) | at.place(value),
                    8 => old(power) & !at.place(value),
                    _ => at.merge(old(power), value),
                };
                (power, new)
            }
            _ => {
                if let Written::Task(task) = self.registers.write(&mut s.values, at, value) {
                    self.trigger(s, task, cx);
                }
                return Ok(());
            }
        };
        self.registers.put(&mut s.values, new.0, new.1);
        Ok(())
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        self.settle(s, cx);
    }

    fn wire(&self, s: &mut State, _input: u32, level: Level, _cx: &mut Context<'_>) {
        s.dog |= level.is_high();
    }

    /// Causes of resets add up until software clears them (5.3.7.13).
    fn after_reset(&self, s: &State) -> State {
        let mut after = State::default();
        for register in [GPREGRET, GPREGRET2] {
            self.registers.put(&mut after.values, register, self.registers.get(&s.values, register));
        }
        let cause = if s.dog { DOG } else { SREQ };
        self.registers.put(&mut after.values, RESETREAS, self.registers.get(&s.values, RESETREAS) | cause);
        after
    }

    fn irq_lines(&self, s: &State) -> u32 {
        u32::from(s.values.events.irq())
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        [s.hfclk.due(), s.lfclk.due(), s.calibrated, s.timeout].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::{CLOCK_HZ, Testbed};

    #[test]
    fn oscillators_tell_that_they_have_started() {
        let mut clock = Testbed::new("nrf-clock");
        assert_eq!((clock.read(HFCLKSTAT), clock.read(LFCLKSTAT)), (0, 0));
        clock.write(0x304, 2);
        clock.write(LFCLKSRC, 1);
        clock.write(0x008, 1);
        clock.write(0x000, 1);
        assert_eq!((clock.read(HFCLKRUN), clock.read(HFCLKSTAT), clock.irq_lines()), (1, 0, 0));
        clock.run_until(LF_START);
        assert_eq!(clock.take_pulses(), [HFCLKSTARTED, LFCLKSTARTED]);
        assert_eq!((clock.read(0x100), clock.read(0x104), clock.irq_lines()), (1, 1, 1));
        assert_eq!((clock.read(HFCLKSTAT), clock.read(LFCLKSTAT)), (RUNS | 1, RUNS | 1));
        clock.write(0x00c, 1);
        assert_eq!(clock.read(LFCLKSTAT), 0);
    }

    #[test]
    fn the_calibration_timer_counts_quarters_of_a_second() {
        let mut clock = Testbed::new("nrf-clock");
        clock.write(CTIV, 2);
        clock.write(0x304, 1 << CTTO);
        clock.write(0x014, 1);
        clock.run_until(u64::from(CLOCK_HZ) / 2 - 1);
        assert_eq!(clock.irq_lines(), 0);
        clock.run_until(u64::from(CLOCK_HZ) / 2);
        assert_eq!(clock.irq_lines(), 1);
    }

    #[test]
    fn resets_leave_their_cause_and_what_software_kept() {
        let mut clock = Testbed::new("nrf-clock");
        clock.write(GPREGRET, 0x157);
        clock.write(0, 1);
        clock.device.reset();
        assert_eq!((clock.read(GPREGRET), clock.read(RESETREAS), clock.next_wake()), (0x57, SREQ, None));
        clock.wire(0, Level::Pulse);
        clock.device.reset();
        assert_eq!(clock.read(RESETREAS), SREQ | DOG);
        clock.write(RESETREAS, u32::MAX);
        assert_eq!(clock.read(RESETREAS), 0);
    }

    #[test]
    fn the_power_of_ram_has_three_registers() {
        let mut clock = Testbed::new("nrf-clock");
        clock.write(RAM + 0x10, 0xffff);
        clock.write(RAM + 0x18, 0b1);
        clock.write(RAM + 0x14, 0x1_0000);
        assert_eq!((clock.read(RAM + 0x10), clock.read(RAM)), (0x1_fffe, 0));
    }
}
