//! The debug probe of a live machine: it finds the rings of RTT, and moves bytes at fixed virtual times.
//!
//! What it writes to memory is in the log like what a bus master writes, so a replay needs no probe. It looks
//! often while there is something to take and rarely while there is nothing, and never wakes a core: while that sleeps
//! nothing is written.

use std::{collections::BTreeMap, ops::Range};

use super::{
    master::Master,
    rtt::{Channels, Rtt},
};
use crate::{
    core::{Config, RegionKind},
    defmt::Decoder,
    image::Image,
    words::Cycle,
};

/// What the firmware calls its control block, in SEGGER's sources and in all others that want to be found quickly.
const SYMBOL: &str = "_SEGGER_RTT";

/// The channel that carries text by convention, and what defmt sends.
const TEXT: u32 = 0;

/// While bytes come the probe looks so many times a millisecond.
const BUSY: u64 = 8;

/// All of RAM is searched at intervals that grow up to this, in milliseconds.
const LONGEST_SEARCH: u64 = 64;

/// A debug probe that knows RTT.
#[derive(Clone, Debug)]
pub(super) struct Probe {
    rtt: Rtt,
    ram: Vec<Range<u32>>,
    /// Where the control block is, if the firmware has a name for it.
    symbol: Option<u32>,
    /// What channel 0 carries, if it is not text.
    defmt: Option<Decoder>,
    millisecond: u64,
    /// The time between two looks.
    wait: u64,
    next: Cycle,
    /// How much of what is not taken yet was shown, by channel.
    shown: BTreeMap<u32, usize>,
    found: Option<Channels>,
}

/// What an up channel has sent.
pub(super) struct Text {
    channel: u32,
    pub bytes: Vec<u8>,
    shown: usize,
}

impl Text {
    /// The name of the sender.
    pub fn sender(&self) -> String {
        format!("rtt{}", self.channel)
    }

    /// What was not shown before.
    pub fn unseen(&self) -> &[u8] {
        self.bytes.get(self.shown..).unwrap_or_default()
    }
}

/// The down channel that goes by a name.
pub(super) fn channel(device: &str) -> Option<u32> {
    device.strip_prefix("rtt")?.parse().ok()
}

impl Probe {
    /// A probe for a chip with a firmware.
    pub fn new(config: &Config, image: &Image) -> Probe {
        let ram = config.regions.iter().filter(|region| region.kind == RegionKind::Ram);
        let ram = ram.flat_map(|region| {
            let places = std::iter::once(&region.base).chain(&region.aliases);
            places.map(|&base| base..base.saturating_add(region.size))
        });
        let ram: Vec<Range<u32>> = ram.collect();
        let millisecond = u64::from(config.clock_hz / 1000).max(BUSY);
        Probe {
            rtt: Rtt::new(ram.clone()),
            ram,
            symbol: image.variable(SYMBOL),
            defmt: Decoder::of(image),
            millisecond,
            wait: millisecond,
            next: millisecond,
            shown: BTreeMap::new(),
            found: None,
        }
    }

    /// When [`Probe::poll`] is wanted next.
    pub fn due(&self) -> Cycle {
        self.next
    }

    /// Whether the rings have been found.
    pub fn has_rings(&self) -> bool {
        self.rtt.block().is_some()
    }

    /// What has been found since the last call.
    pub fn take_found(&mut self) -> Option<Channels> {
        self.found.take()
    }

    /// Keeps bytes for the firmware.
    pub fn send(&mut self, channel: u32, bytes: &[u8]) {
        self.rtt.send(channel, bytes);
    }

    /// Looks, if it is time; gives what the firmware has sent.
    pub fn poll(&mut self, now: Cycle, memory: &mut Master<'_>) -> Vec<Text> {
        if now < self.next {
            return Vec::new();
        }
        let had_rings = self.has_rings();
        let mut attached = self.rtt.is_attached(memory);
        if had_rings && !attached {
            self.shown.clear();
        }
        if !attached && let Some(block) = self.search(memory) {
            self.found = self.rtt.attach(block, memory);
            attached = self.found.is_some();
        }
        let texts = self.take(memory);
        self.wait = match attached {
            true if texts.is_empty() => self.millisecond,
            true => self.millisecond / BUSY,
            false if self.symbol.is_some() => self.millisecond,
            false => (2 * self.wait).min(LONGEST_SEARCH * self.millisecond),
        };
        self.next = now.saturating_add(self.wait);
        texts
    }

    /// Takes what the firmware has sent and passes on what waits for it.
    pub fn take(&mut self, memory: &mut Master<'_>) -> Vec<Text> {
        let taken = self.rtt.take(memory).into_iter();
        let texts = taken.map(|(channel, bytes)| {
            let bytes = match &mut self.defmt {
                Some(decoder) if channel == TEXT => decoder.decode(&bytes),
                _ => bytes,
            };
            Text { channel, bytes, shown: self.shown.remove(&channel).unwrap_or(0) }
        });
        let texts = texts.collect();
        self.rtt.give(memory);
        texts
    }

    /// What the firmware has sent and [`Probe::take`] has not given yet, without a trace of having looked.
    pub fn show(&mut self, memory: &mut Master<'_>) -> Vec<Text> {
        let Some(block) = self.rtt.block().or_else(|| self.search(memory)) else { return Vec::new() };
        let peeked = self.rtt.peek(block, memory).into_iter();
        let texts = peeked.map(|(channel, bytes)| {
            let bytes = match self.defmt.clone() {
                Some(mut decoder) if channel == TEXT => decoder.decode(&bytes),
                _ => bytes,
            };
            let shown = self.shown.insert(channel, bytes.len()).unwrap_or(0);
            Text { channel, bytes, shown }
        });
        texts.collect()
    }

    /// The chip is reset: whatever the firmware was about to send, it begins anew.
    pub fn reset(&mut self) {
        if let Some(decoder) = &mut self.defmt {
            decoder.reset();
        }
        self.wait = self.millisecond;
        self.shown.clear();
    }

    fn search(&self, memory: &mut Master<'_>) -> Option<u32> {
        let mut attached = Rtt::clone(&self.rtt);
        if let Some(symbol) = self.symbol {
            return attached.attach(symbol, memory).map(|_| symbol);
        }
        self.ram.iter().find_map(|range| self.rtt.search(memory.written_pages(range), memory))
    }
}
