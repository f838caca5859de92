//! The engine: Thumb instructions, executed by Unicorn. The only place with `unsafe`.
//!
//! Two translators share one memory. The *fast* one counts instructions per block and can stop only where a block
//! begins; the *exact* one is called at every instruction and can stop anywhere. What both must agree on is written
//! once, in [`hooks`].
#![expect(unsafe_code, reason = "the engine talks to C")]

mod alignment;
mod blocks;
mod hidden;
mod hits;
mod hooks;
mod memory;
mod snapshot;
#[cfg(test)]
mod tests;
mod translator;
mod traps;
mod values;

use std::collections::BTreeSet;

pub use memory::{Memory, MemoryDigest, Overwritten, PAGE, PageId, Pages};
pub use translator::{Kind, Ran, Translator};
pub use traps::{Transfer, Traps};
pub use values::Values;

use crate::{
    timeline::{WatchKind, Watchpoint},
    words::{BusFault, Icount, Width},
};

/// The version of Unicorn that executes the instructions.
pub fn unicorn_version() -> String {
    // SAFETY: null pointers are allowed: the parts of the version are in the result too.
    let version = unsafe { unicorn_engine_sys::uc_version(std::ptr::null_mut(), std::ptr::null_mut()) };
    let [major, minor, patch, _] = version.to_be_bytes();
    format!("{major}.{minor}.{patch}")
}

/// What a page may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageUse {
    /// An instruction fetch.
    Fetch,
    /// A load.
    Load,
    /// A store.
    Store,
}

/// Where the accesses to one page go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Translation {
    /// To memory, with these permissions besides reading.
    Memory {
        /// The address of the page, aliases resolved.
        page_address: u32,
        /// Stores go straight to memory; where they may be made at all and do not, to [`Port::store`].
        write: bool,
        /// Instructions can be fetched.
        execute: bool,
    },
    /// To memory, with other permissions for other addresses of the page: ask [`Port::allows`] each time. Stores to flash go
    /// to [`Port::store`].
    Guarded,
    /// To [`Port::load`] and [`Port::store`].
    Device,
    /// Nowhere: a bus fault.
    Unmapped,
    /// Nowhere, but without a fault: loads give zero.
    Void,
    /// Nowhere: the MPU, or the architecture's memory map, refuses it.
    Refused,
}

/// What happens to one load or store outside of plain memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Done; the value of a load (zero for a store).
    Done(u32),
    /// Not done: a fault of this kind.
    Fault(AccessFault),
}

/// Why a load or store was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessFault {
    /// The bus answered with an error.
    Bus,
    /// The memory protection refused it.
    Protection,
    /// The address must be aligned there.
    Unaligned,
}

impl From<Result<u32, BusFault>> for Reply {
    fn from(result: Result<u32, BusFault>) -> Self {
        result.map_or(Reply::Fault(AccessFault::Bus), Reply::Done)
    }
}

/// The registers that mask exceptions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Masks {
    /// PRIMASK.
    pub primask: bool,
    /// FAULTMASK.
    pub faultmask: bool,
    /// BASEPRI.
    pub basepri: u8,
}

/// When the rest of the core wants to look at the pins and at pending exceptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attention {
    /// At the first boundary at or after this icount.
    pub at: Icount,
    /// An exception is pending that nothing but PRIMASK, FAULTMASK or BASEPRI can hold back: ask [`Port::takeable`].
    pub pending: bool,
}

/// The memory that the core's own comparators watch, for the firmware; those that watch nothing have length 0.
pub type WatchUnits = heapless::Vec<Watchpoint, { crate::core::dwt::COMPARATORS }>;

/// What the engine wants of the rest of the core while it runs.
pub trait Port {
    /// Flash and RAM.
    fn memory(&mut self) -> &mut Memory;
    /// Where a page leads.
    fn translate(&mut self, address: u32, page_use: PageUse, privileged: bool) -> Translation;
    /// Whether all bytes of an access to a guarded page may pass.
    fn allows(
        &mut self,
        address: u32,
        size: u32,
        page_use: PageUse,
        privileged: bool,
    ) -> Result<(), AccessFault>;
    /// A load by the instruction at this icount.
    fn load(&mut self, icount: Icount, address: u32, width: Width, privileged: bool) -> Reply;
    /// A store by the instruction at this icount, to a device or to flash.
    fn store(&mut self, icount: Icount, address: u32, width: Width, value: u32, privileged: bool) -> Reply;
    /// The byte address and the bit that stand behind an address, if it is in a bit-band alias.
    fn bit_band(&mut self, address: u32) -> Option<(u32, u32)>;
    /// When attention is wanted, as things stand now.
    fn attention(&mut self) -> Attention;
    /// Which instructions trap as things stand now.
    fn traps(&mut self) -> Traps;
    /// What the core's own comparators watch, as things stand now.
    fn watch_units(&mut self) -> WatchUnits;
    /// One of them has seen an access.
    fn watch_unit_matched(&mut self, unit: usize);
    /// Whether a pending exception can be taken with these masks.
    fn takeable(&mut self, masks: Masks) -> bool;
    /// Whether the access just done must take effect before the next instruction: it changed permissions, or asked for
    /// a reset.
    fn interrupts_run(&mut self) -> bool;
}

/// What a debugger looks for while the engine runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// Addresses of instructions.
    pub breakpoints: BTreeSet<u32>,
    /// Ranges of memory.
    pub watchpoints: Vec<Watchpoint>,
    /// Stop before the first hit, or run on and remember the last.
    pub collect: bool,
}

impl Search {
    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.breakpoints.is_empty() && self.watchpoints.is_empty()
    }
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The instruction at a breakpoint.
    Breakpoint,
    /// An access to watched memory.
    Watchpoint {
        /// The address of the watchpoint.
        address: u32,
        /// The kind of the watchpoint.
        kind: WatchKind,
    },
}

/// What was found and where a debugger that travels backwards is told about it: at a breakpoint, or right behind the
/// instruction that touched watched memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The position.
    pub icount: Icount,
    /// What was found.
    pub found: Found,
}

/// Where a run of the engine begins and how far it may go.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// The icount of the first instruction.
    pub start: Icount,
    /// Whether the first instruction begins a basic block of the architecture.
    pub boundary: bool,
    /// Never go past this icount. The exact engine stops there; the fast one stops in front of the block that would.
    pub limit: Icount,
}

/// Why the engine stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// At the limit; the fast engine perhaps a few instructions before it.
    Limit,
    /// At a boundary at which the core asked for attention.
    Attention,
    /// In front of a block that only the exact engine can run, this many instructions long.
    Block(u32),
    /// In front of an instruction that the search is for.
    Found(Found),
    /// In front of an instruction whose accesses made an exception takeable; they are done, and the engine answers them
    /// from memory when this very instruction runs next.
    Accessed,
    /// In front of an instruction that has changed code, or will, behind the engines' back: what follows must not be taken
    /// from their translations. Its accesses are as with [`Exit::Accessed`], but no boundary follows.
    Changed,
    /// In front of a floating-point instruction that begins a context, or that finds another one not saved yet.
    FloatingPoint,
    /// In front of a move of CONTROL, which the core executes.
    Control(Transfer),
    /// In front of an ISB inside an IT block, which the core executes.
    Barrier,
    /// In front of a conversion of a fixed-point number, which the core executes.
    FixedPoint,
    /// Behind an SVC.
    Svc,
    /// At a BKPT.
    Bkpt,
    /// Behind a branch to this EXC_RETURN value.
    ExceptionReturn(u32),
    /// Behind a WFI.
    Wfi,
    /// Behind a WFE.
    Wfe,
    /// At an instruction that could not be executed.
    Fault(Fault),
}

/// Why an instruction could not be executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Its load or store.
    Access {
        /// The address of the access.
        address: u32,
        /// What was wrong.
        fault: AccessFault,
    },
    /// Its fetch.
    Fetch(AccessFault),
    /// It is undefined.
    Undefined,
    /// A coprocessor that is absent or disabled.
    NoCoprocessor,
    /// A division by zero while CCR.DIV_0_TRP is set.
    DivideByZero,
    /// EPSR.T is clear.
    InvalidState,
    /// The stack pointer would be below its limit.
    StackOverflow,
}
