//! nRF GPIOTE (nRF51 Series Reference Manual 3.0, chapter 15; nRF52840 Product Specification 1.1, 6.10): events of pins, and
//! tasks that set pins.

use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Level, Peripheral, Slot,
    kinds::{Kind, KindOption, Layout, Port, Wiring},
    nrf_events::{EVENT_PORT, Events, powers_off, task},
    nrf_gpio::{DRIVE_PORT, PINS},
};
use crate::words::BusFault;

const CONFIG: u32 = 0x510;
const CONFIG_LAST: u32 = 0x52c;
const CHANNELS: usize = 8;
/// The first of the tasks OUT, SET and CLR.
const OUT: u32 = 0;
const SET: u32 = 12;
const CLR: u32 = 24;
/// The event of pins that are sensed (SENSE of their PIN_CNF).
const PORT: u32 = 31;

/// CONFIG.MODE.
const EVENT: u32 = 1;
const TASK: u32 = 3;
/// CONFIG.POLARITY.
const LOW_TO_HIGH: u32 = 1;
const HIGH_TO_LOW: u32 = 2;
const TOGGLE: u32 = 3;
/// CONFIG.OUTINIT.
const OUTINIT: u32 = 20;

pub(super) const KIND: Kind = Kind {
    name: "nrf-gpiote",
    about: "nRF GPIO tasks and events (nRF51 RM 15, nRF52840 PS 6.10)",
    size: 0x1000,
    layouts: &[Layout::of(&[
        ("TASKS_OUT0", 0),
        ("EVENTS_IN0", 0x100),
        ("EVENTS_PORT", 0x17c),
        ("CONFIG0", CONFIG),
    ])],
    describe: |described| {
        let there = |n: &u32| described.register(CONFIG + 4 * n).is_some();
        vec![("channels", (0..CHANNELS as u32).take_while(there).count() as u32)]
    },
    irqs: &["gpiote"],
    outputs: &[EVENT_PORT, DRIVE_PORT],
    inputs: &[Port { name: "pin", count: PINS }, Port::one("detect")],
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
    /// What each channel drives its pin to.
    levels: [bool; CHANNELS],
    /// The levels of the pins.
    pins: u64,
}

impl State {
    fn pin(&self, channel: usize) -> u32 {
        self.config[channel] >> 8 & 0x3f
    }

    fn mode(&self, channel: usize) -> u32 {
        self.config[channel] & 3
    }

    fn polarity(&self, channel: usize) -> u32 {
        self.config[channel] >> 16 & 3
    }

    /// Tells the pin of a channel in task mode who drives it.
    fn drive(&self, channel: usize, cx: &mut Context<'_>) {
        if self.mode(channel) == TASK {
            let level = if self.levels[channel] { 2 } else { 1 };
            cx.pulse(EVENT_PORT.count + level * PINS + self.pin(channel));
        }
    }

    /// Lets the pin of a channel in task mode go.
    fn release(&self, channel: usize, cx: &mut Context<'_>) {
        if self.mode(channel) == TASK {
            cx.pulse(EVENT_PORT.count + self.pin(channel));
        }
    }

    fn configure(&mut self, channel: usize, config: u32, cx: &mut Context<'_>) {
        self.release(channel, cx);
        self.config[channel] = config;
        self.levels[channel] = config >> OUTINIT & 1 != 0;
        self.drive(channel, cx);
    }

    fn trigger(&mut self, task: u32, cx: &mut Context<'_>) {
        let (first, channel) = match task {
            CLR.. => (CLR, task - CLR),
            SET.. => (SET, task - SET),
            _ => (OUT, task),
        };
        let Some(&old) = self.levels.get(channel as usize) else { return };
        let channel = channel as usize;
        self.levels[channel] = match (first, self.polarity(channel)) {
            (SET, _) | (OUT, LOW_TO_HIGH) => true,
            (CLR, _) | (OUT, HIGH_TO_LOW) => false,
            (_, TOGGLE) => !old,
            _ => old,
        };
        self.drive(channel, cx);
    }
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

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        if powers_off(at, value) {
            (0..CHANNELS).for_each(|channel| s.release(channel, cx));
            *s = State { pins: s.pins, ..State::default() };
        }
        if let Some(task) = task(at, value) {
            s.trigger(task, cx);
        }
        match at.register() {
            register @ CONFIG..=CONFIG_LAST => {
                let channel = ((register - CONFIG) / 4) as usize;
                if channel < self.channels {
                    s.configure(channel, at.merge(s.config[channel], value) & 0x13_3f03, cx);
                }
            }
            _ => {
                s.events.write(at, value, self.exist());
            }
        }
        Ok(())
    }

    fn irq_lines(&self, s: &State) -> u32 {
        u32::from(s.events.irq())
    }

    fn wire(&self, s: &mut State, input: u32, level: Level, cx: &mut Context<'_>) {
        if input >= PINS {
            if level.is_high() {
                s.events.happen(PORT, cx);
            }
            return;
        }
        let (was, is) = (s.pins >> input & 1 != 0, level.is_high());
        s.pins = s.pins & !(1 << input) | u64::from(is) << input;
        for channel in 0..CHANNELS {
            if s.mode(channel) != EVENT || s.pin(channel) != input {
                continue;
            }
            let edge = match s.polarity(channel) {
                LOW_TO_HIGH => is && !was,
                HIGH_TO_LOW => was && !is,
                TOGGLE => was != is,
                _ => false,
            };
            if edge {
                s.events.happen(channel as u32, cx);
            }
        }
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
        for (pin, level) in [(17, Level::High), (16, Level::High), (16, Level::Low)] {
            gpiote.wire(pin, level);
        }
        assert_eq!((gpiote.read(0x104), gpiote.irq_lines(), gpiote.take_pulses()), (0, 0, vec![]));
        gpiote.wire(17, Level::Low);
        assert_eq!((gpiote.read(0x104), gpiote.irq_lines(), gpiote.take_pulses()), (1, 1, vec![1]));
    }

    #[test]
    fn detect_is_the_port_event() {
        let mut gpiote = Testbed::new("nrf-gpiote");
        gpiote.write(0x304, 1 << PORT);
        gpiote.wire(PINS, Level::Pulse);
        assert_eq!((gpiote.read(0x17c), gpiote.irq_lines()), (1, 1));
    }

    #[test]
    fn tasks_drive_the_pin() {
        let mut gpiote = Testbed::with_options("nrf-gpiote", &[("channels", 8)]);
        let (low, high) = (32 + PINS + 33, 32 + 2 * PINS + 33);
        gpiote.write(CONFIG + 4 * 7, TASK | 33 << 8 | TOGGLE << 16 | 1 << OUTINIT);
        assert_eq!(gpiote.take_pulses(), [high], "OUTINIT");
        gpiote.write(4 * 7, 1);
        gpiote.write(4 * 7, 1);
        gpiote.write(4 * (CLR + 7), 1);
        gpiote.write(4 * (SET + 7), 1);
        assert_eq!(gpiote.take_pulses(), [low, high, low, high]);
        gpiote.write(CONFIG + 4 * 7, 0);
        assert_eq!(gpiote.take_pulses(), [32 + 33]);
    }
}
