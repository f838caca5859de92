//! The registers of the floating-point unit (Armv7-M ARM B3.2.21 to B3.2.23; Armv8-M ARM D1.2).

use super::*;
use crate::core::{CoreKind, scb::fpccr};

/// MVFR0 to MVFR2 (DDI 0439 4.2, DDI 0489 3.3, 100230 B2.2).
fn media_features(kind: CoreKind) -> [u32; 3] {
    match kind {
        CoreKind::CortexM4F => [0x1011_0021, 0x1100_0011, 0],
        CoreKind::CortexM7F | CoreKind::CortexM33F => [0x1011_0021, 0x1100_0011, 0x40],
        CoreKind::CortexM7Dp => [0x1011_0221, 0x1200_0011, 0x40],
        _ => [0; 3],
    }
}

impl State {
    pub(super) fn fpu_word(&self, offset: u32) -> u32 {
        match offset {
            0xf34 => self.scb.fpccr,
            0xf38 => self.scb.fpcar,
            0xf3c => self.scb.fpdscr,
            0xf40..=0xf48 => media_features(self.scb.kind())[(offset as usize - 0xf40) / 4],
            _ => 0,
        }
    }

    pub(super) fn store_fpu(&mut self, offset: u32, value: u32) -> Effect {
        let scb = &mut self.scb;
        if !scb.has_fpu() {
            return Effect::default();
        }
        match offset {
            0xf34 => {
                use fpccr::*;
                let all = LSPACT | USER | THREAD | HFRDY | MMRDY | BFRDY | MONRDY | LSPEN | ASPEN;
                let v8 = SPLIMVIOL | UFRDY | CLRONRET;
                let mask = match (scb.architecture(), scb.is_secure()) {
                    (Architecture::V8M, true) => all | v8 | S | TS | 1 << 7 | 1 << 27 | 1 << 29, // SFRDY, CLRONRETS, LSPENS
                    (Architecture::V8M, false) => all | v8,
                    _ => all,
                };
                scb.fpccr = value & mask;
                return Effect::PERMISSIONS; // what floating-point instructions have to do first may have changed
            }
            0xf38 => scb.fpcar = value & !7,
            0xf3c => scb.fpdscr = value & 0x07c0_0000,
            _ => {}
        }
        Effect::default()
    }
}
