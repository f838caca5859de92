//! Semihosting: a firmware's calls to the host, as Arm's "Semihosting for AArch32 and AArch64" (2.0) specifies them.
//!
//! Everything here is an answer of the host, so all of it reaches the trace as one event per call, and none of it runs
//! in replay. Two things differ from a debug probe on purpose:
//!
//! - `SYS_CLOCK`, `SYS_ELAPSED` and `SYS_TICKFREQ` tell virtual time. Only `SYS_TIME` asks the host's clock.
//! - A firmware under test is not trusted. Files are those below the current directory; `SYS_SYSTEM` is refused;
//!   no length that the firmware names makes untick allocate more than [`MOST`].

mod errno;
mod files;
mod memory;
mod sent;
#[cfg(test)]
mod tests;

use std::{
    path::PathBuf,
    time::{SystemTime, UNIX_EPOCH},
};

pub use self::sent::{Sent, sends, sent};
use self::{errno::Errno, files::Files};
use super::SemihostingCall;
use crate::{
    core::{Config, RegionKind},
    peripherals::Dma,
    pins::HostResult,
};

/// The most bytes that one call moves: a longer write or read is answered as a partial one.
pub const MOST: u32 = 1 << 20;

/// What a failed call answers in R0.
const FAILED: u32 = u32::MAX;

/// `ADP_Stopped_ApplicationExit`: the only reason for which an exit is a success (specification, 8.1).
const APPLICATION_EXIT: u32 = 0x20026;
/// `SYS_ELAPSED` counts nanoseconds, whatever the core clock is.
const TICKS_IN_A_SECOND: u32 = 1_000_000_000;

/// The name of an operation in the specification (section 7).
pub fn operation_name(operation: u32) -> Option<&'static str> {
    Some(match operation {
        0x01 => "SYS_OPEN",
        0x02 => "SYS_CLOSE",
        0x03 => "SYS_WRITEC",
        0x04 => "SYS_WRITE0",
        0x05 => "SYS_WRITE",
        0x06 => "SYS_READ",
        0x07 => "SYS_READC",
        0x08 => "SYS_ISERROR",
        0x09 => "SYS_ISTTY",
        0x0a => "SYS_SEEK",
        0x0c => "SYS_FLEN",
        0x0d => "SYS_TMPNAM",
        0x0e => "SYS_REMOVE",
        0x0f => "SYS_RENAME",
        0x10 => "SYS_CLOCK",
        0x11 => "SYS_TIME",
        0x12 => "SYS_SYSTEM",
        0x13 => "SYS_ERRNO",
        0x15 => "SYS_GET_CMDLINE",
        0x16 => "SYS_HEAPINFO",
        0x18 => "SYS_EXIT",
        0x20 => "SYS_EXIT_EXTENDED",
        0x30 => "SYS_ELAPSED",
        0x31 => "SYS_TICKFREQ",
        _ => return None,
    })
}

/// Where the bytes of a console go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output, and the debug channel of SYS_WRITEC and SYS_WRITE0.
    Output,
    /// Standard error.
    Error,
}

/// The console that a firmware opens as `:tt`.
pub trait Streams {
    /// Shows bytes.
    fn write(&mut self, stream: Stream, bytes: &[u8]);

    /// Waits for input and takes at most `most` bytes of it. Empty at the end of input.
    fn read(&mut self, most: usize) -> Vec<u8>;
}

/// The memory that SYS_HEAPINFO offers; 0 stands for "not known", and the firmware then uses its linker script's values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeapInfo {
    /// The first address of the heap.
    pub heap_base: u32,
    /// The first address behind the heap.
    pub heap_limit: u32,
    /// Where the stack begins; it grows down.
    pub stack_base: u32,
    /// The lowest address of the stack.
    pub stack_limit: u32,
}

impl HeapInfo {
    /// The heap in the RAM that the reset stack pointer points into, from `end` (the first byte that the image leaves
    /// free, if known) to the end of that RAM; the stack where the vector table puts it.
    pub fn new(config: &Config, stack_pointer: u32, end: Option<u32>) -> HeapInfo {
        let top = config
            .regions
            .iter()
            .filter(|region| region.kind == RegionKind::Ram)
            .flat_map(|region| {
                let bases = std::iter::once(region.base).chain(region.aliases.iter().copied());
                bases.map(|base| (base, base.saturating_add(region.size)))
            })
            // A stack that begins at the very end of RAM points one byte behind it.
            .find(|&(base, top)| base < stack_pointer && stack_pointer <= top);
        match top {
            None => HeapInfo::default(),
            Some((base, top)) => HeapInfo {
                heap_base: end.filter(|end| (base..top).contains(end)).unwrap_or(0),
                heap_limit: top,
                stack_base: stack_pointer,
                stack_limit: 0,
            },
        }
    }
}

/// The host's side of semihosting: open files, the last error, what the firmware may know.
#[derive(Debug)]
pub struct Semihosting {
    command_line: String,
    heap: HeapInfo,
    files: Files,
    errno: Errno,
}

impl Semihosting {
    /// `command_line` is what SYS_GET_CMDLINE answers; files outside `directory` are refused.
    pub fn new(command_line: String, heap: HeapInfo, directory: PathBuf) -> Semihosting {
        Semihosting { command_line, heap, files: Files::new(directory), errno: Errno::default() }
    }

    /// Answers one call. A call that fails answers what its description in the specification says, and SYS_ERRNO why.
    pub fn call(
        &mut self,
        call: &SemihostingCall,
        memory: &mut dyn Dma,
        streams: &mut dyn Streams,
    ) -> HostResult {
        match self.answer(call, memory, streams) {
            Ok(result) => result,
            Err(errno) => {
                self.errno = errno;
                r0(FAILED)
            }
        }
    }

    fn answer(
        &mut self,
        call: &SemihostingCall,
        memory: &mut dyn Dma,
        streams: &mut dyn Streams,
    ) -> Result<HostResult, Errno> {
        let at = call.parameter;
        let result = match call.operation {
            0x01 => self.open(at, memory)?,
            0x02 => {
                let [handle] = memory::words(memory, at)?;
                self.files.close(handle)?;
                r0(0)
            }
            0x03 => {
                streams.write(Stream::Output, &memory::bytes(memory, at, 1)?);
                r0(0)
            }
            0x04 => {
                streams.write(Stream::Output, &memory::string(memory, at)?);
                r0(0)
            }
            0x05 => self.write(at, memory, streams)?,
            0x06 => self.read(at, memory, streams)?,
            0x07 => r0(streams.read(1).first().map_or(FAILED, |&byte| byte.into())),
            0x08 => {
                let [status] = memory::words(memory, at)?;
                r0(u32::from(status.cast_signed() < 0))
            }
            0x09 => {
                let [handle] = memory::words(memory, at)?;
                r0(u32::from(self.files.is_console(handle)?))
            }
            0x0a => {
                let [handle, position] = memory::words(memory, at)?;
                self.files.seek(handle, position)?;
                r0(0)
            }
            0x0c => {
                let [handle] = memory::words(memory, at)?;
                r0(self.files.length(handle)?)
            }
            0x0d => temporary_name(at, memory)?,
            0x0e => {
                let [name, length] = memory::words(memory, at)?;
                self.files.remove(&memory::name(memory, name, length)?)?;
                r0(0)
            }
            0x0f => {
                let [old, old_length, new, new_length] = memory::words(memory, at)?;
                let old = memory::name(memory, old, old_length)?;
                self.files.rename(&old, &memory::name(memory, new, new_length)?)?;
                r0(0)
            }
            0x10 => r0(centiseconds(call)),
            // Seconds since 1970 modulo 2³², as the specification's unsigned word wants them.
            0x11 => r0(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs()) as u32),
            0x12 => return Err(Errno::NOT_PERMITTED),
            0x13 => r0(self.errno.0),
            0x15 => self.command_line(at, memory)?,
            0x16 => {
                let [block] = memory::words(memory, at)?;
                memory::probe(memory, block, 16)?;
                let HeapInfo { heap_base, heap_limit, stack_base, stack_limit } = self.heap;
                let words = [heap_base, heap_limit, stack_base, stack_limit];
                filled(0, block, words.iter().flat_map(|word| word.to_le_bytes()).collect())
            }
            // AArch32 passes the reason itself in R1, not a block.
            0x18 => exit(at, 0),
            0x20 => {
                let [reason, code] = memory::words(memory, at)?;
                exit(reason, code)
            }
            0x30 => {
                memory::probe(memory, at, 8)?;
                filled(0, at, call.time.to_le_bytes().to_vec())
            }
            0x31 => r0(TICKS_IN_A_SECOND),
            _ => return Err(Errno::NO_SUCH_CALL),
        };
        Ok(result)
    }

    fn open(&mut self, at: u32, memory: &mut dyn Dma) -> Result<HostResult, Errno> {
        let [name, mode, length] = memory::words(memory, at)?;
        let name = memory::name(memory, name, length)?;
        Ok(r0(self.files.open(&name, mode)?))
    }

    /// Answers the number of bytes that were *not* written.
    fn write(
        &mut self,
        at: u32,
        memory: &mut dyn Dma,
        streams: &mut dyn Streams,
    ) -> Result<HostResult, Errno> {
        let [handle, buffer, length] = memory::words(memory, at)?;
        let written = memory::bytes(memory, buffer, length.min(MOST))
            .and_then(|bytes| self.files.write(handle, &bytes, streams));
        let written = written.unwrap_or_else(|errno| {
            self.errno = errno;
            0
        });
        Ok(r0(length - written))
    }

    /// Answers the number of bytes that were *not* read.
    fn read(
        &mut self,
        at: u32,
        memory: &mut dyn Dma,
        streams: &mut dyn Streams,
    ) -> Result<HostResult, Errno> {
        let [handle, buffer, length] = memory::words(memory, at)?;
        let most = length.min(MOST);
        // Input must not be taken for a buffer that cannot hold it.
        let bytes = memory::probe(memory, buffer, most).and_then(|()| self.files.read(handle, most, streams));
        let bytes = bytes.unwrap_or_else(|errno| {
            self.errno = errno;
            Vec::new()
        });
        let read = u32::try_from(bytes.len()).map_or(length, |read| read.min(length));
        Ok(filled(length - read, buffer, bytes))
    }

    fn command_line(&self, at: u32, memory: &mut dyn Dma) -> Result<HostResult, Errno> {
        let [buffer, size] = memory::words(memory, at)?;
        let mut text = self.command_line.clone().into_bytes();
        let length = u32::try_from(text.len()).map_err(|_| Errno::INVALID)?;
        if length >= size {
            return Err(Errno::INVALID);
        }
        text.push(0);
        memory::probe(memory, buffer, length + 1)?;
        let mut result = filled(0, buffer, text);
        result.memory.push((at.wrapping_add(4), length.to_le_bytes().to_vec()));
        Ok(result)
    }
}

fn temporary_name(at: u32, memory: &mut dyn Dma) -> Result<HostResult, Errno> {
    let [buffer, identifier, size] = memory::words(memory, at)?;
    if identifier > 255 {
        return Err(Errno::INVALID);
    }
    let name = format!("untick-{}-{identifier:03}.tmp\0", std::process::id()).into_bytes();
    let length = u32::try_from(name.len()).map_err(|_| Errno::INVALID)?;
    if length > size {
        return Err(Errno::INVALID);
    }
    memory::probe(memory, buffer, length)?;
    Ok(filled(0, buffer, name))
}

/// Hundredths of a second of virtual time since power-up, modulo 2³².
fn centiseconds(call: &SemihostingCall) -> u32 {
    (call.time / 10_000_000) as u32
}

fn exit(reason: u32, code: u32) -> HostResult {
    let code = if reason == APPLICATION_EXIT { code } else { 1 };
    HostResult { exit: Some(code), ..HostResult::default() }
}

fn r0(r0: u32) -> HostResult {
    HostResult { r0, ..HostResult::default() }
}

fn filled(r0: u32, address: u32, bytes: Vec<u8>) -> HostResult {
    let memory = if bytes.is_empty() { Vec::new() } else { vec![(address, bytes)] };
    HostResult { r0, memory, exit: None }
}
