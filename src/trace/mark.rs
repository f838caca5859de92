//! Marks: places in the event stream.

use std::{cmp::Ordering, hash};

/// A place between two events of one [`Log`](super::Log): what is read next there is the same for ever.
///
/// A mark at the end of what exists stays valid while the log grows; what is appended next is read there. Marks of one
/// log compare by their place.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mark {
    /// The events before it.
    pub(super) event: u64,
    /// The chunk; the open one has the number after the last closed one.
    pub(super) chunk: u32,
    /// The item in the chunk.
    pub(super) item: u32,
    /// The events of the item that are before the mark: all of them if the item was the last one when the mark was
    /// taken. So (last item, all) and (next item, none) are the same place, and the former stays right when the item
    /// grows.
    pub(super) repeat: u32,
}

impl Mark {
    /// Whether nothing is before this place.
    pub fn is_start(&self) -> bool {
        self.event == 0
    }

    /// The number of events before this place.
    pub fn event_number(&self) -> u64 {
        self.event
    }
}

impl PartialEq for Mark {
    fn eq(&self, other: &Self) -> bool {
        self.event == other.event
    }
}

impl Eq for Mark {}

impl PartialOrd for Mark {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Mark {
    fn cmp(&self, other: &Self) -> Ordering {
        self.event.cmp(&other.event)
    }
}

impl hash::Hash for Mark {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.event.hash(state);
    }
}
