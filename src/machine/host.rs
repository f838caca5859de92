//! What a live machine wants of the host that it runs on.

use thiserror::Error;

use super::rtt::Channels;
use crate::{
    board::{Board, hint_or, near},
    peripherals::Dma,
    pins::HostResult,
    words::{Icount, Moment, Nanoseconds},
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

/// When something happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct When {
    /// The position.
    pub icount: Icount,
    /// The virtual time.
    pub time: Nanoseconds,
}

/// A board has no device of that name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{board} has no {name}{}", hint_or(.near, &format!("its UARTs are {}", .uarts.join(", "))))]
pub struct UnknownDevice {
    /// The name of the board.
    pub board: String,
    /// The name that is asked for.
    pub name: String,
    /// Names like it.
    pub near: Vec<String>,
    /// The names of those that send bytes.
    pub uarts: Vec<String>,
}

/// Checks that a board has the device that output of, or input for, a name would belong to.
pub fn find_device(board: &Board, name: &str) -> Result<(), UnknownDevice> {
    let unmodelled = board.unmodelled_uarts();
    if board.devices().any(|(device, ..)| device == name) || unmodelled.iter().any(|uart| uart == name) {
        return Ok(());
    }
    let wires = board.wires();
    let uarts = wires.transmitters().iter().map(|sender| sender.device.clone());
    let uarts: Vec<String> = uarts.chain(unmodelled).collect();
    let mut like = near(name, uarts.iter().map(String::as_str));
    if like.is_empty() {
        like = near(name, board.devices().map(|(device, ..)| device));
    }
    Err(UnknownDevice { board: board.name().to_owned(), name: name.to_owned(), near: like, uarts })
}

/// The host: console, files, input. Its answers are events; it is never asked in replay.
pub trait Host {
    /// A device sent bytes. `device` is its name on the board; `itm0` … are the stimulus ports of the ITM, `rtt0` … the
    /// channels of RTT, whose bytes are noticed a little after they were sent.
    fn output(&mut self, device: &str, bytes: &[u8], when: When);

    /// Answers a semihosting call. Memory is only read here; what the host writes is in the result.
    fn semihosting(&mut self, call: &SemihostingCall, memory: &mut dyn Dma) -> HostResult;

    /// The firmware has rings for RTT: there may be output of `rtt0` …, and there may be input for them.
    fn rtt(&mut self, _channels: Channels) {}

    /// Bytes for a device that have arrived since the last call. Does not wait.
    fn input(&mut self) -> Option<(String, Vec<u8>)>;

    /// Waits up to `milliseconds` for input, because the firmware sleeps and nothing else could wake it.
    /// False means that there will never be input.
    fn wait_for_input(&mut self, milliseconds: u64) -> bool;
}
