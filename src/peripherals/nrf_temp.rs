//! nRF TEMP (nRF51 Series Reference Manual 3.0, chapter 20).
//!
//! From the host, two bytes, the lower first, set the temperature in quarters of a degree Celsius. It is 25 °C at first.

use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Peripheral, Slot,
    kinds::{Kind, Wiring},
    nrf_events::{Events, powers_off, task},
};
use crate::words::{BusFault, Cycle};

const TEMP: u32 = 0x508;
const START: u32 = 0;
const STOP: u32 = 1;
const DATARDY: u32 = 0;
/// How long a measurement takes, in microseconds.
const TIME: u64 = 36;

pub(super) const KIND: Kind = Kind {
    name: "nrf-temp",
    about: "nRF temperature sensor (nRF51 RM 20)",
    size: 0x1000,
    irqs: &["temp"],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        Box::new(Slot::new(NrfTemp { clock_hz: u64::from(wiring.clock_hz.max(1)) }))
    },
    ..Kind::PLAIN
};

struct NrfTemp {
    clock_hz: u64,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    events: Events,
    /// When the measurement ends.
    due: Option<Cycle>,
    temp: u32,
    outside: i16,
}

impl Default for State {
    fn default() -> Self {
        State { events: Events::default(), due: None, temp: 0, outside: 25 * 4 }
    }
}

fn settle(s: &mut State, now: Cycle) {
    if s.due.is_some_and(|due| due <= now) {
        s.due = None;
        s.temp = i32::from(s.outside).cast_unsigned();
        s.events.set(DATARDY);
    }
}

impl Peripheral for NrfTemp {
    type State = State;

    fn read(&self, s: &mut State, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        settle(s, cx.now);
        let value = match at.register() {
            TEMP => s.temp,
            register => s.events.read(register).unwrap_or(0),
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        settle(s, cx.now);
        if powers_off(at, value) {
            *s = State { outside: s.outside, ..State::default() };
        }
        match task(at, value) {
            Some(START) => s.due = Some(cx.now.saturating_add((TIME * self.clock_hz).div_ceil(1_000_000))),
            Some(STOP) => s.due = None,
            _ => {
                s.events.write(at, value, 1 << DATARDY);
            }
        }
        Ok(())
    }

    fn input(&self, s: &mut State, bytes: &[u8], cx: &mut Context<'_>) {
        settle(s, cx.now);
        if let Some(pair) = bytes.chunks_exact(2).next_back() {
            s.outside = i16::from_le_bytes([pair[0], pair[1]]);
        }
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        settle(s, cx.now);
    }

    fn irq_lines(&self, s: &State) -> u32 {
        u32::from(s.events.irq())
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        s.due.filter(|_| s.events.awaited() != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::Testbed;

    #[test]
    fn a_measurement_takes_its_time() {
        let mut temp = Testbed::new("nrf-temp");
        temp.input(&(-3i16 * 4).to_le_bytes());
        temp.write(0, 1);
        temp.run_until(35);
        assert_eq!((temp.read(0x100), temp.read(TEMP)), (0, 0));
        temp.run_until(36);
        assert_eq!((temp.read(0x100), temp.read(TEMP)), (1, (-12i32).cast_unsigned()));
    }
}
