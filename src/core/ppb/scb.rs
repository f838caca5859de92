//! The system control block (Armv6-M ARM B3.2, Armv7-M ARM B3.2, Armv8-M ARM D1.2).

use super::*;
use crate::core::{
    CoreKind,
    nvic::exception::*,
    scb::{Scb, dfsr},
};

const VECTKEY: u32 = 0x05fa;
const VECTKEYSTAT: u32 = 0xfa05;

/// AIRCR bits. VECTRESET (0) and VECTCLRACTIVE (1) are for a debugger that has halted the core: to running firmware they are
/// unpredictable (B3.2.6), and here without effect. ENDIANNESS (15) is 0: data is little-endian.
mod aircr {
    pub const SYSRESETREQ: u32 = 1 << 2;
    /// With the Security Extension: only Secure code may ask for a reset.
    pub const SYSRESETREQS: u32 = 1 << 3;
    /// BusFault, HardFault and NMI are Non-secure: always so without the Security Extension. With it the bit stays 0, for
    /// the Non-secure state does not execute here.
    pub const BFHFNMINS: u32 = 1 << 13;
    /// With the Security Extension: Non-secure exceptions come after Secure ones.
    pub const PRIS: u32 = 1 << 14;
}

/// SHCSR: bit, exception, and whether the bit is its pending or its active state (B3.2.13).
const SHCSR: &[(u32, u16, bool)] = &[
    (0, MEM_MANAGE, false),
    (1, BUS_FAULT, false),
    (3, USAGE_FAULT, false),
    (7, SV_CALL, false),
    (8, DEBUG_MONITOR, false),
    (10, PEND_SV, false),
    (11, SYS_TICK, false),
    (12, USAGE_FAULT, true),
    (13, MEM_MANAGE, true),
    (14, BUS_FAULT, true),
    (15, SV_CALL, true),
];
/// What Armv8-M adds that can be written (Armv8-M ARM D1.2).
const SHCSR_V8: &[(u32, u16, bool)] = &[(21, HARD_FAULT, true)];
/// What the Security Extension adds.
const SHCSR_SECURE: &[(u32, u16, bool)] = &[(4, SECURE_FAULT, false), (20, SECURE_FAULT, true)];
/// What Armv8-M adds that only reads.
const SHCSR_V8_READ: &[(u32, u16, bool)] = &[(2, HARD_FAULT, false), (5, NMI, false)];

/// ID_PFR0 to ID_ISAR4 at 0xD40, as the technical reference manuals give them (DDI 0337 4.2, DDI 0439 4.2, DDI 0489 3.3,
/// 100230 B2.2).
fn identification(kind: CoreKind) -> Option<[u32; 13]> {
    use CoreKind::*;
    Some(match kind {
        CortexM0 | CortexM0Plus | CortexM1 => return None,
        CortexM3 => [
            0x30,
            0x200,
            0x10_0000,
            0,
            0x30,
            0,
            0,
            0,
            0x0114_1110,
            0x0211_1000,
            0x2111_2231,
            0x0111_1110,
            0x0131_0102,
        ],
        CortexM4 | CortexM4F => [
            0x30,
            0x200,
            0x10_0000,
            0,
            0x30,
            0,
            0,
            0,
            0x0114_1110,
            0x0211_2000,
            0x2123_2231,
            0x0111_1131,
            0x0131_0132,
        ],
        CortexM7 | CortexM7F | CortexM7Dp => [
            0x30,
            0x200,
            0x10_0000,
            0,
            0x10_0030,
            0,
            0x0100_0000,
            0,
            0x0110_1110,
            0x0211_2000,
            0x2023_2231,
            0x0111_1131,
            0x0131_0132,
        ],
        CortexM33 | CortexM33F => [
            0x30,
            0x210,
            0x20_0000,
            0,
            0x10_1f40,
            0,
            0x0100_0000,
            0,
            0x0110_1110,
            0x0221_2000,
            0x2023_2232,
            0x0111_1131,
            0x0131_0132,
        ],
    })
}

fn has_caches(kind: CoreKind) -> bool {
    matches!(kind, CoreKind::CortexM7 | CoreKind::CortexM7F | CoreKind::CortexM7Dp)
}

impl Scb {
    /// CLIDR, CTR and CCSIDR: only the Cortex-M7 has caches, of 16 KiB each here (DDI 0489 3.3.5 to 3.3.8).
    fn cache_word(&self, offset: u32) -> u32 {
        match (offset, has_caches(self.kind())) {
            (0xd78, true) => 0x0900_0003,
            (0xd7c, true) => 0x8303_c003,
            (0xd80, true) if self.csselr & 1 != 0 => 0xf01f_e009,
            (0xd80, true) => 0xf00f_e019,
            (0xd84, true) => self.csselr,
            (0xd7c, false) if self.architecture() == Architecture::V8M => 0x8000_c000,
            _ => 0,
        }
    }

    /// The bits of CCR that can be written.
    fn writable_ccr(&self) -> u32 {
        let traps = ccr::USERSETMPEND | ccr::UNALIGN_TRP | ccr::DIV_0_TRP | ccr::BFHFNMIGN;
        match (self.architecture(), has_caches(self.kind())) {
            (Architecture::V6M, _) => 0,
            (Architecture::V8M, _) => traps | ccr::STKOFHFNMIGN,
            // DDI 0489 3.3: STKALIGN and BP are fixed.
            (_, true) => traps | ccr::NONBASETHRDENA | ccr::DC | ccr::IC,
            (_, false) => traps | ccr::NONBASETHRDENA | ccr::STKALIGN,
        }
    }

    /// The bits of VTOR that can be written; the Cortex-M0 and M1 have no such register.
    fn writable_vtor(&self) -> u32 {
        match self.kind() {
            CoreKind::CortexM0 | CoreKind::CortexM1 => 0,
            CoreKind::CortexM0Plus => 0xffff_ff00, // DDI 0484C 4.3
            _ => 0xffff_ff80,
        }
    }
}

impl State {
    pub(super) fn scb_word(&self, offset: u32) -> u32 {
        let (nvic, scb) = (&self.nvic, &self.scb);
        let main = scb.has_fault_status();
        match offset {
            0xd00 => scb.cpuid,
            0xd04 => self.icsr(),
            0xd08 if scb.writable_vtor() == 0 => 0,
            0xd08 => scb.vtor,
            0xd0c => self.aircr(),
            0xd10 => scb.scr,
            0xd14 => scb.ccr,
            0xd18..=0xd20 => {
                let first = 4 + (offset - 0xd18) as u16;
                u32::from_le_bytes([0, 1, 2, 3].map(|byte| nvic.system_priority(first + byte)))
            }
            // Armv6-M: SVCALLPENDED is all there is, and for a debugger (DDI 0419 B3.2.11).
            0xd24 if !main => u32::from(nvic.is_pending(SV_CALL)) << 15,
            0xd24 => self.shcsr(),
            0xd28 if main => scb.cfsr,
            0xd2c if main => scb.hfsr,
            0xd30 => scb.dfsr,
            0xd34 if main => scb.mmfar,
            0xd38 if main => scb.bfar,
            0xd40..=0xd70 => {
                let word = identification(scb.kind()).map_or(0, |words| words[(offset as usize - 0xd40) / 4]);
                // ID_PFR1 tells of the Security Extension.
                if offset == 0xd44 && !scb.is_secure() { word & !0xf0 } else { word }
            }
            0xd78..=0xd84 => scb.cache_word(offset),
            0xd88 => scb.cpacr,
            _ => 0,
        }
    }

    /// ICSR (B3.2.4). ISRPREEMPT is for a halted core.
    fn icsr(&self) -> u32 {
        let nvic = &self.nvic;
        let current = self.registers.ipsr() as u16;
        let main = self.scb.has_fault_status();
        let bit = |condition: bool, bit: u32| u32::from(condition) << bit;
        u32::from(current)
            | bit(main && !nvic.is_other_active(current), 11) // RETTOBASE
            | u32::from(nvic.vect_pending(self.masks())) << 12
            | bit(nvic.interrupt_pending(), 22)
            | bit(nvic.is_pending(SYS_TICK), 26)
            | bit(nvic.is_pending(PEND_SV), 28)
            | bit(nvic.is_pending(NMI), 31)
    }

    fn aircr(&self) -> u32 {
        let v8 = match (self.scb.architecture(), self.scb.is_secure()) {
            (Architecture::V8M, false) => aircr::BFHFNMINS,
            (Architecture::V8M, true) => self.scb.aircr,
            _ => 0,
        };
        VECTKEYSTAT << 16 | v8 | u32::from(self.nvic.prigroup) << 8
    }

    /// The rows of SHCSR that can be written.
    fn shcsr_rows(&self) -> impl Iterator<Item = &'static (u32, u16, bool)> + use<> {
        let v8 = self.scb.architecture() == Architecture::V8M;
        let secure = self.scb.is_secure();
        let more = SHCSR_V8.iter().filter(move |_| v8);
        SHCSR.iter().chain(more).chain(SHCSR_SECURE.iter().filter(move |_| secure))
    }

    fn shcsr(&self) -> u32 {
        let nvic = &self.nvic;
        let v8 = self.scb.architecture() == Architecture::V8M;
        let rows = self.shcsr_rows().chain(SHCSR_V8_READ.iter().filter(|_| v8));
        let table = rows.fold(0, |word, &(bit, number, pending)| {
            let set = if pending { nvic.is_pending(number) } else { nvic.is_active(number) };
            word | u32::from(set) << bit
        });
        table | self.scb.fault_enables
    }

    pub(super) fn store_scb(&mut self, offset: u32, value: u32) -> Effect {
        let scb = &mut self.scb;
        let main = scb.has_fault_status();
        match offset {
            0xd04 => self.store_icsr(value),
            0xd08 => {
                let writable = scb.writable_vtor();
                scb.vtor = scb.vtor & !writable | value & writable;
            }
            0xd0c => self.store_aircr(value),
            0xd10 => {
                let secure = if scb.is_secure() { scr::SLEEPDEEPS } else { 0 };
                scb.scr = value & (scr::ALL | secure);
            }
            0xd14 => {
                let writable = scb.writable_ccr();
                scb.ccr = scb.ccr & !writable | value & writable;
                return Effect::PERMISSIONS; // UNALIGN_TRP and DIV_0_TRP count for the next instruction
            }
            0xd18..=0xd20 => {
                let first = 4 + (offset - 0xd18) as u16;
                for (number, byte) in (first..).zip(value.to_le_bytes()) {
                    self.nvic.set_system_priority(number, byte);
                }
            }
            0xd24 if main => self.store_shcsr(value),
            0xd28 => scb.cfsr &= !value,
            0xd2c => scb.hfsr &= !value,
            0xd30 => scb.dfsr &= !(value & dfsr::ALL),
            0xd34 => scb.mmfar = value,
            0xd38 => scb.bfar = value,
            0xd84 if has_caches(scb.kind()) => scb.csselr = value & 1,
            0xd88 if scb.has_fpu() => {
                scb.cpacr = value & 0x00f0_0000;
                return Effect::PERMISSIONS;
            }
            _ => {}
        }
        Effect::default()
    }

    fn store_icsr(&mut self, value: u32) {
        let nvic = &mut self.nvic;
        for (bit, number) in [(31, NMI), (28, PEND_SV), (26, SYS_TICK)] {
            if value >> bit & 1 != 0 {
                nvic.set_pending(number);
            }
        }
        for (bit, number) in [(27, PEND_SV), (25, SYS_TICK)] {
            if value >> bit & 1 != 0 {
                nvic.clear_system_pending(number);
            }
        }
        // PENDNMICLR, of Armv8-M.
        if value >> 30 & 1 != 0 && self.scb.architecture() == Architecture::V8M {
            nvic.clear_system_pending(NMI);
        }
    }

    fn store_aircr(&mut self, value: u32) {
        if value >> 16 != VECTKEY {
            return; // B3.2.6: a write without the key is ignored
        }
        if self.scb.has_fault_status() {
            self.nvic.prigroup = (value >> 8 & 7) as u8;
        }
        if self.scb.is_secure() {
            self.scb.aircr = value & (aircr::PRIS | aircr::SYSRESETREQS);
        }
        if value & aircr::SYSRESETREQ != 0 {
            self.reset_requested = true;
        }
    }

    fn store_shcsr(&mut self, value: u32) {
        for &(bit, number, pending) in self.shcsr_rows() {
            let set = if pending { &mut self.nvic.system_pending } else { &mut self.nvic.system_active };
            let mask = 1 << number;
            *set = if value >> bit & 1 != 0 { *set | mask } else { *set & !mask };
        }
        let enables = if self.scb.is_secure() { 0x000f_0000 } else { 0x0007_0000 };
        self.scb.fault_enables = value & enables;
    }
}
