//! Exception entry: stacking, the vector, and faults of both.

use super::*;
use crate::core::{
    engine::PageUse,
    exception::frame::{Frame, Stack},
};

impl State {
    /// Exception entry (Armv7-M ARM B1.5.6): stacks, then takes the exception, or a fault of the stacking itself.
    pub(super) fn enter(&mut self, number: u16, memory: &mut Memory) -> Result<(), Lockup> {
        let preempted = self.execution_priority();
        let exc_return = self.exc_return();
        let stack = if self.registers.uses_psp() { Stack::Process } else { Stack::Main };
        match self.push_frame(stack, memory) {
            Ok(()) => self.take(number, exc_return, memory)?,
            Err(cause) => return self.late_arrival(number, cause, preempted, exc_return, memory),
        }
        Ok(())
    }

    /// What LR holds in the handler (Armv7-M ARM B1.5.8 table B1-8; Armv8-M ARM B3.22 EXC_RETURN).
    fn exc_return(&self) -> u32 {
        let thread = self.registers.ipsr() == 0;
        let control = self.registers.control;
        let frame_type = u32::from(control & CONTROL_FPCA == 0) << 4;
        let mode = u32::from(thread) << 3;
        if self.scb.architecture() == Architecture::V8M {
            // SPSEL is CONTROL.SPSEL, which software can set in Handler mode too; S and ES say that all is Secure.
            let secure = if self.scb.is_secure() { 0x41 } else { 0 };
            return 0xffff_ffa0 | frame_type | mode | (control & CONTROL_SPSEL) << 1 | secure;
        }
        let process = thread && control & CONTROL_SPSEL != 0;
        0xffff_ffe1 | frame_type | mode | u32::from(process) << 2
    }

    /// PushStack (B1.5.6; Armv8-M ARM E2.1). The stack pointer moves even when a store fails.
    pub(super) fn push_frame(&mut self, stack: Stack, memory: &mut Memory) -> Result<(), Cause> {
        let frame = Frame::of(self, self.registers.control & CONTROL_FPCA != 0);
        let sp = frame.sp(self, stack);
        let aligned = frame.align && sp & 4 != 0;
        let address = sp.wrapping_sub(frame.size) & !(u32::from(frame.align) << 2);
        let limit = self.stack_limit(stack);
        if address < limit {
            // Armv8-M ARM B3.21: SP becomes the limit. Which words above it are stored is up to the core: none.
            frame.set_sp(self, stack, limit);
            let _ = self.defer_or_push_fp(frame, address, true, memory);
            return Err(Cause::usage(cfsr::STKOF));
        }
        frame.set_sp(self, stack, address);
        let r = &self.registers;
        let sfpa = self.scb.is_secure() && r.control & CONTROL_SFPA != 0;
        let xpsr = r.xpsr & !(XPSR_ALIGNED | XPSR_SFPA)
            | if aligned { XPSR_ALIGNED } else { 0 }
            | if sfpa { XPSR_SFPA } else { 0 };
        let words = [r.r[0], r.r[1], r.r[2], r.r[3], r.r[12], r.lr, r.pc, xpsr];
        let access = self.mpu_access(self.is_privileged());
        let stored = self.store_words(address, &words, access, memory);
        let stored = stored.map_err(|fault| Cause::stacking(fault, cfsr::STKERR, cfsr::MSTKERR));
        if !frame.fp {
            return stored;
        }
        // What is left for later is noted even if the frame could not be stored.
        let deferred = self.scb.fpccr & crate::core::scb::fpccr::LSPEN != 0;
        if deferred || stored.is_ok() {
            let fp = self.defer_or_push_fp(frame, address, false, memory);
            return stored.and(fp);
        }
        stored
    }

    /// Stores words one after the other, until one faults.
    pub(super) fn store_words(
        &self,
        address: u32,
        words: &[u32],
        access: crate::core::mpu::Access,
        memory: &mut Memory,
    ) -> Result<(), AccessFault> {
        for (word, address) in words.iter().zip((0..).map(|n| address.wrapping_add(4 * n))) {
            self.check(address, PageUse::Store, access, memory)?;
            memory.write(address, &word.to_le_bytes()).map_err(|_| AccessFault::Bus)?;
        }
        Ok(())
    }

    /// DerivedLateArrival (Armv7-M ARM B1.5.11; Armv8-M ARM E2.1): stacking for exception `number`, which preempts
    /// something of priority `preempted`, has faulted. The one of higher priority is entered, the other stays pending.
    pub(super) fn late_arrival(
        &mut self,
        number: u16,
        cause: Cause,
        preempted: i16,
        exc_return: u32,
        memory: &mut Memory,
    ) -> Result<(), Lockup> {
        self.note(cause);
        let v8 = self.scb.architecture() == Architecture::V8M;
        let as_itself =
            self.is_enabled(cause.number) && self.nvic.exception_priority(cause.number) < preempted;
        let derived = if as_itself {
            cause.number
        } else {
            self.scb.hfsr |= hfsr::FORCED;
            if v8 && preempted <= -1 {
                return Err(Lockup); // E2.1 CreateException: HardFault could not have preempted either
            }
            HARD_FAULT
        };
        if derived == number {
            // The handler is entered all the same, its frame lost (DDI 0337E 5.12.1).
            return self.take(number, exc_return, memory);
        }
        let original = self.nvic.exception_priority(number);
        let priority = self.nvic.exception_priority(derived);
        // Of equals, Armv7-M takes the original; Armv8-M pends both, and the lower number goes first.
        let first = if priority < original || v8 && priority == original && derived < number {
            self.nvic.set_pending(number);
            derived
        } else {
            self.nvic.set_pending(derived);
            number
        };
        self.take(first, exc_return, memory)
    }

    /// ExceptionTaken (B1.5.6).
    pub(super) fn take(&mut self, number: u16, exc_return: u32, memory: &mut Memory) -> Result<(), Lockup> {
        let negative_before = self.execution_priority() < 0;
        let vector = self.scb.vtor.wrapping_add(4 * u32::from(number));
        let Ok(handler) = memory.read_word(vector) else {
            // A vector that cannot be read is a HardFault, and the exception stays pending (B1.5.11); of HardFault and NMI it
            // is a lockup at their priority (B1.5.15).
            self.scb.hfsr |= hfsr::VECTTBL;
            if number == HARD_FAULT || number == NMI {
                self.nvic.activate(number);
                self.registers.xpsr = self.registers.xpsr & !0x1ff | u32::from(number);
                return Err(Lockup);
            }
            self.nvic.set_pending(number);
            return self.take(HARD_FAULT, exc_return, memory);
        };
        let r = &mut self.registers;
        r.lr = exc_return;
        // SP is banked: from here on it is MSP, because the mode is Handler.
        r.pc = handler & !1;
        r.xpsr = r.xpsr & !(XPSR_IT | XPSR_T | 0x1ff) | (handler & 1) << 24 | u32::from(number);
        r.control &= !(CONTROL_FPCA | CONTROL_SPSEL | CONTROL_SFPA);
        r.exclusive = None;
        self.nvic.activate(number);
        self.event = true;
        self.activity = Activity::Running;
        self.boundary = true;
        self.renew_permissions(negative_before, memory);
        Ok(())
    }

    /// Whether permissions differ at negative priority: the MPU may be off then, or bus errors ignored.
    pub fn permissions_need_priority(&self) -> bool {
        self.mpu.ctrl & 3 == 1 || self.scb.ccr & ccr::BFHFNMIGN != 0
    }

    /// At another priority, what the translators know of permissions may be wrong.
    pub(super) fn renew_permissions(&self, negative_before: bool, memory: &mut Memory) {
        if self.permissions_need_priority() && negative_before != (self.execution_priority() < 0) {
            memory.invalidate_permissions();
        }
    }
}
