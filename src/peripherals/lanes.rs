//! Byte lanes: accesses narrower than a 32-bit register.

use super::Access;

impl Access {
    /// The offset of the 32-bit register that the access falls into.
    pub const fn register(self) -> u32 {
        self.offset & !3
    }

    /// The bits of that register that the access covers.
    pub const fn lanes(self) -> u32 {
        self.width.mask() << self.shift()
    }

    /// What the access reads out of the register's value.
    pub const fn take(self, register: u32) -> u32 {
        (register >> self.shift()) & self.width.mask()
    }

    /// The written value moved to its lanes, all other bits zero: what a write-one register sees.
    pub const fn place(self, value: u32) -> u32 {
        (value & self.width.mask()) << self.shift()
    }

    /// The register's value after the write: other lanes keep their bits.
    pub const fn merge(self, old: u32, value: u32) -> u32 {
        (old & !self.lanes()) | self.place(value)
    }

    const fn shift(self) -> u32 {
        (self.offset & 3) * 8
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Width;

    #[test]
    fn a_narrow_access_touches_only_its_lanes() {
        let at = Access { offset: 0x0a, width: Width::Half };
        assert_eq!(at.register(), 8);
        assert_eq!(at.take(0x1234_5678), 0x1234);
        assert_eq!(at.place(0xf_abcd), 0xabcd_0000);
        assert_eq!(at.merge(0x1234_5678, 0xabcd), 0xabcd_5678);
    }
}
