//! The machine: a core and what its pins are connected to.

mod host;
mod live;
mod messages;
mod replay;
pub mod semihosting;

pub use host::{Host, SemihostingCall};
pub use live::{Live, LivePins};
pub use messages::{Listener, Message, Told};
pub use replay::{Act, Break, Cursor, Mismatch, ReplayPins};
