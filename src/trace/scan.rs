//! Opening: from the bytes of a trace to the list of its chunks.

use super::{
    Counts, Damage, End, FORMAT, Header, Place, Problem, SIGNATURE, TraceError,
    block::{BlockHead, HEAD_BYTES, Tag},
    store::Store,
};
use crate::words::Icount;

/// Where the first block begins.
pub(super) const FIRST_BLOCK: u64 = 12;

/// A closed chunk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// Where its block begins.
    pub offset: u64,
    /// What its block header says.
    pub head: BlockHead,
    /// The events before it.
    pub events_before: u64,
}

/// What an opened trace consists of.
#[derive(Debug)]
pub(super) struct Scan {
    pub header: Header,
    pub chunks: Vec<Entry>,
    pub end: Option<(End, Counts)>,
    /// What is wrong with the file, as far as it shows without reading the contents of all chunks.
    pub damage: Option<Damage>,
    /// Where the part begins that is left out because of the damage, or where the file ends.
    pub used: u64,
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

/// Reads the header, and of the chunks only what stands in front of them.
pub(super) fn scan(store: &mut Store) -> Result<Scan, TraceError> {
    let (header, offset) = read_header(store)?;
    let mut scan = Scan { header, chunks: Vec::new(), end: None, damage: None, used: offset };
    match scan.read_blocks(store) {
        Ok(()) => {}
        Err(Halt::Disk(error)) => return Err(error),
        Err(Halt::Damage(damage)) => {
            scan.damage = Some(damage);
            scan.find_end(store)?;
        }
    }
    if scan.end.is_none() {
        scan.drop_damaged_tail(store)?;
    }
    Ok(scan)
}

fn read_header(store: &mut Store) -> Result<(Header, u64), TraceError> {
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
    if found != FORMAT {
        return Err(TraceError::Format { trace: name, found });
    }
    let header = read_block(store, FIRST_BLOCK, Place::Header).and_then(|(head, body)| {
        let raw = match head.tag {
            Tag::Header => head.unpack(&body),
            _ => Err(Problem::Misplaced),
        };
        let header = raw.and_then(|raw| Header::from_raw(&raw));
        let end = FIRST_BLOCK + HEAD_BYTES as u64 + body.len() as u64;
        Ok((header.map_err(|problem| problem.at(Place::Header, FIRST_BLOCK))?, end))
    });
    header.map_err(|halt| match halt {
        Halt::Disk(error) => error,
        Halt::Damage(damage) => TraceError::Damaged { trace: name.clone(), damage },
    })
}

fn read_head(store: &mut Store, offset: u64, place: Place) -> Result<BlockHead, Halt> {
    let bytes = store.read(offset, HEAD_BYTES as u64)?;
    let bytes = bytes.as_deref().and_then(|bytes| bytes.first_chunk::<HEAD_BYTES>());
    let head = BlockHead::from_bytes(bytes.ok_or(Problem::Truncated.at(place, offset))?);
    Ok(head.map_err(|problem| problem.at(place, offset))?)
}

/// A block with its body, not checked.
fn read_block(store: &mut Store, offset: u64, place: Place) -> Result<(BlockHead, Vec<u8>), Halt> {
    let head = read_head(store, offset, place)?;
    let body = store.read(offset + HEAD_BYTES as u64, head.stored.into())?;
    Ok((head, body.ok_or(Problem::Truncated.at(place, offset))?))
}

impl Scan {
    /// Walks over the blocks behind the header, to the end of the file or to the first damage.
    fn read_blocks(&mut self, store: &mut Store) -> Result<(), Halt> {
        let (mut events_before, mut first): (u64, Icount) = (0, 0);
        while self.used < store.length() {
            let (offset, number) = (self.used, self.chunks.len() as u32);
            let place = Place::Chunk(number);
            let head = read_head(store, offset, place)?;
            let end = offset + HEAD_BYTES as u64 + u64::from(head.stored);
            if head.number != number || head.first < first {
                return Err(Problem::Misplaced.at(place, offset).into());
            }
            match head.tag {
                Tag::Header => return Err(Problem::Misplaced.at(place, offset).into()),
                Tag::End if head.events != events_before => {
                    return Err(Problem::Misplaced.at(Place::End, offset).into());
                }
                Tag::End => {
                    self.end = Some(read_end(store, offset)?);
                    self.used = store.length();
                }
                Tag::Chunk if end > store.length() => {
                    return Err(Problem::Truncated.at(place, offset).into());
                }
                Tag::Chunk => {
                    self.chunks.push(Entry { offset, head, events_before });
                    first = head.first;
                    events_before = events_before
                        .checked_add(head.events)
                        .ok_or(Problem::Encoding("it has more events than there can be").at(place, offset))?;
                    self.used = end;
                }
            }
        }
        Ok(())
    }

    /// Looks for the end record from the back: the last 8 bytes say where it is.
    fn find_end(&mut self, store: &mut Store) -> Result<(), TraceError> {
        let Some(last) = store.length().checked_sub(8) else { return Ok(()) };
        let Some(offset) = store.read(last, 8)?.and_then(|bytes| bytes.first_chunk().copied()) else {
            return Ok(());
        };
        match read_end(store, u64::from_le_bytes(offset)) {
            Ok(end) => self.end = Some(end),
            Err(Halt::Damage(_)) => {} // There is none: the recording was cut.
            Err(Halt::Disk(error)) => return Err(error),
        }
        Ok(())
    }

    /// The last chunk of a cut recording may be there in length and not in contents, after a crash of the host.
    fn drop_damaged_tail(&mut self, store: &mut Store) -> Result<(), TraceError> {
        let Some(last) = self.chunks.last() else { return Ok(()) };
        let place = Place::Chunk(last.head.number);
        let problem = match read_block(store, last.offset, place) {
            Ok((head, body)) => head.check(&body).err(),
            Err(Halt::Damage(damage)) => Some(damage.problem),
            Err(Halt::Disk(error)) => return Err(error),
        };
        if let Some(problem) = problem {
            self.damage = Some(problem.at(place, last.offset));
            self.used = last.offset;
            self.chunks.pop();
        }
        Ok(())
    }
}

/// The end record at `offset`, which must be the last thing in the file.
fn read_end(store: &mut Store, offset: u64) -> Result<(End, Counts), Halt> {
    let damage = |problem: Problem| problem.at(Place::End, offset);
    if offset > store.length() {
        return Err(damage(Problem::Truncated).into());
    }
    let (head, body) = read_block(store, offset, Place::End)?;
    if head.tag != Tag::End || offset + (HEAD_BYTES + body.len()) as u64 != store.length() {
        return Err(damage(Problem::Misplaced).into());
    }
    head.check(&body).map_err(damage)?;
    let encoding = || damage(Problem::Encoding("its contents are no end record"));
    let (end, rest) = postcard::take_from_bytes(&body).map_err(|_| encoding())?;
    let (counts, rest) = postcard::take_from_bytes(rest).map_err(|_| encoding())?;
    if rest != offset.to_le_bytes() {
        return Err(encoding().into());
    }
    Ok((end, counts))
}

/// The block of the end record, for a file of this length.
pub(super) fn end_block(head: BlockHead, end: &End, counts: &Counts, offset: u64) -> Vec<u8> {
    let mut body = postcard::to_stdvec(end).expect("an end record is plain data");
    body = postcard::to_extend(counts, body).expect("numbers are plain data");
    body.extend_from_slice(&offset.to_le_bytes());
    let head = BlockHead { tag: Tag::End, reached: end.at, ..head }.with_body(body.len(), &body);
    [&head.to_bytes()[..], &body].concat()
}
