//! What the two ends of a serial line have in common: characters take their time.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::words::Cycle;

/// Characters on their way to a receiver. They arrive one per frame time.
#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Incoming {
    bytes: VecDeque<u8>,
    due: Cycle,
}

impl Incoming {
    /// The other end begins to send `bytes`, after what it is still sending.
    pub fn push(&mut self, bytes: &[u8], now: Cycle, frame: u64) {
        if self.bytes.is_empty() {
            self.due = self.due.max(now.saturating_add(frame));
        }
        self.bytes.extend(bytes);
    }

    /// The receiver was not ready until now: the other end begins its next character now.
    pub fn restart(&mut self, now: Cycle, frame: u64) {
        self.due = self.due.max(now.saturating_add(frame));
    }

    /// The receiver's clock runs again: a character that would never have been complete begins now.
    pub fn resume(&mut self, now: Cycle, frame: u64) {
        if self.due == Cycle::MAX {
            self.due = now.saturating_add(frame);
        }
    }

    /// When the next character is complete.
    pub fn due(&self) -> Option<Cycle> {
        (!self.bytes.is_empty()).then_some(self.due)
    }

    /// Takes the character that is complete by `now`, with the time at which it was.
    pub fn take(&mut self, now: Cycle, frame: u64) -> Option<(u8, Cycle)> {
        let at = self.due;
        if at > now {
            return None;
        }
        let byte = self.bytes.pop_front()?;
        self.due = at.saturating_add(frame.max(1));
        Some((byte, at))
    }
}

/// A transmitter: a shift register and one character waiting for it.
#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Outgoing {
    /// When the character in the shift register is out.
    until: Option<Cycle>,
    /// Whether another one waits.
    waiting: bool,
}

/// What a transmitter did by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// The waiting character moved to the shift register.
    Moved,
    /// The last character is out.
    Idle,
}

impl Outgoing {
    /// Takes a character. One that waited already is lost.
    pub fn push(&mut self, now: Cycle, frame: u64) {
        if self.until.is_some() {
            self.waiting = true;
        } else {
            self.until = Some(now.saturating_add(frame.max(1)));
        }
    }

    /// Whether a character waits for the shift register.
    pub fn is_full(&self) -> bool {
        self.waiting
    }

    /// Forgets the character that waits.
    pub fn drop_waiting(&mut self) {
        self.waiting = false;
    }

    /// The clock runs again: a character that would never have been out begins now.
    pub fn resume(&mut self, now: Cycle, frame: u64) {
        if self.until == Some(Cycle::MAX) {
            self.until = Some(now.saturating_add(frame.max(1)));
        }
    }

    /// When [`Outgoing::step`] next has something to tell.
    pub fn due(&self) -> Option<Cycle> {
        self.until
    }

    /// The next thing that happened by `now`; call it until `None`.
    pub fn step(&mut self, now: Cycle, frame: u64) -> Option<Sent> {
        let at = self.until.filter(|&at| at <= now)?;
        if self.waiting {
            self.waiting = false;
            self.until = Some(at.saturating_add(frame.max(1)));
            return Some(Sent::Moved);
        }
        self.until = None;
        Some(Sent::Idle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_character_waits_for_the_first() {
        let mut line = Outgoing::default();
        line.push(0, 10);
        line.push(4, 10);
        assert!(line.is_full());
        assert_eq!(line.step(9, 10), None);
        assert_eq!(line.step(25, 10), Some(Sent::Moved));
        assert_eq!(line.step(25, 10), Some(Sent::Idle), "out at 20");
        assert_eq!(line.step(25, 10), None);
    }

    #[test]
    fn characters_arrive_one_per_frame() {
        let mut line = Incoming::default();
        line.push(b"ab", 100, 10);
        assert_eq!(line.take(109, 10), None);
        assert_eq!(line.take(130, 10), Some((b'a', 110)));
        assert_eq!(line.take(130, 10), Some((b'b', 120)));
        assert_eq!(line.due(), None);
    }
}
