//! Bytes from the host, read by a thread of their own so that the machine never waits for them.

use std::{
    io::{self, Read},
    thread::{self, Thread},
    time::{Duration, Instant},
};

use ringbuf::{
    HeapCons, HeapProd, HeapRb,
    traits::{Consumer, Observer, Producer, Split},
};

use super::PIECE;

/// This much is read ahead of the firmware: a large pipe is read as the firmware takes it, not at once.
const AHEAD: usize = 4 * PIECE;

/// The machine's end of a source of bytes.
pub struct Input {
    /// What was taken and given back: it comes first.
    returned: Vec<u8>,
    /// `None`: nothing will arrive any more.
    arriving: Option<Arriving>,
}

/// The machine's end of the ring through which bytes arrive. An end that has to wait for the other one parks.
struct Arriving {
    bytes: HeapCons<u8>,
    reader: Thread,
}

/// Whether there are bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Some are here.
    Here,
    /// They may come.
    Awaited,
    /// There will never be any.
    Over,
}

impl Input {
    /// No input at all: the terminal belongs to somebody else.
    pub fn none() -> Input {
        Input { returned: Vec::new(), arriving: None }
    }

    /// Standard input, from now on, for the calling thread.
    pub fn standard() -> Input {
        Input::from_reader(io::stdin())
    }

    /// What a reader gives, for the calling thread.
    pub fn from_reader(reader: impl Read + Send + 'static) -> Input {
        Input::fed_by(move |mut feeder| feeder.forward(reader))
    }

    /// What a function passes on, for the calling thread. The function runs in a thread of its own.
    pub fn fed_by(feed: impl FnOnce(Feeder) + Send + 'static) -> Input {
        let (ring, bytes) = HeapRb::new(AHEAD).split();
        let machine = thread::current();
        let reader = thread::spawn(move || {
            feed(Feeder { ring, machine: machine.clone() });
            machine.unpark();
        });
        let reader = reader.thread().clone();
        Input { returned: Vec::new(), arriving: Some(Arriving { bytes, reader }) }
    }

    /// Puts bytes in front of what is there.
    pub fn put_back(&mut self, mut bytes: Vec<u8>) {
        bytes.append(&mut self.returned);
        self.returned = bytes;
    }

    /// At most `most` bytes that are there.
    pub fn take(&mut self, most: usize) -> Vec<u8> {
        if !self.returned.is_empty() {
            return self.returned.drain(..most.min(self.returned.len())).collect();
        }
        let Some(arriving) = &mut self.arriving else { return Vec::new() };
        let taken: Vec<u8> = arriving.bytes.pop_iter().take(most).collect();
        if !taken.is_empty() {
            arriving.reader.unpark(); // there is room again
        }
        taken
    }

    /// Whether there is something to take.
    pub fn arrival(&mut self) -> Arrival {
        if !self.returned.is_empty() {
            return Arrival::Here;
        }
        let Some(arriving) = &self.arriving else { return Arrival::Over };
        // In this order: the last bytes may arrive between the two questions.
        let ended = !arriving.bytes.write_is_held();
        if !arriving.bytes.is_empty() {
            return Arrival::Here;
        }
        if ended {
            self.arriving = None;
            return Arrival::Over;
        }
        Arrival::Awaited
    }

    /// Waits until there is input, for at most this time. False when there will never be any.
    pub fn wait(&mut self, time: Duration) -> bool {
        wait(time, || self.arrival())
    }
}

/// Waits until something of the calling thread has arrived, for at most this time. False when nothing will ever arrive.
pub fn wait(time: Duration, mut arrival: impl FnMut() -> Arrival) -> bool {
    let start = Instant::now();
    loop {
        match arrival() {
            Arrival::Here => return true,
            Arrival::Over => return false,
            Arrival::Awaited => {}
        }
        let Some(rest) = time.checked_sub(start.elapsed()) else { return true };
        thread::park_timeout(rest);
    }
}

/// The other end of an [`Input`].
pub struct Feeder {
    ring: HeapProd<u8>,
    machine: Thread,
}

impl Feeder {
    /// Passes bytes on until the reader ends.
    pub fn forward(&mut self, mut reader: impl Read) {
        loop {
            match self.ring.read_from(&mut reader, None) {
                None => thread::park(), // full
                Some(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Some(Ok(0) | Err(_)) => break,
                Some(Ok(_)) => self.machine.unpark(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_input_than_is_read_ahead_arrives_whole() {
        let sent: Vec<u8> = (0..3 * AHEAD as u32 + 7).map(|n| (n / 5) as u8).collect();
        let mut input = Input::from_reader(io::Cursor::new(sent.clone()));
        let mut arrived = Vec::new();
        while input.wait(Duration::from_secs(60)) {
            arrived.extend(input.take(1000));
        }
        assert!(arrived == sent, "{} bytes of {}", arrived.len(), sent.len());
        assert_eq!(input.arrival(), Arrival::Over);
    }

    #[test]
    fn what_is_put_back_comes_first() {
        let mut input = Input::from_reader(&b"def"[..]);
        input.put_back(b"bc".to_vec());
        input.put_back(b"a".to_vec());
        assert_eq!(input.take(9), b"abc");
        assert!(input.wait(Duration::from_secs(60)));
        assert_eq!(input.take(9), b"def");
    }
}
