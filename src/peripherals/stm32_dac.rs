//! STM32 digital-to-analog converter (RM0090, 14; RM0351, 19): the data registers, triggers, noise and triangle waves, and
//! DMA requests. What comes out is in DOR1 and DOR2 and goes nowhere else.
//!
//! Sample and hold of the L4 are stored.

use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Level, Peripheral, Port, Slot,
    kinds::{Kind, Layout, Wiring},
};
use crate::words::BusFault;

const CR: u32 = 0x00;
const SWTRIGR: u32 = 0x04;
const DHR12R1: u32 = 0x08;
const DHR12RD: u32 = 0x20;
const DHR12LD: u32 = 0x24;
const DHR8RD: u32 = 0x28;
const DOR1: u32 = 0x2c;
const DOR2: u32 = 0x30;
const SR: u32 = 0x34;
const CCR: u32 = 0x38;
const MCR: u32 = 0x3c;
const SHSR1: u32 = 0x40;
const SHRR: u32 = 0x4c;

/// The bits of channel 1 in CR; those of channel 2 are sixteen above.
const EN: u32 = 1 << 0;
const TEN: u32 = 1 << 2;
const DMAEN: u32 = 1 << 12;
const DMAUDRIE: u32 = 1 << 13;
/// A channel's underrun in SR.
const DMAUDR: u32 = 1 << 13;
/// TSEL: the trigger is software.
const SOFTWARE: u32 = 7;
/// What the noise generator begins with (RM0090 14.3.8).
const SEED: u16 = 0xaaa;

pub(super) const KIND: Kind = Kind {
    name: "stm32-dac",
    about: "STM32 digital-to-analog converter (RM0090 14, RM0351 19)",
    size: 0x400,
    layouts: &[
        // With one channel or two.
        Layout::of(&[
            ("CR", CR),
            ("SWTRIGR", SWTRIGR),
            ("DHR12R1", DHR12R1),
            ("DHR12L1", 0x0c),
            ("DHR8R1", 0x10),
            ("DOR1", DOR1),
        ]),
    ],
    irqs: &["dac"],
    outputs: &[Port { name: "request", count: 2 }],
    inputs: &[Port { name: "trigger", count: 8 }],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        let registers = &wiring.registers;
        // Without an SVD file, all of them; SR came after the F1.
        let has =
            |offset| registers.is_empty() || registers.iter().any(|register| register.address == offset);
        Box::new(Slot::new(Stm32Dac { second: has(DOR2), status: has(SR), factory: wiring.reset_value(CCR) }))
    },
    ..Kind::PLAIN
};

struct Stm32Dac {
    /// Whether there is a second channel.
    second: bool,
    /// Whether there is SR.
    status: bool,
    /// The trimming of the L4 as it comes from the factory.
    factory: Option<u32>,
}

/// A channel.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Channel {
    /// The data holding register, twelve bits to the right.
    dhr: u16,
    dor: u16,
    noise: u16,
    /// The triangle counter, and whether it goes down.
    triangle: u16,
    falls: bool,
    /// A DMA request.
    request: bool,
}

impl Default for Channel {
    fn default() -> Self {
        Channel { dhr: 0, dor: 0, noise: SEED, triangle: 0, falls: false, request: false }
    }
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    cr: u32,
    sr: u32,
    channels: [Channel; 2],
    /// What is different from the factory's.
    ccr: u32,
    mcr: u32,
    /// SHSR1, SHSR2, SHHR, SHRR.
    hold: [u32; 4],
    /// Levels of the triggers.
    triggers: u32,
}

impl Default for State {
    fn default() -> Self {
        State {
            cr: 0,
            sr: 0,
            channels: [Channel::default(), Channel::default()],
            ccr: 0,
            mcr: 0,
            hold: [0, 0, 0x1_0001, 0x1_0001],
            triggers: 0,
        }
    }
}

impl Channel {
    /// Converts what is held: with the wave that CR says.
    fn convert(&mut self, cr: u32) {
        let (wave, amplitude) = (cr >> 6 & 3, (cr >> 8 & 0xf).min(11));
        let mask = (2_u16 << amplitude) - 1;
        let add = match wave {
            0 => 0,
            1 => self.next_noise() & mask,
            _ => self.next_triangle(mask),
        };
        self.dor = self.dhr.wrapping_add(add).min(0xfff);
    }

    fn next_noise(&mut self) -> u16 {
        let value = self.noise;
        // Taps 0, 1, 4 and 6; a one where all are zero, so that it never stands still (RM0090 14.3.8).
        let tap = |bit: u16| value >> bit & 1;
        let one = if value == 0 { 1 } else { tap(0) ^ tap(1) ^ tap(4) ^ tap(6) };
        self.noise = value >> 1 | one << 11;
        value
    }

    fn next_triangle(&mut self, top: u16) -> u16 {
        let value = self.triangle.min(top);
        self.falls = match value {
            0 => false,
            value if value == top => true,
            _ => self.falls,
        };
        self.triangle = if self.falls { value - 1 } else { value + 1 };
        value
    }
}

impl State {
    /// CR's bits of a channel.
    fn of(&self, channel: usize) -> u32 {
        self.cr >> (16 * channel) & 0xffff
    }

    /// Holds a value; without a trigger it is converted at once. It is there a clock later, which nobody can see.
    fn hold(&mut self, channel: usize, value: u32) {
        self.channels[channel].dhr = value as u16 & 0xfff;
        // That answers a request.
        self.channels[channel].request = false;
        if self.of(channel) & (EN | TEN) == EN {
            self.channels[channel].dor = self.channels[channel].dhr;
        }
    }

    /// Converts, if the channel waits for a trigger; tells whether it does.
    fn trigger(&mut self, channel: usize) -> bool {
        let cr = self.of(channel);
        let waits = cr & (EN | TEN) == EN | TEN;
        if waits {
            self.channels[channel].convert(cr);
        }
        waits
    }

    fn write_cr(&mut self, cr: u32) {
        self.cr = cr;
        for channel in 0..2 {
            let cr = self.of(channel);
            let held = &mut self.channels[channel];
            held.request &= cr & DMAEN != 0;
            if cr >> 6 & 3 == 0 {
                (held.triangle, held.falls, held.noise) = (0, false, SEED);
            }
            if cr & (EN | TEN) == EN {
                held.dor = held.dhr;
            }
        }
    }
}

impl Stm32Dac {
    fn channels(&self) -> usize {
        if self.second { 2 } else { 1 }
    }

    /// Bits of CR that exist: CENx, bit 14, is the L4's.
    fn cr(&self) -> u32 {
        let of_one = if !self.status {
            0x1fff
        } else if self.factory.is_some() {
            0x7fff
        } else {
            0x3fff
        };
        if self.second { of_one | of_one << 16 } else { of_one }
    }

    /// A trigger from outside converts and asks for the next value; one by software only converts (RM0090 14.3.7).
    fn trigger(&self, s: &mut State, channel: usize) {
        if !s.trigger(channel) || s.of(channel) & DMAEN == 0 {
            return;
        }
        // A request that was not answered when the next one comes is an underrun: no more of them. The F1 does not notice and
        // goes on (RM0008 12.3.7).
        if s.channels[channel].request {
            s.sr |= if self.status { DMAUDR << (16 * channel) } else { 0 };
        } else if s.sr >> (16 * channel) & DMAUDR == 0 {
            s.channels[channel].request = true;
        }
    }

    /// Writes the data of one channel or both.
    fn write_data(&self, s: &mut State, at: Access, value: u32) {
        let register = at.register();
        // Each of six registers in a row: to the right, to the left, and a byte.
        let align = (register - DHR12R1) / 4 % 3;
        let one = |value: u32| match align {
            0 => value,
            1 => value >> 4,
            _ => value << 4 & 0xfff,
        };
        let old = self.read_data(s, register);
        let value = at.merge(old, value);
        match register {
            DHR12RD..=DHR8RD if self.second => {
                let upper = if register == DHR8RD { value >> 8 & 0xff } else { value >> 16 };
                let lower = if register == DHR8RD { value & 0xff } else { value & 0xffff };
                s.hold(0, one(lower));
                s.hold(1, one(upper));
            }
            DHR12RD..=DHR8RD => {}
            _ => {
                let channel = ((register - DHR12R1) / 12) as usize;
                if channel < self.channels() {
                    s.hold(channel, one(value));
                }
            }
        }
    }

    fn read_data(&self, s: &State, register: u32) -> u32 {
        let align = (register - DHR12R1) / 4 % 3;
        let one = |channel: usize| {
            let dhr = s.channels.get(channel).map_or(0, |channel| u32::from(channel.dhr));
            match align {
                0 => dhr,
                1 => dhr << 4,
                _ => dhr >> 4,
            }
        };
        match register {
            DHR8RD if self.second => one(1) << 8 | one(0),
            DHR12RD | DHR12LD if self.second => one(1) << 16 | one(0),
            DHR12RD..=DHR8RD => 0,
            register => one(((register - DHR12R1) / 12) as usize),
        }
    }
}

impl Peripheral for Stm32Dac {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let value = match at.register() {
            CR => s.cr,
            register @ DHR12R1..=DHR8RD => self.read_data(s, register),
            DOR1 => u32::from(s.channels[0].dor),
            DOR2 => u32::from(s.channels[1].dor),
            SR if self.status => s.sr,
            CCR => s.ccr ^ self.factory.unwrap_or(0),
            MCR => s.mcr,
            register @ SHSR1..=SHRR if self.factory.is_some() => s.hold[((register - SHSR1) / 4) as usize],
            _ => 0, // SWTRIGR clears itself
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, _cx: &mut Context<'_>) -> Result<(), BusFault> {
        match at.register() {
            CR => s.write_cr(at.merge(s.cr, value) & self.cr()),
            SWTRIGR => {
                for channel in 0..self.channels() {
                    if at.place(value) >> channel & 1 != 0 && s.of(channel) >> 3 & 7 == SOFTWARE {
                        s.trigger(channel);
                    }
                }
            }
            DHR12R1..=DHR8RD => self.write_data(s, at, value),
            SR => s.sr &= !(at.place(value) & (DMAUDR | DMAUDR << 16)),
            CCR => {
                let factory = self.factory.unwrap_or(0);
                s.ccr = at.merge(s.ccr ^ factory, value) & 0x001f_001f ^ factory & 0x001f_001f;
            }
            MCR if self.factory.is_some() => s.mcr = at.merge(s.mcr, value) & 0x0007_0007,
            register @ SHSR1..=SHRR if self.factory.is_some() => {
                let hold = &mut s.hold[((register - SHSR1) / 4) as usize];
                *hold = at.merge(*hold, value)
                    & [0x3ff, 0x3ff, 0x03ff_03ff, 0x00ff_00ff][((register - SHSR1) / 4) as usize];
            }
            _ => {}
        }
        Ok(())
    }

    fn wire(&self, s: &mut State, input: u32, level: Level, _cx: &mut Context<'_>) {
        let rises = level.is_high() && s.triggers >> input & 1 == 0;
        s.triggers = s.triggers & !(1 << input) | if level == Level::High { 1 << input } else { 0 };
        for channel in (0..self.channels()).filter(|_| rises) {
            let select = s.of(channel) >> 3 & 7;
            if select == input && select != SOFTWARE {
                self.trigger(s, channel);
            }
        }
    }

    fn irq_lines(&self, s: &State) -> u32 {
        let underrun = |channel: usize| s.sr >> (16 * channel) & DMAUDR != 0 && s.of(channel) & DMAUDRIE != 0;
        u32::from(underrun(0) || underrun(1))
    }

    fn outputs(&self, s: &State) -> u64 {
        u64::from(s.channels[0].request) | u64::from(s.channels[1].request) << 1
    }
}

#[cfg(test)]
mod tests;
