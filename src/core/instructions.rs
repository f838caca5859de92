//! What the core does in front of an instruction, or instead of it, because the translator cannot.

use super::{
    Architecture,
    engine::{Memory, Transfer},
    exception::{Lockup, Preserved},
    scb::{demcr, fpccr},
    state::State,
    thumb::{self, ItState},
};

const CONTROL_SPSEL: u32 = 1 << 1;

impl State {
    /// Whether the next floating-point instruction needs [`State::execute_fp_check`] first.
    pub fn wants_fp_context(&self) -> bool {
        self.needs_fp_preservation() || self.needs_fp_context()
    }

    /// Saves the state of an interrupted context, and begins a new one (Armv7-M ARM B1.5.7 ExecuteFPCheck).
    pub fn execute_fp_check(&mut self, memory: &mut Memory) -> Result<Preserved, Lockup> {
        let preserved = self.preserve_fp_state(memory)?;
        if preserved == Preserved::Done {
            self.begin_fp_context();
        }
        Ok(preserved)
    }

    /// The memory that [`State::execute_fp_check`] would write, as it is now: its address and bytes.
    pub fn unsaved_fp_frame(&self, memory: &Memory) -> Option<(u32, Vec<u8>)> {
        const ALL: usize = 4 * (16 + 2 + 16); // S0 to S15, FPSCR, a reserved word; with FPCCR.TS, S16 to S31
        if !self.needs_fp_preservation() {
            return None;
        }
        let frame = self.scb.fpcar;
        let mut bytes = vec![0; if self.scb.fpccr & fpccr::TS != 0 { ALL } else { ALL / 2 }];
        memory.read(frame, &mut bytes).ok()?;
        Some((frame, bytes))
    }

    /// MRS and MSR of CONTROL (B5.2.2, B5.2.3; Armv8-M D1.2.6). The instruction retires.
    pub fn transfer_control(&mut self, transfer: Transfer) {
        const LONG: u16 = 0xf380;
        let bits = self.control_bits();
        match transfer {
            Transfer::Read(register) => {
                self.set_general_register(register, self.registers.control & bits);
                self.retire(LONG);
                self.boundary = false;
            }
            Transfer::Write(register) => {
                let value = self.general_register(register);
                let handler = self.registers.ipsr() != 0;
                let writable = match self.is_privileged() {
                    false => 0,
                    // Armv8-M lets handlers write SPSEL: it counts at their return.
                    true if handler && self.scb.architecture() != Architecture::V8M => bits & !CONTROL_SPSEL,
                    true => bits,
                };
                let control = self.registers.control;
                self.registers.control = control & !writable | value & writable;
                self.retire(LONG);
            }
        }
    }

    /// VCVT of a fixed-point number of 32 bits to single precision rounds to nearest whatever FPSCR says (A7.7.229); the
    /// translator rounds as FPSCR says. The instruction retires.
    pub fn convert_from_fixed_point(&mut self, memory: &Memory) {
        const FPSCR_IXC: u32 = 1 << 4;
        let pc = self.registers.pc;
        let half = |address| u32::from(memory.read_half(address).unwrap_or(0));
        let (first, second) = (half(pc), half(pc.wrapping_add(2)));
        let register = (second >> 12 << 1 | first >> 6 & 1) as usize;
        let fraction_bits = 32 - ((second & 0xf) << 1 | second >> 5 & 1);
        let bits = self.registers.s[register];
        let integer = if first & 1 != 0 { f64::from(bits) } else { f64::from(bits as i32) };
        // Exact: 32 bits and a power of two. A cast rounds to nearest, ties to even.
        let exact = integer / (1u64 << fraction_bits) as f64;
        let rounded = exact as f32;
        if f64::from(rounded) != exact {
            self.registers.fpscr |= FPSCR_IXC;
        }
        self.registers.s[register] = rounded.to_bits();
        self.retire(first as u16);
        self.boundary = false;
    }

    /// Whether debug events become exceptions: nothing else is done with what the comparators of the DWT see.
    pub fn has_debug_monitor(&self) -> bool {
        self.scb.demcr & demcr::MON_EN != 0
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

#[cfg(test)]
mod tests {
    use crate::{board::Board, core::Core};

    #[test]
    fn a_fixed_point_number_is_rounded_to_nearest_whatever_fpscr_says() {
        const UPWARDS: u32 = 1 << 22;
        const IXC: u32 = 1 << 4;
        const CODE: u32 = 0x2000_0000;
        let vcvt_s32 = |fraction_bits: u32| {
            let rest = 32 - fraction_bits;
            [0xeeba, 0x0ac0 | (rest as u16 & 1) << 5 | rest as u16 >> 1]
        };
        let vcvt_u32 = |fraction_bits: u32| [0xeebb, vcvt_s32(fraction_bits)[1]];
        let mut core = Core::new(&Board::find("stm32f4discovery").unwrap().config()).unwrap();
        for (code, value, expected, inexact) in [
            (vcvt_s32(8), 0x0000_0180, 1.5, false),
            (vcvt_s32(32), 0x8000_0000, -0.5, false),
            (vcvt_u32(32), 0x8000_0000, 0.5, false),
            (vcvt_u32(1), 0x0200_0001, 16_777_216.0, true), // upwards 16 777 218
            (vcvt_s32(1), 0x0200_0003, 16_777_218.0, true), // 16 777 217.5
            (vcvt_u32(4), 0xffff_ffff, 268_435_456.0, true),
        ] {
            let bytes: Vec<u8> = code.iter().flat_map(|half| half.to_le_bytes()).collect();
            core.memory_mut().write(CODE, &bytes).unwrap();
            let mut state = core.state().clone();
            state.registers.pc = CODE;
            state.registers.s[0] = value;
            state.registers.fpscr = UPWARDS;
            state.convert_from_fixed_point(core.memory());
            assert_eq!(f32::from_bits(state.registers.s[0]), expected, "{value:#x}");
            assert_eq!(state.registers.fpscr, UPWARDS | if inexact { IXC } else { 0 }, "{value:#x}");
            assert_eq!((state.registers.pc, state.icount), (CODE + 4, 1));
        }
    }
}
