//! Wires between peripherals, and the signals on their way.

use std::collections::VecDeque;

use crate::peripherals::{Frequency, Level};

/// Some neighbouring outputs of one peripheral that lead to neighbouring inputs of another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// The first output.
    pub output: u32,
    /// How many.
    pub count: u32,
    /// The slot of the other one.
    pub to: usize,
    /// Its first input.
    pub input: u32,
}

impl Link {
    /// The input that an output leads to.
    pub fn input_of(&self, output: u32) -> Option<u32> {
        output.checked_sub(self.output).filter(|index| *index < self.count).map(|index| self.input + index)
    }
}

/// Something that a peripheral is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Wire { slot: usize, input: u32, level: Level },
    Clock { slot: usize, frequency: Frequency },
}

/// What has been sent and has not arrived.
#[derive(Clone, Debug, Default)]
pub(super) struct Signals(VecDeque<Signal>);

impl Signals {
    /// Sends to every link what has changed of a peripheral's outputs.
    pub fn changed(&mut self, links: &[Link], old: u64, new: u64) {
        for link in links.iter().filter(|_| old != new) {
            let mask = 1_u64.checked_shl(link.count).map_or(u64::MAX, |above| above - 1);
            let mut changed = (old ^ new) & mask.checked_shl(link.output).unwrap_or(0);
            while changed != 0 {
                let output = changed.trailing_zeros();
                changed &= changed - 1;
                let level = if new >> output & 1 != 0 { Level::High } else { Level::Low };
                let input = link.input + output - link.output;
                self.0.push_back(Signal::Wire { slot: link.to, input, level });
            }
        }
    }

    /// Sends a pulse of an output to every link.
    pub fn pulse(&mut self, links: &[Link], output: u32) {
        for link in links {
            if let Some(input) = link.input_of(output) {
                self.0.push_back(Signal::Wire { slot: link.to, input, level: Level::Pulse });
            }
        }
    }

    pub fn push(&mut self, signal: Signal) {
        self.0.push_back(signal);
    }

    pub fn take(&mut self) -> Option<Signal> {
        self.0.pop_front()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}
