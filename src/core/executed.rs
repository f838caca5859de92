//! What code ran, and which exceptions were entered: what a search backwards need not look at is what is not in here.

use std::{collections::BTreeSet, mem, ops::Range};

/// What ran since it was asked last. All that ran is in it, and perhaps a little more: the rest of a block that was left
/// early, or an instruction that was stopped in front of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Executed {
    /// Addresses of code, in no order; they may overlap.
    pub code: Vec<Range<u32>>,
    /// The numbers of the exceptions that were entered.
    pub exceptions: BTreeSet<u16>,
}

/// Ranges of code that ran. What is noted again and again takes no more room.
pub struct Visited {
    ranges: Vec<Range<u32>>,
    /// What was noted lately, by address: what stands here is in `ranges`.
    recent: [(u32, u32); RECENT],
    /// When there are as many ranges, those that touch become one.
    limit: usize,
}

const RECENT: usize = 256;
const LIMIT: usize = 4096;

impl Visited {
    /// Notes that code may run: an address and a size in bytes.
    pub fn note(&mut self, address: u32, size: u32) {
        let recent = &mut self.recent[address as usize >> 1 & (RECENT - 1)];
        if mem::replace(recent, (address, size)) == (address, size) {
            return;
        }
        if self.ranges.len() >= self.limit {
            self.merge();
        }
        self.ranges.push(address..address.saturating_add(size));
    }

    /// Takes all that was noted.
    pub fn take(&mut self) -> Vec<Range<u32>> {
        let empty = Visited { ranges: Vec::with_capacity(self.ranges.len()), ..Visited::default() };
        mem::replace(self, empty).ranges
    }

    /// Where nobody takes, code that changes would be noted for ever.
    fn merge(&mut self) {
        self.ranges.sort_unstable_by_key(|range| range.start);
        self.ranges.dedup_by(|next, range| {
            let touches = next.start <= range.end;
            if touches {
                range.end = range.end.max(next.end);
            }
            touches
        });
        self.limit = LIMIT.max(2 * self.ranges.len());
    }
}

impl Default for Visited {
    fn default() -> Visited {
        Visited { ranges: Vec::new(), recent: [(0, 0); RECENT], limit: LIMIT }
    }
}

/// Exceptions that were entered, a bit for each number that IPSR can hold.
#[derive(Default)]
pub struct Entered([u64; 8]);

impl Entered {
    /// Notes an entry.
    pub fn note(&mut self, number: u16) {
        self.0[usize::from(number >> 6 & 7)] |= 1 << (number & 63);
    }

    /// Takes the numbers.
    pub fn take(&mut self) -> BTreeSet<u16> {
        let bits = mem::take(&mut self.0);
        (0..512).filter(|number| bits[usize::from(number >> 6)] >> (number & 63) & 1 != 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_for_ever_takes_no_more_room() {
        let mut visited = Visited::default();
        for round in 0..5000u32 {
            (0..1000).for_each(|block| visited.note(8 * block, 8 + round % 2));
        }
        assert!(visited.ranges.len() <= 2 * LIMIT);
        visited.merge();
        assert_eq!(visited.take(), vec![Range { start: 0, end: 8001 }]);
        assert_eq!(visited.take(), []);
        visited.note(0, 8);
        assert_eq!(visited.take(), vec![Range { start: 0, end: 8 }]);
    }

    #[test]
    fn exceptions_come_in_order_and_once() {
        let mut entered = Entered::default();
        [15, 3, 255, 3, 16].into_iter().for_each(|number| entered.note(number));
        assert_eq!(entered.take(), BTreeSet::from([3, 15, 16, 255]));
        assert!(entered.take().is_empty());
    }
}
