//! The machine: a core and what its pins are connected to.

mod host;
pub mod semihosting;

pub use host::{Host, SemihostingCall};
