//! Acceptance filters (RM0090 32.7.4, 32.9.5).

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::frame::Frame;
use crate::peripherals::{Access, Context};

pub(super) const FMR: u32 = 0x200;
const FM1R: u32 = 0x204;
const FS1R: u32 = 0x20c;
const FFA1R: u32 = 0x214;
const FA1R: u32 = 0x21c;
const F0R1: u32 = 0x240;
/// The first offset behind them.
pub(super) const END: u32 = 0x320;
const BANKS: usize = 28;

/// The filter banks.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Filters {
    fmr: u32,
    fm1r: u32,
    fs1r: u32,
    ffa1r: u32,
    fa1r: u32,
    banks: [[u32; 2]; BANKS],
}

impl Default for Filters {
    fn default() -> Self {
        Filters { fmr: 0x2a1c_0e01, fm1r: 0, fs1r: 0, ffa1r: 0, fa1r: 0, banks: [[0; 2]; BANKS] }
    }
}

/// Where a frame goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Match {
    pub fifo: usize,
    /// The filter match index.
    pub index: u32,
}

impl Filters {
    /// Those of another controller.
    pub fn of(base: u32, cx: &mut Context<'_>) -> Filters {
        let mut filters = Filters::default();
        for offset in (FMR..END).step_by(4) {
            let mut bytes = [0; 4];
            if filters.register(offset).is_some()
                && cx.dma.read(base.wrapping_add(offset), &mut bytes).is_ok()
            {
                filters
                    .register(offset)
                    .into_iter()
                    .for_each(|register| *register = u32::from_le_bytes(bytes));
            }
        }
        filters
    }

    fn register(&mut self, offset: u32) -> Option<&mut u32> {
        Some(match offset {
            FMR => &mut self.fmr,
            FM1R => &mut self.fm1r,
            FS1R => &mut self.fs1r,
            FFA1R => &mut self.ffa1r,
            FA1R => &mut self.fa1r,
            F0R1..END => &mut self.banks[((offset - F0R1) / 8) as usize][(offset / 4 % 2) as usize],
            _ => return None,
        })
    }

    fn initialises(&self) -> bool {
        self.fmr & 1 != 0
    }

    /// The first bank of the second controller (CAN2SB).
    pub fn second(&self) -> usize {
        (self.fmr >> 8 & 0x3f).min(BANKS as u32) as usize
    }

    pub fn read(&mut self, offset: u32) -> u32 {
        self.register(offset).map_or(0, |register| *register)
    }

    /// Writes a register of this many banks.
    pub fn write(&mut self, at: Access, value: u32, banks: usize) {
        let offset = at.register();
        let bank = (offset.saturating_sub(F0R1) / 8) as usize;
        let open = match offset {
            FMR | FA1R => true,
            // RM0090 32.7.4: in initialization mode, the filters also while they are not active.
            F0R1..END => bank < banks && (self.initialises() || self.fa1r >> bank & 1 == 0),
            _ => self.initialises(),
        };
        let mask = match offset {
            FMR if banks == BANKS => 0x3f01,
            FMR => 1,
            F0R1..END => u32::MAX,
            _ => u32::MAX >> (32 - banks.clamp(1, BANKS)),
        };
        if let Some(register) = self.register(offset).filter(|_| open) {
            *register = *register & !mask | at.merge(*register, value) & mask;
        }
    }

    /// The filter with the highest priority that accepts a frame: 32 bits before 16, a list before a mask, the lower
    /// number before the higher one.
    pub fn accept(&self, frame: &Frame, banks: Range<usize>) -> Option<Match> {
        if self.initialises() {
            return None; // no reception
        }
        let mut numbers = [0, 0];
        let mut found: Option<(u32, Match)> = None;
        for bank in banks {
            let bit = |register: u32| register >> bank & 1;
            let (list, wide, fifo) = (bit(self.fm1r), bit(self.fs1r), bit(self.ffa1r) as usize);
            let filters = self.filters(frame, bank);
            for (n, accepts) in (0..).zip(&filters) {
                let rank = (1 - wide) << 1 | (1 - list);
                let better = found.is_none_or(|(best, _)| rank < best);
                if *accepts && bit(self.fa1r) != 0 && better {
                    found = Some((rank, Match { fifo, index: numbers[fifo] + n }));
                }
            }
            // They are counted whether the bank is active or not.
            numbers[fifo] += filters.len() as u32;
        }
        found.map(|(_, found)| found)
    }

    /// Which filters of a bank accept a frame.
    fn filters(&self, frame: &Frame, bank: usize) -> Vec<bool> {
        let [first, second] = self.banks[bank];
        let list = self.fm1r >> bank & 1 != 0;
        if self.fs1r >> bank & 1 != 0 {
            let same = |filter: u32, mask: u32| (frame.identifier ^ filter) & mask & !1 == 0;
            return if list {
                vec![same(first, u32::MAX), same(second, u32::MAX)]
            } else {
                vec![same(first, second)]
            };
        }
        let halves = [first & 0xffff, first >> 16, second & 0xffff, second >> 16];
        let same = |filter: u32, mask: u32| (frame.short_identifier() ^ filter) & mask == 0;
        if list {
            halves.iter().map(|half| same(*half, 0xffff)).collect()
        } else {
            vec![same(halves[0], halves[1]), same(halves[2], halves[3])]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(filters: &Filters, text: &str) -> Option<(usize, u32)> {
        let found = filters.accept(&Frame::parse(text).unwrap(), 0..BANKS);
        found.map(|found| (found.fifo, found.index))
    }

    #[test]
    fn every_mode_accepts_what_it_should() {
        let mut filters = Filters { fmr: 0, ..Filters::default() };
        // 0: two masks of 16 bits; 1: a list of 32 bits; 2: a mask of 32 bits; 3: a list of 16 bits, in FIFO 1.
        (filters.fm1r, filters.fs1r, filters.ffa1r, filters.fa1r) = (0b1010, 0b0110, 0b1000, 0b1111);
        filters.banks[0] = [0xe000_2000, 0xffff_4000]; // 1xx of any kind, 200
        filters.banks[1] = [0x123 << 21, 0x1234_5678 << 3 | 4];
        filters.banks[2] = [0x700 << 21, 0x7f0 << 21 | 6];
        filters.banks[3] = [0x00a0_0080, 0xe0 << 16 | 0xd0];
        assert_eq!(accept(&filters, "155#"), Some((0, 0)));
        assert_eq!(accept(&filters, "200#"), Some((0, 1)));
        assert_eq!(accept(&filters, "123#"), Some((0, 2)), "32 bits come before 16");
        assert_eq!(accept(&filters, "12345678#"), Some((0, 3)));
        assert_eq!(accept(&filters, "70F#"), Some((0, 4)));
        assert_eq!(accept(&filters, "70F#R0"), None);
        assert_eq!(accept(&filters, "005#"), Some((1, 1)), "counted for each FIFO");
        assert_eq!((accept(&filters, "006#R0"), accept(&filters, "006#")), (Some((1, 2)), None));
        filters.fa1r = 0b1000;
        assert_eq!((accept(&filters, "123#"), accept(&filters, "007#")), (None, Some((1, 3))));
        filters.fmr = 1;
        assert_eq!(accept(&filters, "007#"), None);
    }
}
