//! SPI with a register for each direction, both two characters deep (nRF51 RM 27).

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{FREQUENCY, NrfSerial, READY, State, spim};
use crate::{peripherals::Context, words::Cycle};

/// Characters that wait to be read.
const RECEIVED: usize = 2;

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Spi {
    /// The character on the wire, and when it is through.
    shifting: Option<(u8, Cycle)>,
    /// The one after it.
    waiting: Option<u8>,
    received: VecDeque<u8>,
    rxd: u8,
}

impl Spi {
    pub fn due(&self) -> Option<Cycle> {
        self.shifting.map(|(_, due)| due)
    }

    /// Takes a character out of RXD; the next one moves there (27.1.5).
    pub fn read(s: &mut State, cx: &mut Context<'_>) -> u32 {
        if let Some(byte) = s.spi.received.pop_front() {
            s.spi.rxd = byte;
            if !s.spi.received.is_empty() {
                s.values.events.happen(READY, cx);
            }
        }
        s.spi.rxd.into()
    }
}

impl NrfSerial {
    fn character_time(&self, s: &State) -> u64 {
        spim::character_time(self.get(s, FREQUENCY), self.divider)
    }

    /// TXD: what does not fit is lost.
    pub(super) fn write_spi(&self, s: &mut State, byte: u8, cx: &mut Context<'_>) {
        if s.spi.shifting.is_none() {
            s.spi.shifting = Some((byte, cx.now.saturating_add(self.character_time(s))));
        } else {
            s.spi.waiting = Some(byte);
        }
    }

    pub(super) fn settle_spi(&self, s: &mut State, cx: &mut Context<'_>) {
        while let Some((byte, due)) = s.spi.shifting.take_if(|(_, due)| *due <= cx.now) {
            let answer = self.exchange(s, byte, cx);
            if s.spi.received.len() < RECEIVED {
                s.spi.received.push_back(answer);
            }
            if s.spi.received.len() == 1 {
                self.happen(s, READY, cx);
            }
            if let Some(byte) = s.spi.waiting.take() {
                s.spi.shifting = Some((byte, due.saturating_add(self.character_time(s))));
            }
        }
    }
}
