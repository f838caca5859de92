//! Frames: from the data register to the line and back (RM0090 28.3.5, RM0351 42.4.9).

use super::{Fifo, State, Stm32Spi, crc};
use crate::{
    peripherals::{Context, Talk},
    words::{Cycle, Width},
};

impl State {
    /// SPE was cleared: what was to be sent is not.
    pub(super) fn stop(&mut self) {
        self.due = None;
        self.tx.clear();
        self.crc_frames = 0;
    }

    /// Whether frames are received: all modes but one-line transmission.
    fn receives(&self) -> bool {
        !self.cr1.bidimode() || !self.cr1.bidioe()
    }

    /// Whether the clock runs without anything to send.
    fn only_receives(&self) -> bool {
        match self.cr1.bidimode() {
            true => !self.cr1.bidioe(),
            false => self.cr1.rxonly(),
        }
    }
}

impl Stm32Spi {
    pub(super) fn frame_bits(&self, s: &State) -> u32 {
        match (self.fifo, s.cr1.dff()) {
            (true, _) => self.cr2(s).ds() + 1,
            (false, false) => 8,
            (false, true) => 16,
        }
    }

    fn frame_bytes(&self, s: &State) -> usize {
        if self.frame_bits(s) > 8 { 2 } else { 1 }
    }

    /// Bytes that fit into the receiver or the transmitter.
    fn depth(&self, s: &State) -> usize {
        if self.fifo { 4 } else { self.frame_bytes(s) }
    }

    fn crc_bits(&self, s: &State) -> u32 {
        match (self.fifo, s.cr1.dff()) {
            (true, true) => 16,
            (true, false) => 8,
            (false, _) => self.frame_bits(s),
        }
    }

    pub(super) fn is_writable(&self, s: &State) -> bool {
        if self.fifo { s.tx.len() <= 2 } else { s.tx.is_empty() }
    }

    pub(super) fn is_readable(&self, s: &State) -> bool {
        let threshold = if self.fifo && !self.cr2(s).frxth() { 2 } else { 1 };
        s.rx.len() >= threshold
    }

    pub(super) fn frame_cycles(&self, s: &State) -> u64 {
        s.clock.cycles(u64::from(self.frame_bits(s)) << (s.cr1.br() + 1))
    }

    /// Takes what was written to DR: one frame, or two of at most eight bits that a wider access packs.
    pub(super) fn write_data(&self, s: &mut State, width: Width, value: u32, now: Cycle) {
        let frame = self.frame_bytes(s);
        let bytes = match (self.fifo, width) {
            (false, _) | (true, Width::Byte) => frame,
            (true, Width::Half | Width::Word) => 2,
        };
        if !self.fifo {
            s.tx.clear(); // what waited is overwritten
        }
        if s.tx.len() + bytes <= self.depth(s) {
            push(&mut s.tx, value, bytes);
        }
        self.begin(s, now);
    }

    pub(super) fn read_data(&self, s: &mut State, width: Width, now: Cycle) -> u32 {
        let bytes = match (self.fifo, width) {
            (false, _) | (true, Width::Byte) => self.frame_bytes(s),
            (true, Width::Half | Width::Word) => 2,
        };
        s.ovr_read = s.ovr;
        if !s.rx.is_empty() {
            s.last = pop(&mut s.rx, bytes);
        }
        self.begin(s, now);
        s.last.into()
    }

    /// Begins the next frame, if there is one and the line is free.
    pub(super) fn begin(&self, s: &mut State, now: Cycle) {
        let is_on = s.cr1.spe() && s.cr1.mstr() && s.i2scfgr & 0x800 == 0;
        if !is_on || s.due.is_some() {
            return;
        }
        if s.only_receives() {
            // After an overrun nothing more is taken, and the clock may as well wait.
            if s.ovr {
                return;
            }
            s.frame = 0xffff;
        } else if !self.next_frame(s) {
            return;
        }
        s.due = Some(now.saturating_add(self.frame_cycles(s)));
    }

    /// Moves what is to be sent into the shift register.
    fn next_frame(&self, s: &mut State) -> bool {
        if !s.tx.is_empty() {
            let bytes = self.frame_bytes(s);
            s.frame = pop(&mut s.tx, bytes);
            if s.cr1.crcen() && s.crc_frames == 0 {
                let (polynomial, bits) = (s.crcpr as u16, self.frame_bits(s));
                s.tx_crc = crc::next(s.tx_crc, polynomial, s.frame, bits, self.crc_bits(s));
            }
            return true;
        }
        if s.crc_frames == 0 && s.cr1.crcnext() && s.cr1.crcen() {
            s.cr1.set_crcnext(false);
            s.crc_frames = self.crc_bits(s).div_ceil(self.frame_bits(s)) as u8;
            s.crc_received = 0;
        }
        if s.crc_frames == 0 {
            return false;
        }
        s.frame = s.tx_crc >> (u32::from(s.crc_frames - 1) * self.frame_bits(s)).min(15);
        true
    }

    pub(super) fn settle(&self, s: &mut State, cx: &mut Context<'_>) {
        while let Some(at) = s.due.filter(|at| *at <= cx.now) {
            s.due = None;
            self.complete(s, cx);
            self.begin(s, at);
        }
    }

    fn complete(&self, s: &mut State, cx: &mut Context<'_>) {
        let bits = self.frame_bits(s);
        let ones = (1u32 << bits) - 1;
        // The line without the order of bits: parts see the highest bit first.
        let order = |frame: u32| match s.cr1.lsbfirst() {
            true => frame.reverse_bits() >> (32 - bits),
            false => frame & ones,
        };
        let value = order(s.frame.into());
        // Nobody drives MISO: all ones.
        let answer = cx.talk(Talk::Spi { bits: bits as u8, value }).unwrap_or(ones);
        let received = order(answer) as u16;
        if s.receives() {
            self.receive(s, received, bits);
        } else {
            s.crc_frames = s.crc_frames.saturating_sub(1);
        }
    }

    fn receive(&self, s: &mut State, frame: u16, bits: u32) {
        if s.crc_frames > 0 {
            s.crc_received = s.crc_received.checked_shl(bits).unwrap_or(0) | frame;
            s.crc_frames -= 1;
            s.crcerr |= s.crc_frames == 0 && s.crc_received != s.rx_crc;
        } else if s.cr1.crcen() {
            s.rx_crc = crc::next(s.rx_crc, s.crcpr as u16, frame, bits, self.crc_bits(s));
        }
        let bytes = self.frame_bytes(s);
        if s.rx.len() + bytes <= self.depth(s) {
            push(&mut s.rx, frame.into(), bytes);
        } else {
            s.ovr = true; // what is there stays
            s.ovr_read = false;
        }
    }
}

/// There is room: it was looked for.
fn push(fifo: &mut Fifo, value: u32, bytes: usize) {
    for byte in value.to_le_bytes().into_iter().take(bytes) {
        if fifo.push_back(byte).is_err() {
            return;
        }
    }
}

/// Takes up to `bytes` bytes, the lowest first.
fn pop(fifo: &mut Fifo, bytes: usize) -> u16 {
    (0..bytes).fold(0, |value, index| value | u16::from(fifo.pop_front().unwrap_or(0)) << (8 * index))
}
