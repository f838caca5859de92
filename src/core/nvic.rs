//! Exceptions and the NVIC: what is pending, active, enabled, and at which priority (Armv7-M ARM B1.5, B3.4; Armv6-M ARM
//! B1.5, B3.4; Armv8-M ARM B3.9, B11).

use serde::{Deserialize, Serialize};

use super::{Architecture, Config, engine::Masks};
use crate::pins::{Lines, ones};

/// Exception numbers (Armv7-M ARM B1.5.2).
pub mod exception {
    pub const NMI: u16 = 2;
    pub const HARD_FAULT: u16 = 3;
    pub const MEM_MANAGE: u16 = 4;
    pub const BUS_FAULT: u16 = 5;
    pub const USAGE_FAULT: u16 = 6;
    /// Only with the Security Extension of Armv8-M.
    pub const SECURE_FAULT: u16 = 7;
    pub const SV_CALL: u16 = 11;
    pub const DEBUG_MONITOR: u16 = 12;
    pub const PEND_SV: u16 = 14;
    pub const SYS_TICK: u16 = 15;
    /// The first external interrupt.
    pub const EXTERNAL: u16 = 16;
}

use exception::*;

/// The most external interrupts that an Armv7-M core has room for here.
pub const MAX_INTERRUPTS: usize = 240;

/// A set of external interrupts.
type Set = [u32; 8];

/// Pending, active and enabled exceptions and their priorities.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nvic {
    /// NVIC_ISER.
    pub enabled: Set,
    /// NVIC_ISPR.
    pub pending: Set,
    /// NVIC_IABR.
    pub active: Set,
    /// The interrupt lines as they are now.
    level: Set,
    nmi_line: bool,
    /// Something has become pending since [`Nvic::take_pended`].
    pended: bool,
    /// Pending exceptions below 16, a bit each.
    pub system_pending: u16,
    /// Active exceptions below 16, a bit each.
    pub system_active: u16,
    /// NVIC_IPR, a byte for each interrupt.
    priority: Vec<u8>,
    /// SHPR1 to SHPR3: the priorities of exceptions 4 to 15.
    system_priority: [u8; 12],
    /// AIRCR.PRIGROUP.
    pub prigroup: u8,
    implemented: u8,
    interrupts: u16,
    /// Exceptions below 16 whose priority can be set, a bit each.
    configurable: u16,
}

impl Nvic {
    /// Whether this is the NVIC of the same core: what never changes is the same.
    pub fn fits(&self, other: &Nvic) -> bool {
        self.priority.len() == other.priority.len()
            && (self.implemented, self.interrupts, self.configurable)
                == (other.implemented, other.interrupts, other.configurable)
    }

    /// The state after reset.
    pub fn new(config: &Config) -> Nvic {
        let all = 1 << SV_CALL | 1 << PEND_SV | 1 << SYS_TICK;
        let main = 1 << MEM_MANAGE | 1 << BUS_FAULT | 1 << USAGE_FAULT | 1 << DEBUG_MONITOR;
        let configurable = match config.core.architecture() {
            Architecture::V6M => all,
            Architecture::V8M if config.security_extension => all | main | 1 << SECURE_FAULT,
            _ => all | main,
        };
        Nvic {
            enabled: [0; 8],
            pending: [0; 8],
            active: [0; 8],
            level: [0; 8],
            nmi_line: false,
            pended: false,
            system_pending: 0,
            system_active: 0,
            priority: vec![0; MAX_INTERRUPTS],
            system_priority: [0; 12],
            prigroup: 0,
            implemented: !(0xffu16 >> config.priority_bits.min(8)) as u8,
            interrupts: config.interrupts.min(MAX_INTERRUPTS as u16),
            configurable,
        }
    }

    /// The number of external interrupts.
    pub fn interrupts(&self) -> u16 {
        self.interrupts
    }

    /// The priority bits that are implemented, as a mask.
    pub fn implemented(&self) -> u8 {
        self.implemented
    }

    /// Bits of register `index` of a set register (ISER, ISPR, IABR …) that have an interrupt behind them.
    pub fn existing(&self, index: usize) -> u32 {
        let left = usize::from(self.interrupts).saturating_sub(32 * index).min(32);
        if left == 32 { u32::MAX } else { (1 << left) - 1 }
    }

    /// NVIC_IPR byte `irq`.
    pub fn priority(&self, irq: usize) -> u8 {
        self.priority.get(irq).copied().unwrap_or(0)
    }

    /// Writes NVIC_IPR byte `irq`.
    pub fn set_priority(&mut self, irq: usize, value: u8) {
        if irq < usize::from(self.interrupts) {
            self.priority[irq] = value & self.implemented;
        }
    }

    /// SHPR byte for a system handler, exceptions 4 to 15.
    pub fn system_priority(&self, number: u16) -> u8 {
        self.system_priority[usize::from(number) - 4]
    }

    /// Writes an SHPR byte.
    pub fn set_system_priority(&mut self, number: u16, value: u8) {
        if self.configurable >> number & 1 != 0 {
            self.system_priority[usize::from(number) - 4] = value & self.implemented;
        }
    }

    /// The priority of an exception: −2 NMI, −1 HardFault, else 0 to 255.
    pub fn exception_priority(&self, number: u16) -> i16 {
        match number {
            NMI => -2,
            HARD_FAULT => -1,
            4..=15 => self.system_priority(number).into(),
            _ => self.priority(usize::from(number) - 16).into(),
        }
    }

    fn group(&self, priority: i16) -> i16 {
        if priority < 0 { priority } else { priority & !((2 << self.prigroup) - 1) }
    }

    /// Whether an exception is active.
    pub fn is_active(&self, number: u16) -> bool {
        if number < EXTERNAL {
            self.system_active >> number & 1 != 0
        } else {
            let irq = usize::from(number - EXTERNAL);
            self.active.get(irq / 32).is_some_and(|word| word >> (irq % 32) & 1 != 0)
        }
    }

    /// How many exceptions are active.
    pub fn active_count(&self) -> u32 {
        self.system_active.count_ones() + self.active.iter().map(|word| word.count_ones()).sum::<u32>()
    }

    /// Whether an exception other than this one is active; 0 stands for Thread mode.
    pub fn is_other_active(&self, number: u16) -> bool {
        self.active_count() > u32::from(self.is_active(number))
    }

    /// The priority that active exceptions alone give the core; 256 with none (B1.5.4 ExecutionPriority; Armv8-M ARM E2.1
    /// RawExecutionPriority).
    pub fn active_priority(&self) -> i16 {
        let mut best = 256;
        for number in ones(self.system_active.into()) {
            best = best.min(self.exception_priority(number));
        }
        for (index, word) in self.active.iter().enumerate() {
            for bit in ones(*word) {
                best = best.min(self.priority(32 * index + usize::from(bit)).into());
            }
        }
        if best == 256 { best } else { self.group(best) }
    }

    /// The priority at which the core executes (B1.5.4 ExecutionPriority).
    pub fn execution_priority(&self, masks: Masks) -> i16 {
        let mut priority = self.active_priority();
        let basepri = masks.basepri & self.implemented;
        if basepri != 0 {
            priority = priority.min(self.group(basepri.into()));
        }
        if masks.primask {
            priority = priority.min(0);
        }
        if masks.faultmask {
            priority = priority.min(-1);
        }
        priority
    }

    /// The pending exception that would be taken first: the highest priority, then the lowest number.
    fn first_pending(&self) -> Option<(u16, i16)> {
        let mut best: Option<(u16, i16)> = None;
        let mut consider = |number: u16| {
            let priority = self.exception_priority(number);
            if best.is_none_or(|(_, other)| priority < other) {
                best = Some((number, priority));
            }
        };
        ones(self.system_pending.into()).for_each(&mut consider);
        for (index, (pending, enabled)) in self.pending.iter().zip(&self.enabled).enumerate() {
            ones(pending & enabled).for_each(|bit| consider(EXTERNAL + 32 * index as u16 + bit));
        }
        best
    }

    /// The pending exception that would be taken first if nothing held it back.
    pub fn first(&self) -> Option<u16> {
        self.first_pending().map(|(number, _)| number)
    }

    /// ICSR.VECTPENDING: the pending exception of highest priority, whether or not it can preempt what is active; 0 with
    /// none. BASEPRI and FAULTMASK hide it, PRIMASK does not (Cortex-M4 Devices Generic User Guide, DUI 0553 4.3.3).
    pub fn vect_pending(&self, masks: Masks) -> u16 {
        let Some((number, priority)) = self.first_pending() else { return 0 };
        let hidden = masks.faultmask && priority >= -1 || self.is_masked_by_basepri(priority, masks);
        if hidden { 0 } else { number }
    }

    fn is_masked_by_basepri(&self, priority: i16, masks: Masks) -> bool {
        let basepri = masks.basepri & self.implemented;
        basepri != 0 && self.group(priority) >= self.group(basepri.into())
    }

    /// The pending exception that preempts what runs now, if any.
    pub fn takeable(&self, masks: Masks) -> Option<u16> {
        let (number, priority) = self.first_pending()?;
        (self.group(priority) < self.execution_priority(masks)).then_some(number)
    }

    /// Whether an exception is pending that nothing but the masks can hold back.
    pub fn wants_to_preempt(&self) -> bool {
        self.first_pending().is_some_and(|(_, priority)| self.group(priority) < self.active_priority())
    }

    /// Whether an interrupt, enabled or not, has become pending since the last call (SCR.SEVONPEND).
    pub fn take_pended(&mut self) -> bool {
        std::mem::take(&mut self.pended)
    }

    /// Whether an external interrupt is pending, enabled or not (ICSR.ISRPENDING).
    pub fn interrupt_pending(&self) -> bool {
        self.pending.iter().any(|word| *word != 0)
    }

    /// Makes interrupts of register `index` pending (ISPR).
    pub fn set_pending_word(&mut self, index: usize, interrupts: u32) {
        let wanted = interrupts & self.existing(index);
        self.pended |= wanted & !self.pending[index] != 0;
        self.pending[index] |= wanted;
    }

    /// Clears the pending state of an exception below 16.
    pub fn clear_system_pending(&mut self, number: u16) {
        self.system_pending &= !(1 << number);
    }

    /// Makes an exception pending.
    pub fn set_pending(&mut self, number: u16) {
        self.pended |= !self.is_pending(number);
        if number < EXTERNAL {
            self.system_pending |= 1 << number;
        } else {
            let irq = usize::from(number - EXTERNAL);
            if irq < usize::from(self.interrupts) {
                self.pending[irq / 32] |= 1 << (irq % 32);
            }
        }
    }

    /// Whether an exception is pending.
    pub fn is_pending(&self, number: u16) -> bool {
        if number < EXTERNAL {
            self.system_pending >> number & 1 != 0
        } else {
            let irq = usize::from(number - EXTERNAL);
            self.pending.get(irq / 32).is_some_and(|word| word >> (irq % 32) & 1 != 0)
        }
    }

    /// Clears the pending state. An interrupt whose line is still up becomes pending again at once (B3.4.1).
    pub fn clear_pending(&mut self, index: usize, interrupts: u32) {
        self.pending[index] &= !interrupts | (self.level[index] & !self.active[index]);
    }

    /// An exception is taken: no longer pending, active.
    pub fn activate(&mut self, number: u16) {
        if number < EXTERNAL {
            self.system_pending &= !(1 << number);
            self.system_active |= 1 << number;
        } else {
            let irq = usize::from(number - EXTERNAL);
            self.pending[irq / 32] &= !(1 << (irq % 32));
            self.active[irq / 32] |= 1 << (irq % 32);
        }
    }

    /// An exception returns. A line that is still up makes it pending again.
    pub fn deactivate(&mut self, number: u16) {
        if number < EXTERNAL {
            self.system_active &= !(1 << number);
        } else {
            let irq = usize::from(number - EXTERNAL);
            if let Some(word) = self.active.get_mut(irq / 32) {
                *word &= !(1 << (irq % 32));
                self.pending[irq / 32] |= self.level[irq / 32] & 1 << (irq % 32);
            }
        }
    }

    /// The interrupt lines as they were last taken over.
    pub fn lines(&self) -> Lines {
        let mut lines = Lines::default();
        for (index, word) in self.level.iter().enumerate() {
            ones(*word).for_each(|bit| lines.set(32 * index as u16 + bit, true));
        }
        lines.set(Lines::NMI, self.nmi_line);
        lines
    }

    /// Takes over the interrupt lines: a line that rises makes its interrupt pending.
    pub fn set_lines(&mut self, lines: &Lines) {
        for index in 0..8 {
            let now = lines.words()[index] & self.existing(index);
            let rising = now & !self.level[index];
            self.pended |= rising & !self.pending[index] != 0;
            self.pending[index] |= rising;
            self.level[index] = now;
        }
        if lines.level(Lines::NMI) && !self.nmi_line {
            self.set_pending(NMI);
        }
        self.nmi_line = lines.level(Lines::NMI);
    }
}

#[cfg(test)]
mod tests;
