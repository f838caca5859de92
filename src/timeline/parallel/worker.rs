//! The second core itself: performs tasks on its thread.

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, Sender},
    },
};

use super::{LOOK_UP, Quest, Searcher};
use crate::{
    core::{Core, Executed, Hit, PageId, Pages, Search, State, Travel},
    machine::Cursor,
    timeline::{Divergence, TimelineError, advance::check_replay, core_with, image_of, next_multiple},
    trace::{Log, Mark},
    words::Icount,
};

/// A stretch to search.
pub struct Task {
    /// Tasks that are older than the search that is under way are not wanted any more.
    pub number: u64,
    /// The state at its begin.
    pub state: State,
    /// The place in the log there.
    pub mark: Mark,
    /// What the pages hold there that may be other than the core has them.
    pub pages: Pages,
    pub stretch: Range<Icount>,
    pub quest: Quest,
    /// The span of the index, if that wants to know what the stretch did.
    pub learns: Option<Icount>,
}

/// What became of a task.
pub struct Answer {
    pub number: u64,
    pub found: Result<Option<Hit>, TimelineError>,
    /// See [`Quest`].
    pub busy: bool,
    pub learnt: Vec<Learnt>,
}

impl Answer {
    /// Whether it is not nothing.
    pub fn is_found(&self) -> bool {
        !matches!(self.found, Ok(None))
    }
}

/// An interval that was executed from its begin to its end.
pub struct Learnt {
    pub span: Icount,
    pub end: Icount,
    pub executed: Executed,
    pub written: Vec<PageId>,
}

/// What the second core is told.
pub enum Message {
    /// The log as far as it goes by now.
    Log(Box<Log>),
    Task(Box<Task>),
}

/// The second core itself, on its thread.
struct Worker {
    core: Core,
    log: Log,
    cursor: Cursor,
    /// Where the task begins.
    start: (State, Mark),
    /// What the core has changed in each interval since then, the last one aside.
    changed: Vec<Pages>,
    /// The search that the core is set up for.
    search: Search,
    learns: Option<Icount>,
    /// From here on the core has executed without a jump.
    executed_from: Icount,
    learnt: Vec<Learnt>,
    number: u64,
    wanted: Arc<AtomicU64>,
}

/// Performs tasks until the other end is gone.
pub fn serve(log: Log, inbox: &Receiver<Message>, outbox: &Sender<Answer>, wanted: &Arc<AtomicU64>) {
    let Ok(mut worker) = Worker::new(log, wanted.clone()) else { return };
    let mut answer = Answer { number: 0, found: Ok(None), busy: false, learnt: Vec::new() };
    while outbox.send(answer).is_ok() {
        answer = loop {
            match inbox.recv() {
                Ok(Message::Log(log)) => worker.log = *log,
                Ok(Message::Task(task)) => break worker.perform(*task),
                Err(_) => return,
            }
        };
    }
}

impl Worker {
    fn new(log: Log, wanted: Arc<AtomicU64>) -> Result<Worker, TimelineError> {
        let mut core = core_with(&log.header().config, &image_of(log.header())?)?;
        core.memory_mut().take_changes();
        let start = (core.state().clone(), log.start());
        Ok(Worker {
            cursor: Cursor::new(start.1, &start.0),
            core,
            log,
            start,
            changed: Vec::new(),
            search: Search::default(),
            learns: None,
            executed_from: 0,
            learnt: Vec::new(),
            number: 0,
            wanted,
        })
    }

    fn perform(&mut self, task: Task) -> Answer {
        self.undo();
        let memory = self.core.memory_mut();
        memory.paste(&task.pages);
        memory.take_changes();
        self.number = task.number;
        self.start = (task.state, task.mark);
        self.learns = task.learns;
        self.begin();
        self.core.take_found();
        self.core.take_watched_accesses();
        let mut quest = task.quest;
        let found = self.search(&mut quest, task.stretch);
        Answer { number: task.number, found, busy: quest.busy, learnt: std::mem::take(&mut self.learnt) }
    }

    fn is_unwanted(&self) -> bool {
        self.number < self.wanted.load(Ordering::Relaxed)
    }

    /// Makes memory what it was at the start.
    fn undo(&mut self) {
        let memory = self.core.memory_mut();
        memory.undo_changes();
        for mut pages in self.changed.drain(..).rev() {
            memory.swap(&mut pages);
        }
    }

    /// Goes to the start, where memory is already.
    fn begin(&mut self) {
        let (state, mark) = self.start.clone();
        self.cursor = Cursor::new(mark, &state);
        self.executed_from = state.icount;
        self.core.set_state(state);
        let _ = self.core.take_executed(); // that was elsewhere
    }

    /// Executes up to a position, unless nobody wants that any more.
    fn run(&mut self, search: &Search, to: Icount) -> Result<(), TimelineError> {
        if self.search != *search {
            self.core.set_search(search);
            self.search = search.clone();
        }
        loop {
            let here = self.core.state().icount;
            if here >= to || self.is_unwanted() {
                return Ok(());
            }
            let multiple = self.learns.map_or(Icount::MAX, |span| next_multiple(here, span));
            let limit = to.min(here + LOOK_UP).min(multiple);
            let mut error = None;
            let mut pins = self.cursor.pins(&mut self.log, &mut error);
            let halt = self.core.run(&mut pins, &Travel::to(limit, search));
            check_replay(error)?;
            if self.core.state().icount == here {
                return Err(Divergence::stop(here, halt, to));
            }
            self.learn();
        }
    }

    /// Remembers what the interval did that ends here.
    fn learn(&mut self) {
        let end = self.core.state().icount;
        let Some(span) = self.learns.filter(|span| end.is_multiple_of(*span)) else { return };
        let executed = self.core.take_executed();
        let changed = self.core.memory_mut().take_changes();
        if std::mem::replace(&mut self.executed_from, end) + span <= end {
            self.learnt.push(Learnt { span, end, executed, written: changed.ids().to_vec() });
        }
        self.changed.push(changed);
    }
}

impl Searcher for Worker {
    fn core(&mut self) -> &mut Core {
        &mut self.core
    }

    fn go_to(&mut self, icount: Icount) -> Result<(), TimelineError> {
        if icount < self.core.state().icount {
            self.undo();
            self.begin();
        }
        self.run(&Search::default(), icount)
    }

    fn collect(&mut self, search: &Search, to: Icount, from: Icount) -> Result<Option<Hit>, TimelineError> {
        self.run(search, to)?;
        Ok(self.core.take_found().filter(|hit| hit.icount >= from))
    }
}
