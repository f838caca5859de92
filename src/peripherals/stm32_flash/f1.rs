//! STM32F0, F1 and F3 flash interface (PM0075; RM0091, 3; RM0316, 4): pages and half-words.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{Array, FLASH_BASE, FLASH_SIZE, KEYS, Lock, PAGE_SIZE, fetch, store};
use crate::{
    peripherals::{
        Access, Context, Device, Peripheral, Port, Slot,
        kinds::{Described, Kind, KindOption, Layout, Wiring},
        registers::{Registers, Values},
    },
    words::{BusFault, Width},
};

const ACR: u32 = 0x00;
const KEYR: u32 = 0x04;
const OPTKEYR: u32 = 0x08;
const SR: u32 = 0x0c;
const CR: u32 = 0x10;
const AR: u32 = 0x14;
const OBR: u32 = 0x1c;
const WRPR: u32 = 0x20;
/// KEYR2, SR2, CR2 and AR2 are this much higher (PM0068).
const SECOND: u32 = 0x40;

/// Flash beyond is the second bank.
const BANK: u32 = 0x8_0000;
/// The option bytes.
const OPTIONS: Range<u32> = 0x1fff_f800..0x1fff_f810;

const HLFCYA: u32 = 1 << 3;
const PRFTBE: u32 = 1 << 4;
const PRFTBS: u32 = 1 << 5;

const PGERR: u32 = 1 << 2;
const WRPRTERR: u32 = 1 << 4;
const EOP: u32 = 1 << 5;

const PG: u32 = 1 << 0;
const PER: u32 = 1 << 1;
const MER: u32 = 1 << 2;
const OPTPG: u32 = 1 << 4;
const OPTER: u32 = 1 << 5;
const STRT: u32 = 1 << 6;
const LOCK: u32 = 1 << 7;
const OPTWRE: u32 = 1 << 9;
const ERRIE: u32 = 1 << 10;
const EOPIE: u32 = 1 << 12;
const OBL_LAUNCH: u32 = 1 << 13;
const STORED: u32 = PG | PER | MER | OPTPG | OPTER | ERRIE | EOPIE;

pub(in crate::peripherals) const KIND: Kind = Kind {
    name: "stm32f1-flash",
    about: "STM32F0, F1 and F3 flash interface (PM0075, RM0091 3, RM0316 4)",
    layouts: &[Layout::of(&[
        ("ACR", ACR),
        ("KEYR", KEYR),
        ("OPTKEYR", OPTKEYR),
        ("SR", SR),
        ("CR", CR),
        ("AR", AR),
        ("OBR", OBR),
        ("WRPR", WRPR),
    ])],
    describe: |flash| vec![("family", family(flash))],
    irqs: &["FLASH"],
    options: &[
        FLASH_BASE,
        KindOption { default: 0x1_0000, ..FLASH_SIZE },
        PAGE_SIZE,
        KindOption { name: "family", about: "0: F1, 1: F0, 2: F3", default: 0 },
    ],
    outputs: &[Port::one("obl-reset")],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        let array = Array::new(wiring);
        let page_size = match (wiring.option("page-size"), wiring.option("family")) {
            (0, 0) if array.size <= 0x2_0000 => 0x400,
            (0, 1) if array.size <= 0x1_0000 => 0x400,
            (0, _) => 0x800,
            (size, _) => size.clamp(4, BANK),
        };
        Box::new(Slot::new(Stm32f1Flash {
            registers: Registers::new(wiring, &[(ACR, 0x30), (OBR, 0x03ff_fffc), (WRPR, u32::MAX)]),
            array,
            page_size,
            areas: [array.range(), OPTIONS],
        }))
    },
    ..Kind::PLAIN
};

/// The F0 and F3 can load their option bytes at will; the F0 has no half-cycle access.
fn family(flash: &Described<'_>) -> u32 {
    let has = |offset, bit| {
        let fields = flash.register(offset).map_or(&[][..], |register| &register.fields);
        fields.iter().any(|field| field.mask() & bit != 0)
    };
    match (has(CR, OBL_LAUNCH), has(ACR, HLFCYA)) {
        (false, _) => 0,
        (true, false) => 1,
        (true, true) => 2,
    }
}

struct Stm32f1Flash {
    registers: Registers,
    array: Array,
    page_size: u32,
    areas: [Range<u32>; 2],
}

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    values: Values,
    banks: [Bank; 2],
    option_lock: Lock,
    /// OBL_LAUNCH: the chip is to start again.
    launched: bool,
}

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Bank {
    sr: u32,
    cr: u32,
    ar: u32,
    lock: Lock,
}

impl Stm32f1Flash {
    fn write_cr(&self, s: &mut State, number: usize, value: u32, cx: &mut Context<'_>) {
        let bank = &mut s.banks[number];
        if !bank.lock.is_open() {
            return;
        }
        bank.cr = value & STORED;
        if number == 0 && value & OPTWRE == 0 {
            s.option_lock = s.option_lock.close();
        }
        s.launched |= value & OBL_LAUNCH != 0;
        if value & STRT != 0 {
            bank.sr |= self.erase(number, bank, s.option_lock.is_open(), cx);
        }
        if value & LOCK != 0 {
            bank.lock = bank.lock.close();
        }
    }

    /// What a started erase ends with.
    fn erase(&self, number: usize, bank: &Bank, options: bool, cx: &mut Context<'_>) -> u32 {
        let first = number as u32 * BANK;
        let done = if bank.cr & MER != 0 {
            let length = self.array.size.saturating_sub(first).min(BANK);
            // All of a bank, of which not every chip has a second one.
            self.array.erase(cx.dma, first, length, 0xff)
        } else if bank.cr & PER != 0 {
            let page = self.array.offset(bank.ar) / self.page_size * self.page_size;
            self.array.erase(cx.dma, page, self.page_size, 0xff)
        } else {
            bank.cr & OPTER != 0 && options
        };
        if done { EOP } else { WRPRTERR }
    }
}

impl Peripheral for Stm32f1Flash {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let offset = at.register();
        let number = usize::from(offset >= SECOND);
        let bank = &s.banks[number];
        let value = match if number == 0 { offset } else { offset - SECOND } {
            SR => bank.sr,
            CR => {
                let options = number == 0 && s.option_lock.is_open();
                bank.cr | bank.lock.bit(LOCK) | if options { OPTWRE } else { 0 }
            }
            ACR if number == 0 => {
                let acr = self.registers.get(&s.values, ACR);
                acr & !PRFTBS | if acr & PRFTBE != 0 { PRFTBS } else { 0 }
            }
            KEYR | OPTKEYR | AR => 0,
            _ => self.registers.get(&s.values, offset),
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        let offset = at.register();
        let number = usize::from(offset >= SECOND);
        let bank = &mut s.banks[number];
        match if number == 0 { offset } else { offset - SECOND } {
            KEYR => bank.lock = bank.lock.key(at.place(value), KEYS),
            OPTKEYR if number == 0 => s.option_lock = s.option_lock.key(at.place(value), KEYS),
            SR => bank.sr &= !at.place(value),
            CR => {
                let options = if s.option_lock.is_open() { OPTWRE } else { 0 };
                let value = at.merge(bank.cr | options, value);
                self.write_cr(s, number, value, cx);
            }
            AR => bank.ar = at.merge(bank.ar, value),
            ACR if number == 0 => {
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
        let options = OPTIONS.contains(&address);
        let number = usize::from(!options && self.array.offset(address) >= BANK);
        let bank = &mut s.banks[number];
        let enabled =
            if options { s.option_lock.is_open() && bank.cr & OPTPG != 0 } else { bank.cr & PG != 0 };
        // Anything but half-words, and what was not asked for, is a bus error (PM0075 2.3.3).
        if !enabled || !bank.lock.is_open() || width != Width::Half {
            return Err(BusFault);
        }
        if !options {
            // A half-word that is not erased can only be made zero.
            if fetch(cx.dma, address, width)? != 0xffff && value != 0 {
                bank.sr |= PGERR;
                return Ok(());
            }
            store(cx.dma, address, width, value)?;
        }
        bank.sr |= EOP;
        Ok(())
    }

    fn irq_lines(&self, s: &State) -> u32 {
        let wants = |bank: &Bank| {
            bank.sr & EOP != 0 && bank.cr & EOPIE != 0
                || bank.sr & (PGERR | WRPRTERR) != 0 && bank.cr & ERRIE != 0
        };
        u32::from(s.banks.iter().any(wants))
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

    fn flash(size: u32) -> Testbed {
        let mut flash = Testbed::with_options("stm32f1-flash", &[("flash-size", size)]);
        flash.world.memory.push((BASE, vec![0x55; size as usize]));
        flash
    }

    fn unlock(flash: &mut Testbed) {
        flash.write(KEYR, KEYS[0]);
        flash.write(KEYR, KEYS[1]);
    }

    #[test]
    fn a_page_is_erased_and_programmed() {
        let mut flash = flash(0x1_0000);
        flash.write(CR, PER);
        assert_eq!(flash.read(CR), LOCK);
        unlock(&mut flash);
        flash.write(CR, PER | EOPIE);
        flash.write(AR, BASE + 0x812);
        flash.write(CR, PER | EOPIE | STRT);
        assert_eq!((flash.read(SR), flash.read(CR), flash.irq_lines()), (EOP, PER | EOPIE, 1));
        let bytes = flash.world.bytes(BASE, 0x1000).unwrap();
        assert_eq!((bytes[0x7ff], bytes[0x800], bytes[0xbff], bytes[0xc00]), (0x55, 0xff, 0xff, 0x55));
        flash.write(SR, EOP);
        assert_eq!(flash.irq_lines(), 0);
        flash.write(CR, PG);
        let at = |offset, width| Access { offset, width };
        assert_eq!(flash.program(at(0x800, Width::Half), 0x1234), Some(Ok(())));
        assert_eq!(flash.read(SR), EOP);
        assert_eq!(flash.program(at(0x800, Width::Half), 0x1200), Some(Ok(())));
        assert_eq!(flash.read(SR), EOP | PGERR, "it is not erased");
        assert_eq!(flash.program(at(0x804, Width::Word), 0), Some(Err(BusFault)));
        flash.write(CR, LOCK);
        assert_eq!(flash.program(at(0x804, Width::Half), 0), Some(Err(BusFault)));
        assert_eq!(flash.world.bytes(BASE + 0x800, 4).unwrap(), [0x34, 0x12, 0xff, 0xff]);
    }

    #[test]
    fn each_bank_has_its_own_registers() {
        let mut flash = flash(0x10_0000);
        flash.write(SECOND + KEYR, KEYS[0]);
        flash.write(SECOND + KEYR, KEYS[1]);
        assert_eq!((flash.read(CR), flash.read(SECOND + CR)), (LOCK, 0));
        flash.write(SECOND + CR, MER | STRT);
        assert_eq!((flash.read(SR), flash.read(SECOND + SR)), (0, EOP));
        let bytes = flash.world.bytes(BASE, 0x10_0000).unwrap();
        assert_eq!((bytes[0x7_ffff], bytes[0x8_0000], bytes[0xf_ffff]), (0x55, 0xff, 0xff));
    }

    #[test]
    fn two_keys_in_order_unlock_and_a_wrong_one_locks_until_reset() {
        let mut flash = flash(0x1_0000);
        unlock(&mut flash);
        assert_eq!(flash.read(CR), 0);
        flash.write(OPTKEYR, KEYS[0]);
        flash.write(OPTKEYR, KEYS[1]);
        assert_eq!(flash.read(CR), OPTWRE);
        flash.write(CR, OPTER | OPTWRE | STRT);
        assert_eq!((flash.read(SR), flash.reset_request()), (EOP, false));
        flash.write(CR, LOCK | OBL_LAUNCH);
        assert_eq!((flash.read(CR), flash.reset_request()), (LOCK, true));
        flash.write(KEYR, KEYS[1]);
        unlock(&mut flash);
        assert_eq!(flash.read(CR), LOCK);
    }

    #[test]
    fn the_prefetch_buffer_says_that_it_is_on() {
        let mut flash = flash(0x1_0000);
        assert_eq!(flash.read(ACR), 0x30);
        flash.write(ACR, 2);
        assert_eq!(flash.read(ACR), 2);
        flash.write(ACR, 0x12);
        assert_eq!(flash.read(ACR), 0x32);
    }
}
