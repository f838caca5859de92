//! The connection to gdb: buffered both ways, and never blocked for ever.

use std::{
    collections::VecDeque,
    io::{self, ErrorKind, Read, Write},
    net::TcpStream,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use gdbstub::conn::Connection;

use super::{
    frame::{Frame, Framer, console_packet, monitor_answer},
    session::Ended,
};

/// How often a wait for gdb looks at the shutdown flag.
const LOOK_UP: Duration = Duration::from_millis(50);
/// How long a gdb that takes no bytes is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// Nobody gives up an answer that comes within this time.
const NO_TIME: Duration = Duration::from_millis(200);
/// The most text in one console packet, in bytes.
const TEXT_PIECE: usize = 2000;

/// How long gdb has waited for an answer.
///
/// While it waits, gdb asks again every `remotetimeout` seconds. Ctrl-C it notices behind every third time, and then waits
/// no longer, which it tells nobody (GDB 13, `remote_target::rcmd` and `getpkt_or_notif_sane_1`).
#[derive(Debug)]
struct Impatience {
    since: Instant,
    asked: u32,
    last: Instant,
}

/// So many times gdb asks again before it looks at Ctrl-C (`MAX_TRIES`).
const TRIES: u32 = 3;

impl Impatience {
    fn new() -> Impatience {
        let now = Instant::now();
        Impatience { since: now, asked: 0, last: now }
    }

    /// Whether gdb may have given up since it asked last.
    fn may_be_over(&self) -> bool {
        self.asked > 0 && self.asked.is_multiple_of(TRIES)
    }

    /// Whether it should have asked again by now, and half as long has passed besides.
    fn is_over(&self) -> bool {
        let usual = (self.last - self.since) / self.asked.max(1);
        self.may_be_over() && self.last.elapsed() > usual * 3 / 2
    }
}

/// One connection. gdbstub writes byte by byte; a system call each would cost ten times the work itself.
pub(super) struct Wire<'a> {
    stream: TcpStream,
    shutdown: &'a AtomicBool,
    framer: Framer,
    frames: VecDeque<Frame>,
    /// Why there will be no more frames, once that is known.
    ended: Option<Ended>,
    impatience: Impatience,
    output: Vec<u8>,
}

impl<'a> Wire<'a> {
    /// A connection just accepted.
    pub(super) fn new(stream: TcpStream, shutdown: &'a AtomicBool) -> io::Result<Wire<'a>> {
        stream.set_nonblocking(false)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(LOOK_UP))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Wire {
            stream,
            shutdown,
            framer: Framer::default(),
            frames: VecDeque::new(),
            ended: None,
            impatience: Impatience::new(),
            output: Vec::new(),
        })
    }

    /// The next frame; waits for it.
    pub(super) fn next(&mut self) -> Result<Frame, Ended> {
        loop {
            if let Some(taken) = self.take()? {
                return Ok(taken);
            }
            self.fill();
        }
    }

    /// The next frame if one is there or in the socket; does not wait.
    pub(super) fn take(&mut self) -> Result<Option<Frame>, Ended> {
        if self.shutdown.load(Ordering::Relaxed) {
            return Err(Ended::Shutdown);
        }
        match (self.frames.pop_front(), &self.ended) {
            (Some(frame), _) => Ok(Some(frame)),
            (None, Some(ended)) => Err(ended.clone()),
            (None, None) => Ok(None),
        }
    }

    /// Whether there is a reason to stop the debuggee: a frame, the end of the connection, a shutdown.
    pub(super) fn wants_attention(&mut self) -> bool {
        if self.frames.is_empty() && self.ended.is_none() {
            match self.stream.set_nonblocking(true) {
                Ok(()) => self.fill(),
                Err(error) => self.ended = Some(Ended::Lost(error.to_string())),
            }
            if let Err(error) = self.stream.set_nonblocking(false) {
                self.ended = Some(Ended::Lost(error.to_string()));
            }
        }
        !self.frames.is_empty() || self.ended.is_some() || self.shutdown.load(Ordering::Relaxed)
    }

    /// Reads once from the socket.
    fn fill(&mut self) {
        let mut bytes = [0; 0x4000];
        let count = match self.stream.read(&mut bytes) {
            Ok(0) => {
                self.ended = Some(Ended::Closed);
                return;
            }
            Ok(count) => count,
            // A read that timed out is WouldBlock on Unix and TimedOut on Windows.
            Err(error) => {
                let later = [ErrorKind::WouldBlock, ErrorKind::TimedOut, ErrorKind::Interrupted];
                if !later.contains(&error.kind()) {
                    self.ended = Some(Ended::Lost(error.to_string()));
                }
                return;
            }
        };
        let asked = self.framer.asked_again;
        for &byte in &bytes[..count] {
            match self.framer.push(byte) {
                Ok(frame) => self.frames.extend(frame),
                Err(garbage) => {
                    self.ended = Some(Ended::Garbage(garbage.to_string()));
                    return;
                }
            }
        }
        if self.framer.asked_again > asked {
            self.impatience.asked += self.framer.asked_again - asked;
            self.impatience.last = Instant::now();
        }
    }

    /// Takes a Ctrl-C, if that is what comes next.
    pub(super) fn take_interrupt(&mut self) -> bool {
        self.frames.front() == Some(&Frame::Interrupt) && self.frames.pop_front().is_some()
    }

    /// Acknowledges a packet that gdbstub does not see.
    pub(super) fn acknowledge(&mut self) {
        self.output.push(b'+');
    }

    /// From now on gdb waits for an answer.
    pub(super) fn begin_answer(&mut self) {
        self.impatience = Impatience::new();
    }

    /// Whether gdb has something else to say, or has given up waiting.
    pub(super) fn is_left(&mut self) -> bool {
        self.wants_attention() || self.impatience.is_over()
    }

    /// Whether gdb still waits for the answer. Where it may have given up, its next question tells. What takes no time, it
    /// waits for.
    pub(super) fn is_waited_for(&mut self) -> bool {
        if self.impatience.since.elapsed() < NO_TIME {
            return true;
        }
        loop {
            if self.is_left() {
                return false;
            }
            if !self.impatience.may_be_over() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Answers a monitor command.
    pub(super) fn answer(&mut self, text: &str) -> io::Result<()> {
        self.output.extend(monitor_answer(text));
        self.flush()
    }

    /// Makes gdb print a text; only while it waits for the debuggee to stop.
    pub(super) fn print(&mut self, text: &str) {
        for piece in text.as_bytes().chunks(TEXT_PIECE) {
            self.output.extend(console_packet(&String::from_utf8_lossy(piece)));
        }
    }
}

impl Connection for Wire<'_> {
    type Error = io::Error;

    fn write(&mut self, byte: u8) -> io::Result<()> {
        self.output.push(byte);
        Ok(())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.output.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = Write::write_all(&mut self.stream, &self.output);
        self.output.clear();
        result
    }
}
