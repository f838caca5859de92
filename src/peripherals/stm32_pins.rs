//! What both generations of STM32 GPIO ports have: pins that the world outside drives, and a lock.

use serde::{Deserialize, Serialize};

use super::{Access, Level, Port, pin_levels};

/// The levels of the pins.
pub(super) const PINS: &[Port] = &[Port { name: "pin", count: 16 }];
/// What drives the pins from outside.
pub(super) const OUTSIDE: &[Port] = &[Port { name: "outside", count: 16 }];

/// What drives the pins from outside.
#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Outside {
    driven: u16,
    levels: u16,
}

impl Outside {
    /// The levels of all pins that the port does not drive, where `pulled` are those with a pull-up: a pin that nobody
    /// drives has the level of its pull resistor, or is low.
    pub fn levels(&self, pulled: u16) -> u16 {
        self.levels & self.driven | pulled & !self.driven
    }

    /// Input from the host: pairs of a pin and its level.
    pub fn input(&mut self, bytes: &[u8]) {
        for (pin, level) in pin_levels(bytes, 16) {
            self.drive(pin, level);
        }
    }

    /// A wire that leads to a pin.
    pub fn wire(&mut self, pin: u32, level: Level) {
        // A pulse is over before anybody looks.
        if let (Ok(pin @ 0..16), true) = (u8::try_from(pin), level != Level::Pulse) {
            self.drive(pin, level.is_high());
        }
    }

    fn drive(&mut self, pin: u8, level: bool) {
        self.driven |= 1 << pin;
        self.levels = self.levels & !(1 << pin) | u16::from(level) << pin;
    }
}

/// LCKR: freezes the configuration of pins until reset (RM0008 9.2.7, RM0090 8.4.8).
#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Lock {
    pins: u16,
    step: Step,
}

/// How much of the sequence has been written: LCKK as 1, 0 and 1, with the same pins each time.
#[derive(Default, Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
enum Step {
    #[default]
    Open,
    First,
    Second,
    Locked,
}

const LCKK: u32 = 1 << 16;

impl Lock {
    pub fn read(&self) -> u32 {
        u32::from(self.pins) | if self.step == Step::Locked { LCKK } else { 0 }
    }

    pub fn write(&mut self, at: Access, value: u32) {
        let value = at.merge(u32::from(self.pins), value);
        let (pins, key) = ((value & 0xffff) as u16, value & LCKK != 0);
        self.step = match (self.step, key) {
            (Step::Locked, _) => return,
            (Step::First, false) if pins == self.pins => Step::Second,
            (Step::Second, true) if pins == self.pins => Step::Locked,
            (_, true) => Step::First,
            (_, false) => Step::Open,
        };
        self.pins = pins;
    }

    /// A configuration register with `bits` for each pin from `first` on, after a write: locked pins keep theirs.
    pub fn keep(&self, old: u32, new: u32, bits: u32, first: u32) -> u32 {
        if self.step != Step::Locked {
            return new;
        }
        let pins = (0..32 / bits).filter(|pin| u32::from(self.pins) >> first >> pin & 1 != 0);
        let locked = pins.fold(0, |locked, pin| locked | ((1 << bits) - 1) << (bits * pin));
        old & locked | new & !locked
    }
}
