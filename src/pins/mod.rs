//! The pins: everything that crosses the core's boundary, and the only nondeterminism of a run.

mod event;

pub use event::{Event, HostResult, Stamped};
