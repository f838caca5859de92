//! What an icount changes of memory, found by comparison: whoever wrote it, the core, a bus master or the host.

use crate::{
    core::{Memory, PAGE, PageId},
    words::differing_words,
};

type Bytes = [u8; PAGE as usize];

/// What the pages that changed since the last checkpoint held one icount ago.
pub struct Shadow {
    /// In the order in which memory has them.
    pages: Vec<(PageId, Box<Bytes>)>,
}

impl Shadow {
    /// What memory holds now.
    pub fn new(memory: &Memory) -> Shadow {
        let now = |(page, _)| (page, Box::new(memory.page_bytes(page)));
        Shadow { pages: memory.changes().iter().map(now).collect() }
    }

    /// The words that changed since the last time: their addresses, and the bits that differ.
    pub fn changes(&mut self, memory: &Memory) -> Box<[(u32, u32)]> {
        // A page that was not written before held what the checkpoint knows.
        let new = memory.changes().iter().skip(self.pages.len());
        self.pages.extend(
            new.map(|(page, bytes)| {
                (page, Box::new(bytes.try_into().expect("a page has the size of a page")))
            }),
        );
        let mut words = Vec::new();
        for (page, old) in &mut self.pages {
            let now = memory.page_bytes(*page);
            if **old == now {
                continue; // as nearly all do: so many are compared at once
            }
            let address = memory.page_address(*page);
            let changed = differing_words(&old[..], &now);
            words.extend(changed.map(|(offset, old, now)| (address + offset, old ^ now)));
            **old = now;
        }
        words.into_boxed_slice()
    }
}
