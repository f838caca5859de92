//! Opening: from the bytes of a trace to the list of its blocks.

use super::{
    Damage, FORMAT, Header, OLDEST_FORMAT, Place, Problem, SIGNATURE, SectionKind, TraceError,
    block::{BlockHead, HEAD_BYTES, Tag},
    store::Store,
    table::{Blocks, Ending, Row},
};
use crate::words::{Icount, Moment};

/// Where the first block begins.
pub(super) const FIRST_BLOCK: u64 = 12;

/// Bytes that are read at once where only heads are looked at: some blocks are small.
const WINDOW: u64 = 4096;

/// What an opened trace consists of.
#[derive(Debug)]
pub(super) struct Scan {
    pub header: Header,
    pub format: u32,
    pub blocks: Blocks,
    /// The newest end record.
    pub ending: Option<Ending>,
    /// The icount of the last event, as that says.
    pub last: Icount,
    /// How far the run is known.
    pub reached: Moment,
    /// How far it was known before the last chunk.
    reached_before: Moment,
    /// What is wrong with the file, as far as it shows without reading the contents of all blocks.
    pub damage: Option<Damage>,
    /// Where the part begins that is left out because of the damage, or where the file ends.
    pub used: u64,
    /// Whether the newest end record ends there, and everything before it is known.
    pub whole: bool,
    /// Whether the end record knows of more events.
    pub missing: bool,
}

/// What an end record is understood by.
#[derive(Clone, Copy)]
struct Version {
    format: u32,
    /// Of the core clock at reset.
    hz: u32,
}

/// Why no more blocks follow.
enum Halt {
    Disk(TraceError),
    Damage(Damage),
}

impl From<TraceError> for Halt {
    fn from(error: TraceError) -> Halt {
        Halt::Disk(error)
    }
}

impl From<Damage> for Halt {
    fn from(damage: Damage) -> Halt {
        Halt::Damage(damage)
    }
}

impl Halt {
    /// Damage as a value, which the caller can live with.
    fn damage(self) -> Result<Damage, TraceError> {
        match self {
            Halt::Disk(error) => Err(error),
            Halt::Damage(damage) => Ok(damage),
        }
    }
}

/// Reads the header and, if the file has a good end, only the tables there; otherwise the head of each block.
pub(super) fn scan(store: &Store) -> Result<Scan, TraceError> {
    let (format, header, start) = read_header(store)?;
    let mut scan = Scan {
        header,
        format,
        blocks: Blocks::default(),
        ending: None,
        last: 0,
        reached: Moment::default(),
        reached_before: Moment::default(),
        damage: None,
        used: start,
        whole: false,
        missing: false,
    };
    if scan.read_tables(store, start)?.is_none() {
        scan.walk(store)?;
        if scan.ending.is_none() {
            scan.drop_damaged_tail(store)?;
        }
    }
    if let Some(ending) = &scan.ending {
        scan.reached = ending.end.at;
    }
    // What they need was cut off. A bookmark needs nothing.
    let reached = scan.reached.icount;
    scan.blocks
        .sections
        .retain(|section| section.icount <= reached || section.kind == SectionKind::Bookmarks);
    Ok(scan)
}

fn read_header(store: &Store) -> Result<(u32, Header, u64), TraceError> {
    let trace = || store.name().to_owned();
    let (foreign, name) = (TraceError::Foreign { trace: trace() }, trace());
    let damaged = |problem: Problem, offset| TraceError::Damaged {
        trace: name.clone(),
        damage: problem.at(Place::Header, offset),
    };
    match store.read(0, SIGNATURE.len() as u64)? {
        Some(signature) if signature == SIGNATURE => {}
        _ => return Err(foreign),
    }
    let Some(version) = store.read(8, 4)? else { return Err(damaged(Problem::Truncated, 8)) };
    let found = u32::from_le_bytes([version[0], version[1], version[2], version[3]]);
    if !(OLDEST_FORMAT..=FORMAT).contains(&found) {
        return Err(TraceError::Format { trace: name, found });
    }
    let header = read_block(store, FIRST_BLOCK, Place::Header).and_then(|(head, body)| {
        let raw = match head.tag {
            Tag::Header => head.unpack(&body),
            _ => Err(Problem::Misplaced),
        };
        let header = raw.and_then(|raw| Header::from_raw(&raw));
        let header = header.map_err(|problem| problem.at(Place::Header, FIRST_BLOCK))?;
        Ok((found, header, FIRST_BLOCK + head.length()))
    });
    header.map_err(|halt| match halt {
        Halt::Disk(error) => error,
        Halt::Damage(damage) => TraceError::Damaged { trace: name.clone(), damage },
    })
}

/// Heads, read with what follows them.
struct Heads<'a> {
    store: &'a Store,
    at: u64,
    window: Vec<u8>,
}

impl Heads<'_> {
    fn read(&mut self, offset: u64, place: Place) -> Result<BlockHead, Halt> {
        let inside = |heads: &Heads<'_>| {
            let from = usize::try_from(offset.checked_sub(heads.at)?).ok()?;
            heads.window.get(from..)?.first_chunk::<HEAD_BYTES>().copied()
        };
        let mut bytes = inside(self);
        if bytes.is_none() {
            let length = self.store.length().saturating_sub(offset).min(WINDOW);
            (self.at, self.window) = (offset, self.store.read(offset, length)?.unwrap_or_default());
            bytes = inside(self);
        }
        let head = BlockHead::from_bytes(&bytes.ok_or(Problem::Truncated.at(place, offset))?);
        Ok(head.map_err(|problem| problem.at(place, offset))?)
    }
}

/// A block with its body, not checked.
fn read_block(store: &Store, offset: u64, place: Place) -> Result<(BlockHead, Vec<u8>), Halt> {
    let damage = |problem: Problem| problem.at(place, offset);
    let bytes = store.read(offset, HEAD_BYTES as u64)?;
    let bytes = bytes.as_deref().and_then(|bytes| bytes.first_chunk::<HEAD_BYTES>());
    let head = BlockHead::from_bytes(bytes.ok_or(damage(Problem::Truncated))?).map_err(damage)?;
    let body = store.read(offset + HEAD_BYTES as u64, head.stored.into())?;
    Ok((head, body.ok_or(damage(Problem::Truncated))?))
}

impl Scan {
    /// Goes from end record to end record, the last first, and takes the blocks from their tables. `None` if that leads
    /// nowhere: a recording that was cut, a damaged end record, or tables that contradict each other.
    fn read_tables(&mut self, store: &Store, start: u64) -> Result<Option<()>, TraceError> {
        if self.format < 3 {
            return Ok(None);
        }
        let mut found = Vec::new();
        let mut behind = store.length();
        while behind != start {
            let Some((offset, head, ending)) = find_end(store, behind, self.version())? else {
                return Ok(None);
            };
            let listed = ending.rows.iter().try_fold(0u64, |sum, row| sum.checked_add(row.length()));
            let Some(first) = listed.and_then(|listed| offset.checked_sub(listed)) else { return Ok(None) };
            found.push((first, head, ending));
            behind = first;
            if behind < start {
                return Ok(None);
            }
        }
        let mut blocks = Blocks::default();
        for (index, (mut offset, head, ending)) in found.into_iter().rev().enumerate() {
            for &row in &ending.rows {
                // A recording that is finished does not grow.
                let late = index > 0 && matches!(row, Row::Chunk { .. });
                if late || blocks.push(offset, row).is_err() {
                    return Ok(None);
                }
                offset += row.length();
            }
            if (head.number, head.events) != (blocks.number(), blocks.events) {
                return Ok(None);
            }
            self.end_with(&head, ending);
        }
        if self.ending.is_none() {
            return Ok(None);
        }
        (self.blocks, self.used, self.whole) = (blocks, store.length(), true);
        Ok(Some(()))
    }

    fn version(&self) -> Version {
        Version { format: self.format, hz: self.header.config.clock_hz }
    }

    fn end_with(&mut self, head: &BlockHead, ending: Ending) {
        (self.last, self.ending) = (head.first, Some(Ending { rows: Vec::new(), ..ending }));
    }

    /// Walks over the blocks behind the header, to the end of the file or to the first damage.
    fn walk(&mut self, store: &Store) -> Result<(), TraceError> {
        self.ending = None;
        let mut newest = None;
        if let Err(halt) = self.walk_blocks(store, &mut newest) {
            let damage = halt.damage()?;
            self.damage.get_or_insert(damage);
        }
        if let Some((used, sections)) = newest {
            // What follows the newest good end record was not added whole.
            self.blocks.sections.truncate(sections);
            (self.used, self.whole) = (used, true);
            if used < store.length() {
                self.damage.get_or_insert(Problem::Truncated.at(Place::Addition, used));
            }
        } else if let Some((_, head, ending)) = find_end(store, store.length(), self.version())? {
            // The way to it is damaged.
            self.missing = head.events > self.blocks.events;
            self.end_with(&head, ending);
        }
        Ok(())
    }

    /// Gives in `newest` where the newest good end record ends, and the number of sections before it.
    fn walk_blocks(&mut self, store: &Store, newest: &mut Option<(u64, usize)>) -> Result<(), Halt> {
        let mut heads = Heads { store, at: 0, window: Vec::new() };
        let mut offset = self.used;
        while offset < store.length() {
            let number = self.blocks.number();
            let place = if newest.is_some() { Place::Addition } else { Place::Chunk(number) };
            let head = heads.read(offset, place)?;
            let place = match head.tag {
                Tag::Section(kind) => Place::Section(kind),
                Tag::End => Place::End,
                Tag::Header | Tag::Chunk => place,
            };
            let damage = |problem: Problem| problem.at(place, offset);
            let end = offset + head.length();
            let late = head.tag == Tag::Chunk && newest.is_some();
            let other_end = head.tag == Tag::End && head.events != self.blocks.events;
            if head.tag == Tag::Header || head.number != number || late || other_end {
                return Err(damage(Problem::Misplaced).into());
            }
            if end > store.length() {
                return Err(damage(Problem::Truncated).into());
            }
            if let Some(row) = Row::of(&head) {
                self.blocks.push(offset, row).map_err(damage)?;
                if head.tag == Tag::Chunk {
                    (self.reached_before, self.reached) = (self.reached, head.reached);
                }
            } else {
                match read_end(store, offset, self.version()) {
                    Ok((head, ending)) => {
                        self.end_with(&head, ending);
                        *newest = Some((end, self.blocks.sections.len()));
                    }
                    // There may be a newer one.
                    Err(halt) => drop(self.damage.get_or_insert(halt.damage()?)),
                }
            }
            offset = end;
            if self.damage.is_none() {
                self.used = end;
            }
        }
        Ok(())
    }

    /// The last chunk of a cut recording may be there in length and not in contents, after a crash of the host.
    fn drop_damaged_tail(&mut self, store: &Store) -> Result<(), TraceError> {
        let Some(last) = self.blocks.chunks.last() else { return Ok(()) };
        let (place, offset) = (Place::Chunk(self.blocks.number() - 1), last.offset);
        let problem = match read_block(store, offset, place) {
            Ok((head, body)) => head.check(&body).err(),
            Err(halt) => Some(halt.damage()?.problem),
        };
        if let Some(problem) = problem {
            self.damage = Some(problem.at(place, offset));
            self.blocks.drop_last_chunk();
            (self.used, self.reached) = (offset, self.reached_before);
        }
        Ok(())
    }
}

/// The end record that ends at `behind`: the 8 bytes before that say where it begins. `None` if there is no good one.
fn find_end(
    store: &Store,
    behind: u64,
    version: Version,
) -> Result<Option<(u64, BlockHead, Ending)>, TraceError> {
    let Some(last) = behind.checked_sub(8) else { return Ok(None) };
    let Some(offset) = store.read(last, 8)?.and_then(|bytes| bytes.first_chunk().copied()) else {
        return Ok(None);
    };
    let offset = u64::from_le_bytes(offset);
    match read_end(store, offset, version) {
        Ok((head, ending)) if offset + head.length() == behind => Ok(Some((offset, head, ending))),
        Ok(_) => Ok(None),
        Err(halt) => halt.damage().map(|_| None),
    }
}

/// The end record at `offset`.
fn read_end(store: &Store, offset: u64, version: Version) -> Result<(BlockHead, Ending), Halt> {
    let damage = |problem: Problem| problem.at(Place::End, offset);
    if offset > store.length() {
        return Err(damage(Problem::Truncated).into());
    }
    let (head, body) = read_block(store, offset, Place::End)?;
    if head.tag != Tag::End {
        return Err(damage(Problem::Misplaced).into());
    }
    head.check(&body).map_err(damage)?;
    Ok((head, Ending::from_body(&body, offset, version.format, version.hz).map_err(damage)?))
}
