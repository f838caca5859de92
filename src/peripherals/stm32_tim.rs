//! STM32 timers: basic, general-purpose and advanced (RM0090, chapters 17 to 20; RM0316, chapters 20 to 23): counting up,
//! down and centre-aligned, prescaler, preload, repetitions, one-pulse mode, output compare and PWM, input capture, slave
//! modes and encoders, break, DMA requests and bursts.
//!
//! The state is computed when somebody looks ([`counting`]). Edges are not filtered or delayed, dead time is none, and the
//! preload of commutation (CCPC) is left out. DMA requests are pulses, lost unless the channel is enabled.

mod channels;
mod counting;
mod inputs;
mod layouts;
mod outputs;
mod registers;

use serde::{Deserialize, Serialize};

use self::{
    inputs::{BREAK, INPUTS},
    outputs::OUTPUTS,
    registers::*,
};
use super::{
    Access, Clock, Clocking, Context, Device, Frequency, Level, Peripheral, Slot,
    kinds::{CLOCK_DIVIDER, Kind, KindOption, Wiring},
};
use crate::words::{BusFault, Cycle};

pub(super) const KIND: Kind = Kind {
    name: "stm32-tim",
    about: "STM32 timer, basic to advanced (RM0090 17.4, 18.4, 19.4, 20.4)",
    layouts: layouts::LAYOUTS,
    describe: layouts::describe,
    irqs: &["BRK", "UP", "TRG_COM", "CC"],
    outputs: OUTPUTS,
    inputs: INPUTS,
    clock: Clocking::Timer,
    options: &[
        CLOCK_DIVIDER,
        KindOption { name: "bits", about: "width of the counter, 16 or 32", default: 16 },
        KindOption { name: "channels", about: "capture/compare channels, 0 to 6", default: 4 },
        KindOption { name: "break", about: "1: repetition counter, break and commutation", default: 0 },
        KindOption { name: "extended", about: "1: the modes of STM32F3 and later series", default: 0 },
        KindOption { name: "pins", about: "1: outputs change in time; 0: when somebody looks", default: 0 },
    ],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        Box::new(Slot::new(Stm32Tim {
            divider: u64::from(wiring.option("clock-divider").max(1)),
            max: if wiring.option("bits") == 32 { u32::MAX } else { 0xffff },
            channels: wiring.option("channels").min(6) as usize,
            breaks: wiring.option("break") != 0,
            extended: wiring.option("extended") != 0,
            pins: wiring.option("pins") != 0,
            or_reset: [OR2, OR3].map(|register| wiring.reset_value(register).unwrap_or(0)),
        }))
    },
    ..Kind::PLAIN
};

struct Stm32Tim {
    divider: u64,
    /// The largest count.
    max: u32,
    channels: usize,
    breaks: bool,
    extended: bool,
    pins: bool,
    /// The reset values of OR2 and OR3, where they exist: break inputs of L4.
    or_reset: [u32; 2],
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    cr1: Cr1,
    cr2: Cr2,
    smcr: Smcr,
    dier: u32,
    sr: u32,
    ccmr: [u32; 3],
    ccer: u32,
    bdtr: Bdtr,
    dcr: Dcr,
    /// OR, and the bits of OR2 and OR3 that differ from their reset values.
    or: [u32; 3],
    psc: Preloaded,
    arr: Preloaded,
    ccr: [Preloaded; 6],
    rcr: u32,
    /// Overflows that are left until one makes an update event.
    repetitions: u32,
    cnt: u32,
    /// Timer clocks that the prescaler has counted towards the next tick.
    prescaled: u32,
    clock: Clock,
    /// OCxREF of the channels where it does not follow from the count.
    references: u32,
    /// Levels of the inputs.
    inputs: u32,
    /// Whether the break input was ever told its level: nothing is wired before.
    break_known: bool,
    /// Edges that the prescalers of the captures and of ETR have seen.
    edges: [u8; 5],
    burst: Burst,
    /// What happened in this access; nothing between two.
    events: u32,
}

/// A burst of DMA requests.
#[derive(Default, Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
struct Burst {
    /// The output that asks.
    output: u32,
    /// Requests that are left.
    left: u32,
    /// Which register DMAR is, counted from DBA.
    index: u32,
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
            cr2: Cr2::new(),
            smcr: Smcr::new(),
            dier: 0,
            sr: 0,
            ccmr: [0; 3],
            ccer: 0,
            bdtr: Bdtr::new(),
            dcr: Dcr::new(),
            or: [0; 3],
            psc: Preloaded::default(),
            // All ones; a 16-bit timer sees the lower half.
            arr: Preloaded { preload: u32::MAX, shadow: u32::MAX },
            ccr: [Preloaded::default(); 6],
            rcr: 0,
            repetitions: 0,
            cnt: 0,
            prescaled: 0,
            clock: Clock::default(),
            references: 0,
            inputs: 0,
            break_known: false,
            edges: [0; 5],
            burst: Burst::default(),
            events: 0,
        }
    }
}

impl Stm32Tim {
    fn event_generation(&self, s: &mut State, bits: u32) {
        for channel in (0..self.channels.min(4)).filter(|channel| bits & 2 << channel != 0) {
            if s.compares(channel) { s.raise(flag(channel)) } else { s.capture(channel) }
        }
        s.raise(bits & (COMIF | TIF) & self.flags());
        let breaks = bits & (BIF | B2IF) & self.flags();
        if breaks != 0 {
            s.break_off(breaks);
        }
        if bits & UIF != 0 {
            self.restart(s);
        }
    }

    /// UG, or the slave mode controller, starts the counter over.
    fn restart(&self, s: &mut State) {
        s.prescaled = 0;
        s.events |= RESTART;
        let down = s.cr1.dir() && s.cr1.cms() == 0;
        // URS keeps it from setting UIF (RM0090 18.4.6).
        self.update(s, !s.cr1.urs());
        s.cnt = if down { s.arr.shadow & self.max } else { 0 };
        if s.cr1.cms() != 0 {
            s.cr1.set_dir(false);
        }
    }

    /// A write to BDTR, as far as LOCK allows (RM0090 17.4.18).
    fn write_bdtr(&self, s: &mut State, at: Access, value: u32) {
        let old = s.bdtr;
        let protected = match old.lock() {
            0 => 0,
            1 => 0x73ff,
            _ => 0x7fff,
        };
        let mask = self.mask(BDTR) & !protected;
        s.bdtr = Bdtr::from(u32::from(old) & !mask | at.merge(old.into(), value) & mask);
        // MOE cannot be set while the break input is active.
        self.check_break(s);
    }

    fn read_register(&self, s: &mut State, offset: u32) -> u32 {
        match offset {
            CR1 => s.cr1.into(),
            CR2 => s.cr2.into(),
            SMCR => s.smcr.into(),
            DIER => s.dier,
            SR => s.sr,
            CCMR1 => s.ccmr[0],
            CCMR2 => s.ccmr[1],
            CCMR3 => s.ccmr[2],
            CCER => s.ccer,
            CNT if s.cr1.uifremap() => s.cnt & !UIFCPY | (s.sr & UIF) << 31,
            CNT => s.cnt,
            PSC => s.psc.preload,
            ARR => s.arr.preload & self.max,
            RCR => s.rcr,
            CCR1..=CCR4 | CCR5 | CCR6 => {
                let channel = channel_of(offset);
                if !s.compares(channel) {
                    s.sr &= !flag(channel); // a read of what was captured (RM0090 18.4.5)
                }
                s.ccr[channel].preload
            }
            BDTR => s.bdtr.into(),
            DCR => s.dcr.into(),
            OR => s.or[0],
            OR2 => s.or[1] ^ self.or_reset[0],
            OR3 => s.or[2] ^ self.or_reset[1],
            _ => 0,
        }
    }

    fn write_register(&self, s: &mut State, at: Access, value: u32) {
        let register = at.register();
        let mask = self.mask(register);
        match register {
            CR1 => {
                let dir = s.cr1.dir();
                s.cr1 = Cr1::from(at.merge(s.cr1.into(), value) & mask);
                if s.cr1.cms() != 0 || s.smcr.encodes() {
                    s.cr1.set_dir(dir); // read-only in centre-aligned mode (RM0090 18.4.1)
                }
            }
            CR2 => s.cr2 = Cr2::from(at.merge(s.cr2.into(), value) & mask),
            SMCR => s.smcr = Smcr::from(at.merge(s.smcr.into(), value) & mask),
            DIER => s.dier = at.merge(s.dier, value) & mask,
            SR => {
                s.sr &= at.place(value) | !at.lanes(); // written zeros clear
                self.check_break(s); // BIF only when the input is no longer active
            }
            EGR => self.event_generation(s, at.place(value)),
            CCMR1 | CCMR2 | CCMR3 => {
                // A channel that is frozen keeps the level that it has.
                s.references = self.references(s);
                let pair = if register == CCMR3 { 2 } else { ((register - CCMR1) / 4) as usize };
                s.ccmr[pair] = at.merge(s.ccmr[pair], value) & mask;
            }
            CCER => s.ccer = at.merge(s.ccer, value) & mask,
            CNT => s.cnt = at.merge(s.cnt, value) & self.max,
            PSC => s.psc.write(at.merge(s.psc.preload, value) & 0xffff, true),
            ARR => {
                let value = at.merge(s.arr.preload, value) & self.max;
                s.arr.write(value, s.cr1.arpe());
            }
            RCR => s.rcr = at.merge(s.rcr, value) & mask,
            CCR1..=CCR4 | CCR5 | CCR6 => {
                let channel = channel_of(register);
                // Read-only when it captures.
                if channel < self.channels && s.compares(channel) {
                    let buffered = s.channel_mode(channel) & 8 != 0;
                    let value = at.merge(s.ccr[channel].preload, value) & mask;
                    s.ccr[channel].write(value, buffered);
                }
            }
            BDTR => self.write_bdtr(s, at, value),
            DCR => {
                s.dcr = Dcr::from(at.merge(s.dcr.into(), value) & mask);
                s.burst = Burst::default();
            }
            OR => s.or[0] = at.merge(s.or[0], value) & mask,
            OR2 => s.or[1] = at.merge(s.or[1] ^ self.or_reset[0], value) & mask ^ self.or_reset[0],
            OR3 => s.or[2] = at.merge(s.or[2] ^ self.or_reset[1], value) & mask ^ self.or_reset[1],
            _ => {}
        }
    }

    /// The register that an access to DMAR means, each time the next one of the burst (RM0090 18.4.18).
    fn burst_access(&self, s: &mut State, at: Access) -> Access {
        if at.register() != DMAR || self.channels == 0 {
            return at;
        }
        let offset = (s.dcr.dba() + s.burst.index) * 4 + at.offset % 4;
        s.burst.index = if s.burst.index >= s.dcr.dbl() { 0 } else { s.burst.index + 1 };
        if s.burst.left > 0 {
            s.burst.left -= 1;
            s.events |= BURST;
        }
        Access { offset, ..at }
    }
}

impl Peripheral for Stm32Tim {
    type State = State;

    fn read(&self, s: &mut State, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        self.settle(s, cx.now);
        let at = self.burst_access(s, at);
        let value = self.read_register(s, at.register());
        self.announce(s, cx);
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        self.settle(s, cx.now);
        let at = self.burst_access(s, at);
        self.write_register(s, at, value);
        self.announce(s, cx);
        Ok(())
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        self.settle(s, cx.now);
        self.announce(s, cx);
    }

    fn wire(&self, s: &mut State, input: u32, level: Level, cx: &mut Context<'_>) {
        self.settle(s, cx.now);
        s.break_known |= input == BREAK;
        self.input_changes(s, input, level != Level::Low);
        if level == Level::Pulse {
            self.input_changes(s, input, false);
        }
        // What the gate let through is counted; from here on it may be open or closed.
        self.settle(s, cx.now);
        self.announce(s, cx);
    }

    fn clocked(&self, s: &mut State, clock: Frequency, cx: &mut Context<'_>) {
        self.settle(s, cx.now);
        s.clock.change(clock, cx.now);
        self.announce(s, cx);
    }

    fn irq_lines(&self, s: &State) -> u32 {
        let pending = s.sr & s.dier;
        let breaks = s.sr & (BIF | B2IF) != 0 && s.dier & BIF != 0;
        u32::from(breaks)
            | u32::from(pending & UIF != 0) << 1
            | u32::from(pending & (TIF | COMIF) != 0) << 2
            | u32::from(pending & CCIF != 0) << 3
    }

    fn outputs(&self, s: &State) -> u64 {
        self.levels(s)
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        self.next_event(s, self.awaited(s))
    }
}

#[cfg(test)]
mod tests;
