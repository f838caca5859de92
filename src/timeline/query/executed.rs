//! Questions that execution answers: what the core itself did.

use std::ops::Range;

use super::{Answer, Came, Finding, Last, Writer};
use crate::{
    core::{Activity, Halt, Search, Travel},
    pins::Event,
    timeline::{
        Divergence, Timeline, TimelineError, WatchKind, Watchpoint, index::Wanted, search::Stretches,
    },
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
        loop {
            let now = self.now().icount;
            let before = match self.last_access(address, length, WatchKind::Write, interrupted)? {
                Came::Interrupted(behind) => return Ok(Last::Interrupted(behind)),
                Came::Found(icount) => icount + 1,
                Came::Never => 0,
            };
            // What a device writes as a bus master passes no watchpoint, but is in the log.
            match self.last_by_device(address, length, before..now, interrupted)? {
                Came::Interrupted(behind) => return Ok(Last::Interrupted(behind)),
                Came::Found(answer) => return Ok(Last::Found(answer)),
                Came::Never => {}
            }
            let Some(icount) = before.checked_sub(1) else { return Ok(Last::Never) };
            let answer = self.written_at(icount, address, length)?;
            if matches!(&answer.finding, Finding::Written { old, new, .. } if old != new)
                || !self.core.memory().is_flash(address)
            {
                return Ok(Last::Found(answer));
            }
            // A store that the flash did not take.
            self.seek(icount)?;
        }
    }

    /// The answer about memory that the core writes with the instruction or the entry at a position.
    fn written_at(&mut self, icount: Icount, address: u32, length: u32) -> Result<Answer, TimelineError> {
        self.seek(icount)?;
        let active = self.active();
        let pc = self.registers().pc;
        let calls_host = self.core.memory().read_half(pc) == Ok(SEMIHOSTING);
        let mut answer = self.change_here(address, length)?;
        if let Finding::Written { by, .. } = &mut answer.finding {
            *by = match self.active().iter().find(|number| !active.contains(number)) {
                Some(number) => Writer::Entry(*number),
                None if calls_host => Writer::Host,
                None => Writer::Instruction,
            };
        }
        Ok(answer)
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
                Ok(Last::Found(self.answer_here(Finding::Read { address, value })))
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
                Ok(Last::Found(self.answer_here(Finding::Executed)))
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
        let all = 1..16 + self.config().interrupts;
        let exceptions = exception.map_or_else(|| all.collect(), |number| vec![number]);
        let wanted = Wanted { exceptions, ..Wanted::default() };
        let mut stretches = Stretches::new(wanted, 0..self.now().icount);
        while let Some(stretch) = stretches.next(self) {
            let start = stretch.start;
            if let Some(icount) = self.last_entry_within(exception, stretch)? {
                self.seek(icount)?;
                let answer = self.answer_here(Finding::Executed);
                self.seek(icount + 1)?;
                let registers = self.registers();
                let finding = Finding::Entered { exception: registers.ipsr() as u16, handler: registers.pc };
                return Ok(Last::Found(Answer { finding, ..answer }));
            }
            if start > 0 && interrupted() {
                return Ok(Last::Interrupted(start));
            }
        }
        Ok(Last::Never)
    }

    /// The position right before the last entry in a stretch.
    fn last_entry_within(
        &mut self,
        exception: Option<u16>,
        stretch: Range<Icount>,
    ) -> Result<Option<Icount>, TimelineError> {
        self.seek(stretch.start)?;
        let nothing = Search::default();
        self.set_search(&nothing);
        let mut last = None;
        while self.now().icount < stretch.end {
            let from = self.now().icount;
            let limit = self.limit_to_learn(stretch.end);
            let travel = Travel { faults: true, entries: true, ..Travel::to(limit, &nothing) };
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
                return Err(Divergence::stop(here, halt, stretch.end));
            }
            self.index_interval();
        }
        Ok(last)
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

    /// The last time within a range that a device changed memory as a bus master.
    fn last_by_device(
        &mut self,
        address: u32,
        length: u32,
        range: Range<Icount>,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Came<Answer>, TimelineError> {
        if !self.log.is_cut() && self.log.summary().counts.is_some_and(|counts| counts.memory == 0) {
            return Ok(Came::Never);
        }
        let place = self.core.memory().place(address);
        let mut mark = self.log.find(range.end)?;
        while !mark.is_start() {
            let Some(stamped) = self.log.look_back(&mut mark, |channel| channel == Channel::Rare)? else {
                let next = self.log.peek(mark)?.map_or(range.end, |stamped| stamped.icount);
                if next < range.start {
                    break;
                }
                if interrupted() {
                    return Ok(Came::Interrupted(next));
                }
                continue;
            };
            if stamped.icount < range.start {
                break;
            }
            let Event::Memory { address: written, bytes } = stamped.event else { continue };
            let written = self.core.memory().place(written);
            let overlaps = place.wrapping_sub(written) < bytes.len() as u32
                || written.wrapping_sub(place) < length.max(1);
            if overlaps {
                self.seek(stamped.icount)?;
                let answer = self.change_here(address, length)?;
                if matches!(&answer.finding, Finding::Written { old, new, .. } if old != new) {
                    return Ok(Came::Found(answer));
                }
            }
        }
        Ok(Came::Never)
    }

    /// The answer about what becomes of memory at this very position. The position afterwards is the one behind it.
    fn change_here(&mut self, address: u32, length: u32) -> Result<Answer, TimelineError> {
        let old = self.bytes(address, length);
        let here = self.answer_here(Finding::Executed);
        self.seek(here.at.icount + 1)?;
        let new = self.bytes(address, length);
        Ok(Answer { finding: Finding::Written { address, old, new, by: Writer::Device }, ..here })
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
