//! Near the cursor: a record of each of the last few thousand icounts, to go either way without executing anything.
//!
//! A debugger that steps back asks for one icount after the other; gdb does so for every source line. So the first step
//! back from a position goes [`FIRST`] icounts further, comes forward again one at a time, and keeps of each what it takes
//! to go back over it. When the steps that follow have come to the first record, [`MORE`] are recorded in front of it in
//! the same way: a millisecond at a time, two microseconds a step. At most [`MOST`] records are kept, or what
//! fits into an eighth of the history's budget; those on the far side of where the work is go first.
//!
//! A record has the state *at* its position, and the words of memory that the icount behind it changes, old xor new: the
//! same for both directions. Records are facts of a history that nobody can change. They are right wherever the core has
//! been in the meantime, and are used whenever it stands at one of their positions.
//!
//! Memory is changed by plain stores. To the tape it looks as if the core had executed its way: all that the tape wants
//! to know is when the core crosses from one interval into another.

mod shadow;
#[cfg(test)]
mod tests;

use std::{ops::RangeInclusive, rc::Rc};

use ringbuf::{
    LocalRb,
    storage::Heap,
    traits::{Consumer, Observer, Producer, Split},
    wrap::{Cons, Prod},
};

use self::shadow::Shadow;
use super::{Cursor, Divergence, Timeline, TimelineError, WatchKind, Watchpoint};
use crate::{
    core::{Context, Memory, STATE_HEAP_BYTES, Search, State, Travel},
    trace::Mark,
    words::{Icount, Registers},
};

/// Icounts that the first step back records.
const FIRST: Icount = 256;
/// Icounts that are recorded each time a step back has come to the first record.
const MORE: Icount = 512;
/// Records that are kept at most.
const MOST: usize = 4096;
/// A checkpoint is kept so far in front of the records, in icounts: the next ones are reached from there.
const RUN_UP: Icount = 16_384;

/// A position, and what the icount behind it does.
struct Record {
    icount: Icount,
    mark: Mark,
    registers: Registers,
    boundary: bool,
    /// The state, but for the fields above. Most instructions leave it as it is: their records share it.
    rest: Rc<State>,
    /// What the icount changes of memory: addresses of words, and their bits. Of the last record that is not known.
    words: Box<[(u32, u32)]>,
}

impl Record {
    fn state(&self) -> State {
        State {
            icount: self.icount,
            registers: self.registers.clone(),
            boundary: self.boundary,
            ..(*self.rest).clone()
        }
    }

    /// Whether memory can be used in the same way at both positions.
    fn permits_the_same(&self, other: &Record) -> bool {
        let of = |record: &Record| (record.registers.control, record.registers.faultmask);
        Rc::ptr_eq(&self.rest, &other.rest) && of(self) == of(other)
    }

    /// Does to memory what the icount does, or undoes it.
    fn exchange(&self, memory: &mut Memory) {
        for &(address, bits) in &self.words {
            // The words were read there: it is memory.
            let word = memory.read_word(address).unwrap_or(0);
            let _ = memory.write(address, &(word ^ bits).to_le_bytes());
        }
    }
}

type Ring = Rc<LocalRb<Heap<Record>>>;

/// Records of neighbouring icounts, the latest first: stepping back appends, and what is too much goes at the other end.
pub struct Near {
    writer: Prod<Ring>,
    records: Cons<Ring>,
}

impl Near {
    /// Room for records within the budget of the history, in bytes.
    pub fn new(budget: usize) -> Near {
        let room = budget / 8 / size_of::<Record>();
        let (writer, records) = LocalRb::new(room.clamp(2 * FIRST as usize, MOST)).split();
        Near { writer, records }
    }

    /// Bytes used.
    pub fn bytes(&self) -> usize {
        let mut last: Option<&Rc<State>> = None;
        let mut bytes = 0;
        for record in self.records.iter() {
            let shares = last.is_some_and(|last| Rc::ptr_eq(last, &record.rest));
            let rest = if shares { 0 } else { size_of::<State>() + STATE_HEAP_BYTES };
            bytes += size_of::<Record>() + size_of_val(&*record.words) + rest;
            last = Some(&record.rest);
        }
        bytes
    }

    /// The positions that are recorded, if any are.
    fn range(&self) -> Option<RangeInclusive<Icount>> {
        let last = self.records.first()?.icount;
        Some(self.records.last()?.icount..=last)
    }

    fn has(&self, icount: Icount) -> bool {
        self.range().is_some_and(|range| range.contains(&icount))
    }

    fn get(&self, icount: Icount) -> Option<&Record> {
        let last = self.records.first()?.icount;
        let index = last.checked_sub(icount)? as usize;
        let (later, earlier) = self.records.as_slices();
        later.get(index).or_else(|| earlier.get(index - later.len()))
    }

    /// Whether the icount is recorded and leaves everything but registers and memory as it is: most instructions do, but no
    /// exception, no return from one, no access to the core's own registers, and nothing that arrives from outside.
    fn is_plain(&self, icount: Icount) -> bool {
        let both = self.get(icount).zip(self.get(icount + 1));
        both.is_some_and(|(before, behind)| Rc::ptr_eq(&before.rest, &behind.rest))
    }

    /// The last position before `before`, among those recorded, at which the core may have entered a handler that steps go
    /// over, from this context.
    pub fn last_entry(&self, context: Context, before: Icount) -> Option<Icount> {
        let range = self.range().filter(|range| range.contains(&before))?;
        let context_at = |icount| self.get(icount).map(|record| Context::of(&record.registers));
        (*range.start()..before).rev().find(|&icount| {
            context_at(icount) == Some(context)
                && context_at(icount + 1).is_some_and(Context::is_stepped_over)
        })
    }

    /// The first of the records that lead to a position without a gap; the position itself if none do.
    pub fn begin_of(&self, icount: Icount) -> Icount {
        self.range().filter(|range| range.contains(&icount)).map_or(icount, |range| *range.start())
    }

    /// Takes over records in the order of their positions. Those that are here stay if they are neighbours.
    fn join(&mut self, mut row: Vec<Record>) {
        let (Some(from), Some(to)) = (row.first(), row.last()) else { return };
        let (from, to) = (from.icount, to.icount);
        let range = self.range();
        if range.as_ref().is_some_and(|range| *range.start() == to) {
            row.pop(); // it is here, with what its icount does
            row.into_iter().rev().for_each(|record| self.push(record));
            return;
        }
        let mut earlier: Vec<Record> = self.records.pop_iter().collect();
        if range.is_some_and(|range| *range.end() == from) {
            earlier.remove(0);
        } else {
            earlier.clear();
        }
        self.writer.push_iter(row.into_iter().rev());
        self.writer.push_iter(earlier.into_iter());
    }

    /// Adds the record in front of the earliest.
    fn push(&mut self, record: Record) {
        if self.writer.is_full() {
            self.records.try_pop();
        }
        // There is room now.
        let _ = self.writer.try_push(record);
    }
}

impl Timeline {
    /// Goes to a position by records. False, with nothing done, if they do not lead there from here.
    pub(super) fn go_near(&mut self, icount: Icount) -> bool {
        let mut now = self.now().icount;
        if now == icount || !self.near.has(now) || !self.near.has(icount) {
            return false;
        }
        let from = now;
        let memory = self.core.memory_mut();
        while now > icount {
            if self.tape.icount(self.tape.at()) == now {
                self.tape.enter_previous(memory);
            }
            now -= 1;
            self.near.get(now).expect("it is between the two").exchange(memory);
        }
        while now < icount {
            if self.tape.next_icount() == Some(now) {
                self.tape.enter_next(memory);
            }
            self.near.get(now).expect("it is between the two").exchange(memory);
            now += 1;
        }
        let (from, to) = (self.near.get(from), self.near.get(icount));
        let (from, record) = from.zip(to).expect("both were asked for above");
        if !record.permits_the_same(from) {
            memory.invalidate_permissions();
        }
        self.cursor = Cursor::new(record.mark, &record.rest);
        self.core.set_state(record.state());
        // What the core tells of the code that it has executed may be from elsewhere: too much, never too little.
        self.executed_from = icount;
        true
    }

    /// Goes one icount forward by records, if all that happens there is an instruction that nobody wants to hear of.
    pub(super) fn step_near(&mut self) -> bool {
        let now = self.now().icount;
        // The last instruction may end the run.
        now + 1 < self.present.icount && self.near.is_plain(now) && self.go_near(now + 1)
    }

    /// Sees to it that the icount in front of the present position is recorded.
    pub(super) fn record_before(&mut self) -> Result<(), TimelineError> {
        let here = self.now().icount;
        if here == 0 || self.near.has(here) && self.near.has(here - 1) {
            return Ok(());
        }
        let room = self.near.records.capacity().get() as Icount;
        let start = match self.near.range() {
            Some(range) if *range.start() == here => here.saturating_sub(MORE.min(room / 2)),
            // A few steps forward have left the records: go on from them.
            Some(range) if (1..=FIRST).contains(&here.saturating_sub(*range.end())) => *range.end(),
            _ => here.saturating_sub(FIRST),
        };
        self.approach(start)?;
        // From here on few pages change.
        self.keep(false)?;
        let row = self.record_to(here)?;
        self.near.join(row);
        Ok(())
    }

    /// Goes to a position as [`Timeline::seek`] does, and leaves a checkpoint shortly before it: there will be steps back.
    pub fn approach(&mut self, icount: Icount) -> Result<(), TimelineError> {
        let icount = icount.min(self.end().icount);
        let before = self.tape.icount(self.tape.find(icount));
        if icount - before > 2 * RUN_UP && !self.near.has(icount) {
            self.seek(icount - RUN_UP)?;
            self.keep(false)?;
        }
        self.seek(icount)
    }

    /// Goes forward one icount at a time, and records each and the position at the end.
    fn record_to(&mut self, to: Icount) -> Result<Vec<Record>, TimelineError> {
        let nothing = Search::default();
        self.set_search(&nothing);
        let mut row = Vec::with_capacity((to - self.now().icount) as usize + 1);
        let mut shadow = Shadow::new(self.core.memory());
        let mut rest = Rc::new(self.core.state().clone());
        row.push(self.record(&mut rest));
        while self.now().icount < to {
            let now = self.now().icount;
            if self.tape.next_icount() == Some(now) {
                self.tape.enter_next(self.core.memory_mut());
                shadow = Shadow::new(self.core.memory());
            }
            let halt = self.run_core(&Travel::to(now + 1, &nothing))?;
            if self.now().icount == now {
                return Err(Divergence::stop(now, halt, to));
            }
            let record = self.record(&mut rest);
            if let Some(before) = row.last_mut() {
                before.words = shadow.changes(self.core.memory());
            }
            row.push(record);
        }
        Ok(row)
    }

    /// The position where the core stands. `rest` is what the record before shares.
    fn record(&self, rest: &mut Rc<State>) -> Record {
        let state = self.core.state();
        let mut same = (**rest).clone();
        same.icount = state.icount;
        same.boundary = state.boundary;
        same.registers.clone_from(&state.registers);
        if same != *state {
            *rest = Rc::new(state.clone());
        }
        Record {
            icount: state.icount,
            mark: self.cursor.mark(),
            registers: state.registers.clone(),
            boundary: state.boundary,
            rest: rest.clone(),
            words: Box::default(),
        }
    }

    /// Whether it is known of the icount before `at` that it hits no watchpoint: records know what is stored, and not more.
    pub(super) fn is_unwatched(&mut self, watchpoints: &[Watchpoint], at: Icount) -> bool {
        if !self.near.is_plain(at - 1) {
            return false; // several things may happen there, one after the other
        }
        let Some(mark) = self.near.get(at).map(|record| record.mark) else { return false };
        let memory = self.core.memory();
        let Some(record) = self.near.get(at - 1).filter(|record| record.mark == mark) else { return false };
        watchpoints.iter().all(|watch| {
            let in_memory = watch.pages().all(|address| memory.page(address).is_some());
            let first = memory.place(watch.address);
            let touches = |word: u32| {
                word.wrapping_sub(first) < watch.length || first.wrapping_sub(word) < 4 && watch.length > 0
            };
            watch.kind == WatchKind::Write
                && in_memory
                && !record.words.iter().any(|(address, _)| touches(*address))
        })
    }
}
