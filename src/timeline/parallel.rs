//! Searching with two cores: while one stretch of the history is searched here, a second core searches others.
//!
//! The second core lives on a thread of its own, which makes it: nothing of an engine ever moves between threads. What it
//! is told is plain data: the state at the begin of a stretch, the place in the log, and every page of memory that
//! may differ from what its core has. It has a reader of the log of its own.
//!
//! Stretches are given away and searched here in one order, newest first, and the answer is the hit in the newest one that
//! has any, once all newer ones are known to have none. That is the answer of a search with one core.
//!
//! Most searches end where they begin, and would lose by this. So the second core is not made before [`ALONE`] stretches
//! have been searched in vain, and is given nothing before it has been made: a search never waits for that.

mod second;
#[cfg(test)]
mod tests;
mod worker;

use std::{collections::VecDeque, ops::Range};

pub(super) use self::second::Second;
use self::worker::{Answer, Task};
use super::{
    Timeline, TimelineError,
    search::{Quest, Searcher, Stretches},
};
use crate::{
    core::{Core, Hit, Search},
    words::Icount,
};

/// Stretches that are searched before the second core is asked for.
const ALONE: usize = 4;
/// Stretches that the second core has been given and not answered yet, at most: it never waits for work.
const AHEAD: usize = 2;
/// A search looks up after so many icounts: whether it is still wanted.
const LOOK_UP: Icount = 2_000_000;

/// A stretch that has been taken, and what was found in it when that is known.
struct Taken {
    number: u64,
    stretch: Range<Icount>,
    found: Option<Result<Option<Hit>, TimelineError>>,
}

/// The stretches that have been taken, newest first.
#[derive(Default)]
struct Order {
    taken: VecDeque<Taken>,
    next: u64,
}

impl Order {
    fn take(&mut self, stretch: &Range<Icount>) -> u64 {
        let number = self.next;
        self.next += 1;
        self.taken.push_back(Taken { number, stretch: stretch.clone(), found: None });
        number
    }

    fn set(&mut self, number: u64, found: Result<Option<Hit>, TimelineError>) {
        if let Some(taken) = self.taken.iter_mut().find(|taken| taken.number == number) {
            taken.found = Some(found);
        }
    }

    /// What decides the search, if that is known: the first that is not nothing.
    fn decide(&mut self) -> Option<Result<Hit, TimelineError>> {
        while let Some(taken) = self.taken.pop_front() {
            match taken.found {
                Some(Ok(None)) => {}
                Some(Ok(Some(hit))) => return Some(Ok(hit)),
                Some(Err(error)) => return Some(Err(error)),
                None => {
                    self.taken.push_front(taken);
                    break;
                }
            }
        }
        None
    }

    /// Whether something was found that makes what is older superfluous.
    fn has_found(&self) -> bool {
        self.taken.iter().any(|taken| !matches!(taken.found, None | Some(Ok(None))))
    }

    /// The newest stretch of which nothing is known yet.
    fn open(&self) -> Option<(u64, Range<Icount>)> {
        let open = self.taken.iter().find(|taken| taken.found.is_none())?;
        Some((open.number, open.stretch.clone()))
    }
}

/// The core of a timeline, searching until something else is wanted.
struct Here<'a> {
    timeline: &'a mut Timeline,
    is_unwanted: &'a mut dyn FnMut() -> bool,
    stopped: bool,
}

impl Searcher for Here<'_> {
    fn core(&mut self) -> &mut Core {
        &mut self.timeline.core
    }

    fn go_to(&mut self, icount: Icount) -> Result<(), TimelineError> {
        self.timeline.seek(icount)
    }

    fn collect(&mut self, search: &Search, to: Icount, from: Icount) -> Result<Option<Hit>, TimelineError> {
        let mut last = None;
        while self.timeline.now().icount < to && !self.stopped {
            let next = to.min(self.timeline.now().icount + LOOK_UP);
            last = self.timeline.collect(search, next, from)?.or(last);
            self.stopped = next < to && (self.is_unwanted)();
        }
        Ok(last)
    }
}

impl Timeline {
    /// The last hit in some stretches. The position afterwards is anywhere; `None` in the inner option means that nothing
    /// was found, in the outer that `interrupted` said so.
    pub(super) fn find_in(
        &mut self,
        stretches: Stretches,
        quest: Quest,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Option<Option<Hit>>, TimelineError> {
        let mut second = std::mem::take(&mut self.second);
        let found = self.find_with(&mut second, stretches, quest, interrupted);
        second.forget();
        self.second = second;
        found
    }

    fn find_with(
        &mut self,
        second: &mut Second,
        mut stretches: Stretches,
        mut quest: Quest,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Option<Option<Hit>>, TimelineError> {
        let mut order = Order { next: second.next_number(), ..Order::default() };
        let mut searched = 0;
        loop {
            second.answers().for_each(|answer| self.hear(answer, &mut order, &mut quest));
            if let Some(decided) = order.decide() {
                return decided.map(|hit| Some(Some(hit)));
            }
            // What is older than a hit is of no use.
            let goes_on = !order.has_found();
            if goes_on && searched >= ALONE && second.is_ready(&mut self.log) {
                self.give(second, &mut order, &mut stretches, &quest)?;
            }
            let next = if goes_on { stretches.next(self) } else { None };
            let (number, stretch) = match next {
                Some(stretch) => (order.take(&stretch), stretch),
                None => match order.open() {
                    None => return Ok(Some(None)),
                    Some(open) if second.is_lost() => open,
                    Some(_) => {
                        let answer = second.wait();
                        answer.into_iter().for_each(|answer| self.hear(answer, &mut order, &mut quest));
                        if interrupted() {
                            return self.give_up(&order);
                        }
                        continue;
                    }
                },
            };
            let mut heard = Vec::new();
            let mut is_interrupted = false;
            let mut is_unwanted = || {
                is_interrupted |= interrupted();
                heard.extend(second.answers());
                is_interrupted || heard.iter().any(Answer::is_found)
            };
            let mut here = Here { timeline: self, is_unwanted: &mut is_unwanted, stopped: false };
            let found = here.search(&mut quest, stretch);
            if !here.stopped {
                order.set(number, found);
                searched += 1;
            }
            heard.into_iter().for_each(|answer| self.hear(answer, &mut order, &mut quest));
            if is_interrupted || !order.has_found() && interrupted() {
                return self.give_up(&order);
            }
        }
    }

    /// The search ends without an answer. All behind the position has been searched.
    fn give_up(&mut self, order: &Order) -> Result<Option<Option<Hit>>, TimelineError> {
        if let Some((_, stretch)) = order.open() {
            self.seek(stretch.end)?;
        }
        Ok(None)
    }

    /// Gives stretches away until there is enough to do for the second core.
    fn give(
        &mut self,
        second: &mut Second,
        order: &mut Order,
        stretches: &mut Stretches,
        quest: &Quest,
    ) -> Result<(), TimelineError> {
        while second.open_tasks() < AHEAD {
            let Some(stretch) = stretches.next(self) else { break };
            let number = order.take(&stretch);
            self.seek(stretch.start)?;
            let span = self.index.span();
            let multiples = (stretch.start / span + 1..=stretch.end / span).map(|number| number * span);
            let is_known = multiples.into_iter().all(|end| self.index.knows_interval_to(end));
            // Not once for all: a gap that nobody executed tells of its pages only when the core stands in it.
            let pages = second.pages_to_tell(self.tape.pages_written_before(self.core.memory()));
            second.give(Task {
                number,
                state: self.core.state().clone(),
                mark: self.cursor.mark(),
                pages: self.core.memory().copy(pages),
                stretch,
                quest: quest.clone(),
                learns: (!is_known).then_some(span),
            });
        }
        Ok(())
    }

    /// Takes over what the second core has found out.
    fn hear(&mut self, answer: Answer, order: &mut Order, quest: &mut Quest) {
        for learnt in answer.learnt {
            let fits = learnt.span == self.index.span();
            if fits && !self.index.knows_interval_to(learnt.end) {
                self.learn(learnt.end, learnt.executed, learnt.written);
            }
        }
        quest.busy |= answer.busy;
        order.set(answer.number, answer.found);
    }
}
