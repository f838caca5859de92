//! Keyframes: whole states in the trace file, so that a file just opened can be entered far from its start.
//!
//! One is written every 16 intervals. When they have taken 8 MiB, the distance doubles, and again after each further
//! 8 MiB: a run of any length costs 8 MiB for each doubling of its length at most. A recording that ends gets three
//! more near its end, where it will be opened. Shorter runs have none: they are re-executed in no time.

use serde::{Deserialize, Serialize};

use super::{Timeline, TimelineError};
use crate::{
    core::{Core, PageId, Pages, State},
    trace::{Section, SectionKind},
    words::Icount,
};

/// The distance between keyframes at first, in intervals.
const DISTANCE: Icount = 16;
/// Bytes after which the distance doubles.
const DOUBLING: u64 = 8 << 20;
/// How far before the end of a recording there are keyframes too, in intervals.
const NEAR_END: [Icount; 3] = [8, 2, 0];
/// A keyframe is entered when it saves the execution of this many intervals.
const WORTHWHILE: Icount = 2;

/// A state with all of memory, as it is kept in the trace: this, and then the bytes of the pages.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Keyframe {
    /// The digest of the core there.
    pub digest: u64,
    /// The state of the core.
    pub state: State,
    /// The pages that may differ from what they hold at reset.
    pub pages: Vec<PageId>,
}

impl Keyframe {
    /// The state of the core now, with the pages that were written so far.
    pub(super) fn encode(core: &mut Core, pages: Vec<PageId>) -> Vec<u8> {
        let copy = core.memory().copy(pages);
        let pages = copy.ids().to_vec();
        let keyframe = Keyframe { digest: core.digest(), state: core.state().clone(), pages };
        let mut bytes = postcard::to_stdvec(&keyframe).expect("plain data");
        bytes.extend_from_slice(copy.bytes());
        bytes
    }

    /// What a section holds, with the pages that [`Keyframe::pages`] names; `None` if it makes no sense.
    fn decode(bytes: &[u8]) -> Option<(Keyframe, Pages)> {
        let (mut keyframe, bytes): (Keyframe, _) = postcard::take_from_bytes(bytes).ok()?;
        let pages = Pages::from_parts(std::mem::take(&mut keyframe.pages), bytes.to_vec())?;
        Some((keyframe, pages))
    }
}

impl Timeline {
    /// Writes a keyframe if one is due here, at the present of a recording, and what the index has learnt.
    pub(super) fn write_keyframe_if_due(&mut self) -> Result<(), TimelineError> {
        let least = self.options.interval * DISTANCE;
        if !self.now().icount.is_multiple_of(least) {
            return Ok(()); // as nearly always: every distance is a multiple of the first
        }
        let bytes: u64 = self.log.sections(SectionKind::Keyframe).map(|section| section.bytes).sum();
        let distance = least << (bytes / DOUBLING).min(32);
        if self.now().icount.is_multiple_of(distance) {
            self.write_keyframe()?;
            self.write_index()?;
        }
        Ok(())
    }

    /// Writes what makes a finished recording quick to open: the rest of the index, and keyframes near the end.
    pub(super) fn write_last_sections(&mut self) -> Result<(), TimelineError> {
        self.write_index()?;
        if self.present.icount < self.options.interval * DISTANCE {
            return Ok(());
        }
        for distance in NEAR_END {
            self.seek(self.present.icount - distance * self.options.interval)?;
            self.write_keyframe()?;
        }
        Ok(())
    }

    fn write_keyframe(&mut self) -> Result<(), TimelineError> {
        let pages = self.tape.pages_written_before(self.core.memory());
        let keyframe = Keyframe::encode(&mut self.core, pages);
        Ok(self.log.add_section(SectionKind::Keyframe, self.now().icount, &keyframe)?)
    }

    fn write_index(&mut self) -> Result<(), TimelineError> {
        if let Some(piece) = self.index.take_piece() {
            self.log.add_section(SectionKind::Index, self.now().icount, &piece)?;
        }
        Ok(())
    }

    /// Takes the index out of the trace, as far as it is there. What is missing is learnt again by execution.
    pub(super) fn read_index(&mut self) {
        let sections: Vec<Section> = self.log.sections(SectionKind::Index).collect();
        for section in sections {
            let piece = self.log.read_section(section).ok();
            if piece.and_then(|piece| self.index.add_piece(&piece)).is_none() {
                break;
            }
        }
    }

    /// Goes to the last keyframe that is not behind a position, if that saves enough of the way from `near`.
    pub(super) fn enter_keyframe(&mut self, near: Icount, icount: Icount) -> bool {
        let worthwhile = near + WORTHWHILE * self.options.interval;
        if icount < worthwhile {
            return false;
        }
        let keyframes: Vec<Section> = self
            .log
            .sections(SectionKind::Keyframe)
            .filter(|section| (worthwhile..=icount).contains(&section.icount))
            .filter(|section| !self.bad_keyframes.contains(&section.icount))
            .collect();
        // One that cannot be entered is no loss: execution gives the same.
        for section in keyframes.into_iter().rev() {
            if self.restore(section) {
                return true;
            }
            self.bad_keyframes.insert(section.icount);
        }
        false
    }

    /// Takes the core to what a section holds, and keeps a checkpoint there.
    pub(super) fn restore(&mut self, section: Section) -> bool {
        let Ok(bytes) = self.log.read_section(section) else { return false };
        let Some((keyframe, pages)) = Keyframe::decode(&bytes) else { return false };
        let exist = pages.ids().iter().all(|page| *page < self.core.memory().pages());
        if keyframe.state.icount != section.icount || !keyframe.state.fits(self.core.config()) || !exist {
            return false;
        }
        let Ok(mark) = self.log.find(section.icount) else { return false };
        self.go(self.tape.find(section.icount));
        self.core.memory_mut().paste(&pages);
        self.core.set_state(keyframe.state);
        if self.core.digest() != keyframe.digest {
            self.go(self.tape.at());
            return false;
        }
        self.jumped(mark);
        self.tape.keep(&mut self.core, mark, self.present.icount);
        true
    }
}
