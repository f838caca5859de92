//! STM32F2 and F4 flash interface (PM0059; RM0090, 3.9; RM0390, 3.8): sectors, and programming in parts of a chosen size.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{Array, FLASH_BASE, FLASH_SIZE, KEYS, Lock, OPTION_KEYS, fetch, store};
use crate::{
    peripherals::{
        Access, Context, Device, Peripheral, Slot,
        kinds::{Kind, Layout, Wiring},
        registers::{Registers, Values},
    },
    words::{BusFault, Width},
};

const ACR: u32 = 0x00;
const KEYR: u32 = 0x04;
const OPTKEYR: u32 = 0x08;
const SR: u32 = 0x0c;
const CR: u32 = 0x10;
const OPTCR: u32 = 0x14;
const OPTCR1: u32 = 0x18;

const EOP: u32 = 1 << 0;
const OPERR: u32 = 1 << 1;
const WRPERR: u32 = 1 << 4;
const PGPERR: u32 = 1 << 6;
const PGSERR: u32 = 1 << 7;

const PG: u32 = 1 << 0;
const SER: u32 = 1 << 1;
const MER: u32 = 1 << 2;
const MER1: u32 = 1 << 15;
const STRT: u32 = 1 << 16;
const EOPIE: u32 = 1 << 24;
const ERRIE: u32 = 1 << 25;
const LOCK: u32 = 1 << 31;
/// PG, SER, MER, SNB, PSIZE, MER1, EOPIE, ERRIE.
const STORED: u32 = 0x0300_83ff;

const OPTLOCK: u32 = 1 << 0;
const OPTSTRT: u32 = 1 << 1;

pub(in crate::peripherals) const KIND: Kind = Kind {
    name: "stm32f4-flash",
    about: "STM32F2 and F4 flash interface (PM0059, RM0090 3.9)",
    layouts: &[Layout::of(&[
        ("ACR", ACR),
        ("KEYR", KEYR),
        ("OPTKEYR", OPTKEYR),
        ("SR", SR),
        ("CR", CR),
        ("OPTCR", OPTCR),
    ])],
    irqs: &["FLASH"],
    options: &[FLASH_BASE, FLASH_SIZE],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        let array = Array::new(wiring);
        Box::new(Slot::new(Stm32f4Flash {
            registers: Registers::new(wiring, &[(ACR, 0), (OPTCR, 0x0fff_aaed), (OPTCR1, 0x0fff_0000)]),
            array,
            areas: [array.range()],
        }))
    },
    ..Kind::PLAIN
};

struct Stm32f4Flash {
    registers: Registers,
    array: Array,
    areas: [Range<u32>; 1],
}

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    values: Values,
    sr: u32,
    cr: u32,
    lock: Lock,
    option_lock: Lock,
}

/// Where the second bank begins, in chips that have one.
const BANK: u32 = 0x10_0000;

impl Stm32f4Flash {
    /// The chips with 2 MiB have two banks (RM0090 3.4); F413 has 1.5 MiB in one.
    fn has_banks(&self) -> bool {
        self.array.size > 0x18_0000
    }

    /// The place of a sector by its number in SNB, where those of the second bank begin at 16: its offset and size.
    fn sector(&self, snb: u32) -> Option<(u32, u32)> {
        let (bank, sector) = if self.has_banks() { (snb / 16 * BANK, snb % 16) } else { (0, snb) };
        let (offset, size) = match sector {
            0..4 => (sector * 0x4000, 0x4000),
            4 => (0x1_0000, 0x1_0000),
            _ => ((sector - 4) * 0x2_0000, 0x2_0000),
        };
        let end = if self.has_banks() { BANK } else { self.array.size };
        (offset + size <= end).then_some((bank + offset, size))
    }

    /// Whether nWRP protects a sector by its offset. With PCROP the bits mean something else (RM0090 3.7.5).
    fn is_protected(&self, s: &State, offset: u32) -> bool {
        let (register, offset) =
            if self.has_banks() && offset >= BANK { (OPTCR1, offset - BANK) } else { (OPTCR, offset) };
        let sector = match offset {
            0..0x1_0000 => offset / 0x4000,
            _ => offset / 0x2_0000 + 4,
        };
        let options = self.registers.get(&s.values, register);
        options >> 31 == 0 && options >> 16 >> sector.min(11) & 1 == 0
    }

    /// An operation ends with this error, or well.
    fn end(&self, s: &mut State, result: Result<(), u32>) {
        // Without its interrupt, neither flag is set (RM0090 3.9.5).
        s.sr |= match result {
            Ok(()) if s.cr & EOPIE != 0 => EOP,
            Ok(()) => 0,
            Err(error) if s.cr & ERRIE != 0 => error | OPERR,
            Err(error) => error,
        };
    }

    fn erase(&self, s: &State, cx: &mut Context<'_>) -> Result<(), u32> {
        let sectors: Vec<u32> = match s.cr & (SER | MER | MER1) {
            SER => vec![s.cr >> 3 & 0x1f],
            mass if mass & SER == 0 && mass != 0 => {
                let first = if mass & MER != 0 { 0..16 } else { 0..0 };
                let second = if self.has_banks() && mass & MER1 != 0 { 16..32 } else { 0..0 };
                first.chain(second).filter(|snb| self.sector(*snb).is_some()).collect()
            }
            _ => return Err(PGSERR),
        };
        let places: Option<Vec<_>> = sectors.into_iter().map(|snb| self.sector(snb)).collect();
        let places = places.ok_or(WRPERR)?;
        if places.iter().any(|(offset, _)| self.is_protected(s, *offset)) {
            return Err(WRPERR);
        }
        for (offset, size) in places {
            if !self.array.erase(cx.dma, offset, size, 0xff) {
                return Err(WRPERR);
            }
        }
        Ok(())
    }

    fn write_cr(&self, s: &mut State, value: u32, cx: &mut Context<'_>) {
        if !s.lock.is_open() {
            return;
        }
        s.cr = value & STORED;
        if value & STRT != 0 {
            let result = self.erase(s, cx);
            self.end(s, result);
        }
        if value & LOCK != 0 {
            s.lock = s.lock.close();
        }
    }

    fn store(
        &self,
        s: &State,
        address: u32,
        width: Width,
        value: u32,
        cx: &mut Context<'_>,
    ) -> Result<(), u32> {
        if s.cr & PG == 0 || !s.lock.is_open() {
            return Err(PGSERR);
        }
        let parallel = match width {
            Width::Byte => 0,
            Width::Half => 1,
            Width::Word => 2,
        };
        // PSIZE 3 is for two words at once.
        if (s.cr >> 8 & 3).min(2) != parallel {
            return Err(PGPERR);
        }
        if self.is_protected(s, self.array.offset(address)) {
            return Err(WRPERR);
        }
        // Bits can only be cleared.
        let old = fetch(cx.dma, address, width).map_err(|_| PGSERR)?;
        store(cx.dma, address, width, old & value).map_err(|_| PGSERR)
    }
}

impl Peripheral for Stm32f4Flash {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let value = match at.register() {
            SR => s.sr,
            CR => s.cr | s.lock.bit(LOCK),
            OPTCR => self.registers.get(&s.values, OPTCR) & !OPTLOCK | s.option_lock.bit(OPTLOCK),
            KEYR | OPTKEYR => 0,
            offset => self.registers.get(&s.values, offset),
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        match at.register() {
            KEYR => s.lock = s.lock.key(at.place(value), KEYS),
            OPTKEYR => s.option_lock = s.option_lock.key(at.place(value), OPTION_KEYS),
            SR => s.sr &= !at.place(value),
            CR => {
                let value = at.merge(s.cr, value);
                self.write_cr(s, value, cx);
            }
            OPTCR | OPTCR1 if !s.option_lock.is_open() => {}
            OPTCR => {
                self.registers.write(&mut s.values, at, value);
                self.registers.put(&mut s.values, OPTCR, OPTSTRT, 0);
                if at.place(value) & OPTLOCK != 0 {
                    s.option_lock = s.option_lock.close();
                }
            }
            _ => {
                self.registers.write(&mut s.values, at, value);
            }
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
        let result = self.store(s, address, width, value, cx);
        self.end(s, result);
        Ok(())
    }

    fn irq_lines(&self, s: &State) -> u32 {
        let ended = s.sr & EOP != 0 && s.cr & EOPIE != 0;
        let failed = s.sr & OPERR != 0 && s.cr & ERRIE != 0;
        u32::from(ended || failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::Testbed;

    const BASE: u32 = 0x0800_0000;

    fn flash(size: u32) -> Testbed {
        let mut flash = Testbed::with_options("stm32f4-flash", &[("flash-size", size)]);
        flash.world.memory.push((BASE, vec![0x55; size as usize]));
        flash
    }

    fn unlocked(size: u32) -> Testbed {
        let mut flash = flash(size);
        flash.write(KEYR, KEYS[0]);
        flash.write(KEYR, KEYS[1]);
        flash
    }

    /// The first and last addresses that are erased, as offsets.
    fn erased(flash: &mut Testbed, size: u32) -> (usize, usize) {
        let bytes = flash.world.bytes(BASE, size as usize).unwrap();
        let erased = |byte: &u8| *byte == 0xff;
        (bytes.iter().position(erased).unwrap(), bytes.iter().rposition(erased).unwrap())
    }

    #[test]
    fn two_keys_in_order_unlock_the_control_register() {
        let mut flash = flash(0x10_0000);
        assert_eq!(flash.read(CR), LOCK);
        flash.write(KEYR, KEYS[0]);
        flash.write(KEYR, KEYS[1]);
        assert_eq!(flash.read(CR), 0);
        flash.write(CR, LOCK);
        assert_eq!(flash.read(CR), LOCK);
        for key in [KEYS[1], KEYS[0], KEYS[1]] {
            flash.write(KEYR, key);
        }
        assert_eq!(flash.read(CR), LOCK, "a wrong key locks until reset");
    }

    #[test]
    fn sectors_have_three_sizes_and_two_banks() {
        for (size, snb, first, last) in [
            (0x8_0000, 3, 0xc000, 0xffff),
            (0x8_0000, 4, 0x1_0000, 0x1_ffff),
            (0x10_0000, 11, 0xe_0000, 0xf_ffff),
            (0x18_0000, 15, 0x16_0000, 0x17_ffff),
            (0x20_0000, 11, 0xe_0000, 0xf_ffff),
            (0x20_0000, 16, 0x10_0000, 0x10_3fff),
            (0x20_0000, 27, 0x1e_0000, 0x1f_ffff),
        ] {
            let mut flash = unlocked(size);
            flash.write(CR, SER | snb << 3 | EOPIE | STRT);
            assert_eq!((flash.read(SR), flash.irq_lines()), (EOP, 1));
            assert_eq!(erased(&mut flash, size), (first, last), "sector {snb}");
        }
        let mut flash = unlocked(0x8_0000);
        flash.write(CR, SER | 8 << 3 | ERRIE | STRT);
        assert_eq!((flash.read(SR), flash.irq_lines()), (WRPERR | OPERR, 1), "there is no such sector");
    }

    #[test]
    fn both_banks_are_erased_together_or_alone() {
        for (mass, first, last) in
            [(MER, 0, 0xf_ffff), (MER1, 0x10_0000, 0x1f_ffff), (MER | MER1, 0, 0x1f_ffff)]
        {
            let mut flash = unlocked(0x20_0000);
            flash.write(CR, mass | STRT);
            assert_eq!(erased(&mut flash, 0x20_0000), (first, last));
        }
    }

    #[test]
    fn programming_clears_bits_in_parts_of_the_chosen_size() {
        let mut flash = unlocked(0x10_0000);
        let at = |offset, width| Access { offset, width };
        flash.program(at(0, Width::Word), 0);
        assert_eq!(flash.read(SR), PGSERR, "PG is not set");
        flash.write(SR, PGSERR);
        flash.write(CR, PG | 2 << 8);
        flash.program(at(0, Width::Word), 0x1234_5678);
        flash.program(at(4, Width::Byte), 0);
        assert_eq!(flash.read(SR), PGPERR);
        assert_eq!(flash.world.bytes(BASE, 8).unwrap(), [0x50, 0x54, 0x14, 0x10, 0x55, 0x55, 0x55, 0x55]);
    }

    #[test]
    fn a_protected_sector_stays() {
        let mut flash = unlocked(0x10_0000);
        assert_eq!(flash.read(OPTCR), 0x0fff_aaed);
        flash.write(OPTKEYR, OPTION_KEYS[0]);
        flash.write(OPTKEYR, OPTION_KEYS[1]);
        flash.write(OPTCR, 0x0ffd_aaec | OPTSTRT);
        flash.write(OPTCR, 0x0ffd_aaed);
        assert_eq!(flash.read(OPTCR), 0x0ffd_aaed);
        flash.write(CR, PG);
        flash.program(Access { offset: 0x5000, width: Width::Byte }, 0);
        assert_eq!(flash.read(SR), WRPERR);
        flash.write(SR, WRPERR);
        flash.write(CR, SER | 1 << 3 | STRT);
        assert_eq!(flash.read(SR), WRPERR);
    }
}
