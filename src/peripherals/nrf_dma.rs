//! EasyDMA of the nRF52 (nRF52840 Product Specification 1.1, 6.6): three registers that say where bytes are, how many at the
//! most, and how many they were.

use serde::{Deserialize, Serialize};

use super::{
    Context,
    nrf_events::{Registers, Values},
};

/// MAXCNT and AMOUNT follow PTR.
const MAXCNT: u32 = 4;
const AMOUNT: u32 = 8;

/// A stretch of memory, as PTR and MAXCNT were when a task took them.
#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Buffer {
    /// The offset of the PTR register.
    register: u32,
    address: u32,
    pub count: u32,
    /// Bytes that were read or written.
    pub done: u32,
}

impl Buffer {
    /// Takes over what the registers at `register` say now.
    pub fn latch(registers: &Registers, values: &Values, register: u32) -> Buffer {
        Buffer {
            register,
            address: registers.get(values, register),
            count: registers.get(values, register + MAXCNT) & 0xffff,
            done: 0,
        }
    }

    /// Whether all bytes are done.
    pub fn is_full(&self) -> bool {
        self.done >= self.count
    }

    /// The byte that is next. Where there is no memory, zero.
    pub fn read(&self, cx: &mut Context<'_>) -> u8 {
        let mut byte = [0];
        let _ = cx.dma.read(self.address.wrapping_add(self.done), &mut byte);
        byte[0]
    }

    /// Writes the next byte, if there is memory.
    pub fn write(&mut self, byte: u8, cx: &mut Context<'_>) {
        let _ = cx.dma.write(self.address.wrapping_add(self.done), &[byte]);
        self.done += 1;
    }

    /// Puts the number of bytes that are done into AMOUNT.
    pub fn finish(&self, registers: &Registers, values: &mut Values) {
        registers.put(values, self.register + AMOUNT, self.done);
    }

    /// The same; and a list that goes on by itself has its next entry in PTR (LIST = 1).
    pub fn finish_entry(&self, registers: &Registers, values: &mut Values, list: u32) {
        self.finish(registers, values);
        if registers.get(values, list) & 1 != 0 {
            registers.put(values, self.register, self.address.wrapping_add(self.count));
        }
    }
}
