//! ICTR, ACTLR, SysTick, the NVIC and STIR (Armv7-M ARM B3.2.24 to B3.2.26, B3.3, B3.4).

use super::*;
use crate::core::{CoreKind, nvic::exception::EXTERNAL};

impl State {
    pub(super) fn nvic_word(&self, offset: u32, now: Cycle) -> u32 {
        let nvic = &self.nvic;
        let index = (offset as usize & 0x7f) / 4;
        match offset {
            // ICTR; Armv6-M has none.
            0x004 if self.scb.architecture() == Architecture::V6M => 0,
            0x004 => u32::from(nvic.interrupts().div_ceil(32)).saturating_sub(1),
            0x008 => self.scb.actlr,
            // CPPWR (Armv8-M): no coprocessor ever loses its state.
            0x00c => 0,
            0x010 => self.systick.csr(),
            0x014 => self.systick.rvr(),
            0x018 => self.systick.cvr(now),
            0x01c => self.systick.calib(),
            0x100..=0x11c | 0x180..=0x19c => nvic.enabled[index % 32],
            0x200..=0x21c | 0x280..=0x29c => nvic.pending[index % 32],
            // NVIC_IABR; Armv6-M has none.
            0x300..=0x31c if self.scb.architecture() != Architecture::V6M => nvic.active[index],
            0x400..=0x4ec => {
                let irq = (offset - 0x400) as usize;
                u32::from_le_bytes([0, 1, 2, 3].map(|byte| nvic.priority(irq + byte)))
            }
            _ => 0,
        }
    }

    pub(super) fn store_nvic(&mut self, offset: u32, value: u32, now: Cycle) {
        let index = (offset as usize & 0x1f) / 4;
        let existing = self.nvic.existing(index);
        let nvic = &mut self.nvic;
        match offset {
            0x008 => self.scb.actlr = value & auxiliary_control(self.scb.kind()),
            0x010 => self.systick.write_csr(value, now),
            0x014 => self.systick.write_rvr(value, now),
            0x018 => self.systick.write_cvr(now),
            0x100..=0x11c => nvic.enabled[index] |= value & existing,
            0x180..=0x19c => nvic.enabled[index] &= !value,
            0x200..=0x21c => nvic.set_pending_word(index, value),
            0x280..=0x29c => nvic.clear_pending(index, value),
            0x400..=0x4ec => {
                let irq = (offset - 0x400) as usize;
                let bytes = value.to_le_bytes().into_iter();
                bytes.enumerate().for_each(|(n, byte)| nvic.set_priority(irq + n, byte));
            }
            0xf00 if self.scb.architecture() != Architecture::V6M => {
                nvic.set_pending(EXTERNAL + (value & 0x1ff) as u16);
            }
            _ => {}
        }
    }
}

/// The bits of ACTLR that can be written (DDI 0337 4.2, DDI 0439 4.2, DDI 0489 3.3.1, 100230 B2.3). They tune, and change
/// nothing here.
fn auxiliary_control(kind: CoreKind) -> u32 {
    use CoreKind::*;
    match kind {
        CortexM0 | CortexM0Plus | CortexM1 => 0,
        CortexM3 => 0x0000_0007,
        CortexM4 | CortexM4F => 0x0000_0307,
        CortexM7 | CortexM7F | CortexM7Dp => 0x1fff_fc04,
        CortexM33 | CortexM33F => 0x2000_1605,
    }
}
