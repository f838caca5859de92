//! The system control block, the FPU's control registers and the debug registers that firmware looks at
//! (Armv7-M ARM B3.2, B3.2.21, C1.6, C1.8; Armv6-M ARM B3.2; Armv8-M ARM D1.2).

use serde::{Deserialize, Serialize};

use super::{Architecture, Config, CoreKind, security::Security};

/// CCR bits.
pub mod ccr {
    pub const NONBASETHRDENA: u32 = 1 << 0;
    pub const USERSETMPEND: u32 = 1 << 1;
    pub const UNALIGN_TRP: u32 = 1 << 3;
    pub const DIV_0_TRP: u32 = 1 << 4;
    pub const BFHFNMIGN: u32 = 1 << 8;
    pub const STKALIGN: u32 = 1 << 9;
    /// Armv8-M: the stack limits do not hold at negative priority.
    pub const STKOFHFNMIGN: u32 = 1 << 10;
    /// Data cache enable, on a core that has one.
    pub const DC: u32 = 1 << 16;
    /// Instruction cache enable, on a core that has one.
    pub const IC: u32 = 1 << 17;
    /// Branch prediction enable.
    pub const BP: u32 = 1 << 18;
}

/// SCR bits.
pub mod scr {
    pub const SLEEPONEXIT: u32 = 1 << 1;
    pub const SEVONPEND: u32 = 1 << 4;
    /// Every bit that can be written: SLEEPONEXIT, SLEEPDEEP, SEVONPEND.
    pub const ALL: u32 = 0x16;
    /// SLEEPDEEPS, of the Security Extension.
    pub const SLEEPDEEPS: u32 = 1 << 3;
}

/// CFSR bits.
pub mod cfsr {
    pub const IACCVIOL: u32 = 1 << 0;
    pub const DACCVIOL: u32 = 1 << 1;
    pub const MUNSTKERR: u32 = 1 << 3;
    pub const MSTKERR: u32 = 1 << 4;
    pub const MLSPERR: u32 = 1 << 5;
    pub const MMARVALID: u32 = 1 << 7;
    pub const IBUSERR: u32 = 1 << 8;
    pub const PRECISERR: u32 = 1 << 9;
    pub const UNSTKERR: u32 = 1 << 11;
    pub const STKERR: u32 = 1 << 12;
    pub const LSPERR: u32 = 1 << 13;
    pub const BFARVALID: u32 = 1 << 15;
    pub const UNDEFINSTR: u32 = 1 << 16;
    pub const INVSTATE: u32 = 1 << 17;
    pub const INVPC: u32 = 1 << 18;
    pub const NOCP: u32 = 1 << 19;
    /// Armv8-M: a stack limit was violated.
    pub const STKOF: u32 = 1 << 20;
    pub const UNALIGNED: u32 = 1 << 24;
    pub const DIVBYZERO: u32 = 1 << 25;
}

/// HFSR bits.
pub mod hfsr {
    pub const VECTTBL: u32 = 1 << 1;
    pub const FORCED: u32 = 1 << 30;
    pub const DEBUGEVT: u32 = 1 << 31;
}

/// DFSR bits.
pub mod dfsr {
    pub const BKPT: u32 = 1 << 1;
    pub const DWTTRAP: u32 = 1 << 2;
    /// HALTED, BKPT, DWTTRAP, VCATCH, EXTERNAL.
    pub const ALL: u32 = 0x1f;
}

/// DEMCR bits.
pub mod demcr {
    pub const MON_EN: u32 = 1 << 16;
    pub const MON_PEND: u32 = 1 << 17;
    pub const TRCENA: u32 = 1 << 24;
}

/// FPCCR bits (Armv7-M ARM B3.2.21; Armv8-M ARM D1.2).
pub mod fpccr {
    pub const LSPACT: u32 = 1 << 0;
    pub const USER: u32 = 1 << 1;
    /// Armv8-M with the Security Extension: the context is Secure.
    pub const S: u32 = 1 << 2;
    pub const THREAD: u32 = 1 << 3;
    pub const HFRDY: u32 = 1 << 4;
    pub const MMRDY: u32 = 1 << 5;
    pub const BFRDY: u32 = 1 << 6;
    pub const MONRDY: u32 = 1 << 8;
    /// Armv8-M: the frame lies below the stack limit.
    pub const SPLIMVIOL: u32 = 1 << 9;
    /// Armv8-M.
    pub const UFRDY: u32 = 1 << 10;
    /// Armv8-M with the Security Extension: S16 to S31 and FPSCR are saved and cleared too.
    pub const TS: u32 = 1 << 26;
    /// Armv8-M: the FP registers are cleared on exception return.
    pub const CLRONRET: u32 = 1 << 28;
    pub const LSPEN: u32 = 1 << 30;
    pub const ASPEN: u32 = 1 << 31;
}

/// The registers of the system control block and around it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scb {
    /// The processor: what it says of itself, and which of the registers it has.
    kind: CoreKind,
    /// CPUID.
    pub cpuid: u32,
    /// VTOR; where it does not exist, the fixed address of the vector table.
    pub vtor: u32,
    /// ACTLR, the writable bits. None of them has an effect here.
    pub actlr: u32,
    /// AIRCR bits 14:3, where the Security Extension makes them readable.
    pub aircr: u32,
    /// SCR.
    pub scr: u32,
    /// CCR.
    pub ccr: u32,
    /// SHCSR bits 19:16: the enables of MemManage, BusFault, UsageFault and SecureFault.
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
    /// CSSELR, on a core with caches.
    pub csselr: u32,
    /// FPCCR.
    pub fpccr: u32,
    /// FPCAR.
    pub fpcar: u32,
    /// FPDSCR.
    pub fpdscr: u32,
    /// DEMCR, without MON_PEND, which is the pending state of DebugMonitor.
    pub demcr: u32,
    /// DHCSR.S_RESET_ST: the core has been reset since DHCSR was last read.
    pub reset_status: bool,
    /// Whether a debugger has set DHCSR.C_DEBUGEN.
    pub halting_debug: bool,
    /// The registers of the Security Extension, where there is one.
    pub security: Option<Security>,
}

impl Scb {
    /// The state after reset.
    pub fn new(config: &Config) -> Scb {
        let kind = config.core;
        let secure = config.security_extension && kind.architecture() == Architecture::V8M;
        let ccr = match (kind.architecture(), kind) {
            // DDI 0419 B3.2.8: both bits are fixed.
            (Architecture::V6M, _) => ccr::STKALIGN | ccr::UNALIGN_TRP,
            // DDI 0553 D1.2: what was NONBASETHRDENA is RES1.
            (Architecture::V8M, _) => ccr::STKALIGN | ccr::NONBASETHRDENA,
            // DDI 0489 3.3: branch prediction is always on.
            (_, CoreKind::CortexM7 | CoreKind::CortexM7F | CoreKind::CortexM7Dp) => ccr::STKALIGN | ccr::BP,
            _ => ccr::STKALIGN,
        };
        let fpccr = match (kind.has_fpu(), secure) {
            (false, _) => 0,
            (true, false) => fpccr::ASPEN | fpccr::LSPEN,
            (true, true) => fpccr::ASPEN | fpccr::LSPEN | fpccr::S,
        };
        Scb {
            kind,
            cpuid: kind.cpuid(),
            vtor: config.vector_table & !0x7f,
            actlr: 0,
            aircr: 0,
            scr: 0,
            ccr,
            fault_enables: 0,
            cfsr: 0,
            hfsr: 0,
            dfsr: 0,
            mmfar: 0,
            bfar: 0,
            cpacr: 0,
            csselr: 0,
            fpccr,
            fpcar: 0,
            fpdscr: 0,
            demcr: 0,
            reset_status: true,
            halting_debug: config.halting_debug,
            security: secure.then(Security::default),
        }
    }

    /// The processor.
    pub fn kind(&self) -> CoreKind {
        self.kind
    }

    /// The architecture.
    pub fn architecture(&self) -> Architecture {
        self.kind.architecture()
    }

    /// Whether the core has floating point.
    pub fn has_fpu(&self) -> bool {
        self.kind.has_fpu()
    }

    /// Whether the core has the Security Extension: all that runs is Secure then.
    pub fn is_secure(&self) -> bool {
        self.security.is_some()
    }

    /// Whether the core says what a fault was: Armv6-M has no fault status registers.
    pub fn has_fault_status(&self) -> bool {
        self.architecture() != Architecture::V6M
    }

    /// Whether CPACR lets floating-point instructions execute (B3.2.20). CP10 and CP11 are allowed together.
    pub fn allows_fpu(&self, privileged: bool) -> bool {
        match self.cpacr >> 20 & 3 {
            3 => self.has_fpu(),
            1 => self.has_fpu() && privileged,
            _ => false,
        }
    }
}
