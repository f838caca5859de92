//! The floating-point part of a frame: stored at once, or left for later (Armv7-M ARM B1.5; Armv8-M ARM B3.19, E2.1).

use super::{frame::Frame, *};
use crate::core::{engine::PageUse, mpu::Access, scb::fpccr};

/// What became of lazy state preservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preserved {
    /// Nothing stands in the way of the floating-point instruction: it executes now.
    Done,
    /// A fault was taken in front of it.
    Faulted,
}

/// FPSCR bits that FPDSCR gives to a new context: AHP, DN, FZ, RMode.
const DEFAULTS: u32 = 0x07c0_0000;
/// FPSCR bits that exist.
const FPSCR: u32 = 0xf7c0_009f;

impl State {
    /// Whether floating-point registers wait to be stored before the next floating-point instruction (FPCCR.LSPACT).
    pub fn needs_fp_preservation(&self) -> bool {
        self.scb.fpccr & fpccr::LSPACT != 0
    }

    /// Whether the next floating-point instruction begins a context of its own: FPCCR.ASPEN, and CONTROL.FPCA clear.
    pub fn needs_fp_context(&self) -> bool {
        let control = self.registers.control;
        let missing = control & CONTROL_FPCA == 0 || self.scb.is_secure() && control & CONTROL_SFPA == 0;
        self.scb.has_fpu() && self.scb.fpccr & fpccr::ASPEN != 0 && missing
    }

    /// Begins a floating-point context, in front of its first instruction (Armv7-M ARM B1.5 ExecuteFPCheck; Armv8-M ARM
    /// E2.1). What was there is preserved first: [`State::preserve_fp_state`].
    pub fn begin_fp_context(&mut self) {
        if self.needs_fp_context() {
            let r = &mut self.registers;
            r.fpscr = r.fpscr & !DEFAULTS | self.scb.fpdscr & DEFAULTS;
            r.control |= CONTROL_FPCA | if self.scb.is_secure() { CONTROL_SFPA } else { 0 };
        }
    }

    /// The second half of PushStack: stores the floating-point registers, or notes where they go (UpdateFPCCR).
    pub(super) fn defer_or_push_fp(
        &mut self,
        frame: Frame,
        address: u32,
        below_limit: bool,
        memory: &mut Memory,
    ) -> Result<(), Cause> {
        if !frame.fp {
            return Ok(());
        }
        if self.scb.fpccr & fpccr::LSPEN != 0 {
            self.update_fpccr(address, below_limit);
            return Ok(());
        }
        if below_limit {
            return Ok(());
        }
        let privileged = self.is_privileged();
        if !self.scb.allows_fpu(privileged) {
            return Err(Cause::usage(cfsr::NOCP)); // CheckVFPEnabled
        }
        let access = self.mpu_access(privileged);
        let stored = self.store_fp(address.wrapping_add(0x20), frame.all_fp, access, memory);
        stored.map_err(|fault| Cause::stacking(fault, cfsr::STKERR, cfsr::MSTKERR))?;
        self.renew_fp(frame.all_fp);
        Ok(())
    }

    /// UpdateFPCCR: what a later store needs to know of the context that is left now.
    fn update_fpccr(&mut self, frame: u32, below_limit: bool) {
        let current = self.execution_priority();
        let ready = |number: u16| self.is_enabled(number) && current > self.nvic.exception_priority(number);
        let v8 = self.scb.architecture() == Architecture::V8M;
        let monitor =
            self.scb.demcr & demcr::MON_EN != 0 && current > self.nvic.exception_priority(DEBUG_MONITOR);
        let bits = [
            (fpccr::LSPACT, true),
            (fpccr::USER, !self.is_privileged()),
            (fpccr::THREAD, self.registers.ipsr() == 0),
            (fpccr::HFRDY, current > -1),
            (fpccr::MMRDY, ready(MEM_MANAGE)),
            (fpccr::BFRDY, ready(BUS_FAULT)),
            (fpccr::MONRDY, monitor),
            (fpccr::UFRDY, v8 && ready(USAGE_FAULT)),
            (fpccr::SPLIMVIOL, v8 && below_limit),
            (fpccr::S, self.scb.is_secure()),
        ];
        let all = bits.iter().fold(0, |word, (bit, _)| word | bit);
        let set = bits.iter().filter(|(_, set)| *set).fold(0, |word, (bit, _)| word | bit);
        self.scb.fpccr = self.scb.fpccr & !all | set;
        self.scb.fpcar = frame.wrapping_add(0x20) & !7;
    }

    /// PreserveFPState (Armv7-M ARM B1.5): stores what an exception entry left for later, with the privilege and against the
    /// priorities of the context that it belongs to. Nothing happens without LSPACT.
    ///
    /// A fault that can be taken now is, as one icount, and the instruction executes after its handler has returned. One that
    /// cannot stays pending, and the registers are lost.
    pub fn preserve_fp_state(&mut self, memory: &mut Memory) -> Result<Preserved, Lockup> {
        let status = self.scb.fpccr;
        if status & fpccr::LSPACT == 0 {
            return Ok(Preserved::Done);
        }
        let privileged = status & fpccr::USER == 0;
        let all_fp = self.scb.is_secure() && status & fpccr::TS != 0;
        let v8 = self.scb.architecture() == Architecture::V8M;
        let negative_priority = status & fpccr::HFRDY == 0 || self.execution_priority() < 0;
        let access = Access { privileged, negative_priority };
        let stored = if v8 && !self.scb.allows_fpu(privileged) {
            Err(Cause::usage(cfsr::NOCP))
        } else if status & fpccr::SPLIMVIOL != 0 {
            Ok(())
        } else {
            let stored = self.store_fp(self.scb.fpcar, all_fp, access, memory);
            stored.map_err(|fault| Cause::stacking(fault, cfsr::LSPERR, cfsr::MLSPERR))
        };
        if let Err(cause) = stored
            && self.preservation_fault(cause, status, memory)? == Preserved::Faulted
        {
            return Ok(Preserved::Faulted);
        }
        self.scb.fpccr &= !fpccr::LSPACT;
        self.renew_fp(all_fp);
        Ok(Preserved::Done)
    }

    /// TakePreserveFPException (Armv7-M ARM B1.5): the fault escalates as it would have when the frame was made.
    fn preservation_fault(
        &mut self,
        cause: Cause,
        status: u32,
        memory: &mut Memory,
    ) -> Result<Preserved, Lockup> {
        self.note(cause);
        let ready = match cause.number {
            MEM_MANAGE => fpccr::MMRDY,
            BUS_FAULT => fpccr::BFRDY,
            _ => fpccr::UFRDY,
        };
        let number = if status & ready != 0 {
            cause.number
        } else {
            self.scb.hfsr |= hfsr::FORCED;
            HARD_FAULT
        };
        let preempts = self.nvic.exception_priority(number) < self.execution_priority();
        if preempts {
            self.enter_at_once(Ok(number), memory);
            return Ok(Preserved::Faulted);
        }
        if status & fpccr::HFRDY == 0 {
            self.enter_at_once(Err(Lockup), memory);
            return Err(Lockup);
        }
        self.nvic.set_pending(number);
        Ok(Preserved::Done)
    }

    /// Stores all of it or, if something faults, nothing: how much is stored then is up to the core.
    fn store_fp(
        &self,
        address: u32,
        all_fp: bool,
        access: Access,
        memory: &mut Memory,
    ) -> Result<(), AccessFault> {
        let r = &self.registers;
        let upper: &[u32] = if all_fp { &r.s[16..] } else { &[] };
        let parts = [(0, &r.s[..16]), (0x40, &[r.fpscr][..]), (0x48, upper)];
        for (offset, words) in parts {
            for word in (0..words.len() as u32).map(|n| address.wrapping_add(offset + 4 * n)) {
                self.check(word, PageUse::Store, access, memory)?;
            }
        }
        for (offset, words) in parts {
            self.store_words(address.wrapping_add(offset), words, access, memory)?;
        }
        Ok(())
    }

    /// The registers are unknown once they are stored: they keep their values, and FPSCR has its default. With FPCCR.TS they
    /// are cleared, so that nobody reads what they held.
    fn renew_fp(&mut self, clear: bool) {
        self.registers.fpscr = self.scb.fpdscr & DEFAULTS;
        if clear {
            self.registers.s = [0; 32];
        }
    }

    /// The floating-point part of PopStack: `None` where the registers were never stored, and still hold what they held.
    pub(super) fn load_fp(
        &self,
        frame: Frame,
        address: u32,
        access: Access,
        memory: &Memory,
    ) -> Result<Option<([u32; 32], u32)>, Cause> {
        if !frame.fp || self.scb.fpccr & fpccr::LSPACT != 0 {
            return Ok(None);
        }
        if !self.scb.allows_fpu(access.privileged) {
            return Err(Cause::usage(cfsr::NOCP));
        }
        let mut s = self.registers.s;
        let mut fpscr = [0];
        let load = |offset: u32, words: &mut [u32]| {
            let loaded = self.load_words(address.wrapping_add(offset), words, access, memory);
            loaded.map_err(|fault| Cause::stacking(fault, cfsr::UNSTKERR, cfsr::MUNSTKERR))
        };
        load(0x20, &mut s[..16])?;
        load(0x60, &mut fpscr)?;
        if frame.all_fp {
            load(0x68, &mut s[16..])?;
        }
        Ok(Some((s, fpscr[0] & FPSCR)))
    }

    /// FPCCR.CLRONRET: the registers that the caller may use freely are cleared before a return (Armv8-M ARM B3.22).
    pub(super) fn clear_fp_on_return(&mut self) {
        let own = self.registers.control & CONTROL_FPCA != 0 && self.scb.fpccr & fpccr::LSPACT == 0;
        if own && self.scb.fpccr & fpccr::CLRONRET != 0 {
            self.registers.s[..16].fill(0);
            self.registers.fpscr = 0;
        }
    }
}
