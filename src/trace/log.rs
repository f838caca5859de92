//! The log: events are appended at its end and read anywhere.

mod read;
mod sections;

use std::{fs, path::Path, sync::Arc};

use super::{
    Counts, Damage, End, FORMAT, Header, SIGNATURE, TraceError,
    block::{BlockHead, Tag, pack},
    cache::Cache,
    chunk::{Chunk, rare_bytes},
    codec::Encoder,
    scan::scan,
    store::Store,
    table::{Blocks, Ending, Row},
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
    header: Arc<Header>,
    store: Store,
    state: State,
    /// Closed chunks and sections.
    blocks: Blocks,
    /// The chunk that grows; its number is that after the last closed one.
    open: Chunk,
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
    Closed(Closed),
}

/// What is known of a log that takes no more events.
#[derive(Clone, Debug)]
struct Closed {
    /// `None` if the recording was cut.
    end: Option<End>,
    format: u32,
    /// What is wrong with the file.
    damage: Option<Damage>,
    /// Bytes that are left out because of it.
    lost: u64,
    /// Whether there are events among them.
    missing: bool,
    /// Whether sections can be added in front of them.
    whole: bool,
}

impl Log {
    /// A recording that is kept in memory, compressed.
    pub fn in_memory(header: Header) -> Log {
        Log::new(Arc::new(header), Store::memory(Vec::new()), State::Recording)
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
        Ok(Log::new(Arc::new(header), store, State::Recording))
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

    fn from_store(store: Store) -> Result<Log, TraceError> {
        let scan = scan(&store)?;
        let lost = if scan.damage.is_some() { store.length() - scan.used } else { 0 };
        let (end, counts) = scan.ending.map(|ending| (ending.end, ending.counts)).unzip();
        let (format, damage) = (scan.format, scan.damage);
        let closed = Closed { end, format, damage, lost, missing: scan.missing, whole: scan.whole };
        let mut log = Log::new(Arc::new(scan.header), store, State::Closed(closed));
        log.blocks = scan.blocks;
        log.last = scan.last;
        log.closed_counts = counts.unwrap_or_default();
        (log.reached, log.stored) = (scan.reached, scan.reached);
        Ok(log)
    }

    /// A second log that reads what is recorded so far, on any thread. Marks and sections of the one are those of the
    /// other; nothing can be added to it.
    ///
    /// # Errors
    /// The open chunk cannot be written.
    pub fn reader(&mut self) -> Result<Log, TraceError> {
        self.flush()?;
        let closed = match &self.state {
            State::Closed(closed) => closed.clone(),
            State::Recording => Closed {
                end: None,
                format: FORMAT,
                damage: None,
                lost: 0,
                missing: false,
                whole: true, // the store refuses to write
            },
        };
        let mut log = Log::new(self.header.clone(), self.store.reader(), State::Closed(closed));
        log.blocks = self.blocks.clone();
        log.closed_counts = self.closed_counts;
        log.last = self.last;
        (log.reached, log.stored) = (self.reached, self.stored);
        Ok(log)
    }

    fn new(header: Arc<Header>, store: Store, state: State) -> Log {
        Log {
            header,
            store,
            state,
            blocks: Blocks::default(),
            open: Chunk::default(),
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

    fn closed(&self) -> Option<&Closed> {
        match &self.state {
            State::Closed(closed) => Some(closed),
            State::Recording => None,
        }
    }

    /// The version of the format that it has.
    pub fn format(&self) -> u32 {
        self.closed().map_or(FORMAT, |closed| closed.format)
    }

    /// How the run ended; `None` while it goes on and if the recording was cut.
    pub fn end(&self) -> Option<&End> {
        self.closed()?.end.as_ref()
    }

    /// How far the run is known: the end, what [`Log::reached`] was told last, or what the last chunk of a cut
    /// recording reached.
    pub fn reached_moment(&self) -> Moment {
        self.reached
    }

    /// Whether this is an opened recording that was not finished.
    pub fn is_cut(&self) -> bool {
        self.closed().is_some_and(|closed| closed.end.is_none())
    }

    /// The damage that showed when the file was opened, without a look into all chunks.
    pub fn damage(&self) -> Option<Damage> {
        self.closed()?.damage
    }

    /// Bytes of the file that are not read because of [`Log::damage`].
    pub fn lost_bytes(&self) -> u64 {
        self.closed().map_or(0, |closed| closed.lost)
    }

    /// The number of events.
    pub fn events(&self) -> u64 {
        self.blocks.events + self.open.events()
    }

    /// The icount of the last event; 0 if there is none.
    pub fn last_icount(&self) -> Icount {
        self.last
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
            State::Closed(_) => Err(TraceError::Finished { trace: self.store.name().to_owned() }),
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
        self.append_block(head, &body)?;
        self.stored = self.reached;
        self.closed_counts.add(&self.open);
        let spare = self.cache.spare();
        self.cache.put(head.number, std::mem::replace(&mut self.open, spare));
        Ok(())
    }

    /// Writes a block of a recording, and notes that it is there.
    fn append_block(&mut self, head: BlockHead, body: &[u8]) -> Result<(), TraceError> {
        let offset = self.store.length();
        self.store.append(&[&head.to_bytes()[..], body].concat())?;
        if let Some(row) = Row::of(&head) {
            self.blocks.push(offset, row).expect("events that were appended are in order and can be counted");
        }
        Ok(())
    }

    /// What every block written now says.
    fn next_head(&self) -> BlockHead {
        BlockHead { number: self.open_number(), reached: self.reached, ..BlockHead::default() }
    }

    fn open_number(&self) -> u32 {
        self.blocks.number()
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
        let ending = Ending { end, counts: self.closed_counts, rows: self.blocks.rows() };
        let block = ending.to_block(self.end_head(), self.store.length());
        self.store.append(&block)?;
        let end = Some(ending.end);
        self.state =
            State::Closed(Closed { end, format: FORMAT, damage: None, lost: 0, missing: false, whole: true });
        Ok(())
    }

    /// The head of an end record.
    fn end_head(&self) -> BlockHead {
        BlockHead { events: self.blocks.events, first: self.last, ..self.next_head() }
    }
}

impl Drop for Log {
    /// Writes what is open: a recording that ends with an error elsewhere is cut, but loses nothing.
    fn drop(&mut self) {
        let _ = self.flush(); // There is nobody to tell.
    }
}
