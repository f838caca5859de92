//! What devices send to somebody who may not be there yet, or read slowly.

use std::{
    collections::VecDeque,
    io::Write,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// So much waits for the reader, in bytes.
const ROOM: usize = 1 << 16;

/// A reader that takes nothing for so long is taken for one that has left.
const PATIENCE: Duration = Duration::from_secs(1);

/// A queue of bytes between the machine and a thread that writes. Clones are the same queue.
///
/// As long as bytes are taken, the machine waits for room. If nobody takes any, the oldest bytes are lost: whoever comes
/// late sees the last of what was said.
#[derive(Clone, Default)]
pub struct Outbox(Arc<Shared>);

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    bytes: VecDeque<u8>,
    /// Whether a writer is at work, and not known to be stuck.
    flowing: bool,
    /// The writer that may go on; each one that begins gets the next number.
    writer: u64,
    /// Whether bytes have been taken that are not written yet.
    in_flight: bool,
    /// Whether the machine is gone.
    closed: bool,
}

impl Outbox {
    /// Takes what a device sends.
    pub fn send(&self, bytes: &[u8]) {
        for bytes in bytes.chunks(ROOM) {
            let mut queue = self.wait_while(|queue| queue.bytes.len() + bytes.len() > ROOM);
            let excess = (queue.bytes.len() + bytes.len()).saturating_sub(ROOM);
            queue.bytes.drain(..excess);
            queue.bytes.extend(bytes);
            self.0.changed.notify_all();
        }
    }

    /// The machine has sent all; waits until it is written, if somebody reads.
    pub fn close(&self) {
        self.lock().closed = true;
        self.0.changed.notify_all();
        drop(self.wait_while(|queue| !queue.bytes.is_empty() || queue.in_flight));
    }

    /// Writes what is sent until the machine is gone, writing fails, or [`Outbox::stop_writer`].
    pub fn write_to(&self, mut writer: impl Write) {
        let number = {
            let mut queue = self.lock();
            queue.writer += 1;
            queue.flowing = true;
            queue.writer
        };
        while let Some(bytes) = self.take(number) {
            if writer.write_all(&bytes).and_then(|()| writer.flush()).is_err() {
                break;
            }
        }
        let mut queue = self.lock();
        if queue.writer == number {
            (queue.flowing, queue.in_flight) = (false, false);
            self.0.changed.notify_all();
        }
    }

    /// Whatever is sent from now on is for another writer.
    pub fn stop_writer(&self) {
        let mut queue = self.lock();
        queue.writer += 1;
        (queue.flowing, queue.in_flight) = (false, false);
        self.0.changed.notify_all();
    }

    fn take(&self, number: u64) -> Option<Vec<u8>> {
        let mut queue = self.lock();
        if queue.writer == number {
            (queue.flowing, queue.in_flight) = (true, false);
            self.0.changed.notify_all();
        }
        let waits = |queue: &mut Queue| queue.bytes.is_empty() && !queue.closed && queue.writer == number;
        queue = self.0.changed.wait_while(queue, waits).unwrap_or_else(PoisonError::into_inner);
        if queue.writer != number || queue.bytes.is_empty() {
            return None;
        }
        queue.in_flight = true;
        self.0.changed.notify_all();
        Some(std::mem::take(&mut queue.bytes).into())
    }

    /// Waits while something is so, as long as bytes flow.
    fn wait_while(&self, condition: impl Fn(&Queue) -> bool) -> MutexGuard<'_, Queue> {
        let mut queue = self.lock();
        while queue.flowing && condition(&queue) {
            let before = (queue.bytes.len(), queue.in_flight);
            let waited = self.0.changed.wait_timeout(queue, PATIENCE);
            let (guard, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            queue = guard;
            if timeout.timed_out() && before == (queue.bytes.len(), queue.in_flight) {
                queue.flowing = false;
            }
        }
        queue
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // A thread that has panicked in here has left nothing half done.
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, pipe},
        thread,
    };

    use super::*;

    #[test]
    fn whoever_comes_late_sees_the_last() {
        let outbox = Outbox::default();
        outbox.send(&vec![b'a'; ROOM]);
        outbox.send(b"bc");
        outbox.close();
        let mut written = Vec::new();
        outbox.write_to(&mut written);
        assert_eq!(written.len(), ROOM);
        assert!(written.ends_with(b"aabc"));
    }

    #[test]
    fn a_reader_gets_all_and_the_end_waits_for_it() {
        let (mut reader, writer) = pipe().unwrap();
        let outbox = Outbox::default();
        let other_end = outbox.clone();
        let writing = thread::spawn(move || other_end.write_to(writer));
        let reading = thread::spawn(move || {
            let mut all = Vec::new();
            reader.read_to_end(&mut all).unwrap();
            all.len()
        });
        while !outbox.lock().flowing {
            thread::yield_now();
        }
        for _ in 0..100 {
            outbox.send(&[b'x'; 10_000]);
        }
        outbox.close();
        writing.join().unwrap();
        assert_eq!(reading.join().unwrap(), 1_000_000);
    }

    #[test]
    fn the_next_writer_gets_what_the_last_one_did_not_take() {
        let outbox = Outbox::default();
        let first = outbox.clone();
        let writing = thread::spawn(move || first.write_to(std::io::sink()));
        while !outbox.lock().flowing {
            thread::yield_now();
        }
        outbox.stop_writer();
        writing.join().unwrap();
        outbox.send(b"for the second");
        outbox.close();
        let mut written = Vec::new();
        outbox.write_to(&mut written);
        assert_eq!(written, b"for the second");
    }
}
