//! Record and replay for Cortex-M firmware, with a debugger that runs backwards.
//!
//! The layers, each using only what stands above it, are told in `ARCHITECTURE.md`.

pub mod quantity;
pub mod words;

pub mod defmt;
pub mod image;

pub mod core;
pub mod pins;
pub mod trace;

pub mod svd;

pub mod peripherals;

pub mod board;

pub mod machine;

pub mod timeline;

pub mod debug;
pub mod fault;
