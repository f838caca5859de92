//! Reading a log: forwards, backwards, at a mark, at an icount.

use super::{Closed, Log};
use crate::{
    core::Clock,
    pins::Stamped,
    trace::{
        Counts, Damage, Mark, Place, Problem, SectionKind, Share, Summary, TraceError,
        block::{BlockHead, HEAD_BYTES},
        chunk::{Channel, Chunk},
        codec::decode,
        table::Row,
    },
    words::Icount,
};

/// Most bytes of chunks that are decoded to count the events of a cut recording by kind.
const MOST_COUNTED: u64 = 16 << 20;

impl Log {
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

    /// Looks backwards from `mark` for an event of a channel that is `wanted`, no further than to the start of a chunk, and
    /// leaves the mark in front of it. `None`: there is none, and the mark is at the start of the chunk; the next call looks
    /// through the one before, until the mark is at the start of the log.
    ///
    /// # Errors
    /// As for [`Log::read`].
    pub fn look_back(
        &mut self,
        mark: &mut Mark,
        wanted: impl Fn(Channel) -> bool,
    ) -> Result<Option<Stamped>, TraceError> {
        let last = |chunk: &Chunk| {
            let items = chunk.items();
            ((items.len() as u32).saturating_sub(1), items.last().map_or(0, |item| item.count))
        };
        if mark.item == 0 && mark.repeat == 0 && mark.chunk > 0 {
            let before = mark.chunk - 1;
            (mark.item, mark.repeat) = last(self.chunk(before)?);
            mark.chunk = before;
        }
        let chunk = self.chunk(mark.chunk)?;
        while let Some(item) = chunk.items().get(mark.item as usize) {
            if mark.repeat > 0 && wanted(item.channel) {
                mark.repeat -= 1;
                mark.event -= 1;
                return Ok(Some(chunk.event(item, mark.repeat)));
            }
            mark.event -= u64::from(mark.repeat);
            mark.repeat = 0;
            let Some(before) = mark.item.checked_sub(1) else { break };
            mark.item = before;
            mark.repeat = chunk.items().get(before as usize).map_or(0, |item| item.count);
        }
        Ok(None)
    }

    /// The place before the first event that is stamped with `icount` or a later one.
    ///
    /// # Errors
    /// The chunk that it is in is damaged or cannot be read from the disk.
    pub fn find(&mut self, icount: Icount) -> Result<Mark, TraceError> {
        // The last closed chunk that begins earlier, or the open one if it does.
        let mut number = self.blocks.chunks.partition_point(|entry| entry.first < icount) as u32;
        if number < self.open_number() || self.open.items().first().is_none_or(|item| item.icount >= icount) {
            number = number.saturating_sub(1);
        }
        let mut event = self.events_before(number);
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

    /// The events before a chunk; those in closed chunks if it is the open one.
    fn events_before(&self, number: u32) -> u64 {
        self.blocks.chunks.get(number as usize).map_or(self.blocks.events, |entry| entry.events_before)
    }

    /// The chunk with this number, decoded; the open one if there is none.
    #[inline]
    fn chunk(&mut self, number: u32) -> Result<&Chunk, TraceError> {
        if number >= self.open_number() {
            return match self.closed() {
                Some(Closed { missing: true, damage: Some(damage), .. }) => Err(self.damaged(*damage)),
                _ => Ok(&self.open),
            };
        }
        if !self.cache.bring(number) {
            self.load(number)?;
        }
        Ok(self.cache.front().expect("it was just brought to the front"))
    }

    #[cold]
    fn load(&mut self, number: u32) -> Result<(), TraceError> {
        let index = number as usize;
        let (offset, row) = (self.blocks.chunks[index].offset, self.blocks.row(index));
        let limit = self.blocks.chunks.get(index + 1).map_or(Icount::MAX, |next| next.first);
        let bytes = self.store.read(offset, row.length())?;
        let mut chunk = self.cache.spare();
        let filled = split(bytes.as_deref(), row)
            .and_then(
                |(head, body)| if head.number == number { Ok((head, body)) } else { Err(Problem::Misplaced) },
            )
            .and_then(|(head, body)| fill(&mut chunk, &head, body, limit));
        match filled {
            Ok(()) => {
                self.cache.put(number, chunk);
                Ok(())
            }
            Err(problem) => Err(self.damaged(problem.at(Place::Chunk(number), offset))),
        }
    }

    pub(super) fn damaged(&self, damage: Damage) -> TraceError {
        TraceError::Damaged { trace: self.store.name().to_owned(), damage }
    }

    /// What the log holds, in numbers. Decodes a recording that was cut, if it is not large.
    pub fn summary(&mut self) -> Summary {
        let chunk_bytes = self.blocks.chunks.iter().map(|entry| entry.length()).sum();
        let mut counts = self.closed_counts;
        let mut damaged_chunks = 0;
        let (mut clock, end) = (Clock::new(self.header.config.clock_hz), self.reached.cycle);
        if self.is_cut() && chunk_bytes <= MOST_COUNTED {
            counts = Counts::default();
            for number in 0..self.open_number() {
                match self.chunk(number) {
                    Ok(chunk) => {
                        counts.add(chunk);
                        clock = chunk.clock_behind(clock, end);
                    }
                    Err(_) => damaged_chunks += 1,
                }
            }
        }
        counts.add(&self.open);
        let is_counted = !self.is_cut() || chunk_bytes <= MOST_COUNTED;
        let time = match self.end() {
            Some(end) => Some(end.time),
            None => (self.is_cut() && is_counted && damaged_chunks == 0).then(|| clock.time_at(end)),
        };
        Summary {
            events: self.events(),
            counts: Some(counts).filter(|_| is_counted),
            time,
            chunks: self.open_number(),
            damaged_chunks,
            bytes: self.store.length(),
            chunk_bytes,
            keyframes: self.share(SectionKind::Keyframe),
            index: self.share(SectionKind::Index),
            bookmarks: self.share(SectionKind::Bookmarks),
        }
    }

    fn share(&self, kind: SectionKind) -> Share {
        self.sections(kind).fold(Share::default(), |share, section| Share {
            number: share.number + 1,
            bytes: share.bytes + section.bytes,
        })
    }
}

/// The head and the body of a block, which must be the one that the table lists.
pub(super) fn split(bytes: Option<&[u8]>, row: Row) -> Result<(BlockHead, &[u8]), Problem> {
    let (head, body) = bytes.and_then(<[u8]>::split_first_chunk::<HEAD_BYTES>).ok_or(Problem::Truncated)?;
    let head = BlockHead::from_bytes(head)?;
    if Row::of(&head) != Some(row) { Err(Problem::Misplaced) } else { Ok((head, body)) }
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
