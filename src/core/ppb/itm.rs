//! The instrumentation trace macrocell (Armv7-M ARM C1.7).

use super::*;

impl State {
    /// Armv6-M has none.
    pub(super) fn itm_word(&self, offset: u32) -> u32 {
        if self.scb.architecture() == Architecture::V6M { 0 } else { self.itm.read(offset) }
    }

    pub(super) fn store_itm(&mut self, offset: u32, value: u32) {
        if self.scb.architecture() != Architecture::V6M {
            self.itm.write(offset, value);
        }
    }
}
