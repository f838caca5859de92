//! Stellaris LM3S analog-to-digital converter (LM3S6965 data sheet, 12.4): four sample sequencers.
//!
//! From the host, three bytes are the sample of a channel from now on: its number, and its ten bits, low byte first. Without
//! them an input is at ground. A sample takes sixteen clocks of the converter, whatever the rate that system control says.

use heapless::Deque;
use serde::{Deserialize, Serialize};

use super::{
    Access, Clock, Clocking, Context, Device, Frequency, Level, Peripheral, Port, Slot,
    kinds::{Kind, Layout},
    samples::Samples,
};
use crate::words::{BusFault, Cycle};

const ACTSS: u32 = 0x00;
const RIS: u32 = 0x04;
const IM: u32 = 0x08;
const ISC: u32 = 0x0c;
const OSTAT: u32 = 0x10;
const EMUX: u32 = 0x14;
const USTAT: u32 = 0x18;
const SSPRI: u32 = 0x20;
const PSSI: u32 = 0x28;
const SAC: u32 = 0x30;
/// The registers of the sequencers, 0x20 apart.
const SSMUX0: u32 = 0x40;
const SSCTL0: u32 = 0x44;
const SSFIFO0: u32 = 0x48;
const SSFSTAT0: u32 = 0x4c;
const SEQUENCERS_END: u32 = 0xc0;
const TMLB: u32 = 0x100;

/// Steps, and entries of the FIFO, of each sequencer.
const DEPTHS: [usize; 4] = [8, 4, 4, 1];
/// A step in SSCTL: differential, end, interrupt, temperature.
const D: u32 = 1 << 0;
const END: u32 = 1 << 1;
const IE: u32 = 1 << 2;
const TS: u32 = 1 << 3;
/// EMUX: a sequencer that samples again and again.
const ALWAYS: u32 = 0xf;

/// Clocks of the converter per sample.
const SAMPLE: u64 = 16;
/// The temperature sensor at 25 degrees: 2.7 V - (25 + 55) / 75 V, of 3 V (LM3S6965 data sheet, 12.2.6).
const TEMPERATURE: u16 = 557;

pub(super) const KIND: Kind = Kind {
    name: "lm3s-adc",
    about: "Stellaris LM3S analog-to-digital converter (LM3S6965 data sheet, 12.4)",
    size: 0x1000,
    layouts: &[Layout::of(&[
        ("ACTSS", ACTSS),
        ("RIS", RIS),
        ("IM", IM),
        ("ISC", ISC),
        ("OSTAT", OSTAT),
        ("EMUX", EMUX),
        ("USTAT", USTAT),
        ("SSPRI", SSPRI),
        ("PSSI", PSSI),
        ("SSMUX0", SSMUX0),
        ("SSCTL0", SSCTL0),
        ("SSFIFO0", SSFIFO0),
        ("SSFSTAT0", SSFSTAT0),
    ])],
    irqs: &["{}SS0", "{}SS1", "{}SS2", "{}SS3"],
    inputs: &[Port { name: "trigger", count: 16 }],
    clock: Clocking::Named("adc"),
    build: |_| -> Box<dyn Device> { Box::new(Slot::new(Lm3sAdc)) },
    ..Kind::PLAIN
};

struct Lm3sAdc;

/// A sequencer.
#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Sequencer {
    mux: u32,
    ctl: u32,
    fifo: Deque<u16, 8>,
    /// Samples that were written, by which the FIFO's pointers are known.
    written: u8,
}

/// The sample that is being taken.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
struct Sampling {
    sequencer: u8,
    step: u8,
    until: Cycle,
    /// The converter went on to it from another one.
    continued: bool,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    clock: Clock,
    actss: u32,
    ris: u32,
    im: u32,
    ostat: u32,
    emux: u32,
    ustat: u32,
    sspri: u32,
    sac: u32,
    tmlb: u32,
    sequencers: [Sequencer; 4],
    /// Samples so far, of which loopback shows four bits.
    taken: u32,
    /// Sequencers that wait for their turn.
    pending: u32,
    sampling: Option<Sampling>,
    samples: Samples,
    /// Levels of the triggers.
    triggers: u32,
}

impl Default for State {
    fn default() -> Self {
        let mut sequencers = [(); 4].map(|()| Sequencer::default());
        sequencers[3].ctl = END;
        State {
            clock: Clock::default(),
            actss: 0,
            ris: 0,
            im: 0,
            ostat: 0,
            emux: 0,
            ustat: 0,
            sspri: 0x3210,
            sac: 0,
            tmlb: 0,
            sequencers,
            taken: 0,
            pending: 0,
            sampling: None,
            samples: Samples::default(),
            triggers: 0,
        }
    }
}

impl Sequencer {
    fn status(&self, depth: usize) -> u32 {
        let head = usize::from(self.written) % depth;
        let tail = (head + depth - self.fifo.len().min(depth)) % depth;
        // TPTR is where the next one is read, HPTR where the next one is written.
        (tail | head << 4) as u32
            | u32::from(self.fifo.is_empty()) << 8
            | u32::from(self.fifo.len() >= depth) << 12
    }
}

impl State {
    fn source(&self, sequencer: u32) -> u32 {
        self.emux >> (4 * sequencer) & 0xf
    }

    fn is_active(&self, sequencer: u32) -> bool {
        self.actss >> sequencer & 1 != 0
    }

    /// Core clock cycles per sample; SAC averages over many.
    fn time(&self) -> u64 {
        self.clock.cycles(SAMPLE << self.sac.min(6))
    }

    /// The active sequencer that waits and has the highest priority.
    fn next(&self) -> Option<u32> {
        let always = (0..4).filter(|&ss| self.source(ss) == ALWAYS).fold(0, |mask, ss| mask | 1 << ss);
        let waiting = (self.pending | always) & self.actss;
        (0..4).filter(|ss| waiting >> ss & 1 != 0).min_by_key(|ss| self.sspri >> (4 * ss) & 3)
    }

    fn start(&mut self, now: Cycle, continued: bool) {
        if self.sampling.is_some() {
            return;
        }
        if let Some(sequencer) = self.next() {
            self.pending &= !(1 << sequencer);
            let until = now.saturating_add(self.time());
            self.sampling = Some(Sampling { sequencer: sequencer as u8, step: 0, until, continued });
        }
    }

    fn sample(&self, mux: u32, ctl: u32) -> u16 {
        let channel = |number: u32| i32::from(self.samples.of(number).unwrap_or(0));
        if ctl & TS != 0 {
            return TEMPERATURE;
        }
        let sample = match ctl & D {
            0 => channel(mux),
            // The middle of the range is zero (LM3S6965 data sheet, 12.2.5).
            _ => 0x200 + (channel(2 * mux) - channel(2 * mux + 1)) / 2,
        };
        sample.clamp(0, 0x3ff) as u16
    }

    /// What a sample is made of instead of a voltage (LM3S6965 data sheet, ADCTMLB).
    fn loopback(&self, mux: u32, ctl: u32, continued: bool) -> u16 {
        let kind = u32::from(continued) << 5 | (ctl & D) << 4 | (ctl & TS);
        ((self.taken & 0xf) << 6 | kind | mux & 7) as u16
    }

    /// Takes the sample that was being taken.
    fn finish(&mut self, sampling: Sampling) {
        let index = usize::from(sampling.sequencer & 3);
        let (depth, step) = (DEPTHS[index], usize::from(sampling.step));
        let field = |register: u32| register >> (4 * step.min(7)) & 0xf;
        let (mux, ctl) = (field(self.sequencers[index].mux), field(self.sequencers[index].ctl));
        let sample = match self.tmlb {
            0 => self.sample(mux, ctl),
            _ => self.loopback(mux, ctl, sampling.continued),
        };
        self.taken = self.taken.wrapping_add(1);
        let sequencer = &mut self.sequencers[index];
        if sequencer.fifo.len() < depth && sequencer.fifo.push_back(sample).is_ok() {
            sequencer.written = (sequencer.written + 1) % depth as u8;
        } else {
            self.ostat |= 1 << index;
        }
        if ctl & IE != 0 {
            self.ris |= 1 << index;
        }
        let last = ctl & END != 0 || step + 1 >= depth;
        self.sampling = (!last && self.is_active(index as u32)).then(|| Sampling {
            step: sampling.step + 1,
            until: sampling.until.saturating_add(self.time()),
            continued: true,
            ..sampling
        });
        if self.sampling.is_none() {
            self.start(sampling.until, true);
        }
    }

    fn settle(&mut self, now: Cycle) {
        // Who samples always does so in a circle: after two rounds of everything nothing is new.
        let samples = DEPTHS.iter().sum::<usize>() as u64;
        let round = self.time().saturating_mul(samples);
        let mut skipped = false;
        let mut left = 64;
        while let Some(sampling) = self.sampling.filter(|sampling| sampling.until <= now) {
            self.finish(sampling);
            left -= 1;
            if left == 0 && !skipped {
                skipped = true;
                let rounds = (now.saturating_sub(sampling.until) / round).saturating_sub(2);
                self.taken = self.taken.wrapping_add(rounds.wrapping_mul(samples) as u32);
                if let Some(sampling) = &mut self.sampling {
                    sampling.until = sampling.until.saturating_add(rounds * round);
                }
            }
        }
    }

    /// Something that may start sequencers happens.
    fn trigger(&mut self, source: u32, now: Cycle) {
        let started = (0..4).filter(|&ss| self.source(ss) == source && self.is_active(ss));
        self.pending |= started.fold(0, |mask, ss| mask | 1 << ss);
        self.start(now, false);
    }

    /// A register of a sequencer, from its first one on.
    fn sequencer(register: u32) -> Option<(usize, u32)> {
        let index = ((SSMUX0..SEQUENCERS_END).contains(&register)).then(|| (register - SSMUX0) / 0x20)?;
        Some((index as usize, register - index * 0x20))
    }

    fn read_sequencer(&mut self, index: usize, register: u32) -> u32 {
        let sequencer = &mut self.sequencers[index];
        match register {
            SSMUX0 => sequencer.mux,
            SSCTL0 => sequencer.ctl,
            SSFIFO0 => match sequencer.fifo.pop_front() {
                Some(sample) => u32::from(sample),
                None => {
                    self.ustat |= 1 << index;
                    0
                }
            },
            SSFSTAT0 => sequencer.status(DEPTHS[index]),
            _ => 0,
        }
    }
}

impl Peripheral for Lm3sAdc {
    type State = State;

    fn read(&self, s: &mut State, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        s.settle(cx.now);
        let value = match at.register() {
            ACTSS => s.actss,
            RIS => s.ris,
            IM => s.im,
            ISC => s.ris & s.im,
            OSTAT => s.ostat,
            EMUX => s.emux,
            USTAT => s.ustat,
            SSPRI => s.sspri,
            SAC => s.sac,
            TMLB => s.tmlb,
            register => match State::sequencer(register) {
                Some((index, register)) => s.read_sequencer(index, register),
                None => 0,
            },
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        s.settle(cx.now);
        match at.register() {
            ACTSS => {
                s.actss = at.merge(s.actss, value) & 0xf;
                s.pending &= s.actss;
                s.start(cx.now, false);
            }
            IM => s.im = at.merge(s.im, value) & 0xf,
            ISC => s.ris &= !at.place(value),
            OSTAT => s.ostat &= !at.place(value),
            EMUX => {
                s.emux = at.merge(s.emux, value) & 0xffff;
                s.start(cx.now, false);
            }
            USTAT => s.ustat &= !at.place(value),
            SSPRI => s.sspri = at.merge(s.sspri, value) & 0x3333,
            PSSI => {
                // Whatever EMUX says: the processor may always start one (LM3S6965 data sheet, ADCPSSI).
                s.pending |= at.place(value) & s.actss;
                s.start(cx.now, false);
            }
            SAC => s.sac = at.merge(s.sac, value) & 7,
            TMLB => s.tmlb = at.merge(s.tmlb, value) & 1,
            register => {
                let Some((index, register)) = State::sequencer(register) else { return Ok(()) };
                let mask = u32::MAX >> (32 - 4 * DEPTHS[index]);
                let sequencer = &mut s.sequencers[index];
                match register {
                    SSMUX0 => sequencer.mux = at.merge(sequencer.mux, value) & mask & 0x7777_7777,
                    SSCTL0 => sequencer.ctl = at.merge(sequencer.ctl, value) & mask,
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn input(&self, s: &mut State, bytes: &[u8], cx: &mut Context<'_>) {
        s.settle(cx.now);
        s.samples.input(bytes, 0x3ff);
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        s.settle(cx.now);
    }

    fn wire(&self, s: &mut State, input: u32, level: Level, cx: &mut Context<'_>) {
        s.settle(cx.now);
        let rises = level.is_high() && s.triggers >> input & 1 == 0;
        s.triggers = s.triggers & !(1 << input) | if level == Level::High { 1 << input } else { 0 };
        if rises {
            s.trigger(input, cx.now);
        }
    }

    /// What is at the pins is outside.
    fn after_reset(&self, s: &State) -> State {
        State { samples: s.samples.clone(), ..State::default() }
    }

    fn irq_lines(&self, s: &State) -> u32 {
        s.ris & s.im
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        s.sampling.map(|sampling| sampling.until).filter(|_| s.im & !s.ris != 0)
    }

    fn clocked(&self, s: &mut State, frequency: Frequency, cx: &mut Context<'_>) {
        s.settle(cx.now);
        s.clock.change(frequency, cx.now);
    }
}

#[cfg(test)]
mod tests;
