//! What a trace holds, in numbers, and how it ended.

use serde::{Deserialize, Serialize};

use super::chunk::{Channel, Chunk};
use crate::{
    pins::Event,
    timeline::Outcome,
    words::{Moment, Nanoseconds},
};

/// How a recorded run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// The last moment of the run.
    pub at: Moment,
    /// The virtual time in seconds at that moment.
    pub time: Nanoseconds,
    /// Why it ended.
    pub outcome: Outcome,
    /// The digest of the core's state at that moment.
    pub digest: u64,
}

/// The number of events of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Reads from peripherals that were answered.
    pub reads: u64,
    /// Writes to peripherals that were taken.
    pub writes: u64,
    /// Reads and writes that were bus faults.
    pub bus_faults: u64,
    /// Changes of interrupt lines.
    pub lines: u64,
    /// Sleeps that the pins ended.
    pub sleeps: u64,
    /// Writes of memory by DMA or a debugger.
    pub memory: u64,
    /// Semihosting calls.
    pub host: u64,
    /// Deliveries of bytes from the host.
    pub inputs: u64,
    /// Resets of the chip.
    pub resets: u64,
    /// Digests of the core's state.
    pub digests: u64,
    /// Changes of the core clock.
    pub clocks: u64,
    /// Output that no write tells of.
    pub outputs: u64,
}

impl Counts {
    /// As format 3 has them.
    pub(super) fn without_clocks_and_outputs(counts: [u64; 10]) -> Counts {
        let [reads, writes, bus_faults, lines, sleeps, memory, host, inputs, resets, digests] = counts;
        Counts {
            reads,
            writes,
            bus_faults,
            lines,
            sleeps,
            memory,
            host,
            inputs,
            resets,
            digests,
            clocks: 0,
            outputs: 0,
        }
    }

    /// All kinds, by the name that a user reads.
    pub fn named(&self) -> [(&'static str, u64); 12] {
        [
            ("reads", self.reads),
            ("writes", self.writes),
            ("bus faults", self.bus_faults),
            ("interrupt lines", self.lines),
            ("sleeps", self.sleeps),
            ("memory writes", self.memory),
            ("host calls", self.host),
            ("inputs", self.inputs),
            ("resets", self.resets),
            ("digests", self.digests),
            ("clock changes", self.clocks),
            ("outputs", self.outputs),
        ]
    }

    /// Adds the events of a chunk.
    pub(super) fn add(&mut self, chunk: &Chunk) {
        for item in chunk.items() {
            let count = match item.channel {
                Channel::Read { .. } => &mut self.reads,
                Channel::Write { .. } => &mut self.writes,
                Channel::ReadFault { .. } | Channel::WriteFault { .. } => &mut self.bus_faults,
                Channel::Raised { .. } | Channel::Lowered { .. } => &mut self.lines,
                Channel::Sleep => &mut self.sleeps,
                Channel::BareDigest | Channel::Digest => &mut self.digests,
                Channel::Reset => &mut self.resets,
                Channel::Rare => match chunk.rare(item) {
                    Some(Event::Host { .. }) => &mut self.host,
                    Some(Event::Input { .. }) => &mut self.inputs,
                    Some(Event::Clock { .. }) => &mut self.clocks,
                    Some(Event::Output { .. }) => &mut self.outputs,
                    _ => &mut self.memory,
                },
            };
            *count = count.saturating_add(item.count.into());
        }
    }
}

/// What a trace holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The number of events, without those that are lost because of [`Log::damage`](super::Log::damage).
    pub events: u64,
    /// The events by kind: those of the whole run if it has an end record, else those that can be read. `None` if that
    /// is too much to decode.
    pub counts: Option<Counts>,
    /// The virtual time in seconds that the run has reached. `None` if that is too much to decode.
    pub time: Option<Nanoseconds>,
    /// Chunks, without the open one.
    pub chunks: u32,
    /// Chunks that cannot be decoded; only looked for when the trace has no end record.
    pub damaged_chunks: u32,
    /// Size of the whole trace so far in bytes, without the open chunk.
    pub bytes: u64,
    /// What the chunks take of it, in bytes.
    pub chunk_bytes: u64,
    /// Keyframes.
    pub keyframes: Share,
    /// Pieces of the index.
    pub index: Share,
    /// Lists of bookmarks.
    pub bookmarks: Share,
}

/// What sections of one kind take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// How many there are.
    pub number: u64,
    /// Their size in the file, in bytes.
    pub bytes: u64,
}

impl Summary {
    /// The average size of an event in the trace, in bytes.
    pub fn bytes_per_event(&self) -> Option<f64> {
        (self.events != 0).then(|| self.chunk_bytes as f64 / self.events as f64)
    }
}
