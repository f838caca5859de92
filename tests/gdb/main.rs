//! gdb-multiarch itself on recorded and live firmware: whole sessions, as a user types and reads them.

#![cfg(unix)] // signals
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod crash;
mod harness;
mod live;
mod monitor;
mod past;
mod peripherals;
mod server;
mod tasks;
mod watch;
