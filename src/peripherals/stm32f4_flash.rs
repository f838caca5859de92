//! STM32F405/407 flash interface (RM0090, 3.9): wait states, locks and option bytes.
//!
//! The array cannot be erased or programmed yet: an erase that is started ends with WRPERR, as if every sector were write
//! protected, so that firmware sees it fail.

use serde::{Deserialize, Serialize};

use super::{Access, Context, Device, Peripheral, Slot, kinds::Kind};
use crate::words::BusFault;

const ACR: u32 = 0x00;
const KEYR: u32 = 0x04;
const OPTKEYR: u32 = 0x08;
const SR: u32 = 0x0c;
const CR: u32 = 0x10;
const OPTCR: u32 = 0x14;

const KEYS: [u32; 2] = [0x4567_0123, 0xcdef_89ab];
const OPTION_KEYS: [u32; 2] = [0x0819_2a3b, 0x4c5d_6e7f];

const STRT: u32 = 1 << 16;
const LOCK: u32 = 1 << 31;
/// PG, SER, MER, SNB, PSIZE, EOPIE, ERRIE.
const CR_STORED: u32 = 0x0300_037f;
const ERASE: u32 = 0b110;
const ERRIE: u32 = 1 << 25;
const OPTLOCK: u32 = 1 << 0;
const OPTSTRT: u32 = 1 << 1;
/// BOR_LEV, WDG_SW, nRST_STOP, nRST_STDBY, RDP, nWRP.
const OPTCR_STORED: u32 = 0x0fff_ffec;
const WRPERR: u32 = 1 << 4;
/// EOP, OPERR, WRPERR, PGAERR, PGPERR, PGSERR: write one to clear.
const SR_FLAGS: u32 = 0xf3;

pub(super) const KIND: Kind = Kind {
    name: "stm32f4-flash",
    about: "STM32F405/407 flash interface, array read-only (RM0090 3.9)",
    size: 0x400,
    irqs: &["flash"],
    build: |_| -> Box<dyn Device> { Box::new(Slot::new(Stm32f4Flash)) },
    ..Kind::PLAIN
};

struct Stm32f4Flash;

/// A register behind two keys that must be written in order; a wrong one locks it until reset.
#[derive(Default, Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
enum Lock {
    #[default]
    Locked,
    HalfOpen,
    Open,
    Jammed,
}

impl Lock {
    fn key(self, key: u32, keys: [u32; 2]) -> Lock {
        match self {
            Lock::Locked if key == keys[0] => Lock::HalfOpen,
            Lock::HalfOpen if key == keys[1] => Lock::Open,
            Lock::Open => Lock::Open,
            _ => Lock::Jammed,
        }
    }

    fn close(self) -> Lock {
        if self == Lock::Jammed { Lock::Jammed } else { Lock::Locked }
    }
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    acr: u32,
    sr: u32,
    cr: u32,
    optcr: u32,
    lock: Lock,
    option_lock: Lock,
}

impl Default for State {
    fn default() -> Self {
        State { acr: 0, sr: 0, cr: 0, optcr: 0x0fff_aaec, lock: Lock::Locked, option_lock: Lock::Locked }
    }
}

impl State {
    fn write_cr(&mut self, value: u32) {
        if self.lock != Lock::Open {
            return;
        }
        self.cr = value & CR_STORED;
        if value & STRT != 0 && value & ERASE != 0 {
            self.sr |= WRPERR;
        }
        if value & LOCK != 0 {
            self.lock = self.lock.close();
        }
    }

    fn write_optcr(&mut self, value: u32) {
        if self.option_lock != Lock::Open {
            return;
        }
        self.optcr = value & OPTCR_STORED;
        if value & OPTLOCK != 0 {
            self.option_lock = self.option_lock.close();
        }
    }
}

impl Peripheral for Stm32f4Flash {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let value = match at.register() {
            ACR => s.acr,
            SR => s.sr,
            CR => s.cr | if s.lock == Lock::Open { 0 } else { LOCK },
            OPTCR => s.optcr | if s.option_lock == Lock::Open { 0 } else { OPTLOCK },
            _ => 0,
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, _cx: &mut Context<'_>) -> Result<(), BusFault> {
        match at.register() {
            ACR => s.acr = at.merge(s.acr, value) & 0x1f07,
            KEYR => s.lock = s.lock.key(at.place(value), KEYS),
            OPTKEYR => s.option_lock = s.option_lock.key(at.place(value), OPTION_KEYS),
            SR => s.sr &= !(at.place(value) & SR_FLAGS),
            CR => s.write_cr(at.merge(s.cr, value)),
            OPTCR => s.write_optcr(at.merge(s.optcr, value) & !OPTSTRT),
            _ => {}
        }
        Ok(())
    }

    fn irq_lines(&self, s: &State) -> u32 {
        u32::from(s.cr & ERRIE != 0 && s.sr & WRPERR != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::Testbed;

    #[test]
    fn two_keys_in_order_unlock_the_control_register() {
        let mut flash = Testbed::new("stm32f4-flash");
        assert_eq!(flash.read(CR), LOCK);
        flash.write(KEYR, KEYS[0]);
        flash.write(KEYR, KEYS[1]);
        assert_eq!(flash.read(CR), 0);
        flash.write(CR, LOCK);
        assert_eq!(flash.read(CR), LOCK);
    }

    #[test]
    fn a_wrong_key_locks_until_reset() {
        let mut flash = Testbed::new("stm32f4-flash");
        for key in [KEYS[1], KEYS[0], KEYS[1]] {
            flash.write(KEYR, key);
        }
        assert_eq!(flash.read(CR), LOCK);
    }

    #[test]
    fn an_erase_fails_visibly() {
        let mut flash = Testbed::new("stm32f4-flash");
        flash.write(KEYR, KEYS[0]);
        flash.write(KEYR, KEYS[1]);
        flash.write(CR, 0b010 | STRT | ERRIE);
        assert_eq!((flash.read(SR), flash.irq_lines()), (WRPERR, 1));
        flash.write(SR, WRPERR);
        assert_eq!((flash.read(SR), flash.irq_lines()), (0, 0));
    }

    #[test]
    fn option_bytes_have_the_factory_value() {
        assert_eq!(Testbed::new("stm32f4-flash").read(OPTCR), 0x0fff_aaed);
    }
}
