//! The system control block, the FPU's control registers and the debug registers that firmware looks at
//! (Armv7-M ARM B3.2, B3.2.21, C1.6, C1.8).

use serde::{Deserialize, Serialize};

use super::Config;
use crate::words::Cycle;

/// CCR bits.
pub mod ccr {
    pub const NONBASETHRDENA: u32 = 1 << 0;
    pub const UNALIGN_TRP: u32 = 1 << 3;
    pub const DIV_0_TRP: u32 = 1 << 4;
    pub const BFHFNMIGN: u32 = 1 << 8;
    pub const STKALIGN: u32 = 1 << 9;
}

/// SCR bits.
pub mod scr {
    pub const SLEEPONEXIT: u32 = 1 << 1;
    pub const SEVONPEND: u32 = 1 << 4;
}

/// CFSR bits.
pub mod cfsr {
    pub const IACCVIOL: u32 = 1 << 0;
    pub const DACCVIOL: u32 = 1 << 1;
    pub const MUNSTKERR: u32 = 1 << 3;
    pub const MSTKERR: u32 = 1 << 4;
    pub const MMARVALID: u32 = 1 << 7;
    pub const IBUSERR: u32 = 1 << 8;
    pub const PRECISERR: u32 = 1 << 9;
    pub const UNSTKERR: u32 = 1 << 11;
    pub const STKERR: u32 = 1 << 12;
    pub const BFARVALID: u32 = 1 << 15;
    pub const UNDEFINSTR: u32 = 1 << 16;
    pub const INVSTATE: u32 = 1 << 17;
    pub const INVPC: u32 = 1 << 18;
    pub const NOCP: u32 = 1 << 19;
    pub const STKOF: u32 = 1 << 20;
    pub const UNALIGNED: u32 = 1 << 24;
    pub const DIVBYZERO: u32 = 1 << 25;
}

/// HFSR bits.
pub mod hfsr {
    pub const VECTTBL: u32 = 1 << 1;
    pub const FORCED: u32 = 1 << 30;
}

/// The registers of the system control block and around it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scb {
    /// CPUID.
    pub cpuid: u32,
    /// VTOR.
    pub vtor: u32,
    /// SCR.
    pub scr: u32,
    /// CCR.
    pub ccr: u32,
    /// SHCSR bits 18:16: the enables of MemManage, BusFault and UsageFault.
    pub fault_enables: u32,
    /// CFSR.
    pub cfsr: u32,
    /// HFSR.
    pub hfsr: u32,
    /// DFSR.
    pub dfsr: u32,
    /// MMFAR.
    pub mmfar: u32,
    /// BFAR.
    pub bfar: u32,
    /// CPACR.
    pub cpacr: u32,
    /// FPCCR bits 31:30: ASPEN and LSPEN. Stacking is eager, so LSPACT is never seen set.
    pub fpccr: u32,
    /// FPCAR.
    pub fpcar: u32,
    /// FPDSCR.
    pub fpdscr: u32,
    /// DEMCR.
    pub demcr: u32,
    /// DWT_CTRL, the writable bits.
    pub dwt_ctrl: u32,
    /// DWT_CYCCNT: its value when stopped, or its value at cycle 0 when counting.
    pub cyccnt_base: u32,
    fpu: bool,
    security_extension: bool,
}

impl Scb {
    /// The state after reset.
    pub fn new(config: &Config) -> Scb {
        let fpu = config.core.has_fpu();
        Scb {
            cpuid: config.core.cpuid(),
            vtor: config.vector_table & !0x7f,
            scr: 0,
            ccr: ccr::STKALIGN,
            fault_enables: 0,
            cfsr: 0,
            hfsr: 0,
            dfsr: 0,
            mmfar: 0,
            bfar: 0,
            cpacr: 0,
            fpccr: if fpu { 0xc000_0000 } else { 0 },
            fpcar: 0,
            fpdscr: 0,
            demcr: 0,
            dwt_ctrl: 0,
            cyccnt_base: 0,
            fpu,
            security_extension: config.security_extension,
        }
    }

    /// Whether the core has floating point.
    pub fn has_fpu(&self) -> bool {
        self.fpu
    }

    /// Whether the core has the Security Extension, and so is in Secure state.
    pub fn security_extension(&self) -> bool {
        self.security_extension
    }

    fn cyccnt_counts(&self) -> bool {
        self.dwt_ctrl & 1 != 0 && self.demcr >> 24 & 1 != 0
    }

    /// DWT_CYCCNT.
    pub fn cyccnt(&self, now: Cycle) -> u32 {
        if self.cyccnt_counts() { self.cyccnt_base.wrapping_add(now as u32) } else { self.cyccnt_base }
    }

    /// Writes DWT_CYCCNT.
    pub fn set_cyccnt(&mut self, value: u32, now: Cycle) {
        self.cyccnt_base = if self.cyccnt_counts() { value.wrapping_sub(now as u32) } else { value };
    }

    /// Writes DWT_CTRL or DEMCR, which start and stop DWT_CYCCNT.
    pub fn set_trace_control(&mut self, demcr: u32, dwt_ctrl: u32, now: Cycle) {
        let count = self.cyccnt(now);
        self.demcr = demcr;
        self.dwt_ctrl = dwt_ctrl;
        self.set_cyccnt(count, now);
    }
}
