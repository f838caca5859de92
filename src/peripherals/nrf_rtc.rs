//! nRF RTC (nRF51 Series Reference Manual 3.0, chapter 19; nRF52840 Product Specification 1.1, 6.22). Its clock runs at
//! exactly 32,768 Hz of virtual time, whether firmware has started it or not.

use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Peripheral, Slot,
    kinds::{Kind, KindOption, Layout, Wiring},
    nrf_events::{EVENT_PORT, Events, lfclk_cycle, lfclk_ticks, powers_off, task, ticks_until},
};
use crate::words::{BusFault, Cycle};

const EVTEN: u32 = 0x340;
const EVTENSET: u32 = 0x344;
const EVTENCLR: u32 = 0x348;
const COUNTER: u32 = 0x504;
const PRESCALER: u32 = 0x508;
const CC: u32 = 0x540;
const CC_LAST: u32 = 0x54c;

const START: u32 = 0;
const STOP: u32 = 1;
const CLEAR: u32 = 2;
const TRIGOVRFLW: u32 = 3;

const TICK: u32 = 0;
const OVRFLW: u32 = 1;
const COMPARE: u32 = 16;
const CHANNELS: usize = 4;

/// The counter has 24 bits.
const MODULUS: u64 = 1 << 24;

pub(super) const KIND: Kind = Kind {
    name: "nrf-rtc",
    about: "nRF real-time counter (nRF51 RM 19)",
    size: 0x1000,
    layouts: &[Layout::of(&[
        ("TASKS_START", 0),
        ("TASKS_TRIGOVRFLW", 12),
        ("EVENTS_TICK", 0x100),
        ("EVTEN", EVTEN),
        ("COUNTER", COUNTER),
        ("PRESCALER", PRESCALER),
    ])],
    describe: |described| {
        let channels = (0..CHANNELS as u32).take_while(|n| described.register(CC + 4 * n).is_some()).count();
        vec![("channels", channels as u32)]
    },
    irqs: &["rtc"],
    outputs: &[EVENT_PORT],
    options: &[KindOption { name: "channels", about: "compare registers: 3 or 4", default: 4 }],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        Box::new(Slot::new(NrfRtc {
            clock_hz: u64::from(wiring.clock_hz.max(1)),
            channels: (wiring.option("channels") as usize).clamp(1, CHANNELS),
        }))
    },
    ..Kind::PLAIN
};

struct NrfRtc {
    clock_hz: u64,
    channels: usize,
}

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    events: Events,
    evten: u32,
    prescaler: u32,
    cc: [u32; CHANNELS],
    counter: u32,
    /// When it was started; `None`: it stands.
    started: Option<Cycle>,
    /// Ticks since then that `counter` has in it.
    counted: u64,
}

impl NrfRtc {
    fn exist(&self) -> u32 {
        ((1 << self.channels) - 1) << COMPARE | 1 << TICK | 1 << OVRFLW
    }

    /// Low-frequency clocks per tick.
    fn period(s: &State) -> u64 {
        u64::from(s.prescaler) + 1
    }

    /// Ticks until an event happens, from 1 on.
    fn distance(s: &State, event: u32) -> u64 {
        let to = match event {
            TICK => return 1,
            OVRFLW => 0,
            compare => s.cc[(compare - COMPARE) as usize],
        };
        ticks_until(to, s.counter, MODULUS)
    }

    fn events(&self, mask: u32) -> impl Iterator<Item = u32> + use<> {
        let mask = mask & self.exist();
        (0..32).filter(move |event| mask >> event & 1 != 0)
    }

    fn settle(&self, s: &mut State, cx: &mut Context<'_>) {
        let Some(started) = s.started else { return };
        let total = lfclk_ticks(cx.now.saturating_sub(started), self.clock_hz) / Self::period(s);
        let ticks = total.saturating_sub(s.counted);
        for event in self.events(s.evten | s.events.enabled()) {
            if Self::distance(s, event) > ticks {
                continue;
            }
            // The PPI hears of an event only if it is routed there (19.1.7).
            if s.evten >> event & 1 != 0 {
                s.events.happen(event, cx);
            } else {
                s.events.set(event);
            }
        }
        s.counter = ((u64::from(s.counter) + ticks) % MODULUS) as u32;
        s.counted = s.counted.saturating_add(ticks);
    }

    /// Sets the counter, which restarts the prescaler (19.1.2), but not the clock that it divides.
    fn set(&self, s: &mut State, counter: u32, now: Cycle) {
        s.counter = counter;
        if let Some(started) = s.started {
            let clocks = lfclk_ticks(now.saturating_sub(started), self.clock_hz);
            s.started = Some(started.saturating_add(lfclk_cycle(clocks, self.clock_hz)));
            s.counted = 0;
        }
    }

    fn trigger(&self, s: &mut State, task: u32, now: Cycle) {
        match task {
            START if s.started.is_none() => (s.started, s.counted) = (Some(now), 0),
            STOP => s.started = None,
            CLEAR => self.set(s, 0, now),
            TRIGOVRFLW => self.set(s, 0xff_fff0, now),
            _ => {}
        }
    }
}

impl Peripheral for NrfRtc {
    type State = State;

    fn read(&self, s: &mut State, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        self.settle(s, cx);
        let value = match at.register() {
            EVTEN | EVTENSET | EVTENCLR => s.evten,
            COUNTER => s.counter,
            PRESCALER => s.prescaler,
            register @ CC..=CC_LAST => s.cc[((register - CC) / 4) as usize],
            register => s.events.read(register).unwrap_or(0),
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        self.settle(s, cx);
        if powers_off(at, value) {
            *s = State::default();
        }
        if let Some(task) = task(at, value) {
            self.trigger(s, task, cx.now);
        }
        match at.register() {
            EVTEN => s.evten = at.merge(s.evten, value) & self.exist(),
            EVTENSET => s.evten |= at.place(value) & self.exist(),
            EVTENCLR => s.evten &= !at.place(value),
            // Only while it stands (19.1.2).
            PRESCALER if s.started.is_none() => s.prescaler = at.merge(s.prescaler, value) & 0xfff,
            register @ CC..=CC_LAST if ((register - CC) / 4) < self.channels as u32 => {
                let cc = &mut s.cc[((register - CC) / 4) as usize];
                *cc = at.merge(*cc, value) & 0xff_ffff;
            }
            _ => {
                s.events.write(at, value, self.exist());
            }
        }
        Ok(())
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        self.settle(s, cx);
    }

    fn irq_lines(&self, s: &State) -> u32 {
        u32::from(s.events.irq())
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        let started = s.started?;
        let ticks = self.events(s.evten | s.events.awaited()).map(|event| Self::distance(s, event)).min()?;
        let clocks = s.counted.saturating_add(ticks).saturating_mul(Self::period(s));
        Some(started.saturating_add(lfclk_cycle(clocks, self.clock_hz)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::{CLOCK_HZ, Testbed};

    #[test]
    fn eight_ticks_of_4096_hz() {
        let mut rtc = Testbed::new("nrf-rtc");
        rtc.write(PRESCALER, 7);
        rtc.write(CC, 8);
        rtc.write(EVTENSET, 1 << COMPARE);
        rtc.write(0x304, 1 << COMPARE);
        rtc.write(0, 1);
        let due = u64::from(CLOCK_HZ) * 64 / 32_768 + 1;
        assert_eq!(rtc.next_wake(), Some(due));
        rtc.run_until(due - 1);
        assert_eq!((rtc.read(COUNTER), rtc.irq_lines()), (7, 0));
        rtc.run_until(due);
        assert_eq!((rtc.read(COUNTER), rtc.irq_lines(), rtc.read(0x140)), (8, 1, 1));
        rtc.write(PRESCALER, 0);
        assert_eq!(rtc.read(PRESCALER), 7, "it runs");
    }

    #[test]
    fn a_cleared_counter_begins_a_whole_tick() {
        let mut rtc = Testbed::new("nrf-rtc");
        rtc.write(PRESCALER, 31); // 1024 Hz
        rtc.write(CC, 1);
        rtc.write(0x304, 1 << COMPARE);
        rtc.write(0, 1);
        let clocks = |count: u64| (count * u64::from(CLOCK_HZ)).div_ceil(32_768);
        rtc.run_until(clocks(48));
        assert_eq!((rtc.read(COUNTER), rtc.irq_lines()), (1, 1));
        rtc.write(0x140, 0);
        rtc.write(4 * CLEAR, 1);
        assert_eq!((rtc.read(COUNTER), rtc.next_wake()), (0, Some(clocks(48 + 32))));
        rtc.write(4 * TRIGOVRFLW, 1);
        rtc.run_until(clocks(48 + 32) - 1);
        assert_eq!(rtc.read(COUNTER), 0xff_fff0);
        rtc.run_until(clocks(48 + 32) + 1);
        assert_eq!(rtc.read(COUNTER), 0xff_fff1);
    }

    #[test]
    fn events_that_are_not_enabled_do_not_happen() {
        let mut rtc = Testbed::new("nrf-rtc");
        rtc.write(4 * TRIGOVRFLW, 1);
        rtc.write(0, 1);
        rtc.run_until(u64::from(CLOCK_HZ));
        assert_eq!((rtc.read(0x100), rtc.read(0x104)), (0, 0));
        assert_eq!(rtc.read(COUNTER), 32_768 - 16);
        rtc.write(EVTENSET, 1 << OVRFLW);
        rtc.write(4 * TRIGOVRFLW, 1);
        rtc.run_until(rtc.now() + 1000);
        assert_eq!((rtc.read(0x100), rtc.read(0x104)), (0, 1));
    }
}
