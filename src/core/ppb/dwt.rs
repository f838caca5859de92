//! The data watchpoint and trace unit (Armv7-M ARM C1.8).

use super::*;

impl State {
    pub(super) fn dwt_word(&self, offset: u32, now: Cycle) -> u32 {
        match offset {
            0x000 if self.scb.architecture() == Architecture::V6M => 0,
            0x000 => 0x4000_0000 | self.scb.dwt_ctrl,
            0x004 => self.scb.cyccnt(now),
            _ => 0,
        }
    }

    pub(super) fn store_dwt(&mut self, offset: u32, value: u32, now: Cycle) {
        if self.scb.architecture() == Architecture::V6M {
            return; // no cycle counter (DDI 0419 C1.8)
        }
        match offset {
            0x000 => self.scb.set_trace_control(self.scb.demcr, value & 0x007f_1fff, now),
            0x004 => self.scb.set_cyccnt(value, now),
            _ => {}
        }
    }
}
