//! The debug registers of the system control space, as firmware sees them without a debugger (Armv7-M ARM C1.6).

use super::*;
use crate::core::{nvic::exception::DEBUG_MONITOR, scb::demcr};

/// DHCSR bits.
mod dhcsr {
    pub const C_DEBUGEN: u32 = 1 << 0;
    pub const S_REGRDY: u32 = 1 << 16;
    /// An instruction has retired since the last read.
    pub const S_RETIRE_ST: u32 = 1 << 24;
    pub const S_RESET_ST: u32 = 1 << 25;
}

/// The bits of DEMCR that can be written, but MON_PEND: the vector catches, MON_EN, MON_STEP, MON_REQ, TRCENA.
const DEMCR: u32 = 0x010d_07f1;
/// VC_SFERR, of the Security Extension.
const VC_SFERR: u32 = 1 << 11;

impl State {
    /// Armv6-M shows these registers to a debugger only (DDI 0419 C1.6).
    pub(super) fn debug_word(&self, offset: u32) -> u32 {
        if self.scb.architecture() == Architecture::V6M {
            return 0;
        }
        match offset {
            // Only a debugger sets C_DEBUGEN, and without it the other controls do nothing.
            0xdf0 => {
                let reset = if self.scb.reset_status { dhcsr::S_RESET_ST } else { 0 };
                let enabled = if self.scb.halting_debug { dhcsr::C_DEBUGEN } else { 0 };
                dhcsr::S_REGRDY | dhcsr::S_RETIRE_ST | reset | enabled
            }
            0xdfc => {
                let pending = self.nvic.is_pending(DEBUG_MONITOR);
                self.scb.demcr | if pending { demcr::MON_PEND } else { 0 }
            }
            _ => 0,
        }
    }

    pub(super) fn store_debug(&mut self, offset: u32, value: u32, now: Cycle) {
        if offset != 0xdfc || self.scb.architecture() == Architecture::V6M {
            return;
        }
        let secure = if self.scb.is_secure() { VC_SFERR } else { 0 };
        self.scb.demcr = value & (DEMCR | secure);
        let trace = value & demcr::TRCENA != 0;
        self.dwt.enable(trace, now);
        self.itm.enable(trace);
        if value & demcr::MON_PEND != 0 {
            self.nvic.set_pending(DEBUG_MONITOR); // whatever MON_EN says (C1.6.5)
        } else {
            self.nvic.clear_system_pending(DEBUG_MONITOR);
        }
    }
}
