//! What the peripherals of the nRF families have in common: tasks, events that stay until software clears them, shortcuts
//! from events to tasks, and the interrupt enable bits (nRF51 Series Reference Manual 3.0, chapter 10; nRF52840 Product
//! Specification 1.1, 6.1).
//!
//! Event n is also output n: a pulse for the PPI, whether the event register was clear before or not.

use serde::{Deserialize, Serialize};

use super::{
    Access, Context,
    bank::{Bank, Contents, Policy},
    kinds::{Port, Wiring},
};

/// The outputs of every peripheral that has events.
pub(super) const EVENT_PORT: Port = Port { name: "event", count: 32 };

/// The first event register; event n is 4 n bytes behind it and bit n of the enable registers.
const EVENTS: u32 = 0x100;
const EVENTS_END: u32 = 0x180;
const SHORTS: u32 = 0x200;
const INTEN: u32 = 0x300;
const INTENSET: u32 = 0x304;
const INTENCLR: u32 = 0x308;
/// Whether the peripheral has power. Without, it loses its state.
const POWER: u32 = 0xffc;

/// The first offset that is no task.
const TASKS_END: u32 = 0x80;

/// Core clock cycles per cycle of the 16 MHz clock, at least 1.
pub(super) fn cycles_of_16_mhz(wiring: &Wiring) -> u64 {
    let divider = u64::from(wiring.option("clock-divider").max(1));
    divider * (u64::from(wiring.clock_hz) / 16_000_000).max(1)
}

/// Core clock cycles that this many microseconds take, at least 1.
pub(super) fn microseconds(count: u64, clock_hz: u64) -> u64 {
    (count * clock_hz).div_ceil(1_000_000).max(1)
}

/// The low-frequency clock, in Hz of virtual time.
pub(super) const LFCLK_HZ: u64 = 32_768;

/// Ticks until a counter that wraps at `modulus` next becomes `value`, from 1 on.
pub(super) fn ticks_until(value: u32, count: u32, modulus: u64) -> u64 {
    let ticks = (u64::from(value) + modulus - u64::from(count) % modulus) % modulus;
    if ticks == 0 { modulus } else { ticks }
}

/// The event registers of a peripheral and their interrupt enables.
#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Events {
    happened: u32,
    inten: u32,
}

impl Events {
    /// The event happens: it stays, and is sent out.
    pub fn happen(&mut self, event: u32, cx: &mut Context<'_>) {
        self.happened |= 1 << (event & 31);
        cx.pulse(event & 31);
    }

    /// The event stays, but nobody is told.
    pub fn set(&mut self, event: u32) {
        self.happened |= 1 << (event & 31);
    }

    /// Whether the event has happened and was not cleared since.
    pub fn is_set(&self, event: u32) -> bool {
        self.happened >> event & 1 != 0
    }

    /// The events that are enabled as interrupts, a bit each.
    pub fn enabled(&self) -> u32 {
        self.inten
    }

    /// The events whose next occurrence would raise the interrupt, a bit each.
    pub fn awaited(&self) -> u32 {
        self.inten & !self.happened
    }

    /// The level of the interrupt line.
    pub fn irq(&self) -> bool {
        self.happened & self.inten != 0
    }

    /// What a register reads as, if it is one of these.
    pub fn read(&self, register: u32) -> Option<u32> {
        match register {
            EVENTS..EVENTS_END => Some(u32::from(self.is_set((register - EVENTS) / 4))),
            INTEN | INTENSET | INTENCLR => Some(self.inten),
            POWER => Some(1),
            _ => None,
        }
    }

    /// Writes a register. False if it is none of these. `exist` are the events of the peripheral, a bit each.
    pub fn write(&mut self, at: Access, value: u32, exist: u32) -> bool {
        match at.register() {
            register @ EVENTS..EVENTS_END => {
                let bit = 1 << ((register - EVENTS) / 4) & exist;
                let old = u32::from(self.happened & bit != 0);
                let set = at.merge(old, value) & 1 != 0;
                self.happened = self.happened & !bit | if set { bit } else { 0 };
            }
            INTEN => self.inten = at.merge(self.inten, value) & exist,
            INTENSET => self.inten |= at.place(value) & exist,
            INTENCLR => self.inten &= !at.place(value),
            _ => return false,
        }
        true
    }
}

/// A shortcut: a bit of SHORTS by which an event triggers a task of the same peripheral.
#[derive(Clone, Copy, Debug)]
pub(super) struct Short {
    pub bit: u32,
    pub event: u32,
    pub task: u32,
}

impl Short {
    pub const fn new(bit: u32, event: u32, task: u32) -> Short {
        Short { bit, event, task }
    }
}

/// The registers of a peripheral: those that all have alike; the others hold what is written, as the SVD file says.
#[derive(Debug)]
pub(super) struct Registers {
    bank: Bank,
    exist: u32,
    shorts: &'static [Short],
}

/// What is in the registers of a peripheral.
#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Values {
    pub events: Events,
    shorts: u32,
    held: Contents,
}

/// What a write did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// It triggers the task of this number.
    Task(u32),
    /// It takes the peripheral's power away.
    PowerOff,
    /// It changed the register at this offset.
    Register(u32),
}

impl Registers {
    /// The registers of a peripheral with these events, a bit each, and shortcuts.
    pub fn new(wiring: &Wiring, exist: u32, shorts: &'static [Short]) -> Registers {
        Registers { bank: Bank::new(wiring.registers.iter().cloned(), Policy::Reset), exist, shorts }
    }

    /// What a read gives.
    pub fn read(&self, v: &Values, at: Access) -> u32 {
        match at.register() {
            SHORTS => at.take(v.shorts),
            register => match v.events.read(register) {
                Some(value) => at.take(value),
                None => self.bank.look(&v.held, at),
            },
        }
    }

    /// Takes a write.
    pub fn write(&self, v: &mut Values, at: Access, value: u32) -> Written {
        if let Some(task) = task(at, value) {
            return Written::Task(task);
        }
        if powers_off(at, value) {
            return Written::PowerOff;
        }
        match at.register() {
            SHORTS => {
                let known = self.shorts.iter().fold(0, |mask, short| mask | 1 << short.bit);
                v.shorts = at.merge(v.shorts, value) & known;
            }
            POWER | ..TASKS_END => {}
            _ if v.events.write(at, value, self.exist) => {}
            register => {
                let old = self.bank.raw(&v.held, register);
                let new = self.bank.written(old, at, value);
                self.bank.put(&mut v.held, register, new);
            }
        }
        Written::Register(at.register())
    }

    /// What the register at an offset holds.
    pub fn get(&self, v: &Values, offset: u32) -> u32 {
        self.bank.raw(&v.held, offset)
    }

    /// Puts something into the register at an offset, whatever writes to it may do.
    pub fn put(&self, v: &mut Values, offset: u32, value: u32) {
        self.bank.put(&mut v.held, offset, value);
    }

    /// The event happens; the tasks that shortcuts trigger, in the order of their bits.
    pub fn happen(
        &self,
        v: &mut Values,
        event: u32,
        cx: &mut Context<'_>,
    ) -> impl Iterator<Item = u32> + use<> {
        v.events.happen(event, cx);
        let shorts = v.shorts;
        let fits = move |short: &&Short| short.event == event && shorts >> short.bit & 1 != 0;
        self.shorts.iter().filter(fits).map(|short| short.task)
    }
}

/// The task that a write triggers: the number of its register.
pub(super) fn task(at: Access, value: u32) -> Option<u32> {
    (at.register() < TASKS_END && at.place(value) & 1 != 0).then_some(at.register() / 4)
}

/// Whether a write takes the peripheral's power away.
pub(super) fn powers_off(at: Access, value: u32) -> bool {
    at.register() == POWER && at.merge(1, value) & 1 == 0
}

/// The core clock cycle at which the low-frequency clock has ticked this often since cycle 0.
pub(super) fn lfclk_cycle(ticks: u64, clock_hz: u64) -> u64 {
    let cycles = (u128::from(ticks) * u128::from(clock_hz)).div_ceil(u128::from(LFCLK_HZ));
    u64::try_from(cycles).unwrap_or(u64::MAX)
}

/// How often the low-frequency clock ticks in this many core clock cycles.
pub(super) fn lfclk_ticks(cycles: u64, clock_hz: u64) -> u64 {
    (u128::from(cycles) * u128::from(LFCLK_HZ) / u128::from(clock_hz.max(1))) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Width;

    fn word(offset: u32) -> Access {
        Access { offset, width: Width::Word }
    }

    #[test]
    fn an_event_interrupts_while_it_is_set_and_enabled() {
        let mut events = Events::default();
        events.set(7);
        assert!(!events.irq());
        assert!(events.write(word(INTENSET), 1 << 7, 1 << 7));
        assert!(events.irq());
        assert_eq!(events.read(0x11c), Some(1));
        assert!(events.write(word(0x11c), 0, 1 << 7));
        assert!(!events.irq());
        assert_eq!(events.awaited(), 1 << 7);
        assert!(events.write(word(INTENCLR), 1 << 7, 1 << 7));
        assert_eq!(events.read(INTENSET), Some(0));
    }

    #[test]
    fn ticks_and_cycles_agree() {
        for clock in [1, 32_768, 1_000_000, 16_000_000] {
            for ticks in [0, 1, 2, 3, 1000, 1 << 24] {
                let cycle = lfclk_cycle(ticks, clock);
                assert!(lfclk_ticks(cycle, clock) >= ticks, "{ticks} at {clock} Hz");
                assert!(cycle == 0 || lfclk_ticks(cycle - 1, clock) < ticks, "{ticks} at {clock} Hz");
            }
        }
    }
}
