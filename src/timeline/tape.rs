//! The tape: checkpoints, and between each two of them the pages that differ.
//!
//! The core stands somewhere in the interval behind checkpoint [`Tape::at`]. Left of that, each interval keeps what its
//! pages held at its *start*, so that applying it goes back; right of that, what they held at its *end*, so that applying
//! it goes forward. Applying a delta exchanges it with memory, which turns the one into the other: the tape can be run in
//! both directions, and costs only the pages in between.
//!
//! # What goes when the budget is used up
//!
//! A checkpoint is dropped by making its two intervals one; what both wrote is kept once. Those go whose going hurts least:
//! the length of the interval that a checkpoint leaves, divided by its distance from where the work is, the end of the
//! recording or the present position. So resolution falls off exponentially with distance: a budget that holds n
//! checkpoints leaves at a distance d intervals of about d * ln(d) / n. Reach is never lost: the first checkpoint always stays, and
//! any position is re-executed from the one before it. Dropping goes on until a sixteenth of the budget is free again, so
//! that the whole tape need not be looked at for each new checkpoint.
//!
//! # Gaps that nobody executed
//!
//! A keyframe of the trace file is entered by writing the pages that differ: the interval before it then has the
//! difference of its ends as its delta, and pages that it changed and changed back are missing. That is as good to go back
//! and forth with. When a checkpoint is kept inside such an interval, those pages come to light, and both halves get them.

use crate::{
    core::{Core, Memory, PageId, Pages, State},
    trace::Mark,
    words::Icount,
};

/// Distances are compared as if this many icounts were added, so that what is near stays dense.
const NEAR: Icount = 100_000;

/// A position with everything that is needed to go on from it, but memory.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// The state of the core.
    pub state: State,
    /// The place in the log.
    pub mark: Mark,
}

impl Checkpoint {
    /// The position.
    pub fn icount(&self) -> Icount {
        self.state.icount
    }

    /// About what it takes in memory, in bytes: the state and what it points to.
    const SIZE: usize = size_of::<Checkpoint>() + crate::core::STATE_HEAP_BYTES;
}

/// A checkpoint, and the delta of the interval behind it. That of the last one is always empty.
struct Segment {
    checkpoint: Checkpoint,
    delta: Pages,
}

impl Segment {
    fn icount(&self) -> Icount {
        self.checkpoint.icount()
    }

    fn size(&self) -> usize {
        Checkpoint::SIZE + self.delta.size()
    }
}

/// Checkpoints and what lies between them.
pub struct Tape {
    #[expect(
        clippy::vec_box,
        reason = "a segment has more than a KiB, and those behind move when one comes or goes"
    )]
    segments: Vec<Box<Segment>>,
    at: usize,
    bytes: usize,
    budget: usize,
    scratch: Vec<bool>,
}

impl Tape {
    /// A tape that begins where the core is, with a budget in bytes.
    pub fn new(core: &mut Core, mark: Mark, budget: usize) -> Tape {
        core.memory_mut().take_changes();
        let first =
            Segment { checkpoint: Checkpoint { state: core.state().clone(), mark }, delta: Pages::default() };
        Tape { bytes: first.size(), segments: vec![Box::new(first)], at: 0, budget, scratch: Vec::new() }
    }

    /// The number of checkpoints.
    pub fn len(&self) -> usize {
        self.segments.len()
    }

    /// Bytes used.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The checkpoint behind which the core stands.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Changes the budget, for the checkpoints that follow.
    pub fn set_budget(&mut self, bytes: usize) {
        self.budget = bytes;
    }

    /// The position of a checkpoint.
    pub fn icount(&self, index: usize) -> Icount {
        self.segments[index].icount()
    }

    /// The checkpoint behind the interval in which the core stands, if there is one.
    pub fn next_icount(&self) -> Option<Icount> {
        self.segments.get(self.at + 1).map(|segment| segment.icount())
    }

    /// The last checkpoint that is not behind a position.
    pub fn find(&self, icount: Icount) -> usize {
        self.segments.partition_point(|segment| segment.icount() <= icount).saturating_sub(1)
    }

    /// The positions of all checkpoints.
    pub fn icounts(&self) -> impl Iterator<Item = Icount> + '_ {
        self.segments.iter().map(|segment| segment.icount())
    }

    /// Every page that the intervals up to the present position changed, sorted.
    pub fn pages_written_before(&self, memory: &Memory) -> Vec<PageId> {
        self.pages_written_since(0, memory)
    }

    /// Every page that was changed from a position up to the present one, sorted; also some that were changed
    /// shortly before it.
    pub fn pages_written_since(&self, icount: Icount, memory: &Memory) -> Vec<PageId> {
        let intervals = self.segments[self.find(icount).min(self.at)..self.at].iter();
        let mut pages: Vec<PageId> = intervals.flat_map(|segment| segment.delta.ids()).copied().collect();
        pages.extend(memory.changes().ids());
        pages.sort_unstable();
        pages.dedup();
        pages
    }

    /// Keeps the present position of the core as a checkpoint. It must be in the interval behind [`Tape::at`], or exactly
    /// at its end.
    pub fn keep(&mut self, core: &mut Core, mark: Mark, end: Icount) {
        let icount = core.state().icount;
        if icount == self.segments[self.at].icount() {
            return;
        }
        // The rest of the interval keeps all of its delta: pages that only the first part wrote are the same at both ends.
        let mut rest = self.enter_next(core.memory_mut());
        if self.segments.get(self.at).is_some_and(|next| next.icount() == icount) {
            return;
        }
        if self.at < self.segments.len() {
            rest.merge_missing(&self.segments[self.at - 1].delta, &mut self.scratch);
        }
        let segment = Segment { checkpoint: Checkpoint { state: core.state().clone(), mark }, delta: rest };
        self.bytes += segment.size();
        self.segments.insert(self.at, Box::new(segment));
        self.thin(end);
    }

    /// Takes the core to a checkpoint; gives the place in the log.
    pub fn go(&mut self, core: &mut Core, index: usize) -> Mark {
        let memory = core.memory_mut();
        memory.undo_changes();
        while self.at > index {
            self.at -= 1;
            memory.swap(&mut self.segments[self.at].delta);
        }
        while self.at < index {
            memory.swap(&mut self.segments[self.at].delta);
            self.at += 1;
        }
        let checkpoint = &self.segments[index].checkpoint;
        core.set_state(checkpoint.state.clone());
        checkpoint.mark
    }

    /// The core has come to the end of its interval: it stands at the begin of the next one. Gives the delta that the
    /// interval had.
    pub fn enter_next(&mut self, memory: &mut Memory) -> Pages {
        let mut changes = memory.take_changes();
        changes.shrink_to_fit();
        let delta = &mut self.segments[self.at].delta;
        self.bytes += changes.size();
        self.bytes -= delta.size();
        self.at += 1;
        std::mem::replace(delta, changes)
    }

    /// The core has come back to the begin of its interval without the tape: it stands at the end of the one before.
    pub fn enter_previous(&mut self, memory: &mut Memory) {
        memory.undo_changes(); // of which there are none left: only pages that were written
        self.at -= 1;
        memory.reopen(&mut self.segments[self.at].delta);
    }

    fn thin(&mut self, end: Icount) {
        if self.bytes <= self.budget {
            return;
        }
        let enough = self.budget - self.budget / 16;
        while self.bytes > enough {
            let drops = self.least_useful(end);
            if drops.is_empty() {
                return;
            }
            for index in drops {
                if self.bytes > enough {
                    self.drop_checkpoint(index);
                }
            }
        }
    }

    /// Makes the interval before a checkpoint and that behind it one. The indices of those before it stay.
    fn drop_checkpoint(&mut self, index: usize) {
        let second = self.segments.remove(index);
        let first = &mut self.segments[index - 1];
        self.bytes -= second.size() + first.delta.size();
        // Behind us the older contents count, in front of us the newer ones.
        if index < self.at {
            first.delta.merge_missing(&second.delta, &mut self.scratch);
        } else {
            let older = std::mem::replace(&mut first.delta, second.delta);
            first.delta.merge_missing(&older, &mut self.scratch);
        }
        self.bytes += first.delta.size();
        if index <= self.at {
            self.at -= 1;
        }
    }

    /// Checkpoints whose loss hurts least, about a sixteenth of all but at least one, the last in time first; no two of
    /// them are neighbours. The first, the last and the one that the core stands behind stay.
    fn least_useful(&self, end: Icount) -> Vec<usize> {
        let here = self.segments[self.at].icount();
        let cost = |index: usize| {
            let gap = self.segments[index + 1].icount() - self.segments[index - 1].icount();
            let icount = self.segments[index].icount();
            let distance = here.abs_diff(icount).min(end.abs_diff(icount)) + NEAR;
            gap as f64 / distance as f64
        };
        let mut all: Vec<(f64, usize)> = (1..self.segments.len().saturating_sub(1))
            .filter(|index| *index != self.at)
            .map(|index| (cost(index), index))
            .collect();
        all.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        all.truncate((all.len() / 16).max(1));
        let mut drops: Vec<usize> = all.into_iter().map(|(_, index)| index).collect();
        drops.sort_unstable();
        let mut last = None;
        drops.retain(|index| {
            let apart = last.is_none_or(|last| *index > last + 1);
            if apart {
                last = Some(*index);
            }
            apart
        });
        drops.reverse();
        drops
    }
}
