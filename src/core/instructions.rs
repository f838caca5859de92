//! What the core does in front of an instruction, or instead of it, because the translator cannot.

use super::{
    engine::{Memory, Transfer},
    exception::Cause,
    nvic::exception::DEBUG_MONITOR,
    state::State,
    thumb::{self, ItState},
};

const CONTROL_NPRIV: u32 = 1 << 0;
const CONTROL_SPSEL: u32 = 1 << 1;
const CONTROL_FPCA: u32 = 1 << 2;
const CONTROL_SFPA: u32 = 1 << 3;

const FPCCR_ASPEN: u32 = 1 << 31;
const FPCCR_LSPACT: u32 = 1 << 0;

impl State {
    /// Whether the next floating-point instruction needs [`State::execute_fp_check`] first.
    pub fn wants_fp_context(&self) -> bool {
        let begins = self.scb.fpccr & FPCCR_ASPEN != 0 && self.registers.control & CONTROL_FPCA == 0;
        begins || self.scb.fpccr & FPCCR_LSPACT != 0
    }

    /// Saves the state of an interrupted context, and begins a new one (Armv7-M ARM B1.5.7 ExecuteFPCheck).
    pub fn execute_fp_check(&mut self, _memory: &mut Memory) -> Result<(), Cause> {
        if self.scb.fpccr & FPCCR_ASPEN != 0 && self.registers.control & CONTROL_FPCA == 0 {
            self.registers.fpscr = self.scb.fpdscr;
            self.registers.control |= CONTROL_FPCA;
        }
        Ok(())
    }

    /// The memory that [`State::execute_fp_check`] would write, as it is now: its address and bytes.
    pub fn unsaved_fp_frame(&self, memory: &Memory) -> Option<(u32, Vec<u8>)> {
        const FRAME_BYTES: usize = 4 * (16 + 1); // S0 to S15, FPSCR
        if self.scb.fpccr & FPCCR_LSPACT == 0 {
            return None;
        }
        let mut bytes = vec![0; FRAME_BYTES];
        memory.read(self.scb.fpcar, &mut bytes).ok()?;
        Some((self.scb.fpcar, bytes))
    }

    /// MRS and MSR of CONTROL (B5.2.2, B5.2.3; Armv8-M D1.2.6). The instruction retires.
    pub fn transfer_control(&mut self, transfer: Transfer) {
        const LONG: u16 = 0xf380;
        match transfer {
            Transfer::Read(register) => {
                let control = self.registers.control;
                let secure = self.scb.security_extension() && control & CONTROL_FPCA != 0;
                self.set_general_register(register, control | if secure { CONTROL_SFPA } else { 0 });
                self.retire(LONG);
                self.boundary = false;
            }
            Transfer::Write(register) => {
                let value = self.general_register(register);
                let writable = match (self.is_privileged(), self.registers.ipsr() != 0) {
                    (false, _) => 0,
                    (true, false) => CONTROL_NPRIV | CONTROL_SPSEL | CONTROL_FPCA,
                    (true, true) => CONTROL_NPRIV | CONTROL_FPCA,
                };
                let control = self.registers.control;
                self.registers.control = control & !writable | value & writable;
                self.retire(LONG);
            }
        }
    }

    /// Whether debug events become exceptions (DEMCR.MON_EN).
    pub fn has_debug_monitor(&self) -> bool {
        self.scb.demcr >> 16 & 1 != 0
    }

    /// A comparator of the DWT has seen an access: DebugMonitor becomes pending (C1.5.1).
    pub fn watch_unit_matched(&mut self) {
        const DWTTRAP: u32 = 1 << 2;
        self.scb.dfsr |= DWTTRAP;
        self.nvic.set_pending(DEBUG_MONITOR);
    }

    /// Goes behind the instruction at the PC, which begins with this halfword and ends a basic block.
    pub fn retire(&mut self, first: u16) {
        let registers = &mut self.registers;
        registers.pc = registers.pc.wrapping_add(thumb::length(first));
        let it = ItState::from_xpsr(registers.xpsr).after(first);
        registers.xpsr = registers.xpsr & !ItState(0xff).to_xpsr() | it.to_xpsr();
        self.icount += 1;
        self.boundary = true;
    }

    fn general_register(&self, number: usize) -> u32 {
        let r = &self.registers;
        match number {
            13 => r.sp(),
            14 => r.lr,
            15 => r.pc,
            _ => r.r[number],
        }
    }

    fn set_general_register(&mut self, number: usize, value: u32) {
        match number {
            13 => self.registers.set_sp(value),
            14 => self.registers.lr = value,
            15 => self.registers.pc = value & !1, // unpredictable
            _ => self.registers.r[number] = value,
        }
    }
}
