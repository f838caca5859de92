//! nRF TEMP (nRF51 Series Reference Manual 3.0, chapter 20; nRF52840 Product Specification 1.1, 6.28).
//!
//! From the host, two bytes, the lower first, set the temperature in quarters of a degree Celsius. It is 25 °C at first.

use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Peripheral, Slot,
    kinds::{Kind, Layout, Wiring},
    nrf_events::{EVENT_PORT, Registers, Values, Written, microseconds},
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
    layouts: &[Layout::of(&[("TASKS_START", 0), ("EVENTS_DATARDY", 0x100), ("TEMP", TEMP)])],
    irqs: &["temp"],
    outputs: &[EVENT_PORT],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        Box::new(Slot::new(NrfTemp {
            registers: Registers::new(wiring, 1 << DATARDY, &[]),
            duration: microseconds(TIME, u64::from(wiring.clock_hz)),
        }))
    },
    ..Kind::PLAIN
};

struct NrfTemp {
    /// Also the coefficients of the conversion, which change nothing.
    registers: Registers,
    duration: u64,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    values: Values,
    /// When the measurement ends.
    due: Option<Cycle>,
    temp: u32,
    outside: i16,
}

impl Default for State {
    fn default() -> Self {
        State { values: Values::default(), due: None, temp: 0, outside: 25 * 4 }
    }
}

fn settle(s: &mut State, cx: &mut Context<'_>) {
    if s.due.is_some_and(|due| due <= cx.now) {
        s.due = None;
        s.temp = i32::from(s.outside).cast_unsigned();
        s.values.events.happen(DATARDY, cx);
    }
}

impl Peripheral for NrfTemp {
    type State = State;

    fn read(&self, s: &mut State, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        settle(s, cx);
        Ok(match at.register() {
            TEMP => at.take(s.temp),
            _ => self.registers.read(&s.values, at),
        })
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        settle(s, cx);
        match self.registers.write(&mut s.values, at, value) {
            Written::Task(START) => s.due = Some(cx.now.saturating_add(self.duration)),
            Written::Task(STOP) => s.due = None,
            Written::PowerOff => *s = self.after_reset(s),
            Written::Task(_) | Written::Register(_) => {}
        }
        Ok(())
    }

    fn input(&self, s: &mut State, bytes: &[u8], cx: &mut Context<'_>) {
        settle(s, cx);
        if let Some(pair) = bytes.chunks_exact(2).next_back() {
            s.outside = i16::from_le_bytes([pair[0], pair[1]]);
        }
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        settle(s, cx);
    }

    fn after_reset(&self, s: &State) -> State {
        State { outside: s.outside, ..State::default() }
    }

    fn irq_lines(&self, s: &State) -> u32 {
        u32::from(s.values.events.irq())
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        s.due
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
        assert_eq!(temp.take_pulses(), [DATARDY]);
        assert_eq!((temp.read(0x100), temp.read(TEMP)), (1, (-12i32).cast_unsigned()));
    }
}
