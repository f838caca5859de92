//! STM32 random number generator (RM0090, chapter 24).
//!
//! Bytes from the host are the next values, four each, the lowest first. Without any, the values are a fixed sequence that
//! looks random: a run can be repeated. Its clock and its seeds never fail.

use std::collections::VecDeque;

use bitfield_struct::bitfield;
use serde::{Deserialize, Serialize};

use super::{
    Access, Clock, Clocking, Context, Device, Frequency, Peripheral, Slot,
    kinds::{Kind, KindOption, Layout, Wiring},
};
use crate::words::{BusFault, Cycle};

const CR: u32 = 0x00;
const SR: u32 = 0x04;
const DR: u32 = 0x08;

/// Clocks from one value to the next (RM0090 24.3).
const CLOCKS: u64 = 40;

#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Cr {
    #[bits(2)]
    _1: u32,
    rngen: bool,
    ie: bool,
    _2: bool,
    ced: bool,
    #[bits(26)]
    __: u32,
}

pub(super) const KIND: Kind = Kind {
    name: "stm32-rng",
    about: "STM32 random number generator (RM0090 24.4)",
    layouts: &[Layout::of(&[("CR", 0x00), ("SR", 0x04), ("DR", 0x08)])],
    irqs: &["RNG"],
    clock: Clocking::Bus,
    options: &[KindOption { name: "seed", about: "chooses the sequence", default: 0 }],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        Box::new(Slot::new(Stm32Rng { seed: wiring.option("seed").into() }))
    },
    ..Kind::PLAIN
};

struct Stm32Rng {
    seed: u64,
}

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    cr: Cr,
    clock: Clock,
    /// The value that is ready.
    ready: Option<u32>,
    /// When the next one is.
    due: Option<Cycle>,
    /// How many values of the sequence were used.
    used: u64,
    given: VecDeque<u8>,
}

impl Stm32Rng {
    /// Value `n` of the sequence (the finalizer of SplitMix64).
    fn value(&self, n: u64) -> u32 {
        let z = self.seed.wrapping_add(n).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ z >> 31) as u32
    }

    fn next_value(&self, s: &mut State) -> u32 {
        if s.given.len() >= 4 {
            return s.given.drain(..4).rev().fold(0, |value, byte| value << 8 | u32::from(byte));
        }
        s.used = s.used.wrapping_add(1);
        self.value(s.used)
    }

    fn settle(&self, s: &mut State, now: Cycle) {
        if s.due.is_some_and(|due| due <= now) {
            s.due = None;
            s.ready = Some(self.next_value(s));
        }
    }

    fn begin(s: &mut State, now: Cycle) {
        s.due = Some(now.saturating_add(s.clock.cycles(CLOCKS)));
    }
}

impl Peripheral for Stm32Rng {
    type State = State;

    fn read(&self, s: &mut State, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        self.settle(s, cx.now);
        let value = match at.register() {
            CR => s.cr.into(),
            SR => s.ready.is_some().into(),
            DR => {
                let value = s.ready.take();
                if value.is_some() && s.cr.rngen() {
                    Self::begin(s, cx.now);
                }
                value.unwrap_or(0)
            }
            _ => 0,
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        self.settle(s, cx.now);
        if at.register() == CR {
            let on = s.cr.rngen();
            s.cr = Cr::from(at.merge(s.cr.into(), value) & 0x2c);
            if !s.cr.rngen() {
                (s.ready, s.due) = (None, None);
            } else if !on {
                Self::begin(s, cx.now);
            }
        }
        Ok(())
    }

    fn input(&self, s: &mut State, bytes: &[u8], cx: &mut Context<'_>) {
        self.settle(s, cx.now);
        s.given.extend(bytes);
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        self.settle(s, cx.now);
    }

    fn clocked(&self, s: &mut State, clock: Frequency, cx: &mut Context<'_>) {
        self.settle(s, cx.now);
        s.clock.change(clock, cx.now);
        if s.due.is_some() {
            Self::begin(s, cx.now);
        }
    }

    fn irq_lines(&self, s: &State) -> u32 {
        u32::from(s.cr.ie() && s.ready.is_some())
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        s.due.filter(|due| s.cr.ie() && *due != Cycle::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::Testbed;

    #[test]
    fn a_value_is_ready_after_some_time_and_read_once() {
        let mut rng = Testbed::new("stm32-rng");
        rng.write(CR, Cr::new().with_rngen(true).with_ie(true).into());
        assert_eq!((rng.read(SR), rng.read(DR), rng.next_wake()), (0, 0, Some(CLOCKS)));
        rng.run_until(CLOCKS);
        assert_eq!((rng.irq_lines(), rng.read(SR)), (1, 1));
        let first = rng.read(DR);
        assert_eq!((rng.irq_lines(), rng.read(SR), rng.read(DR)), (0, 0, 0));
        rng.run_until(2 * CLOCKS);
        assert_ne!(rng.read(DR), first);
    }

    #[test]
    fn given_bytes_come_first() {
        let mut rng = Testbed::new("stm32-rng");
        rng.input(&[0x78, 0x56, 0x34, 0x12, 0xff]);
        rng.write(CR, Cr::new().with_rngen(true).into());
        rng.run_until(1000);
        assert_eq!(rng.read(DR), 0x1234_5678);
        rng.run_until(2000);
        assert_ne!(rng.read(DR), 0);
    }
}
