//! `load`: programming flash.
//!
//! Everything is collected until gdb says that it is done, and only what differs is written. An IDE that loads the very
//! firmware that was recorded thus changes nothing, and may do so in the past too.

use gdbstub::target::{TargetError, TargetResult, ext::flash::Flash};

use super::{
    Stub,
    memory::{EFAULT, EINVAL, refusal},
};
use crate::debug::description::flash_ranges;

/// The most bytes that may wait to be written: more than any microcontroller's flash.
const MOST: usize = 64 << 20;

/// Writes that wait for the end of the programming.
#[derive(Debug, Default)]
pub(super) struct Staged {
    writes: Vec<(u32, Vec<u8>)>,
    size: usize,
}

impl Flash for Stub<'_> {
    /// Erasing is left out: gdb erases whole blocks, and what it does not program afterwards had better stay.
    fn flash_erase(&mut self, start: u32, length: u32) -> TargetResult<(), Self> {
        self.check_flash(start, u64::from(length))
    }

    fn flash_write(&mut self, start: u32, bytes: &[u8]) -> TargetResult<(), Self> {
        self.check_flash(start, bytes.len() as u64)?;
        if self.staged.size + bytes.len() > MOST {
            return Err(TargetError::Errno(EINVAL));
        }
        self.staged.size += bytes.len();
        self.staged.writes.push((start, bytes.to_vec()));
        Ok(())
    }

    fn flash_done(&mut self) -> TargetResult<(), Self> {
        for (start, bytes) in std::mem::take(&mut self.staged).writes {
            let mut present = vec![0; bytes.len()];
            let same = self.debuggee.peek(start, &mut present).is_ok() && present == bytes;
            if !same {
                self.debuggee.poke(start, &bytes).map_err(refusal)?;
            }
        }
        Ok(())
    }
}

impl Stub<'_> {
    fn check_flash(&self, start: u32, length: u64) -> TargetResult<(), Self> {
        let start = u64::from(start);
        let inside = |&(first, end): &(u64, u64)| first <= start && start + length <= end;
        if flash_ranges(self.debuggee.config()).iter().any(inside) {
            Ok(())
        } else {
            Err(TargetError::Errno(EFAULT))
        }
    }
}
