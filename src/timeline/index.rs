//! The index: what each interval of a run did, to leave out those in which a search cannot hit.
//!
//! An entry covers a span of icounts. It names the code that ran in it, the pages of memory that were written and the
//! exceptions that were entered. Each may name a little too much, never too little: the index only excludes, execution
//! confirms. An interval without an entry can hold anything.
//!
//! Firmware does the same for most of its life. So code is a set of numbers of blocks, every set is kept once, and
//! an entry is three numbers. Where that is not enough, and the index outgrows its budget, neighbours become one
//! entry, and the span twice as long.

use std::ops::Range;

use indexmap::IndexSet;
use serde::{Deserialize, Serialize};

use crate::{
    core::{Executed, PageId},
    words::Icount,
};

/// What the intervals of a run did.
#[derive(Debug)]
pub struct Index {
    /// Icounts of an entry.
    span: Icount,
    /// Stretches of code that were executed.
    blocks: IndexSet<Range<u32>>,
    /// Sets of numbers, each as postcard of the differences between its sorted numbers.
    sets: IndexSet<Box<[u8]>>,
    /// The entry at `i` covers the icounts from `i * span` on.
    entries: Vec<Option<Entry>>,
    /// Bytes of all sets.
    set_bytes: usize,
    saved: Lengths,
}

/// The sets of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    /// Of numbers of blocks.
    code: u32,
    /// Of pages.
    written: u32,
    /// Of exception numbers.
    exceptions: u32,
}

/// How much of the index there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Lengths {
    blocks: usize,
    sets: usize,
    entries: usize,
}

/// What was added to an index since the piece before. A piece behind [`Lengths::default`] begins the index anew.
#[derive(Serialize, Deserialize)]
struct Piece {
    span: Icount,
    behind: Lengths,
    blocks: Vec<Range<u32>>,
    sets: Vec<Box<[u8]>>,
    entries: Vec<Option<Entry>>,
}

/// What an interval must have done to be searched. Any one thing is enough.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// It executed an instruction at one of these addresses.
    pub code: Vec<u32>,
    /// It wrote one of these pages.
    pub pages: Vec<PageId>,
    /// It entered one of these exceptions.
    pub exceptions: Vec<u16>,
    /// Nothing that an index knows.
    pub anything: bool,
}

impl Index {
    /// An empty index with spans of so many icounts.
    pub fn new(span: Icount) -> Index {
        Index {
            span,
            blocks: IndexSet::new(),
            sets: IndexSet::new(),
            entries: Vec::new(),
            set_bytes: 0,
            saved: Lengths::default(),
        }
    }

    /// Icounts that an entry covers.
    pub fn span(&self) -> Icount {
        self.span
    }

    /// Intervals that are known.
    pub fn known(&self) -> usize {
        self.entries.iter().flatten().count()
    }

    /// About what it takes in memory, in bytes.
    pub fn bytes(&self) -> usize {
        const BLOCK: usize = size_of::<Range<u32>>() + 2 * size_of::<usize>();
        const SET: usize = 2 * size_of::<usize>() + 2 * size_of::<usize>();
        self.blocks.len() * BLOCK
            + self.sets.len() * SET
            + self.set_bytes
            + self.entries.len() * size_of::<Option<Entry>>()
    }

    /// Whether the interval that ends at a multiple of the span is known.
    pub fn knows_interval_to(&self, end: Icount) -> bool {
        let number = (end / self.span).saturating_sub(1) as usize;
        self.entries.get(number).is_some_and(Option::is_some)
    }

    /// Adds the interval that ends at a multiple of the span.
    pub fn insert(&mut self, end: Icount, executed: Executed, written: impl IntoIterator<Item = PageId>) {
        let Some(number) = (end / self.span).checked_sub(1).map(|number| number as usize) else { return };
        let blocks: Vec<u32> =
            executed.code.into_iter().map(|block| self.blocks.insert_full(block).0 as u32).collect();
        let entry = Entry {
            code: self.intern(blocks),
            written: self.intern(written.into_iter().collect()),
            exceptions: self.intern(executed.exceptions.iter().map(|number| u32::from(*number)).collect()),
        };
        if self.entries.len() <= number {
            self.entries.resize(number + 1, None);
        }
        self.entries[number] = Some(entry);
        // What has been saved may have had a hole here.
        self.saved.entries = self.saved.entries.min(number);
    }

    fn intern(&mut self, mut numbers: Vec<u32>) -> u32 {
        numbers.sort_unstable();
        numbers.dedup();
        let mut before = 0;
        for number in &mut numbers {
            let difference = *number - before;
            before = std::mem::replace(number, difference);
        }
        let set = postcard::to_stdvec(&numbers).expect("numbers are plain data").into_boxed_slice();
        let length = set.len();
        let (id, new) = self.sets.insert_full(set);
        if new {
            self.set_bytes += length;
        }
        id as u32
    }

    fn set(&self, id: u32) -> Vec<u32> {
        let mut numbers = self.sets.get_index(id as usize).and_then(|set| decode(set)).unwrap_or_default();
        let mut last = 0;
        for number in &mut numbers {
            last += *number;
            *number = last;
        }
        numbers
    }

    /// Makes the index coarser until it fits into so many bytes.
    pub fn shrink_to(&mut self, budget: usize) {
        while self.bytes() > budget && self.entries.len() > 1 {
            self.coarsen();
        }
    }

    fn coarsen(&mut self) {
        let mut coarse = Index::new(self.span * 2);
        // One whose other half is not known is forgotten.
        for (number, pair) in self.entries.chunks_exact(2).enumerate() {
            let (Some(first), Some(second)) = (pair[0], pair[1]) else { continue };
            let union = |a, b| self.set(a).into_iter().chain(self.set(b));
            let code = union(first.code, second.code).collect::<std::collections::BTreeSet<_>>();
            let executed = Executed {
                code: code.into_iter().map(|block| self.blocks[block as usize].clone()).collect(),
                exceptions: union(first.exceptions, second.exceptions).map(|number| number as u16).collect(),
            };
            let end = (number as Icount + 1) * coarse.span;
            coarse.insert(end, executed, union(first.written, second.written));
        }
        *self = coarse;
    }

    /// The intervals before `before`, newest first, that may have done something that is wanted: from, to. Where nothing is
    /// known, they are a span long.
    pub fn candidates<'a>(
        &'a self,
        wanted: &'a Wanted,
        before: Icount,
    ) -> impl Iterator<Item = Range<Icount>> + 'a {
        let mut probe = Probe::new(self, wanted);
        let spans = before.div_ceil(self.span);
        (0..spans).rev().filter(move |number| probe.may_hit(*number as usize)).map(move |number| {
            let start = number * self.span;
            start..(start + self.span).min(before)
        })
    }

    /// What was added since the last call, to be kept in a file.
    pub fn take_piece(&mut self) -> Option<Vec<u8>> {
        let now = Lengths { blocks: self.blocks.len(), sets: self.sets.len(), entries: self.entries.len() };
        let behind = std::mem::replace(&mut self.saved, now);
        if behind.entries == now.entries {
            return None;
        }
        let piece = Piece {
            span: self.span,
            behind,
            blocks: self.blocks.iter().skip(behind.blocks).cloned().collect(),
            sets: self.sets.iter().skip(behind.sets).cloned().collect(),
            entries: self.entries[behind.entries..].to_vec(),
        };
        Some(postcard::to_stdvec(&piece).expect("plain data"))
    }

    /// Adds a piece that was kept; `None` if it does not continue what is here, or makes no sense.
    pub fn add_piece(&mut self, bytes: &[u8]) -> Option<()> {
        let piece: Piece = postcard::from_bytes(bytes).ok()?;
        if piece.behind == Lengths::default() {
            *self = Index::new(piece.span);
        }
        let sets = self.sets.len() + piece.sets.len();
        let blocks = (self.blocks.len() + piece.blocks.len()) as u64;
        let continues = piece.span == self.span
            && piece.span > 0
            && piece.behind.blocks == self.blocks.len()
            && piece.behind.sets == self.sets.len()
            && piece.behind.entries <= self.entries.len();
        let entries = || piece.entries.iter().flatten();
        let exists = entries().all(|entry| {
            [entry.code, entry.written, entry.exceptions].iter().all(|id| (*id as usize) < sets)
        });
        if !continues || !exists || !piece.sets.iter().all(|set| decode(set).is_some()) {
            return None;
        }
        self.set_bytes += piece.sets.iter().map(|set| set.len()).sum::<usize>();
        self.blocks.extend(piece.blocks);
        self.sets.extend(piece.sets);
        self.entries.truncate(piece.behind.entries);
        self.entries.extend(piece.entries);
        let code = self.entries[piece.behind.entries..].iter().flatten();
        let last = code.filter_map(|entry| self.set(entry.code).last().copied()).max();
        if self.blocks.len() as u64 != blocks
            || self.sets.len() != sets
            || last.is_some_and(|last| u64::from(last) >= blocks)
        {
            *self = Index::new(self.span); // a piece with something twice: nothing here can be believed
            return None;
        }
        self.saved = Lengths { blocks: self.blocks.len(), sets, entries: self.entries.len() };
        Some(())
    }
}

/// The differences in a set, if they are such.
fn decode(set: &[u8]) -> Option<Vec<u32>> {
    let differences: Vec<u32> = postcard::from_bytes(set).ok()?;
    differences.iter().try_fold(0u32, |sum, difference| sum.checked_add(*difference))?;
    Some(differences)
}

/// A question to the entries of an index. Each distinct set is asked once.
struct Probe<'a> {
    index: &'a Index,
    wanted: &'a Wanted,
    code: Vec<Option<bool>>,
    written: Vec<Option<bool>>,
    exceptions: Vec<Option<bool>>,
}

impl<'a> Probe<'a> {
    fn new(index: &'a Index, wanted: &'a Wanted) -> Probe<'a> {
        let unknown = vec![None; index.sets.len()];
        Probe { index, wanted, code: unknown.clone(), written: unknown.clone(), exceptions: unknown }
    }

    fn may_hit(&mut self, number: usize) -> bool {
        let Some(entry) = self.index.entries.get(number).copied().flatten() else { return true };
        let (index, wanted) = (self.index, self.wanted);
        let ask = |known: &mut [Option<bool>], id: u32, is_wanted: &dyn Fn(u32) -> bool| {
            *known[id as usize].get_or_insert_with(|| index.set(id).into_iter().any(is_wanted))
        };
        wanted.anything
            || !wanted.code.is_empty()
                && ask(&mut self.code, entry.code, &|block| {
                    wanted.code.iter().any(|pc| index.blocks[block as usize].contains(pc))
                })
            || !wanted.pages.is_empty()
                && ask(&mut self.written, entry.written, &|page| wanted.pages.contains(&page))
            || !wanted.exceptions.is_empty()
                && ask(&mut self.exceptions, entry.exceptions, &|number| {
                    wanted.exceptions.iter().any(|wanted| u32::from(*wanted) == number)
                })
    }
}
