//! What a clock controller does to single peripherals: their clocks and resets.

use super::{Bus, Cycle, Level, NoSuchDevice, Signal};
use crate::{
    peripherals::{Access, Dma, Frequency},
    words::Width,
};

/// A bit of the clock controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlBit {
    /// The offset of the word it is in.
    pub offset: u32,
    /// Where in that.
    pub mask: u32,
    /// Register and field, as in `RCC.APB1ENR.USART2EN`.
    pub name: String,
}

/// The bits of the clock controller that a peripheral depends on, as far as they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Controls {
    /// While it is 0 the peripheral has no clock. The model runs all the same; what the firmware does with it then is told.
    pub clock: Option<ControlBit>,
    /// When it becomes 1 the peripheral is reset.
    pub reset: Option<ControlBit>,
}

/// What firmware did with a peripheral that had no clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unclocked {
    /// The peripheral's name on the board.
    pub device: String,
    /// The bit that should have been set.
    pub bit: String,
    /// Accesses.
    pub accesses: u64,
}

/// The controls of a slot, and where they stand.
#[derive(Debug, Default)]
pub(super) struct Controlled {
    controls: Controls,
    pub is_off: bool,
    is_reset: bool,
    pub unclocked: u64,
}

impl Bus {
    /// Lets the clock controller control a device.
    pub fn control(&mut self, device: &str, controls: Controls) -> Result<(), NoSuchDevice> {
        let slot = self.slot_of(device)?;
        self.slots[slot].controlled = Controlled { controls, ..Controlled::default() };
        self.remember_control(slot);
        Ok(())
    }

    /// The devices that were accessed without a clock.
    pub fn unclocked(&self) -> impl Iterator<Item = Unclocked> {
        self.slots.iter().filter(|slot| slot.controlled.unclocked > 0).filter_map(|slot| {
            let bit = slot.controlled.controls.clock.as_ref()?.name.clone();
            Some(Unclocked { device: slot.mount.name.clone(), bit, accesses: slot.controlled.unclocked })
        })
    }

    fn is_set(&self, bit: &ControlBit, now: Cycle) -> bool {
        let at = Access { offset: bit.offset, width: Width::Word };
        let controller = self.controller.map(|controller| &self.slots[controller].mount.device);
        controller.and_then(|device| device.peek(at, now).ok()).is_some_and(|value| value & bit.mask != 0)
    }

    /// Takes the bits as they are: what they do has been done.
    pub(super) fn remember_controls(&mut self) {
        (0..self.slots.len()).for_each(|slot| self.remember_control(slot));
    }

    /// The same of one device.
    fn remember_control(&mut self, slot: usize) {
        let (is_off, is_reset) = self.look_at_controls(slot, self.reached);
        let controlled = &mut self.slots[slot].controlled;
        (controlled.is_off, controlled.is_reset) = (is_off, is_reset);
    }

    /// Whether a device has no clock, and whether it is held in reset.
    fn look_at_controls(&self, slot: usize, now: Cycle) -> (bool, bool) {
        let Controls { clock, reset } = &self.slots[slot].controlled.controls;
        let is_off = clock.as_ref().is_some_and(|bit| !self.is_set(bit, now));
        (is_off, reset.as_ref().is_some_and(|bit| self.is_set(bit, now)))
    }

    /// Looks again at the bits of a register of the controller, which was written at an offset.
    pub(super) fn follow_controls(&mut self, offset: u32, now: Cycle, dma: &mut dyn Dma) {
        for slot in 0..self.slots.len() {
            let Controls { clock, reset } = &self.slots[slot].controlled.controls;
            if !clock.iter().chain(reset).any(|bit| bit.offset == offset & !3) {
                continue;
            }
            let was_reset = self.slots[slot].controlled.is_reset;
            self.remember_control(slot);
            if self.slots[slot].controlled.is_reset && !was_reset {
                self.reset_one(slot);
            }
        }
        if self.depth == 0 && !self.signals.is_empty() {
            self.deliver(now, dma);
        }
    }

    /// Puts a device into its state after reset, and tells it what it should know then.
    fn reset_one(&mut self, slot: usize) {
        self.slots[slot].mount.device.reset();
        if let (Some(clocks), Some(domain)) = (&self.clocks, self.slots[slot].mount.clock) {
            let hz = clocks.domains.get(domain).copied().unwrap_or(0);
            let frequency = Frequency { hz, core_hz: clocks.core };
            self.signals.push(Signal::Clock { slot, frequency });
        }
        for from in &self.slots {
            for link in from.links.iter().filter(|link| link.to == slot) {
                let outputs = (0..64).filter(|output| from.outputs >> output & 1 != 0);
                for input in outputs.filter_map(|output| link.input_of(output)) {
                    self.signals.push(Signal::Wire { slot, input, level: Level::High });
                }
            }
        }
        self.take_in(slot, &[]);
    }
}
