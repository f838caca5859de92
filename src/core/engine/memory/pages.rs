//! The contents of pages, kept apart from memory.

use super::{PAGE, PageId};

/// The contents of some pages at some position of the run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pages {
    pub(super) ids: Vec<PageId>,
    pub(super) bytes: Vec<u8>,
}

impl Pages {
    /// The pages, in the order in which they were first written.
    pub fn ids(&self) -> &[PageId] {
        &self.ids
    }

    /// Pages by their ids and all their bytes, one after the other; `None` if these are not as many.
    pub fn from_parts(ids: Vec<PageId>, bytes: Vec<u8>) -> Option<Pages> {
        (bytes.len() == ids.len() * PAGE as usize).then_some(Pages { ids, bytes })
    }

    /// The bytes of all pages, one after the other.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Each page with its bytes, in that order.
    pub fn iter(&self) -> impl Iterator<Item = (PageId, &[u8])> {
        self.ids.iter().copied().zip(self.bytes.chunks_exact(PAGE as usize))
    }

    /// Memory that this takes, in bytes.
    pub fn size(&self) -> usize {
        self.ids.len() * (PAGE as usize + size_of::<PageId>())
    }

    /// Gives back memory that nothing is in.
    pub fn shrink_to_fit(&mut self) {
        self.ids.shrink_to_fit();
        self.bytes.shrink_to_fit();
    }

    /// Adds the pages of `other` that are not here yet.
    pub fn merge_missing(&mut self, other: &Pages, seen: &mut Vec<bool>) {
        for &id in &self.ids {
            let id = id as usize;
            if seen.len() <= id {
                seen.resize(id + 1, false);
            }
            seen[id] = true;
        }
        for (&id, bytes) in other.ids.iter().zip(other.bytes.chunks_exact(PAGE as usize)) {
            if !seen.get(id as usize).copied().unwrap_or(false) {
                self.ids.push(id);
                self.bytes.extend_from_slice(bytes);
            }
        }
        for &id in &self.ids {
            if let Some(mark) = seen.get_mut(id as usize) {
                *mark = false;
            }
        }
    }
}
