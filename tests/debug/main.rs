//! The gdb server over a scripted machine: packet by packet, under garbage, and with gdb itself.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod garbage;
mod gdb;
mod harness;
mod monitor;
mod peripherals;
mod scripted;
mod sessions;
mod state;
mod travel;
