//! nRF RNG (nRF51 Series Reference Manual 3.0, chapter 21; nRF52840 Product Specification 1.1, 6.20).
//!
//! Bytes from the host are the next values. Without any, the values are a fixed sequence that looks random: a run can be
//! repeated.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Peripheral, Slot,
    kinds::{Kind, KindOption, Layout, Wiring},
    nrf_events::{EVENT_PORT, Events, powers_off, task},
};
use crate::words::{BusFault, Cycle};

const SHORTS: u32 = 0x200;
const CONFIG: u32 = 0x504;
const VALUE: u32 = 0x508;

const START: u32 = 0;
const STOP: u32 = 1;
const VALRDY: u32 = 0;

pub(super) const KIND: Kind = Kind {
    name: "nrf-rng",
    about: "nRF random number generator (nRF51 RM 21)",
    size: 0x1000,
    layouts: &[Layout::of(&[
        ("TASKS_START", 0),
        ("EVENTS_VALRDY", 0x100),
        ("CONFIG", CONFIG),
        ("VALUE", VALUE),
    ])],
    irqs: &["rng"],
    outputs: &[EVENT_PORT],
    options: &[
        KindOption { name: "seed", about: "chooses the sequence", default: 0 },
        // The typical times of the nRF51.
        KindOption { name: "raw-us", about: "microseconds for a byte", default: 167 },
        KindOption { name: "corrected-us", about: "the same with bias correction", default: 677 },
    ],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        Box::new(Slot::new(NrfRng {
            clock_hz: u64::from(wiring.clock_hz.max(1)),
            seed: u64::from(wiring.option("seed")),
            time: ["raw-us", "corrected-us"].map(|name| u64::from(wiring.option(name))),
        }))
    },
    ..Kind::PLAIN
};

struct NrfRng {
    clock_hz: u64,
    seed: u64,
    /// Microseconds for a byte without and with bias correction.
    time: [u64; 2],
}

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    events: Events,
    shorts: u32,
    config: u32,
    value: u8,
    /// How many values of the sequence were used.
    used: u64,
    given: VecDeque<u8>,
    /// When the value in the making was begun; `None`: it stands.
    since: Option<Cycle>,
}

impl NrfRng {
    fn period(&self, s: &State) -> u64 {
        (self.time[(s.config & 1) as usize] * self.clock_hz / 1_000_000).max(1)
    }

    /// Value `n` of the sequence (the finalizer of SplitMix64).
    fn value(&self, n: u64) -> u8 {
        let z = self.seed.wrapping_add(n).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ z >> 31) as u8
    }

    fn settle(&self, s: &mut State, cx: &mut Context<'_>) {
        let Some(since) = s.since else { return };
        let mut made = cx.now.saturating_sub(since) / self.period(s);
        if made == 0 {
            return;
        }
        s.since = Some(since + made * self.period(s));
        if s.shorts & 1 != 0 {
            made = 1;
            s.since = None;
        }
        s.events.happen(VALRDY, cx);
        let given = made.min(s.given.len() as u64);
        if let Some(last) = s.given.drain(..given as usize).next_back() {
            s.value = last;
        }
        if made > given {
            s.used = s.used.wrapping_add(made - given);
            s.value = self.value(s.used);
        }
    }
}

impl Peripheral for NrfRng {
    type State = State;

    fn read(&self, s: &mut State, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        self.settle(s, cx);
        let value = match at.register() {
            SHORTS => s.shorts,
            CONFIG => s.config,
            VALUE => s.value.into(),
            register => s.events.read(register).unwrap_or(0),
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        self.settle(s, cx);
        if powers_off(at, value) {
            *s = self.after_reset(s);
        }
        match task(at, value) {
            Some(START) if s.since.is_none() => s.since = Some(cx.now),
            Some(STOP) => s.since = None,
            _ => {}
        }
        match at.register() {
            SHORTS => s.shorts = at.merge(s.shorts, value) & 1,
            CONFIG => {
                s.config = at.merge(s.config, value) & 1;
                s.since = s.since.map(|_| cx.now);
            }
            _ => {
                s.events.write(at, value, 1 << VALRDY);
            }
        }
        Ok(())
    }

    fn input(&self, s: &mut State, bytes: &[u8], cx: &mut Context<'_>) {
        self.settle(s, cx);
        s.given.extend(bytes);
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        self.settle(s, cx);
    }

    fn after_reset(&self, s: &State) -> State {
        State { used: s.used, given: s.given.clone(), ..State::default() }
    }

    fn irq_lines(&self, s: &State) -> u32 {
        u32::from(s.events.irq())
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        s.since.map(|since| since.saturating_add(self.period(s)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::Testbed;

    #[test]
    fn given_bytes_come_first_then_the_sequence() {
        let mut rng = Testbed::new("nrf-rng");
        rng.write(0x304, 1);
        rng.write(0, 1);
        rng.input(b"xy");
        let mut values = Vec::new();
        for _ in 0..6 {
            rng.run_until(rng.now() + 167);
            assert_eq!(rng.irq_lines(), 1);
            rng.write(0x100, 0);
            values.push(rng.read(VALUE) as u8);
        }
        assert_eq!(values[..2], *b"xy");
        let mut again = Testbed::new("nrf-rng");
        again.write(0, 1);
        again.run_until(4 * 167);
        assert_eq!(again.read(VALUE) as u8, values[5], "four values in one go");
    }

    #[test]
    fn each_family_has_its_own_times() {
        let options = &[("raw-us", 30), ("corrected-us", 120)];
        let mut rng = Testbed::with_options("nrf-rng", options);
        rng.write(0, 1);
        assert_eq!(rng.next_wake(), Some(30));
        rng.write(CONFIG, 1);
        assert_eq!(rng.next_wake(), Some(120));
    }

    #[test]
    fn the_shortcut_stops_it_after_one() {
        let mut rng = Testbed::new("nrf-rng");
        rng.write(SHORTS, 1);
        rng.write(0, 1);
        rng.run_until(10_000);
        let value = rng.read(VALUE);
        rng.run_until(20_000);
        assert_eq!((rng.read(0x100), rng.read(VALUE)), (1, value));
    }
}
