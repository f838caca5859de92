//! The connection to gdb: buffered both ways, and never blocked for ever.

use std::{
    collections::VecDeque,
    io::{self, ErrorKind, Read, Write},
    net::TcpStream,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
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
/// The most text in one console packet, in bytes.
const TEXT_PIECE: usize = 2000;

/// One connection. gdbstub writes byte by byte; a system call each would cost ten times the work itself.
pub(super) struct Wire<'a> {
    stream: TcpStream,
    shutdown: &'a AtomicBool,
    framer: Framer,
    frames: VecDeque<Frame>,
    /// Why there will be no more frames, once that is known.
    ended: Option<Ended>,
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
        for &byte in &bytes[..count] {
            match self.framer.push(byte) {
                Ok(frame) => self.frames.extend(frame),
                Err(garbage) => {
                    self.ended = Some(Ended::Garbage(garbage.to_string()));
                    return;
                }
            }
        }
    }

    /// Takes a Ctrl-C, if that is what comes next.
    pub(super) fn take_interrupt(&mut self) -> bool {
        self.frames.pop_front_if(|frame| *frame == Frame::Interrupt).is_some()
    }

    /// Acknowledges a packet that gdbstub does not see.
    pub(super) fn acknowledge(&mut self) {
        self.output.push(b'+');
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
