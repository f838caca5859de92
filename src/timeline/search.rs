//! Travelling backwards: the last hit before now.
//!
//! The index leaves out the intervals in which nothing can hit. Those that remain are searched newest first, each by one
//! pass of re-execution that collects hits and remembers the last.

use std::ops::Range;

use super::{Divergence, Timeline, TimelineError, WatchKind, index::Wanted};
use crate::{
    core::{Hit, PAGE, Search, Travel},
    words::Icount,
};

/// Where the history is thin, a pass that found nothing is followed by one that is twice as long, up to this many
/// intervals: going to each of them alone would execute what is before it again and again.
pub(super) const LONGEST_PASS: Icount = 64;
/// When more than one icount in so many touches a watched page, comparing values is quicker than watching it.
const BUSY: Icount = 60;
/// So many icounts before the position at which a change was seen, it was made: a block of the translator is shorter.
const BLOCK: Icount = 1024;
/// Candidates that are looked up at a time, at most.
pub(super) const MOST_CANDIDATES: usize = 1024;

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
        let wanted = self.wanted(&search);
        let only_changes = search.breakpoints.is_empty()
            && search.watchpoints.iter().all(|watch| watch.kind == WatchKind::Write);
        let mut before = self.now().icount;
        let (mut pass, mut lookup, mut busy) = (1, 1, false);
        while before > from {
            let all = self.index.candidates(&wanted, before).take_while(|interval| interval.end > from);
            let mut candidates: Vec<_> = all.take(lookup).collect();
            let Some(oldest) = candidates.last() else { break };
            before = oldest.start;
            let mut rest = &mut candidates[..];
            while !rest.is_empty() {
                let stretch = self.take_stretch(&mut rest, pass * self.index.span());
                self.seek(stretch.start.max(from))?;
                let hit = if busy {
                    self.collect_changes(&search, stretch.end, from)?
                } else {
                    self.collect(&search, stretch.end, from)?
                };
                if hit.is_some() {
                    return Ok(Some(hit));
                }
                let accesses = self.core.take_watched_accesses();
                busy |= only_changes && accesses > (stretch.end - stretch.start) / BUSY;
                if interrupted() {
                    return Ok(None);
                }
                pass = (pass * 2).min(LONGEST_PASS);
            }
            lookup = (lookup * 2).min(MOST_CANDIDATES);
        }
        Ok(Some(None))
    }

    /// The newest candidate: what of it is behind the last checkpoint in it, or with those before it that touch it and are
    /// reached from the same checkpoint, up to a length.
    pub(super) fn take_stretch(
        &self,
        candidates: &mut &mut [Range<Icount>],
        longest: Icount,
    ) -> Range<Icount> {
        let checkpoint = self.tape.icount(self.tape.find(candidates[0].end.saturating_sub(1)));
        let newest = candidates[0].clone();
        if checkpoint > newest.start {
            candidates[0].end = checkpoint;
            return checkpoint..newest.end;
        }
        let follows = |pair: &[Range<Icount>]| {
            pair[1].end == pair[0].start
                && pair[0].start > checkpoint
                && newest.end - pair[1].start <= longest
        };
        let more = candidates.windows(2).take_while(|pair| follows(pair)).count();
        let start = candidates[more].start;
        *candidates = &mut std::mem::take(candidates)[more + 1..];
        start..newest.end
    }

    /// The last hit between here and `to`, but not before `from`.
    pub(super) fn collect(
        &mut self,
        search: &Search,
        to: Icount,
        from: Icount,
    ) -> Result<Option<Hit>, TimelineError> {
        self.set_search(search);
        while self.now().icount < to {
            let before = self.now().icount;
            let span = self.index.span();
            let multiple = (before / span + 1) * span;
            // What is not known yet is learnt on the way.
            let limit = if self.index.knows_interval_to(multiple) { to } else { to.min(multiple) };
            let halt = self.run_core(&Travel::to(limit, search))?;
            if self.now().icount == before {
                return Err(Divergence::stop(before, halt, to));
            }
            self.index_interval();
        }
        // A search that only looks must not be found set up by the next run.
        let hit = self.core.take_found();
        Ok(hit.filter(|hit| hit.icount >= from))
    }

    /// The same for a search of changes in memory, by another way: compares what is watched in front of each
    /// instruction, and lets [`Timeline::collect`] confirm where that tells of a change.
    fn collect_changes(
        &mut self,
        search: &Search,
        to: Icount,
        from: Icount,
    ) -> Result<Option<Hit>, TimelineError> {
        let start = self.now().icount;
        if !self.core.compare_values(&search.watchpoints) {
            return self.collect(search, to, from);
        }
        let executed = self.collect(&Search::default(), to, from);
        let changed = self.core.take_changed();
        executed?;
        let Some(changed) = changed else { return Ok(None) };
        self.seek(changed.saturating_sub(BLOCK).max(start))?;
        if let Some(hit) = self.collect(search, changed.min(to), from)? {
            return Ok(Some(hit));
        }
        self.seek(start)?;
        self.collect(search, to, from)
    }

    /// What an interval must have done to hold a hit: executed a breakpoint, or written a page of what is watched.
    /// Of loads, devices and bit-band aliases nothing is known.
    fn wanted(&self, search: &Search) -> Wanted {
        let memory = self.core.memory();
        let mut wanted = Wanted { code: search.breakpoints.iter().copied().collect(), ..Wanted::default() };
        for watch in &search.watchpoints {
            let last = watch.address.saturating_add(watch.length.max(1) - 1);
            for address in (watch.address & !(PAGE - 1)..=last).step_by(PAGE as usize) {
                match memory.page(address) {
                    Some(page) if watch.kind == WatchKind::Write => wanted.pages.push(page),
                    _ => wanted.anything = true,
                }
            }
        }
        wanted
    }
}
