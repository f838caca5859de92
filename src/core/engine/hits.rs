//! What a search that collects has hit last.

use super::{Found, Hit};
use crate::words::Icount;

/// The last hit that is certain, and those that are expected in the block that runs now: it may be left before it comes
/// to them, by a fault or an access that must be looked at.
#[derive(Default)]
pub struct Hits {
    last: Option<Hit>,
    expected: Vec<Hit>,
}

impl Hits {
    /// Expects a hit.
    pub fn expect(&mut self, hit: Hit) {
        self.expected.push(hit);
    }

    /// The run has come to this position: what was expected up to here has happened.
    pub fn settle(&mut self, icount: Icount) {
        self.keep(|hit| hit.icount <= icount);
    }

    /// The run ends at this position. What was expected behind it does not come, but watched memory has been touched.
    pub fn end(&mut self, icount: Icount) {
        self.keep(|hit| hit.icount <= icount || hit.found != Found::Breakpoint);
        self.expected.clear();
    }

    /// Takes the last hit, and forgets the rest.
    pub fn take(&mut self) -> Option<Hit> {
        self.expected.clear();
        self.last.take()
    }

    fn keep(&mut self, has_happened: impl Fn(&Hit) -> bool) {
        self.expected.retain(|hit| {
            let happened = has_happened(hit);
            if happened && self.last.is_none_or(|last| last.icount <= hit.icount) {
                self.last = Some(*hit);
            }
            !happened
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::WatchKind;

    const WATCHED: Found = Found::Watchpoint { address: 0, kind: WatchKind::Read };

    fn expecting(hits: &[Hit]) -> Hits {
        let mut all = Hits::default();
        hits.iter().for_each(|hit| all.expect(*hit));
        all
    }

    #[test]
    fn a_breakpoint_at_the_end_of_a_block_is_later_than_an_access_in_its_middle() {
        let late = Hit { icount: 15, found: Found::Breakpoint };
        let mut hits = expecting(&[Hit { icount: 11, found: Found::Breakpoint }, late]);
        hits.settle(12);
        hits.expect(Hit { icount: 13, found: WATCHED });
        hits.end(20);
        assert_eq!(hits.take(), Some(late));
        assert_eq!(hits.take(), None);
    }

    #[test]
    fn a_block_that_is_left_does_not_come_to_its_breakpoints() {
        let reached = Hit { icount: 11, found: Found::Breakpoint };
        let mut hits = expecting(&[reached, Hit { icount: 12, found: Found::Breakpoint }]);
        hits.end(11);
        assert_eq!(hits.take(), Some(reached));
    }

    #[test]
    fn an_access_of_an_instruction_that_faults_counts() {
        let access = Hit { icount: 12, found: WATCHED };
        let mut hits = expecting(&[access]);
        hits.end(11);
        assert_eq!(hits.take(), Some(access));
    }
}
