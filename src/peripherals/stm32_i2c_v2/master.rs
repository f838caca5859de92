//! What goes over the bus (RM0351 39.4.9).

use serde::{Deserialize, Serialize};

use super::State;
use crate::{
    peripherals::{Context, Talk},
    words::Cycle,
};

/// Bits of a byte with its acknowledge.
const BYTE: u64 = 9;

/// What the master does. Those that wait for firmware stretch the clock.
#[derive(Default, Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum Phase {
    /// Nothing: the bus is free.
    #[default]
    Idle,
    /// Sends a START and the address.
    Address,
    /// Goes on with the next byte: at once, or when there is one to send.
    Between,
    /// Sends a byte.
    Sending(u8),
    /// Receives a byte.
    Receiving,
    /// Waits until RXDR is read.
    Full,
    /// Waits for a START or STOP (TC).
    Complete,
    /// Waits for more of NBYTES (TCR).
    Reload,
    /// Sends a STOP.
    Stop,
}

impl State {
    /// TXIS.
    pub(super) fn wants_data(&self) -> bool {
        let sends = matches!(self.phase, Phase::Between | Phase::Sending(_)) && !self.reads;
        sends && self.left > 0 && self.to_send.is_none()
    }

    /// Does what was due, one after the other.
    pub(super) fn settle(&mut self, cx: &mut Context<'_>) {
        while let Some(at) = self.due.filter(|at| *at <= cx.now) {
            self.due = None;
            self.complete(cx);
            self.proceed(at);
        }
    }

    fn enter(&mut self, phase: Phase, now: Cycle, bits: u64) {
        self.phase = phase;
        self.due = Some(now.saturating_add(self.cycles(bits)));
    }

    /// The bits of a START and an address: two bytes if it has 10 bits, and a third one to read.
    fn begin(&mut self, now: Cycle) {
        let bytes = match (self.cr2.add10(), self.cr2.rd_wrn() && !self.cr2.head10r()) {
            (false, _) => 1,
            (true, false) => 2,
            (true, true) => 3,
        };
        self.reads = self.cr2.rd_wrn();
        self.left = self.cr2.nbytes();
        self.enter(Phase::Address, now, 1 + bytes * BYTE);
    }

    fn complete(&mut self, cx: &mut Context<'_>) {
        match self.phase {
            Phase::Address => {
                self.cr2.set_start(false);
                let sadd = self.cr2.sadd();
                let address = if self.cr2.add10() { sadd } else { sadd >> 1 & 0x7f };
                let acknowledged = cx.talk(Talk::I2cStart { address, read: self.reads }).is_some();
                self.go_on(acknowledged);
            }
            Phase::Sending(byte) => {
                let acknowledged = cx.talk(Talk::I2cWrite(byte)).is_some();
                self.go_on(acknowledged);
            }
            Phase::Receiving => {
                self.left = self.left.saturating_sub(1);
                let acknowledge = self.left > 0 || self.cr2.reload();
                // Nobody drives the line: all ones.
                let byte = cx.talk(Talk::I2cRead { acknowledge }).map_or(0xff, |byte| byte as u8);
                if self.rxne {
                    self.behind = Some(byte);
                    self.phase = Phase::Full;
                } else {
                    self.rxdr = byte;
                    self.rxne = true;
                    self.phase = Phase::Between;
                }
            }
            Phase::Stop => {
                cx.talk(Talk::I2cStop);
                self.cr2.set_stop(false);
                self.stopf = true;
                self.phase = Phase::Idle;
            }
            _ => {}
        }
    }

    /// Without an acknowledge, a STOP follows by itself.
    fn go_on(&mut self, acknowledged: bool) {
        self.phase = Phase::Between;
        if !acknowledged {
            self.nackf = true;
            self.left = 0;
            self.cr2.set_stop(true);
        }
    }

    /// Goes on with what firmware has asked for in the meantime.
    pub(super) fn proceed(&mut self, now: Cycle) {
        if self.phase == Phase::Idle {
            self.cr2.set_stop(false);
        }
        match self.phase {
            Phase::Idle | Phase::Complete if self.cr2.start() => self.begin(now),
            Phase::Between | Phase::Complete | Phase::Reload | Phase::Full if self.cr2.stop() => {
                self.enter(Phase::Stop, now, 1);
            }
            Phase::Between if self.left == 0 => self.end_block(now),
            Phase::Between if self.reads => self.enter(Phase::Receiving, now, BYTE),
            Phase::Between => {
                if let Some(byte) = self.to_send.take() {
                    self.left -= 1;
                    self.enter(Phase::Sending(byte), now, BYTE);
                }
            }
            _ => {}
        }
    }

    /// NBYTES are through.
    fn end_block(&mut self, now: Cycle) {
        if self.cr2.reload() {
            self.phase = Phase::Reload;
        } else if self.cr2.autoend() {
            self.enter(Phase::Stop, now, 1);
        } else {
            self.phase = Phase::Complete;
            if self.cr2.start() {
                self.begin(now);
            }
        }
    }

    /// PE ends everything at once.
    pub(super) fn abandon(&mut self, cx: &mut Context<'_>) {
        if self.phase != Phase::Idle {
            cx.talk(Talk::I2cStop);
        }
        self.phase = Phase::Idle;
        self.due = None;
        self.cr2 = self.cr2.with_start(false).with_stop(false).with_nack(false);
        (self.rxne, self.nackf, self.stopf) = (false, false, false);
        (self.to_send, self.behind) = (None, None);
    }

    pub(super) fn read_data(&mut self, now: Cycle) -> u32 {
        let value = self.rxdr;
        match self.behind.take() {
            Some(byte) => self.rxdr = byte,
            None => self.rxne = false,
        }
        if self.phase == Phase::Full {
            self.phase = Phase::Between;
            self.proceed(now);
        }
        value.into()
    }
}
