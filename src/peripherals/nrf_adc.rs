//! nRF51 ADC (nRF51 Series Reference Manual 3.0, chapter 30).
//!
//! From the host, three bytes are what an input has from now on: its number and the sample of 12 bits, the lower byte first.
//! Input 8 is the supply. All inputs are 0 at first.

use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Peripheral, Slot,
    kinds::{Kind, Layout, Wiring},
    nrf_events::{EVENT_PORT, Registers, Values, Written, microseconds},
};
use crate::words::{BusFault, Cycle};

const BUSY: u32 = 0x400;
const ENABLE: u32 = 0x500;
const CONFIG: u32 = 0x504;
const RESULT: u32 = 0x508;

const START: u32 = 0;
const STOP: u32 = 1;
const END: u32 = 0;

/// Bits and microseconds of a conversion for each CONFIG.RES (30.1.3).
const RESOLUTION: [(u32, u64); 4] = [(8, 20), (9, 36), (10, 68), (10, 68)];
/// Bits of the host's samples.
const SAMPLE_BITS: u32 = 12;
const INPUTS: usize = 9;
const SUPPLY: usize = 8;

pub(super) const KIND: Kind = Kind {
    name: "nrf-adc",
    about: "nRF51 ADC (nRF51 RM 30)",
    size: 0x1000,
    layouts: &[Layout::of(&[("TASKS_START", 0), ("EVENTS_END", 0x100), ("BUSY", BUSY), ("RESULT", RESULT)])],
    irqs: &["adc"],
    outputs: &[EVENT_PORT],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        Box::new(Slot::new(NrfAdc {
            registers: Registers::new(wiring, 1 << END, &[]),
            clock_hz: u64::from(wiring.clock_hz),
        }))
    },
    ..Kind::PLAIN
};

struct NrfAdc {
    registers: Registers,
    clock_hz: u64,
}

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    values: Values,
    due: Option<Cycle>,
    inputs: [u16; INPUTS],
}

impl NrfAdc {
    fn config(&self, s: &State) -> u32 {
        self.registers.get(&s.values, CONFIG)
    }

    fn settle(&self, s: &mut State, cx: &mut Context<'_>) {
        if s.due.take_if(|due| *due <= cx.now).is_none() {
            return;
        }
        let config = self.config(s);
        // INPSEL: from 5 on, the supply.
        let input = if config >> 2 & 7 < 5 { (config >> 8 & 0xff).trailing_zeros() as usize } else { SUPPLY };
        let (bits, _) = RESOLUTION[(config & 3) as usize];
        let sample = s.inputs.get(input).filter(|_| config >> 8 & 0xff != 0 || input == SUPPLY);
        let result = sample.map_or(0, |sample| u32::from(*sample) >> (SAMPLE_BITS - bits));
        self.registers.put(&mut s.values, RESULT, result);
        s.values.events.happen(END, cx);
    }
}

impl Peripheral for NrfAdc {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        Ok(match at.register() {
            BUSY => at.take(s.due.is_some().into()),
            _ => self.registers.read(&s.values, at),
        })
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        self.settle(s, cx);
        match self.registers.write(&mut s.values, at, value) {
            Written::Task(START) if self.registers.get(&s.values, ENABLE) & 1 != 0 => {
                let (_, time) = RESOLUTION[(self.config(s) & 3) as usize];
                s.due = Some(cx.now.saturating_add(microseconds(time, self.clock_hz)));
            }
            Written::Task(STOP) => s.due = None,
            Written::PowerOff => *s = self.after_reset(s),
            Written::Task(_) | Written::Register(_) => {}
        }
        Ok(())
    }

    fn input(&self, s: &mut State, bytes: &[u8], cx: &mut Context<'_>) {
        self.settle(s, cx);
        for triple in bytes.chunks_exact(3) {
            if let Some(input) = s.inputs.get_mut(usize::from(triple[0])) {
                *input = u16::from_le_bytes([triple[1], triple[2]]) & 0xfff;
            }
        }
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        self.settle(s, cx);
    }

    fn after_reset(&self, s: &State) -> State {
        State { inputs: s.inputs, ..State::default() }
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
    fn a_conversion_takes_its_time_and_has_its_bits() {
        let mut adc = Testbed::new("nrf-adc");
        adc.input(&[2, 0xbc, 0x0a]);
        adc.write(ENABLE, 1);
        adc.write(CONFIG, 2 | 1 << 10);
        adc.write(0, 1);
        assert_eq!(adc.read(BUSY), 1);
        adc.run_until(67);
        assert_eq!(adc.take_pulses(), []);
        adc.run_until(68);
        assert_eq!((adc.take_pulses(), adc.read(BUSY), adc.read(RESULT)), (vec![END], 0, 0xabc >> 2));
        adc.write(CONFIG, 1 << 10);
        adc.write(0, 1);
        adc.run_until(100);
        assert_eq!(adc.read(RESULT), 0xab);
        adc.write(CONFIG, 0);
        adc.write(0, 1);
        adc.run_until(200);
        assert_eq!(adc.read(RESULT), 0, "no input");
    }
}
