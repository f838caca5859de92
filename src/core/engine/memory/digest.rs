//! A digest of memory, and what tells which page differs.

use serde::{Deserialize, Serialize};

use super::PageId;

/// A digest of all of memory, that also tells where two memories differ. Every part is a sum over the pages: by how much
/// their hashes exceed those that they had at first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryDigest {
    /// Of the hashes.
    pub sum: u64,
    /// Of the low words of the hashes, each times the number of its page: where one page differs, the difference is
    /// that of `sum` times its number.
    pub weighted: u32,
    /// Of the low bytes of the hashes, for the pages whose numbers have the same remainder.
    pub buckets: [u8; 8],
}

impl MemoryDigest {
    /// The bucket of a page.
    pub fn bucket(page: PageId) -> usize {
        page as usize % 8
    }

    /// A page whose hash was `old` has now another one.
    pub(super) fn replace(&mut self, page: PageId, old: u64, new: u64) {
        let more = new.wrapping_sub(old);
        self.sum = self.sum.wrapping_add(more);
        self.weighted = self.weighted.wrapping_add(page.wrapping_mul(more as u32));
        let bucket = &mut self.buckets[MemoryDigest::bucket(page)];
        *bucket = bucket.wrapping_add(more as u8);
    }
}
