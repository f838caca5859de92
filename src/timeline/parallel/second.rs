//! The second core as a search sees it: a thread that is given tasks and answers them.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use super::worker::{Answer, Message, Task, serve};
use crate::{core::PageId, trace::Log};

/// How long to wait for an answer before something else is asked.
const PATIENCE: Duration = Duration::from_millis(10);

/// Where the second core is.
#[derive(Default)]
pub enum Second {
    /// Nobody has needed it yet.
    #[default]
    NotYet,
    /// There is one, or will be soon.
    Thread(Thread),
    /// There is none, or no processor for it.
    Never,
}

/// The thread of the second core.
pub struct Thread {
    messages: Option<Sender<Message>>,
    /// The first one says nothing but that the core is there.
    answers: Receiver<Answer>,
    is_ready: bool,
    /// It has been told of the log that the search under way goes on in.
    knows_log: bool,
    /// Numbers of tasks begin here in the next search.
    next: u64,
    /// Tasks before this one are not wanted any more.
    wanted: Arc<AtomicU64>,
    open: usize,
    /// Pages that the core may have otherwise than at reset.
    told: BTreeSet<PageId>,
    handle: Option<JoinHandle<()>>,
}

impl Second {
    /// Whether tasks can be given. Begins to make the core if there is none.
    pub fn is_ready(&mut self, log: &mut Log) -> bool {
        if let Second::NotYet = self {
            let processors = thread::available_parallelism().map_or(1, |count| count.get());
            *self = if processors > 1 { Second::open(log) } else { Second::Never };
        }
        let Second::Thread(thread) = self else { return false };
        if !thread.is_ready {
            match thread.answers.try_recv() {
                Ok(_) => thread.is_ready = true,
                Err(TryRecvError::Empty) => return false,
                Err(TryRecvError::Disconnected) => {
                    *self = Second::Never;
                    return false;
                }
            }
        }
        let Second::Thread(thread) = self else { return false };
        if !thread.knows_log {
            let Ok(log) = log.reader() else { return false };
            thread.send(Message::Log(Box::new(log)));
            thread.knows_log = true;
        }
        true
    }

    /// Begins to make a core.
    pub fn open(log: &mut Log) -> Second {
        let Ok(log) = log.reader() else { return Second::Never };
        let (messages, inbox) = channel();
        let (outbox, answers) = channel();
        let wanted = Arc::new(AtomicU64::new(0));
        let sees = wanted.clone();
        let thread = thread::Builder::new().name("second core".to_owned());
        let Ok(handle) = thread.spawn(move || serve(log, &inbox, &outbox, &sees)) else {
            return Second::Never;
        };
        Second::Thread(Thread {
            messages: Some(messages),
            answers,
            is_ready: false,
            knows_log: false,
            next: 0,
            wanted,
            open: 0,
            told: BTreeSet::new(),
            handle: Some(handle),
        })
    }

    /// The number of the first task of a search.
    pub fn next_number(&self) -> u64 {
        if let Second::Thread(thread) = self { thread.next } else { 0 }
    }

    /// Tasks that were given and not answered.
    pub fn open_tasks(&self) -> usize {
        if let Second::Thread(thread) = self { thread.open } else { 0 }
    }

    /// Whether open tasks will never be answered.
    pub fn is_lost(&self) -> bool {
        matches!(self, Second::Never)
    }

    /// The pages that the core must be told of, of those that were ever written: also those that an earlier task wrote.
    pub fn pages_to_tell(&mut self, written: Vec<PageId>) -> Vec<PageId> {
        let Second::Thread(thread) = self else { return written };
        thread.told.extend(written);
        thread.told.iter().copied().collect()
    }

    /// Gives a task.
    pub fn give(&mut self, task: Task) {
        if let Second::Thread(thread) = self {
            thread.open += 1;
            thread.next = thread.next.max(task.number + 1);
            thread.send(Message::Task(Box::new(task)));
        }
    }

    /// The answers that have come.
    pub fn answers(&mut self) -> impl Iterator<Item = Answer> {
        std::iter::from_fn(|| self.answer(Duration::ZERO))
    }

    /// An answer, if one comes soon.
    pub fn wait(&mut self) -> Option<Answer> {
        self.answer(PATIENCE)
    }

    fn answer(&mut self, patience: Duration) -> Option<Answer> {
        let Second::Thread(thread) = self else { return None };
        if thread.open == 0 {
            return None;
        }
        match thread.answers.recv_timeout(patience) {
            Ok(answer) => {
                thread.open -= 1;
                let is_wanted = answer.number >= thread.wanted.load(Ordering::Relaxed);
                Some(if is_wanted { answer } else { Answer { found: Ok(None), busy: false, ..answer } })
            }
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                *self = Second::Never;
                None
            }
        }
    }

    /// Ends the thread behind the back of those who give it tasks.
    #[cfg(test)]
    pub fn lose(&mut self) {
        if let Second::Thread(thread) = self {
            thread.messages = None;
        }
    }

    /// Nobody wants the open tasks any more. They are answered all the same.
    pub fn forget(&mut self) {
        if let Second::Thread(thread) = self {
            thread.wanted.store(thread.next, Ordering::Relaxed);
            thread.knows_log = false; // it may have grown until the next search
        }
    }
}

impl Thread {
    fn send(&mut self, message: Message) {
        // Where nobody listens any more, no answer comes either, and that is noticed.
        let _ = self.messages.as_ref().map(|messages| messages.send(message));
    }
}

impl Drop for Thread {
    /// An engine must not run when the process ends.
    fn drop(&mut self) {
        self.wanted.store(u64::MAX, Ordering::Relaxed);
        self.messages = None;
        if let Some(handle) = self.handle.take() {
            let _ = handle.join(); // what went wrong there has been noticed
        }
    }
}
