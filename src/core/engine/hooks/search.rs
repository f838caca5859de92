//! What is watched: by the debugger, and by the core's own comparators.

use super::*;

impl Shared {
    /// Sets what the debugger looks for. Whether that changes what must be seen of memory.
    pub fn set_search(&mut self, search: &Search, memory: &Memory) -> bool {
        if self.search.breakpoints != search.breakpoints {
            self.blocks.clear();
        }
        self.watched_places = search.watchpoints.iter().map(|watch| memory.place(watch.address)).collect();
        self.search = search.clone();
        self.hits.take();
        self.renew_watched(memory)
    }

    /// Sets what the core's own comparators watch. Whether that changes what must be seen of memory.
    pub fn set_units(&mut self, units: WatchUnits, memory: &Memory) -> bool {
        if self.units == units {
            return false;
        }
        self.units = units;
        self.renew_watched(memory)
    }

    fn renew_watched(&mut self, memory: &Memory) -> bool {
        let mut watched = Vec::new();
        for watch in self.search.watchpoints.iter().chain(&self.units).filter(|watch| watch.length > 0) {
            // An access that begins on the page before is announced there, as a whole, and split behind that.
            let first = watch.address.saturating_sub(WIDEST - 1) & !(PAGE - 1);
            let last = watch.address.saturating_add(watch.length - 1);
            watched.extend((first..=last).step_by(PAGE as usize).filter_map(|address| memory.page(address)));
        }
        watched.sort_unstable();
        watched.dedup();
        let changed = watched != self.watched;
        self.watched = watched;
        changed
    }

    /// Tells the core which of its comparators see an access. Whether an exception must be taken right behind the
    /// instruction.
    pub(super) fn match_units(&mut self, icount: Icount, address: u32, size: u32, store: bool) -> bool {
        if self.units.is_empty() || self.units_matched_at == icount {
            return false;
        }
        let sees = |unit: &Watchpoint| {
            let kind = match unit.kind {
                WatchKind::Access => true,
                WatchKind::Read => !store,
                WatchKind::Write => store,
            };
            kind && unit.length > 0
                && address <= unit.address.saturating_add(unit.length - 1)
                && unit.address <= address.saturating_add(size - 1)
        };
        let seeing: heapless::Vec<usize, 4> =
            self.units.iter().enumerate().filter(|(_, unit)| sees(unit)).map(|(number, _)| number).collect();
        if seeing.is_empty() {
            return false;
        }
        for &unit in &seeing {
            self.port().watch_unit_matched(unit);
        }
        self.units_matched_at = icount;
        self.attend();
        self.can_take()
    }
}
