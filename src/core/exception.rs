//! Exception entry, exception return and faults (Armv7-M ARM B1.5.6 to B1.5.8, B1.5.14, B1.5.15).

use super::{
    engine::{AccessFault, Memory, PageUse, Translation},
    nvic::exception::*,
    port::translate,
    scb::{ccr, cfsr, hfsr},
    state::{Activity, State},
};
use crate::{fault::Fault, words::Registers};

const XPSR_T: u32 = 1 << 24;
const XPSR_IT: u32 = 0x0600_fc00;
/// Bit 9 of a stacked xPSR: the stack pointer was aligned by four bytes more.
const XPSR_ALIGNED: u32 = 1 << 9;
const CONTROL_SPSEL: u32 = 1 << 1;
const CONTROL_FPCA: u32 = 1 << 2;

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
        let before = self.registers.clone();
        let at = self.moment();
        self.note(cause);
        let entered = match self.handler_of(cause.number) {
            Ok(number) => self.enter(number, memory),
            Err(lockup) => Err(lockup),
        };
        if entered.is_err() {
            self.lock_up();
        }
        self.icount += 1;
        self.fault = Some(Fault {
            at,
            exception: if entered.is_ok() { self.registers.ipsr() as u16 } else { 0 },
            registers: before,
            cfsr: self.scb.cfsr,
            hfsr: self.scb.hfsr,
            mmfar: self.scb.mmfar,
            bfar: self.scb.bfar,
            lockup: entered.is_err(),
        });
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

    fn is_enabled(&self, number: u16) -> bool {
        match number {
            MEM_MANAGE => self.scb.fault_enables >> 16 & 1 != 0,
            BUS_FAULT => self.scb.fault_enables >> 17 & 1 != 0,
            USAGE_FAULT => self.scb.fault_enables >> 18 & 1 != 0,
            _ => true,
        }
    }

    /// The exception that handles a synchronous exception: itself, HardFault by escalation, or none (B1.5.14).
    fn handler_of(&mut self, number: u16) -> Result<u16, Lockup> {
        let current = self.nvic.execution_priority(self.masks());
        if self.is_enabled(number) && self.nvic.exception_priority(number) < current {
            return Ok(number);
        }
        if current < 0 {
            return Err(Lockup);
        }
        self.scb.hfsr |= hfsr::FORCED;
        Ok(HARD_FAULT)
    }

    /// SVC: pends SVCall, or HardFault when SVCall cannot preempt. The instruction has retired.
    pub fn supervisor_call(&mut self) {
        match self.handler_of(SV_CALL) {
            Ok(number) => self.nvic.set_pending(number),
            Err(Lockup) => self.lock_up(),
        }
    }

    fn lock_up(&mut self) {
        self.activity = Activity::LockedUp;
        self.registers.pc = 0xffff_fffe;
        self.registers.xpsr &= !XPSR_IT;
        self.boundary = true;
    }

    /// Takes the exception that is pending. It is one icount.
    pub fn take_pending(&mut self, number: u16, memory: &mut Memory) {
        if self.enter(number, memory).is_err() {
            let (at, registers) = (self.moment(), self.registers.clone());
            self.lock_up();
            let (cfsr, hfsr, mmfar, bfar) = (self.scb.cfsr, self.scb.hfsr, self.scb.mmfar, self.scb.bfar);
            self.fault = Some(Fault { at, exception: 0, registers, cfsr, hfsr, mmfar, bfar, lockup: true });
        }
        self.icount += 1;
    }

    /// Exception entry (B1.5.6): stacks, then takes the exception, or a fault of the stacking itself.
    fn enter(&mut self, number: u16, memory: &mut Memory) -> Result<(), Lockup> {
        let exc_return = self.exc_return();
        let Err(fault) = self.push_frame(memory) else {
            return self.take(number, exc_return, memory);
        };
        // A derived exception (B1.5.11): the one of higher priority is entered, the other stays pending.
        let cause = Cause::stacking(fault, cfsr::STKERR, cfsr::MSTKERR);
        self.note(cause);
        let original = self.nvic.exception_priority(number);
        let enabled = self.is_enabled(cause.number);
        if enabled && self.nvic.exception_priority(cause.number) < original {
            self.nvic.set_pending(number);
            return self.take(cause.number, exc_return, memory);
        }
        if enabled && self.nvic.exception_priority(cause.number) < self.nvic.execution_priority(self.masks())
        {
            self.nvic.set_pending(cause.number);
            return self.take(number, exc_return, memory);
        }
        self.scb.hfsr |= hfsr::FORCED;
        if number == HARD_FAULT {
            // The handler is entered all the same, its frame lost (DDI 0337E 5.12.1).
            return self.take(HARD_FAULT, exc_return, memory);
        }
        if number == NMI {
            self.nvic.set_pending(HARD_FAULT);
            return self.take(NMI, exc_return, memory);
        }
        self.nvic.set_pending(number);
        self.take(HARD_FAULT, exc_return, memory)
    }

    fn has_fp_frame(&self) -> bool {
        self.registers.control & CONTROL_FPCA != 0
    }

    fn exc_return(&self) -> u32 {
        let handler = self.registers.ipsr() != 0;
        let mode = if handler {
            0x1
        } else if self.registers.uses_psp() {
            0xd
        } else {
            0x9
        };
        0xffff_ffe0 | mode | if self.has_fp_frame() { 0 } else { 0x10 }
    }

    /// PushStack (B1.5.6). The stack pointer moves even when a store fails.
    fn push_frame(&mut self, memory: &mut Memory) -> Result<(), AccessFault> {
        let fp = self.has_fp_frame();
        let size = if fp { 0x68 } else { 0x20 };
        let align = self.scb.ccr & ccr::STKALIGN != 0 || fp;
        let sp = self.registers.sp();
        let aligned = align && sp & 4 != 0;
        let frame = sp.wrapping_sub(size) & !(u32::from(align) << 2);
        let r = &self.registers;
        let xpsr = r.xpsr & !XPSR_ALIGNED | if aligned { XPSR_ALIGNED } else { 0 };
        let mut words = vec![r.r[0], r.r[1], r.r[2], r.r[3], r.r[12], r.lr, r.pc, xpsr];
        if fp {
            words.extend_from_slice(&r.s[..16]);
            words.push(r.fpscr);
        }
        self.registers.set_sp(frame);
        if fp {
            self.scb.fpcar = frame.wrapping_add(0x20);
        }
        let stores = words.into_iter().zip((0..).map(|n| frame.wrapping_add(4 * n)));
        for (word, address) in stores {
            self.check(address, PageUse::Store, memory)?;
            memory.write(address, &word.to_le_bytes()).map_err(|_| AccessFault::Bus)?;
        }
        if fp {
            self.registers.fpscr = self.scb.fpdscr;
        }
        Ok(())
    }

    fn check(&self, address: u32, page_use: PageUse, memory: &Memory) -> Result<(), AccessFault> {
        let privileged = self.is_privileged();
        match translate(self, memory, address, page_use, privileged) {
            Translation::Memory { write, .. } if write || page_use != PageUse::Store => Ok(()),
            Translation::Guarded { .. } => {
                let permissions = self.mpu.permissions(address, self.mpu_access(privileged));
                let allowed = if page_use == PageUse::Store { permissions.write } else { permissions.read };
                if allowed { Ok(()) } else { Err(AccessFault::Protection) }
            }
            Translation::Refused => Err(AccessFault::Protection),
            _ => Err(AccessFault::Bus),
        }
    }

    /// ExceptionTaken (B1.5.6).
    fn take(&mut self, number: u16, exc_return: u32, memory: &mut Memory) -> Result<(), Lockup> {
        let vector = self.scb.vtor.wrapping_add(4 * u32::from(number));
        let Ok(handler) = memory.read_word(vector) else {
            // B1.5.12: a vector that cannot be read is a HardFault; in HardFault or NMI already, a lockup.
            self.scb.hfsr |= hfsr::VECTTBL;
            if number == HARD_FAULT || number == NMI {
                return Err(Lockup);
            }
            return self.take(HARD_FAULT, exc_return, memory);
        };
        let negative_before = self.has_negative_priority();
        let r = &mut self.registers;
        r.lr = exc_return;
        // SP is banked: from here on it is MSP, because the mode is Handler.
        r.pc = handler & !1;
        r.xpsr = r.xpsr & !(XPSR_IT | XPSR_T | 0x1ff) | (handler & 1) << 24 | u32::from(number);
        r.control &= !(CONTROL_FPCA | CONTROL_SPSEL);
        r.exclusive = None;
        self.nvic.activate(number);
        self.event = true;
        self.activity = Activity::Running;
        self.boundary = true;
        self.renew_permissions(negative_before, memory);
        Ok(())
    }

    fn has_negative_priority(&self) -> bool {
        self.nvic.execution_priority(self.masks()) < 0
    }

    /// At negative priority the MPU may be off: what the translators know of permissions is then wrong.
    fn renew_permissions(&self, negative_before: bool, memory: &mut Memory) {
        if self.mpu.ctrl & 3 == 1 && negative_before != self.has_negative_priority() {
            memory.invalidate_permissions();
        }
    }

    /// Exception return (B1.5.8): belongs to the instruction that branched to `exc_return`, which has retired.
    pub fn exception_return(&mut self, exc_return: u32, memory: &mut Memory) {
        let returning = self.registers.ipsr() as u16;
        let negative_before = self.has_negative_priority();
        let was_active = self.nvic.is_active(returning);
        let nested = self.nvic.active_count() > 1;
        let valid = was_active
            && match exc_return & 0xf {
                0x1 => nested,
                0x9 | 0xd => !nested || self.scb.ccr & ccr::NONBASETHRDENA != 0,
                _ => false,
            };
        self.nvic.deactivate(returning);
        if returning != NMI {
            self.registers.faultmask = 0;
        }
        self.registers.pc = exc_return & !1;
        if !valid {
            self.return_fault(Cause::usage(cfsr::INVPC), exc_return, memory);
            return;
        }
        let before = self.registers.clone();
        if let Err(fault) = self.pop_frame(exc_return, memory) {
            self.registers = before;
            self.return_fault(Cause::stacking(fault, cfsr::UNSTKERR, cfsr::MUNSTKERR), exc_return, memory);
            return;
        }
        let handler_mode = self.registers.ipsr() != 0;
        if handler_mode != (exc_return & 0xf == 1) {
            self.fault_after_return(memory);
            return;
        }
        self.registers.exclusive = None;
        self.event = true;
        self.boundary = true;
        if !handler_mode && self.nvic.active_count() == 0 && self.sleeps_on_exit() {
            self.activity = Activity::WaitingForInterrupt;
        }
        self.renew_permissions(negative_before, memory);
    }

    fn pop_frame(&mut self, exc_return: u32, memory: &Memory) -> Result<(), AccessFault> {
        let fp = exc_return & 0x10 == 0 && self.scb.has_fpu();
        let size = if fp { 0x68u32 } else { 0x20 };
        let to_psp = exc_return & 0xf == 0xd;
        let frame = if to_psp { self.registers.psp } else { self.registers.msp };
        let mut words = [0u32; 25];
        for (word, address) in
            words[..if fp { 25 } else { 8 }].iter_mut().zip((0..).map(|n| frame.wrapping_add(4 * n)))
        {
            self.check(address, PageUse::Load, memory)?;
            *word = memory.read_word(address).map_err(|_| AccessFault::Bus)?;
        }
        let xpsr = words[7];
        let aligned = xpsr & XPSR_ALIGNED != 0 && (fp || self.scb.ccr & ccr::STKALIGN != 0);
        let sp = frame.wrapping_add(size) | u32::from(aligned) << 2;
        let r = &mut self.registers;
        if to_psp {
            r.psp = sp;
        } else {
            r.msp = sp;
        }
        r.control = r.control & !(CONTROL_SPSEL | CONTROL_FPCA)
            | if to_psp { CONTROL_SPSEL } else { 0 }
            | if fp { CONTROL_FPCA } else { 0 };
        r.r[..4].copy_from_slice(&words[..4]);
        r.r[12] = words[4];
        r.lr = words[5];
        r.pc = words[6] & !1;
        r.xpsr = xpsr & (0xf800_0000 | 0x000f_0000 | XPSR_IT | XPSR_T | 0x1ff);
        if fp {
            r.s[..16].copy_from_slice(&words[8..24]);
            r.fpscr = words[24] & 0xf7c0_009f;
        }
        Ok(())
    }

    /// A fault of the return itself: the fault's handler is entered as by tail-chaining, without stacking again.
    fn return_fault(&mut self, cause: Cause, exc_return: u32, memory: &mut Memory) {
        let (at, registers) = (self.moment(), self.registers.clone());
        self.note(cause);
        let taken = self.handler_of(cause.number).and_then(|number| {
            let lr = 0xf000_0000 | exc_return & 0x0fff_ffff;
            self.take(number, lr, memory).map(|()| number)
        });
        self.finish_return_fault(at, registers, taken);
    }

    /// The frame that was popped does not fit the mode that EXC_RETURN asked for: it is pushed again (B1.5.8).
    fn fault_after_return(&mut self, memory: &mut Memory) {
        let (at, registers) = (self.moment(), self.registers.clone());
        self.note(Cause::usage(cfsr::INVPC));
        let taken =
            self.handler_of(USAGE_FAULT).and_then(|number| self.enter(number, memory).map(|()| number));
        self.finish_return_fault(at, registers, taken);
    }

    fn finish_return_fault(
        &mut self,
        at: crate::words::Moment,
        registers: Registers,
        taken: Result<u16, Lockup>,
    ) {
        if taken.is_err() {
            self.lock_up();
        }
        let (cfsr, hfsr, mmfar, bfar) = (self.scb.cfsr, self.scb.hfsr, self.scb.mmfar, self.scb.bfar);
        let exception = taken.unwrap_or(0);
        self.fault =
            Some(Fault { at, exception, registers, cfsr, hfsr, mmfar, bfar, lockup: taken.is_err() });
    }
}
