//! The one holder of every peripheral: reset, save, restore, compare, peek.

use std::{fmt::Debug, ops::Range};

use super::{Access, Clocks, Context, Frequency, Level, Output, Peripheral, Talk, surroundings::Nothing};
use crate::words::{BusFault, Cycle, Width};

/// A peripheral with its state, its type forgotten: what the bus holds.
pub trait Device: Debug {
    /// Reads a register.
    fn read(&mut self, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault>;
    /// Writes a register.
    fn write(&mut self, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault>;
    /// The flash that is programmed through this.
    fn program_areas(&self) -> &[Range<u32>];
    /// Takes a store of the core to such flash.
    fn program(
        &mut self,
        address: u32,
        width: Width,
        value: u32,
        cx: &mut Context<'_>,
    ) -> Result<(), BusFault>;
    /// Takes bytes from the host.
    fn input(&mut self, bytes: &[u8], cx: &mut Context<'_>);
    /// Lets the peripheral do what was due.
    fn wake(&mut self, cx: &mut Context<'_>);
    /// The level of each interrupt line.
    fn irq_lines(&self) -> u32;
    /// When [`Device::wake`] is wanted.
    fn next_wake(&self) -> Option<Cycle>;
    /// Whether a reset of the chip is asked for.
    fn reset_request(&self) -> bool;
    /// The level of each output.
    fn outputs(&self) -> u64;
    /// Something arrives at an input.
    fn wire(&mut self, input: u32, level: Level, cx: &mut Context<'_>);
    /// The clock is another one from now on.
    fn clocked(&mut self, clock: Frequency, cx: &mut Context<'_>);
    /// Of a clock controller: what runs how fast.
    fn clocks(&self) -> Option<Clocks>;
    /// The controller says something.
    fn talk(&mut self, talk: Talk, cx: &mut Context<'_>) -> Option<u32>;
    /// What a read would give, without its side effects.
    fn peek(&self, at: Access, now: Cycle) -> Result<u32, BusFault>;
    /// The chip is reset.
    fn reset(&mut self);
    /// The state, encoded.
    fn save(&self) -> Vec<u8>;
    /// Takes back what [`Device::save`] gave.
    fn restore(&mut self, saved: &[u8]) -> Result<(), postcard::Error>;
}

/// A model and its state.
pub struct Slot<P: Peripheral> {
    model: P,
    state: P::State,
}

impl<P: Peripheral> Slot<P> {
    /// A peripheral just after reset.
    pub fn new(model: P) -> Self {
        Slot { model, state: P::State::default() }
    }
}

impl<P: Peripheral> Debug for Slot<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.state.fmt(f)
    }
}

impl<P: Peripheral> Device for Slot<P> {
    fn read(&mut self, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        self.model.read(&mut self.state, at, cx)
    }

    fn write(&mut self, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        self.model.write(&mut self.state, at, value, cx)
    }

    fn program_areas(&self) -> &[Range<u32>] {
        self.model.program_areas()
    }

    fn program(
        &mut self,
        address: u32,
        width: Width,
        value: u32,
        cx: &mut Context<'_>,
    ) -> Result<(), BusFault> {
        self.model.program(&mut self.state, address, width, value, cx)
    }

    fn input(&mut self, bytes: &[u8], cx: &mut Context<'_>) {
        self.model.input(&mut self.state, bytes, cx);
    }

    fn wake(&mut self, cx: &mut Context<'_>) {
        self.model.wake(&mut self.state, cx);
    }

    fn irq_lines(&self) -> u32 {
        self.model.irq_lines(&self.state)
    }

    fn next_wake(&self) -> Option<Cycle> {
        self.model.next_wake(&self.state)
    }

    fn reset_request(&self) -> bool {
        self.model.reset_request(&self.state)
    }

    fn outputs(&self) -> u64 {
        self.model.outputs(&self.state)
    }

    fn wire(&mut self, input: u32, level: Level, cx: &mut Context<'_>) {
        self.model.wire(&mut self.state, input, level, cx);
    }

    fn clocked(&mut self, clock: Frequency, cx: &mut Context<'_>) {
        self.model.clocked(&mut self.state, clock, cx);
    }

    fn clocks(&self) -> Option<Clocks> {
        self.model.clocks(&self.state)
    }

    fn talk(&mut self, talk: Talk, cx: &mut Context<'_>) -> Option<u32> {
        self.model.talk(&mut self.state, talk, cx)
    }

    fn peek(&self, at: Access, now: Cycle) -> Result<u32, BusFault> {
        // Nothing is around, so that a look changes nothing.
        let (mut output, mut pulses) = (Output::default(), Vec::new());
        let mut cx = Context { now, dma: &mut Nothing, output: &mut output, pulses: &mut pulses };
        self.model.read(&mut self.state.clone(), at, &mut cx)
    }

    fn reset(&mut self) {
        self.state = self.model.after_reset(&self.state);
    }

    fn save(&self) -> Vec<u8> {
        postcard::to_stdvec(&self.state).expect("a peripheral's state is plain data")
    }

    fn restore(&mut self, saved: &[u8]) -> Result<(), postcard::Error> {
        self.state = postcard::from_bytes(saved)?;
        Ok(())
    }
}
