//! Questions about the past: who wrote this last, when was that interrupt taken, when was this printed.
//!
//! A question is answered for the time before the present position, and asking does not move: the timeline is where it was
//! afterwards. What execution alone can tell is searched newest interval first, by re-execution that collects
//! (`executed`); what crossed the pins is in the log, which is read backwards (`device`, `accesses`, `output`).
//!
//! The position of an answer is the one right *before* it happened, so the same question asked there gives the answer
//! before it.

mod accesses;
mod device;
mod executed;
mod output;
mod text;

pub use self::accesses::{Accesses, Crossing, Crossings, ListedAccess};
use super::{Timeline, TimelineError, WatchKind};
use crate::{
    pins::ones,
    trace::Mark,
    words::{Icount, Moment, Width},
};

/// What to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// The last time that any of these bytes changed. A store of the value that is there already is not a change. In a
    /// device, the last store.
    Write {
        /// The first byte.
        address: u32,
        /// The number of bytes. Of more than 4096, what exception entries write is seen in the first 4096 only.
        length: u32,
    },
    /// The last load of any of these bytes by an instruction.
    Read {
        /// The first byte.
        address: u32,
        /// The number of bytes.
        length: u32,
    },
    /// The last time that this instruction began to execute.
    Execution {
        /// Its address.
        address: u32,
    },
    /// The last entry of an exception: an interrupt, a supervisor call, a fault.
    Entry {
        /// Its number (16 is the first external interrupt); `None` for any.
        exception: Option<u16>,
    },
    /// The last access to a device, from the log.
    Device {
        /// The first byte.
        address: u32,
        /// The number of bytes.
        length: u32,
        /// Which accesses count.
        kind: WatchKind,
    },
    /// The last time that this text had left the chip: by a UART, the first port of the ITM, or semihosting, into
    /// whatever file. What a UART throws away, because its transmitter is off or full, counts all the same.
    Output {
        /// The text.
        text: Vec<u8>,
    },
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The last moment before it happened.
    pub at: Moment,
    /// The instruction that did it, or that the core was at.
    pub pc: u32,
    /// In which context the core was.
    pub level: Level,
    /// What happened.
    pub finding: Finding,
}

/// What the core was handling.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// The exception (IPSR); 0 in Thread mode.
    pub exception: u16,
    /// The other active exceptions, which it preempted: the last one first.
    pub preempted: Vec<u16>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Memory or a register of the core changed.
    Written {
        /// The first byte asked for.
        address: u32,
        /// What all bytes asked for were.
        old: Vec<u8>,
        /// What they became.
        new: Vec<u8>,
        /// Who wrote them.
        by: Writer,
    },
    /// An instruction loaded.
    Read {
        /// The first byte asked for.
        address: u32,
        /// What all bytes asked for were.
        value: Vec<u8>,
    },
    /// The instruction executed.
    Executed,
    /// An exception was entered. That is an icount of its own: its handler begins at the next one.
    Entered {
        /// The exception.
        exception: u16,
        /// The address of its handler.
        handler: u32,
    },
    /// A device was accessed.
    Device {
        /// The address.
        address: u32,
        /// The size of the access.
        width: Width,
        /// The value, and which way it went.
        access: DeviceAccess,
    },
    /// The last byte of the text left the chip.
    Sent {
        /// The device's name on the board, `itm0`, `semihosting`, or `semihosting` and the handle of a file.
        sender: String,
    },
}

/// Who wrote memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer {
    /// The instruction.
    Instruction,
    /// The core, which stacked a frame for an exception in front of the instruction, or because of it.
    Entry(u16),
    /// The host, which answered a semihosting call.
    Host,
    /// A device, as a bus master.
    Device,
}

/// An access to a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceAccess {
    /// A load: what the device answered; `None` is a bus fault.
    Read(Option<u32>),
    /// A store.
    Write {
        /// The value.
        value: u32,
        /// Whether the device took it; otherwise it was a bus fault.
        accepted: bool,
    },
}

/// What became of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Last {
    /// It happened.
    Found(Answer),
    /// It never happened between reset and the present position.
    Never,
    /// The caller asked to stop. Behind this position it did not happen.
    Interrupted(Icount),
}

/// What a search has come to: the position right before it happened, and what the search knows of it.
enum Came<T> {
    Found(T),
    Never,
    Interrupted(Icount),
}

impl Timeline {
    /// The last time before now that something happened; `None` if it never did. The position stays.
    ///
    /// # Errors
    /// The trace cannot be read, or does not replay.
    pub fn last(&mut self, query: &Query) -> Result<Option<Answer>, TimelineError> {
        Ok(match self.search_last(query, &mut || false)? {
            Last::Found(answer) => Some(answer),
            Last::Never | Last::Interrupted(_) => None,
        })
    }

    /// The same, for as long as the caller wants: `interrupted` is polled every few milliseconds.
    ///
    /// # Errors
    /// The trace cannot be read, or does not replay.
    pub fn search_last(
        &mut self,
        query: &Query,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Last, TimelineError> {
        self.and_back(|timeline| timeline.answer(query, interrupted))
    }

    /// Goes anywhere to find something out, and comes back.
    fn and_back<T>(
        &mut self,
        find_out: impl FnOnce(&mut Timeline) -> Result<T, TimelineError>,
    ) -> Result<T, TimelineError> {
        let origin = self.now().icount;
        // The way back is that of the pages in between. What has arrived at this very position is behind the mark.
        let mark = self.log.find(origin)?;
        self.tape.keep(&mut self.core, mark, self.present.icount);
        let answer = find_out(self);
        let back = self.seek(origin);
        let answer = answer?;
        back.map(|()| answer)
    }

    /// The position afterwards is anywhere.
    fn answer(
        &mut self,
        query: &Query,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Last, TimelineError> {
        match *query {
            Query::Write { address, length } if self.is_device(address) => {
                self.last_device_access(address, length, WatchKind::Write, interrupted)
            }
            Query::Read { address, length } if self.is_device(address) => {
                self.last_device_access(address, length, WatchKind::Read, interrupted)
            }
            Query::Device { address, length, kind } => {
                self.last_device_access(address, length, kind, interrupted)
            }
            Query::Write { address, length } => self.last_write(address, length, interrupted),
            Query::Read { address, length } => self.last_read(address, length, interrupted),
            Query::Execution { address } => self.last_execution(address, interrupted),
            Query::Entry { exception } => self.last_entry(exception, interrupted),
            Query::Output { ref text } => self.last_output(text, interrupted),
        }
    }

    /// Whether what is at an address answers from behind the pins.
    fn is_device(&self, address: u32) -> bool {
        self.core.peek(address, &mut [0]).is_err()
    }

    /// The position of the event behind a mark.
    fn icount_of(&mut self, mark: Mark, or: Icount) -> Result<Icount, TimelineError> {
        Ok(self.log.peek(mark)?.map_or(or, |stamped| stamped.icount))
    }

    /// The answer to a question about this very position.
    fn answer_here(&self, finding: Finding) -> Answer {
        Answer { at: self.now(), pc: self.registers().pc, level: self.level(), finding }
    }

    /// What the core handles now.
    fn level(&self) -> Level {
        let exception = self.registers().ipsr() as u16;
        let nvic = &self.state().nvic;
        let mut preempted = self.active();
        preempted.retain(|other| *other != exception);
        // What preempts has the higher priority, which is the lower number.
        preempted.sort_by_key(|number| (nvic.exception_priority(*number), *number));
        Level { exception, preempted }
    }

    /// The numbers of all active exceptions.
    fn active(&self) -> Vec<u16> {
        let nvic = &self.state().nvic;
        let external = nvic.active.iter().zip((16..).step_by(32));
        let external = external.flat_map(|(word, first)| ones(*word).map(move |bit| first + bit));
        ones(nvic.system_active.into()).chain(external).collect()
    }
}
