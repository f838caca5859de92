//! Travelling backwards: the last hit before now.
//!
//! The index leaves out the intervals in which nothing can hit. Those that remain are searched newest first, each by one
//! pass of re-execution that collects hits and remembers the last; two at a time, where there are many (`parallel.rs`).

use std::{collections::VecDeque, ops::Range};

use super::{Divergence, Timeline, TimelineError, WatchKind, index::Wanted, next_multiple, tape::Tape};
use crate::{
    core::{Core, Hit, Search, Travel},
    words::Icount,
};

/// Where the history is thin, a pass that found nothing is followed by one that is twice as long, up to this many
/// intervals: going to each of them alone would execute what is before it again and again.
const LONGEST_PASS: Icount = 64;
/// When more than one icount in so many touches a watched page, comparing values is quicker than watching it.
const BUSY: Icount = 60;
/// So many icounts before the position at which a change was seen, it was made: a block of the translator is shorter.
const BLOCK: Icount = 1024;
/// Candidates that are looked up at a time, at most.
const MOST_CANDIDATES: usize = 1024;

/// The stretches of a range in which something can be found, newest first: what the index leaves.
pub(super) struct Stretches {
    wanted: Wanted,
    from: Icount,
    /// What begins here or later has been looked up.
    before: Icount,
    /// Intervals that were looked up, newest first.
    candidates: VecDeque<Range<Icount>>,
    /// How many are looked up next.
    lookup: usize,
    /// How many intervals the next stretch may have.
    pass: Icount,
}

impl Stretches {
    /// All that can hold what is wanted.
    pub fn new(wanted: Wanted, range: Range<Icount>) -> Stretches {
        let Range { start: from, end: before } = range;
        Stretches { wanted, from, before, candidates: VecDeque::new(), lookup: 1, pass: 1 }
    }

    /// The next one, as the index and the tape of the timeline are now.
    pub fn next(&mut self, timeline: &Timeline) -> Option<Range<Icount>> {
        if self.candidates.is_empty() && self.before > self.from {
            let all = timeline.index.candidates(&self.wanted, self.before);
            self.candidates = all.take_while(|interval| interval.end > self.from).take(self.lookup).collect();
            self.before = self.candidates.back().map_or(self.from, |oldest| oldest.start);
            self.lookup = (self.lookup * 2).min(MOST_CANDIDATES);
        }
        let stretch = self.take(&timeline.tape, self.pass * timeline.index.span())?;
        self.pass = (self.pass * 2).min(LONGEST_PASS);
        // Of a candidate that begins before the range, the rest is of no use.
        (stretch.end > self.from).then(|| stretch.start.max(self.from)..stretch.end)
    }

    /// The newest candidate: what of it is behind the last checkpoint in it, or with those before it that touch it and are
    /// reached from the same checkpoint, up to a length.
    fn take(&mut self, tape: &Tape, longest: Icount) -> Option<Range<Icount>> {
        let newest = self.candidates.front_mut()?;
        let end = newest.end;
        let checkpoint = tape.icount(tape.find(end.saturating_sub(1)));
        if checkpoint > newest.start {
            newest.end = checkpoint;
            return Some(checkpoint..end);
        }
        let mut start = newest.start;
        self.candidates.pop_front();
        while let Some(next) = self.candidates.front()
            && next.end == start
            && start > checkpoint
            && end - next.start <= longest
        {
            start = next.start;
            self.candidates.pop_front();
        }
        Some(start..end)
    }
}

/// What is searched, and what has been found out about how.
#[derive(Clone)]
pub(super) struct Quest {
    pub search: Search,
    /// Earlier hits do not count.
    pub from: Icount,
    /// Watched pages are touched so often that comparing values is quicker.
    pub busy: bool,
}

impl Quest {
    /// A search for the last hit.
    pub fn new(search: &Search, from: Icount) -> Quest {
        Quest { search: Search { collect: true, ..search.clone() }, from, busy: false }
    }
}

/// A core that can be moved in a stretch of the history.
pub(super) trait Searcher {
    fn core(&mut self) -> &mut Core;

    /// Goes to a position in the stretch.
    fn go_to(&mut self, icount: Icount) -> Result<(), TimelineError>;

    /// The last hit between here and `to`, but not before `from`.
    fn collect(&mut self, search: &Search, to: Icount, from: Icount) -> Result<Option<Hit>, TimelineError>;

    /// The last hit in a stretch, which may teach something about the quest.
    fn search(&mut self, quest: &mut Quest, stretch: Range<Icount>) -> Result<Option<Hit>, TimelineError> {
        let Quest { search, from, .. } = &*quest;
        let only_changes = search.breakpoints.is_empty()
            && search.watchpoints.iter().all(|watch| watch.kind == WatchKind::Write);
        self.go_to(stretch.start)?;
        let hit = if quest.busy {
            self.collect_changes(search, stretch.end, *from)?
        } else {
            self.collect(search, stretch.end, *from)?
        };
        let accesses = self.core().take_watched_accesses();
        quest.busy |= only_changes && accesses > (stretch.end - stretch.start) / BUSY;
        Ok(hit)
    }

    /// [`Searcher::collect`] for a search of changes in memory, by another way: compares what is watched in front of each
    /// instruction, and lets the search confirm where that tells of a change.
    fn collect_changes(
        &mut self,
        search: &Search,
        to: Icount,
        from: Icount,
    ) -> Result<Option<Hit>, TimelineError> {
        let start = self.core().state().icount;
        if !self.core().compare_values(&search.watchpoints) {
            return self.collect(search, to, from);
        }
        let executed = self.collect(&Search::default(), to, from);
        let changed = self.core().take_changed();
        executed?;
        let Some(changed) = changed else { return Ok(None) };
        self.go_to(changed.saturating_sub(BLOCK).max(start))?;
        if let Some(hit) = self.collect(search, changed.min(to), from)? {
            return Ok(Some(hit));
        }
        self.go_to(start)?;
        self.collect(search, to, from)
    }
}

impl Timeline {
    /// The last hit of a search that is at or after `from` and before now. The position afterwards is anywhere; `None` in
    /// the inner option means that nothing was found, in the outer that `interrupted` said so.
    pub(super) fn find_last(
        &mut self,
        search: &Search,
        from: Icount,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Option<Option<Hit>>, TimelineError> {
        let stretches = Stretches::new(self.wanted(search), from..self.now().icount);
        self.find_in(stretches, Quest::new(search, from), interrupted)
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
            let halt = self.run_core(&Travel::to(self.limit_to_learn(to), search))?;
            if self.now().icount == before {
                return Err(Divergence::stop(before, halt, to));
            }
            self.index_interval();
        }
        // A search that only looks must not be found set up by the next run.
        let hit = self.core.take_found();
        Ok(hit.filter(|hit| hit.icount >= from))
    }

    /// How far to run at once on the way to a position: what the index does not know yet is learnt on the way.
    pub(super) fn limit_to_learn(&self, to: Icount) -> Icount {
        let end = next_multiple(self.now().icount, self.index.span());
        if self.index.knows_interval_to(end) { to } else { to.min(end) }
    }

    /// What an interval must have done to hold a hit: executed a breakpoint, or written a page of what is watched.
    /// Of loads, devices and bit-band aliases nothing is known.
    fn wanted(&self, search: &Search) -> Wanted {
        let memory = self.core.memory();
        let mut wanted = Wanted { code: search.breakpoints.iter().copied().collect(), ..Wanted::default() };
        for watch in &search.watchpoints {
            for address in watch.pages() {
                match memory.page(address) {
                    Some(page) if watch.kind == WatchKind::Write => wanted.pages.push(page),
                    _ => wanted.anything = true,
                }
            }
        }
        wanted
    }
}
