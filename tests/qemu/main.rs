//! Every instruction against QEMU: the same registers before each one, bit for bit.
//!
//! QEMU runs a program with a log of its registers (`trace`, `machine`); our core follows it, with pins that answer
//! what QEMU's peripherals answered and interrupts where QEMU took them (`follow`, `pins`). The programs are the fixture
//! firmware and random instructions (`corpus`, `generate`). What is QEMU's own fault stands in `known.toml`.
//!
//! `./dev compare-qemu` runs this.

#![cfg(unix)] // QEMU writes its log to /dev/stderr
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../common/mod.rs"]
mod common;
mod corpus;
mod elf;
mod fixtures;
mod follow;
mod generate;
mod known;
mod load;
mod machine;
mod pins;
mod report;
mod trace;
