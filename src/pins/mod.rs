//! The pins: everything that crosses the core's boundary, and the only nondeterminism of a run.

mod event;
mod lines;

pub use event::{Detail, Digest, Event, HostResult, Stamped};
pub use lines::{Lines, ones};

use crate::{
    core::{Clock, Memory},
    words::{BusFault, Cycle, Icount, Moment, Width},
};

/// When something may next arrive at the pins: whichever comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// At this position.
    pub icount: Icount,
    /// At this virtual time.
    pub cycle: Cycle,
}

impl Due {
    /// Nothing is expected.
    pub const NEVER: Due = Due { icount: Icount::MAX, cycle: Cycle::MAX };
}

/// A sleeping core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asleep {
    /// The virtual time at which it fell asleep.
    pub since: Cycle,
    /// When it would wake by itself (SysTick).
    pub core_wake: Option<Cycle>,
    /// The virtual time past which nobody looks.
    pub limit: Cycle,
}

/// How a sleep ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slept {
    /// At this virtual time; the pins may have changed.
    Until(Cycle),
    /// After the time past which nobody looks.
    PastLimit,
    /// Never: nothing is left that could wake the core.
    Forever,
    /// Not yet: the caller's patience ran out, or the history ends here.
    Interrupted,
}

/// What the core is connected to: peripherals and a host, or a recording of them.
///
/// None of these can fail towards the core. What goes wrong (a full disk, a divergence) is kept, and
/// [`Pins::is_broken`] tells.
pub trait Pins {
    /// A load from the peripheral space.
    fn read(&mut self, at: Moment, address: u32, width: Width, memory: &mut Memory) -> Result<u32, BusFault>;

    /// A store to the peripheral space.
    fn write(
        &mut self,
        at: Moment,
        address: u32,
        width: Width,
        value: u32,
        memory: &mut Memory,
    ) -> Result<(), BusFault>;

    /// When [`Pins::poll`] is wanted next, as things stand.
    fn due(&mut self) -> Due;

    /// Lets arrive what is due at this boundary.
    fn poll(&mut self, at: Moment, memory: &mut Memory);

    /// The interrupt lines as they are now.
    fn lines(&self) -> &Lines;

    /// The core clock as it is now.
    fn clock(&self) -> Clock;

    /// The core sleeps, and nothing that is due wakes it.
    fn sleep(&mut self, at: Moment, asleep: Asleep, memory: &mut Memory) -> Slept;

    /// A semihosting call: R0, R1.
    fn semihosting(&mut self, at: Moment, operation: u32, parameter: u32, memory: &mut Memory) -> HostResult;

    /// The core resets the chip (SYSRESETREQ).
    fn reset(&mut self, at: Moment, memory: &mut Memory);

    /// Whether a reset from outside the core has arrived since the last call.
    fn take_reset(&mut self) -> bool;

    /// Whether the pins cannot go on; the run stops.
    fn is_broken(&self) -> bool;
}
