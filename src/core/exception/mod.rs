//! Exception entry, exception return and faults (Armv6-M ARM B1.5, Armv7-M ARM B1.5, Armv8-M ARM B3).
//!
//! Tail-chaining is not a path of its own. A return unstacks, and the exception that is pending then stacks the same frame
//! to the same place: the manuals leave open whether a core does this or skips both (Armv7-M ARM B1.5.12), and the position
//! between the two is one that a debugger can stop at.

mod entry;
mod exit;
mod fp;
mod frame;
#[cfg(test)]
mod tests;

pub use fp::Preserved;

use super::{
    Architecture,
    engine::{AccessFault, Memory},
    nvic::exception::*,
    scb::{ccr, cfsr, demcr, dfsr, hfsr},
    state::{Activity, State},
};
use crate::{
    fault::Fault,
    words::{Moment, Registers},
};

const XPSR_T: u32 = 1 << 24;
const XPSR_IT: u32 = 0x0600_fc00;
const XPSR_GE: u32 = 0x000f_0000;
/// Bit 9 of a stacked xPSR: the stack pointer was aligned by four bytes more.
const XPSR_ALIGNED: u32 = 1 << 9;
/// Bit 20 of a stacked xPSR, with the Security Extension: CONTROL.SFPA.
const XPSR_SFPA: u32 = 1 << 20;
const CONTROL_NPRIV: u32 = 1 << 0;
const CONTROL_SPSEL: u32 = 1 << 1;
const CONTROL_FPCA: u32 = 1 << 2;
const CONTROL_SFPA: u32 = 1 << 3;

/// A fault before it is known which exception handles it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause {
    /// MemManage, BusFault or UsageFault.
    number: u16,
    /// The bits that it sets in CFSR.
    status: u32,
    /// What goes to MMFAR or BFAR.
    address: Option<u32>,
}

impl Cause {
    /// A UsageFault.
    pub const fn usage(status: u32) -> Cause {
        Cause { number: USAGE_FAULT, status, address: None }
    }

    /// A load or store that was refused.
    pub fn access(address: u32, fault: AccessFault) -> Cause {
        match fault {
            AccessFault::Bus => {
                let status = cfsr::PRECISERR | cfsr::BFARVALID;
                Cause { number: BUS_FAULT, status, address: Some(address) }
            }
            AccessFault::Protection => {
                let status = cfsr::DACCVIOL | cfsr::MMARVALID;
                Cause { number: MEM_MANAGE, status, address: Some(address) }
            }
            AccessFault::Unaligned => Cause::usage(cfsr::UNALIGNED),
        }
    }

    /// An instruction fetch that was refused.
    pub fn fetch(fault: AccessFault) -> Cause {
        match fault {
            AccessFault::Protection => Cause { number: MEM_MANAGE, status: cfsr::IACCVIOL, address: None },
            _ => Cause { number: BUS_FAULT, status: cfsr::IBUSERR, address: None },
        }
    }

    fn stacking(fault: AccessFault, bus: u32, protection: u32) -> Cause {
        match fault {
            AccessFault::Protection => Cause { number: MEM_MANAGE, status: protection, address: None },
            _ => Cause { number: BUS_FAULT, status: bus, address: None },
        }
    }
}

/// The core cannot go on (B1.5.15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lockup;

impl State {
    /// Takes a fault of the instruction at the PC. It is one icount.
    pub fn take_fault(&mut self, cause: Cause, memory: &mut Memory) {
        self.forget_status();
        self.note(cause);
        let handler = self.handler_of(cause.number);
        self.enter_at_once(handler, memory);
    }

    /// Takes the exception of a BKPT instruction while no debugger can halt the core (Armv7-M ARM C1.4.1 table C1-8, Armv8-M
    /// ARM E2.1 BKPTInstrDebugEvent): DebugMonitor where it is enabled and may preempt, else HardFault. It is one icount.
    pub fn breakpoint_exception(&mut self, memory: &mut Memory) {
        self.forget_status();
        self.scb.dfsr |= dfsr::BKPT;
        let current = self.execution_priority();
        let monitor = self.scb.demcr & demcr::MON_EN != 0
            && self.scb.architecture() != Architecture::V6M
            && self.nvic.exception_priority(DEBUG_MONITOR) < current;
        let handler = if monitor {
            Ok(DEBUG_MONITOR)
        } else {
            self.scb.hfsr |= hfsr::DEBUGEVT;
            if current > -1 { Ok(HARD_FAULT) } else { Err(Lockup) }
        };
        self.enter_at_once(handler, memory);
    }

    /// A debug event other than BKPT, with its bit of DFSR: pends DebugMonitor where that is enabled and may preempt, and is
    /// ignored else (Armv7-M ARM C1.4.1 table C1-8). Whether it was not ignored.
    pub fn debug_event(&mut self, status: u32) -> bool {
        let may = self.scb.demcr & demcr::MON_EN != 0
            && self.nvic.exception_priority(DEBUG_MONITOR) < self.execution_priority();
        if may {
            self.scb.dfsr |= status;
            self.nvic.set_pending(DEBUG_MONITOR);
        }
        may
    }

    /// SVC: pends SVCall, or HardFault when SVCall cannot preempt. The instruction has retired.
    pub fn supervisor_call(&mut self) {
        self.forget_status();
        match self.handler_of(SV_CALL) {
            Ok(number) => self.nvic.set_pending(number),
            Err(Lockup) => {
                let (at, registers) = (self.moment(), self.registers.clone());
                self.lock_up();
                self.record(at, registers);
            }
        }
    }

    /// Takes the exception that is pending; or, if stacking for it faults and that goes first, the fault. It is one icount.
    pub fn take_pending(&mut self, number: u16, memory: &mut Memory) {
        self.enter_at_once(Ok(number), memory);
    }

    fn enter_at_once(&mut self, handler: Result<u16, Lockup>, memory: &mut Memory) {
        let (at, registers) = (self.moment(), self.registers.clone());
        if handler.and_then(|number| self.enter(number, memory)).is_err() {
            self.lock_up();
        }
        self.icount += 1;
        self.record(at, registers);
    }

    /// Keeps what a report needs, if the core has locked up or a fault handler runs next.
    fn record(&mut self, at: Moment, registers: Registers) {
        let lockup = self.activity == Activity::LockedUp;
        let exception = if lockup { 0 } else { self.registers.ipsr() as u16 };
        if lockup || matches!(exception, HARD_FAULT..=SECURE_FAULT) {
            let (cfsr, hfsr, mmfar, bfar) = (self.scb.cfsr, self.scb.hfsr, self.scb.mmfar, self.scb.bfar);
            let time = self.clock.time_at(at.cycle);
            self.fault = Some(Fault { at, time, exception, registers, cfsr, hfsr, mmfar, bfar, lockup });
        }
    }

    /// Armv6-M has no status registers. What they would hold of the last fault is kept for the report.
    fn forget_status(&mut self) {
        if !self.scb.has_fault_status() {
            (self.scb.cfsr, self.scb.hfsr, self.scb.mmfar, self.scb.bfar) = (0, 0, 0, 0);
        }
    }

    fn note(&mut self, cause: Cause) {
        self.scb.cfsr |= cause.status;
        if let Some(address) = cause.address {
            if cause.number == MEM_MANAGE {
                self.scb.mmfar = address;
            } else {
                self.scb.bfar = address;
            }
        }
    }

    /// Whether an exception can be taken as itself. Armv6-M knows no fault but HardFault.
    fn is_enabled(&self, number: u16) -> bool {
        match number {
            MEM_MANAGE..=SECURE_FAULT => self.scb.fault_enables >> (number + 12) & 1 != 0,
            _ => true,
        }
    }

    /// The exception that handles a synchronous exception: itself, HardFault by escalation, or none (B1.5.14).
    fn handler_of(&mut self, number: u16) -> Result<u16, Lockup> {
        let current = self.execution_priority();
        if self.is_enabled(number) && self.nvic.exception_priority(number) < current {
            return Ok(number);
        }
        if current < 0 {
            return Err(Lockup);
        }
        self.scb.hfsr |= hfsr::FORCED;
        Ok(HARD_FAULT)
    }

    /// The priority at which the core executes (B1.5.4 ExecutionPriority).
    pub fn execution_priority(&self) -> i16 {
        self.nvic.execution_priority(self.masks())
    }

    /// The address that the PC holds in lockup (Armv7-M ARM B1.5.15; Armv8-M ARM B3, Lockup).
    fn lockup_address(&self) -> u32 {
        if self.scb.architecture() == Architecture::V8M { 0xefff_fffe } else { 0xffff_fffe }
    }

    fn lock_up(&mut self) {
        self.activity = Activity::LockedUp;
        self.registers.pc = self.lockup_address();
        self.registers.xpsr &= !XPSR_IT;
        self.boundary = true;
    }

    /// Whether an exception ends a lockup: NMI, of one at the priority of HardFault (B1.5.15). It is taken like any other.
    pub fn leaves_lockup(&self) -> bool {
        self.activity == Activity::LockedUp && self.nvic.takeable(self.masks()).is_some()
    }

    /// Whether a pending exception wakes the core from WFI or WFE. PRIMASK does not keep it asleep (B1.5.18, B1.5.19).
    pub fn is_woken(&self) -> bool {
        let masks = super::engine::Masks { primask: false, ..self.masks() };
        self.nvic.takeable(masks).is_some()
    }

    /// Whether a load or store that the bus answers with an error is ignored: the load reads as zero, the store goes nowhere
    /// (CCR.BFHFNMIGN, B3.2.8; what is loaded is unknown).
    pub fn ignores_bus_errors(&self) -> bool {
        self.scb.ccr & ccr::BFHFNMIGN != 0 && self.execution_priority() < 0
    }

    /// The bits of BASEPRI that exist: a value written by MSR reads back without the others (B1.4.3).
    pub fn basepri_bits(&self) -> u32 {
        if self.scb.architecture() == Architecture::V6M { 0 } else { self.nvic.implemented().into() }
    }

    /// The bits of CONTROL that exist: nPRIV, which only Armv6-M may lack, SPSEL, FPCA and SFPA (B1.4.4).
    pub fn control_bits(&self) -> u32 {
        use super::CoreKind::{CortexM0, CortexM1};
        let unprivileged = !matches!(self.scb.kind(), CortexM0 | CortexM1);
        let secure_fpu = self.scb.has_fpu() && self.scb.is_secure();
        let bits = [
            (CONTROL_NPRIV, unprivileged),
            (CONTROL_SPSEL, true),
            (CONTROL_FPCA, self.scb.has_fpu()),
            (CONTROL_SFPA, secure_fpu),
        ];
        bits.iter().filter(|(_, exists)| *exists).fold(0, |word, (bit, _)| word | bit)
    }
}
