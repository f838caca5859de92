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
    pub fn record(instructions: Icount) -> Depth {
        let fixture = Fixture::load("depth").with("depth_rounds", 0);
        let (timeline, recorded) = fixture.record(Some(instructions));
        let history = timeline.history();
        Depth { fixture, timeline, recorded, history }
    }

    /// The same with all of 256 KiB of RAM written in each million instructions, with noise.
    pub fn record_noise(instructions: Icount) -> History {
        let fixture = noise();
        fixture.record(Some(instructions)).0.history()
    }
}

/// The firmware that writes as much as it can.
pub fn noise() -> Fixture {
    Fixture::load("depth").with("depth_rounds", 0).with("depth_noise", 5)
}

/// A billion instructions, recorded once for all rows.
#[derive(Default)]
pub struct Billion(OnceCell<RefCell<Depth>>);

impl Billion {
    pub fn get(&self) -> RefMut<'_, Depth> {
        self.0.get_or_init(|| RefCell::new(Depth::record(G))).borrow_mut()
    }
}
