//! Numbers that look random and are the same in every run of a test.

use untick::words::Icount;

/// SplitMix64.
pub struct Random(u64);

impl Random {
    /// The sequence of a name.
    pub fn new(name: &str) -> Random {
        Random(name.bytes().fold(0, |seed, byte| (seed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// Below `end`, which is not zero.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// One of a list that is not empty.
    pub fn choose<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    /// Between two positions, both included.
    pub fn between(&mut self, first: Icount, last: Icount) -> Icount {
        first + self.below(last - first + 1)
    }
}
