//! Exception return: integrity checks, unstacking, and faults of both (Armv7-M ARM B1.5.8; Armv8-M ARM B3.22, E2.1
//! ExceptionReturn).

use super::*;
use crate::core::{
    exception::frame::{Frame, Stack},
    mpu::Access,
    scb::fpccr,
};

/// EXC_RETURN bits. SPSEL and below mean the same in all architectures.
mod bits {
    /// Armv8-M: to Secure state, from a Secure exception, with the usual registers stacked.
    pub const S: u32 = 1 << 6;
    pub const DCRS: u32 = 1 << 5;
    pub const FTYPE: u32 = 1 << 4;
    pub const MODE: u32 = 1 << 3;
    pub const SPSEL: u32 = 1 << 2;
    pub const ES: u32 = 1 << 0;
}

/// What a return leaves: the frame, not yet put back.
struct Popped {
    words: [u32; 8],
    fp: Option<([u32; 32], u32)>,
}

/// Why a frame was not put back.
enum Refusal {
    Fault(Cause),
    /// Armv6-M locks up where others fault.
    Lockup,
}

/// A return that ended in another handler, or in lockup.
struct Faulted;

impl State {
    /// Exception return: belongs to the instruction that branched to `exc_return`, which has retired. Whether it went wrong,
    /// so that another handler runs next, or the core is locked up.
    pub fn exception_return(&mut self, exc_return: u32, memory: &mut Memory) -> bool {
        let negative_before = self.execution_priority() < 0;
        let returned = self.leave(exc_return, memory);
        self.renew_permissions(negative_before, memory);
        returned.is_err()
    }

    fn leave(&mut self, exc_return: u32, memory: &mut Memory) -> Result<(), Faulted> {
        let returning = self.registers.ipsr() as u16;
        let valid = self.is_valid_return(exc_return, returning);
        let v8 = self.scb.architecture() == Architecture::V8M;
        self.deactivate(returning);
        self.registers.pc = exc_return & !1;
        if v8 {
            let spsel = (exc_return & bits::SPSEL) >> 1;
            self.registers.control = self.registers.control & !CONTROL_SPSEL | spsel;
            self.clear_fp_on_return();
        }
        if !valid {
            return self.return_fault(Cause::usage(cfsr::INVPC), exc_return, memory);
        }
        let to_thread = exc_return & bits::MODE != 0;
        let stack = if to_thread && exc_return & bits::SPSEL != 0 { Stack::Process } else { Stack::Main };
        let frame = Frame::of(self, exc_return & bits::FTYPE == 0);
        let popped = match self.pop_frame(frame, stack, to_thread, memory) {
            Ok(popped) => popped,
            Err(Refusal::Fault(cause)) => return self.return_fault(cause, exc_return, memory),
            Err(Refusal::Lockup) => {
                let (at, registers) = (self.moment(), self.registers.clone());
                self.lock_up();
                self.record(at, registers);
                return Err(Faulted);
            }
        };
        let is_thread = popped.words[7] & self.ipsr_bits() == 0;
        if v8 && is_thread != to_thread {
            return self.return_fault(Cause::usage(cfsr::INVPC), exc_return, memory);
        }
        self.put_back(frame, stack, &popped);
        if is_thread != to_thread {
            return self.fault_after_return(stack, exc_return, memory);
        }
        self.registers.exclusive = None;
        self.event = true;
        self.boundary = true;
        if self.registers.pc == self.lockup_address() {
            // NMI had interrupted a lockup, which goes on (B1.5.15).
            self.activity = Activity::LockedUp;
        } else if is_thread && self.nvic.active_count() == 0 && self.sleeps_on_exit() {
            self.activity = Activity::WaitingForInterrupt;
        }
        Ok(())
    }

    fn ipsr_bits(&self) -> u32 {
        if self.scb.architecture() == Architecture::V6M { 0x3f } else { 0x1ff }
    }

    /// The integrity checks that need no look at the frame (Armv7-M ARM B1.5.8; Armv8-M ARM E2.1 ValidateExceptionReturn).
    /// What is unpredictable, reserved bits and a frame with floating point on a core without, fails them as well; so does
    /// everything that Armv6-M leaves unpredictable.
    fn is_valid_return(&self, exc_return: u32, returning: u16) -> bool {
        if !self.scb.has_fpu() && exc_return & bits::FTYPE == 0 {
            return false;
        }
        if !self.nvic.is_active(self.deactivated(returning)) {
            return false;
        }
        if self.scb.architecture() == Architecture::V8M {
            let security = bits::S | bits::DCRS | bits::ES;
            let expected = if self.scb.is_secure() { security } else { bits::DCRS };
            return exc_return & 0xffff_ff82 == 0xffff_ff80 && exc_return & security == expected;
        }
        let nested = self.nvic.is_other_active(returning);
        let any_mode = self.scb.ccr & ccr::NONBASETHRDENA != 0;
        exc_return & 0x0fff_ffe0 == 0x0fff_ffe0
            && match exc_return & 0xf {
                0x1 => nested,
                0x9 | 0xd => !nested || any_mode,
                _ => false,
            }
    }

    /// The exception that a return ends. On Armv8-M it is HardFault or NMI, if the core executes at their priority, whatever
    /// IPSR says (E2.1 DeActivate).
    fn deactivated(&self, returning: u16) -> u16 {
        match (self.scb.architecture(), self.nvic.active_priority()) {
            (Architecture::V8M, -1) => HARD_FAULT,
            (Architecture::V8M, -2) => NMI,
            _ => returning,
        }
    }

    /// DeActivate: FAULTMASK goes too, but not on the return from NMI; with the Security Extension, not from HardFault
    /// either (Armv8-M ARM B3.22 R_KBNF).
    fn deactivate(&mut self, returning: u16) {
        let raw = self.nvic.active_priority();
        self.nvic.deactivate(self.deactivated(returning));
        let clears = if self.scb.is_secure() { raw >= 0 } else { returning != NMI };
        if clears {
            self.registers.faultmask = 0;
        }
    }

    /// The loads of PopStack.
    fn pop_frame(
        &self,
        frame: Frame,
        stack: Stack,
        to_thread: bool,
        memory: &Memory,
    ) -> Result<Popped, Refusal> {
        // The context that is returned to pops its frame.
        let privileged = !to_thread || self.registers.control & CONTROL_NPRIV == 0;
        let negative_priority = self.execution_priority() < 0;
        let access = Access { privileged, negative_priority };
        let address = frame.sp(self, stack);
        let mut words = [0; 8];
        let loaded = self.load_words(address, &mut words, access, memory);
        if loaded.is_err() && self.scb.architecture() == Architecture::V6M && stack == Stack::Main {
            // "If the system generates a bus error when unstacking the PSR on an exception return using the MSP" (Cortex-M0
            // Devices Generic User Guide, DUI 0497A 2.4.1).
            let psr = address.wrapping_add(0x1c);
            self.load_words(psr, &mut [0], access, memory).map_err(|_| Refusal::Lockup)?;
        }
        let fault = |fault| Refusal::Fault(Cause::stacking(fault, cfsr::UNSTKERR, cfsr::MUNSTKERR));
        loaded.map_err(fault)?;
        let mismatch = (words[7] & self.ipsr_bits() == 0) != to_thread;
        if mismatch && self.scb.architecture() == Architecture::V8M {
            return Ok(Popped { words, fp: None }); // INVPC comes before the rest of the frame
        }
        let fp = self.load_fp(frame, address, access, memory).map_err(Refusal::Fault)?;
        Ok(Popped { words, fp })
    }

    /// The rest of PopStack: the registers and the stack pointer.
    fn put_back(&mut self, frame: Frame, stack: Stack, popped: &Popped) {
        let [r0, r1, r2, r3, r12, lr, pc, xpsr] = popped.words;
        let aligned = xpsr & XPSR_ALIGNED != 0 && frame.align;
        let sp = frame.sp(self, stack).wrapping_add(frame.size) | u32::from(aligned) << 2;
        frame.set_sp(self, stack, sp);
        let program_status = match (self.scb.architecture(), self.scb.kind()) {
            (Architecture::V6M, _) => 0xf000_0000 | XPSR_T,
            (_, crate::core::CoreKind::CortexM3) => 0xf800_0000 | XPSR_IT | XPSR_T,
            _ => 0xf800_0000 | XPSR_GE | XPSR_IT | XPSR_T,
        };
        let xpsr_bits = program_status | self.ipsr_bits();
        let v8 = self.scb.architecture() == Architecture::V8M;
        let secure_fpu = self.scb.is_secure() && self.scb.has_fpu();
        let r = &mut self.registers;
        r.r[..4].copy_from_slice(&[r0, r1, r2, r3]);
        (r.r[12], r.lr, r.pc, r.xpsr) = (r12, lr, pc & !1, xpsr & xpsr_bits);
        r.control &= !(CONTROL_FPCA | CONTROL_SFPA);
        if !v8 {
            let spsel = if stack == Stack::Process { CONTROL_SPSEL } else { 0 };
            r.control = r.control & !CONTROL_SPSEL | spsel;
        }
        if secure_fpu && xpsr & XPSR_SFPA != 0 {
            r.control |= CONTROL_SFPA;
        }
        if frame.fp {
            r.control |= CONTROL_FPCA;
            self.scb.fpccr &= !fpccr::LSPACT;
        }
        if let Some((s, fpscr)) = popped.fp {
            (r.s, r.fpscr) = (s, fpscr);
        }
    }

    /// A fault of the return itself: its handler is entered as by tail-chaining, without stacking again; or first what is
    /// pending and goes before it (B1.5.12).
    fn return_fault(&mut self, cause: Cause, exc_return: u32, memory: &mut Memory) -> Result<(), Faulted> {
        let (at, registers) = (self.moment(), self.registers.clone());
        self.forget_status();
        self.note(cause);
        let taken = self.handler_of(cause.number).and_then(|number| {
            self.nvic.set_pending(number);
            let first = self.nvic.first().unwrap_or(number);
            self.take(first, self.chained(exc_return), memory)
        });
        if taken.is_err() {
            self.lock_up();
        }
        self.record(at, registers);
        Err(Faulted)
    }

    /// What LR holds behind a return that ended in another handler: EXC_RETURN again, its reserved bits put right.
    fn chained(&self, exc_return: u32) -> u32 {
        if self.scb.architecture() != Architecture::V8M {
            return 0xf000_0000 | exc_return & 0x0fff_ffff;
        }
        let secure = if self.scb.is_secure() { bits::ES } else { 0 };
        0xff00_0000 | exc_return & 0x00ff_fffe | secure
    }

    /// The frame that was popped does not fit the mode that EXC_RETURN asked for: it is pushed again (Armv7-M ARM B1.5.8).
    fn fault_after_return(
        &mut self,
        stack: Stack,
        exc_return: u32,
        memory: &mut Memory,
    ) -> Result<(), Faulted> {
        let (at, registers) = (self.moment(), self.registers.clone());
        self.forget_status();
        self.note(Cause::usage(cfsr::INVPC));
        let current = self.execution_priority();
        let taken = self.handler_of(USAGE_FAULT).and_then(|number| {
            let lr = self.chained(exc_return);
            match self.push_frame(stack, memory) {
                Ok(()) => self.take(number, lr, memory),
                Err(cause) => self.late_arrival(number, cause, current, lr, memory),
            }
        });
        if taken.is_err() {
            self.lock_up();
        }
        self.record(at, registers);
        Err(Faulted)
    }
}
