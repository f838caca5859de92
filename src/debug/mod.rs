//! The debugger's side: a gdb server that runs both ways, and its monitor commands.
//!
//! Bytes come in at `wire`, become packets in `frame`, are understood by gdbstub, and end as calls on a [`Debuggee`],
//! which is the timeline. `session` runs one connection, [`Server`] accepts one after the other: the position in the
//! run outlives a connection.

mod arch;
pub mod client;
mod debuggee;
mod description;
mod frame;
mod monitor;
mod server;
mod session;
mod stub;
mod wire;

pub use debuggee::Debuggee;
pub use monitor::{NameError, Names, Position, PositionError};
pub use server::{Event, Options, Server, ServerError};
pub use session::Ended;
pub use stub::FaultReport;
