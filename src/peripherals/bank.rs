//! A bank of registers without a model: what an SVD file says, and a guess where firmware waits for hardware.
//!
//! Reads and writes do what the file's `access`, `modifiedWriteValues` and `readAction` say. Nothing happens by itself, so a
//! loop that waits for a status bit would wait for ever. With [`Policy::Guess`] a register that is read again and
//! again without a change is answered with one changed field after the other, until the loop ends. What ended it stays.

mod candidates;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use candidates::Guess;

use self::candidates::candidates;
use super::Access;
use crate::{
    svd::{Behaviour, Register},
    words::{BusFault, Cycle},
};

/// What happens at a register that has no model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Policy {
    /// Every access is a bus fault.
    Strict,
    /// It is a register that begins with its reset value.
    Reset,
    /// The same; and what firmware waits for is guessed.
    #[default]
    Guess,
}

/// Reads of one register, without a change, that make it a loop.
const PATIENCE: u32 = 64;
/// The same, where a guess has ended a loop before.
const PATIENCE_OF_THE_TAUGHT: u32 = 4;
/// How often a candidate is given before the next one: some loops read twice in a turn.
const TURNS: u32 = 3;
/// Core clock cycles between two turns of a loop, at the most.
const TURN: Cycle = 5_000;

/// What is known of the word at an address.
#[derive(Clone, Debug, Default)]
struct Word {
    reset: u32,
    behaviour: Behaviour,
}

/// The registers of a bank: what does not change.
#[derive(Clone, Debug, Default)]
pub struct Bank {
    registers: Vec<Register>,
    words: BTreeMap<u32, Word>,
    policy: Policy,
}

/// The contents of a bank.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Contents {
    words: BTreeMap<u32, u32>,
    polls: BTreeMap<u32, Poll>,
}

/// How a word has been read lately.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Poll {
    /// Reads in a row that gave the same.
    count: u32,
    last: Cycle,
    trial: Trial,
    /// A candidate has ended a loop before.
    taught: Option<u32>,
}

/// What is being tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
enum Trial {
    #[default]
    None,
    /// This candidate has been given this often.
    Candidate { number: u32, given: u32 },
    /// All were tried, and none ended the loop.
    Exhausted,
}

impl Bank {
    /// A bank with these registers, at the addresses that they have.
    pub fn new(registers: impl IntoIterator<Item = Register>, policy: Policy) -> Bank {
        let registers: Vec<Register> = registers.into_iter().collect();
        let mut words = BTreeMap::<u32, Word>::new();
        for register in &registers {
            let shift = 8 * (register.address & 3);
            let word = words.entry(register.address & !3).or_default();
            let lanes = 1_u32.checked_shl(8 * register.size).map_or(u32::MAX, |above| above - 1) << shift;
            word.reset = word.reset & !lanes | register.reset_value << shift & lanes;
            word.behaviour.take_in(&register.behaviour, shift, lanes);
        }
        Bank { registers, words, policy }
    }

    /// Changes what happens where there is no model.
    pub fn set_policy(&mut self, policy: Policy) {
        self.policy = policy;
    }

    /// What is there now, without side effects.
    pub fn look(&self, contents: &Contents, at: Access) -> u32 {
        at.take(self.behaviour(at).read(self.word(contents, at.register()), at.lanes()).0)
    }

    /// What is stored in the word at an address.
    pub(super) fn raw(&self, contents: &Contents, address: u32) -> u32 {
        self.word(contents, address & !3)
    }

    /// What becomes of a stored word by a write.
    pub(super) fn written(&self, old: u32, at: Access, value: u32) -> u32 {
        self.behaviour(at).written(old, at.place(value), at.lanes())
    }

    /// Stores a word, whatever writes to it may do.
    pub(super) fn put(&self, contents: &mut Contents, address: u32, value: u32) {
        contents.words.insert(address & !3, value);
    }

    /// A read. Errors with [`Policy::Strict`] alone.
    pub fn read(&self, contents: &mut Contents, at: Access, now: Cycle) -> Result<u32, BusFault> {
        if self.policy == Policy::Strict {
            return Err(BusFault);
        }
        let address = at.register();
        self.conclude(contents, now);
        let stored = self.word(contents, address);
        let (value, after) = self.behaviour(at).read(stored, at.lanes());
        if after != stored {
            contents.words.insert(address, after);
            contents.polls.remove(&address);
        } else if self.policy == Policy::Guess {
            return Ok(at.take(self.poll(contents, address, value, now)));
        }
        Ok(at.take(value))
    }

    /// A write. Errors with [`Policy::Strict`] alone.
    pub fn write(&self, contents: &mut Contents, at: Access, value: u32, now: Cycle) -> Result<(), BusFault> {
        if self.policy == Policy::Strict {
            return Err(BusFault);
        }
        let address = at.register();
        // Whoever writes to a peripheral waits no longer for it; and the hardware may now do something else.
        self.conclude(contents, now);
        self.end_trials(contents, |other, _| other >> 10 == address >> 10);
        let old = self.word(contents, address);
        contents.words.insert(address, self.behaviour(at).written(old, at.place(value), at.lanes()));
        for (_, poll) in contents.polls.range_mut(address & !0x3ff..=address | 0x3ff) {
            *poll = Poll { taught: poll.taught, ..Poll::default() };
        }
        Ok(())
    }

    /// The guesses that have ended loops, with the register's address.
    pub fn guesses(&self, contents: &Contents) -> Vec<Guess> {
        let ended = |poll: &Poll| match poll.trial {
            Trial::Candidate { number, .. } => Some(number),
            _ => poll.taught,
        };
        let of = |(&address, poll): (&u32, &Poll)| {
            let reset = self.words.get(&address).map_or(0, |word| word.reset);
            let candidate =
                candidates(&self.registers, address, reset).into_iter().nth(ended(poll)? as usize)?;
            Some(Guess::new(&self.registers, address, candidate))
        };
        contents.polls.iter().filter_map(of).collect()
    }

    fn behaviour(&self, at: Access) -> Behaviour {
        self.words.get(&at.register()).map(|word| word.behaviour).unwrap_or_default()
    }

    fn word(&self, contents: &Contents, address: u32) -> u32 {
        let reset = || self.words.get(&address).map(|word| word.reset);
        contents.words.get(&address).copied().or_else(reset).unwrap_or(0)
    }

    /// Counts a read that changes nothing, and answers it.
    fn poll(&self, contents: &mut Contents, address: u32, value: u32, now: Cycle) -> u32 {
        let reset = self.words.get(&address).map_or(0, |word| word.reset);
        let poll = contents.polls.entry(address).or_default();
        if now.saturating_sub(poll.last) > TURN {
            *poll = Poll { taught: poll.taught, ..Poll::default() };
        }
        poll.last = now;
        poll.count = poll.count.saturating_add(1);
        let patience = if poll.taught.is_some() { PATIENCE_OF_THE_TAUGHT } else { PATIENCE };
        if poll.count < patience {
            return value;
        }
        poll.trial = match poll.trial {
            Trial::None => Trial::Candidate { number: poll.taught.unwrap_or(0), given: 0 },
            // What helped once did not help this time: all of them from the first one on.
            Trial::Candidate { number, given: TURNS.. } if poll.taught == Some(number) => {
                poll.taught = None;
                Trial::Candidate { number: 0, given: 0 }
            }
            Trial::Candidate { number, given: TURNS.. } => Trial::Candidate { number: number + 1, given: 0 },
            trial => trial,
        };
        let Trial::Candidate { number, given } = poll.trial else { return value };
        match candidates(&self.registers, address, reset).get(number as usize) {
            Some(candidate) => {
                poll.trial = Trial::Candidate { number, given: given + 1 };
                candidate.apply(value)
            }
            None => {
                poll.trial = Trial::Exhausted;
                value
            }
        }
    }

    /// A register that is no longer read had the answer that was waited for: it keeps it.
    fn conclude(&self, contents: &mut Contents, now: Cycle) {
        self.end_trials(contents, |_, poll| now.saturating_sub(poll.last) > TURN);
    }

    fn end_trials(&self, contents: &mut Contents, ended: impl Fn(u32, &Poll) -> bool) {
        let ended = |(address, poll): &(&u32, &Poll)| {
            matches!(poll.trial, Trial::Candidate { .. }) && ended(**address, poll)
        };
        let ended: Vec<u32> = contents.polls.iter().filter(ended).map(|(&address, _)| address).collect();
        for address in ended {
            let stored = self.word(contents, address);
            let reset = self.words.get(&address).map_or(0, |word| word.reset);
            let Some(poll) = contents.polls.get_mut(&address) else { continue };
            let Trial::Candidate { number, .. } = poll.trial else { continue };
            *poll = Poll { taught: Some(number), ..Poll::default() };
            if let Some(candidate) = candidates(&self.registers, address, reset).get(number as usize) {
                contents.words.insert(address, candidate.apply(stored));
            }
        }
    }
}

#[cfg(test)]
mod tests;
