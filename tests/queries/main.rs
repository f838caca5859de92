//! Questions about the past have the answers that a look at each instruction has, and asking them changes nothing.

#![expect(clippy::unwrap_used, reason = "in helpers of tests, too, a panic is a failed test")]

#[path = "../common/mod.rs"]
mod common;

mod accesses;
mod bookmarks;
mod brute;
mod events;
mod output;
mod past;
