//! What goes over the bus, and the flags that firmware follows it by (RM0090 27.3.3, figures 242 and 243).

use serde::{Deserialize, Serialize};

use super::{Sr1, State};
use crate::{
    peripherals::{Context, Talk},
    words::Cycle,
};

/// Bits of a byte with its acknowledge.
const BYTE: u64 = 9;

/// What the master does. Those that wait for firmware stretch the clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum Phase {
    /// Nothing: the bus is free.
    Idle,
    /// Sends a START.
    Start,
    /// Sends a repeated START.
    Restart,
    /// Waits for an address (SB).
    Started,
    /// Sends an address, or the first byte of one of 10 bits.
    Address(u8),
    /// Waits for the second byte of an address (ADD10).
    Header,
    /// Sends the second byte of an address.
    Address2(u8),
    /// Waits until ADDR is cleared.
    Addressed,
    /// Sends a byte.
    Sending(u8),
    /// Waits for the first byte to send.
    Empty,
    /// Waits for the next byte to send (BTF).
    Sent,
    /// Receives a byte.
    Receiving,
    /// Waits until a byte is read (BTF).
    Full,
    /// Waits for a STOP or START, since somebody did not acknowledge.
    Refused,
    /// Sends a STOP.
    Stop,
}

impl State {
    /// TXE.
    pub(super) fn wants_data(&self) -> bool {
        let data = matches!(self.phase, Phase::Addressed | Phase::Sending(_) | Phase::Empty | Phase::Sent);
        self.sends && data && self.to_send.is_none()
    }

    /// BTF.
    pub(super) fn is_stretched(&self) -> bool {
        self.behind.is_some() || self.phase == Phase::Sent
    }

    /// Does what was due, one after the other.
    pub(super) fn settle(&mut self, cx: &mut Context<'_>) {
        while let Some(at) = self.due.filter(|at| *at <= cx.now) {
            self.due = None;
            self.complete(at, cx);
            self.proceed(at);
        }
    }

    fn enter(&mut self, phase: Phase, now: Cycle, bits: u64) {
        self.phase = phase;
        self.due = Some(now.saturating_add(self.cycles(bits)));
    }

    fn complete(&mut self, now: Cycle, cx: &mut Context<'_>) {
        match self.phase {
            Phase::Start | Phase::Restart => {
                self.phase = Phase::Started;
                self.sends = false;
                self.sr1.set_sb(true);
                self.cr1.set_start(false);
            }
            Phase::Address(byte) if byte & 0xf8 == 0xf0 => self.header(byte, cx),
            Phase::Address(byte) => self.address(u16::from(byte >> 1), byte & 1 != 0, cx),
            Phase::Address2(byte) => {
                self.ten_bit = self.ten_bit & 0x300 | u16::from(byte);
                self.address(self.ten_bit, false, cx);
            }
            Phase::Sending(byte) => self.phase = self.send(byte, cx),
            Phase::Receiving => self.receive(now, cx),
            Phase::Stop => {
                cx.talk(Talk::I2cStop);
                self.cr1.set_stop(false);
                self.leave();
            }
            _ => {}
        }
    }

    /// Goes on with what firmware has asked for in the meantime.
    pub(super) fn proceed(&mut self, now: Cycle) {
        let (start, stop) = (self.cr1.start(), self.cr1.stop());
        match self.phase {
            Phase::Idle => {
                self.cr1.set_stop(false);
                if start {
                    self.enter(Phase::Start, now, 1);
                }
            }
            Phase::Started if stop => self.finish(Phase::Stop, now),
            // A byte that waits in DR goes first.
            Phase::Empty | Phase::Sent => match self.to_send.take() {
                Some(byte) => self.enter(Phase::Sending(byte), now, BYTE),
                None => self.finish_if_asked(now),
            },
            Phase::Header | Phase::Full | Phase::Refused => self.finish_if_asked(now),
            // What is being received, nobody wants.
            Phase::Receiving if self.open_ended => self.finish_if_asked(now),
            _ => {}
        }
    }

    fn finish_if_asked(&mut self, now: Cycle) {
        if self.cr1.stop() {
            self.finish(Phase::Stop, now);
        } else if self.cr1.start() {
            self.finish(Phase::Restart, now);
        }
    }

    /// The transfer ends with a STOP or a repeated START.
    fn finish(&mut self, phase: Phase, now: Cycle) {
        self.sr1 = self.sr1.with_sb(false).with_add10(false).with_addr(false);
        self.to_send = None;
        if std::mem::take(&mut self.open_ended) {
            self.sr1.set_rxne(false);
            self.behind = None;
        }
        self.enter(phase, now, 1);
    }

    fn leave(&mut self) {
        self.phase = Phase::Idle;
        self.due = None;
        self.sends = false;
        self.to_send = None;
    }

    /// PE or SWRST ends everything at once.
    pub(super) fn abandon(&mut self, cx: &mut Context<'_>) {
        if self.phase != Phase::Idle {
            cx.talk(Talk::I2cStop);
        }
        self.leave();
        self.sr1 = Sr1::new();
        self.behind = None;
        self.open_ended = false;
    }

    /// The first byte of a 10-bit address: for reading, the part is known from before the repeated START.
    fn header(&mut self, byte: u8, cx: &mut Context<'_>) {
        if byte & 1 != 0 {
            self.address(self.ten_bit, true, cx);
        } else {
            self.ten_bit = u16::from(byte & 6) << 7;
            self.sr1.set_add10(true);
            self.phase = Phase::Header;
        }
    }

    fn address(&mut self, address: u16, read: bool, cx: &mut Context<'_>) {
        self.sends = !read;
        self.acknowledge = true;
        if cx.talk(Talk::I2cStart { address, read }).is_some() {
            self.sr1.set_addr(true);
            self.phase = Phase::Addressed;
        } else {
            self.refuse();
        }
    }

    fn refuse(&mut self) {
        self.sr1.set_af(true);
        self.phase = Phase::Refused;
    }

    fn send(&mut self, byte: u8, cx: &mut Context<'_>) -> Phase {
        if cx.talk(Talk::I2cWrite(byte)).is_some() {
            return Phase::Sent;
        }
        self.refuse();
        self.phase
    }

    fn receive(&mut self, now: Cycle, cx: &mut Context<'_>) {
        // With POS, ACK is about the byte after the one that is being received (RM0090 27.6.1).
        let acknowledge = match self.cr1.pos() {
            true => std::mem::replace(&mut self.acknowledge, self.cr1.ack()),
            false => self.cr1.ack(),
        };
        // Nobody drives the line: all ones.
        let byte = cx.talk(Talk::I2cRead { acknowledge }).map_or(0xff, |byte| byte as u8);
        self.open_ended = self.cr2.dmaen() && self.cr2.last() && acknowledge;
        if self.sr1.rxne() {
            self.behind = Some(byte);
            self.phase = Phase::Full;
        } else {
            self.received = byte;
            self.sr1.set_rxne(true);
            self.enter(Phase::Receiving, now, BYTE);
        }
        if !acknowledge {
            self.due = None;
            self.phase = Phase::Refused;
        }
        if self.cr1.stop() || self.cr1.start() {
            self.open_ended = false;
            self.finish_if_asked(now);
        }
    }

    /// Reading SR2 after SR1 clears ADDR, and the transfer goes on.
    pub(super) fn clear_addr(&mut self, now: Cycle) {
        if !(self.seen.addr() && self.sr1.addr()) {
            return;
        }
        self.seen.set_addr(false);
        self.sr1.set_addr(false);
        if self.sends {
            self.phase = Phase::Empty;
            self.proceed(now);
        } else {
            self.enter(Phase::Receiving, now, BYTE);
        }
    }

    pub(super) fn read_data(&mut self, now: Cycle) -> u32 {
        let value = self.received;
        match self.behind.take() {
            Some(byte) => self.received = byte,
            None => self.sr1.set_rxne(false),
        }
        if self.phase == Phase::Full {
            self.enter(Phase::Receiving, now, BYTE);
        }
        value.into()
    }

    /// `proceed` comes after this.
    pub(super) fn write_data(&mut self, byte: u8, now: Cycle) {
        // SB and ADD10 are cleared by reading SR1 and then writing the address.
        let seen = std::mem::take(&mut self.seen);
        self.sr1.set_sb(self.sr1.sb() && !seen.sb());
        self.sr1.set_add10(self.sr1.add10() && !seen.add10());
        match self.phase {
            Phase::Started => self.enter(Phase::Address(byte), now, BYTE),
            Phase::Header => self.enter(Phase::Address2(byte), now, BYTE),
            _ => self.to_send = Some(byte),
        }
    }
}
