//! What 16-bit instructions do to the registers.

use super::{
    scan::{BYTE, HALF, Scan, WORD, bits},
    value::{Format, Operation},
};

impl Scan<'_> {
    pub(super) fn narrow(&mut self, op: u16) {
        let (low, middle, high) = (bits(op, 0, 3), bits(op, 3, 3), bits(op, 6, 3));
        let (number, immediate) = (bits(op, 8, 3), bits(op, 0, 8));
        match op >> 11 {
            0b00000..=0b00010 => {
                let x = self.read(middle);
                let value = self.shifted(x, bits(op, 11, 2), bits(op, 6, 5));
                self.write(low, value);
            }
            0b00011 => {
                let x = self.read(middle);
                let y = if op & 0x0400 == 0 { self.read(high) } else { self.values.constant(high) };
                let operation = if op & 0x0200 == 0 { Operation::Add } else { Operation::Subtract };
                self.compute(low, operation, x, y);
            }
            0b00100 => {
                let value = self.values.constant(immediate);
                self.write(number, value);
            }
            0b00110 | 0b00111 => {
                let operation = if op & 0x0800 == 0 { Operation::Add } else { Operation::Subtract };
                let x = self.read(number);
                self.compute_with(number, operation, x, immediate);
            }
            0b01000 if op & 0x0400 == 0 => self.narrow_arithmetic(bits(op, 6, 4), low, middle),
            0b01000 => {
                let (from, to) = (bits(op, 3, 4), low | bits(op, 7, 1) << 3);
                let value = self.read(from);
                match op & 0x0300 {
                    0x0000 => {
                        let x = self.read(to);
                        self.compute(to, Operation::Add, x, value);
                    }
                    0x0200 => self.write(to, value),
                    _ => {} // CMP, BX, BLX
                }
            }
            0b01001 => {
                let base = self.aligned_pc();
                let address = self.values.offset(base, 4 * immediate);
                self.load(number, address, WORD);
            }
            0b01010 | 0b01011 => {
                let (base, index) = (self.read(middle), self.read(high));
                let address = self.values.two(Operation::Add, base, index);
                match bits(op, 9, 3) {
                    0 => self.store_register(address, WORD, low),
                    1 => self.store_register(address, HALF, low),
                    2 => self.store_register(address, BYTE, low),
                    3 => self.load(low, address, Format { signed: true, ..BYTE }),
                    4 => self.load(low, address, WORD),
                    5 => self.load(low, address, HALF),
                    6 => self.load(low, address, BYTE),
                    _ => self.load(low, address, Format { signed: true, ..HALF }),
                }
            }
            0b01100..=0b10011 => {
                let offset = bits(op, 6, 5);
                let (base, register, offset, format) = match op >> 12 {
                    0b0110 => (middle, low, 4 * offset, WORD),
                    0b0111 => (middle, low, offset, BYTE),
                    0b1000 => (middle, low, 2 * offset, HALF),
                    _ => (13, number, 4 * immediate, WORD),
                };
                let base = self.read(base);
                let address = self.values.offset(base, offset);
                if op & 0x0800 == 0 {
                    self.store_register(address, format, register);
                } else {
                    self.load(register, address, format);
                }
            }
            0b10100 | 0b10101 => {
                let base = if op & 0x0800 == 0 { self.aligned_pc() } else { self.read(13) };
                let value = self.values.offset(base, 4 * immediate);
                self.write(number, value);
            }
            0b10110 | 0b10111 => self.miscellaneous(op, low, middle),
            0b11000 | 0b11001 => {
                let (base, loads) = (self.read(number), op & 0x0800 != 0);
                let end = self.values.offset(base, 4 * immediate.count_ones());
                let written_back = (!loads || immediate >> number & 1 == 0).then_some((number, end));
                self.multiple(immediate, base, loads, written_back);
            }
            _ => {} // CMP, branches, SVC, UDF
        }
    }

    /// Data processing (A5.2.2).
    fn narrow_arithmetic(&mut self, operation: u32, to: u32, from: u32) {
        let (x, y) = (self.read(to), self.read(from));
        match operation {
            0 => self.compute(to, Operation::And, x, y),
            1 => self.compute(to, Operation::ExclusiveOr, x, y),
            2 => self.compute(to, Operation::ShiftLeft, x, y),
            3 => self.compute(to, Operation::ShiftRight, x, y),
            4 => self.compute(to, Operation::ShiftRightSigned, x, y),
            8 | 10 | 11 => {} // TST, CMP, CMN
            9 => {
                let zero = self.values.constant(0);
                self.compute(to, Operation::Subtract, zero, y);
            }
            12 => self.compute(to, Operation::Or, x, y),
            13 => self.compute(to, Operation::Multiply, x, y),
            14 => {
                let y = self.not(y);
                self.compute(to, Operation::And, x, y);
            }
            15 => {
                let value = self.not(y);
                self.write(to, value);
            }
            _ => self.forget(to), // ADC, SBC, ROR
        }
    }

    /// Miscellaneous 16-bit instructions (A5.2.5).
    fn miscellaneous(&mut self, op: u16, to: u32, from: u32) {
        match op & 0xff00 {
            0xb000 => {
                let offset = 4 * bits(op, 0, 7);
                let offset = if op & 0x80 == 0 { offset } else { offset.wrapping_neg() };
                let sp = self.read(13);
                let value = self.values.offset(sp, offset);
                self.write(13, value);
            }
            0xb200 => {
                let format = if op & 0x40 == 0 { HALF } else { BYTE };
                let x = self.read(from);
                let value = self.values.extended(Format { signed: op & 0x80 == 0, ..format }, x);
                self.write(to, value);
            }
            0xb400 | 0xb500 => self.push(bits(op, 0, 8) | bits(op, 8, 1) << 14),
            0xbc00 | 0xbd00 => self.pop(bits(op, 0, 8) | bits(op, 8, 1) << 15),
            0xba00 => self.forget(to), // REV, REV16, REVSH
            _ => {}                    // CBZ, CBNZ, CPS, BKPT, IT, hints
        }
    }

    fn push(&mut self, list: u32) {
        let sp = self.read(13);
        let first = self.values.offset(sp, (4 * list.count_ones()).wrapping_neg());
        self.multiple(list, first, false, Some((13, first)));
    }

    fn pop(&mut self, list: u32) {
        let sp = self.read(13);
        let end = self.values.offset(sp, 4 * list.count_ones());
        self.multiple(list, sp, true, Some((13, end)));
    }
}
