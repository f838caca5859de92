//! nRF GPIO port (nRF51 Series Reference Manual 3.0, chapter 14). SENSE only stores.
//!
//! From the host, two bytes set one pin from outside: its number and its level. A pin that nobody drives has the level of
//! its pull resistor, or is low.

use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Peripheral, Slot,
    kinds::{Kind, KindOption, Wiring},
    pin_levels,
};
use crate::words::BusFault;

const OUT: u32 = 0x504;
const OUTSET: u32 = 0x508;
const OUTCLR: u32 = 0x50c;
const IN: u32 = 0x510;
const DIR: u32 = 0x514;
const DIRSET: u32 = 0x518;
const DIRCLR: u32 = 0x51c;
const PIN_CNF: u32 = 0x700;
const PIN_CNF_LAST: u32 = 0x77c;

/// PIN_CNF: the input buffer is disconnected.
const DISCONNECT: u32 = 1 << 1;
/// PIN_CNF.PULL, where 3 is up.
const PULL: u32 = 2;

pub(super) const KIND: Kind = Kind {
    name: "nrf-gpio",
    about: "nRF GPIO port (nRF51 RM 14)",
    size: 0x1000,
    options: &[KindOption {
        name: "pulled-up",
        about: "pins that the board pulls up, a bit each: buttons to ground",
        default: 0,
    }],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        Box::new(Slot::new(NrfGpio { pulled_up: wiring.option("pulled-up") }))
    },
    ..Kind::PLAIN
};

struct NrfGpio {
    pulled_up: u32,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    out: u32,
    dir: u32,
    /// PIN_CNF without DIR, which is in `dir`.
    pin_cnf: [u32; 32],
    /// Pins driven from outside, and their levels.
    driven: u32,
    outside: u32,
}

impl Default for State {
    fn default() -> Self {
        State { out: 0, dir: 0, pin_cnf: [DISCONNECT; 32], driven: 0, outside: 0 }
    }
}

impl NrfGpio {
    fn levels(&self, s: &State) -> u32 {
        let bit = |of: u32, pin: usize| of >> pin & 1;
        (0..32).filter(|&pin| s.pin_cnf[pin] & DISCONNECT == 0).fold(0, |levels, pin| {
            let level = if bit(s.dir, pin) != 0 {
                bit(s.out, pin)
            } else if bit(s.driven, pin) != 0 {
                bit(s.outside, pin)
            } else {
                u32::from(s.pin_cnf[pin] >> PULL & 3 == 3) | bit(self.pulled_up, pin)
            };
            levels | level << pin
        })
    }
}

impl Peripheral for NrfGpio {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let value = match at.register() {
            OUT | OUTSET | OUTCLR => s.out,
            IN => self.levels(s),
            DIR | DIRSET | DIRCLR => s.dir,
            register @ PIN_CNF..=PIN_CNF_LAST => {
                let pin = ((register - PIN_CNF) / 4) as usize;
                s.pin_cnf[pin] | s.dir >> pin & 1
            }
            _ => 0,
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, _cx: &mut Context<'_>) -> Result<(), BusFault> {
        match at.register() {
            OUT => s.out = at.merge(s.out, value),
            OUTSET => s.out |= at.place(value),
            OUTCLR => s.out &= !at.place(value),
            DIR => s.dir = at.merge(s.dir, value),
            DIRSET => s.dir |= at.place(value),
            DIRCLR => s.dir &= !at.place(value),
            register @ PIN_CNF..=PIN_CNF_LAST => {
                let pin = ((register - PIN_CNF) / 4) as usize;
                let value = at.merge(s.pin_cnf[pin] | s.dir >> pin & 1, value);
                s.pin_cnf[pin] = value & 0x3_070e;
                s.dir = s.dir & !(1 << pin) | (value & 1) << pin;
            }
            _ => {}
        }
        Ok(())
    }

    fn input(&self, s: &mut State, bytes: &[u8], _cx: &mut Context<'_>) {
        for (pin, level) in pin_levels(bytes, 32) {
            s.driven |= 1 << pin;
            s.outside = s.outside & !(1 << pin) | u32::from(level) << pin;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::Testbed;

    #[test]
    fn direction_is_one_bit_in_two_registers() {
        let mut gpio = Testbed::new("nrf-gpio");
        gpio.write(DIRSET, 1 << 13);
        assert_eq!(gpio.read(PIN_CNF + 4 * 13), 3);
        gpio.write(PIN_CNF + 4 * 4, 1);
        assert_eq!(gpio.read(DIR), 1 << 13 | 1 << 4);
        gpio.write(OUTSET, 1 << 4 | 1 << 13);
        assert_eq!(gpio.read(IN), 1 << 4, "pin 13 has its input buffer disconnected");
    }

    #[test]
    fn a_button_pulls_its_pin_down() {
        let mut gpio = Testbed::with_options("nrf-gpio", &[("pulled-up", 1 << 17)]);
        gpio.write(PIN_CNF + 4 * 17, 0);
        gpio.write(PIN_CNF + 4 * 3, 3 << PULL);
        assert_eq!(gpio.read(IN), 1 << 17 | 1 << 3);
        gpio.input(&[17, 0]);
        assert_eq!(gpio.read(IN), 1 << 3);
    }
}
