//! What 32-bit instructions do to the registers.
//!
//! Soundness is in what is *not* understood: such an instruction leaves all registers unknown, or the one that it writes.

use super::{
    scan::{BYTE, HALF, MSP, PSP, Scan, WORD, bits},
    value::{Format, Id, Operation},
};
use crate::core::thumb;

impl Scan<'_> {
    pub(super) fn wide(&mut self, first: u16, second: u16) {
        if thumb::is_float_transfer(first, second) {
            return self.float_transfer(first, second);
        }
        if first & 0xec00 == 0xec00 {
            return self.coprocessor(first, second);
        }
        match first >> 9 & 0xf {
            0b0100 if first & 0x0040 == 0 => self.wide_multiple(first, second),
            0b0100 if first & 0x0120 != 0 => self.double(first, second),
            0b0100 => self.exclusive(first, second),
            0b0101 => {
                let x = self.read(bits(second, 0, 4));
                let y = self.shifted(x, bits(second, 4, 2), bits(second, 12, 3) << 2 | bits(second, 6, 2));
                self.arithmetic(first, bits(second, 8, 4), y);
            }
            0b1000..=0b1011 if second & 0x8000 != 0 => {
                // Branches and miscellaneous control: of these, only MRS writes a register that matters, and MSR SP.
                if first & 0xfff0 == 0xf3e0 && second & 0x5000 == 0 {
                    let to = bits(second, 8, 4);
                    match second & 0xff {
                        // A stack pointer that is not SP does not change within a block.
                        sysm @ 8..=9 if self.registers[13] == 13 => {
                            let value = self.values.register(if sysm == 8 { MSP } else { PSP });
                            self.write(to, value);
                        }
                        _ => self.forget(to),
                    }
                } else if thumb::ends_block(first, second) {
                    self.forget(13);
                }
            }
            0b1000 | 0b1010 => {
                let y = expanded_immediate(first, second);
                let y = self.values.constant(y);
                self.arithmetic(first, bits(second, 8, 4), y);
            }
            0b1001 | 0b1011 => self.plain_immediate(first, second),
            0b1100 => self.single(first, second),
            0b1101 => self.register_or_multiply(first, second),
            _ => self.forget_all(),
        }
    }

    /// Data processing with a second operand (A5.3.1, A5.3.11).
    fn arithmetic(&mut self, first: u16, to: u32, y: Id) {
        let (operation, from) = (bits(first, 5, 4), bits(first, 0, 4));
        let flags_only = to == 15;
        if flags_only {
            return; // TST, TEQ, CMN, CMP
        }
        let x = self.read(from);
        match operation {
            0 => self.compute(to, Operation::And, x, y),
            1 => {
                let y = self.not(y);
                self.compute(to, Operation::And, x, y);
            }
            2 if from == 15 => self.write(to, y),
            2 => self.compute(to, Operation::Or, x, y),
            3 => {
                let y = self.not(y);
                if from == 15 { self.write(to, y) } else { self.compute(to, Operation::Or, x, y) }
            }
            4 => self.compute(to, Operation::ExclusiveOr, x, y),
            8 => self.compute(to, Operation::Add, x, y),
            13 => self.compute(to, Operation::Subtract, x, y),
            14 => self.compute(to, Operation::Subtract, y, x),
            _ => self.forget(to), // PKH, ADC, SBC
        }
    }

    /// Data processing with a plain immediate (A5.3.3).
    fn plain_immediate(&mut self, first: u16, second: u16) {
        let (from, to) = (bits(first, 0, 4), bits(second, 8, 4));
        let immediate = bits(first, 10, 1) << 11 | bits(second, 12, 3) << 8 | bits(second, 0, 8);
        let lowest = bits(second, 12, 3) << 2 | bits(second, 6, 2);
        match bits(first, 4, 5) {
            0b00000 | 0b01010 => {
                let base = if from == 15 { self.aligned_pc() } else { self.read(from) };
                let add = first & 0x00a0 == 0;
                let value = self.values.offset(base, if add { immediate } else { immediate.wrapping_neg() });
                self.write(to, value);
            }
            0b00100 => {
                let value = self.values.constant(from << 12 | immediate);
                self.write(to, value);
            }
            0b01100 => {
                let (x, lower) = (self.read(to), self.values.constant(0xffff));
                let lower = self.values.two(Operation::And, x, lower);
                self.compute_with(to, Operation::Or, lower, (from << 12 | immediate) << 16);
            }
            0b11100 => {
                let (x, width) = (self.read(from), bits(second, 0, 5) + 1);
                let lowest = self.values.constant(lowest);
                let value = self.values.two(Operation::ShiftRight, x, lowest);
                self.compute_with(to, Operation::And, value, u32::MAX >> (32 - width));
            }
            0b10110 => {
                // BFC, BFI: where the field is not among the two lowest bits, these stay.
                let highest = bits(second, 0, 5);
                let field = (u32::MAX << lowest) & (u32::MAX >> (31 - highest));
                let x = self.read(to);
                let clear = self.values.constant(!field);
                let rest = self.values.two(Operation::And, x, clear);
                if from == 15 {
                    self.write(to, rest);
                } else {
                    let (inserted, amount) = (self.read(from), self.values.constant(lowest));
                    let inserted = self.values.two(Operation::ShiftLeft, inserted, amount);
                    let mask = self.values.constant(field);
                    let inserted = self.values.two(Operation::And, inserted, mask);
                    self.compute(to, Operation::Or, rest, inserted);
                }
            }
            _ => self.forget(to), // SSAT, USAT, SBFX
        }
    }

    /// LDM, STM, PUSH and POP.
    fn wide_multiple(&mut self, first: u16, second: u16) {
        let (number, list, loads) = (bits(first, 0, 4), u32::from(second), first & 0x10 != 0);
        let base = self.read(number);
        let size = 4 * list.count_ones();
        let (start, end) = match first & 0x0180 {
            0x0080 => (base, self.values.offset(base, size)),
            0x0100 => {
                let start = self.values.offset(base, size.wrapping_neg());
                (start, start)
            }
            _ => return self.forget_all(),
        };
        self.multiple(list, start, loads, (first & 0x20 != 0).then_some((number, end)));
    }

    /// The base and what it is with the offset.
    fn indexed(&mut self, number: u32, offset: u32, adds: bool) -> (Id, Id) {
        let base = if number == 15 { self.aligned_pc() } else { self.read(number) };
        let offset = if adds { offset } else { offset.wrapping_neg() };
        (base, self.values.offset(base, offset))
    }

    /// LDRD and STRD.
    fn double(&mut self, first: u16, second: u16) {
        let number = bits(first, 0, 4);
        let (base, with_offset) = self.indexed(number, 4 * bits(second, 0, 8), first & 0x0080 != 0);
        let address = if first & 0x0100 != 0 { with_offset } else { base };
        let upper = self.values.offset(address, 4);
        for (register, address) in [(bits(second, 12, 4), address), (bits(second, 8, 4), upper)] {
            if first & 0x10 != 0 {
                self.load(register, address, WORD);
            } else {
                self.store_register(address, WORD, register);
            }
        }
        if first & 0x20 != 0 {
            self.write(number, with_offset);
        }
    }

    /// LDREX, STREX, LDA, STL and their like, TBB and TBH, TT.
    fn exclusive(&mut self, first: u16, second: u16) {
        let (base, loads) = (self.read(bits(first, 0, 4)), first & 0x10 != 0);
        let (t, t2, d) = (bits(second, 12, 4), bits(second, 8, 4), bits(second, 0, 4));
        if first & 0x0080 == 0 {
            let address = self.values.offset(base, 4 * bits(second, 0, 8));
            self.access(address, 4, !loads, None);
            self.forget(if loads { t } else { t2 });
            return;
        }
        self.access(base, 8, !loads, None);
        let acquires = matches!(second & 0x00f0, 0x0080..=0x00a0);
        if loads {
            self.forget(t);
            self.forget(t2);
        } else if !acquires {
            self.forget(d);
        }
    }

    /// Loads and stores of one register (A5.3.7 to A5.3.10).
    fn single(&mut self, first: u16, second: u16) {
        let (number, to, loads) = (bits(first, 0, 4), bits(second, 12, 4), first & 0x10 != 0);
        let format = match first & 0x60 {
            0x00 => BYTE,
            0x20 => HALF,
            0x40 => WORD,
            _ => return self.forget_all(),
        };
        let signed = first & 0x0100 != 0;
        if signed && (!loads || format == WORD) {
            return self.forget_all();
        }
        if loads && to == 15 && format != WORD {
            return; // PLD, PLI
        }
        let format = Format { signed, ..format };
        let (mut written_back, immediate) = (None, bits(second, 0, 8));
        let address = if number == 15 {
            self.indexed(15, bits(second, 0, 12), first & 0x80 != 0).1
        } else if first & 0x80 != 0 {
            self.indexed(number, bits(second, 0, 12), true).1
        } else if second & 0x0800 != 0 {
            let (base, with_offset) = self.indexed(number, immediate, second & 0x0200 != 0);
            if second & 0x0100 != 0 {
                written_back = Some(with_offset);
            }
            if second & 0x0400 != 0 { with_offset } else { base }
        } else if second & 0x0fc0 == 0 {
            let (base, index) = (self.read(number), self.read(bits(second, 0, 4)));
            let amount = self.values.constant(bits(second, 4, 2));
            let index = self.values.two(Operation::ShiftLeft, index, amount);
            self.values.two(Operation::Add, base, index)
        } else {
            return self.forget_all();
        };
        if !loads {
            self.store_register(address, format, to);
        }
        if let Some(value) = written_back {
            self.write(number, value);
        }
        if loads {
            self.load(to, address, format);
        }
    }

    /// Data processing with registers, multiplications, divisions (A5.3.12 to A5.3.17).
    fn register_or_multiply(&mut self, first: u16, second: u16) {
        let (n, m, to, a) = (bits(first, 0, 4), bits(second, 0, 4), bits(second, 8, 4), bits(second, 12, 4));
        let (x, y) = (self.read(n), self.read(m));
        if first & 0x0180 == 0x0180 {
            // The lower half of a product is the same, signed or not.
            match first & 0x70 {
                0x10 | 0x30 => self.forget(to), // SDIV, UDIV
                0x00 | 0x20 => {
                    self.compute(a, Operation::Multiply, x, y);
                    self.forget(to);
                }
                _ => {
                    self.forget(a);
                    self.forget(to);
                }
            }
            return;
        }
        if first & 0x0100 != 0 {
            if first & 0x70 != 0 || second & 0x20 != 0 {
                return self.forget(to);
            }
            let product = self.values.two(Operation::Multiply, x, y);
            if a == 15 {
                return self.write(to, product);
            }
            let operand = self.read(a);
            let operation = if second & 0x10 == 0 { Operation::Add } else { Operation::Subtract };
            return self.compute(to, operation, operand, product);
        }
        let shifts = first & 0x80 == 0 && second & 0xf0 == 0;
        if shifts {
            return match first & 0x60 {
                0x00 => self.compute(to, Operation::ShiftLeft, x, y),
                0x20 => self.compute(to, Operation::ShiftRight, x, y),
                0x40 => self.compute(to, Operation::ShiftRightSigned, x, y),
                _ => self.forget(to),
            };
        }
        let format = match first & 0xf0 {
            0x00 => Format { signed: true, ..HALF },
            0x10 => HALF,
            0x40 => Format { signed: true, ..BYTE },
            0x50 => BYTE,
            _ => return self.forget(to),
        };
        if second & 0xf0 != 0x80 {
            return self.forget(to); // rotated, or something else
        }
        let extended = self.values.extended(format, y);
        if n == 15 { self.write(to, extended) } else { self.compute(to, Operation::Add, x, extended) }
    }

    /// VLDR, VSTR, VLDM, VSTM, VPUSH and VPOP.
    fn float_transfer(&mut self, first: u16, second: u16) {
        let (number, bytes) = (bits(first, 0, 4), 4 * bits(second, 0, 8));
        let (base, with_offset) = self.indexed(number, bytes, first & 0x0080 != 0);
        let stores = first & 0x10 == 0;
        let is_single = first & 0x0120 == 0x0100;
        let (address, bytes) = match first & 0x0120 {
            0x0100 => (with_offset, if second & 0x0100 == 0 { 4 } else { 8 }),
            0x0120 => (with_offset, bytes),
            _ => (base, bytes),
        };
        if bytes > 0 {
            self.access(address, bytes, stores, None);
        }
        if !is_single && first & 0x20 != 0 {
            self.write(number, with_offset);
        }
    }

    /// Other instructions of coprocessors 10 and 11: floating point. Those of other coprocessors do not run.
    fn coprocessor(&mut self, first: u16, second: u16) {
        if second & 0x0e00 != 0x0a00 {
            return self.forget_all();
        }
        let computes = first & 0x0f00 == 0x0e00 && second & 0x10 == 0;
        match first & 0xff00 {
            _ if computes => {}
            0xee00 if first & 0x10 == 0 => {} // VMOV from a register, VMSR
            0xee00 => {
                let to = bits(second, 12, 4);
                if to != 15 {
                    self.forget(to); // VMOV to a register, VMRS
                }
            }
            0xec00 if first & 0x00f0 == 0x0040 => {}
            0xec00 if first & 0x00f0 == 0x0050 => {
                self.forget(bits(second, 12, 4));
                self.forget(bits(first, 0, 4));
            }
            _ => self.forget_all(),
        }
    }
}

/// ThumbExpandImm (A5.3.2).
fn expanded_immediate(first: u16, second: u16) -> u32 {
    let (control, byte) =
        (bits(first, 10, 1) << 4 | bits(second, 12, 3) << 1 | bits(second, 7, 1), bits(second, 0, 8));
    match control {
        0 | 1 => byte,
        2 | 3 => byte * 0x0001_0001,
        4 | 5 => byte * 0x0100_0100,
        6 | 7 => byte * 0x0101_0101,
        _ => (byte | 0x80).rotate_right(control),
    }
}
