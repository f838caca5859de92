//! The memory protection unit and the default memory map (Armv6-M ARM B3.5, Armv7-M ARM B3.1 and B3.5, Armv8-M ARM B10).

use serde::{Deserialize, Serialize};

use super::{Architecture, CoreKind, engine::PAGE};

/// The most regions that an MPU of this profile has.
pub const MAX_REGIONS: usize = 16;

/// MPU_CTRL bits.
const ENABLE: u32 = 1 << 0;
const HFNMIENA: u32 = 1 << 1;
const PRIVDEFENA: u32 = 1 << 2;

/// The MPU's registers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mpu {
    /// MPU_CTRL: ENABLE (0), HFNMIENA (1), PRIVDEFENA (2).
    pub ctrl: u32,
    rnr: u32,
    /// MPU_MAIR0 and MPU_MAIR1, of Armv8-M.
    mair: [u32; 2],
    kind: CoreKind,
    count: u8,
    regions: [Region; MAX_REGIONS],
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Region {
    /// MPU_RBAR; before Armv8-M only its address.
    base: u32,
    /// MPU_RASR, or MPU_RLAR of Armv8-M.
    attributes: u32,
}

impl Region {
    /// Armv6-M and Armv7-M: MPU_RASR.SIZE, in bytes.
    fn size(self) -> u64 {
        2 << (self.attributes >> 1 & 0x1f)
    }

    fn is_enabled(self) -> bool {
        self.attributes & 1 != 0
    }

    /// The first address and the one behind the last. An address that is not a multiple of the size is
    /// unpredictable (B3.5.8): its low bits do not count.
    fn range(self, architecture: Architecture) -> (u64, u64) {
        if architecture == Architecture::V8M {
            (u64::from(self.base & !0x1f), u64::from(self.attributes | 0x1f) + 1)
        } else {
            let base = u64::from(self.base) & !(self.size() - 1);
            (base, base + self.size())
        }
    }

    /// The bytes in which permissions differ are multiples of this: subregions, where one is disabled (B3.5.8).
    fn granule(self) -> u64 {
        let size = self.size();
        if size < 256 || self.attributes & 0xff00 == 0 { size } else { size / 8 }
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

impl Permissions {
    const NONE: Permissions = Permissions { read: false, write: false, execute: false };
}

impl Mpu {
    /// Whether this is the MPU of the same core, with MPU_RNR at one of its regions.
    pub fn fits(&self, other: &Mpu) -> bool {
        (self.kind, self.count) == (other.kind, other.count) && (self.rnr as usize) < MAX_REGIONS
    }

    /// The state after reset, with this many regions; zero without an MPU.
    pub fn new(kind: CoreKind, regions: u8) -> Mpu {
        let count = regions.min(MAX_REGIONS as u8);
        Mpu { ctrl: 0, rnr: 0, mair: [0; 2], kind, count, regions: [Region::default(); MAX_REGIONS] }
    }

    /// MPU_TYPE: DREGION; the regions are for instructions and data alike.
    pub fn mpu_type(&self) -> u32 {
        u32::from(self.count) << 8
    }

    fn architecture(&self) -> Architecture {
        self.kind.architecture()
    }

    fn is_on(&self, access: Access) -> bool {
        self.ctrl & ENABLE != 0 && (self.ctrl & HFNMIENA != 0 || !access.negative_priority)
    }

    /// Regions that count: enabled, and as large as the architecture asks, 256 bytes on Armv6-M and 32 on Armv7-M.
    fn live(&self) -> impl DoubleEndedIterator<Item = Region> + '_ {
        let smallest = match self.architecture() {
            Architecture::V6M => 256,
            Architecture::V7M => 32,
            Architecture::V8M => 0,
        };
        let regions = self.regions[..usize::from(self.count)].iter().copied();
        regions.filter(move |region| region.is_enabled() && (smallest == 0 || region.size() >= smallest))
    }

    /// What an access may do at an address (Armv7-M ARM B3.5.3 ValidateAddress, Armv8-M ARM E2.1 MPUCheck).
    pub fn permissions(&self, address: u32, access: Access) -> Permissions {
        let executable = is_executable_by_default(address);
        // The private peripheral bus is never subject to the MPU.
        if !self.is_on(access) || address >> 20 == 0xe00 {
            return Permissions { read: true, write: true, execute: executable };
        }
        let hit = match self.architecture() {
            Architecture::V8M => self.hit_v8(address, access.privileged),
            _ => self.hit_v7(address, access.privileged),
        };
        match hit {
            Some(permissions) => Permissions { execute: permissions.execute && executable, ..permissions },
            None if self.ctrl & PRIVDEFENA != 0 && access.privileged => {
                Permissions { read: true, write: true, execute: executable }
            }
            None => Permissions::NONE,
        }
    }

    /// The region of the highest number wins (B3.5.3), subregions considered.
    fn hit_v7(&self, address: u32, privileged: bool) -> Option<Permissions> {
        let at = u64::from(address);
        let region = self.live().rev().find(|region| {
            let size = region.size();
            let (base, end) = region.range(Architecture::V7M);
            let inside = (base..end).contains(&at);
            inside && (size < 256 || region.attributes >> (8 + (at - base) / (size / 8)) & 1 == 0)
        })?;
        let (read, write) = access_permission(region.attributes >> 24 & 7, privileged);
        Some(Permissions { read, write, execute: read && region.attributes >> 28 & 1 == 0 })
    }

    /// An address in two regions faults (Armv8-M ARM B10.1).
    fn hit_v8(&self, address: u32, privileged: bool) -> Option<Permissions> {
        let at = u64::from(address);
        let mut hits = self.live().filter(|region| {
            let (base, end) = region.range(Architecture::V8M);
            (base..end).contains(&at)
        });
        let region = hits.next()?;
        if hits.next().is_some() {
            return Some(Permissions::NONE);
        }
        // MPU_RBAR.AP: bit 1 read-only, bit 0 also for unprivileged code.
        let read = privileged || region.base >> 1 & 1 != 0;
        let write = read && region.base >> 2 & 1 == 0;
        Some(Permissions { read, write, execute: read && region.base & 1 == 0 })
    }

    /// Whether all of a page has the same permissions.
    pub fn is_uniform(&self, page_address: u32, access: Access) -> bool {
        if !self.is_on(access) {
            return true;
        }
        let first = u64::from(page_address);
        let last = first + u64::from(PAGE);
        let architecture = self.architecture();
        self.live().all(|region| {
            let (base, end) = region.range(architecture);
            let apart = base >= last || end <= first;
            let covers = base <= first && last <= end;
            let whole = architecture == Architecture::V8M || region.granule() >= u64::from(PAGE);
            apart || covers && whole
        })
    }

    /// MPU_RNR.
    pub fn rnr(&self) -> u32 {
        self.rnr
    }

    /// Writes MPU_CTRL.
    pub fn set_ctrl(&mut self, value: u32) {
        if self.count > 0 {
            self.ctrl = value & (ENABLE | HFNMIENA | PRIVDEFENA);
        }
    }

    /// Writes MPU_RNR. Numbers without a region are unpredictable: the low bits count.
    pub fn set_rnr(&mut self, value: u32) {
        self.rnr = (value & 0xff).checked_rem(self.count.into()).unwrap_or(0);
    }

    /// The region that a register stands for. Armv8-M has three aliases for the neighbours of the selected region (Armv8-M
    /// ARM D1.2 MPU_RBAR_A); on Armv7-M they are the same register again (B3.5.9).
    fn index(&self, alias: u32) -> usize {
        match self.architecture() {
            Architecture::V8M if alias != 0 => (self.rnr & !3 | alias) as usize,
            _ => self.rnr as usize,
        }
    }

    fn region(&self, alias: u32) -> Region {
        self.regions[..usize::from(self.count)].get(self.index(alias)).copied().unwrap_or_default()
    }

    fn region_mut(&mut self, alias: u32) -> Option<&mut Region> {
        let index = self.index(alias);
        self.regions[..usize::from(self.count)].get_mut(index)
    }

    /// MPU_RBAR, or one of its aliases 1 to 3.
    pub fn rbar(&self, alias: u32) -> u32 {
        let number = if self.architecture() == Architecture::V8M { 0 } else { self.rnr };
        self.region(alias).base | number
    }

    /// Writes MPU_RBAR; before Armv8-M VALID (bit 4) selects the region as well.
    pub fn set_rbar(&mut self, alias: u32, value: u32) {
        let v8 = self.architecture() == Architecture::V8M;
        if !v8 && value & 0x10 != 0 {
            self.set_rnr(value & 0xf);
        }
        let mask = match self.architecture() {
            Architecture::V6M => 0xffff_ff00,
            Architecture::V7M => 0xffff_ffe0,
            Architecture::V8M => u32::MAX,
        };
        if let Some(region) = self.region_mut(alias) {
            region.base = value & mask;
        }
    }

    /// MPU_RASR, or MPU_RLAR of Armv8-M, or one of its aliases 1 to 3.
    pub fn attributes(&self, alias: u32) -> u32 {
        self.region(alias).attributes
    }

    /// Writes MPU_RASR or MPU_RLAR.
    pub fn set_attributes(&mut self, alias: u32, value: u32) {
        let mask = match self.architecture() {
            Architecture::V6M => 0x1707_ff3f, // without TEX
            Architecture::V7M => 0x173f_ff3f,
            Architecture::V8M => !0x10, // LIMIT, AttrIndx, EN
        };
        if let Some(region) = self.region_mut(alias) {
            region.attributes = value & mask;
        }
    }

    /// MPU_MAIR0 or MPU_MAIR1: memory types, which change nothing here.
    pub fn mair(&self, index: usize) -> u32 {
        self.mair[index]
    }

    /// Writes MPU_MAIR0 or MPU_MAIR1.
    pub fn set_mair(&mut self, index: usize, value: u32) {
        if self.count > 0 {
            self.mair[index] = value;
        }
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
mod tests;
