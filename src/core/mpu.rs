//! The memory protection unit and the default memory map (Armv7-M ARM B3.1, B3.5).

use serde::{Deserialize, Serialize};

use super::engine::PAGE;

/// Regions that the MPU of every Cortex-M3 and M4 with an MPU has.
pub const REGIONS: usize = 8;

/// The MPU's registers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mpu {
    /// MPU_CTRL: ENABLE (0), HFNMIENA (1), PRIVDEFENA (2).
    pub ctrl: u32,
    /// MPU_RNR.
    pub rnr: u32,
    regions: [Region; REGIONS],
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Region {
    /// MPU_RBAR.ADDR.
    base: u32,
    /// MPU_RASR.
    rasr: u32,
}

impl Region {
    fn size(self) -> u64 {
        2 << (self.rasr >> 1 & 0x1f)
    }

    /// Whether the region is enabled and holds the address, subregions considered (B3.5.8).
    fn holds(self, address: u32) -> bool {
        let size = self.size();
        if self.rasr & 1 == 0 || size < 32 {
            return false;
        }
        let base = u64::from(self.base) & !(size - 1);
        let Some(offset) = u64::from(address).checked_sub(base).filter(|offset| *offset < size) else {
            return false;
        };
        size < 256 || self.rasr >> (8 + offset / (size / 8)) & 1 == 0
    }

    /// The smallest piece of memory that the region treats alike, in bytes.
    fn granule(self) -> u64 {
        let size = self.size();
        if size < 256 { size } else { size / 8 }
    }
}

/// What an access is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Privileged or not.
    pub privileged: bool,
    /// At HardFault or NMI priority, or with FAULTMASK set: the MPU may be off for it (MPU_CTRL.HFNMIENA).
    pub negative_priority: bool,
}

/// What may be done with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permissions {
    /// Loads.
    pub read: bool,
    /// Stores.
    pub write: bool,
    /// Instruction fetches.
    pub execute: bool,
}

impl Mpu {
    /// MPU_TYPE.
    pub const TYPE: u32 = (REGIONS as u32) << 8;

    fn is_on(&self, access: Access) -> bool {
        self.ctrl & 1 != 0 && (self.ctrl & 2 != 0 || !access.negative_priority)
    }

    /// What an access may do at an address (B3.5.3 ValidateAddress).
    pub fn permissions(&self, address: u32, access: Access) -> Permissions {
        let executable = is_executable_by_default(address);
        // The private peripheral bus is never subject to the MPU.
        if !self.is_on(access) || address >> 20 == 0xe00 {
            return Permissions { read: true, write: true, execute: executable };
        }
        match self.regions.iter().rev().find(|region| region.holds(address)) {
            Some(region) => {
                let (read, write) = access_permission(region.rasr >> 24 & 7, access.privileged);
                let execute = executable && read && region.rasr >> 28 & 1 == 0;
                Permissions { read, write, execute }
            }
            None if self.ctrl & 4 != 0 && access.privileged => {
                Permissions { read: true, write: true, execute: executable }
            }
            None => Permissions { read: false, write: false, execute: false },
        }
    }

    /// Whether all of a page has the same permissions.
    pub fn is_uniform(&self, page_address: u32, access: Access) -> bool {
        if !self.is_on(access) {
            return true;
        }
        let first = u64::from(page_address);
        let last = first + u64::from(PAGE);
        self.regions.iter().filter(|region| region.rasr & 1 != 0).all(|region| {
            let base = u64::from(region.base) & !(region.size() - 1);
            base >= last || base + region.size() <= first || region.granule() >= u64::from(PAGE)
        })
    }

    /// MPU_RBAR of the region that MPU_RNR selects.
    pub fn rbar(&self) -> u32 {
        self.regions[self.rnr as usize % REGIONS].base | self.rnr
    }

    /// Writes MPU_RBAR; VALID (bit 4) selects the region as well.
    pub fn set_rbar(&mut self, value: u32) {
        if value & 0x10 != 0 {
            self.set_rnr(value & 0xf);
        }
        self.regions[self.rnr as usize % REGIONS].base = value & !0x1f;
    }

    /// Writes MPU_RNR. Numbers without a region are unpredictable: the low bits count.
    pub fn set_rnr(&mut self, value: u32) {
        self.rnr = value % REGIONS as u32;
    }

    /// MPU_RASR of the region that MPU_RNR selects.
    pub fn rasr(&self) -> u32 {
        self.regions[self.rnr as usize % REGIONS].rasr
    }

    /// Writes MPU_RASR.
    pub fn set_rasr(&mut self, value: u32) {
        self.regions[self.rnr as usize % REGIONS].rasr = value & 0x173f_ff3f;
    }
}

/// Reads and writes that MPU_RASR.AP allows (B3.5.8, table B3-15).
fn access_permission(ap: u32, privileged: bool) -> (bool, bool) {
    match (ap, privileged) {
        (1, true) | (2, true) | (3, _) => (true, true),
        (2, false) | (5, true) | (6 | 7, _) => (true, false),
        _ => (false, false),
    }
}

/// Whether the system address map lets instructions be fetched (B3.1, table B3-1).
pub fn is_executable_by_default(address: u32) -> bool {
    !matches!(address >> 29, 0b010 | 0b101 | 0b110 | 0b111)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIVILEGED: Access = Access { privileged: true, negative_priority: false };
    const UNPRIVILEGED: Access = Access { privileged: false, negative_priority: false };

    #[test]
    fn without_the_mpu_the_default_map_holds() {
        let mpu = Mpu::default();
        assert!(mpu.permissions(0x2000_0000, UNPRIVILEGED).execute);
        assert!(!mpu.permissions(0x4000_0000, UNPRIVILEGED).execute);
        assert!(mpu.permissions(0x4000_0000, UNPRIVILEGED).write);
    }

    #[test]
    fn a_guard_below_a_stack_wins_over_the_background() {
        let mut mpu = Mpu { ctrl: 5, ..Mpu::default() };
        mpu.set_rbar(0x2000_0400 | 0x10 | 7);
        mpu.set_rasr(4 << 1 | 1); // 32 bytes, no access
        assert!(!mpu.permissions(0x2000_0410, PRIVILEGED).read);
        assert!(mpu.permissions(0x2000_0420, PRIVILEGED).write);
        assert!(!mpu.permissions(0x2000_0420, UNPRIVILEGED).read, "no background for unprivileged code");
        assert!(!mpu.is_uniform(0x2000_0400, PRIVILEGED));
        assert!(mpu.is_uniform(0x2000_0800, PRIVILEGED));
    }

    #[test]
    fn a_disabled_subregion_is_a_hole() {
        let mut mpu = Mpu { ctrl: 1, ..Mpu::default() };
        mpu.set_rbar(0x2000_0000 | 0x10);
        mpu.set_rasr(3 << 24 | 0x02 << 8 | 12 << 1 | 1); // 8 KiB, full access, subregion 1 off
        assert!(mpu.permissions(0x2000_0000, UNPRIVILEGED).write);
        assert!(!mpu.permissions(0x2000_0400, UNPRIVILEGED).write);
        assert!(mpu.permissions(0x2000_0800, UNPRIVILEGED).write);
    }

    #[test]
    fn hard_fault_runs_without_the_mpu_unless_hfnmiena() {
        let mut mpu = Mpu { ctrl: 1, ..Mpu::default() };
        let hard_fault = Access { privileged: true, negative_priority: true };
        assert!(mpu.permissions(0x2000_0000, hard_fault).write);
        mpu.ctrl = 3;
        assert!(!mpu.permissions(0x2000_0000, hard_fault).write);
    }
}
