//! Questions that execution answers: what the core itself did.

use super::{Came, Finding, Last, Writer};
use crate::{
    core::{Activity, Halt, Search, Travel},
    pins::Event,
    timeline::{Timeline, TimelineError, WatchKind, Watchpoint},
    trace::Channel,
    words::Icount,
};

/// The semihosting call, BKPT 0xAB.
const SEMIHOSTING: u16 = 0xbeab;

impl Timeline {
    pub(super) fn last_write(
        &mut self,
        address: u32,
        length: u32,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Last, TimelineError> {
        let now = self.now().icount;
        let before = match self.last_access(address, length, WatchKind::Write, interrupted)? {
            Came::Interrupted(behind) => return Ok(Last::Interrupted(behind)),
            Came::Found(icount) => Some(icount),
            Came::Never => None,
        };
        // What a device writes as a bus master passes no watchpoint, but is in the log.
        if let Some((icount, old, new)) = self.last_by_device(address, length, before, now)? {
            self.seek(icount)?;
            return Ok(self.answer_here(Finding::Written { address, old, new, by: Writer::Device }));
        }
        let Some(icount) = before else { return Ok(Last::Never) };
        let (old, new) = self.around(icount, address, length)?;
        let after = self.active();
        self.seek(icount)?;
        let before = self.active();
        let pc = self.registers().pc;
        let by = match after.iter().find(|number| !before.contains(number)) {
            Some(number) => Writer::Entry(*number),
            None if self.core.memory().read_half(pc) == Ok(SEMIHOSTING) => Writer::Host,
            None => Writer::Instruction,
        };
        Ok(self.answer_here(Finding::Written { address, old, new, by }))
    }

    pub(super) fn last_read(
        &mut self,
        address: u32,
        length: u32,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Last, TimelineError> {
        match self.last_access(address, length, WatchKind::Read, interrupted)? {
            Came::Found(icount) => {
                self.seek(icount)?;
                let value = self.bytes(address, length);
                Ok(self.answer_here(Finding::Read { address, value }))
            }
            Came::Never => Ok(Last::Never),
            Came::Interrupted(behind) => Ok(Last::Interrupted(behind)),
        }
    }

    pub(super) fn last_execution(
        &mut self,
        address: u32,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Last, TimelineError> {
        let search = Search { breakpoints: [address & !1].into(), collect: true, ..Search::default() };
        match self.find_last(&search, 0, interrupted)? {
            Some(Some(hit)) => {
                self.seek(hit.icount)?;
                Ok(self.answer_here(Finding::Executed))
            }
            Some(None) => Ok(Last::Never),
            None => Ok(Last::Interrupted(self.now().icount)),
        }
    }

    pub(super) fn last_entry(
        &mut self,
        exception: Option<u16>,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Last, TimelineError> {
        let mut before = self.now().icount;
        while before > 0 {
            let index = self.tape.find(before - 1);
            let start = self.tape.icount(index);
            if self.may_enter(exception, index)
                && let Some(icount) = self.last_entry_within(exception, index, before)?
            {
                self.seek(icount + 1)?;
                let registers = self.registers();
                let finding =
                    Finding::Entered { exception: registers.ipsr() as u16, handler: registers.pc };
                self.seek(icount)?;
                return Ok(self.answer_here(finding));
            }
            before = start;
            if before > 0 && interrupted() {
                return Ok(Last::Interrupted(before));
            }
        }
        Ok(Last::Never)
    }

    /// Whether an exception can have been entered in an interval; `None` for any exception.
    fn may_enter(&self, _exception: Option<u16>, _index: usize) -> bool {
        true // nothing is known of intervals yet
    }

    /// The position right before the last entry in an interval, in front of `end`.
    fn last_entry_within(
        &mut self,
        exception: Option<u16>,
        index: usize,
        end: Icount,
    ) -> Result<Option<Icount>, TimelineError> {
        self.go(index);
        let nothing = Search::default();
        self.set_search(&nothing);
        let travel = Travel { faults: true, entries: true, ..Travel::to(end, &nothing) };
        let mut last = None;
        while self.now().icount < end {
            let from = self.now().icount;
            let halt = self.run_core(&travel)?;
            let here = self.now().icount;
            let state = self.core.state();
            let entered = matches!(halt, Halt::Fault | Halt::Interrupt(_))
                && state.activity != Activity::LockedUp
                && exception.is_none_or(|number| u32::from(number) == state.registers.ipsr());
            if entered {
                last = Some(here - 1);
            }
            if here == from {
                return Err(self.stopped_short(&halt, end));
            }
        }
        Ok(last)
    }

    fn stopped_short(&self, halt: &Halt, end: Icount) -> TimelineError {
        let what = format!("the run stops here ({halt:?}), but it was recorded up to {end}");
        TimelineError::Diverged { icount: self.now().icount, what }
    }

    /// The position right before the last access of a kind to a range of memory.
    fn last_access(
        &mut self,
        address: u32,
        length: u32,
        kind: WatchKind,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Came<Icount>, TimelineError> {
        let length = length.min((u32::MAX - address).saturating_add(1)).max(1);
        let watchpoints = vec![Watchpoint { address, length, kind }];
        let search = Search { watchpoints, collect: true, ..Search::default() };
        Ok(match self.find_last(&search, 0, interrupted)? {
            // Travel backwards is told behind the access.
            Some(Some(hit)) => Came::Found(hit.icount - 1),
            Some(None) => Came::Never,
            None => Came::Interrupted(self.now().icount),
        })
    }

    /// The last time that a device changed memory as a bus master, behind the position `after` and in front of `now`: the
    /// position before it, and the memory before and after.
    fn last_by_device(
        &mut self,
        address: u32,
        length: u32,
        after: Option<Icount>,
        now: Icount,
    ) -> Result<Option<(Icount, Vec<u8>, Vec<u8>)>, TimelineError> {
        if !self.log.is_cut() && self.log.summary().counts.memory == 0 {
            return Ok(None);
        }
        let memory = self.core.memory();
        let place = memory.place(address);
        let mut mark = self.log.find(now)?;
        while !mark.is_start() {
            let Some(stamped) = self.log.look_back(&mut mark, |channel| channel == Channel::Rare)? else {
                continue;
            };
            if after.is_some_and(|after| stamped.icount <= after) {
                break;
            }
            let Event::Memory { address: written, bytes } = stamped.event else { continue };
            let written = self.core.memory().place(written);
            let overlaps = place.wrapping_sub(written) < bytes.len() as u32
                || written.wrapping_sub(place) < length.max(1);
            if overlaps {
                let (old, new) = self.around(stamped.icount, address, length)?;
                if old != new {
                    return Ok(Some((stamped.icount, old, new)));
                }
            }
        }
        Ok(None)
    }

    /// What memory holds right before and right after what happens at a position. The position is the one behind it.
    fn around(
        &mut self,
        icount: Icount,
        address: u32,
        length: u32,
    ) -> Result<(Vec<u8>, Vec<u8>), TimelineError> {
        self.seek(icount)?;
        let old = self.bytes(address, length);
        self.seek(icount + 1)?;
        Ok((old, self.bytes(address, length)))
    }

    /// What memory holds now, as far as there is any.
    fn bytes(&self, address: u32, length: u32) -> Vec<u8> {
        let mut bytes = vec![0; length as usize];
        if self.core.peek(address, &mut bytes).is_ok() {
            return bytes;
        }
        let byte = |address: u32| {
            let mut byte = [0];
            self.core.peek(address, &mut byte).ok().map(|()| byte[0])
        };
        (0..length).map_while(|offset| byte(address.checked_add(offset)?)).collect()
    }
}
