//! What a core is built with: its architecture, memory and clocks.

use serde::{Deserialize, Serialize};

/// The processor, by the name that board files use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CoreKind {
    /// Cortex-M0, Armv6-M.
    #[serde(rename = "cortex-m0")]
    CortexM0,
    /// Cortex-M0+, Armv6-M.
    #[serde(rename = "cortex-m0+")]
    CortexM0Plus,
    /// Cortex-M1, Armv6-M.
    #[serde(rename = "cortex-m1")]
    CortexM1,
    /// Cortex-M3, Armv7-M.
    #[serde(rename = "cortex-m3")]
    CortexM3,
    /// Cortex-M4 without FPU, Armv7E-M.
    #[serde(rename = "cortex-m4")]
    CortexM4,
    /// Cortex-M4 with its single-precision FPU.
    #[serde(rename = "cortex-m4f")]
    CortexM4F,
    /// Cortex-M7 without FPU, Armv7E-M.
    #[serde(rename = "cortex-m7")]
    CortexM7,
    /// Cortex-M7 with the single-precision FPU.
    #[serde(rename = "cortex-m7f")]
    CortexM7F,
    /// Cortex-M7 with the double-precision FPU.
    #[serde(rename = "cortex-m7dp")]
    CortexM7Dp,
    /// Cortex-M33 without FPU, Armv8-M with the main extension.
    #[serde(rename = "cortex-m33")]
    CortexM33,
    /// Cortex-M33 with its single-precision FPU.
    #[serde(rename = "cortex-m33f")]
    CortexM33F,
}

/// The architecture that a core implements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Architecture {
    /// Armv6-M: HardFault is the only fault.
    V6M,
    /// Armv7-M, with or without the DSP extension.
    V7M,
    /// Armv8-M with the main extension.
    V8M,
}

/// The floating-point unit of a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fpu {
    /// Absent.
    None,
    /// S0 to S31 calculate in single precision; D0 to D15 can only be moved.
    Single,
    /// Both precisions.
    Double,
}

impl CoreKind {
    /// Every processor.
    pub const ALL: [CoreKind; 11] = {
        use CoreKind::*;
        [
            CortexM0,
            CortexM0Plus,
            CortexM1,
            CortexM3,
            CortexM4,
            CortexM4F,
            CortexM7,
            CortexM7F,
            CortexM7Dp,
            CortexM33,
            CortexM33F,
        ]
    };

    /// The name as Arm writes it, with the FPU where the core may be without.
    pub const fn name(self) -> &'static str {
        match self {
            CoreKind::CortexM0 => "Cortex-M0",
            CoreKind::CortexM0Plus => "Cortex-M0+",
            CoreKind::CortexM1 => "Cortex-M1",
            CoreKind::CortexM3 => "Cortex-M3",
            CoreKind::CortexM4 => "Cortex-M4",
            CoreKind::CortexM4F => "Cortex-M4F",
            CoreKind::CortexM7 => "Cortex-M7",
            CoreKind::CortexM7F => "Cortex-M7 with single-precision FPU",
            CoreKind::CortexM7Dp => "Cortex-M7 with double-precision FPU",
            CoreKind::CortexM33 => "Cortex-M33",
            CoreKind::CortexM33F => "Cortex-M33F",
        }
    }

    /// The architecture.
    pub const fn architecture(self) -> Architecture {
        match self {
            CoreKind::CortexM0 | CoreKind::CortexM0Plus | CoreKind::CortexM1 => Architecture::V6M,
            CoreKind::CortexM33 | CoreKind::CortexM33F => Architecture::V8M,
            _ => Architecture::V7M,
        }
    }

    /// The floating-point unit.
    pub const fn fpu(self) -> Fpu {
        match self {
            CoreKind::CortexM4F | CoreKind::CortexM7F | CoreKind::CortexM33F => Fpu::Single,
            CoreKind::CortexM7Dp => Fpu::Double,
            _ => Fpu::None,
        }
    }

    /// Whether the core has floating-point registers.
    pub const fn has_fpu(self) -> bool {
        !matches!(self.fpu(), Fpu::None)
    }

    /// The regions of the MPU, where the chip's maker has not chosen otherwise.
    pub const fn default_mpu_regions(self) -> u8 {
        if matches!(self, CoreKind::CortexM0 | CoreKind::CortexM1) { 0 } else { 8 }
    }

    /// CPUID, as the technical reference manual of the core gives it.
    pub const fn cpuid(self) -> u32 {
        match self {
            CoreKind::CortexM0 => 0x410c_c200,     // r0p0 (DDI 0432C 4.1)
            CoreKind::CortexM0Plus => 0x410c_c601, // r0p1 (DDI 0484C 4.1)
            CoreKind::CortexM1 => 0x411c_c210,     // r1p0 (DDI 0413D 4.1)
            CoreKind::CortexM3 => 0x412f_c231,     // r2p1 (DDI 0337)
            CoreKind::CortexM4 | CoreKind::CortexM4F => 0x410f_c241, // r0p1 (DDI 0439)
            CoreKind::CortexM7 | CoreKind::CortexM7F | CoreKind::CortexM7Dp => 0x411f_c272, // r1p2 (DDI 0489)
            CoreKind::CortexM33 | CoreKind::CortexM33F => 0x410f_d213, // r0p3 (100230)
        }
    }
}

/// What a memory region is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RegionKind {
    /// Flash or ROM: the core's stores to it go to its controller, and are bus faults where there is none.
    Flash,
    /// Read-write memory.
    Ram,
}

/// A piece of memory inside the core's boundary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// Its name in the chip description.
    pub name: String,
    /// What it is for.
    pub kind: RegionKind,
    /// The first address, a multiple of 1 KiB.
    pub base: u32,
    /// The size in bytes, a multiple of 1 KiB.
    pub size: u32,
    /// Other addresses at which the same memory appears (boot aliases).
    pub aliases: Vec<u32>,
}

/// Addresses that lead to peripherals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRange {
    /// The first address, a multiple of 1 KiB.
    pub base: u32,
    /// The size in bytes, a multiple of 1 KiB.
    pub size: u32,
}

impl DeviceRange {
    /// Where every chip may have peripherals: the bit-band alias of the RAM, the peripheral region, and the private
    /// peripheral bus (Armv7-M ARM B3.1).
    pub const STANDARD: [DeviceRange; 3] = [
        DeviceRange { base: 0x2200_0000, size: 0x0200_0000 },
        DeviceRange { base: 0x4000_0000, size: 0x2000_0000 },
        DeviceRange { base: 0xe000_0000, size: 0x0010_0000 },
    ];

    /// Whether an address lies in the range.
    pub const fn contains(&self, address: u32) -> bool {
        address.wrapping_sub(self.base) < self.size
    }
}

/// What a core is built with. It stands in every trace, so that replay needs no board file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// The processor.
    pub core: CoreKind,
    /// Flash and RAM.
    pub regions: Vec<Region>,
    /// Peripherals outside of [`DeviceRange::STANDARD`], ascending; no range touches another one or a memory region.
    pub devices: Vec<DeviceRange>,
    /// External interrupt lines of the NVIC: at most 32 on Armv6-M, else 240.
    pub interrupts: u16,
    /// Implemented priority bits: 2 on Armv6-M, else 3 to 8.
    pub priority_bits: u8,
    /// The core clock at reset, in Hz.
    pub clock_hz: u32,
    /// Core clock cycles per tick of SysTick's reference clock; `None` when the chip has none.
    pub systick_reference_divider: Option<u32>,
    /// Whether the bit-band regions exist (Armv7-M ARM B3.1.1; Cortex-M3 and M4 option).
    pub bit_band: bool,
    /// The address that VTOR has after reset: where the vector table of the image is.
    pub vector_table: u32,
    /// Regions of the MPU (MPU_TYPE.DREGION): 0 without one, else 8, or 8 or 16 on Armv8-M.
    pub mpu_regions: u8,
    /// Whether an Armv8-M core has the Security Extension; it boots, and stays, in Secure state then.
    pub security_extension: bool,
    /// Whether a debugger has enabled halting debug (DHCSR.C_DEBUGEN): BKPT halts, where it would be a fault otherwise.
    pub halting_debug: bool,
}
