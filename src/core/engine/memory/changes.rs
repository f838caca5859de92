//! What changed since the last checkpoint.

use super::{Memory, PAGE, PageId, Pages};

impl Memory {
    /// Whether a page was written since the last checkpoint.
    pub fn is_dirty(&self, page: PageId) -> bool {
        self.dirty[page as usize]
    }

    /// Keeps what a page holds now, because it is about to be written for the first time since the last checkpoint.
    pub fn mark_dirty(&mut self, page: PageId) {
        let index = page as usize;
        if self.dirty[index] {
            return;
        }
        self.dirty[index] = true;
        self.forget_hash(page);
        let start = self.before.bytes.len();
        self.before.bytes.resize(start + PAGE as usize, 0);
        let mut bytes = std::mem::take(&mut self.before.bytes);
        self.copy_page(page, &mut bytes[start..]);
        self.before.bytes = bytes;
        self.before.ids.push(page);
    }

    /// Begins a new interval; gives what the pages written in the last one held at its start.
    pub fn take_changes(&mut self) -> Pages {
        for &page in &self.before.ids {
            self.dirty[page as usize] = false;
            // Only the engine that wrote it knows, and nobody will remember.
            if self.code[page as usize] {
                self.stale_code.push(page);
            }
        }
        self.epoch += 1;
        std::mem::take(&mut self.before)
    }

    /// What [`Memory::take_changes`] would give.
    pub fn changes(&self) -> &Pages {
        &self.before
    }

    /// Bytes that [`Memory::take_changes`] would give.
    pub fn changes_size(&self) -> usize {
        self.before.size()
    }

    /// The opposite of [`Memory::take_changes`], right behind another one: the interval whose changes these are goes on.
    /// `pages` becomes what they hold now.
    pub fn reopen(&mut self, pages: &mut Pages) {
        debug_assert!(self.before.ids.is_empty(), "nothing has changed yet");
        self.before = pages.clone();
        for (&page, bytes) in pages.ids.iter().zip(pages.bytes.chunks_exact_mut(PAGE as usize)) {
            self.copy_page(page, bytes);
            self.dirty[page as usize] = true;
            self.forget_hash(page);
        }
    }

    /// Exchanges the contents of pages: a delta that was applied becomes the delta that undoes it.
    pub fn swap(&mut self, pages: &mut Pages) {
        let mut old = vec![0; PAGE as usize];
        for (&page, bytes) in pages.ids.iter().zip(pages.bytes.chunks_exact_mut(PAGE as usize)) {
            self.forget_hash(page);
            self.copy_page(page, &mut old);
            // SAFETY: as in `copy_page`, the other way around.
            unsafe {
                std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.pointer(page).as_ptr(), bytes.len())
            };
            bytes.copy_from_slice(&old);
            if self.code[page as usize] {
                self.stale_code.push(page);
            }
        }
    }

    /// Undoes everything since the last checkpoint.
    pub fn undo_changes(&mut self) {
        let mut changes = self.take_changes();
        self.swap(&mut changes);
    }
}
