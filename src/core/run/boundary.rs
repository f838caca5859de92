//! The loop between boundaries: what arrives, sleep, exceptions.

use super::{Ahead, Core};
use crate::{
    core::{
        Context, Halt, Memory, Search, State, Travel, nvic::exception::*, state::Activity,
        travel::is_stepped_over,
    },
    pins::{Asleep, Pins, Slept},
    words::{Cycle, Icount},
};

enum Boundary {
    Execute,
    Entered,
    Halt(Halt),
}

impl Core {
    /// Runs until something of [`Travel`] stops it.
    pub fn run(&mut self, pins: &mut dyn Pins, travel: &Travel<'_>) -> Halt {
        let mut canonical = None;
        let halt = loop {
            if pins.is_broken() {
                break Halt::Broken;
            }
            if self.state.icount >= travel.limit {
                break Halt::Limit;
            }
            if self.state.activity == Activity::LockedUp {
                break Halt::Lockup;
            }
            if self.state.moment().cycle >= self.cycle_limit(travel) {
                break Halt::Time;
            }
            if let Some((context, behind)) = travel.resumed
                && self.state.icount > behind
                && self.context() == context
            {
                break Halt::Resumed;
            }
            if self.state.boundary {
                let before = self.state.clone();
                let old = self.watched.read(&self.memory);
                let boundary = self.boundary(pins, travel, before.moment().cycle);
                let written = self.written(&old, before.icount);
                canonical = Some(before);
                match (boundary, written) {
                    (Boundary::Execute, _) => {}
                    (Boundary::Entered | Boundary::Halt(Halt::Interrupt(_)), Some(found)) => {
                        break Halt::Found(found);
                    }
                    (Boundary::Entered, None) => continue,
                    (Boundary::Halt(halt), _) => break halt,
                }
            }
            if let Some(halt) = self.execute(pins, travel) {
                break halt;
            }
        };
        // What arrived at this icount has been seen, but nothing has run: keep that apart.
        if let Some(canonical) = canonical.filter(|canonical| canonical.icount == self.state.icount) {
            self.stay_at(canonical);
        }
        halt
    }

    /// Goes back to the canonical state, and keeps apart what has arrived since.
    fn stay_at(&mut self, canonical: State) {
        let mut memory = std::mem::take(&mut self.arrived);
        self.memory.exchange(&mut memory);
        self.ahead = Some(Ahead { state: std::mem::replace(&mut self.state, canonical), memory });
    }

    /// Lets arrive what arrives at this very icount, without going on: the core is ready to continue with other pins.
    pub fn settle(&mut self, pins: &mut dyn Pins) {
        if !self.state.boundary {
            return;
        }
        let before = self.state.clone();
        // That the pins have nothing more to say is why we are here.
        let nothing = Search::default();
        let _ = self.arrive(pins, &Travel::to(Icount::MAX, &nothing), before.moment().cycle);
        self.stay_at(before);
    }

    /// Shows memory with what has arrived at this very icount.
    pub fn look_ahead<R>(&mut self, look: impl FnOnce(&mut Memory) -> R) -> R {
        let Some(Ahead { memory, .. }) = &mut self.ahead else { return look(&mut self.memory) };
        self.memory.exchange(memory);
        let seen = look(&mut self.memory);
        self.memory.exchange(memory);
        seen
    }

    /// The cycle at which a run ends, as fast as the clock is now.
    pub(super) fn cycle_limit(&self, travel: &Travel<'_>) -> Cycle {
        travel.time_limit.map_or(Cycle::MAX, |time| self.state.clock.cycles_until(time))
    }

    /// The flow of execution that runs now.
    pub fn context(&self) -> Context {
        Context::of(&self.state.registers)
    }

    /// Lets arrive at the core what is due.
    fn look(&mut self, pins: &mut dyn Pins) {
        let at = self.state.moment();
        pins.poll(at, &mut self.memory);
        self.state.reset_arrived |= pins.take_reset();
        self.state.nvic.set_lines(pins.lines());
        self.state.clock = pins.clock();
        self.state.sync_systick(at.cycle);
        self.state.send_event_on_pend();
    }

    /// Goes on from where an earlier look at this boundary has come to. What arrives changes memory, too: that can be
    /// taken back.
    fn arrive(&mut self, pins: &mut dyn Pins, travel: &Travel<'_>, since: Cycle) -> Option<Halt> {
        self.memory.keep_overwritten();
        if let Some(mut ahead) = self.ahead.take() {
            self.state = ahead.state;
            self.memory.exchange(&mut ahead.memory);
        }
        let halt = self.look_and_sleep(pins, travel, since);
        self.arrived = self.memory.take_overwritten();
        halt
    }

    /// Looks at the pins, and sleeps until something wakes the core. Why it sleeps on, if it does.
    fn look_and_sleep(&mut self, pins: &mut dyn Pins, travel: &Travel<'_>, since: Cycle) -> Option<Halt> {
        self.look(pins);
        while let Activity::WaitingForInterrupt | Activity::WaitingForEvent = self.state.activity {
            if self.wakes() {
                self.state.activity = Activity::Running;
                break;
            }
            let at = self.state.moment();
            let core_wake = self.state.systick.next_wake();
            let limit = self.cycle_limit(travel);
            match pins.sleep(at, Asleep { since, core_wake, limit }, &mut self.memory) {
                Slept::Until(cycle) => self.state.slept += cycle.saturating_sub(at.cycle),
                Slept::PastLimit => return Some(Halt::Time),
                Slept::Forever => return Some(Halt::Asleep),
                Slept::Interrupted => return Some(Halt::Waiting),
            }
            if pins.is_broken() {
                return Some(Halt::Broken);
            }
            self.look(pins);
        }
        None
    }

    fn boundary(&mut self, pins: &mut dyn Pins, travel: &Travel<'_>, since: Cycle) -> Boundary {
        if let Some(halt) = self.arrive(pins, travel, since) {
            return Boundary::Halt(halt);
        }
        if self.state.reset_requested || self.state.reset_arrived {
            if !self.state.reset_arrived {
                pins.reset(self.state.moment(), &mut self.memory);
            }
            self.reset();
            self.state.nvic.set_lines(pins.lines());
            self.state.clock = pins.clock();
            self.state.icount += 1;
            return Boundary::Entered;
        }
        let Some(number) = self.state.nvic.takeable(self.state.masks()) else {
            return Boundary::Execute;
        };
        let from = self.context();
        self.state.take_pending(number, &mut self.memory);
        // Stacking for one exception may have led to another.
        let number = self.note_entry();
        if travel.faults && matches!(number, HARD_FAULT..=USAGE_FAULT) {
            return Boundary::Halt(Halt::Fault);
        }
        if travel.entries || travel.interrupts && is_stepped_over(number) {
            return Boundary::Halt(Halt::Interrupt(from));
        }
        Boundary::Entered
    }

    /// Notes that the exception whose handler runs next was entered. Its number.
    pub(super) fn note_entry(&mut self) -> u16 {
        let number = self.state.registers.ipsr() as u16;
        self.entered.note(number);
        number
    }

    /// Whether a sleeping core wakes (B1.5.18, B1.5.19). PRIMASK does not keep it asleep.
    fn wakes(&mut self) -> bool {
        let interrupted = self.state.is_woken();
        match self.state.activity {
            Activity::WaitingForEvent if self.state.event => {
                self.state.event = false;
                true
            }
            _ => interrupted || self.state.reset_requested || self.state.reset_arrived,
        }
    }
}
