//! STM32L4 flash interface (RM0351, 3; RM0394, 3): pages and double words.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{Array, FLASH_BASE, FLASH_SIZE, KEYS, Lock, OPTION_KEYS, PAGE_SIZE, fetch, store};
use crate::{
    peripherals::{
        Access, Context, Device, Peripheral, Port, Slot,
        kinds::{Kind, KindOption, Layout, Wiring},
        registers::{Registers, Values},
    },
    words::{BusFault, Width},
};

const ACR: u32 = 0x00;
const PDKEYR: u32 = 0x04;
const KEYR: u32 = 0x08;
const OPTKEYR: u32 = 0x0c;
const SR: u32 = 0x10;
const CR: u32 = 0x14;
const ECCR: u32 = 0x18;
const OPTR: u32 = 0x20;
/// The last register that option bytes are loaded into.
const OPTIONS_END: u32 = 0x50;

const RUN_PD: u32 = 1 << 13;

const EOP: u32 = 1 << 0;
const OPERR: u32 = 1 << 1;
const PROGERR: u32 = 1 << 3;
const PGAERR: u32 = 1 << 5;
const SIZERR: u32 = 1 << 6;
const PGSERR: u32 = 1 << 7;
/// All but EOP.
const ERRORS: u32 = 0xc3fa;
const BSY: u32 = 1 << 16;

const PG: u32 = 1 << 0;
const PER: u32 = 1 << 1;
const MER1: u32 = 1 << 2;
const BKER: u32 = 1 << 11;
const MER2: u32 = 1 << 15;
const STRT: u32 = 1 << 16;
const OPTSTRT: u32 = 1 << 17;
const FSTPG: u32 = 1 << 18;
const EOPIE: u32 = 1 << 24;
const ERRIE: u32 = 1 << 25;
const OBL_LAUNCH: u32 = 1 << 27;
const OPTLOCK: u32 = 1 << 30;
const LOCK: u32 = 1 << 31;
/// PG, PER, MER1, PNB, BKER, MER2, FSTPG, EOPIE, ERRIE, RDERRIE.
const STORED: u32 = 0x0704_8fff;

const PD_KEYS: [u32; 2] = [0x0415_2637, 0xfafb_fcfd];

pub(in crate::peripherals) const KIND: Kind = Kind {
    name: "stm32l4-flash",
    about: "STM32L4 flash interface (RM0351 3)",
    layouts: &[Layout::of(&[
        ("ACR", ACR),
        ("PDKEYR", PDKEYR),
        ("KEYR", KEYR),
        ("OPTKEYR", OPTKEYR),
        ("SR", SR),
        ("CR", CR),
        ("ECCR", ECCR),
        ("OPTR", OPTR),
    ])],
    describe: |flash| vec![("banks", 1 + u32::from(flash.has_field(CR, "MER2")))],
    irqs: &["FLASH"],
    options: &[
        FLASH_BASE,
        FLASH_SIZE,
        PAGE_SIZE,
        KindOption { name: "banks", about: "1 or 2, of which MER1 erases the first", default: 2 },
    ],
    outputs: &[Port::one("obl-reset")],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        let array = Array::new(wiring);
        let page_size = match wiring.option("page-size") {
            0 if array.size > 0x10_0000 => 0x1000, // L4R and L4S
            0 => 0x800,
            size => size.clamp(8, 0x1_0000),
        };
        Box::new(Slot::new(Stm32l4Flash {
            registers: Registers::new(wiring, &[(ACR, 0x600), (OPTR, 0xffef_f8aa)]),
            array,
            bank: if wiring.option("banks") == 2 { array.size / 2 } else { array.size },
            page_size,
            areas: [array.range()],
        }))
    },
    ..Kind::PLAIN
};

struct Stm32l4Flash {
    registers: Registers,
    array: Array,
    /// The size of a bank.
    bank: u32,
    page_size: u32,
    areas: [Range<u32>; 1],
}

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    values: Values,
    sr: u32,
    cr: u32,
    lock: Lock,
    option_lock: Lock,
    power_down: Lock,
    /// The first half of a double word, and its address.
    half: Option<(u32, u32)>,
    launched: bool,
}

impl Stm32l4Flash {
    fn end(s: &mut State, result: Result<(), u32>) {
        // Without its interrupt, neither flag is set (RM0351 3.7.5).
        s.sr |= match result {
            Ok(()) if s.cr & EOPIE != 0 => EOP,
            Ok(()) => 0,
            Err(error) if s.cr & ERRIE != 0 => error | OPERR,
            Err(error) => error,
        };
    }

    fn erase(&self, s: &State, cx: &mut Context<'_>) -> Result<(), u32> {
        let mut erase =
            |from, length| if self.array.erase(cx.dma, from, length, 0xff) { Ok(()) } else { Err(PGSERR) };
        // After an error the flags must be cleared before the next operation (RM0351 3.3.7).
        if s.sr & ERRORS != 0 || s.cr & (PER | MER1 | MER2) == 0 || s.cr & (PG | FSTPG) != 0 {
            return Err(PGSERR);
        }
        if s.cr & PER != 0 {
            let bank = if s.cr & BKER != 0 { self.array.size / 2 } else { 0 };
            return erase(bank + (s.cr >> 3 & 0xff) * self.page_size, self.page_size);
        }
        if s.cr & MER1 != 0 {
            erase(0, self.bank)?;
        }
        if s.cr & MER2 != 0 && self.bank < self.array.size {
            erase(self.bank, self.array.size - self.bank)?;
        }
        Ok(())
    }

    fn write_cr(&self, s: &mut State, value: u32, cx: &mut Context<'_>) {
        if !s.lock.is_open() {
            return;
        }
        s.cr = value & STORED;
        if s.cr & (PG | FSTPG) == 0 {
            s.half = None;
        }
        if s.option_lock.is_open() {
            s.launched |= value & OBL_LAUNCH != 0;
            if value & OPTSTRT != 0 {
                Self::end(s, Ok(()));
            }
        }
        if value & STRT != 0 {
            let result = self.erase(s, cx);
            Self::end(s, result);
        }
        if value & OPTLOCK != 0 {
            s.option_lock = s.option_lock.close();
        }
        if value & LOCK != 0 {
            s.lock = s.lock.close();
            s.option_lock = s.option_lock.close();
        }
    }

    /// A store to the flash. `None`: the other half of the double word is to come.
    fn store(
        &self,
        s: &mut State,
        address: u32,
        width: Width,
        value: u32,
        cx: &mut Context<'_>,
    ) -> Option<Result<(), u32>> {
        let half = s.half.take();
        if s.cr & (PG | FSTPG) == 0 || !s.lock.is_open() || s.sr & ERRORS != 0 {
            return Some(Err(PGSERR));
        }
        if width != Width::Word {
            return Some(Err(SIZERR));
        }
        match half {
            None if address.is_multiple_of(8) => {
                s.half = Some((address, value));
                None
            }
            Some((first, low)) if address == first.wrapping_add(4) => {
                Some(Self::double_word(first, [low, value], s.cr & FSTPG != 0, cx))
            }
            _ => Some(Err(PGAERR)),
        }
    }

    /// A double word that is not erased can only be made zero (RM0351 3.3.7).
    fn double_word(address: u32, words: [u32; 2], fast: bool, cx: &mut Context<'_>) -> Result<(), u32> {
        let places = [address, address.wrapping_add(4)];
        for at in places {
            let old = fetch(cx.dma, at, Width::Word).map_err(|_| PGAERR)?;
            if old != u32::MAX && words != [0; 2] && !fast {
                return Err(PROGERR);
            }
        }
        for (at, word) in places.into_iter().zip(words) {
            store(cx.dma, at, Width::Word, word).map_err(|_| PGAERR)?;
        }
        Ok(())
    }
}

impl Peripheral for Stm32l4Flash {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let value = match at.register() {
            SR => s.sr,
            CR => s.cr | s.lock.bit(LOCK) | s.option_lock.bit(OPTLOCK),
            PDKEYR | KEYR | OPTKEYR => 0,
            offset => self.registers.get(&s.values, offset),
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        let placed = at.place(value);
        match at.register() {
            ACR => {
                let (before, after) = self.registers.write(&mut s.values, at, value);
                let allowed = if s.power_down.is_open() { after } else { before };
                self.registers.put(&mut s.values, ACR, RUN_PD, allowed);
            }
            PDKEYR => s.power_down = s.power_down.key(placed, PD_KEYS),
            KEYR => s.lock = s.lock.key(placed, KEYS),
            OPTKEYR if s.lock.is_open() => s.option_lock = s.option_lock.key(placed, OPTION_KEYS),
            SR => s.sr &= !(placed & !BSY),
            CR => {
                let value = at.merge(s.cr, value);
                self.write_cr(s, value, cx);
            }
            OPTR..=OPTIONS_END if !s.option_lock.is_open() => {}
            ECCR | OPTR..=OPTIONS_END => {
                self.registers.write(&mut s.values, at, value);
            }
            _ => {}
        }
        Ok(())
    }

    fn program_areas(&self) -> &[Range<u32>] {
        &self.areas
    }

    fn program(
        &self,
        s: &mut State,
        address: u32,
        width: Width,
        value: u32,
        cx: &mut Context<'_>,
    ) -> Result<(), BusFault> {
        if let Some(result) = self.store(s, address, width, value, cx) {
            Self::end(s, result);
        }
        Ok(())
    }

    fn irq_lines(&self, s: &State) -> u32 {
        let ended = s.sr & EOP != 0 && s.cr & EOPIE != 0;
        let failed = s.sr & OPERR != 0 && s.cr & ERRIE != 0;
        u32::from(ended || failed)
    }

    fn reset_request(&self, s: &State) -> bool {
        s.launched
    }

    fn outputs(&self, s: &State) -> u64 {
        s.launched.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::Testbed;

    const BASE: u32 = 0x0800_0000;
    const SIZE: usize = 0x10_0000;

    fn unlocked() -> Testbed {
        let mut flash = Testbed::new("stm32l4-flash");
        flash.world.memory.push((BASE, vec![0x55; SIZE]));
        assert_eq!(flash.read(CR), LOCK | OPTLOCK);
        flash.write(KEYR, KEYS[0]);
        flash.write(KEYR, KEYS[1]);
        assert_eq!(flash.read(CR), OPTLOCK);
        flash
    }

    fn word(offset: u32) -> Access {
        Access { offset, width: Width::Word }
    }

    #[test]
    fn pages_of_either_bank_are_erased() {
        for (cr, first, last) in [
            (PER | 3 << 3, 0x1800, 0x1fff),
            (PER | BKER | 1 << 3, 0x8_0800, 0x8_0fff),
            (MER1, 0, 0x7_ffff),
            (MER2, 0x8_0000, 0xf_ffff),
            (MER1 | MER2, 0, 0xf_ffff),
        ] {
            let mut flash = unlocked();
            flash.write(CR, cr | EOPIE | STRT);
            assert_eq!((flash.read(SR), flash.irq_lines()), (EOP, 1));
            let bytes = flash.world.bytes(BASE, SIZE).unwrap();
            let erased = |byte: &u8| *byte == 0xff;
            assert_eq!(bytes.iter().position(erased), Some(first));
            assert_eq!(bytes.iter().rposition(erased), Some(last));
        }
    }

    #[test]
    fn two_words_make_a_double_word() {
        let mut flash = unlocked();
        flash.write(CR, PER | STRT);
        flash.write(CR, PG);
        flash.program(word(8), 0x1111_2222);
        assert_eq!(flash.world.bytes(BASE + 8, 4).unwrap(), [0xff; 4], "the other half is to come");
        flash.program(word(12), 0x3333_4444);
        assert_eq!(flash.read(SR), 0);
        assert_eq!(flash.world.bytes(BASE + 8, 8).unwrap(), [0x22, 0x22, 0x11, 0x11, 0x44, 0x44, 0x33, 0x33]);
        flash.program(word(8), 0);
        flash.program(word(12), 1);
        assert_eq!(flash.read(SR), PROGERR, "it is not erased");
        flash.program(word(16), 0);
        assert_eq!(flash.read(SR), PROGERR | PGSERR, "the error is still there");
        flash.write(SR, PROGERR | PGSERR);
        flash.program(word(20), 0);
        assert_eq!(flash.read(SR), PGAERR);
        flash.write(SR, PGAERR);
        flash.program(Access { offset: 24, width: Width::Half }, 0);
        assert_eq!(flash.read(SR), SIZERR);
    }

    #[test]
    fn option_bytes_are_behind_a_second_lock_and_a_reset() {
        let mut flash = unlocked();
        flash.write(OPTR, 0);
        assert_eq!(flash.read(OPTR), 0xffef_f8aa);
        flash.write(OPTKEYR, OPTION_KEYS[0]);
        flash.write(OPTKEYR, OPTION_KEYS[1]);
        flash.write(OPTR, 0xffef_f0aa);
        flash.write(CR, OPTSTRT);
        assert_eq!((flash.read(OPTR), flash.read(CR), flash.reset_request()), (0xffef_f0aa, 0, false));
        flash.write(CR, OBL_LAUNCH);
        assert!(flash.reset_request());
    }
}
