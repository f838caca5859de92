//! The header of a trace: what a replay needs besides the events.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    Problem, TraceError,
    block::{BlockHead, MOST_HEADER, Tag, pack},
};
use crate::core::Config;

/// What a replay needs besides the events, and what tells where a trace comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The version of untick that recorded.
    pub untick: String,
    /// The version of Unicorn that it used.
    pub unicorn: String,
    /// The name of the board.
    pub board: String,
    /// The files that describe the board and its chip: name and text.
    pub board_sources: Vec<(String, String)>,
    /// What the core was built with.
    pub config: Config,
    /// The name of the firmware's file, as the user gave it.
    pub firmware_name: String,
    /// The bytes of that file.
    pub firmware: Vec<u8>,
    /// Where the first byte of a raw binary goes; `None` for a file that says so itself.
    pub load_address: Option<u32>,
    /// The command line that semihosting gives to the firmware.
    pub arguments: Vec<String>,
}

/// The header in the file.
#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    untick: &'a str,
    unicorn: &'a str,
    board: &'a str,
    #[serde(borrow)]
    board_sources: Vec<(&'a str, &'a str)>,
    config: Cow<'a, Config>,
    firmware_name: &'a str,
    sha256: [u8; 32],
    firmware: &'a [u8],
    load_address: Option<u32>,
    arguments: Vec<&'a str>,
}

impl Header {
    /// The SHA-256 of the firmware's file.
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.firmware).into()
    }

    /// The block in the file.
    pub(super) fn to_block(&self) -> Result<(BlockHead, Vec<u8>), TraceError> {
        let stored = Stored {
            untick: &self.untick,
            unicorn: &self.unicorn,
            board: &self.board,
            board_sources: self.board_sources.iter().map(|(name, text)| (&**name, &**text)).collect(),
            config: Cow::Borrowed(&self.config),
            firmware_name: &self.firmware_name,
            sha256: self.sha256(),
            firmware: &self.firmware,
            load_address: self.load_address,
            arguments: self.arguments.iter().map(|argument| &**argument).collect(),
        };
        let raw = postcard::to_stdvec(&stored).expect("a header is plain data");
        if raw.len() > MOST_HEADER as usize {
            let (bytes, limit) = (raw.len() as u64, MOST_HEADER.into());
            return Err(TraceError::TooLarge { what: "a firmware file with its board", bytes, limit });
        }
        let body = pack(&raw);
        Ok((BlockHead { tag: Tag::Header, ..BlockHead::default() }.with_body(raw.len(), &body), body))
    }

    /// The header, from its decompressed body.
    pub(super) fn from_raw(raw: &[u8]) -> Result<Header, Problem> {
        let stored: Stored<'_> =
            postcard::from_bytes(raw).map_err(|_| Problem::Encoding("its contents are no header"))?;
        let owned = |text: &&str| (*text).to_owned();
        let header = Header {
            untick: stored.untick.to_owned(),
            unicorn: stored.unicorn.to_owned(),
            board: stored.board.to_owned(),
            board_sources: stored
                .board_sources
                .iter()
                .map(|(name, text)| (owned(name), owned(text)))
                .collect(),
            config: stored.config.into_owned(),
            firmware_name: stored.firmware_name.to_owned(),
            firmware: stored.firmware.to_owned(),
            load_address: stored.load_address,
            arguments: stored.arguments.iter().map(owned).collect(),
        };
        if header.sha256() != stored.sha256 {
            return Err(Problem::Encoding("the firmware does not match its SHA-256"));
        }
        Ok(header)
    }
}
