//! STM32 DMA controller with channels (RM0008, chapter 13; RM0091, chapter 10; RM0351, chapter 11).
//!
//! Items are read and written one after the other, each in a few cycles; what is narrower than its destination is
//! extended with zeros. A memory-to-memory transfer is never circular.

use bitfield_struct::bitfield;
use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Level, Peripheral, Slot,
    kinds::{Described, Kind, KindOption, Layout, Port, Wiring},
    stm32_dma_pace::{BURST, Pace, Place, Requests, Served},
};
use crate::words::{BusFault, Cycle};

const ISR: u32 = 0x00;
const IFCR: u32 = 0x04;
const CCR1: u32 = 0x08;
const CSELR: u32 = 0xa8;
/// Bytes from the registers of a channel to those of the next one.
const STRIDE: u32 = 0x14;
const CHANNELS: usize = 8;

// Flags of a channel; of the interrupt enables in CCR, the same.
const TCIF: u32 = 2;
const HTIF: u32 = 4;
const TEIF: u32 = 8;

#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Ccr {
    en: bool,
    tcie: bool,
    htie: bool,
    teie: bool,
    /// Whether memory is read.
    dir: bool,
    circ: bool,
    pinc: bool,
    minc: bool,
    #[bits(2)]
    psize: u32,
    #[bits(2)]
    msize: u32,
    #[bits(2)]
    pl: u32,
    mem2mem: bool,
    #[bits(17)]
    __: u32,
}

pub(super) const KIND: Kind = Kind {
    name: "stm32-dma",
    about: "STM32 DMA controller with channels (RM0008 13.4)",
    layouts: &[
        Layout {
            registers: &[
                ("ISR", 0x00),
                ("IFCR", 0x04),
                ("CCR1", 0x08),
                ("CNDTR1", 0x0c),
                ("CPAR1", 0x10),
                ("CMAR1", 0x14),
            ],
            without: &["CSELR"],
            options: &[("select", 0)],
        },
        Layout {
            registers: &[
                ("ISR", 0x00),
                ("IFCR", 0x04),
                ("CCR1", 0x08),
                ("CNDTR1", 0x0c),
                ("CPAR1", 0x10),
                ("CMAR1", 0x14),
                ("CSELR", 0xa8),
            ],
            without: &[],
            options: &[("select", 1)],
        },
    ],
    describe: |dma: &Described<'_>| {
        let channels = (1..=CHANNELS as u32).rev().find(|n| dma.register(CCR1 + (n - 1) * STRIDE).is_some());
        channels.map(|channels| ("channels", channels)).into_iter().collect()
    },
    irqs: &["CHANNEL1", "CHANNEL2", "CHANNEL3", "CHANNEL4", "CHANNEL5", "CHANNEL6", "CHANNEL7", "CHANNEL8"],
    // Eight of each channel; then those that CSELR selects with 8 and above.
    inputs: &[Port { name: "request", count: 128 }],
    options: &[
        KindOption { name: "channels", about: "number of channels, 1 to 8", default: 7 },
        KindOption { name: "select", about: "1: CSELR selects one request of each channel", default: 0 },
    ],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        Box::new(Slot::new(Stm32Dma {
            channels: wiring.option("channels").clamp(1, CHANNELS as u32) as usize,
            selects: wiring.option("select") != 0,
        }))
    },
    ..Kind::PLAIN
};

struct Stm32Dma {
    channels: usize,
    selects: bool,
}

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    channels: [Channel; CHANNELS],
    cselr: u32,
    requests: Requests,
    pace: Pace,
}

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Channel {
    ccr: Ccr,
    cndtr: u32,
    cpar: u32,
    cmar: u32,
    flags: u32,
    /// What CNDTR was when the channel was enabled.
    count: u32,
    /// The addresses of the next item.
    peripheral: u32,
    memory: u32,
}

impl Channel {
    fn begin(&mut self) {
        self.count = self.cndtr;
        (self.peripheral, self.memory) = (self.cpar, self.cmar);
    }

    /// Moves one item.
    fn transfer(&mut self, cx: &mut Context<'_>) {
        let peripheral = Place { address: self.peripheral, size: self.ccr.psize() };
        let memory = Place { address: self.memory, size: self.ccr.msize() };
        let (from, to) = if self.ccr.dir() { (memory, peripheral) } else { (peripheral, memory) };
        if from.read(cx).and_then(|value| to.write(value, cx)).is_err() {
            self.flags |= TEIF;
            self.ccr.set_en(false);
            return;
        }
        if self.ccr.pinc() {
            self.peripheral = self.peripheral.wrapping_add(peripheral.bytes());
        }
        if self.ccr.minc() {
            self.memory = self.memory.wrapping_add(memory.bytes());
        }
        self.cndtr = self.cndtr.saturating_sub(1);
        if self.cndtr == self.count - self.count / 2 {
            self.flags |= HTIF;
        }
        if self.cndtr == 0 {
            self.flags |= TCIF;
            if self.ccr.circ() && !self.ccr.mem2mem() {
                self.cndtr = self.count;
                self.begin();
            }
        }
    }

    fn read(&self, offset: u32) -> u32 {
        match offset {
            0x0 => self.ccr.into(),
            0x4 => self.cndtr,
            0x8 => self.cpar,
            0xc => self.cmar,
            _ => 0,
        }
    }

    fn write(&mut self, offset: u32, at: Access, value: u32) {
        let open = !self.ccr.en();
        match offset {
            0x0 => {
                self.ccr = Ccr::from(at.merge(self.ccr.into(), value) & 0x7fff);
                if open && self.ccr.en() {
                    self.begin();
                }
            }
            // Read-only while the channel is enabled (RM0008 13.4.4).
            0x4 if open => self.cndtr = at.merge(self.cndtr, value) & 0xffff,
            0x8 if open => self.cpar = at.merge(self.cpar, value),
            0xc if open => self.cmar = at.merge(self.cmar, value),
            _ => {}
        }
    }
}

impl Stm32Dma {
    /// The channel and the offset in it of a register.
    fn channel(&self, register: u32) -> Option<(usize, u32)> {
        let offset = register.checked_sub(CCR1)?;
        let channel = (offset / STRIDE) as usize;
        (channel < self.channels).then_some((channel, offset % STRIDE))
    }

    /// The request wires that a channel listens to.
    fn inputs(&self, s: &State, channel: usize) -> u128 {
        let select = s.cselr >> (4 * channel) & 0xf;
        match (self.selects, select) {
            (false, _) => 0xff << (8 * channel),
            (true, 0..=7) => 1 << (8 * channel as u32 + select),
            (true, _) => 1 << (64 + 8 * channel as u32 + select - 8),
        }
    }

    /// Whether a channel would move an item now.
    fn ready(&self, s: &State, channel: usize) -> bool {
        let Channel { ccr, cndtr, .. } = &s.channels[channel];
        ccr.en() && *cndtr > 0 && (ccr.mem2mem() || s.requests.any(self.inputs(s, channel)))
    }

    /// The ready channel with the highest priority; of several, the first (RM0008 13.3.2).
    fn first(&self, s: &State) -> Option<usize> {
        let ready = (0..self.channels).filter(|&channel| self.ready(s, channel));
        ready.min_by_key(|&channel| (3 - s.channels[channel].ccr.pl(), channel))
    }

    fn serve(&self, s: &mut State, cx: &mut Context<'_>) -> Option<Served> {
        let index = self.first(s)?;
        let inputs = self.inputs(s, index);
        let channel = &mut s.channels[index];
        if !channel.ccr.mem2mem() {
            channel.transfer(cx);
            s.requests.served(inputs);
            return Some(Served { items: 1, requested: true });
        }
        let items = channel.cndtr.min(BURST);
        for _ in 0..items {
            if channel.ccr.en() {
                channel.transfer(cx);
            }
        }
        Some(Served { items, requested: false })
    }

    fn schedule(&self, s: &mut State, now: Cycle) {
        let first = self.first(s);
        s.pace.schedule(now, first.is_some(), first.is_some_and(|index| !s.channels[index].ccr.mem2mem()));
    }

    /// The wires that enabled channels listen to.
    fn listened(&self, s: &State) -> u128 {
        let open = (0..self.channels).filter(|&channel| s.channels[channel].ccr.en());
        open.filter(|&channel| s.channels[channel].cndtr > 0)
            .fold(0, |wires, channel| wires | self.inputs(s, channel))
    }
}

impl Peripheral for Stm32Dma {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let value = match at.register() {
            ISR => (0..self.channels).fold(0, |isr, channel| {
                let flags = s.channels[channel].flags;
                isr | (flags | u32::from(flags != 0)) << (4 * channel)
            }),
            CSELR if self.selects => s.cselr,
            register => {
                self.channel(register).map_or(0, |(channel, offset)| s.channels[channel].read(offset))
            }
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        match at.register() {
            IFCR => {
                for (number, channel) in s.channels.iter_mut().enumerate() {
                    let clear = at.place(value) >> (4 * number) & 0xf;
                    channel.flags &= !if clear & 1 != 0 { 0xf } else { clear }; // CGIF clears all
                }
            }
            CSELR if self.selects => s.cselr = at.merge(s.cselr, value),
            register => {
                if let Some((channel, offset)) = self.channel(register) {
                    s.channels[channel].write(offset, at, value);
                }
            }
        }
        s.requests.forget(!self.listened(s));
        self.schedule(s, cx.now);
        Ok(())
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        let mut pace = s.pace;
        pace.run(cx.now, || self.serve(s, cx));
        s.pace = pace;
        self.schedule(s, cx.now);
    }

    fn wire(&self, s: &mut State, input: u32, level: Level, cx: &mut Context<'_>) {
        let listened = self.listened(s);
        s.requests.wire(input, level, listened);
        self.schedule(s, cx.now);
    }

    fn irq_lines(&self, s: &State) -> u32 {
        let asks = |channel: &Channel| channel.flags & u32::from(channel.ccr) & (TCIF | HTIF | TEIF) != 0;
        (0..self.channels).fold(0, |lines, n| lines | u32::from(asks(&s.channels[n])) << n)
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        s.pace.due()
    }
}

#[cfg(test)]
mod tests;
