//! Real Time Transfer (SEGGER): rings in RAM through which firmware and a debug probe exchange bytes while the core runs.
//!
//! A control block begins with the text `SEGGER RTT`, then has the numbers of up and down channels and a descriptor of 24
//! bytes for each: name, buffer, size, write offset, read offset, flags (SEGGER UM08001, 16.2). One end writes the
//! bytes and the write offset, the other one the read offset; equal offsets mean that the ring is empty. All of it is the
//! firmware's and may be wrong: what makes no sense is left alone.

use std::{
    collections::{BTreeMap, VecDeque},
    ops::Range,
};

use crate::{core::PAGE, peripherals::Dma};

/// How a control block begins.
const ID: [u8; 16] = *b"SEGGER RTT\0\0\0\0\0\0";

/// ID and two counts.
const HEADER: u32 = 24;
const DESCRIPTOR: u32 = 24;
/// Offsets in a descriptor.
const WRITE_OFFSET: u32 = 12;
const READ_OFFSET: u32 = 16;

/// A control block that claims more channels in a direction is none.
const MOST_CHANNELS: u32 = 32;

/// The probe's end of RTT. Plain data: what it does follows from memory alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rtt {
    /// Where buffers and control blocks can be.
    ram: Vec<Range<u32>>,
    /// Where the control block is.
    block: Option<u32>,
    /// What the down channels have no room for yet.
    pending: BTreeMap<u32, VecDeque<u8>>,
}

/// How many channels a control block has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Channels {
    /// From the firmware.
    pub up: u32,
    /// To the firmware.
    pub down: u32,
}

/// One channel as its descriptor has it, checked.
#[derive(Clone, Copy, Debug)]
struct Ring {
    descriptor: u32,
    buffer: u32,
    size: u32,
    write: u32,
    read: u32,
}

impl Rtt {
    /// Nothing is found yet; buffers and control blocks can be in `ram`.
    pub fn new(ram: Vec<Range<u32>>) -> Rtt {
        Rtt { ram, ..Rtt::default() }
    }

    /// Where the control block is, if it has been found.
    pub fn block(&self) -> Option<u32> {
        self.block
    }

    /// Takes the control block at an address, if there is a good one.
    pub fn attach(&mut self, address: u32, memory: &mut dyn Dma) -> Option<Channels> {
        let channels = self.channels(address, memory)?;
        self.block = Some(address);
        Some(channels)
    }

    /// The first good control block that begins in one of these pages of RAM.
    pub fn search(&self, pages: impl IntoIterator<Item = u32>, memory: &mut dyn Dma) -> Option<u32> {
        let mut bytes = vec![0; PAGE as usize + ID.len()];
        pages.into_iter().find_map(|page| {
            // An ID may go on in the next page, if there is one.
            let length = if memory.read(page, &mut bytes).is_ok() { bytes.len() } else { PAGE as usize };
            memory.read(page, &mut bytes[..length]).ok()?;
            let starts = bytes[..length].windows(ID.len()).step_by(4).take((PAGE / 4) as usize);
            let found = starts.enumerate().filter(|(_, window)| **window == ID);
            let addresses: Vec<u32> = found.map(|(word, _)| page + 4 * word as u32).collect();
            addresses.into_iter().find(|&address| self.channels(address, memory).is_some())
        })
    }

    /// Whether the control block is still there; one that is gone is forgotten.
    pub fn is_attached(&mut self, memory: &mut dyn Dma) -> bool {
        self.block = self.block.filter(|&block| self.channels(block, memory).is_some());
        self.block.is_some()
    }

    /// Takes what the firmware has sent, by channel.
    pub fn take(&mut self, memory: &mut dyn Dma) -> Vec<(u32, Vec<u8>)> {
        let Some(block) = self.block else { return Vec::new() };
        let mut taken = Vec::new();
        for (channel, ring) in self.up(block, memory) {
            let bytes = ring.contents(memory);
            let read = memory.write(ring.descriptor + READ_OFFSET, &ring.write.to_le_bytes());
            if !bytes.is_empty() && read.is_ok() {
                taken.push((channel, bytes));
            }
        }
        taken
    }

    /// What [`Rtt::take`] would give of the control block at an address.
    pub fn peek(&self, block: u32, memory: &mut dyn Dma) -> Vec<(u32, Vec<u8>)> {
        let rings = self.up(block, memory).into_iter();
        rings.map(|(channel, ring)| (channel, ring.contents(memory))).collect()
    }

    /// Keeps bytes for a down channel; [`Rtt::give`] passes them on.
    pub fn send(&mut self, channel: u32, bytes: &[u8]) {
        self.pending.entry(channel).or_default().extend(bytes);
    }

    /// Writes to the down channels what they have room for.
    pub fn give(&mut self, memory: &mut dyn Dma) {
        let Some(block) = self.block.filter(|_| !self.pending.is_empty()) else { return };
        let Some(Channels { up, down }) = self.channels(block, memory) else { return };
        for (&channel, pending) in &mut self.pending {
            if channel >= down {
                continue;
            }
            let descriptor = block + HEADER + (up + channel) * DESCRIPTOR;
            if let Some(ring) = Ring::read(descriptor, &self.ram, memory) {
                ring.fill(pending, memory);
            }
        }
        self.pending.retain(|_, pending| !pending.is_empty());
    }

    /// The channels of the control block at an address, if it is a good one.
    fn channels(&self, block: u32, memory: &mut dyn Dma) -> Option<Channels> {
        let mut id = ID;
        memory.read(block, &mut id).ok()?;
        let up = word(block.checked_add(16)?, memory)?;
        let down = word(block.checked_add(20)?, memory)?;
        let size = HEADER + up.checked_add(down)?.checked_mul(DESCRIPTOR)?;
        let good = id == ID && up <= MOST_CHANNELS && down <= MOST_CHANNELS && up + down > 0;
        (good && lies_in(&self.ram, block, size)).then_some(Channels { up, down })
    }

    /// The up channels that are in order and have something in them.
    fn up(&self, block: u32, memory: &mut dyn Dma) -> Vec<(u32, Ring)> {
        let count = self.channels(block, memory).map_or(0, |channels| channels.up);
        let rings = (0..count).filter_map(|channel| {
            let ring = Ring::read(block + HEADER + channel * DESCRIPTOR, &self.ram, memory)?;
            (ring.read != ring.write).then_some((channel, ring))
        });
        rings.collect()
    }
}

impl Ring {
    /// A channel that is in order.
    fn read(descriptor: u32, ram: &[Range<u32>], memory: &mut dyn Dma) -> Option<Ring> {
        let mut field = |offset| word(descriptor + offset, memory);
        let (buffer, size) = (field(4)?, field(8)?);
        let (write, read) = (field(WRITE_OFFSET)?, field(READ_OFFSET)?);
        let good = write < size && read < size && lies_in(ram, buffer, size);
        good.then_some(Ring { descriptor, buffer, size, write, read })
    }

    /// What is between the offsets.
    fn contents(&self, memory: &mut dyn Dma) -> Vec<u8> {
        let pieces = match self.read <= self.write {
            true => [self.read..self.write, 0..0],
            false => [self.read..self.size, 0..self.write],
        };
        let mut contents = Vec::new();
        for piece in pieces {
            let mut bytes = vec![0; piece.len()];
            if memory.read(self.buffer + piece.start, &mut bytes).is_ok() {
                contents.append(&mut bytes);
            }
        }
        contents
    }

    /// Writes what there is room for. One byte stays free: a full ring would look empty.
    fn fill(mut self, pending: &mut VecDeque<u8>, memory: &mut dyn Dma) {
        let mut written = false;
        while !pending.is_empty() {
            let end =
                if self.read > self.write { self.read - 1 } else { self.size - u32::from(self.read == 0) };
            let count = pending.len().min((end - self.write) as usize);
            if count == 0 {
                break;
            }
            let bytes: Vec<u8> = pending.drain(..count).collect();
            if memory.write(self.buffer + self.write, &bytes).is_err() {
                break;
            }
            self.write = (self.write + count as u32) % self.size;
            written = true;
        }
        if written {
            // RAM it is, see `Ring::read`.
            let _ = memory.write(self.descriptor + WRITE_OFFSET, &self.write.to_le_bytes());
        }
    }
}

fn word(address: u32, memory: &mut dyn Dma) -> Option<u32> {
    let mut bytes = [0; 4];
    memory.read(address, &mut bytes).ok()?;
    Some(u32::from_le_bytes(bytes))
}

fn lies_in(ranges: &[Range<u32>], start: u32, size: u32) -> bool {
    let end = start.checked_add(size);
    ranges.iter().any(|range| range.start <= start && end.is_some_and(|end| end <= range.end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::BusFault;

    const BASE: u32 = 0x2000_0000;
    const BLOCK: u32 = BASE + 0x100;
    const BUFFER: u32 = BASE + 0x400;

    struct Ram(Vec<u8>);

    impl Dma for Ram {
        fn read(&mut self, address: u32, bytes: &mut [u8]) -> Result<(), BusFault> {
            let start = address.checked_sub(BASE).ok_or(BusFault)? as usize;
            bytes.copy_from_slice(self.0.get(start..start + bytes.len()).ok_or(BusFault)?);
            Ok(())
        }

        fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), BusFault> {
            let start = address.checked_sub(BASE).ok_or(BusFault)? as usize;
            self.0.get_mut(start..start + bytes.len()).ok_or(BusFault)?.copy_from_slice(bytes);
            Ok(())
        }
    }

    impl Ram {
        fn words(&mut self, address: u32, words: &[u32]) {
            let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
            self.write(address, &bytes).unwrap();
        }

        fn word(&mut self, address: u32) -> u32 {
            word(address, self).unwrap()
        }
    }

    const UP: u32 = BLOCK + HEADER;
    const DOWN: u32 = UP + DESCRIPTOR;

    /// 2 KiB of RAM with a control block: one channel of eight bytes in each direction.
    fn ram() -> Ram {
        let mut ram = Ram(vec![0; 2048]);
        ram.write(BLOCK, &ID).unwrap();
        ram.words(BLOCK + 16, &[1, 1]);
        ram.words(UP, &[0, BUFFER, 8, 0, 0, 0]);
        ram.words(DOWN, &[0, BUFFER + 8, 8, 0, 0, 0]);
        ram
    }

    fn rtt() -> Rtt {
        let ram = BASE..BASE + 2048;
        Rtt::new(vec![ram])
    }

    #[test]
    fn a_control_block_is_found_by_its_id() {
        let mut ram = ram();
        let mut rtt = rtt();
        assert_eq!(rtt.search([BASE + 1024, BASE], &mut ram), Some(BLOCK));
        assert_eq!(rtt.attach(BLOCK, &mut ram), Some(Channels { up: 1, down: 1 }));
        ram.0[0x100] = b'X';
        assert!(!rtt.is_attached(&mut ram));
        assert_eq!(rtt.search([BASE], &mut ram), None);
        assert_eq!(rtt.take(&mut ram), []);
    }

    #[test]
    fn an_id_across_the_border_of_two_pages_is_found() {
        let mut ram = Ram(vec![0; 2048]);
        let block = BASE + 1024 - 8;
        ram.write(block, &ID).unwrap();
        ram.words(block + 16, &[1, 0]);
        assert_eq!(rtt().search([BASE, BASE + 1024], &mut ram), Some(block));
    }

    #[test]
    fn text_is_taken_once_and_across_the_end_of_the_ring() {
        let mut ram = ram();
        let mut rtt = rtt();
        rtt.attach(BLOCK, &mut ram);
        ram.write(BUFFER, b"cd....ab").unwrap();
        ram.words(UP + WRITE_OFFSET, &[2, 6]);
        assert_eq!(rtt.peek(BLOCK, &mut ram), [(0, b"abcd".to_vec())]);
        assert_eq!(rtt.take(&mut ram), [(0, b"abcd".to_vec())]);
        assert_eq!(ram.word(UP + READ_OFFSET), 2);
        assert_eq!(rtt.take(&mut ram), []);
    }

    #[test]
    fn input_waits_for_room() {
        let mut ram = ram();
        let mut rtt = rtt();
        rtt.attach(BLOCK, &mut ram);
        rtt.send(0, b"0123456789");
        rtt.send(7, b"there is no such channel");
        rtt.give(&mut ram);
        assert_eq!(ram.word(DOWN + WRITE_OFFSET), 7);
        assert_eq!(&ram.0[0x408..0x410], b"0123456\0");
        rtt.give(&mut ram);
        assert_eq!(ram.word(DOWN + WRITE_OFFSET), 7, "full");
        ram.words(DOWN + READ_OFFSET, &[5]);
        rtt.give(&mut ram);
        assert_eq!(ram.word(DOWN + WRITE_OFFSET), 2);
        assert_eq!(&ram.0[0x408..0x410], b"89234567");
    }

    #[test]
    fn nonsense_is_left_alone() {
        let nonsense: [(u32, &[u32]); 8] = [
            (BLOCK + 16, &[0, 0]),
            (BLOCK + 16, &[u32::MAX, 1]),
            (BLOCK + 16, &[32, 32]),
            (UP, &[0, BUFFER, 0, 0, 0]),
            (UP, &[0, BUFFER, u32::MAX, 5, 0]),
            (UP, &[0, 0xffff_fff8, 16, 5, 0]),
            (UP, &[0, 0, 8, 5, 0]),
            (UP, &[0, BUFFER, 8, 5, 8]),
        ];
        for (address, words) in nonsense {
            let mut ram = ram();
            let mut rtt = rtt();
            rtt.attach(BLOCK, &mut ram);
            ram.words(address, words);
            let before = ram.0.clone();
            rtt.send(40, b"x");
            assert_eq!(rtt.take(&mut ram), [], "{words:x?}");
            rtt.give(&mut ram);
            assert!(ram.0 == before, "{words:x?}: memory is as it was");
        }
        assert_eq!(rtt().attach(u32::MAX - 8, &mut ram()), None);
    }
}
