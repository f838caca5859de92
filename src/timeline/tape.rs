//! The tape: checkpoints, and between each two of them the pages that differ.
//!
//! The core stands somewhere in the interval behind checkpoint [`Tape::at`]. Left of that, each interval keeps what its
//! pages held at its *start*, so that applying it goes back; right of that, what they held at its *end*, so that applying
//! it goes forward. Applying a delta exchanges it with memory, which turns the one into the other: the tape can be run in
//! both directions, and costs only the pages in between.
//!
//! When the byte budget is used up, a checkpoint is dropped and its two intervals become one. The one that goes is the
//! one whose going hurts least: the length of the interval that it leaves, divided by its distance from where the work
//! is, the end of the recording or the present position. So resolution falls off exponentially with distance, and
//! reach is never lost: the first checkpoint always stays, and any position is re-executed from the one before it.

use crate::{
    core::{Core, Memory, Pages, State},
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

/// Checkpoints and what lies between them.
pub struct Tape {
    checkpoints: Vec<Checkpoint>,
    /// `deltas[i]` belongs to the interval between checkpoints `i` and `i + 1`; the last one is open and always empty.
    deltas: Vec<Pages>,
    at: usize,
    bytes: usize,
    budget: usize,
    scratch: Vec<bool>,
}

impl Tape {
    /// A tape that begins where the core is, with a budget in bytes.
    pub fn new(core: &mut Core, mark: Mark, budget: usize) -> Tape {
        core.memory_mut().take_changes();
        Tape {
            checkpoints: vec![Checkpoint { state: core.state().clone(), mark }],
            deltas: vec![Pages::default()],
            at: 0,
            bytes: Checkpoint::SIZE,
            budget,
            scratch: Vec::new(),
        }
    }

    /// The number of checkpoints.
    pub fn len(&self) -> usize {
        self.checkpoints.len()
    }

    /// Bytes used.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The budget in bytes.
    pub fn budget(&self) -> usize {
        self.budget
    }

    /// The checkpoint behind which the core stands.
    pub fn at(&self) -> usize {
        self.at
    }

    /// The position of a checkpoint.
    pub fn icount(&self, index: usize) -> Icount {
        self.checkpoints[index].icount()
    }

    /// The checkpoint behind the interval in which the core stands, if there is one.
    pub fn next_icount(&self) -> Option<Icount> {
        self.checkpoints.get(self.at + 1).map(Checkpoint::icount)
    }

    /// The last checkpoint that is not behind a position.
    pub fn find(&self, icount: Icount) -> usize {
        self.checkpoints.partition_point(|checkpoint| checkpoint.icount() <= icount).saturating_sub(1)
    }

    /// The longest interval between two checkpoints, or from the last one to `end`.
    pub fn longest_interval(&self, end: Icount) -> Icount {
        let last = end.saturating_sub(self.checkpoints[self.checkpoints.len() - 1].icount());
        self.checkpoints.windows(2).map(|pair| pair[1].icount() - pair[0].icount()).fold(last, Icount::max)
    }

    /// Whether a closed interval wrote any of these pages. An open interval may have.
    pub fn may_write(&self, index: usize, memory: &Memory, addresses: &[u32]) -> bool {
        if index + 1 >= self.checkpoints.len() {
            return true;
        }
        let mut wanted = addresses.iter().filter_map(|address| memory.page(*address));
        wanted.any(|page| self.deltas[index].ids().contains(&page))
    }

    /// Keeps the present position of the core as a checkpoint. It must be in the interval behind [`Tape::at`], or exactly
    /// at its end.
    pub fn keep(&mut self, core: &mut Core, mark: Mark, end: Icount) {
        let icount = core.state().icount;
        if icount == self.checkpoints[self.at].icount() {
            return;
        }
        let changes = core.memory_mut().take_changes();
        self.bytes += changes.size();
        if self.next_icount() == Some(icount) {
            self.bytes -= self.deltas[self.at].size();
            self.deltas[self.at] = changes;
            self.at += 1;
            return;
        }
        // The rest of the interval keeps all of its delta: pages that only the first part wrote are the same at both ends.
        let rest = std::mem::replace(&mut self.deltas[self.at], changes);
        self.at += 1;
        self.checkpoints.insert(self.at, Checkpoint { state: core.state().clone(), mark });
        self.deltas.insert(self.at, rest);
        self.bytes += Checkpoint::SIZE;
        self.thin(end);
    }

    /// Takes the core to a checkpoint; gives the place in the log.
    pub fn go(&mut self, core: &mut Core, index: usize) -> Mark {
        let memory = core.memory_mut();
        memory.undo_changes();
        while self.at > index {
            self.at -= 1;
            memory.swap(&mut self.deltas[self.at]);
        }
        while self.at < index {
            memory.swap(&mut self.deltas[self.at]);
            self.at += 1;
        }
        let checkpoint = &self.checkpoints[index];
        core.set_state(checkpoint.state.clone());
        checkpoint.mark
    }

    /// The core has come to the end of its interval without the tape: it stands at the begin of the next one.
    pub fn enter_next(&mut self, memory: &mut Memory) {
        let changes = memory.take_changes();
        self.bytes += changes.size();
        self.bytes -= self.deltas[self.at].size();
        self.deltas[self.at] = changes;
        self.at += 1;
    }

    /// The core has come back to the begin of its interval without the tape: it stands at the end of the one before.
    pub fn enter_previous(&mut self, memory: &mut Memory) {
        memory.undo_changes(); // of which there are none left: only pages that were written
        self.at -= 1;
        memory.reopen(&mut self.deltas[self.at]);
    }

    fn thin(&mut self, end: Icount) {
        while self.bytes > self.budget {
            let Some(index) = self.least_useful(end) else { return };
            let (left, right) = (index - 1, index);
            let second = self.deltas.remove(right);
            self.checkpoints.remove(index);
            self.bytes -= Checkpoint::SIZE + second.size() + self.deltas[left].size();
            // Behind us the older contents count, in front of us the newer ones.
            if index < self.at {
                self.deltas[left].merge_missing(&second, &mut self.scratch);
            } else {
                let first = std::mem::replace(&mut self.deltas[left], second);
                self.deltas[left].merge_missing(&first, &mut self.scratch);
            }
            self.bytes += self.deltas[left].size();
            if index <= self.at {
                self.at -= 1;
            }
        }
    }

    /// The checkpoint whose loss hurts least. The first, the last and the one that the core stands behind stay.
    fn least_useful(&self, end: Icount) -> Option<usize> {
        let here = self.checkpoints[self.at].icount();
        let cost = |index: usize| {
            let gap = self.checkpoints[index + 1].icount() - self.checkpoints[index - 1].icount();
            let icount = self.checkpoints[index].icount();
            let distance = here.abs_diff(icount).min(end.abs_diff(icount)) + NEAR;
            gap as f64 / distance as f64
        };
        (1..self.checkpoints.len().saturating_sub(1))
            .filter(|index| *index != self.at)
            .min_by(|a, b| cost(*a).total_cmp(&cost(*b)))
    }
}
