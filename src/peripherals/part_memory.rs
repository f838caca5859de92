//! The memory of a part that is attached: erased, but for what was written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Bytes that are kept together.
const PAGE: u32 = 256;
const ERASED: u8 = 0xff;

/// Bytes by their addresses. What was never written is erased, and costs nothing in a saved state.
#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct PartMemory(BTreeMap<u32, Vec<u8>>);

impl PartMemory {
    pub fn read(&self, address: u32) -> u8 {
        let page = self.0.get(&(address / PAGE));
        page.and_then(|page| page.get((address % PAGE) as usize)).copied().unwrap_or(ERASED)
    }

    pub fn write(&mut self, address: u32, byte: u8) {
        if self.read(address) == byte {
            return;
        }
        let page = self.0.entry(address / PAGE).or_default();
        page.resize(PAGE as usize, ERASED);
        page[(address % PAGE) as usize] = byte;
        if page.iter().all(|byte| *byte == ERASED) {
            self.0.remove(&(address / PAGE));
        }
    }

    /// Erases whole pages: `first` and `size` are multiples of 256.
    pub fn erase(&mut self, first: u32, size: u32) {
        let pages = first / PAGE..first.saturating_add(size) / PAGE;
        self.0.retain(|page, _| !pages.contains(page));
    }

    pub fn erase_all(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn erased_pages_are_forgotten() {
        let mut memory = PartMemory::default();
        memory.write(0x1ff, 1);
        memory.write(0x200, 2);
        memory.write(0x400, 4);
        memory.erase(0x200, 0x200);
        assert_eq!((memory.read(0x1ff), memory.read(0x200), memory.read(0x400)), (1, 0xff, 4));
        memory.write(0x1ff, 0xff);
        memory.erase_all();
        assert_eq!(memory, PartMemory::default());
    }
}
