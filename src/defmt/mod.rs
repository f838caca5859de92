//! defmt: log messages in which texts are numbers, and the ELF file has the texts.
//!
//! A frame is the number of its format string (two bytes), the arguments of the time stamp if the firmware defines one, and
//! the arguments of the message. Frames are either encoded with reverse zero-compressing COBS and end with a zero byte, or stand
//! one behind the other as they are. See the defmt book, "Design & impl. notes".

mod arguments;
mod locations;
mod print;
mod rzcobs;
mod table;

use std::sync::Arc;

use self::{
    arguments::{Bad, Bytes},
    table::{Encoding, Table},
};
use crate::image::Image;

/// A frame that has not ended after so many bytes never will.
const LONGEST: usize = 1 << 16;

/// Turns frames into lines of text. Clones go on from the same place.
#[derive(Clone, Debug)]
pub struct Decoder {
    state: State,
    /// What belongs to a frame that is not complete.
    bytes: Vec<u8>,
}

#[derive(Clone, Debug)]
enum State {
    Reading(Arc<Table>),
    /// Why nothing can be shown, until it is told.
    Failed(Option<String>),
}

impl Decoder {
    /// A decoder for what a firmware sends, if it has a `.defmt` section.
    pub fn of(image: &Image) -> Option<Decoder> {
        let state = match Table::read(&image.file)? {
            Ok(table) => State::Reading(Arc::new(table)),
            Err(why) => State::Failed(Some(why.to_string())),
        };
        Some(Decoder { state, bytes: Vec::new() })
    }

    /// Takes bytes as the firmware sends them; gives the lines that they complete.
    pub fn decode(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut text = String::new();
        match &mut self.state {
            State::Failed(why) => {
                self.bytes.clear();
                if let Some(why) = why.take() {
                    text = format!("(defmt: {why}; its messages are not shown)\n");
                }
            }
            State::Reading(table) => {
                self.bytes.extend(bytes);
                let table = Arc::clone(table);
                match table.encoding {
                    Encoding::Rzcobs => self.decode_encoded(&table, &mut text),
                    Encoding::Raw => self.decode_raw(&table, &mut text),
                }
            }
        }
        text.into_bytes()
    }

    /// The firmware begins anew: what it was about to send will not come.
    pub fn reset(&mut self) {
        self.bytes.clear();
    }

    fn decode_encoded(&mut self, table: &Table, text: &mut String) {
        while let Some(end) = self.bytes.iter().position(|byte| *byte == 0) {
            let encoded: Vec<u8> = self.bytes.drain(..=end).collect();
            let encoded = &encoded[..end];
            if encoded.is_empty() {
                continue;
            }
            let line = rzcobs::decode(encoded).and_then(|frame| message(table, &mut Bytes::new(&frame)).ok());
            match line {
                Some(line) => text.push_str(&line),
                None => text.push_str(&format!("(defmt: a frame of {end} bytes makes no sense)\n")),
            }
        }
        if self.bytes.len() > LONGEST {
            self.bytes.clear();
            text.push_str("(defmt: a frame does not end)\n");
        }
    }

    fn decode_raw(&mut self, table: &Table, text: &mut String) {
        while !self.bytes.is_empty() {
            let mut bytes = Bytes::new(&self.bytes);
            match message(table, &mut bytes) {
                Ok(line) => text.push_str(&line),
                Err(Bad::Short) if self.bytes.len() <= LONGEST => return,
                Err(_) => {
                    let why =
                        "a frame makes no sense, and in raw encoding nothing tells where the next one begins";
                    text.push_str(&format!("(defmt: {why}; no more messages are shown)\n"));
                    self.bytes.clear();
                    self.state = State::Failed(None);
                    return;
                }
            }
            let rest = bytes.rest().to_vec();
            self.bytes = rest;
        }
    }
}

/// The message of a frame: time stamp, level, text, and where in the source it is.
fn message(table: &Table, bytes: &mut Bytes<'_>) -> Result<String, Bad> {
    let number = bytes.u16()?;
    let mut line = String::new();
    if let Some(format) = &table.timestamp {
        line = print::text(table, format, &bytes.arguments(table, format)?);
        line.push(' ');
    }
    let entry = table.message(number).ok_or(Bad::Nonsense)?;
    let arguments = bytes.arguments(table, &entry.text)?;
    if let Some(level) = entry.level {
        line.push_str(&format!("{level:<5} "));
    }
    line.push_str(&print::text(table, &entry.text, &arguments));
    if let Some(place) = &entry.place {
        line.push_str(&format!("  ({place})"));
    }
    line.push('\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoder(encoding: Encoding, entries: &[(u16, Option<&'static str>, &str)]) -> Decoder {
        let mut table = Table::empty(encoding);
        for (number, level, text) in entries {
            table.insert_message(*number, *level, text);
        }
        Decoder { state: State::Reading(Arc::new(table)), bytes: Vec::new() }
    }

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn frames_become_lines_however_they_are_cut() {
        let mut decoder =
            decoder(Encoding::Raw, &[(7, Some("INFO"), "x = {=u16:#06x}, {=str}"), (8, None, "plain")]);
        let sent = [7, 0, 0x34, 0x12, 2, 0, 0, 0, b'o', b'k', 8, 0];
        let mut printed = String::new();
        for byte in sent {
            printed.push_str(&text(decoder.decode(&[byte])));
        }
        assert_eq!(printed, "INFO  x = 0x1234, ok\nplain\n");
    }

    #[test]
    fn a_malformed_frame_costs_only_itself_where_frames_have_ends() {
        let mut decoder = decoder(Encoding::Rzcobs, &[(1, Some("WARN"), "one")]);
        // 0x7e: one byte, then six zeros, of which five are left over.
        let good = [1, 0x7e, 0];
        let nonsense = [9, 9, 9, 0xff, 0];
        let sent: Vec<u8> = [&good[..], &nonsense, &[0, 0], &good].concat();
        let printed = text(decoder.decode(&sent));
        assert_eq!(printed, "WARN  one\n(defmt: a frame of 4 bytes makes no sense)\nWARN  one\n");
    }

    #[test]
    fn raw_frames_end_with_the_first_malformed_one() {
        let mut decoder = decoder(Encoding::Raw, &[(1, Some("WARN"), "one")]);
        let printed = text(decoder.decode(&[1, 0, 2, 0, 1, 0]));
        assert!(printed.starts_with("WARN  one\n(defmt: a frame makes no sense"), "{printed}");
        assert_eq!(text(decoder.decode(&[1, 0])), "");
    }

    #[test]
    fn a_reset_forgets_half_a_frame() {
        let mut decoder = decoder(Encoding::Raw, &[(1, Some("WARN"), "{=u32}")]);
        assert_eq!(text(decoder.decode(&[1, 0, 5])), "");
        decoder.reset();
        assert_eq!(text(decoder.decode(&[1, 0, 5, 0, 0, 0])), "WARN  5\n");
    }
}
