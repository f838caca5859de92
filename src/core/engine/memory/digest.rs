//! A digest of memory, and what tells which page differs.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::{Memory, PageId};

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

impl Memory {
    /// Whether a page was ever written since power-up. All others hold what they held then.
    pub fn was_written(&self, page: PageId) -> bool {
        self.hashes[page as usize].is_some()
    }

    /// A digest of all of memory. Costs only the pages written since it was last asked.
    pub fn digest(&mut self) -> MemoryDigest {
        for page in std::mem::take(&mut self.unhashed) {
            let index = page as usize;
            let hash = self.hash(page);
            let old = self.hashes[index].replace(hash).unwrap_or(hash);
            self.digest.replace(page, old, hash);
            // Stores to a dirty page go unseen: its hash is good for this once.
            self.is_unhashed[index] = self.dirty[index];
            if self.dirty[index] {
                self.unhashed.push(page);
            }
        }
        self.digest
    }

    fn hash(&self, page: PageId) -> u64 {
        xxh3_64_with_seed(&self.page_bytes(page), page.into())
    }

    /// A page is about to change.
    pub(super) fn forget_hash(&mut self, page: PageId) {
        let index = page as usize;
        if self.hashes[index].is_none() {
            self.hashes[index] = Some(self.hash(page));
        }
        if !std::mem::replace(&mut self.is_unhashed[index], true) {
            self.unhashed.push(page);
        }
    }
}
