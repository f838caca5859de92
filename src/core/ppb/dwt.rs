//! The data watchpoint and trace unit (Armv7-M ARM C1.8).

use super::*;

impl State {
    pub(super) fn dwt_word(&self, offset: u32, now: Cycle) -> u32 {
        self.dwt.read(offset, now, self.slept)
    }

    pub(super) fn store_dwt(&mut self, offset: u32, value: u32, now: Cycle) -> Effect {
        self.dwt.write(offset, value, now);
        // What the comparators watch counts for the next instruction.
        if offset < 0x20 { Effect::default() } else { Effect::PERMISSIONS }
    }
}
