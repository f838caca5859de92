//! nRF GPIOTE (nRF51 Series Reference Manual 3.0, chapter 15). Tasks are accepted, but move no pin.
//!
//! From the host, two bytes set one pin from outside: its number and its level. Pins are low at reset.

use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Peripheral, Slot,
    kinds::{Kind, KindOption, Wiring},
    nrf_events::{Events, powers_off},
    pin_levels,
};
use crate::words::BusFault;

const CONFIG: u32 = 0x510;
const CONFIG_LAST: u32 = 0x52c;
const CHANNELS: usize = 8;
/// The event of pins that are sensed (SENSE of their PIN_CNF), which nothing raises.
const PORT: u32 = 31;

/// CONFIG.MODE.
const EVENT: u32 = 1;
/// CONFIG.POLARITY.
const LOW_TO_HIGH: u32 = 1;
const HIGH_TO_LOW: u32 = 2;
const TOGGLE: u32 = 3;

pub(super) const KIND: Kind = Kind {
    name: "nrf-gpiote",
    about: "nRF GPIO tasks and events (nRF51 RM 15)",
    size: 0x1000,
    irqs: &["gpiote"],
    options: &[KindOption { name: "channels", about: "channels: 4 or 8", default: 4 }],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        Box::new(Slot::new(NrfGpiote { channels: (wiring.option("channels") as usize).clamp(1, CHANNELS) }))
    },
    ..Kind::PLAIN
};

struct NrfGpiote {
    channels: usize,
}

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    events: Events,
    config: [u32; CHANNELS],
    /// The levels of the pins.
    pins: u32,
}

impl NrfGpiote {
    fn exist(&self) -> u32 {
        ((1 << self.channels) - 1) | 1 << PORT
    }
}

impl Peripheral for NrfGpiote {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let value = match at.register() {
            register @ CONFIG..=CONFIG_LAST => s.config[((register - CONFIG) / 4) as usize],
            register => s.events.read(register).unwrap_or(0),
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, _cx: &mut Context<'_>) -> Result<(), BusFault> {
        if powers_off(at, value) {
            *s = State { pins: s.pins, ..State::default() };
        }
        match at.register() {
            register @ CONFIG..=CONFIG_LAST if ((register - CONFIG) / 4) < self.channels as u32 => {
                let config = &mut s.config[((register - CONFIG) / 4) as usize];
                *config = at.merge(*config, value) & 0x13_1f03;
            }
            _ => {
                s.events.write(at, value, self.exist());
            }
        }
        Ok(())
    }

    fn input(&self, s: &mut State, bytes: &[u8], _cx: &mut Context<'_>) {
        for (pin, level) in pin_levels(bytes, 32) {
            let was = s.pins >> pin & 1 != 0;
            s.pins = s.pins & !(1 << pin) | u32::from(level) << pin;
            for (channel, config) in s.config.iter().enumerate() {
                let edge = match config >> 16 & 3 {
                    LOW_TO_HIGH => level && !was,
                    HIGH_TO_LOW => was && !level,
                    TOGGLE => was != level,
                    _ => false,
                };
                if config & 3 == EVENT && config >> 8 & 0x1f == u32::from(pin) && edge {
                    s.events.set(channel as u32);
                }
            }
        }
    }

    fn irq_lines(&self, s: &State) -> u32 {
        u32::from(s.events.irq())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::Testbed;

    #[test]
    fn an_edge_of_the_chosen_pin_is_an_event() {
        let mut gpiote = Testbed::new("nrf-gpiote");
        gpiote.write(CONFIG + 4, EVENT | 17 << 8 | HIGH_TO_LOW << 16);
        gpiote.write(0x304, 2);
        gpiote.input(&[17, 1, 16, 1, 16, 0]);
        assert_eq!((gpiote.read(0x104), gpiote.irq_lines()), (0, 0));
        gpiote.input(&[17, 0]);
        assert_eq!((gpiote.read(0x104), gpiote.irq_lines()), (1, 1));
    }
}
