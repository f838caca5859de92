//! STM32L1 flash and data EEPROM interface (RM0038, 3): erased memory is zero, and each part has its own lock.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{Array, FLASH_BASE, FLASH_SIZE, Lock, fetch, store};
use crate::{
    peripherals::{
        Access, Context, Device, Peripheral, Port, Slot,
        kinds::{Kind, KindOption, Layout, Wiring},
        registers::{Registers, Values},
    },
    words::{BusFault, Width},
};

const ACR: u32 = 0x00;
const PECR: u32 = 0x04;
const PDKEYR: u32 = 0x08;
const PEKEYR: u32 = 0x0c;
const PRGKEYR: u32 = 0x10;
const OPTKEYR: u32 = 0x14;
const SR: u32 = 0x18;
const OBR: u32 = 0x1c;

const RUN_PD: u32 = 1 << 4;

const PELOCK: u32 = 1 << 0;
const PRGLOCK: u32 = 1 << 1;
const OPTLOCK: u32 = 1 << 2;
const PROG: u32 = 1 << 3;
const ERASE: u32 = 1 << 9;
const EOPIE: u32 = 1 << 16;
const ERRIE: u32 = 1 << 17;
const OBL_LAUNCH: u32 = 1 << 18;
/// PROG, DATA, FTDW, ERASE, FPRG, PARALLELBANK, EOPIE, ERRIE.
const STORED: u32 = 0x0003_8718;

const EOP: u32 = 1 << 1;
const ENDHV: u32 = 1 << 2;
const WRPERR: u32 = 1 << 8;
const SIZERR: u32 = 1 << 10;
const ERRORS: u32 = 0x3f00;

const PD_KEYS: [u32; 2] = [0x0415_2637, 0xfafb_fcfd];
const PE_KEYS: [u32; 2] = [0x89ab_cdef, 0x0203_0405];
const PRG_KEYS: [u32; 2] = [0x8c9d_aebf, 0x1314_1516];
const OPT_KEYS: [u32; 2] = [0xfbea_d9c8, 0x2425_2627];

const PAGE: u32 = 0x100;
const EEPROM: u32 = 0x0808_0000;

pub(in crate::peripherals) const KIND: Kind = Kind {
    name: "stm32l1-flash",
    about: "STM32L1 flash and data EEPROM interface (RM0038 3)",
    layouts: &[Layout::of(&[
        ("ACR", ACR),
        ("PECR", PECR),
        ("PDKEYR", PDKEYR),
        ("PEKEYR", PEKEYR),
        ("PRGKEYR", PRGKEYR),
        ("OPTKEYR", OPTKEYR),
        ("SR", SR),
        ("OBR", OBR),
    ])],
    irqs: &["FLASH"],
    options: &[
        FLASH_BASE,
        KindOption { default: 0x2_0000, ..FLASH_SIZE },
        KindOption { name: "eeprom-size", about: "bytes of data EEPROM at 0x08080000", default: 0x4000 },
    ],
    outputs: &[Port::one("obl-reset")],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        let array = Array::new(wiring);
        let eeprom = EEPROM..EEPROM + wiring.option("eeprom-size").min(0x1_0000);
        Box::new(Slot::new(Stm32l1Flash {
            registers: Registers::new(wiring, &[(OBR, 0x00f8_00aa)]),
            array,
            areas: [array.range(), eeprom],
        }))
    },
    ..Kind::PLAIN
};

struct Stm32l1Flash {
    registers: Registers,
    array: Array,
    /// Flash, and data EEPROM.
    areas: [Range<u32>; 2],
}

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    values: Values,
    pecr: u32,
    sr: u32,
    power_down: Lock,
    pe: Lock,
    prg: Lock,
    options: Lock,
    launched: bool,
}

impl Stm32l1Flash {
    fn write_pecr(s: &mut State, value: u32) {
        if !s.pe.is_open() {
            return;
        }
        s.pecr = value & STORED;
        s.launched |= value & OBL_LAUNCH != 0 && s.options.is_open();
        if value & OPTLOCK != 0 {
            s.options = s.options.close();
        }
        if value & PRGLOCK != 0 {
            s.prg = s.prg.close();
        }
        if value & PELOCK != 0 {
            // The others cannot be open without it (RM0038 3.7.2).
            s.pe = s.pe.close();
            s.prg = s.prg.close();
            s.options = s.options.close();
        }
    }

    /// A store to the flash: a word, or with ERASE the start of a page.
    fn flash(
        &self,
        s: &State,
        address: u32,
        width: Width,
        value: u32,
        cx: &mut Context<'_>,
    ) -> Result<(), u32> {
        if !s.prg.is_open() {
            return Err(WRPERR);
        }
        if width != Width::Word {
            return Err(SIZERR);
        }
        if s.pecr & (ERASE | PROG) == ERASE | PROG {
            let page = self.array.offset(address) / PAGE * PAGE;
            return if self.array.erase(cx.dma, page, PAGE, 0) { Ok(()) } else { Err(WRPERR) };
        }
        // What is not erased gets bits of both.
        let old = fetch(cx.dma, address, width).map_err(|_| WRPERR)?;
        store(cx.dma, address, width, old | value).map_err(|_| WRPERR)
    }

    /// A store to the data EEPROM, which erases by itself.
    fn eeprom(
        &self,
        s: &State,
        address: u32,
        width: Width,
        value: u32,
        cx: &mut Context<'_>,
    ) -> Result<(), u32> {
        if !s.pe.is_open() {
            return Err(WRPERR);
        }
        let value = if s.pecr & ERASE != 0 { 0 } else { value };
        store(cx.dma, address, width, value).map_err(|_| WRPERR)
    }
}

impl Peripheral for Stm32l1Flash {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let value = match at.register() {
            PECR => s.pecr | s.pe.bit(PELOCK) | s.prg.bit(PRGLOCK) | s.options.bit(OPTLOCK),
            // High voltage is off: nothing is going on.
            SR => s.sr | ENDHV,
            PDKEYR | PEKEYR | PRGKEYR | OPTKEYR => 0,
            offset => self.registers.get(&s.values, offset),
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, _cx: &mut Context<'_>) -> Result<(), BusFault> {
        let placed = at.place(value);
        match at.register() {
            ACR => {
                let (before, after) = self.registers.write(&mut s.values, at, value);
                let allowed = if s.power_down.is_open() { after } else { before };
                self.registers.put(&mut s.values, ACR, RUN_PD, allowed);
                if after & RUN_PD == 0 {
                    s.power_down = s.power_down.close();
                }
            }
            PECR => {
                let value = at.merge(s.pecr, value);
                Self::write_pecr(s, value);
            }
            PDKEYR => s.power_down = s.power_down.key(placed, PD_KEYS),
            PEKEYR => s.pe = s.pe.key(placed, PE_KEYS),
            PRGKEYR if s.pe.is_open() => s.prg = s.prg.key(placed, PRG_KEYS),
            OPTKEYR if s.pe.is_open() => s.options = s.options.key(placed, OPT_KEYS),
            SR => s.sr &= !(placed & (EOP | ERRORS)),
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
        let in_flash = self.areas[0].contains(&address);
        let result = if in_flash {
            self.flash(s, address, width, value, cx)
        } else {
            self.eeprom(s, address, width, value, cx)
        };
        s.sr |= match result {
            Ok(()) => EOP,
            Err(error) => error,
        };
        Ok(())
    }

    fn irq_lines(&self, s: &State) -> u32 {
        let ended = s.sr & EOP != 0 && s.pecr & EOPIE != 0;
        let failed = s.sr & ERRORS != 0 && s.pecr & ERRIE != 0;
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

    fn flash() -> Testbed {
        let mut flash = Testbed::new("stm32l1-flash");
        flash.world.memory.push((BASE, vec![0x55; 0x2_0000]));
        flash.world.memory.push((EEPROM, vec![0; 0x4000]));
        flash
    }

    fn word(offset: u32) -> Access {
        Access { offset, width: Width::Word }
    }

    #[test]
    fn a_page_is_erased_to_zero_and_programmed() {
        let mut flash = flash();
        assert_eq!((flash.read(PECR), flash.read(SR)), (7, ENDHV));
        flash.program(word(0x300), 0);
        assert_eq!(flash.read(SR), ENDHV | WRPERR, "locked");
        flash.write(SR, WRPERR);
        for (register, keys) in [(PEKEYR, PE_KEYS), (PRGKEYR, PRG_KEYS)] {
            flash.write(register, keys[0]);
            flash.write(register, keys[1]);
        }
        assert_eq!(flash.read(PECR), OPTLOCK);
        flash.write(PECR, ERASE | PROG | EOPIE);
        flash.program(word(0x300), 0);
        assert_eq!((flash.read(SR), flash.irq_lines()), (ENDHV | EOP, 1));
        let bytes = flash.world.bytes(BASE, 0x1000).unwrap();
        assert_eq!((bytes[0x2ff], bytes[0x300], bytes[0x3ff], bytes[0x400]), (0x55, 0, 0, 0x55));
        flash.write(PECR, 0);
        flash.program(word(0x304), 0x1234_5678);
        assert_eq!(flash.world.bytes(BASE + 0x304, 4).unwrap(), [0x78, 0x56, 0x34, 0x12]);
        flash.program(Access { offset: 0x308, width: Width::Half }, 1);
        assert_eq!(flash.read(SR) & SIZERR, SIZERR);
        flash.write(PECR, PELOCK);
        assert_eq!(flash.read(PECR), 7);
    }

    #[test]
    fn acr_stores_and_run_pd_has_keys() {
        let mut flash = flash();
        flash.write(ACR, 4);
        flash.write(ACR, 7 | RUN_PD);
        assert_eq!(flash.read(ACR), 7);
        flash.write(PDKEYR, PD_KEYS[0]);
        flash.write(PDKEYR, PD_KEYS[1]);
        flash.write(ACR, 7 | RUN_PD);
        assert_eq!(flash.read(ACR), 7 | RUN_PD);
    }
}
