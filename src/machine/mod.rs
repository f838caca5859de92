//! The machine: a core and what its pins are connected to.

mod host;
mod live;
mod master;
mod messages;
mod probe;
mod replay;
pub mod rtt;
pub mod semihosting;

pub use host::{Host, SemihostingCall, UnknownDevice, When, find_device};
pub use live::{Live, LivePins};
pub use messages::{Listener, Message, Told};
pub use replay::{Act, Break, Cursor, Mismatch, ReplayPins};
