//! The laws that make a run visitable, held against every fixture of `firmware/fixtures.toml`:
//!
//! 1. a replay is the recording;
//! 2. a position has one state, whatever was visited before;
//! 3. slicing is invisible: a run in one go, in steps, or with a debugger in between is the same run;
//! 4. what is saved and restored is the same;
//! 5. looking changes nothing;
//!
//! and what follows for steps and searches in both directions, for the size of traces, and for recordings that are
//! killed.

#![expect(clippy::unwrap_used, reason = "in helpers of tests, too, a panic is a failed test")]

#[path = "../common/mod.rs"]
mod common;

mod adversary;
mod bugs;
mod killed;
mod look;
mod near;
mod replay;
mod restore;
mod scan;
mod search;
mod sections;
mod seek;
mod size;
mod slices;
mod step;
