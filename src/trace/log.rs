//! The log: events are appended at its end and read anywhere.

use std::{fs, path::Path};

use super::{
    Counts, Damage, End, FORMAT, Header, Mark, Place, Problem, SIGNATURE, Summary, TraceError,
    block::{BlockHead, HEAD_BYTES, Tag, pack},
    cache::Cache,
    chunk::{Chunk, rare_bytes},
    codec::{Encoder, decode},
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

    /// The place before the first event.
    pub fn start(&self) -> Mark {
        Mark::default()
    }

    /// The place after the last event so far: where the next one will be.
    pub fn tail(&self) -> Mark {
        let items = self.open.items();
        Mark {
            event: self.events(),
            chunk: self.open_number(),
            item: (items.len() as u32).saturating_sub(1),
            repeat: items.last().map_or(0, |last| last.count),
        }
    }

    /// Reads the event behind `mark` and moves the mark over it; `None` at the end of what exists so far.
    ///
    /// # Errors
    /// The chunk is damaged or cannot be read from the disk. The mark stays.
    #[inline]
    pub fn read(&mut self, mark: &mut Mark) -> Result<Option<Stamped>, TraceError> {
        loop {
            let chunk = self.chunk(mark.chunk)?;
            let items = chunk.items();
            if let Some(item) = items.get(mark.item as usize) {
                if mark.repeat < item.count {
                    let stamped = chunk.event(item, mark.repeat);
                    mark.repeat += 1;
                    mark.event += 1;
                    return Ok(Some(stamped));
                }
                if (mark.item as usize) < items.len() - 1 {
                    (mark.item, mark.repeat) = (mark.item + 1, 0);
                    continue;
                }
            }
            if mark.chunk >= self.open_number() {
                return Ok(None);
            }
            (mark.chunk, mark.item, mark.repeat) = (mark.chunk + 1, 0, 0);
        }
    }

    /// The event behind a mark; `None` at the end of what exists so far.
    ///
    /// # Errors
    /// As for [`Log::read`].
    #[inline]
    pub fn peek(&mut self, mut mark: Mark) -> Result<Option<Stamped>, TraceError> {
        self.read(&mut mark)
    }

    /// Reads the event before `mark` and moves the mark back over it; `None` at the start.
    ///
    /// # Errors
    /// As for [`Log::read`].
    pub fn read_back(&mut self, mark: &mut Mark) -> Result<Option<Stamped>, TraceError> {
        loop {
            if mark.repeat > 0 {
                let chunk = self.chunk(mark.chunk)?;
                let Some(item) = chunk.items().get(mark.item as usize) else { return Ok(None) };
                let stamped = chunk.event(item, mark.repeat - 1);
                mark.repeat -= 1;
                mark.event -= 1;
                return Ok(Some(stamped));
            }
            if mark.item > 0 {
                mark.item -= 1;
            } else if mark.chunk > 0 {
                let items = self.chunk(mark.chunk - 1)?.items().len() as u32;
                (mark.chunk, mark.item) = (mark.chunk - 1, items.saturating_sub(1));
            } else {
                return Ok(None);
            }
            mark.repeat =
                self.chunk(mark.chunk)?.items().get(mark.item as usize).map_or(0, |item| item.count);
        }
    }

    /// The place before the first event that is stamped with `icount` or a later one.
    ///
    /// # Errors
    /// The chunk that it is in is damaged or cannot be read from the disk.
    pub fn find(&mut self, icount: Icount) -> Result<Mark, TraceError> {
        // The last closed chunk that begins earlier, or the open one if it does.
        let mut number = self.chunks.partition_point(|entry| entry.head.first < icount) as u32;
        if number < self.open_number() || self.open.items().first().is_none_or(|item| item.icount >= icount) {
            number = number.saturating_sub(1);
        }
        let mut event =
            self.chunks.get(number as usize).map_or(self.closed_events, |entry| entry.events_before);
        let items = self.chunk(number)?.items();
        let next = items.partition_point(|item| item.icount < icount);
        let Some(last) = next.checked_sub(1) else {
            return Ok(Mark { event, chunk: number, item: 0, repeat: 0 });
        };
        event += items[..last].iter().map(|item| u64::from(item.count)).sum::<u64>();
        // Events of a run that are earlier: the first always, and one more for each whole stride.
        let item = items[last];
        let earlier =
            (icount - 1 - item.icount).checked_div(item.stride.into()).map_or(u64::MAX, |whole| whole + 1);
        let repeat = earlier.min(item.count.into()) as u32;
        Ok(Mark { event: event + u64::from(repeat), chunk: number, item: last as u32, repeat })
    }

    /// The chunk with this number, decoded; the open one if there is none.
    #[inline]
    fn chunk(&mut self, number: u32) -> Result<&Chunk, TraceError> {
        if number >= self.open_number() {
            return if self.lost_bytes() > 0 { self.beyond() } else { Ok(&self.open) };
        }
        if !self.cache.bring(number) {
            self.load(number)?;
        }
        Ok(self.cache.front().expect("the chunk has just been put there"))
    }

    /// What is behind the last readable chunk of a damaged file: an error, unless the file was cut there anyway.
    #[cold]
    fn beyond(&self) -> Result<&Chunk, TraceError> {
        match &self.state {
            State::Closed { end: Some(_), damage: Some(damage), .. } => Err(self.damaged(*damage)),
            _ => Ok(&self.open),
        }
    }

    #[cold]
    fn load(&mut self, number: u32) -> Result<(), TraceError> {
        let Entry { offset, head, .. } = self.chunks[number as usize];
        let body = self.store.read(offset + HEAD_BYTES as u64, head.stored.into())?;
        let mut chunk = self.cache.spare();
        let limit = self.chunks.get(number as usize + 1).map_or(Icount::MAX, |next| next.head.first);
        match body.ok_or(Problem::Truncated).and_then(|body| fill(&mut chunk, &head, &body, limit)) {
            Ok(()) => {
                self.cache.put(number, chunk);
                Ok(())
            }
            Err(problem) => Err(self.damaged(problem.at(Place::Chunk(number), offset))),
        }
    }

    fn damaged(&self, damage: Damage) -> TraceError {
        TraceError::Damaged { trace: self.store.name().to_owned(), damage }
    }

    /// What the log holds, in numbers. Decodes a recording that was cut.
    pub fn summary(&mut self) -> Summary {
        let mut counts = self.closed_counts;
        let mut damaged_chunks = 0;
        if self.is_cut() {
            for number in 0..self.open_number() {
                match self.chunk(number) {
                    Ok(chunk) => counts.add(chunk),
                    Err(_) => damaged_chunks += 1,
                }
            }
        }
        counts.add(&self.open);
        let size = |entry: &Entry| HEAD_BYTES as u64 + u64::from(entry.head.stored);
        Summary {
            events: self.events(),
            counts,
            chunks: self.open_number(),
            damaged_chunks,
            bytes: self.store.length(),
            chunk_bytes: self.chunks.iter().map(size).sum(),
        }
    }
}

/// Decodes a body into an empty chunk. No event in it is later than `limit`.
fn fill(chunk: &mut Chunk, head: &BlockHead, body: &[u8], limit: Icount) -> Result<(), Problem> {
    let raw = head.unpack(body)?;
    decode(&raw, head.items, head.first, chunk)?;
    if chunk.events() != head.events {
        return Err(Problem::Encoding("it has another number of events than its header says"));
    }
    if chunk.items().last().is_some_and(|last| last.last_icount() > limit) {
        return Err(Problem::Encoding("it has events that are later than the next chunk"));
    }
    Ok(())
}

impl Drop for Log {
    /// Writes what is open: a recording that ends with an error elsewhere is cut, but loses nothing.
    fn drop(&mut self) {
        let _ = self.flush(); // There is nobody to tell.
    }
}
