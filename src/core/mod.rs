//! The core: what Arm specifies, from instructions to interrupts. Deterministic; everything else comes through the pins.

mod clock;
mod config;
mod dwt;
mod engine;
mod exception;
mod executed;
mod instructions;
mod itm;
mod mpu;
mod nvic;
mod port;
mod ppb;
mod run;
mod scb;
mod security;
mod state;
mod systick;
mod thumb;
mod travel;
mod watched;

pub use clock::Clock;
pub use config::{Architecture, Config, CoreKind, DeviceRange, Fpu, Region, RegionKind};
pub use engine::{Found, Hit, Memory, MemoryDigest, PAGE, PageId, Pages, Search, unicorn_version};
pub use executed::Executed;
pub use run::{Core, EngineError};
pub use state::{Activity, STATE_HEAP_BYTES, State};
pub use thumb::accesses_several;
pub use travel::{Context, Halt, Travel};
