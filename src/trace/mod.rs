//! The trace: every event of a run, in one file that replays without anything else.
//!
//! [`Log`] appends events while a machine runs and reads them back at any [`Mark`] at the same time, because a live
//! debug session travels through its own past. The same type opens a finished file and one whose recording was killed.
//!
//! Beside the events the timeline keeps *sections* in the same file: keyframes, its index, bookmarks. The trace does not
//! look into them.
//!
//! # The file, format version 4
//!
//! Integers of fixed size are little-endian. A *varint* is postcard's: seven bits to a byte, the lowest first, bit 7
//! set in all bytes but the last. *Postcard* means the postcard 1 encoding of the type with that name in this crate.
//!
//! ```text
//! offset  bytes
//!      0      8  signature: 89 'U' 'N' 'T' 'I' 'C' 'K' 0A
//!      8      4  format version
//!     12      …  block HEAD, then blocks CHNK and sections, then block ENDR
//!             …  any number of times, for what was added later: sections, then a new ENDR
//! ```
//!
//! A block is 60 bytes and a body:
//!
//! ```text
//!      0      4  tag: "HEAD", "CHNK", "ENDR", or a section: "KEYF" (keyframe), "INDX" (index), "BOOK" (bookmarks)
//!      4      4  number: of chunks in the file before this block
//!      8      4  stored: length of the body that follows
//!     12      4  raw: length of the body after decompression; in ENDR the same as stored
//!     16      4  items in the chunk, at most 65536; otherwise 0
//!     20      4  CRC-32 (IEEE) of the body as stored
//!     24      8  events in the chunk; in ENDR of the whole run; otherwise 0
//!     32      8  first: icount of the chunk's first event (in a chunk without events, and in ENDR: of the last event
//!                before it, 0 if there is none); it never goes down from chunk to chunk. In a section the position
//!                that it was added for; in HEAD 0
//!     40     16  the moment the run had reached when the block was written: icount, cycle; in HEAD 0, 0
//!     56      4  CRC-32 of the 56 bytes above
//! ```
//!
//! The bodies are one zstd frame each, only that of ENDR is plain. A raw body has at most 32 MiB in CHNK and 512 MiB in
//! all others.
//!
//! **HEAD**: postcard of the version of untick that recorded, the version of Unicorn, the board's name, the board's
//! source files (a sequence of name and text), [`core::Config`](crate::core::Config), the firmware's file name, its
//! SHA-256 (32 bytes), the bytes of the file, the load address of a raw binary (an option), the arguments of the firmware (a sequence
//! of strings).
//!
//! **ENDR**: postcard of [`End`], postcard of [`Counts`], the table, and in 8 bytes the offset of this block. The table
//! lists the blocks between the ENDR before it, or HEAD, and itself: a varint number of rows, each varints:
//!
//! ```text
//! 0, stored, first, events       CHNK
//! 1, kind, stored, position      a section; kind: 0 KEYF, 1 INDX, 2 BOOK
//! ```
//!
//! So a finished file is opened from its end, however large it is: the last 8 bytes lead to the newest ENDR, its table to
//! where the first of these blocks begins, the 8 bytes before that to the ENDR before, and so on to HEAD. Each number must
//! fit the others, and a block's own header the table when the block is read; if not, the headers of all blocks are read
//! in turn.
//!
//! **CHNK** is decoded without any other chunk. Its items are stored in columns, which compress well:
//!
//! ```text
//! varint number of channels, each: postcard of Channel, one byte: 1 if its values are relative, else 0
//! varint length, bytes: codes     per item varint 2 × channel + (1 if the item is a run)
//! varint length, bytes: icounts   per item varint icounts since the last event of the item before (since `first`)
//! varint length, bytes: values    per item, by its channel, see below
//! varint length, bytes: runs      per run varint icounts from one event to the next, varint number of events − 2
//! varint number of rare events, each: postcard of pins::Event
//! digests with detail, as many as there are items of them: each part of all of them, then the next part, see below
//! ```
//!
//! A channel is all that stays the same in a kind of event: what it is, the address, the width ([`Channel`], in the
//! order of its variants). Its values are
//! - `Read` and `Write`: a varint below 2³²; `Sleep`: a varint. When the channel is relative, a signed (zigzag) varint:
//!   the difference modulo 2⁶⁴ to the channel's value before in this chunk (before the first: 0);
//! - `BareDigest`: 8 bytes;
//! - all others: nothing. `Rare` takes the next of the rare events, `Digest` the next of the digests.
//!
//! The parts of a [`Digest`](crate::pins::Digest) are `all` (8 bytes), of memory `sum` (8 bytes), `weighted` (4 bytes) and
//! each of the 8 `buckets` (1 byte, the difference to the digest before in this chunk), and each of the 18 registers (4
//! bytes).
//!
//! A run is an event that repeats at the same distance with the same value: a poll.
//!
//! # States on disk
//!
//! - *ends with ENDR*: the recording was finished; a block that fails its checks is an error when it is reached.
//! - *no ENDR*: the recording is going on, or it was killed: cut. It replays up to the moment that its last chunk
//!   reached. A block that fails its checks, and what is behind it, is left out and reported ([`Log::damage`]); if all
//!   headers are good, this is looked for in the last chunk only: earlier ones are errors when reached. Keyframes and
//!   index of what is left out are left out, too.
//! - *something else behind the newest good ENDR*: what was added last was not added whole. It is left out and reported,
//!   and what is added next takes its place. The recording does not need it.
//! - *empty or a part of HEAD*: the recording was killed while it was created. Nothing to replay.
//!
//! Blocks are written whole by one call, straight to the file that the user named: a killed recording must replay, so
//! there is nothing to rename at the end. What is added to a finished file goes behind its end, sections and the new ENDR
//! in one call, under a lock, and only if the file is as long as when it was opened. So nothing that was ever in the file
//! is written over, and two processes cannot spoil each other's work. A section that is damaged costs what it can save:
//! time, or a name. It is never needed to replay.
//!
//! # Format version 3
//!
//! It has no changes of the core clock and no output: [`End`] is without `time`, [`Counts`] without `clocks` and `outputs`. Digests and keyframes are those
//! of a state without a clock. It can be read, and nothing added.
//!
//! # Format version 2
//!
//! As version 3. It has no sections, no tables in ENDR, of which there is one, and no digests with detail.

mod block;
mod cache;
mod chunk;
mod codec;
mod digests;
mod error;
mod header;
mod log;
mod mark;
mod scan;
mod section;
mod store;
mod summary;
mod table;
#[cfg(test)]
mod tests;
mod varint;

pub use chunk::Channel;
pub use error::{Damage, Place, Problem, Refusal, TraceError};
pub use header::Header;
pub use log::Log;
pub use mark::Mark;
pub use section::{Section, SectionKind};
pub use summary::{Counts, End, Share, Summary};

/// The version of the file format that this crate writes.
pub const FORMAT: u32 = 4;

/// The oldest version that it reads.
const OLDEST_FORMAT: u32 = 2;

/// The first bytes of a trace. The first is no text and the last a line end, so that a transfer as text shows.
const SIGNATURE: [u8; 8] = *b"\x89UNTICK\n";
