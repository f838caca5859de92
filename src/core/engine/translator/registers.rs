//! The registers of the translator: one by one, and all of them.

use std::ptr;

use unicorn_engine_sys::{RegisterARM, uc_engine, uc_error, uc_reg_read, uc_reg_write};

use super::Translator;
use crate::{core::engine::hidden::HiddenRegisters, words::Registers};

const DOUBLES: [RegisterARM; 16] = {
    use RegisterARM as R;
    [
        R::D0,
        R::D1,
        R::D2,
        R::D3,
        R::D4,
        R::D5,
        R::D6,
        R::D7,
        R::D8,
        R::D9,
        R::D10,
        R::D11,
        R::D12,
        R::D13,
        R::D14,
        R::D15,
    ]
};

const GENERAL: [RegisterARM; 13] = {
    use RegisterARM as R;
    [R::R0, R::R1, R::R2, R::R3, R::R4, R::R5, R::R6, R::R7, R::R8, R::R9, R::R10, R::R11, R::R12]
};

/// Reads a 32-bit register.
pub fn read_register(uc: *mut uc_engine, id: RegisterARM) -> u32 {
    let mut value = 0u32;
    // SAFETY: `uc` is a live engine of this module, and every 32-bit register of the Arm target fits `value`.
    let error = unsafe { uc_reg_read(uc, id as i32, ptr::from_mut(&mut value).cast()) };
    debug_assert_eq!(error, uc_error::OK, "{id:?}");
    value
}

/// Writes a 32-bit register.
pub fn write_register(uc: *mut uc_engine, id: RegisterARM, value: u32) {
    // SAFETY: as in `read_register`.
    let error = unsafe { uc_reg_write(uc, id as i32, ptr::from_ref(&value).cast()) };
    debug_assert_eq!(error, uc_error::OK, "{id:?}");
}

/// Reads R0 to R15; 16 and 17 are MSP and PSP.
pub fn general_register(uc: *mut uc_engine, number: usize) -> u32 {
    use RegisterARM::{LR, MSP, PC, PSP, SP};
    let special = [SP, LR, PC, MSP, PSP];
    read_register(uc, GENERAL.get(number).copied().unwrap_or_else(|| special[number - GENERAL.len()]))
}

impl Translator {
    /// Makes the registers of the engine these.
    pub(super) fn load(&mut self, registers: &Registers) {
        use RegisterARM as R;
        let uc = self.uc.get_handle();
        for (id, value) in GENERAL.into_iter().zip(registers.r) {
            write_register(uc, id, value);
        }
        // Only privileged code may write these, and only Thread mode may write SPSEL: go through Handler mode, drop
        // nPRIV there, set SPSEL in privileged Thread mode, and become what is wanted last.
        write_register(uc, R::IPSR, 3);
        write_register(uc, R::CONTROL, 0);
        write_register(uc, R::IPSR, 0);
        // Floating-point contexts are the core's: FPCA and, because the translator runs as if Secure, SFPA are always set
        // here, so that it never begins one of its own.
        let control = registers.control & 3 | if self.fpu { 0xc } else { 0 };
        write_register(uc, R::CONTROL, control & !1);
        write_register(uc, R::MSP, registers.msp);
        write_register(uc, R::PSP, registers.psp);
        write_register(uc, R::PRIMASK, registers.primask);
        write_register(uc, R::BASEPRI, registers.basepri);
        write_register(uc, R::FAULTMASK, registers.faultmask);
        write_register(uc, R::XPSR_NZCVQG, registers.xpsr);
        write_register(uc, R::CONTROL, control);
        write_register(uc, R::LR, registers.lr);
        if self.fpu {
            for (id, s) in DOUBLES.into_iter().zip(registers.s.chunks_exact(2)) {
                let value = u64::from(s[0]) | u64::from(s[1]) << 32;
                self.uc.reg_write(id, value).expect("a double fits");
            }
            write_register(uc, R::FPSCR, registers.fpscr);
        }
        self.hidden.set(
            uc,
            &HiddenRegisters {
                exclusive: registers.exclusive,
                msplim: registers.msplim,
                psplim: registers.psplim,
            },
        );
        // Rebuilds the translator's cached flags: without it, EXC_RETURN is not recognised.
        write_register(uc, R::APSR_NZCV, registers.xpsr);
    }

    /// `fpca` is CONTROL.FPCA and SFPA, which only the core changes.
    pub(super) fn save(&mut self, fpca: u32) -> Registers {
        use RegisterARM as R;
        let uc = self.uc.get_handle();
        let xpsr = read_register(uc, R::XPSR);
        let control = read_register(uc, R::CONTROL) & 3 | fpca;
        // Unprivileged code reads most of these as zero, and so would we: look from Handler mode.
        let unprivileged = xpsr & 0x1ff == 0 && control & 1 != 0;
        if unprivileged {
            write_register(uc, R::IPSR, 3);
        }
        let hidden = self.hidden.get(uc);
        let mut registers = Registers {
            msp: read_register(uc, R::MSP),
            psp: read_register(uc, R::PSP),
            lr: read_register(uc, R::LR),
            pc: read_register(uc, R::PC) & !1,
            xpsr,
            primask: read_register(uc, R::PRIMASK) & 1,
            basepri: read_register(uc, R::BASEPRI) & 0xff,
            faultmask: read_register(uc, R::FAULTMASK) & 1,
            control,
            msplim: hidden.msplim,
            psplim: hidden.psplim,
            exclusive: hidden.exclusive,
            ..Registers::default()
        };
        if unprivileged {
            write_register(uc, R::IPSR, 0);
        }
        for (id, value) in GENERAL.into_iter().zip(&mut registers.r) {
            *value = read_register(uc, id);
        }
        if self.fpu {
            for (id, s) in DOUBLES.into_iter().zip(registers.s.chunks_exact_mut(2)) {
                let value = self.uc.reg_read(id).expect("a double fits");
                s.copy_from_slice(&[value as u32, (value >> 32) as u32]);
            }
            registers.fpscr = read_register(uc, R::FPSCR);
        }
        registers
    }
}
