//! Travelling backwards: the last hit before now.
//!
//! Intervals are searched newest first, each by one pass of re-execution that collects hits and remembers the last; what
//! is known of an interval only excludes it, execution confirms.

use super::{Timeline, TimelineError, WatchKind};
use crate::{
    core::{Hit, PAGE, Search, Travel},
    words::Icount,
};

impl Timeline {
    /// The last hit of a search that is at or after `from` and before now. The position afterwards is anywhere; `None` in
    /// the inner option means that nothing was found, in the outer that `interrupted` said so.
    pub(super) fn find_last(
        &mut self,
        search: &Search,
        from: Icount,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Option<Option<Hit>>, TimelineError> {
        let search = Search { collect: true, ..search.clone() };
        let mut before = self.now().icount;
        while before > from {
            let index = self.tape.find(before - 1);
            let start = self.tape.icount(index);
            if self.may_hit(&search, index) {
                self.go(index);
                if let Some(hit) = self.collect(&search, before, from)? {
                    return Ok(Some(Some(hit)));
                }
            }
            if interrupted() {
                return Ok(None);
            }
            before = start;
        }
        Ok(Some(None))
    }

    /// The last hit between here and `to`, but not before `from`.
    pub(super) fn collect(
        &mut self,
        search: &Search,
        to: Icount,
        from: Icount,
    ) -> Result<Option<Hit>, TimelineError> {
        self.set_search(search);
        let travel = Travel::to(to, search);
        while self.now().icount < to {
            let before = self.now().icount;
            let halt = self.run_core(&travel)?;
            if self.now().icount == before {
                return Err(TimelineError::Diverged {
                    icount: before,
                    what: format!("the run stops here ({halt:?}), but it was recorded up to {to}"),
                });
            }
        }
        // A search that only looks must not be found set up by the next run.
        let hit = self.core.take_found();
        Ok(hit.filter(|hit| hit.icount >= from))
    }

    /// Whether an interval can hold a hit at all: memory that it did not write was not changed in it. Of devices and
    /// bit-band aliases nothing is known.
    fn may_hit(&self, search: &Search, index: usize) -> bool {
        let only_writes = search.breakpoints.is_empty()
            && search.watchpoints.iter().all(|watch| watch.kind == WatchKind::Write);
        if !only_writes {
            return true;
        }
        let pages: Vec<u32> = search
            .watchpoints
            .iter()
            .flat_map(|watch| {
                let last = watch.address.saturating_add(watch.length.max(1) - 1);
                (watch.address & !(PAGE - 1)..=last).step_by(PAGE as usize)
            })
            .collect();
        let memory = self.core.memory();
        pages.iter().any(|page| memory.page(*page).is_none()) || self.tape.may_write(index, memory, &pages)
    }
}
