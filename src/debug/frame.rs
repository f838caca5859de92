//! From bytes to packets of the remote protocol (gdb manual, "Overview" of the remote protocol).
//!
//! gdbstub has its own framing. This one stands in front of it to name what is wrong with foreign bytes, and to repair
//! the few packets that gdbstub would end the session over or work on for ever.

use std::fmt::Write;

use thiserror::Error;

/// The size of gdbstub's packet buffer, and with it the longest packet from gdb, in bytes.
pub(super) const PACKET_SIZE: usize = 0x4000;

/// The most bytes that one `m` packet may ask for: the hexadecimal answer fills a packet.
const LONGEST_READ: usize = PACKET_SIZE / 2 - 16;

/// What gdb sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// Ctrl-C.
    Interrupt,
    /// A packet, complete with `$` and checksum.
    Packet(Vec<u8>),
}

/// Bytes that are not gdb's.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Garbage {
    /// Neither a packet nor an acknowledgement nor Ctrl-C.
    #[error("byte {0:#04x} where a packet should begin")]
    Byte(u8),
    /// A packet that is longer than the server has offered to take.
    #[error("a packet longer than {PACKET_SIZE} bytes")]
    TooLong,
    /// A packet whose checksum does not fit.
    #[error("a packet with a wrong checksum")]
    Checksum,
}

impl Frame {
    /// The text behind `monitor`, if that is what the frame is.
    pub(super) fn monitor_command(&self) -> Option<String> {
        let Frame::Packet(bytes) = self else { return None };
        let hex = bytes.strip_prefix(b"$qRcmd,")?.rsplitn(2, |byte| *byte == b'#').nth(1)?;
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        let line: Vec<u8> = hex.chunks(2).map(byte).collect::<Option<_>>()?;
        Some(String::from_utf8_lossy(&line).into_owned())
    }

    /// Whether gdb will neither send acknowledgements from now on nor wait for any.
    pub(super) fn ends_acknowledgements(&self) -> bool {
        matches!(self, Frame::Packet(bytes) if bytes.starts_with(b"$QStartNoAckMode#"))
    }
}

/// Collects bytes into frames.
#[derive(Debug, Default)]
pub(super) struct Framer {
    /// The packet so far, from `$` on; empty between packets.
    packet: Vec<u8>,
    /// Where the `#` is, once it has come.
    end: Option<usize>,
    /// Requests to send the last answer again. A TCP connection does not lose bytes: gdb sends them when an answer takes long.
    pub(super) asked_again: u32,
}

impl Framer {
    /// Takes one byte; returns the frame that it completes.
    pub(super) fn push(&mut self, byte: u8) -> Result<Option<Frame>, Garbage> {
        if self.packet.is_empty() {
            return match byte {
                b'$' => {
                    self.packet.push(byte);
                    Ok(None)
                }
                b'+' => Ok(None),
                b'-' => {
                    self.asked_again += 1;
                    Ok(None)
                }
                0x03 => Ok(Some(Frame::Interrupt)),
                _ => Err(Garbage::Byte(byte)),
            };
        }
        if self.packet.len() == PACKET_SIZE {
            return Err(Garbage::TooLong);
        }
        match self.end {
            None if byte == b'#' => self.end = Some(self.packet.len()),
            Some(end) if self.packet.len() == end + 2 => {
                self.packet.push(byte);
                self.end = None;
                let packet = std::mem::take(&mut self.packet);
                let body = &packet[1..end];
                let sent = std::str::from_utf8(&packet[end + 1..])
                    .ok()
                    .and_then(|hex| u8::from_str_radix(hex, 16).ok());
                if sent != Some(checksum(body)) {
                    return Err(Garbage::Checksum);
                }
                return Ok(Some(Frame::Packet(repaired(body).unwrap_or(packet))));
            }
            _ => {}
        }
        self.packet.push(byte);
        Ok(None)
    }
}

/// A packet in place of one that gdbstub cannot digest.
fn repaired(body: &[u8]) -> Option<Vec<u8>> {
    match body {
        // There is one thread. gdbstub ends the session when "all threads" are to run backward, which
        // `set schedule-multiple on` leads to.
        [b'H', operation, ..] => Some(packet(&[b'H', *operation, b'0'])),
        // A read of any length is answered as far as one packet goes, as the protocol allows; gdbstub would collect it all.
        [b'm', arguments @ ..] => {
            let arguments = std::str::from_utf8(arguments).ok()?;
            let (address, length) = arguments.split_once(',')?;
            let too_long = u64::from_str_radix(length, 16).is_ok_and(|length| length > LONGEST_READ as u64);
            too_long.then(|| packet(format!("m{address},{LONGEST_READ:x}").as_bytes()))
        }
        _ => None,
    }
}

/// The packet with this body, `$` and checksum around it.
pub(super) fn packet(body: &[u8]) -> Vec<u8> {
    [b"$", body, format!("#{:02x}", checksum(body)).as_bytes()].concat()
}

/// The packet that makes gdb print a text while it waits for the debuggee to stop.
pub(super) fn console_packet(text: &str) -> Vec<u8> {
    packet(format!("O{}", hex(text)).as_bytes())
}

/// The one packet that answers a monitor command with a text (gdb manual, qRcmd).
pub(super) fn monitor_answer(text: &str) -> Vec<u8> {
    match text {
        "" => packet(b"OK"),
        text => packet(hex(text).as_bytes()),
    }
}

fn hex(text: &str) -> String {
    let mut digits = String::with_capacity(2 * text.len());
    for byte in text.bytes() {
        // Writing to a string cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

fn checksum(body: &[u8]) -> u8 {
    body.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(bytes: &[u8]) -> Result<Vec<Frame>, Garbage> {
        let mut framer = Framer::default();
        bytes.iter().filter_map(|&byte| framer.push(byte).transpose()).collect()
    }

    #[test]
    fn packets_acknowledgements_and_ctrl_c_are_told_apart() {
        let expected = [Frame::Packet(b"$g#67".to_vec()), Frame::Interrupt, Frame::Packet(b"$?#3f".to_vec())];
        assert_eq!(frames(b"+$g#67\x03+$?#3f").unwrap(), expected);
    }

    #[test]
    fn requests_to_send_an_answer_again_are_counted() {
        let mut framer = Framer::default();
        b"-+-$m0,-#00".iter().take(8).for_each(|&byte| assert_eq!(framer.push(byte), Ok(None)));
        assert_eq!(framer.asked_again, 2);
    }

    #[test]
    fn garbage_is_named() {
        assert_eq!(frames(b"GET / HTTP/1.1"), Err(Garbage::Byte(b'G')));
        assert_eq!(frames(b"$g#68"), Err(Garbage::Checksum));
        assert_eq!(frames(b"$g#zz"), Err(Garbage::Checksum));
        assert_eq!(frames(b"$g#+7"), Err(Garbage::Checksum));
        assert_eq!(frames(&[b'$'; PACKET_SIZE + 1]), Err(Garbage::TooLong));
    }

    #[test]
    fn monitor_commands_are_understood_and_answered() {
        let command = |body: &str| Frame::Packet(packet(body.as_bytes())).monitor_command();
        assert_eq!(command("qRcmd,6869"), Some("hi".to_owned()));
        assert_eq!(command("qRcmd,"), Some(String::new()));
        assert_eq!(command("qRcmd,6"), Some("\u{6}".to_owned()));
        assert_eq!(command("qRcmd,xx"), None);
        assert_eq!(command("qSupported"), None);
        assert_eq!(monitor_answer("hi\n"), packet(b"68690a"));
        assert_eq!(monitor_answer(""), packet(b"OK"));
    }

    #[test]
    fn packets_that_gdbstub_cannot_digest_are_repaired() {
        for (sent, fed) in [
            ("Hc-1", "Hc0"),
            ("Hgp1.-1", "Hg0"),
            ("m20000000,ffffffffffff", "m20000000,1ff0"),
            ("m20000000,40", "m20000000,40"),
        ] {
            let expected = vec![Frame::Packet(packet(fed.as_bytes()))];
            assert_eq!(frames(&packet(sent.as_bytes())).unwrap(), expected);
        }
    }
}
