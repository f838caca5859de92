//! The fault report: from a wrecked stack to words, functions and lines.

mod access;
mod cause;
mod place;
mod report;
mod stack;
mod status;
#[cfg(test)]
mod testing;
mod text;
mod unwind;

pub use report::Report;
pub use status::{CFSR, CfsrBit, Class, HFSR, HfsrBit};
pub use unwind::{DEPTH_LIMIT, End, Frame, ReadMemory, exception_name, unwind};

use crate::words::{Moment, Nanoseconds, Registers};

/// What was known when a fault exception was taken, or when the core locked up.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Fault {
    /// The faulting instruction: the state before it.
    pub at: Moment,
    /// The virtual time in seconds there.
    pub time: Nanoseconds,
    /// The exception that was taken: 3 HardFault, 4 MemManage, 5 BusFault, 6 UsageFault, 7 SecureFault; 0 for a lockup. What
    /// is pending and goes first (NMI, an interrupt that is chained to) is not a fault and makes no report.
    pub exception: u16,
    /// The registers before the exception entry; `pc` is the faulting instruction.
    pub registers: Registers,
    /// Configurable Fault Status Register, after entry. Armv6-M has none of these registers: what Armv7-M would show.
    pub cfsr: u32,
    /// HardFault Status Register, after entry.
    pub hfsr: u32,
    /// MemManage Fault Address Register.
    pub mmfar: u32,
    /// BusFault Address Register.
    pub bfar: u32,
    /// The core locked up instead of entering the handler.
    pub lockup: bool,
}
