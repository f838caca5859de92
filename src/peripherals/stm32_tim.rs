//! STM32 timers TIM2 to TIM7 (RM0090, chapters 18 and 20): counting up, down and centre-aligned, prescaler, preload,
//! one-pulse mode, output compare flags and interrupts.
//!
//! There are no pins and no other timers: captures never happen, slave mode and external clocks count nothing, compare
//! outputs go nowhere, DMA requests are not made. The state is computed when somebody looks ([`counting`]).

mod counting;

use bitfield_struct::bitfield;
use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Peripheral, Slot,
    kinds::{CLOCK_DIVIDER, Kind, KindOption, Wiring},
};
use crate::words::{BusFault, Cycle};

const CR1: u32 = 0x00;
const CR2: u32 = 0x04;
const SMCR: u32 = 0x08;
const DIER: u32 = 0x0c;
const SR: u32 = 0x10;
const EGR: u32 = 0x14;
const CCMR1: u32 = 0x18;
const CCMR2: u32 = 0x1c;
const CCER: u32 = 0x20;
const CNT: u32 = 0x24;
const PSC: u32 = 0x28;
const ARR: u32 = 0x2c;
const CCR1: u32 = 0x34;
const CCR4: u32 = 0x40;
const DCR: u32 = 0x48;
const OR: u32 = 0x50;

/// UIF, CC1IF to CC4IF, TIF and the overcapture flags.
const SR_FLAGS: u32 = 0x1e5f;
const UIF: u32 = 1;

#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Cr1 {
    cen: bool,
    udis: bool,
    urs: bool,
    opm: bool,
    dir: bool,
    #[bits(2)]
    cms: u32,
    arpe: bool,
    #[bits(2)]
    ckd: u32,
    #[bits(22)]
    __: u32,
}

pub(super) const KIND: Kind = Kind {
    name: "stm32-tim",
    about: "STM32 general-purpose or basic timer (RM0090 18.4, 20.4)",
    size: 0x400,
    irqs: &["tim"],
    options: &[
        CLOCK_DIVIDER,
        KindOption { name: "bits", about: "width of the counter, 16 or 32", default: 16 },
        KindOption { name: "channels", about: "capture/compare channels, 0 to 4", default: 4 },
    ],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        Box::new(Slot::new(Stm32Tim {
            divider: u64::from(wiring.option("clock-divider").max(1)),
            max: if wiring.option("bits") == 32 { u32::MAX } else { 0xffff },
            channels: wiring.option("channels").min(4) as usize,
        }))
    },
    ..Kind::PLAIN
};

struct Stm32Tim {
    divider: u64,
    /// The largest count.
    max: u32,
    channels: usize,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    cr1: Cr1,
    cr2: u32,
    smcr: u32,
    dier: u32,
    sr: u32,
    ccmr: [u32; 2],
    ccer: u32,
    dcr: u32,
    or: u32,
    psc: Preloaded,
    arr: Preloaded,
    ccr: [Preloaded; 4],
    cnt: u32,
    /// Timer clocks that the prescaler has counted towards the next tick.
    prescaled: u32,
    /// The cycle up to which everything was counted.
    since: Cycle,
}

/// A register with a shadow that is loaded by an update event.
#[derive(Default, Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
struct Preloaded {
    preload: u32,
    shadow: u32,
}

impl Preloaded {
    fn write(&mut self, value: u32, buffered: bool) {
        self.preload = value;
        if !buffered {
            self.shadow = value;
        }
    }

    fn load(&mut self) {
        self.shadow = self.preload;
    }
}

impl Default for State {
    fn default() -> Self {
        State {
            cr1: Cr1::new(),
            cr2: 0,
            smcr: 0,
            dier: 0,
            sr: 0,
            ccmr: [0; 2],
            ccer: 0,
            dcr: 0,
            or: 0,
            psc: Preloaded::default(),
            // All ones; a 16-bit timer sees the lower half.
            arr: Preloaded { preload: u32::MAX, shadow: u32::MAX },
            ccr: [Preloaded::default(); 4],
            cnt: 0,
            prescaled: 0,
            since: 0,
        }
    }
}

impl State {
    /// The byte of CCMR1 or CCMR2 that configures a channel.
    fn channel_mode(&self, channel: usize) -> u32 {
        self.ccmr[channel / 2] >> (8 * (channel % 2)) & 0xff
    }

    /// Whether a channel compares (CCxS = 0) and does not capture.
    fn compares(&self, channel: usize) -> bool {
        self.channel_mode(channel) & 3 == 0
    }
}

impl Stm32Tim {
    fn event_generation(&self, s: &mut State, bits: u32) {
        s.sr |= bits & 0x5e & self.flags();
        if bits & 1 == 0 {
            return;
        }
        // UG starts the counter over; URS keeps it from setting UIF (RM0090 18.4.6).
        s.prescaled = 0;
        let down = s.cr1.dir() && s.cr1.cms() == 0;
        self.update(s, !s.cr1.urs());
        s.cnt = if down { s.arr.shadow & self.max } else { 0 };
        if s.cr1.cms() != 0 {
            s.cr1.set_dir(false);
        }
    }

    /// The status flags that exist with this number of channels.
    fn flags(&self) -> u32 {
        let channels = (1u32 << self.channels) - 1;
        let trigger = if self.channels > 0 { 0x40 } else { 0 };
        SR_FLAGS & (UIF | channels << 1 | channels << 9 | trigger)
    }

    /// DIER without the DMA requests of channels that do not exist.
    fn interrupts(&self, s: &State) -> u32 {
        s.sr & s.dier & 0x5f
    }
}

impl Peripheral for Stm32Tim {
    type State = State;

    fn read(&self, s: &mut State, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        self.settle(s, cx.now);
        let value = match at.register() {
            CR1 => s.cr1.into(),
            CR2 => s.cr2,
            SMCR => s.smcr,
            DIER => s.dier,
            SR => s.sr,
            CCMR1 => s.ccmr[0],
            CCMR2 => s.ccmr[1],
            CCER => s.ccer,
            CNT => s.cnt,
            PSC => s.psc.preload,
            ARR => s.arr.preload & self.max,
            offset @ CCR1..=CCR4 => s.ccr[((offset - CCR1) / 4) as usize].preload,
            DCR => s.dcr,
            OR => s.or,
            _ => 0,
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        self.settle(s, cx.now);
        match at.register() {
            CR1 => {
                let dir = s.cr1.dir();
                s.cr1 = Cr1::from(at.merge(s.cr1.into(), value) & 0x3ff);
                if s.cr1.cms() != 0 {
                    s.cr1.set_dir(dir); // read-only in centre-aligned mode (RM0090 18.4.1)
                }
            }
            CR2 => s.cr2 = at.merge(s.cr2, value) & 0xf8,
            SMCR => s.smcr = at.merge(s.smcr, value) & 0xfff7,
            DIER => s.dier = at.merge(s.dier, value) & 0x5f5f,
            SR => s.sr &= at.place(value) | !at.lanes(), // written zeros clear
            EGR => self.event_generation(s, at.place(value)),
            CCMR1 => s.ccmr[0] = at.merge(s.ccmr[0], value) & 0xffff,
            CCMR2 => s.ccmr[1] = at.merge(s.ccmr[1], value) & 0xffff,
            CCER => s.ccer = at.merge(s.ccer, value) & 0xbbbb,
            CNT => s.cnt = at.merge(s.cnt, value) & self.max,
            PSC => s.psc.write(at.merge(s.psc.preload, value) & 0xffff, true),
            ARR => {
                let value = at.merge(s.arr.preload, value) & self.max;
                s.arr.write(value, s.cr1.arpe());
            }
            offset @ CCR1..=CCR4 => {
                let channel = ((offset - CCR1) / 4) as usize;
                let buffered = s.compares(channel) && s.channel_mode(channel) & 8 != 0;
                if channel < self.channels {
                    let value = at.merge(s.ccr[channel].preload, value) & self.max;
                    s.ccr[channel].write(value, buffered);
                }
            }
            DCR => s.dcr = at.merge(s.dcr, value) & 0x1f1f,
            OR => s.or = at.merge(s.or, value) & 0x0cc0,
            _ => {}
        }
        Ok(())
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        self.settle(s, cx.now);
    }

    fn irq_lines(&self, s: &State) -> u32 {
        u32::from(self.interrupts(s) != 0)
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        let mut wanted = s.dier & !s.sr & 0x1f & self.flags();
        for channel in 0..self.channels {
            if !s.compares(channel) {
                wanted &= !(2 << channel);
            }
        }
        self.next_event(s, wanted)
    }
}

#[cfg(test)]
mod tests;
