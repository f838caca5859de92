//! The TWI controller, with a register for each direction (nRF51 RM 28) or with buffers in memory (nRF52840 PS 6.31).
//!
//! A byte and its acknowledge take nine bits. What is to be done after a byte, by a shortcut or a task, waits for its end.

use serde::{Deserialize, Serialize};

use super::{
    ADDRESS, BB, ERROR, FREQUENCY, LASTRX, LASTTX, NrfSerial, READY, RESUME, RXD_LIST, RXD_PTR, RXSTARTED,
    STARTRX, STARTTX, STOP, STOPPED, SUSPEND, SUSPENDED, State, TWI_ERRORSRC, TWIM, TXD_LIST, TXD_PTR,
    TXDSENT, TXSTARTED,
};
use crate::{
    peripherals::{Context, Talk, nrf_dma::Buffer},
    words::Cycle,
};

/// ERRORSRC: nobody acknowledged the address, or a byte.
const ANACK: u32 = 2;
const DNACK: u32 = 4;
/// FREQUENCY after reset: 250 kbit/s.
const RESET: u32 = 0x0400_0000;
/// Bits of a byte with its acknowledge.
const BITS: u64 = 9;

/// What is on the bus.
#[derive(Default, Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
enum Phase {
    /// Nothing, or nothing more until a task.
    #[default]
    Waiting,
    Address,
    Byte,
    Stop,
}

/// A task that waits for the end of the byte.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
enum After {
    Stop,
    Suspend,
    Start { read: bool },
}

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Twi {
    phase: Phase,
    /// When the phase ends.
    due: Option<Cycle>,
    after: Option<After>,
    read: bool,
    /// The part has acknowledged its address.
    addressed: bool,
    suspended: bool,
    /// Of the TWIM.
    buffer: Buffer,
    /// TXD has this byte.
    txd: Option<u8>,
    rxd: u8,
    /// RXD was not read yet.
    unread: bool,
}

impl Twi {
    pub fn due(&self) -> Option<Cycle> {
        self.due
    }
}

impl NrfSerial {
    fn has_buffers(&self, s: &State) -> bool {
        self.enabled(s) == TWIM
    }

    fn enter(&self, s: &mut State, phase: Phase, bits: u64, now: Cycle) {
        let frequency = match self.get(s, FREQUENCY) {
            0 => RESET,
            frequency => frequency,
        };
        let length = bits * self.divider * (1 << 32) / u64::from(frequency);
        s.twi.phase = phase;
        s.twi.due = Some(now.saturating_add(length.max(1)));
    }

    fn wait(s: &mut State) {
        s.twi.phase = Phase::Waiting;
        s.twi.due = None;
    }

    pub(super) fn trigger_twi(&self, s: &mut State, task: u32, cx: &mut Context<'_>) {
        let after = match task {
            STARTRX => After::Start { read: true },
            STARTTX => After::Start { read: false },
            STOP => After::Stop,
            SUSPEND => After::Suspend,
            RESUME if s.twi.suspended => {
                s.twi.suspended = false;
                self.go_on(s, cx.now, cx);
                return;
            }
            _ => return,
        };
        match s.twi.phase {
            Phase::Waiting => self.follow(s, after, cx.now, cx),
            Phase::Address | Phase::Byte => s.twi.after = Some(after),
            Phase::Stop if matches!(after, After::Start { .. }) => s.twi.after = Some(after),
            Phase::Stop => {}
        }
    }

    fn follow(&self, s: &mut State, after: After, now: Cycle, cx: &mut Context<'_>) {
        match after {
            After::Stop => {
                s.twi.suspended = false;
                s.twi.addressed = false;
                s.twi.txd = None;
                cx.talk(Talk::I2cStop);
                self.enter(s, Phase::Stop, 1, now);
            }
            After::Suspend => {
                Self::wait(s);
                s.twi.suspended = true;
                self.happen(s, SUSPENDED, cx);
            }
            After::Start { read } => {
                s.twi.suspended = false;
                s.twi.addressed = false;
                s.twi.read = read;
                s.twi.unread = false;
                self.enter(s, Phase::Address, 1 + BITS, now);
                if self.has_buffers(s) {
                    let register = if read { RXD_PTR } else { TXD_PTR };
                    s.twi.buffer = Buffer::latch(&self.registers, &s.values, register);
                    self.happen(s, if read { RXSTARTED } else { TXSTARTED }, cx);
                }
            }
        }
    }

    pub(super) fn settle_twi(&self, s: &mut State, cx: &mut Context<'_>) {
        while let Some(now) = s.twi.due.take_if(|due| *due <= cx.now) {
            match std::mem::take(&mut s.twi.phase) {
                Phase::Waiting => {}
                Phase::Address => self.end_address(s, now, cx),
                Phase::Byte => self.end_byte(s, now, cx),
                Phase::Stop => {
                    self.happen(s, STOPPED, cx);
                    if let Some(after) = s.twi.after.take() {
                        self.follow(s, after, now, cx);
                    }
                }
            }
        }
    }

    fn end_address(&self, s: &mut State, now: Cycle, cx: &mut Context<'_>) {
        let address = (self.get(s, ADDRESS) & 0x7f) as u16;
        if cx.talk(Talk::I2cStart { address, read: s.twi.read }).is_none() {
            self.fail(s, ANACK, now, cx);
            return;
        }
        s.twi.addressed = true;
        if self.has_buffers(s) && s.twi.buffer.is_full() {
            // Of a transfer without bytes the address is the last.
            s.twi.phase = Phase::Address;
            self.happen(s, if s.twi.read { LASTRX } else { LASTTX }, cx);
            self.finish(s);
        }
        self.next(s, now, cx);
    }

    /// Nobody acknowledged: the bus waits for STOP.
    fn fail(&self, s: &mut State, cause: u32, now: Cycle, cx: &mut Context<'_>) {
        s.twi.addressed = false;
        s.twi.txd = None;
        let source = self.get(s, TWI_ERRORSRC) | cause;
        self.put(s, TWI_ERRORSRC, source);
        self.finish(s);
        Self::wait(s);
        // Of what was to follow the byte, only STOP does.
        let after = s.twi.after.take();
        self.happen(s, ERROR, cx);
        if after == Some(After::Stop) {
            self.follow(s, After::Stop, now, cx);
        }
    }

    /// AMOUNT.
    fn finish(&self, s: &mut State) {
        if self.has_buffers(s) {
            let list = if s.twi.read { RXD_LIST } else { TXD_LIST };
            s.twi.buffer.finish_entry(&self.registers, &mut s.values, list);
        }
    }

    /// What follows an address or a byte.
    fn next(&self, s: &mut State, now: Cycle, cx: &mut Context<'_>) {
        match s.twi.after.take() {
            Some(after) => self.follow(s, after, now, cx),
            None => self.go_on(s, now, cx),
        }
    }

    /// Begins the next byte, if there is one.
    fn go_on(&self, s: &mut State, now: Cycle, cx: &mut Context<'_>) {
        Self::wait(s);
        let ready = match (self.has_buffers(s), s.twi.read) {
            (true, _) => !s.twi.buffer.is_full(),
            (false, true) => !s.twi.unread,
            (false, false) => s.twi.txd.is_some(),
        };
        if !s.twi.addressed || !ready || s.twi.suspended {
            return;
        }
        self.enter(s, Phase::Byte, BITS, now);
        let last = s.twi.buffer.done + 1 >= s.twi.buffer.count;
        match (self.has_buffers(s), s.twi.read) {
            (true, true) if last => self.happen(s, LASTRX, cx),
            (true, false) if last => self.happen(s, LASTTX, cx),
            (true, _) => {}
            (false, _) => self.happen(s, BB, cx),
        }
    }

    fn end_byte(&self, s: &mut State, now: Cycle, cx: &mut Context<'_>) {
        if s.twi.read {
            let last = matches!(s.twi.after, Some(After::Stop | After::Start { .. }));
            let byte = cx.talk(Talk::I2cRead { acknowledge: !last }).map_or(0xff, |byte| byte as u8);
            if self.has_buffers(s) {
                s.twi.buffer.write(byte, cx);
            } else {
                (s.twi.rxd, s.twi.unread) = (byte, true);
                self.happen(s, READY, cx);
            }
        } else {
            let byte = if self.has_buffers(s) { Some(s.twi.buffer.read(cx)) } else { s.twi.txd.take() };
            if cx.talk(Talk::I2cWrite(byte.unwrap_or(0))).is_none() {
                self.fail(s, DNACK, now, cx);
                return;
            }
            s.twi.buffer.done = s.twi.buffer.done.saturating_add(1);
            if !self.has_buffers(s) {
                self.happen(s, TXDSENT, cx);
            }
        }
        if self.has_buffers(s) && (s.twi.buffer.is_full() || s.twi.after.is_some()) {
            self.finish(s);
        }
        self.next(s, now, cx);
    }

    /// TXD of the TWI.
    pub(super) fn write_twi(&self, s: &mut State, byte: u8, cx: &mut Context<'_>) {
        s.twi.txd = Some(byte);
        if s.twi.phase == Phase::Waiting && s.twi.addressed && !s.twi.read {
            self.go_on(s, cx.now, cx);
        }
    }

    /// RXD of the TWI: the next byte is clocked in when this one was read.
    pub(super) fn read_twi(&self, s: &mut State, cx: &mut Context<'_>) -> u32 {
        if std::mem::take(&mut s.twi.unread) && s.twi.phase == Phase::Waiting && s.twi.read {
            self.go_on(s, cx.now, cx);
        }
        s.twi.rxd.into()
    }
}
