//! Watched memory that the core writes itself: the frames of exceptions, and what the host answers.
//!
//! These stores pass no hook of the engines. What is watched is compared before and after instead, so a store of the
//! value that is there already goes unseen; only [`WatchKind::Access`] would care.

use super::engine::{Found, Hit, Memory, Search};
use crate::timeline::{WatchKind, Watchpoint};

/// What a search watches for stores.
#[derive(Default)]
pub struct Watched {
    watchpoints: Vec<Watchpoint>,
    /// Run on and remember the last hit.
    pub collect: bool,
    /// The last hit of a search that collects.
    pub found: Option<Hit>,
}

impl Watched {
    /// The watchpoints of a search that stores can hit.
    pub fn new(search: &Search) -> Watched {
        let stores = |watch: &&Watchpoint| watch.kind != WatchKind::Read;
        let watchpoints = search.watchpoints.iter().filter(stores).copied().collect();
        Watched { watchpoints, collect: search.collect, found: None }
    }

    /// What the watched memory holds now.
    pub fn read(&self, memory: &Memory) -> Vec<Vec<u8>> {
        self.watchpoints.iter().map(|watch| value(watch, memory)).collect()
    }

    /// The first watchpoint whose memory is not what it was.
    pub fn changed(&self, old: &[Vec<u8>], memory: &Memory) -> Option<Found> {
        let mut both = self.watchpoints.iter().zip(old);
        let (watch, _) = both.find(|(watch, old)| value(watch, memory) != **old)?;
        Some(Found::Watchpoint { address: watch.address, kind: watch.kind })
    }
}

/// At most as much as a debugger watches: nobody needs a copy of all of memory.
const MOST: u32 = 4096;

fn value(watch: &Watchpoint, memory: &Memory) -> Vec<u8> {
    let mut bytes = vec![0; watch.length.min(MOST) as usize];
    // What is not memory the core does not write.
    let _ = memory.read(watch.address, &mut bytes);
    bytes
}
