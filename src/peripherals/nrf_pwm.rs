//! nRF52 PWM (nRF52840 Product Specification 1.1, 6.17): the times of its sequences. What they do to pins is left out.

use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Peripheral, Slot,
    kinds::{CLOCK_DIVIDER, Kind, Layout, Wiring},
    nrf_events::{EVENT_PORT, Registers, Short, Values, Written, cycles_of_16_mhz},
};
use crate::words::{BusFault, Cycle};

const ENABLE: u32 = 0x500;
const MODE: u32 = 0x504;
const COUNTERTOP: u32 = 0x508;
const PRESCALER: u32 = 0x50c;
const DECODER: u32 = 0x510;
const LOOP: u32 = 0x514;
/// SEQ[n]: PTR, CNT, REFRESH, ENDDELAY.
const SEQ: u32 = 0x520;
const SEQ_SIZE: u32 = 0x20;

const STOP: u32 = 1;
const SEQSTART0: u32 = 2;
const SEQSTART1: u32 = 3;
const NEXTSTEP: u32 = 4;

const STOPPED: u32 = 1;
const SEQSTARTED: u32 = 2;
const SEQEND0: u32 = 4;
const SEQEND1: u32 = 5;
const PWMPERIODEND: u32 = 6;
const LOOPSDONE: u32 = 7;
const EXIST: u32 = 0xfe;

const SHORTS: &[Short] = &[
    Short::new(0, SEQEND0, STOP),
    Short::new(1, SEQEND1, STOP),
    Short::new(2, LOOPSDONE, SEQSTART0),
    Short::new(3, LOOPSDONE, SEQSTART1),
    Short::new(4, LOOPSDONE, STOP),
];

/// DECODER: the fourth value of a step is COUNTERTOP; steps are taken by a task.
const WAVE_FORM: u32 = 3;
const BY_TASK: u32 = 1 << 8;
/// COUNTERTOP after reset.
const TOP: u32 = 0x3ff;

pub(super) const KIND: Kind = Kind {
    name: "nrf-pwm",
    about: "nRF52 PWM, without its pins (nRF52840 PS 6.17)",
    size: 0x1000,
    layouts: &[Layout::of(&[
        ("EVENTS_PWMPERIODEND", 0x118),
        ("EVENTS_LOOPSDONE", 0x11c),
        ("COUNTERTOP", COUNTERTOP),
        ("DECODER", DECODER),
        ("LOOP", LOOP),
    ])],
    irqs: &["pwm"],
    outputs: &[EVENT_PORT],
    options: &[CLOCK_DIVIDER],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        Box::new(Slot::new(NrfPwm {
            registers: Registers::new(wiring, EXIST, SHORTS),
            divider: cycles_of_16_mhz(wiring),
        }))
    },
    ..Kind::PLAIN
};

struct NrfPwm {
    registers: Registers,
    /// Core clock cycles per cycle of the 16 MHz clock.
    divider: u64,
}

/// A sequence that is played.
#[derive(Default, Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
struct Playing {
    sequence: u32,
    /// Where its next values are, and how many are left.
    address: u32,
    values: u32,
    /// Periods until the next step.
    periods: u32,
    /// All steps were taken; the rest is ENDDELAY.
    ended: bool,
}

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    values: Values,
    /// When the present period ends; `None`: it stands.
    period: Option<Cycle>,
    playing: Option<Playing>,
    /// Sequences to play until LOOPSDONE.
    loops: u32,
    /// COUNTERTOP of the present step, in the wave form.
    top: Option<u32>,
    stopping: bool,
}

/// Periods that are made up for, one by one, when nobody looked for a long time.
const ROUNDS: u32 = 10_000;

impl NrfPwm {
    fn get(&self, s: &State, register: u32) -> u32 {
        self.registers.get(&s.values, register)
    }

    /// One of PTR, CNT, REFRESH and ENDDELAY.
    fn sequence(&self, s: &State, sequence: u32, register: u32) -> u32 {
        self.get(s, SEQ + SEQ_SIZE * (sequence & 1) + 4 * register)
    }

    /// Core clock cycles of a period.
    fn length(&self, s: &State) -> u64 {
        let top = match s.top.unwrap_or(self.get(s, COUNTERTOP)) & 0x7fff {
            0 => TOP,
            top => top,
        };
        let up_and_down = self.get(s, MODE) & 1;
        (u64::from(top) * self.divider) << ((self.get(s, PRESCALER) & 7) + up_and_down)
    }

    /// Values of a step.
    fn values_per_step(&self, s: &State) -> u32 {
        [1, 2, 4, 4][(self.get(s, DECODER) & 3) as usize]
    }

    fn happen(&self, s: &mut State, event: u32, now: Cycle, cx: &mut Context<'_>) {
        for task in self.registers.happen(&mut s.values, event, cx) {
            self.trigger(s, task, now, cx);
        }
    }

    fn trigger(&self, s: &mut State, task: u32, now: Cycle, cx: &mut Context<'_>) {
        match task {
            STOP if s.period.is_some() => s.stopping = true,
            STOP => self.happen(s, STOPPED, now, cx),
            SEQSTART0 | SEQSTART1 if self.get(s, ENABLE) & 1 != 0 => {
                let sequence = task - SEQSTART0;
                // So many times both; a loop that begins with the second one is shorter by one.
                s.loops = (2 * (self.get(s, LOOP) & 0xffff)).saturating_sub(sequence);
                s.stopping = false;
                self.play(s, sequence, now, cx);
                if s.period.is_none() {
                    s.period = Some(now.saturating_add(self.length(s)));
                }
            }
            NEXTSTEP if self.get(s, DECODER) & BY_TASK != 0 => self.step(s, now, cx),
            _ => {}
        }
    }

    /// Begins a sequence, with its first step.
    fn play(&self, s: &mut State, sequence: u32, now: Cycle, cx: &mut Context<'_>) {
        let address = self.sequence(s, sequence, 0);
        let values = self.sequence(s, sequence, 1) & 0x7fff;
        s.playing = Some(Playing { sequence, address, values, periods: 0, ended: false });
        self.happen(s, SEQSTARTED + sequence, now, cx);
        self.step(s, now, cx);
    }

    /// Takes the next step of a sequence, or ends it.
    fn step(&self, s: &mut State, now: Cycle, cx: &mut Context<'_>) {
        let Some(mut playing) = s.playing.filter(|playing| !playing.ended) else { return };
        let values = self.values_per_step(s);
        if playing.values < values {
            playing.ended = true;
            playing.periods = self.sequence(s, playing.sequence, 3) & 0xff_ffff;
            s.playing = Some(playing);
            self.happen(s, SEQEND0 + playing.sequence, now, cx);
            return;
        }
        if self.get(s, DECODER) & 3 == WAVE_FORM {
            let mut top = [0; 2];
            // Where there is no memory, COUNTERTOP is as after reset.
            let _ = cx.dma.read(playing.address.wrapping_add(6), &mut top);
            s.top = Some(u16::from_le_bytes(top).into());
        } else {
            s.top = None;
        }
        playing.values -= values;
        playing.address = playing.address.wrapping_add(2 * values);
        playing.periods = self.sequence(s, playing.sequence, 2) & 0xff_ffff;
        s.playing = Some(playing);
    }

    fn end_period(&self, s: &mut State, now: Cycle, cx: &mut Context<'_>) {
        self.happen(s, PWMPERIODEND, now, cx);
        if let Some(playing) = &mut s.playing {
            let by_task = self.registers.get(&s.values, DECODER) & BY_TASK != 0;
            if playing.periods > 0 {
                playing.periods -= 1;
            } else if !playing.ended && !by_task {
                self.step(s, now, cx);
            }
        }
        if let Some(Playing { sequence, periods: 0, ended: true, .. }) = s.playing {
            s.playing = None;
            if s.loops > 1 {
                s.loops -= 1;
                self.play(s, 1 - sequence, now, cx);
            } else if std::mem::take(&mut s.loops) == 1 {
                self.happen(s, LOOPSDONE, now, cx);
            }
        }
        if std::mem::take(&mut s.stopping) {
            (s.period, s.playing) = (None, None);
            self.happen(s, STOPPED, now, cx);
        } else {
            s.period = Some(now.saturating_add(self.length(s)));
        }
    }

    fn settle(&self, s: &mut State, cx: &mut Context<'_>) {
        for round in 0.. {
            let Some(due) = s.period.filter(|due| *due <= cx.now) else { break };
            // It may run for ever: after a long time, from now on.
            self.end_period(s, if round < ROUNDS { due } else { cx.now }, cx);
        }
    }
}

impl Peripheral for NrfPwm {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        Ok(self.registers.read(&s.values, at))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        self.settle(s, cx);
        match self.registers.write(&mut s.values, at, value) {
            Written::Task(task) => self.trigger(s, task, cx.now, cx),
            Written::PowerOff => *s = State::default(),
            Written::Register(ENABLE) if self.get(s, ENABLE) & 1 == 0 => {
                *s = State { values: std::mem::take(&mut s.values), ..State::default() };
            }
            Written::Register(_) => {}
        }
        Ok(())
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        self.settle(s, cx);
    }

    fn irq_lines(&self, s: &State) -> u32 {
        u32::from(s.values.events.irq())
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        s.period
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::Testbed;

    /// A PWM with periods of 10 cycles and a sequence of this many values.
    fn pwm(sequence: u32, count: u32) -> Testbed {
        let mut pwm = Testbed::new("nrf-pwm");
        pwm.write(ENABLE, 1);
        pwm.write(COUNTERTOP, 10);
        pwm.write(SEQ + SEQ_SIZE * sequence + 4, count);
        pwm
    }

    #[test]
    fn a_sequence_takes_a_period_for_each_value() {
        let mut pwm = pwm(0, 2);
        pwm.write(0x200, 1);
        pwm.write(4 * SEQSTART0, 1);
        assert_eq!(pwm.take_pulses(), [SEQSTARTED]);
        pwm.run_until(10);
        assert_eq!(pwm.take_pulses(), [PWMPERIODEND]);
        pwm.run_until(20);
        assert_eq!(pwm.take_pulses(), [PWMPERIODEND, SEQEND0, STOPPED], "by the shortcut");
        assert_eq!(pwm.next_wake(), None);
    }

    #[test]
    fn a_value_may_be_repeated_and_the_last_one_stays() {
        let mut pwm = pwm(1, 1);
        pwm.write(SEQ + SEQ_SIZE + 8, 2);
        pwm.write(4 * SEQSTART1, 1);
        pwm.run_until(39);
        let pulses = pwm.take_pulses();
        assert_eq!(pulses, [SEQSTARTED + 1, PWMPERIODEND, PWMPERIODEND, PWMPERIODEND, SEQEND1]);
        pwm.run_until(40);
        assert_eq!(pwm.take_pulses(), [PWMPERIODEND]);
        pwm.write(4 * STOP, 1);
        assert_eq!(pwm.take_pulses(), [], "at the end of the period");
        pwm.run_until(50);
        assert_eq!(pwm.take_pulses(), [PWMPERIODEND, STOPPED]);
    }

    #[test]
    fn loops_play_both_sequences() {
        let mut pwm = pwm(0, 1);
        pwm.write(SEQ + SEQ_SIZE + 4, 1);
        pwm.write(LOOP, 2);
        pwm.write(0x200, 1 << 4);
        pwm.write(4 * SEQSTART0, 1);
        pwm.run_until(1000);
        let pulses: Vec<u32> = pwm.take_pulses().into_iter().filter(|event| *event != PWMPERIODEND).collect();
        let both = [SEQSTARTED, SEQEND0, SEQSTARTED + 1, SEQEND1];
        assert_eq!(pulses, [&both[..], &both[..], &[LOOPSDONE, STOPPED]].concat());
    }
}
