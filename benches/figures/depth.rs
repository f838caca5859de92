//! The long run that is travelled through: firmware `depth`, which has landmarks.

use std::cell::{OnceCell, RefCell, RefMut};

use untick::{
    timeline::{History, Timeline},
    words::Icount,
};

use super::fixture::{Fixture, Recorded};

/// Million, billion: of instructions.
pub const M: Icount = 1_000_000;
pub const G: Icount = 1000 * M;

/// What the firmware does to memory.
#[derive(Clone, Copy)]
pub enum Memory {
    /// It works with little more than a KiB.
    Ordinary,
    /// In each million instructions it fills 256 KiB with noise, besides.
    Noise,
}

impl Memory {
    /// The firmware that does it for ever.
    pub fn fixture(self) -> Fixture {
        let fixture = Fixture::load("depth").with("depth_rounds", 0);
        match self {
            Memory::Ordinary => fixture,
            Memory::Noise => fixture.with("depth_noise", 5),
        }
    }

    /// What a row says about it.
    pub fn text(self) -> &'static str {
        match self {
            Memory::Ordinary => "ordinary",
            Memory::Noise => "256 KiB of noise written in each M",
        }
    }
}

/// A finished recording of so many instructions, in a file and with its timeline.
pub struct Depth {
    pub fixture: Fixture,
    pub timeline: Timeline,
    pub recorded: Recorded,
    /// What the timeline held when the recording was over.
    pub history: History,
}

impl Depth {
    /// Records it.
    pub fn record(memory: Memory, instructions: Icount) -> Depth {
        let fixture = memory.fixture();
        let (timeline, recorded) = fixture.record(Some(instructions));
        let history = timeline.history();
        Depth { fixture, timeline, recorded, history }
    }
}

/// A billion instructions of a kind, recorded once for all rows.
pub struct Billion {
    memory: Memory,
    recorded: OnceCell<RefCell<Depth>>,
}

impl Billion {
    pub fn of(memory: Memory) -> Billion {
        Billion { memory, recorded: OnceCell::new() }
    }

    pub fn get(&self) -> RefMut<'_, Depth> {
        self.recorded.get_or_init(|| RefCell::new(Depth::record(self.memory, G))).borrow_mut()
    }
}
