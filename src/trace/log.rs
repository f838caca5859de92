//! The log: events are appended at its end and read anywhere.

mod read;

use std::{fs, path::Path};

use super::{
    Counts, Damage, End, FORMAT, Header, SIGNATURE, TraceError,
    block::{BlockHead, Tag, pack},
    cache::Cache,
    chunk::{Chunk, rare_bytes},
    codec::Encoder,
    scan::{Entry, end_block, scan},
    store::Store,
};
use crate::{
    pins::Stamped,
    words::{Icount, Moment},
};

/// Most bytes of one event.
const MOST_EVENT: usize = 16 << 20;

/// The events of a run. Those of a live one are appended, and can be read at the same time.
///
/// Events that happened last are in an open chunk in memory. It is closed and written when it is full, by
/// [`Log::flush`], and when the log is dropped. Whoever records calls `flush` about once per second of host time: that
/// is the most that a killed recording loses.
#[derive(Debug)]
pub struct Log {
    header: Header,
    store: Store,
    state: State,
    /// Closed chunks.
    chunks: Vec<Entry>,
    /// The chunk that grows; its number is that after the last closed one.
    open: Chunk,
    /// Events in closed chunks.
    closed_events: u64,
    /// Events in closed chunks, by kind.
    closed_counts: Counts,
    /// The icount of the last event.
    last: Icount,
    /// What the caller said, and what the last chunk in the store says.
    reached: Moment,
    stored: Moment,
    cache: Cache,
    encoder: Encoder,
}

/// Whether events can still come.
#[derive(Debug)]
enum State {
    /// They can.
    Recording,
    /// The run is over, or the log was opened.
    Closed {
        /// `None` if the recording was cut.
        end: Option<End>,
        /// What is wrong with the file.
        damage: Option<Damage>,
        /// Bytes that are left out because of it.
        lost: u64,
    },
}

impl Log {
    /// A recording that is kept in memory, compressed.
    pub fn in_memory(header: Header) -> Log {
        Log::new(header, Store::memory(Vec::new()), State::Recording)
    }

    /// A recording into a file. It takes the place of a file that may be there, once the header is ready.
    ///
    /// # Errors
    /// The firmware is too large, or the file cannot be written; then there is no file.
    pub fn create(path: &Path, header: Header) -> Result<Log, TraceError> {
        let (head, body) = header.to_block()?;
        let mut store = Store::create(path)?;
        let bytes = [&SIGNATURE[..], &FORMAT.to_le_bytes(), &head.to_bytes(), &body].concat();
        store.append(&bytes).inspect_err(|_| {
            // Not what is no file, like a device. If it fails, why the trace cannot be written is the better message.
            if fs::metadata(path).is_ok_and(|found| found.is_file()) {
                let _ = fs::remove_file(path);
            }
        })?;
        Ok(Log::new(header, store, State::Recording))
    }

    /// A finished recording or one that was cut, to read it.
    ///
    /// # Errors
    /// The file is not there, is no trace, has another format, or its header is damaged. Damage behind the header
    /// shows in [`Log::damage`] and when a damaged chunk is reached.
    pub fn open(path: &Path) -> Result<Log, TraceError> {
        Log::from_store(Store::open(path)?)
    }

    /// The same as [`Log::open`] for the bytes of a file.
    ///
    /// # Errors
    /// As there.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Log, TraceError> {
        Log::from_store(Store::memory(bytes))
    }

    fn from_store(mut store: Store) -> Result<Log, TraceError> {
        let scan = scan(&mut store)?;
        let lost = if scan.damage.is_some() { store.length() - scan.used } else { 0 };
        let (end, counts) = scan.end.unzip();
        let reached = match (&end, scan.chunks.last()) {
            (Some(end), _) => end.at,
            (None, Some(last)) => last.head.reached,
            (None, None) => Moment::default(),
        };
        let mut log = Log::new(scan.header, store, State::Closed { end, damage: scan.damage, lost });
        log.closed_events = scan.chunks.last().map_or(0, |last| last.events_before + last.head.events);
        log.closed_counts = counts.unwrap_or_default();
        log.chunks = scan.chunks;
        (log.reached, log.stored) = (reached, reached);
        Ok(log)
    }

    fn new(header: Header, store: Store, state: State) -> Log {
        Log {
            header,
            store,
            state,
            chunks: Vec::new(),
            open: Chunk::default(),
            closed_events: 0,
            closed_counts: Counts::default(),
            last: 0,
            reached: Moment::default(),
            stored: Moment::default(),
            cache: Cache::default(),
            encoder: Encoder::default(),
        }
    }

    /// What a replay needs besides the events.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// How the run ended; `None` while it goes on and if the recording was cut.
    pub fn end(&self) -> Option<&End> {
        match &self.state {
            State::Closed { end, .. } => end.as_ref(),
            State::Recording => None,
        }
    }

    /// How far the run is known: the end, what [`Log::reached`] was told last, or what the last chunk of a cut
    /// recording reached.
    pub fn reached_moment(&self) -> Moment {
        self.reached
    }

    /// Whether this is an opened recording that was not finished.
    pub fn is_cut(&self) -> bool {
        matches!(self.state, State::Closed { end: None, .. })
    }

    /// The damage that showed when the file was opened, without a look into all chunks.
    pub fn damage(&self) -> Option<Damage> {
        match self.state {
            State::Closed { damage, .. } => damage,
            State::Recording => None,
        }
    }

    /// Bytes of the file that are not read because of [`Log::damage`].
    pub fn lost_bytes(&self) -> u64 {
        match self.state {
            State::Closed { lost, .. } => lost,
            State::Recording => 0,
        }
    }

    /// The number of events.
    pub fn events(&self) -> u64 {
        self.closed_events + self.open.events()
    }

    /// Adds an event. Those of one icount keep their order.
    ///
    /// # Errors
    /// A full chunk cannot be written (then the event is not added), the event is larger than 16 MiB or earlier than
    /// the last one, or the recording is finished.
    #[inline]
    pub fn append(&mut self, stamped: &Stamped) -> Result<(), TraceError> {
        if stamped.icount < self.last || self.open.is_full() || !matches!(self.state, State::Recording) {
            self.make_room(stamped.icount)?;
        }
        let bytes = rare_bytes(&stamped.event);
        if bytes > MOST_EVENT {
            let (bytes, limit) = (bytes as u64, MOST_EVENT as u64);
            return Err(TraceError::TooLarge { what: "an event", bytes, limit });
        }
        self.open.append(stamped);
        self.last = stamped.icount;
        Ok(())
    }

    #[cold]
    fn make_room(&mut self, icount: Icount) -> Result<(), TraceError> {
        self.check_recording()?;
        if icount < self.last {
            return Err(TraceError::Order { icount, last: self.last });
        }
        self.flush()
    }

    fn check_recording(&self) -> Result<(), TraceError> {
        match self.state {
            State::Recording => Ok(()),
            State::Closed { .. } => Err(TraceError::Finished { trace: self.store.name().to_owned() }),
        }
    }

    /// Notes how far the run has come: all events before `at` have been appended. A chunk keeps it, and a replay of a
    /// cut recording goes that far. Cheap; call it wherever the machine comes up for air.
    #[inline]
    pub fn reached(&mut self, at: Moment) {
        if at.icount >= self.reached.icount && matches!(self.state, State::Recording) {
            self.reached = at;
        }
    }

    /// Closes the open chunk and writes it, if there is anything new.
    ///
    /// # Errors
    /// It cannot be written; nothing is lost and the next call tries again.
    pub fn flush(&mut self) -> Result<(), TraceError> {
        let nothing_new = self.open.items().is_empty() && self.reached == self.stored;
        if nothing_new || !matches!(self.state, State::Recording) {
            return Ok(());
        }
        let head = BlockHead {
            tag: Tag::Chunk,
            items: self.open.items().len() as u32,
            events: self.open.events(),
            first: self.open.items().first().map_or(self.last, |item| item.icount),
            ..self.next_head()
        };
        let raw = self.encoder.encode(&self.open);
        let body = pack(raw);
        let head = head.with_body(raw.len(), &body);
        let offset = self.store.length();
        self.store.append(&[&head.to_bytes()[..], &body].concat())?;

        self.stored = self.reached;
        self.closed_counts.add(&self.open);
        self.chunks.push(Entry { offset, head, events_before: self.closed_events });
        self.closed_events += self.open.events();
        let spare = self.cache.spare();
        self.cache.put(head.number, std::mem::replace(&mut self.open, spare));
        Ok(())
    }

    /// What every block written now says.
    fn next_head(&self) -> BlockHead {
        BlockHead { number: self.open_number(), reached: self.reached, ..BlockHead::default() }
    }

    fn open_number(&self) -> u32 {
        self.chunks.len() as u32
    }

    /// Writes what is open and how the run ended. From now on the log is only read.
    ///
    /// # Errors
    /// It cannot be written, or the recording is finished already.
    pub fn finish(&mut self, end: End) -> Result<(), TraceError> {
        self.check_recording()?;
        self.reached = end.at;
        if !self.open.items().is_empty() {
            self.flush()?;
        }
        let head = BlockHead { events: self.closed_events, first: self.last, ..self.next_head() };
        let block = end_block(head, &end, &self.closed_counts, self.store.length());
        self.store.append(&block)?;
        self.state = State::Closed { end: Some(end), damage: None, lost: 0 };
        Ok(())
    }
}

impl Drop for Log {
    /// Writes what is open: a recording that ends with an error elsewhere is cut, but loses nothing.
    fn drop(&mut self) {
        let _ = self.flush(); // There is nobody to tell.
    }
}
