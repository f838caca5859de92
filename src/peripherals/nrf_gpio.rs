//! nRF GPIO with all its ports (nRF51 Series Reference Manual 3.0, chapter 14; nRF52840 Product Specification 1.1, 6.9). The
//! second port has its registers 0x300 bytes behind those of the first.
//!
//! From the host, two bytes set one pin from outside: its number and its level; pins of the second port have numbers from 32
//! on. A pin that nobody drives has the level of its pull resistor, or is low.

use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Level, Peripheral, Slot,
    kinds::{Kind, KindOption, Layout, Port, Wiring},
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
const LATCH: u32 = 0x520;
const DETECTMODE: u32 = 0x524;
const PIN_CNF: u32 = 0x700;
const PIN_CNF_LAST: u32 = 0x77c;
/// From one port's registers to the next one's.
const NEXT_PORT: u32 = 0x300;

/// Bits of PIN_CNF: DIR (0), INPUT (1), PULL (3:2), DRIVE (10:8), SENSE (17:16).
const CNF_BITS: [u32; 9] = [0, 1, 2, 3, 8, 9, 10, 16, 17];

/// All pins of both ports, a bit each.
pub(super) const PINS: u32 = 64;
/// What GPIOTE does to pins: inputs from here on let a pin go, those 64 later drive it low, and those 64 later drive it high.
pub(super) const DRIVE_PORT: Port = Port { name: "drive", count: 3 * PINS };

pub(super) const KIND: Kind = Kind {
    name: "nrf-gpio",
    about: "nRF GPIO ports (nRF51 RM 14, nRF52840 PS 6.9)",
    size: 0x1000,
    layouts: &[Layout::of(&[
        ("OUT", OUT),
        ("OUTSET", OUTSET),
        ("OUTCLR", OUTCLR),
        ("IN", IN),
        ("DIRSET", DIRSET),
        ("DIRCLR", DIRCLR),
    ])],
    outputs: &[Port { name: "pin", count: PINS }, Port::one("detect")],
    inputs: &[DRIVE_PORT],
    options: &[
        KindOption {
            name: "pulled-up",
            about: "pins that the board pulls up, a bit each: buttons to ground",
            default: 0,
        },
        KindOption { name: "pulled-up-1", about: "the same of port 1", default: 0 },
    ],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        let pulled_up = |option| u64::from(wiring.option(option));
        Box::new(Slot::new(NrfGpio { pulled_up: pulled_up("pulled-up") | pulled_up("pulled-up-1") << 32 }))
    },
    ..Kind::PLAIN
};

/// The output that pulses when DETECT of a port rises.
const DETECT: u32 = PINS;

struct NrfGpio {
    pulled_up: u64,
}

/// A bit for each pin.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    out: u64,
    /// The bits of PIN_CNF, in the order of `CNF_BITS`.
    cnf: [u64; 9],
    latch: u64,
    detectmode: [u32; 2],
    /// DETECT of each port.
    detect: [bool; 2],
    /// Pins driven from outside, and their levels.
    driven: u64,
    outside: u64,
    /// Pins that GPIOTE has taken, and their levels.
    taken: u64,
    taken_level: u64,
}

impl Default for State {
    fn default() -> Self {
        let mut cnf = [0; 9];
        cnf[1] = u64::MAX; // the input buffers are disconnected
        State {
            out: 0,
            cnf,
            latch: 0,
            detectmode: [0; 2],
            detect: [false; 2],
            driven: 0,
            outside: 0,
            taken: 0,
            taken_level: 0,
        }
    }
}

impl State {
    fn dir(&mut self) -> &mut u64 {
        &mut self.cnf[0]
    }

    fn pin_cnf(&self, pin: u32) -> u32 {
        let bits = CNF_BITS.iter().zip(&self.cnf);
        bits.fold(0, |value, (bit, pins)| value | ((pins >> pin & 1) as u32) << bit)
    }

    fn set_pin_cnf(&mut self, pin: u32, value: u32) {
        for (bit, pins) in CNF_BITS.iter().zip(&mut self.cnf) {
            *pins = *pins & !(1 << pin) | u64::from(value >> bit & 1) << pin;
        }
    }
}

impl NrfGpio {
    /// The levels on the pins.
    fn levels(&self, s: &State) -> u64 {
        let [dir, _, pull0, pull1, _, drive1, drive2, ..] = s.cnf;
        // DRIVE: from 4 on, one of the two levels is left to the resistor: high from 6 on, else low.
        let driven = dir & !(drive2 & !(drive1 ^ s.out));
        let resistor = pull0 & pull1 | self.pulled_up;
        let undriven = s.driven & s.outside | !s.driven & resistor;
        let own = driven & s.out | !driven & undriven;
        s.taken & s.taken_level | !s.taken & own
    }

    /// The pins whose level is what SENSE waits for.
    fn sensed(&self, s: &State) -> u64 {
        let [_, disconnected, .., sense0, sense1] = s.cnf;
        sense1 & !disconnected & (self.levels(s) ^ sense0)
    }

    /// Takes in new levels.
    fn update(&self, s: &mut State, cx: &mut Context<'_>) {
        let sensed = self.sensed(s);
        s.latch |= sensed;
        for port in 0..2 {
            let seen = if s.detectmode[port] & 1 == 0 { sensed } else { s.latch };
            let detect = half(seen, port) != 0;
            if detect && !s.detect[port] {
                cx.pulse(DETECT);
            }
            s.detect[port] = detect;
        }
    }

    /// Clears latches. Pins that are still as sensed latch again; if any is left, LDETECT rises anew (6.9.2).
    fn clear_latch(&self, s: &mut State, port: usize, value: u32, cx: &mut Context<'_>) {
        s.latch &= !(u64::from(value) << (32 * port));
        if value != 0 && s.detectmode[port] & 1 != 0 {
            s.detect[port] = false;
        }
        self.update(s, cx);
    }
}

fn half(pins: u64, port: usize) -> u32 {
    (pins >> (32 * port)) as u32
}

/// The port that a register belongs to, and its offset in the first port.
fn locate(register: u32) -> (usize, u32) {
    if register < OUT + NEXT_PORT { (0, register) } else { (1, register - NEXT_PORT) }
}

impl Peripheral for NrfGpio {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let (port, register) = locate(at.register());
        let value = match register {
            OUT | OUTSET | OUTCLR => half(s.out, port),
            IN => half(self.levels(s) & !s.cnf[1], port),
            DIR | DIRSET | DIRCLR => half(s.cnf[0], port),
            LATCH => half(s.latch, port),
            DETECTMODE => s.detectmode[port],
            PIN_CNF..=PIN_CNF_LAST => s.pin_cnf((register - PIN_CNF) / 4 + 32 * port as u32),
            _ => 0,
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        let (port, register) = locate(at.register());
        let (lanes, placed) = (u64::from(at.lanes()), u64::from(at.place(value)));
        let (lanes, placed) = (lanes << (32 * port), placed << (32 * port));
        match register {
            OUT => s.out = s.out & !lanes | placed,
            OUTSET => s.out |= placed,
            OUTCLR => s.out &= !placed,
            DIR => *s.dir() = s.cnf[0] & !lanes | placed,
            DIRSET => *s.dir() |= placed,
            DIRCLR => *s.dir() &= !placed,
            LATCH => self.clear_latch(s, port, at.place(value), cx),
            DETECTMODE => s.detectmode[port] = at.merge(s.detectmode[port], value) & 1,
            PIN_CNF..=PIN_CNF_LAST => {
                let pin = (register - PIN_CNF) / 4 + 32 * port as u32;
                s.set_pin_cnf(pin, at.merge(s.pin_cnf(pin), value));
            }
            _ => return Ok(()),
        }
        self.update(s, cx);
        Ok(())
    }

    fn input(&self, s: &mut State, bytes: &[u8], cx: &mut Context<'_>) {
        for (pin, level) in pin_levels(bytes, PINS as u8) {
            s.driven |= 1 << pin;
            s.outside = s.outside & !(1 << pin) | u64::from(level) << pin;
        }
        self.update(s, cx);
    }

    fn after_reset(&self, s: &State) -> State {
        State { driven: s.driven, outside: s.outside, ..State::default() }
    }

    fn outputs(&self, s: &State) -> u64 {
        self.levels(s)
    }

    fn wire(&self, s: &mut State, input: u32, level: Level, cx: &mut Context<'_>) {
        if !level.is_high() || input >= DRIVE_PORT.count {
            return;
        }
        let pin = 1u64 << (input % PINS);
        match input / PINS {
            0 => s.taken &= !pin,
            1 => (s.taken, s.taken_level) = (s.taken | pin, s.taken_level & !pin),
            _ => (s.taken, s.taken_level) = (s.taken | pin, s.taken_level | pin),
        }
        self.update(s, cx);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::Testbed;

    const PULL: u32 = 2;
    const SENSE_HIGH: u32 = 2 << 16;

    #[test]
    fn direction_is_one_bit_in_two_registers() {
        let mut gpio = Testbed::new("nrf-gpio");
        gpio.write(DIRSET, 1 << 13);
        assert_eq!(gpio.read(PIN_CNF + 4 * 13), 3);
        gpio.write(PIN_CNF + 4 * 4, 1);
        assert_eq!(gpio.read(DIR), 1 << 13 | 1 << 4);
        gpio.write(OUTSET, 1 << 4 | 1 << 13);
        assert_eq!(gpio.read(IN), 1 << 4, "pin 13 has its input buffer disconnected");
        assert_eq!(gpio.outputs(), 1 << 4 | 1 << 13);
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

    #[test]
    fn the_second_port_is_like_the_first() {
        let mut gpio = Testbed::with_options("nrf-gpio", &[("pulled-up-1", 1 << 2)]);
        gpio.write(NEXT_PORT + PIN_CNF + 4 * 2, 0);
        gpio.write(NEXT_PORT + DIRSET, 1 << 9);
        gpio.write(NEXT_PORT + OUTSET, 1 << 9);
        assert_eq!((gpio.read(NEXT_PORT + IN), gpio.read(IN)), (1 << 2, 0));
        assert_eq!(gpio.outputs(), 1 << 41 | 1 << 34);
        gpio.input(&[34, 0]);
        assert_eq!(gpio.read(NEXT_PORT + IN), 0);
    }

    #[test]
    fn an_open_drain_only_pulls_down() {
        let mut gpio = Testbed::new("nrf-gpio");
        gpio.write(PIN_CNF, 1 | 3 << PULL | 6 << 8);
        assert_eq!(gpio.read(IN), 0);
        gpio.write(OUTSET, 1);
        assert_eq!(gpio.read(IN), 1, "the resistor");
        gpio.input(&[0, 0]);
        assert_eq!(gpio.read(IN), 0, "somebody else");
    }

    #[test]
    fn a_sensed_level_is_latched_and_detected() {
        let mut gpio = Testbed::new("nrf-gpio");
        gpio.write(PIN_CNF + 4 * 5, SENSE_HIGH);
        gpio.write(PIN_CNF + 4 * 6, SENSE_HIGH);
        gpio.input(&[5, 1, 6, 1]);
        assert_eq!((gpio.read(LATCH), gpio.take_pulses()), (0x60, vec![DETECT]));
        gpio.write(LATCH, 0x20);
        assert_eq!((gpio.read(LATCH), gpio.take_pulses()), (0x60, vec![]), "it is still high");
        gpio.input(&[5, 0]);
        gpio.write(LATCH, 0x20);
        assert_eq!(gpio.read(LATCH), 0x40);
        gpio.write(DETECTMODE, 1);
        gpio.input(&[6, 0]);
        assert_eq!(gpio.take_pulses(), []);
        gpio.write(LATCH, 0x40);
        gpio.input(&[6, 1]);
        assert_eq!(gpio.take_pulses(), [DETECT]);
    }

    #[test]
    fn gpiote_takes_a_pin_and_lets_it_go() {
        let mut gpio = Testbed::new("nrf-gpio");
        gpio.wire(2 * PINS + 7, Level::Pulse);
        assert_eq!(gpio.outputs(), 1 << 7);
        gpio.write(OUTCLR, 1 << 7);
        assert_eq!(gpio.outputs(), 1 << 7);
        gpio.wire(PINS + 7, Level::Pulse);
        assert_eq!(gpio.outputs(), 0);
        gpio.write(DIRSET, 1 << 7);
        gpio.write(OUTSET, 1 << 7);
        gpio.wire(7, Level::Pulse);
        assert_eq!(gpio.outputs(), 1 << 7);
    }
}
