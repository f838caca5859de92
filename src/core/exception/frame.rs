//! The frame that an exception leaves on the stack, and who may touch it.

use super::*;
use crate::core::{RegionKind, engine::PageUse, mpu::Access, scb::fpccr};

/// One of the two stacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stack {
    Main,
    Process,
}

/// The shape of a frame (Armv7-M ARM B1.5.7 figures B1-3 and B1-4; Armv8-M ARM B3.19).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Bytes, without padding.
    pub size: u32,
    /// To a multiple of eight bytes.
    pub align: bool,
    /// With S0 to S15 and FPSCR, from offset 0x20.
    pub fp: bool,
    /// With S16 to S31 too, from offset 0x68.
    pub all_fp: bool,
}

impl Frame {
    /// The frame of a context with or without floating point.
    pub fn of(state: &State, fp: bool) -> Frame {
        let fp = fp && state.scb.has_fpu();
        let all_fp = fp && state.scb.is_secure() && state.scb.fpccr & fpccr::TS != 0;
        let size = match (fp, all_fp) {
            (false, _) => 0x20,
            (true, false) => 0x68,
            (true, true) => 0xa8,
        };
        Frame { size, align: state.scb.ccr & ccr::STKALIGN != 0 || fp, fp, all_fp }
    }

    /// The stack pointer.
    pub fn sp(self, state: &State, stack: Stack) -> u32 {
        match stack {
            Stack::Main => state.registers.msp,
            Stack::Process => state.registers.psp,
        }
    }

    /// Moves the stack pointer.
    pub fn set_sp(self, state: &mut State, stack: Stack, value: u32) {
        match stack {
            Stack::Main => state.registers.msp = value & !3,
            Stack::Process => state.registers.psp = value & !3,
        }
    }
}

impl State {
    /// The address below which a stack must not grow: MSPLIM or PSPLIM, unless CCR.STKOFHFNMIGN and negative priority suspend
    /// them (Armv8-M ARM E2.1 ViolatesSPLim). Zero before Armv8-M.
    pub(super) fn stack_limit(&self, stack: Stack) -> u32 {
        let suspended = self.scb.ccr & ccr::STKOFHFNMIGN != 0 && self.execution_priority() < 0;
        if suspended || self.scb.architecture() != Architecture::V8M {
            return 0;
        }
        match stack {
            Stack::Main => self.registers.msplim & !7,
            Stack::Process => self.registers.psplim & !7,
        }
    }

    /// Whether the word at an address may be stacked or unstacked.
    pub(super) fn check(
        &self,
        address: u32,
        page_use: PageUse,
        access: Access,
        memory: &Memory,
    ) -> Result<(), AccessFault> {
        let permissions = self.mpu.permissions(address, access);
        let store = page_use == PageUse::Store;
        if !(if store { permissions.write } else { permissions.read }) {
            return Err(AccessFault::Protection);
        }
        match memory.page(address) {
            Some(page) if !store || memory.page_kind(page) == RegionKind::Ram => Ok(()),
            _ => Err(AccessFault::Bus),
        }
    }

    /// Loads words one after the other, until one faults.
    pub(super) fn load_words(
        &self,
        address: u32,
        words: &mut [u32],
        access: Access,
        memory: &Memory,
    ) -> Result<(), AccessFault> {
        for (word, address) in words.iter_mut().zip((0..).map(|n| address.wrapping_add(4 * n))) {
            self.check(address, PageUse::Load, access, memory)?;
            *word = memory.read_word(address).map_err(|_| AccessFault::Bus)?;
        }
        Ok(())
    }
}
