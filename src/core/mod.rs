//! The core: what Arm specifies, from instructions to interrupts. Deterministic; everything else comes through the pins.

mod config;

pub use config::{Config, CoreKind, Region, RegionKind};
