//! Writes from outside the core that are taken back, because nothing has run since they arrived.

use super::Memory;
use crate::words::BusFault;

/// Writes that can be taken back: address and bytes of each, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overwritten(Vec<(u32, Vec<u8>)>);

impl Memory {
    /// Keeps from now on what [`Memory::write`] overwrites.
    pub fn keep_overwritten(&mut self) {
        self.overwritten = Some(Overwritten::default());
    }

    /// What was overwritten since [`Memory::keep_overwritten`].
    pub fn take_overwritten(&mut self) -> Overwritten {
        self.overwritten.take().unwrap_or_default()
    }

    /// Takes writes back. What they become brings them back, by the same call.
    pub fn exchange(&mut self, Overwritten(writes): &mut Overwritten) {
        // The last one first: a later write may have gone over an earlier one.
        writes.reverse();
        for (address, bytes) in writes {
            let mut now = vec![0; bytes.len()];
            let written = self.read(*address, &mut now).and_then(|()| self.write(*address, bytes));
            written.expect("it was written before");
            *bytes = now;
        }
    }

    /// Keeps what is about to be overwritten, if somebody wants to know.
    pub(super) fn note_overwritten(&mut self, address: u32, length: usize) -> Result<(), BusFault> {
        if self.overwritten.is_none() {
            return Ok(());
        }
        let mut old = vec![0; length];
        self.read(address, &mut old)?;
        if let Some(Overwritten(writes)) = &mut self.overwritten {
            writes.push((address, old));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::{
        CoreKind,
        engine::tests::{RAM, config},
    };

    #[test]
    fn writes_can_be_taken_back_and_brought_back() {
        let mut memory = Memory::new(&config(CoreKind::CortexM3));
        memory.write(RAM, &[1, 2, 3, 4]).unwrap();
        memory.keep_overwritten();
        memory.write(RAM + 1, &[5, 6]).unwrap();
        memory.write(RAM + 2, &[7, 8]).unwrap();
        memory.write(0xf000_0000, &[9]).unwrap_err();
        let mut writes = memory.take_overwritten();
        let word = |memory: &Memory| memory.read_word(RAM).unwrap().to_le_bytes();
        assert_eq!(word(&memory), [1, 5, 7, 8]);
        for _ in 0..2 {
            memory.exchange(&mut writes);
            assert_eq!(word(&memory), [1, 2, 3, 4]);
            memory.exchange(&mut writes);
            assert_eq!(word(&memory), [1, 5, 7, 8]);
        }
    }
}
