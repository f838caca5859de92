//! Memory that is compared with what it held before: tells when it changes without a look at any store.

use std::ptr::NonNull;

use super::Memory;
use crate::{timeline::Watchpoint, words::Icount};

/// Most bytes that are compared at once.
const WORD: u32 = size_of::<u64>() as u32;
/// Most words: each costs time at each instruction.
const WORDS: usize = 4;

/// Some watched memory, and where it was last seen to have changed.
pub struct Values {
    words: heapless::Vec<Word, WORDS>,
    changed_at: Option<Icount>,
}

/// A word of host memory, of which some bytes are watched.
struct Word {
    place: NonNull<u64>,
    mask: u64,
    last: u64,
}

impl Word {
    #[inline(always)]
    fn read(&self) -> u64 {
        // SAFETY: the place is in a region of the memory that `Values::new` was given, aligned, and the engines that use
        // this are dropped before that memory. It changes under us: hence volatile.
        unsafe { self.place.as_ptr().read_volatile() & self.mask }
    }
}

impl Values {
    /// What the watchpoints cover, as it is now; `None` if that is not RAM, or too much. A store to flash counts whether it
    /// changes something or not.
    pub fn new(memory: &Memory, watchpoints: &[Watchpoint]) -> Option<Values> {
        let mut words = heapless::Vec::<Word, WORDS>::new();
        for watch in watchpoints {
            for address in watch.address..watch.address.checked_add(watch.length)? {
                if memory.is_flash(address) {
                    return None;
                }
                let place = memory.word_at(address & !(WORD - 1))?;
                let mask = 0xff << (8 * (address % WORD));
                match words.iter_mut().find(|word| word.place == place) {
                    Some(word) => word.mask |= mask,
                    None => words.push(Word { place, mask, last: 0 }).ok()?,
                }
            }
        }
        words.iter_mut().for_each(|word| word.last = word.read());
        Some(Values { words, changed_at: None })
    }

    /// Whether any of it is not what it was.
    #[inline(always)]
    pub fn differ(&self) -> bool {
        self.words.iter().any(|word| word.read() != word.last)
    }

    /// Notes a change that was made before this position.
    #[cold]
    pub fn settle(&mut self, icount: Icount) {
        self.words.iter_mut().for_each(|word| word.last = word.read());
        self.changed_at = Some(icount);
    }

    /// A position shortly behind the last change.
    pub fn changed_at(&self) -> Option<Icount> {
        self.changed_at
    }
}
