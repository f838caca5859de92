//! What a core is built with: its architecture, memory and clocks.

use serde::{Deserialize, Serialize};

/// The processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CoreKind {
    /// Cortex-M3, Armv7-M.
    CortexM3,
    /// Cortex-M4 without FPU, Armv7E-M.
    CortexM4,
    /// Cortex-M4 with the single-precision FPU.
    CortexM4F,
}

impl CoreKind {
    /// Whether the core has floating-point registers.
    pub const fn has_fpu(self) -> bool {
        matches!(self, CoreKind::CortexM4F)
    }
}

/// What a memory region is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RegionKind {
    /// Flash or ROM: the core's stores to it are bus faults.
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

/// What a core is built with. It stands in every trace, so that replay needs no board file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// The processor.
    pub core: CoreKind,
    /// Flash and RAM.
    pub regions: Vec<Region>,
    /// External interrupt lines of the NVIC, at most 240.
    pub interrupts: u16,
    /// Implemented priority bits, 3 to 8.
    pub priority_bits: u8,
    /// The core clock at reset, in Hz.
    pub clock_hz: u32,
    /// Core clock cycles per tick of SysTick's reference clock; `None` when the chip has none.
    pub systick_reference_divider: Option<u32>,
    /// Whether the bit-band regions exist (Armv7-M ARM B3.1.1; Cortex-M3 and M4 option).
    pub bit_band: bool,
    /// The address that VTOR has after reset: where the vector table of the image is.
    pub vector_table: u32,
}
