//! The private peripheral bus: which address is which register, block by block (Armv6-M ARM B3, Armv7-M ARM B3, Armv8-M
//! ARM D1.1).

mod debug;
mod dwt;
mod fpu;
mod id;
mod itm;
mod mpu;
mod nvic;
mod scb;
#[cfg(test)]
mod tests;

use super::{
    Architecture,
    nvic::exception::SYS_TICK,
    scb::{ccr, scr},
    state::State,
};
use crate::words::{BusFault, Cycle, Width};

/// SYST_CSR, whose COUNTFLAG a read clears.
const SYST_CSR: u32 = 0xe000_e010;
/// DHCSR, whose S_RESET_ST a read clears.
const DHCSR: u32 = 0xe000_edf0;
/// STIR, which unprivileged code may be allowed to write.
const STIR: u32 = 0xe000_ef00;

/// What a write did beyond the register.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    /// Permissions or code changed: cached translations must be dropped before the next instruction.
    pub permissions: bool,
}

impl Effect {
    const PERMISSIONS: Effect = Effect { permissions: true };
}

/// The blocks of the bus, each 4 KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Block {
    Itm,
    Dwt,
    /// The flash patch and breakpoint unit: identified, but without comparators.
    Fpb,
    /// The system control space.
    Scs,
    /// Its Non-secure alias, of the Security Extension.
    NonSecure,
    /// The table that tells debuggers where the others are.
    RomTable,
    /// Nothing: reads as zero.
    Other,
}

impl Block {
    fn of(address: u32) -> Block {
        match address >> 12 {
            0xe0000 => Block::Itm,
            0xe0001 => Block::Dwt,
            0xe0002 => Block::Fpb,
            0xe000e => Block::Scs,
            0xe002e => Block::NonSecure,
            0xe00ff => Block::RomTable,
            _ => Block::Other,
        }
    }
}

impl State {
    /// A load from the private peripheral bus, with its side effects.
    pub fn load_ppb(
        &mut self,
        address: u32,
        width: Width,
        privileged: bool,
        now: Cycle,
    ) -> Result<u32, BusFault> {
        self.check_access(address, width, privileged)?;
        self.sync_systick(now);
        let value = self.peek_ppb(address, width, now);
        match address & !3 {
            SYST_CSR => self.systick.clear_count_flag(),
            DHCSR => self.scb.reset_status = false,
            word if Block::of(word) == Block::Dwt => self.dwt.clear_matched(word & 0xfff),
            _ => {}
        }
        Ok(value)
    }

    /// Unprivileged code may not touch the system control space, but for STIR if CCR.USERSETMPEND allows it (B3.2.26).
    /// Armv6-M has registers of words only (DDI 0419 B3.2.1: anything else is unpredictable, here a fault that shows it).
    fn check_access(&self, address: u32, width: Width, privileged: bool) -> Result<(), BusFault> {
        if self.scb.architecture() == Architecture::V6M && width != Width::Word {
            return Err(BusFault);
        }
        let stimulus = address < 0xe000_1000; // ITM stimulus ports are open to all
        let stir = address == STIR && self.scb.ccr & ccr::USERSETMPEND != 0;
        if privileged || stimulus || stir { Ok(()) } else { Err(BusFault) }
    }

    /// Lets SysTick catch up with virtual time.
    pub fn sync_systick(&mut self, now: Cycle) {
        if self.systick.sync(now) {
            self.nvic.set_pending(SYS_TICK);
        }
    }

    /// What a load would give, without side effects.
    pub fn peek_ppb(&self, address: u32, width: Width, now: Cycle) -> u32 {
        let lane = 8 * (address & 3);
        self.ppb_word(address & !3, now) >> lane & width.mask()
    }

    fn ppb_word(&self, address: u32, now: Cycle) -> u32 {
        let (block, offset) = (Block::of(address), address & 0xfff);
        if let Some(value) = id::word(self.scb.kind(), block, offset) {
            return value;
        }
        match block {
            Block::Itm => self.itm_word(offset),
            Block::Dwt => self.dwt_word(offset, now),
            Block::Scs => self.scs_word(offset, now),
            Block::NonSecure => self.scb.security.as_ref().map_or(0, |security| security.load_alias(offset)),
            Block::Fpb | Block::RomTable | Block::Other => 0,
        }
    }

    /// The system control space (Armv7-M ARM B3.2.1 table B3-3).
    fn scs_word(&self, offset: u32, now: Cycle) -> u32 {
        match offset {
            0x000..=0x37c | 0x400..=0xcfc | 0xf00 => self.nvic_word(offset, now),
            0xd90..=0xdcc => self.mpu_word(offset),
            0xdf0..=0xdfc => self.debug_word(offset),
            0xf34..=0xf48 => self.fpu_word(offset),
            0x380..=0x3fc | 0xd8c | 0xdd0..=0xdec => {
                self.scb.security.as_ref().and_then(|security| security.load(offset)).unwrap_or(0)
            }
            0xd00..=0xd88 => self.scb_word(offset),
            _ => 0,
        }
    }

    /// A store to the private peripheral bus.
    pub fn store_ppb(
        &mut self,
        address: u32,
        width: Width,
        value: u32,
        privileged: bool,
        now: Cycle,
    ) -> Result<Effect, BusFault> {
        self.check_access(address, width, privileged)?;
        self.sync_systick(now);
        let word = address & !3;
        let lane = 8 * (address & 3);
        let by_bytes = matches!(word, 0xe000_e400..=0xe000_e4ec | 0xe000_ed18..=0xe000_ed20);
        let value = if by_bytes {
            self.ppb_word(word, now) & !(width.mask() << lane) | value << lane
        } else {
            value << lane // write-one-to-clear and the rest: what is not written is zero
        };
        Ok(self.store_ppb_word(word, value, now))
    }

    fn store_ppb_word(&mut self, address: u32, value: u32, now: Cycle) -> Effect {
        let offset = address & 0xfff;
        match Block::of(address) {
            Block::Itm => self.store_itm(offset, value),
            Block::Dwt => return self.store_dwt(offset, value, now),
            Block::Scs => return self.store_scs(offset, value, now),
            Block::NonSecure => {
                if let Some(security) = &mut self.scb.security {
                    security.store_alias(offset, value);
                }
            }
            Block::Fpb | Block::RomTable | Block::Other => {}
        }
        Effect::default()
    }

    fn store_scs(&mut self, offset: u32, value: u32, now: Cycle) -> Effect {
        match offset {
            0x000..=0x37c | 0x400..=0xcfc | 0xf00 => self.store_nvic(offset, value, now),
            0xd90..=0xdcc => return self.store_mpu(offset, value),
            0xdf0..=0xdfc => self.store_debug(offset, value, now),
            0xf34..=0xf48 => return self.store_fpu(offset, value),
            0x380..=0x3fc | 0xd8c | 0xdd0..=0xdec => {
                if let Some(security) = &mut self.scb.security {
                    security.store(offset, value);
                }
            }
            0xd00..=0xd88 => return self.store_scb(offset, value),
            _ => {}
        }
        Effect::default()
    }

    /// Whether WFI and exception return have to consider SLEEPONEXIT.
    pub fn sleeps_on_exit(&self) -> bool {
        self.scb.scr & scr::SLEEPONEXIT != 0
    }
}
