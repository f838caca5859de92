//! What a live machine wants of the host that it runs on.

use crate::{
    peripherals::Dma,
    pins::HostResult,
    words::{Moment, Nanoseconds},
};

/// A semihosting request (Arm semihosting for AArch32, BKPT 0xAB).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SemihostingCall {
    /// R0: the operation number.
    pub operation: u32,
    /// R1: the parameter, usually the address of a block.
    pub parameter: u32,
    /// When the call happens.
    pub at: Moment,
    /// The same in seconds of virtual time.
    pub time: Nanoseconds,
}

/// The host: console, files, input. Its answers are events; it is never asked in replay.
pub trait Host {
    /// A device sent bytes (`device` is its name on the board).
    fn output(&mut self, device: &str, bytes: &[u8]);

    /// Answers a semihosting call. Memory is only read here; what the host writes is in the result.
    fn semihosting(&mut self, call: &SemihostingCall, memory: &mut dyn Dma) -> HostResult;

    /// Bytes for a device that have arrived since the last call. Does not wait.
    fn input(&mut self) -> Option<(String, Vec<u8>)>;

    /// Waits up to `milliseconds` for input, because the firmware sleeps and nothing else could wake it.
    /// False means that there will never be input.
    fn wait_for_input(&mut self, milliseconds: u64) -> bool;
}
