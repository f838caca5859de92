//! The instrumentation trace macrocell (Armv7-M ARM C1.7).

use super::*;

impl State {
    pub(super) fn itm_word(&self, offset: u32) -> u32 {
        match offset {
            // A stimulus port: the FIFO takes another word.
            0x000..=0x07c if self.scb.architecture() != Architecture::V6M => 1,
            _ => 0,
        }
    }
}
