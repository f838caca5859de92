//! The bits of the fault status registers, in words (Armv7-M ARM B3.2.15 and B3.2.16; Armv8-M ARM D1.2.37 for STKOF).

/// One of the faults that can be escalated, and what belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// MemManage, from the MPU and the system memory map: bits 7:0 of CFSR.
    MemManage,
    /// BusFault: bits 15:8.
    BusFault,
    /// UsageFault: bits 31:16.
    UsageFault,
}

impl Class {
    /// The name of the exception.
    pub const fn name(self) -> &'static str {
        match self {
            Class::MemManage => "MemManage",
            Class::BusFault => "BusFault",
            Class::UsageFault => "UsageFault",
        }
    }

    /// The number of the exception.
    pub const fn exception(self) -> u16 {
        match self {
            Class::MemManage => 4,
            Class::BusFault => 5,
            Class::UsageFault => 6,
        }
    }

    /// The bit of SHCSR that enables its handler, and its name.
    pub const fn enable(self) -> (u32, &'static str) {
        match self {
            Class::MemManage => (1 << 16, "MEMFAULTENA"),
            Class::BusFault => (1 << 17, "BUSFAULTENA"),
            Class::UsageFault => (1 << 18, "USGFAULTENA"),
        }
    }

    /// The bits of CFSR that are its status.
    pub const fn mask(self) -> u32 {
        match self {
            Class::MemManage => 0x0000_00ff,
            Class::BusFault => 0x0000_ff00,
            Class::UsageFault => 0xffff_0000,
        }
    }
}

/// A bit of CFSR.
pub struct CfsrBit {
    /// Its position.
    pub bit: u32,
    /// Its name in the manual.
    pub name: &'static str,
    /// The fault that it belongs to.
    pub class: Class,
    /// What happened, in a few words, for a headline; empty for the bits that only say that an address is valid.
    pub short: &'static str,
    /// What it means and what usually is the reason.
    pub meaning: &'static str,
}

/// A bit of HFSR.
pub struct HfsrBit {
    /// Its position.
    pub bit: u32,
    /// Its name in the manual.
    pub name: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

const fn mem(bit: u32, name: &'static str, short: &'static str, meaning: &'static str) -> CfsrBit {
    CfsrBit { bit, name, class: Class::MemManage, short, meaning }
}

const fn bus(bit: u32, name: &'static str, short: &'static str, meaning: &'static str) -> CfsrBit {
    CfsrBit { bit, name, class: Class::BusFault, short, meaning }
}

const fn usage(bit: u32, name: &'static str, short: &'static str, meaning: &'static str) -> CfsrBit {
    CfsrBit { bit, name, class: Class::UsageFault, short, meaning }
}

/// Every bit of CFSR.
pub const CFSR: &[CfsrBit] = &[
    mem(
        0,
        "IACCVIOL",
        "instruction fetch forbidden",
        "The core fetched an instruction where the MPU or the memory map allows no execution.",
    ),
    mem(1, "DACCVIOL", "data access forbidden", "A load or store broke the rules of the MPU."),
    mem(
        3,
        "MUNSTKERR",
        "exception return forbidden to pop its frame",
        "The MPU forbade reading the stacked registers on the return from an exception.",
    ),
    mem(
        4,
        "MSTKERR",
        "exception entry forbidden to push its frame",
        "The MPU forbade storing the registers on an exception entry: often a stack overflow into a guard region.",
    ),
    mem(
        5,
        "MLSPERR",
        "lazy FP state preservation forbidden",
        "The MPU forbade storing the floating-point registers that an exception entry had left for later.",
    ),
    mem(7, "MMARVALID", "", "MMFAR holds the address of the access."),
    bus(
        8,
        "IBUSERR",
        "bus error on an instruction fetch",
        "The bus answered an instruction fetch with an error, and the core tried to execute what it got.",
    ),
    bus(
        9,
        "PRECISERR",
        "bus error on a data access",
        "The bus answered a load or store with an error. It is precise: PC is that instruction.",
    ),
    bus(
        10,
        "IMPRECISERR",
        "delayed bus error on a data access",
        "The bus answered an earlier store with an error. It is imprecise: the store is some instructions before PC.",
    ),
    bus(
        11,
        "UNSTKERR",
        "bus error on an exception return",
        "The bus answered with an error when an exception return popped the stacked registers: SP is wrong.",
    ),
    bus(
        12,
        "STKERR",
        "bus error on an exception entry",
        "The bus answered with an error when an exception entry pushed the registers: SP has left RAM, most often \
         by a stack overflow.",
    ),
    bus(
        13,
        "LSPERR",
        "bus error on lazy FP state preservation",
        "The bus answered with an error when the floating-point registers of an exception frame were stored late.",
    ),
    bus(15, "BFARVALID", "", "BFAR holds the address of the access."),
    usage(
        16,
        "UNDEFINSTR",
        "undefined instruction",
        "The instruction does not exist on this core: PC is in data, the code is for another core, or it is a trap \
         of the compiler's (UDF).",
    ),
    usage(
        17,
        "INVSTATE",
        "branch to an address without the Thumb bit",
        "The core was to execute with EPSR.T clear: a branch, call or return to an address with bit 0 clear, most \
         often through a null or overwritten function pointer, or a vector without bit 0.",
    ),
    usage(
        18,
        "INVPC",
        "invalid exception return",
        "An EXC_RETURN value or the frame that it pops is not valid: LR or the stack was overwritten in a handler.",
    ),
    usage(
        19,
        "NOCP",
        "coprocessor or FPU disabled or absent",
        "A coprocessor or floating-point instruction while CPACR does not give access: the FPU was not enabled, or \
         there is none.",
    ),
    usage(
        20,
        "STKOF",
        "stack overflow",
        "The stack pointer went below its limit register, MSPLIM or PSPLIM (Armv8-M).",
    ),
    usage(
        24,
        "UNALIGNED",
        "unaligned access",
        "A multiple, double or exclusive access to an unaligned address, or any unaligned access while \
         CCR.UNALIGN_TRP is set.",
    ),
    usage(25, "DIVBYZERO", "division by zero", "SDIV or UDIV by zero while CCR.DIV_0_TRP is set."),
];

/// Every bit of HFSR.
pub const HFSR: &[HfsrBit] = &[
    HfsrBit {
        bit: 1,
        name: "VECTTBL",
        meaning: "The vector of an exception could not be read: VTOR does not point at a vector table.",
    },
    HfsrBit {
        bit: 30,
        name: "FORCED",
        meaning: "A configurable fault could not be taken as itself and became a HardFault.",
    },
    HfsrBit {
        bit: 31,
        name: "DEBUGEVT",
        meaning: "A BKPT instruction, or another debug event, while no debugger and no DebugMonitor was there to take it.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_of_the_manual_is_there_in_its_class() {
        let manual = [
            (0, "IACCVIOL"),
            (1, "DACCVIOL"),
            (3, "MUNSTKERR"),
            (4, "MSTKERR"),
            (5, "MLSPERR"),
            (7, "MMARVALID"),
            (8, "IBUSERR"),
            (9, "PRECISERR"),
            (10, "IMPRECISERR"),
            (11, "UNSTKERR"),
            (12, "STKERR"),
            (13, "LSPERR"),
            (15, "BFARVALID"),
            (16, "UNDEFINSTR"),
            (17, "INVSTATE"),
            (18, "INVPC"),
            (19, "NOCP"),
            (20, "STKOF"),
            (24, "UNALIGNED"),
            (25, "DIVBYZERO"),
        ];
        let table: Vec<_> = CFSR.iter().map(|bit| (bit.bit, bit.name)).collect();
        assert_eq!(table, manual);
        for bit in CFSR {
            assert_ne!(bit.class.mask() & 1 << bit.bit, 0, "{} is in the wrong class", bit.name);
        }
        let hard: Vec<_> = HFSR.iter().map(|bit| (bit.bit, bit.name)).collect();
        assert_eq!(hard, [(1, "VECTTBL"), (30, "FORCED"), (31, "DEBUGEVT")]);
    }
}
