//! The registers of the Security Extension, as Secure firmware that stays Secure sees them (Armv8-M ARM D1.2).
//!
//! The core boots in Secure state and stays there: the Non-secure state does not execute. What would only matter to it, the
//! attribution unit and the Non-secure copies of the banked registers, can be written and read back.

use serde::{Deserialize, Serialize};

/// Regions of the security attribution unit (SAU_TYPE.SREGION; 8 on the Cortex-M33 of the SSE-200).
const SAU_REGIONS: usize = 8;

/// Registers that only the Security Extension has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Security {
    /// NSACR: coprocessors that Non-secure code may use.
    nsacr: u32,
    /// SAU_CTRL: ENABLE (0), ALLNS (1).
    sau_ctrl: u32,
    sau_rnr: u32,
    /// SAU_RBAR and SAU_RLAR of each region.
    sau: [(u32, u32); SAU_REGIONS],
    /// SFSR.
    sfsr: u32,
    /// SFAR.
    sfar: u32,
    /// NVIC_ITNS: interrupts that target Non-secure state. None does, whatever is written.
    pub itns: [u32; 8],
    /// The Non-secure copies, by [`ALIASED`].
    aliased: [u32; ALIASED.len()],
}

/// Registers behind the Non-secure alias of the system control space at 0xE002E000: offset, writable bits, and bits that
/// are always one. The rest of the alias reads as zero.
const ALIASED: [(u32, u32, u32); 13] = [
    (0xd08, 0xffff_ff80, 0),           // VTOR
    (0xd10, 0x0000_0016, 0),           // SCR
    (0xd14, 0x0000_051a, 0x0000_0201), // CCR
    (0xd18, 0xffff_ffff, 0),           // SHPR1
    (0xd1c, 0xff00_0000, 0),           // SHPR2
    (0xd20, 0xffff_00ff, 0),           // SHPR3
    (0xd24, 0x0007_0000, 0),           // SHCSR, the enables
    (0xd88, 0x00f0_0000, 0),           // CPACR
    (0xd94, 0x0000_0007, 0),           // MPU_CTRL
    (0x010, 0x0000_0007, 0),           // SYST_CSR
    (0x014, 0x00ff_ffff, 0),           // SYST_RVR
    (0xf34, 0xc000_0000, 0),           // FPCCR
    (0xf3c, 0x07c0_0000, 0),           // FPDSCR
];

impl Security {
    /// The register at an offset in the system control space, if it is one of these.
    pub fn load(&self, offset: u32) -> Option<u32> {
        let (rbar, rlar) = self.sau[self.sau_rnr as usize % SAU_REGIONS];
        Some(match offset {
            0x380..=0x39c => self.itns[(offset as usize - 0x380) / 4],
            0xd8c => self.nsacr,
            0xdd0 => self.sau_ctrl,
            0xdd4 => SAU_REGIONS as u32,
            0xdd8 => self.sau_rnr,
            0xddc => rbar,
            0xde0 => rlar,
            0xde4 => self.sfsr,
            0xde8 => self.sfar,
            _ => return None,
        })
    }

    /// Writes the register at an offset in the system control space, if it is one of these.
    pub fn store(&mut self, offset: u32, value: u32) {
        let region = &mut self.sau[self.sau_rnr as usize % SAU_REGIONS];
        match offset {
            0xd8c => self.nsacr = value & 0x0000_0c00,
            0xdd0 => self.sau_ctrl = value & 3,
            0xdd8 => self.sau_rnr = value % SAU_REGIONS as u32,
            0xddc => region.0 = value & !0x1f,
            0xde0 => region.1 = value & !0x1c, // LADDR, NSC, ENABLE
            0xde4 => self.sfsr &= !value,
            0xde8 => self.sfar = value,
            _ => {}
        }
    }

    /// The Non-secure copy of a register of the system control space.
    pub fn load_alias(&self, offset: u32) -> u32 {
        let found = ALIASED.iter().position(|&(at, ..)| at == offset);
        found.map_or(0, |index| self.aliased[index] | ALIASED[index].2)
    }

    /// Writes the Non-secure copy of a register.
    pub fn store_alias(&mut self, offset: u32, value: u32) {
        if let Some(index) = ALIASED.iter().position(|&(at, ..)| at == offset) {
            self.aliased[index] = value & ALIASED[index].1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_attribution_unit_reads_back_what_it_can_hold() {
        let mut security = Security::default();
        for region in 0..9 {
            security.store(0xdd8, region);
            security.store(0xddc, 0x1000_001f + 0x1000 * region);
            security.store(0xde0, 0x1000_0fff + 0x1000 * region);
        }
        security.store(0xdd8, 0);
        assert_eq!(security.load(0xddc), Some(0x1000_8000), "region 8 does not exist and is 0 again");
        assert_eq!(security.load(0xde0), Some(0x1000_8fe3));
        assert_eq!(security.load(0xdd4), Some(8));
        assert_eq!(security.load(0xd00), None);
    }

    #[test]
    fn the_non_secure_copies_are_their_own() {
        let mut security = Security::default();
        security.store_alias(0xd08, 0x0020_007f);
        assert_eq!(security.load_alias(0xd08), 0x0020_0000);
        assert_eq!(security.load_alias(0xd14), 0x201, "bits that are RES1");
        assert_eq!(security.load_alias(0xd00), 0);
    }
}
