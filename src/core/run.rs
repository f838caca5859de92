//! The core: its state, its memory and its engines.

mod boundary;
mod execute;

use thiserror::Error;

use super::{
    Config,
    engine::{Hit, Kind, Memory, Overwritten, Search, Translator, Values},
    executed::{Entered, Executed, Visited},
    port::{bit_band, is_core_register},
    state::State,
    watched::Watched,
};
use crate::{
    pins::{Detail, Digest},
    timeline::Watchpoint,
    words::{BusFault, Icount},
};

/// The core could not be built.
#[derive(Debug, Error)]
#[error("the translator cannot be set up: {0}")]
pub struct EngineError(#[from] unicorn_engine_sys::uc_error);

/// What has arrived at an icount, before anything runs.
struct Ahead {
    state: State,
    /// What brings back the writes.
    memory: Overwritten,
}

/// A Cortex-M core.
pub struct Core {
    // The engines map the memory: they are dropped before it.
    fast: Translator,
    exact: Translator,
    /// Made when it is first needed.
    watching: Option<Translator>,
    memory: Memory,
    config: Config,
    state: State,
    /// What the state becomes when what arrives at its very icount has been looked at, if that has happened already and
    /// no instruction has run since. The state itself stays what every way to this icount gives.
    ahead: Option<Ahead>,
    /// What the last look at the pins has overwritten.
    arrived: Overwritten,
    ran_last: Option<Kind>,
    /// Memory that is compared instead of watched.
    values: Option<Box<Values>>,
    /// Memory that the core itself writes, in exception entries and for the host, passes no hook of the engines.
    watched: Watched,
    /// Instructions at which an engine began or stopped: the core may execute them itself.
    visited: Visited,
    entered: Entered,
}

impl Core {
    /// A core at power-up with empty memory.
    pub fn new(config: &Config) -> Result<Core, EngineError> {
        let memory = Memory::new(config);
        Ok(Core {
            fast: Translator::new(Kind::Fast, config.core, &memory)?,
            exact: Translator::new(Kind::Exact, config.core, &memory)?,
            watching: None,
            values: None,
            memory,
            config: config.clone(),
            state: State::new(config),
            ahead: None,
            arrived: Overwritten::default(),
            ran_last: None,
            watched: Watched::default(),
            visited: Visited::default(),
            entered: Entered::default(),
        })
    }

    /// What the core is built with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The state now.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Changes the state, as a debugger does.
    pub fn state_mut(&mut self) -> &mut State {
        self.ahead = None;
        &mut self.state
    }

    /// Replaces the state: the core is somewhere else in its history.
    pub fn set_state(&mut self, state: State) {
        self.state = state;
        self.ahead = None;
    }

    /// Flash and RAM.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Flash and RAM, to change.
    pub fn memory_mut(&mut self) -> &mut Memory {
        &mut self.memory
    }

    /// A digest of state and memory: equal digests, equal futures.
    pub fn digest(&mut self) -> u64 {
        self.state.digest(self.memory.digest().sum)
    }

    /// The digest with what tells where another one differs.
    pub fn detailed_digest(&mut self) -> Digest {
        let memory = self.memory.digest();
        let detail = Detail { registers: self.state.registers.core(), memory };
        Digest { all: self.state.digest(memory.sum), detail: Some(Box::new(detail)) }
    }

    /// Resets the core: everything but memory and time (B1.5.5).
    pub fn reset(&mut self) {
        let State { icount, slept, clock, .. } = self.state;
        let fault = self.state.fault.take();
        self.state = State { icount, slept, clock, fault, ..State::new(&self.config) };
        let vector_table = self.state.scb.vtor;
        let registers = &mut self.state.registers;
        registers.msp = self.memory.read_word(vector_table).unwrap_or(0) & !3;
        let handler = self.memory.read_word(vector_table.wrapping_add(4)).unwrap_or(0);
        registers.pc = handler & !1;
        registers.xpsr = (handler & 1) << 24;
        self.ahead = None;
        self.memory.invalidate_permissions();
    }

    /// Reads memory and the private peripheral bus without side effects.
    pub fn peek(&self, address: u32, bytes: &mut [u8]) -> Result<(), BusFault> {
        if let Some((byte, _)) = bit_band(&self.config, address)
            && self.memory.page(byte).is_some()
        {
            return self.peek_bits(address, bytes);
        }
        if !is_core_register(address) {
            return self.memory.read(address, bytes);
        }
        let mut state = self.state.clone();
        let now = state.moment().cycle;
        state.sync_systick(now);
        for (byte, address) in bytes.iter_mut().zip(address..) {
            if address >= 0xe010_0000 {
                return Err(BusFault);
            }
            *byte = state.peek_ppb(address, crate::words::Width::Byte, now) as u8;
        }
        Ok(())
    }

    /// Reads the words that stand for single bits of memory.
    fn peek_bits(&self, address: u32, bytes: &mut [u8]) -> Result<(), BusFault> {
        for (value, address) in bytes.iter_mut().zip(address..) {
            let (byte, bit) = bit_band(&self.config, address).ok_or(BusFault)?;
            let mut of = [0];
            self.memory.read(byte, &mut of)?;
            *value = if address.is_multiple_of(4) { of[0] >> bit & 1 } else { 0 };
        }
        Ok(())
    }

    /// The last hit of a collecting search that was run up to now.
    pub fn take_found(&mut self) -> Option<Hit> {
        let found = [self.fast.take_found(), self.exact.take_found(), self.watched.found.take()];
        found.into_iter().flatten().max_by_key(|hit| hit.icount)
    }

    /// What ran since this was asked last.
    pub fn take_executed(&mut self) -> Executed {
        let mut code = self.fast.take_visited();
        code.extend(self.exact.take_visited());
        code.extend(self.watching.iter_mut().flat_map(Translator::take_visited));
        code.extend(self.visited.take());
        Executed { code, exceptions: self.entered.take() }
    }

    /// Sets what the debugger looks for in the runs that follow.
    pub fn set_search(&mut self, search: &Search) {
        self.fast.set_search(search, &self.memory);
        self.exact.set_search(search, &self.memory);
        self.watched = Watched::new(search);
    }

    /// Compares memory in front of each instruction of the runs that follow, and tells with [`Core::take_changed`] when it
    /// changed. That makes all of a run slower, a watchpoint only the accesses to its page: better where the page
    /// is busy. Whether it can be done: memory it must be, and not much.
    pub fn compare_values(&mut self, watchpoints: &[Watchpoint]) -> bool {
        if self.watching.is_none() {
            self.watching = Translator::new(Kind::Watching, self.config.core, &self.memory).ok();
        }
        self.values = Values::new(&self.memory, watchpoints).map(Box::new);
        if self.watching.is_none() {
            self.values = None;
        }
        self.values.is_some()
    }

    /// Ends what [`Core::compare_values`] began; gives a position shortly behind the last change, if there was one.
    pub fn take_changed(&mut self) -> Option<Icount> {
        self.settle_values();
        self.values.take()?.changed_at()
    }

    /// What has changed in memory while no engine ran, or with the last instruction of one.
    fn settle_values(&mut self) {
        if let Some(values) = self.values.as_mut().filter(|values| values.differ()) {
            values.settle(self.state.icount);
        }
    }

    /// Accesses to watched pages since this was last asked.
    pub fn take_watched_accesses(&mut self) -> u64 {
        self.fast.take_watched_accesses() + self.exact.take_watched_accesses()
    }
}

#[cfg(test)]
mod tests;
