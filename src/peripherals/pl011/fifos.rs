//! What passes through the FIFOs: to the line and the host, and from the line.

use super::{
    DEPTH, State, TIMEOUT,
    registers::{OEIS, OVERRUN, RXIS, TXIS},
};
use crate::{peripherals::Output, words::Cycle};

/// FIFO contents at which an interrupt is asked for, by the fields of IFLS (DDI 0183G 3.3.9).
const LEVELS: [usize; 8] = [2, 4, 8, 12, 14, 14, 14, 14];

impl State {
    /// Characters that each FIFO takes: without FIFOs, one.
    pub(super) fn depth(&self) -> usize {
        if self.lcrh.fen() { DEPTH } else { 1 }
    }

    /// Contents of the receive FIFO from which on its interrupt is asked for.
    pub(super) fn receive_level(&self) -> usize {
        if self.lcrh.fen() { LEVELS[(self.ifls >> 3 & 7) as usize] } else { 1 }
    }

    /// Contents of the transmit FIFO down to which its interrupt is asked for.
    pub(super) fn transmit_level(&self) -> usize {
        if self.lcrh.fen() { LEVELS[(self.ifls & 7) as usize] } else { 0 }
    }

    /// Moves a character to the shift register, if there is one to send.
    pub(super) fn shift(&mut self, now: Cycle) {
        if self.shifting.is_some() || !self.transmits() {
            return;
        }
        let Some(byte) = self.transmit.pop_front() else { return };
        // The interrupt comes with the passage through the level (DDI 0183G 2.8).
        if self.transmit.len() == self.transmit_level() {
            self.ris |= TXIS;
        }
        let frame = self.frame();
        self.shifting = Some(now.saturating_add(frame));
        if self.ctl.lbe() {
            self.incoming.push(&[byte], now, frame);
        }
    }

    /// Gives to the host what it has not got.
    pub(super) fn tell(&mut self, output: &mut Output) {
        let told = self.transmit.len().saturating_sub(std::mem::take(&mut self.unsent));
        self.transmit.iter().skip(told).for_each(|byte| output.push(*byte));
    }

    pub(super) fn received(&mut self, byte: u8, at: Cycle) {
        self.timeout = Some(at.saturating_add(self.bits(TIMEOUT)));
        if self.receive.len() >= self.depth() {
            self.overrun = true;
            self.ris |= OEIS;
            self.rsr |= u32::from(OVERRUN >> 8);
            return;
        }
        let lost = if std::mem::take(&mut self.overrun) { OVERRUN } else { 0 };
        let data = u16::from(byte) & ((1 << (5 + self.lcrh.wlen())) - 1);
        // There is room: no FIFO is deeper than the queue.
        let _ = self.receive.push_back(data | lost);
        if self.receive.len() == self.receive_level() {
            self.ris |= RXIS;
        }
    }
}
