//! What follows when time passes or a device is touched: interrupt lines, signals to other devices, their clocks, the next
//! wake-up.

use std::mem;

use super::{Bus, Link, MOST_SIGNALS, Mounted, Signal, Target, master::Master};
use crate::{
    peripherals::{Clocks, Context, Device, Dma, Frequency, Level, Slot, surroundings::Absent},
    pins::Lines,
    words::Cycle,
};

/// Things that are done one after the other when the core looks; more are done at once.
const MOST_ROUNDS: u32 = 4096;

impl Bus {
    /// Wakes every device whose time has come. The core looks only between blocks of instructions: what is late is done as
    /// if it were not, one thing after the other, each at its time; at one time in the order of the board.
    pub fn wake(&mut self, now: Cycle, dma: &mut dyn Dma) {
        let mut rounds = 0;
        while self.next_wake <= now {
            rounds += 1;
            let due = if rounds < MOST_ROUNDS { self.next_wake } else { now };
            let at = due.max(self.reached).min(now);
            self.wake_at(at, dma);
            if at == now {
                break;
            }
            self.reached = at + 1;
        }
        self.reached = now;
    }

    fn wake_at(&mut self, now: Cycle, dma: &mut dyn Dma) {
        let mut indices: Vec<usize> =
            (0..self.slots.len()).filter(|&index| self.wakes[index] <= now).collect();
        indices.sort_by_key(|&index| self.slots[index].order);
        for index in indices {
            self.touch(index, now, dma, |device, _, cx| device.wake(cx));
        }
    }

    /// Does what is due before an access. One of a bus master is in the middle of something.
    pub(super) fn catch_up(&mut self, now: Cycle, dma: &mut dyn Dma) {
        if self.depth == 0 {
            self.wake(now, dma);
        }
    }

    /// Does something with a device and takes in what follows from its new state.
    pub(super) fn touch<R>(
        &mut self,
        index: usize,
        now: Cycle,
        dma: &mut dyn Dma,
        action: impl FnOnce(&mut dyn Device, u32, &mut Context<'_>) -> R,
    ) -> R {
        let slot = &mut self.slots[index];
        let base = slot.mount.base;
        // Out of its slot, so that it can reach all others, and nobody it.
        let mut device = mem::replace(&mut slot.mount.device, Box::new(Slot::new(Absent)));
        let mut output = mem::take(&mut slot.output);
        let mut pulses = Vec::new();
        self.depth += 1;
        let mut around = Master { bus: self, memory: &mut *dma, slot: index, now };
        let mut cx = Context { now, dma: &mut around, output: &mut output, pulses: &mut pulses };
        let result = action(device.as_mut(), base, &mut cx);
        self.depth -= 1;
        self.has_output |= !output.bytes.is_empty();
        let slot = &mut self.slots[index];
        slot.mount.device = device;
        slot.output = output;
        self.take_in(index, &pulses);
        if self.depth == 0 && !self.signals.is_empty() {
            self.deliver(now, dma);
        }
        result
    }

    /// Takes in what follows from the new state of a device.
    pub(super) fn take_in(&mut self, index: usize, pulses: &[u32]) {
        let slot = &mut self.slots[index];
        let (levels, outputs, reset) = (slot.levels, slot.outputs, slot.reset_request);
        let wake = slot.refresh();
        self.signals.changed(&slot.links, outputs, slot.outputs);
        for &output in pulses {
            self.signals.pulse(&slot.links, output);
        }
        let (rewire, reset_changed) = (slot.levels != levels, slot.reset_request != reset);
        if rewire {
            self.gather_lines();
        }
        if reset_changed {
            self.reset_request = self.slots.iter().any(|slot| slot.reset_request);
        }
        let old = mem::replace(&mut self.wakes[index], wake);
        if wake <= self.next_wake {
            self.next_wake = wake;
        } else if old == self.next_wake {
            self.next_wake = self.wakes.iter().copied().min().unwrap_or(Cycle::MAX);
        }
        if self.controller == Some(index) {
            self.follow_clocks();
        }
    }

    /// Brings signals to where they lead, and those that follow.
    pub(super) fn deliver(&mut self, now: Cycle, dma: &mut dyn Dma) {
        // A signal that causes another one is no access within an access.
        self.depth += 1;
        for _ in 0..MOST_SIGNALS {
            let Some(signal) = self.signals.take() else { break };
            match signal {
                // Of several wires that lead to one input, the last one that goes low takes it with it.
                Signal::Wire { slot, input, level: Level::Low } if self.is_driven(slot, input) => {}
                Signal::Wire { slot, input, level } => {
                    self.touch(slot, now, dma, |device, _, cx| device.wire(input, level, cx));
                }
                Signal::Clock { slot, frequency } => {
                    self.touch(slot, now, dma, |device, _, cx| device.clocked(frequency, cx));
                }
            }
        }
        self.signals.clear();
        self.depth -= 1;
    }

    /// Whether a wire to an input that has several is high.
    fn is_driven(&self, slot: usize, input: u32) -> bool {
        let drives = |from: &Mounted, link: &Link| {
            let output = input.checked_sub(link.input).map(|index| link.output + index);
            let leads = link.to == slot && input.wrapping_sub(link.input) < link.count;
            leads && output.is_some_and(|output| from.outputs >> output & 1 != 0)
        };
        self.shared.contains(&(slot, input))
            && self.slots.iter().any(|from| from.links.iter().any(|link| drives(from, link)))
    }

    /// Tells the devices whose clock has changed.
    fn follow_clocks(&mut self) {
        let Some(clocks) = self.controller.and_then(|index| self.slots[index].mount.device.clocks()) else {
            return;
        };
        if self.clocks.as_ref() == Some(&clocks) {
            return;
        }
        for (slot, mounted) in self.slots.iter().enumerate() {
            let Some(domain) = mounted.mount.clock else { continue };
            let hz = |clocks: &Clocks| clocks.domains.get(domain).copied().unwrap_or(0);
            let frequency = Frequency { hz: hz(&clocks), core_hz: clocks.core };
            let old = self.clocks.as_ref().map(|old| Frequency { hz: hz(old), core_hz: old.core });
            if old != Some(frequency) {
                self.signals.push(Signal::Clock { slot, frequency });
            }
        }
        self.clocks = Some(clocks);
    }

    /// Tells everybody about clocks and levels that are not what they are at first.
    pub(super) fn announce(&mut self, now: Cycle, dma: &mut dyn Dma) {
        self.follow_clocks();
        for slot in &self.slots {
            self.signals.changed(&slot.links, 0, slot.outputs);
        }
        self.deliver(now, dma);
    }

    pub(super) fn refresh_all(&mut self) {
        for (slot, wake) in self.slots.iter_mut().zip(&mut self.wakes) {
            *wake = slot.refresh();
        }
        self.gather_lines();
        self.next_wake = self.wakes.iter().copied().min().unwrap_or(Cycle::MAX);
        self.reset_request = self.slots.iter().any(|slot| slot.reset_request);
    }

    fn gather_lines(&mut self) {
        self.lines = Lines::default();
        for slot in self.slots.iter().filter(|slot| slot.levels != 0) {
            for (bit, target) in slot.mount.targets.iter().enumerate() {
                if slot.levels >> bit & 1 == 0 {
                    continue;
                }
                match *target {
                    Target::Irq(irq) => self.lines.set(irq, true),
                    Target::Nmi => self.lines.set(Lines::NMI, true),
                    Target::Unconnected => {}
                }
            }
        }
    }
}
