//! nRF52 SAADC (nRF52840 Product Specification 1.1, 6.23). Gain, reference and offset are left out: a sample is what the host
//! says.
//!
//! From the host, three bytes are what an input has from now on: its number and the sample of 12 bits with its sign, the
//! lower byte first. Inputs 0 to 7 are AIN0 to AIN7, 8 is VDD, 12 is VDDH through 5. All are 0 at first.

use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Peripheral, Slot,
    kinds::{CLOCK_DIVIDER, Kind, Layout, Wiring},
    nrf_events::{EVENT_PORT, Registers, Values, Written, cycles_of_16_mhz, microseconds},
};
use crate::words::{BusFault, Cycle};

const STATUS: u32 = 0x400;
const ENABLE: u32 = 0x500;
/// CH[n]: PSELP, PSELN, CONFIG, LIMIT.
const CH: u32 = 0x510;
const RESOLUTION: u32 = 0x5f0;
const OVERSAMPLE: u32 = 0x5f4;
const SAMPLERATE: u32 = 0x5f8;
const RESULT_PTR: u32 = 0x62c;
const RESULT_MAXCNT: u32 = 0x630;
const RESULT_AMOUNT: u32 = 0x634;

const START: u32 = 0;
const SAMPLE: u32 = 1;
const STOP: u32 = 2;
const CALIBRATEOFFSET: u32 = 3;

const STARTED: u32 = 0;
const END: u32 = 1;
const DONE: u32 = 2;
const RESULTDONE: u32 = 3;
const CALIBRATEDONE: u32 = 4;
const STOPPED: u32 = 5;
/// Of channel 0; the others follow, with LIMITL between.
const LIMITH: u32 = 6;
const LIMITL: u32 = 7;
const EXIST: u32 = 0x3f_ffff;

const CHANNELS: u32 = 8;
const INPUTS: usize = 16;
/// Microseconds of acquisition for each CONFIG.TACQ; and of the conversion after it.
const ACQUISITION: [u64; 8] = [3, 5, 10, 15, 20, 40, 40, 40];
const CONVERSION: u64 = 2;
const CALIBRATION: u64 = 100;

pub(super) const KIND: Kind = Kind {
    name: "nrf-saadc",
    about: "nRF52 SAADC (nRF52840 PS 6.23)",
    size: 0x1000,
    layouts: &[Layout::of(&[
        ("TASKS_START", 0),
        ("TASKS_SAMPLE", 4),
        ("EVENTS_RESULTDONE", 0x10c),
        ("RESOLUTION", RESOLUTION),
        ("OVERSAMPLE", OVERSAMPLE),
        ("SAMPLERATE", SAMPLERATE),
    ])],
    irqs: &["saadc"],
    outputs: &[EVENT_PORT],
    options: &[CLOCK_DIVIDER],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        Box::new(Slot::new(NrfSaadc {
            registers: Registers::new(wiring, EXIST, &[]),
            clock_hz: u64::from(wiring.clock_hz),
            divider: cycles_of_16_mhz(wiring),
        }))
    },
    ..Kind::PLAIN
};

struct NrfSaadc {
    registers: Registers,
    clock_hz: u64,
    /// Core clock cycles per cycle of the 16 MHz clock.
    divider: u64,
}

/// Where results go.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
struct Results {
    address: u32,
    count: u32,
    done: u32,
}

/// A conversion: of which channel, and when it is done.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
struct Conversion {
    channel: u32,
    due: Cycle,
}

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    values: Values,
    results: Option<Results>,
    conversion: Option<Conversion>,
    /// Conversions since the last result, with oversampling.
    oversampled: u32,
    /// When SAMPLERATE takes the next sample.
    next_sample: Option<Cycle>,
    calibrated: Option<Cycle>,
    inputs: [i16; INPUTS],
}

impl NrfSaadc {
    fn get(&self, s: &State, register: u32) -> u32 {
        self.registers.get(&s.values, register)
    }

    /// One of PSELP, PSELN, CONFIG and LIMIT of a channel.
    fn channel(&self, s: &State, channel: u32, register: u32) -> u32 {
        self.get(s, CH + 16 * (channel & 7) + 4 * register)
    }

    /// The first channel from one on that has an input.
    fn next_channel(&self, s: &State, from: u32) -> Option<u32> {
        (from..CHANNELS).find(|&channel| self.channel(s, channel, 0) & 0x1f != 0)
    }

    fn convert(&self, s: &mut State, from: u32, now: Cycle) {
        let Some(channel) = self.next_channel(s, from) else { return };
        let config = self.channel(s, channel, 2);
        let time = ACQUISITION[(config >> 16 & 7) as usize] + CONVERSION;
        // With BURST all samples of a result are taken one after the other.
        let times = if config >> 24 & 1 != 0 { self.oversampling(s) } else { 1 };
        let length = microseconds(time * u64::from(times), self.clock_hz);
        s.conversion = Some(Conversion { channel, due: now.saturating_add(length) });
    }

    fn oversampling(&self, s: &State) -> u32 {
        1 << (self.get(s, OVERSAMPLE) & 0xf).min(8)
    }

    /// What a channel measures, in its resolution.
    fn value(&self, s: &State, channel: u32) -> i16 {
        let input = |select: u32| {
            let input = (select & 0x1f).checked_sub(1).and_then(|input| s.inputs.get(input as usize));
            i32::from(input.copied().unwrap_or(0))
        };
        let differential = self.channel(s, channel, 2) >> 20 & 1 != 0;
        let negative = if differential { input(self.channel(s, channel, 1)) } else { 0 };
        let difference = input(self.channel(s, channel, 0)) - negative;
        let value = match self.get(s, RESOLUTION) & 7 {
            0 => difference >> 4,
            1 => difference >> 2,
            2 => difference,
            _ => difference << 2,
        };
        value.clamp(-0x2000, 0x3fff) as i16
    }

    fn end_conversion(&self, s: &mut State, channel: u32, now: Cycle, cx: &mut Context<'_>) {
        s.values.events.happen(DONE, cx);
        let burst = self.channel(s, channel, 2) >> 24 & 1 != 0;
        s.oversampled += 1;
        if burst || s.oversampled >= self.oversampling(s) {
            s.oversampled = 0;
            let value = self.value(s, channel);
            self.result(s, channel, value, cx);
        }
        self.convert(s, channel + 1, now);
    }

    fn result(&self, s: &mut State, channel: u32, value: i16, cx: &mut Context<'_>) {
        s.values.events.happen(RESULTDONE, cx);
        let limits = self.channel(s, channel, 3);
        if value >= (limits >> 16) as i16 {
            s.values.events.happen(LIMITH + 2 * channel, cx);
        }
        if value <= limits as i16 {
            s.values.events.happen(LIMITL + 2 * channel, cx);
        }
        if let Some(results) = &mut s.results {
            // Where there is no memory, it is lost.
            let _ = cx.dma.write(results.address.wrapping_add(2 * results.done), &value.to_le_bytes());
            results.done += 1;
            if results.done >= results.count {
                self.end(s, cx);
            }
        }
    }

    /// The buffer is full, or is to be left.
    fn end(&self, s: &mut State, cx: &mut Context<'_>) {
        if let Some(results) = s.results.take() {
            self.registers.put(&mut s.values, RESULT_AMOUNT, results.done);
            s.next_sample = None;
            s.values.events.happen(END, cx);
        }
    }

    fn sample(&self, s: &mut State, now: Cycle) {
        // SAMPLERATE.MODE: until STOP, or until the buffer is full.
        let rate = self.get(s, SAMPLERATE);
        if rate >> 12 & 1 != 0 && s.results.is_some() && self.next_channel(s, 0).is_some() {
            let period = u64::from((rate & 0x7ff).max(80)) * self.divider;
            s.next_sample = Some(now.saturating_add(period));
        }
        if s.conversion.is_none() && s.results.is_some() {
            self.convert(s, 0, now);
        }
    }

    fn settle(&self, s: &mut State, cx: &mut Context<'_>) {
        if s.calibrated.take_if(|due| *due <= cx.now).is_some() {
            s.values.events.happen(CALIBRATEDONE, cx);
        }
        loop {
            let conversion = s.conversion.map(|conversion| conversion.due);
            let Some(due) = [conversion, s.next_sample].into_iter().flatten().min() else { break };
            if due > cx.now {
                break;
            }
            if let Some(Conversion { channel, due }) =
                s.conversion.take_if(|conversion| conversion.due == due)
            {
                self.end_conversion(s, channel, due, cx);
            } else if let Some(due) = s.next_sample.take() {
                self.sample(s, due);
            }
        }
    }

    fn trigger(&self, s: &mut State, task: u32, cx: &mut Context<'_>) {
        if self.get(s, ENABLE) & 1 == 0 {
            return;
        }
        match task {
            START => {
                let address = self.get(s, RESULT_PTR);
                let count = self.get(s, RESULT_MAXCNT) & 0x7fff;
                s.results = (count > 0).then_some(Results { address, count, done: 0 });
                s.oversampled = 0;
                s.values.events.happen(STARTED, cx);
            }
            SAMPLE => self.sample(s, cx.now),
            STOP => {
                (s.conversion, s.next_sample, s.oversampled) = (None, None, 0);
                self.end(s, cx);
                s.values.events.happen(STOPPED, cx);
            }
            CALIBRATEOFFSET => {
                s.calibrated = Some(cx.now.saturating_add(microseconds(CALIBRATION, self.clock_hz)));
            }
            _ => {}
        }
    }
}

impl Peripheral for NrfSaadc {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        Ok(match at.register() {
            STATUS => at.take(s.conversion.is_some().into()),
            _ => self.registers.read(&s.values, at),
        })
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        self.settle(s, cx);
        match self.registers.write(&mut s.values, at, value) {
            Written::Task(task) => self.trigger(s, task, cx),
            Written::PowerOff => *s = self.after_reset(s),
            Written::Register(_) => {}
        }
        Ok(())
    }

    fn input(&self, s: &mut State, bytes: &[u8], cx: &mut Context<'_>) {
        self.settle(s, cx);
        for triple in bytes.chunks_exact(3) {
            if let Some(input) = s.inputs.get_mut(usize::from(triple[0])) {
                *input = i16::from_le_bytes([triple[1], triple[2]]);
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
        let conversion = s.conversion.map(|conversion| conversion.due);
        [conversion, s.next_sample, s.calibrated].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests;
