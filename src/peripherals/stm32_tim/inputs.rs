//! What arrives at the inputs: captures, the slave mode controller, encoders, break (RM0090 17.3.4, 17.3.6, 17.3.12,
//! 17.3.16, 17.3.19).

use super::{BIF, COMIF, State, Stm32Tim, TIF};
use crate::peripherals::kinds::Port;

pub(super) const INPUTS: &[Port] = &[
    Port { name: "itr", count: 4 },
    Port::one("ti1"),
    Port::one("ti2"),
    Port::one("ti3"),
    Port::one("ti4"),
    Port::one("etr"),
    Port::one("brk"),
];

const TI1: u32 = 4;
const ETR: u32 = 8;
pub(super) const BREAK: u32 = 9;

/// Trigger selections (TS).
const TI1F_ED: u32 = 4;
const TI1FP1: u32 = 5;
const TI2FP2: u32 = 6;
const ETRF: u32 = 7;

/// The levels inside, behind the polarities.
#[derive(Clone, Copy, PartialEq)]
struct Levels {
    ti: [bool; 4],
    etr: bool,
    trigger: bool,
}

impl State {
    fn input(&self, input: u32) -> bool {
        self.inputs >> input & 1 != 0
    }

    fn levels(&self) -> Levels {
        let mut ti = [0, 1, 2, 3].map(|channel| self.input(TI1 + channel));
        if self.cr2.ti1s() {
            ti[0] = ti[0] ^ ti[1] ^ ti[2]; // for Hall sensors
        }
        let polarity = |channel| self.enable(channel) & 2 != 0;
        let trigger = match self.smcr.ts() {
            input @ 0..=3 => self.input(input),
            TI1F_ED => ti[0], // each edge counts
            TI1FP1 => ti[0] != polarity(0),
            TI2FP2 => ti[1] != polarity(1),
            _ => etrf(self),
        };
        Levels { ti, etr: etrf(self), trigger }
    }

    /// Whether the break input is active; one that was never told its level is not wired.
    pub fn breaks(&self) -> bool {
        self.bdtr.bke() && self.break_known && self.input(BREAK) == self.bdtr.bkp()
    }

    /// Counts an edge; whether it is the last one of `count`.
    fn prescale(&mut self, which: usize, count: u8) -> bool {
        self.edges[which] = self.edges[which].saturating_add(1);
        let last = self.edges[which] >= count;
        if last {
            self.edges[which] = 0;
        }
        last
    }
}

/// ETR behind its polarity.
pub(super) fn etrf(s: &State) -> bool {
    s.input(ETR) != s.smcr.etp()
}

impl Stm32Tim {
    /// Whether the counter counts timer clocks now.
    pub fn counts_time(&self, s: &State) -> bool {
        s.cr1.cen() && self.gate(s) && !s.smcr.ece() && !s.smcr.encodes() && s.smcr.mode() != 7
    }

    /// CNT_EN apart from CEN: in gated mode the level of the trigger.
    pub fn gate(&self, s: &State) -> bool {
        s.smcr.mode() != 5 || s.levels().trigger
    }

    /// An input gets a level.
    pub fn input_changes(&self, s: &mut State, input: u32, high: bool) {
        let before = s.levels();
        let bit = 1_u32.checked_shl(input).unwrap_or(0);
        s.inputs = if high { s.inputs | bit } else { s.inputs & !bit };
        let after = s.levels();
        if input == BREAK {
            self.check_break(s);
        }
        if before == after {
            return;
        }
        self.captures(s, before, after);
        self.encode(s, before, after);
        let etr = after.etr && !before.etr && s.prescale(4, 1 << s.smcr.etps());
        let trigger = match s.smcr.ts() {
            TI1F_ED => before.ti[0] != after.ti[0],
            ETRF => etr,
            _ => after.trigger && !before.trigger,
        };
        let closes = s.smcr.mode() == 5 && before.trigger && !after.trigger;
        if trigger || closes {
            self.trigger(s, trigger);
        }
        if etr && s.smcr.ece() && self.gate(s) {
            self.tick(s); // external clock mode 2
        }
    }

    fn captures(&self, s: &mut State, before: Levels, after: Levels) {
        for channel in 0..self.channels.min(4) {
            let mode = s.channel_mode(channel);
            let (from, to) = match mode & 3 {
                _ if s.enable(channel) & 1 == 0 => continue,
                0 => continue,
                1 => (before.ti[channel], after.ti[channel]),
                2 => (before.ti[channel ^ 1], after.ti[channel ^ 1]),
                // TRC: every edge of TI1F_ED, the rising ones of ITRx.
                _ if s.smcr.ts() == TI1F_ED => (false, before.ti[0] != after.ti[0]),
                _ => (before.trigger, after.trigger),
            };
            let edge = match s.enable(channel) & 0xa {
                0xa => from != to,
                0x2 if mode & 3 != 3 => from && !to,
                _ => to && !from,
            };
            if edge && s.prescale(channel, 1 << (mode >> 2 & 3)) {
                s.capture(channel);
            }
        }
    }

    /// Encoder modes: the direction follows from the level of the other input (RM0090 17.3.16).
    fn encode(&self, s: &mut State, before: Levels, after: Levels) {
        let mode = s.smcr.mode();
        if !s.smcr.encodes() {
            return;
        }
        let polarity = |channel| s.enable(channel) & 2 != 0;
        let same = (after.ti[0] != polarity(0)) == (after.ti[1] != polarity(1));
        if before.ti[0] != after.ti[0] && mode & 1 != 0 {
            s.cr1.set_dir(same);
            self.tick(s);
        } else if before.ti[1] != after.ti[1] && mode & 2 != 0 {
            s.cr1.set_dir(!same);
            self.tick(s);
        }
    }

    /// An edge of the trigger; in gated mode `opens` tells which.
    fn trigger(&self, s: &mut State, opens: bool) {
        if opens && self.breaks && s.cr2.ccpc() && s.cr2.ccus() {
            s.raise(COMIF);
        }
        let mode = s.smcr.mode();
        if self.channels < 2 || mode < 4 {
            return;
        }
        s.raise(TIF);
        if matches!(mode, 6 | 8) {
            s.cr1.set_cen(true);
        }
        match mode {
            4 | 8 => self.restart(s),
            7 => self.tick(s),
            _ => {}
        }
    }

    /// One clock from outside.
    fn tick(&self, s: &mut State) {
        self.count(s, self.divider);
    }

    /// The outputs go off while the break input is active.
    pub fn check_break(&self, s: &mut State) {
        if self.breaks && s.breaks() {
            s.break_off(BIF);
        }
    }
}
