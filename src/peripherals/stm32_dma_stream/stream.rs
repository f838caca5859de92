//! One stream (RM0090 10.3.5 to 10.3.17).

use bitfield_struct::bitfield;
use serde::{Deserialize, Serialize};

use crate::{
    peripherals::{Access, Context, stm32_dma_pace::Place},
    words::BusFault,
};

// Flags of a stream.
const FEIF: u32 = 1;
const DMEIF: u32 = 1 << 2;
pub(super) const TEIF: u32 = 1 << 3;
pub(super) const HTIF: u32 = 1 << 4;
pub(super) const TCIF: u32 = 1 << 5;

/// FS of an empty FIFO.
const EMPTY: u32 = 4 << 3;
/// The bits of CR that can be written while the stream is enabled: EN and the interrupts.
const ALWAYS: u32 = 0x1f;

#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cr {
    pub en: bool,
    pub dmeie: bool,
    pub teie: bool,
    pub htie: bool,
    pub tcie: bool,
    pub pfctrl: bool,
    /// 0 peripheral to memory, 1 memory to peripheral, 2 memory to memory.
    #[bits(2)]
    pub dir: u32,
    pub circ: bool,
    pub pinc: bool,
    pub minc: bool,
    #[bits(2)]
    pub psize: u32,
    #[bits(2)]
    pub msize: u32,
    pub pincos: bool,
    #[bits(2)]
    pub pl: u32,
    pub dbm: bool,
    pub ct: bool,
    _1: bool,
    #[bits(2)]
    pub pburst: u32,
    #[bits(2)]
    pub mburst: u32,
    #[bits(3)]
    pub chsel: u32,
    #[bits(4)]
    __: u32,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Stream {
    pub cr: Cr,
    pub ndtr: u32,
    par: u32,
    mar: [u32; 2],
    fcr: u32,
    pub flags: u32,
    /// What NDTR was when the stream was enabled.
    count: u32,
    /// The addresses of the next items.
    peripheral: u32,
    memory: u32,
    /// What was read and not written, the lowest byte first.
    fifo: Vec<u8>,
}

impl Default for Stream {
    fn default() -> Self {
        Stream {
            cr: Cr::new(),
            ndtr: 0,
            par: 0,
            mar: [0; 2],
            fcr: 1,
            flags: 0,
            count: 0,
            peripheral: 0,
            memory: 0,
            fifo: Vec::new(),
        }
    }
}

impl Stream {
    /// Whether there is something left to move.
    pub fn runs(&self) -> bool {
        self.cr.en() && self.ndtr > 0
    }

    /// Whether memory is copied to memory.
    pub fn copies(&self) -> bool {
        self.cr.dir() == 2
    }

    /// Whether an enabled interrupt is pending.
    pub fn interrupts(&self) -> bool {
        let enables = u32::from(self.cr) << 1 & (TEIF | HTIF | TCIF)
            | if self.cr.dmeie() { DMEIF } else { 0 }
            | if self.fcr & 0x80 != 0 { FEIF } else { 0 };
        self.flags & enables != 0
    }

    pub fn read(&self, offset: u32) -> u32 {
        match offset {
            0x00 => self.cr.into(),
            0x04 => self.ndtr,
            0x08 => self.par,
            0x0c => self.mar[0],
            0x10 => self.mar[1],
            _ => self.fcr | EMPTY,
        }
    }

    pub fn write(&mut self, offset: u32, at: Access, value: u32, cx: &mut Context<'_>) {
        let open = !self.cr.en();
        let other_buffer = |buffer: bool| open || self.cr.dbm() && self.cr.ct() != buffer;
        match offset {
            0x00 => self.write_cr(at.merge(self.cr.into(), value) & 0x0fef_ffff, cx),
            0x04 if open => self.ndtr = at.merge(self.ndtr, value) & 0xffff,
            0x08 if open => self.par = at.merge(self.par, value),
            0x0c if other_buffer(false) => self.mar[0] = at.merge(self.mar[0], value),
            0x10 if other_buffer(true) => self.mar[1] = at.merge(self.mar[1], value),
            0x14 if open => self.fcr = at.merge(self.fcr, value) & 0x87,
            _ => {}
        }
    }

    fn write_cr(&mut self, value: u32, cx: &mut Context<'_>) {
        let old = self.cr;
        if !old.en() {
            self.cr = Cr::from(value);
            if self.cr.en() {
                self.count = self.ndtr;
                self.begin();
            }
            return;
        }
        self.cr = Cr::from(u32::from(old) & !ALWAYS | value & ALWAYS);
        if !self.cr.en() && old.dir() != 1 {
            // Disabled before its end: what is in the FIFO is written first (RM0090 10.3.17).
            self.flush(cx);
            self.flags |= TCIF;
        }
    }

    /// The first item of a buffer comes next.
    fn begin(&mut self) {
        self.peripheral = self.par;
        self.memory = self.mar[usize::from(self.cr.dbm() && self.cr.ct())];
        self.fifo.clear();
    }

    /// The size of items in memory: in direct mode PSIZE holds for both (RM0090 10.3.10).
    fn memory_size(&self) -> u32 {
        if self.fcr & 4 != 0 || self.copies() { self.cr.msize() } else { self.cr.psize() }
    }

    /// Moves one item of the peripheral's size.
    pub fn transfer(&mut self, cx: &mut Context<'_>) {
        let moved = if self.cr.dir() == 1 { self.send(cx) } else { self.receive(cx) };
        if moved.is_err() {
            self.fail();
            return;
        }
        if self.cr.pinc() {
            let size = if self.cr.pincos() { 4 } else { self.peripheral_place().bytes() };
            self.peripheral = self.peripheral.wrapping_add(size);
        }
        self.ndtr = self.ndtr.saturating_sub(1);
        if self.ndtr == self.count - self.count / 2 {
            self.flags |= HTIF;
        }
        if self.ndtr == 0 {
            self.end(cx);
        }
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        self.flush(cx);
        self.flags |= TCIF;
        if self.copies() || !(self.cr.circ() || self.cr.dbm()) {
            self.cr.set_en(false);
            return;
        }
        if self.cr.dbm() {
            self.cr.set_ct(!self.cr.ct());
        }
        self.ndtr = self.count;
        self.begin();
    }

    fn fail(&mut self) {
        self.flags |= TEIF;
        self.cr.set_en(false);
    }

    fn peripheral_place(&self) -> Place {
        Place { address: self.peripheral, size: self.cr.psize() }
    }

    /// The next item in memory.
    fn memory_place(&mut self, size: u32) -> Place {
        let place = Place { address: self.memory, size };
        if self.cr.minc() {
            self.memory = self.memory.wrapping_add(place.bytes());
        }
        place
    }

    fn receive(&mut self, cx: &mut Context<'_>) -> Result<(), BusFault> {
        let place = self.peripheral_place();
        self.put(place.read(cx)?, place.bytes());
        let size = self.memory_size();
        while self.fifo.len() >= 1 << size.min(2) {
            let place = self.memory_place(size);
            let value = self.get(place.bytes());
            place.write(value, cx)?;
        }
        Ok(())
    }

    fn send(&mut self, cx: &mut Context<'_>) -> Result<(), BusFault> {
        let place = self.peripheral_place();
        while self.fifo.len() < place.bytes() as usize {
            let from = self.memory_place(self.memory_size());
            self.put(from.read(cx)?, from.bytes());
        }
        let value = self.get(place.bytes());
        place.write(value, cx)
    }

    /// Writes the bytes that do not fill an item.
    fn flush(&mut self, cx: &mut Context<'_>) {
        while self.cr.dir() != 1 && !self.fifo.is_empty() {
            let place = self.memory_place(0);
            let value = self.get(1);
            if place.write(value, cx).is_err() {
                self.fail();
            }
        }
    }

    fn put(&mut self, value: u32, bytes: u32) {
        self.fifo.extend(value.to_le_bytes().into_iter().take(bytes as usize));
    }

    fn get(&mut self, bytes: u32) -> u32 {
        let count = (bytes as usize).min(self.fifo.len());
        self.fifo.drain(..count).rev().fold(0, |value, byte| value << 8 | u32::from(byte))
    }
}
