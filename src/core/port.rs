//! What the engine asks of the rest of the core: permissions, devices, attention.

use super::{
    Architecture, Config, CoreKind, Fpu, RegionKind,
    engine::{
        AccessFault, Attention, Masks, Memory, PAGE, PageUse, Port, Reply, Translation, Traps, WatchUnits,
    },
    itm::Itm,
    mpu::Access,
    scb::{ccr, dfsr},
    state::State,
};
use crate::{
    pins::Pins,
    words::{Icount, Moment, Width},
};

impl State {
    /// How the MPU sees an access now.
    pub fn mpu_access(&self, privileged: bool) -> Access {
        let negative_priority = self.mpu.ctrl & 3 == 1 && self.nvic.execution_priority(self.masks()) < 0;
        Access { privileged, negative_priority }
    }
}

/// Where a page leads, as memory, the memory map and the MPU say.
pub fn translate(
    state: &State,
    memory: &Memory,
    address: u32,
    page_use: PageUse,
    privileged: bool,
) -> Translation {
    let page_address = address & !(PAGE - 1);
    let access = state.mpu_access(privileged);
    let guarded = traps_unaligned(state) || !state.mpu.is_uniform(page_address, access);
    if page_use == PageUse::Fetch {
        let uniform = state.mpu.is_uniform(page_address, access);
        if !uniform && memory.page(address).is_some() {
            return Translation::Guarded;
        }
    } else if guarded
        && (memory.page(address).is_some() || address < 0x4000_0000 && !memory.is_device(address))
    {
        return if memory.page(address).is_some() { Translation::Guarded } else { unmapped(state, page_use) };
    }
    let permissions = state.mpu.permissions(address, access);
    let allowed = match page_use {
        PageUse::Fetch => permissions.execute,
        PageUse::Load => permissions.read,
        PageUse::Store => permissions.write,
    };
    if !allowed {
        return Translation::Refused;
    }
    if let Some(page) = memory.page(address) {
        let writable = memory.page_kind(page) == RegionKind::Ram;
        return Translation::Memory {
            page_address: memory.page_address(page),
            write: writable && permissions.write,
            execute: permissions.execute,
        };
    }
    if memory.is_device(address) { Translation::Device } else { unmapped(state, page_use) }
}

/// Whether unaligned words and halfwords must be looked for. On Armv6-M the translator does so itself.
fn traps_unaligned(state: &State) -> bool {
    state.scb.ccr & ccr::UNALIGN_TRP != 0 && state.scb.architecture() != Architecture::V6M
}

fn unmapped(state: &State, page_use: PageUse) -> Translation {
    let ignored = page_use != PageUse::Fetch && state.ignores_bus_errors();
    if ignored { Translation::Void } else { Translation::Unmapped }
}

/// Whether a register is the core's own. Behind the private peripheral bus, from 0xE0042000, is the vendor's.
pub fn is_core_register(address: u32) -> bool {
    (0xe000_0000..0xe004_2000).contains(&address) || (0xe00f_f000..0xe010_0000).contains(&address)
}

/// The byte address and the bit that a bit-band alias stands for (Armv7-M ARM B3.1.1).
pub fn bit_band(config: &Config, address: u32) -> Option<(u32, u32)> {
    let is_alias = matches!(address >> 25, 0x11 | 0x21) && config.bit_band;
    let offset = address & 0x01ff_ffff;
    is_alias.then(|| ((address & 0xf000_0000) + offset / 32, offset / 4 % 8))
}

/// The core while its engine runs.
pub struct CorePort<'a> {
    pub state: &'a mut State,
    pub memory: &'a mut Memory,
    pub pins: &'a mut dyn Pins,
    pub config: &'a Config,
    /// The last access must take effect before the next instruction.
    pub interrupted: bool,
}

impl CorePort<'_> {
    fn moment(&self, icount: Icount) -> Moment {
        Moment { icount, cycle: icount + self.state.slept }
    }

    fn pins_read(&mut self, icount: Icount, address: u32, width: Width) -> Reply {
        let at = self.moment(icount);
        let result = self.pins.read(at, address, width, self.memory);
        self.look_at_pins();
        result.into()
    }

    fn pins_write(&mut self, icount: Icount, address: u32, width: Width, value: u32) -> Reply {
        let at = self.moment(icount);
        let result = self.pins.write(at, address, width, value, self.memory);
        self.look_at_pins();
        result.map(|()| 0).into()
    }

    fn look_at_pins(&mut self) {
        self.state.nvic.set_lines(self.pins.lines());
        let clock = self.pins.clock();
        // How far the run may go can depend on it.
        self.interrupted |= clock != self.state.clock;
        self.state.clock = clock;
    }

    /// Bus errors that CCR.BFHFNMIGN lets nobody see.
    fn unless_ignored(&self, reply: Reply) -> Reply {
        match reply {
            Reply::Fault(AccessFault::Bus) if self.state.ignores_bus_errors() => Reply::Done(0),
            reply => reply,
        }
    }

    fn load_device(&mut self, icount: Icount, address: u32, width: Width, privileged: bool) -> Reply {
        self.interrupted = false;
        if is_core_register(address) {
            let now = self.moment(icount).cycle;
            return self.state.load_ppb(address, width, privileged, now).into();
        }
        match bit_band(self.config, address) {
            Some((byte, bit)) => self.load_bit(icount, byte, bit),
            None if matches!(address >> 24, 0x22 | 0x23) => Reply::Fault(AccessFault::Bus),
            None => self.pins_read(icount, address, width),
        }
    }

    fn store_device(
        &mut self,
        icount: Icount,
        address: u32,
        width: Width,
        value: u32,
        privileged: bool,
    ) -> Reply {
        self.interrupted = false;
        if is_core_register(address) {
            if Itm::offset_of(address).is_some() && self.state.itm.sends(address) {
                return self.pins_write(icount, address, width, value);
            }
            let now = self.moment(icount).cycle;
            let effect = self.state.store_ppb(address, width, value, privileged, now);
            if effect.is_ok_and(|effect| effect.permissions) {
                self.memory.invalidate_permissions();
                self.interrupted = true;
            }
            self.interrupted |= self.state.reset_requested;
            return effect.map(|_| 0).into();
        }
        match bit_band(self.config, address) {
            Some((byte, bit)) => self.store_bit(icount, byte, bit, value),
            None if matches!(address >> 24, 0x22 | 0x23) => Reply::Fault(AccessFault::Bus),
            None => {
                if let Some(page) = self.memory.page(address) {
                    // Flash. A search looks for stores to it where its pages were written, whatever becomes of them.
                    self.memory.mark_dirty(page);
                }
                self.pins_write(icount, self.memory.place(address), width, value)
            }
        }
    }

    fn load_bit(&mut self, icount: Icount, byte: u32, bit: u32) -> Reply {
        if byte >> 28 == 2 {
            let mut value = [0];
            let read = self.memory.read(byte, &mut value);
            return read.map(|()| u32::from(value[0]) >> bit & 1).into();
        }
        match self.pins_read(icount, byte & !3, Width::Word) {
            Reply::Done(word) => Reply::Done(word >> (8 * (byte & 3) + bit) & 1),
            fault => fault,
        }
    }

    fn store_bit(&mut self, icount: Icount, byte: u32, bit: u32, value: u32) -> Reply {
        if byte >> 28 == 2 {
            let mut old = [0];
            if self.memory.read(byte, &mut old).is_err() || self.memory.is_flash(byte) {
                return Reply::Fault(AccessFault::Bus);
            }
            let new = old[0] & !(1 << bit) | ((value & 1) << bit) as u8;
            return self.memory.write(byte, &[new]).map(|()| 0).into();
        }
        let bit = 8 * (byte & 3) + bit;
        match self.pins_read(icount, byte & !3, Width::Word) {
            Reply::Done(word) => {
                self.pins_write(icount, byte & !3, Width::Word, word & !(1 << bit) | (value & 1) << bit)
            }
            fault => fault,
        }
    }
}

impl Port for CorePort<'_> {
    fn memory(&mut self) -> &mut Memory {
        self.memory
    }

    fn translate(&mut self, address: u32, page_use: PageUse, privileged: bool) -> Translation {
        translate(self.state, self.memory, address, page_use, privileged)
    }

    fn allows(
        &mut self,
        address: u32,
        size: u32,
        page_use: PageUse,
        privileged: bool,
    ) -> Result<(), AccessFault> {
        if page_use != PageUse::Fetch && traps_unaligned(self.state) && !address.is_multiple_of(size.min(4)) {
            return Err(AccessFault::Unaligned);
        }
        let access = self.state.mpu_access(privileged);
        // Regions begin and end at multiples of 32 bytes: the ends of an access say what all of it may do.
        let last = address.saturating_add(size - 1);
        let ends =
            if address / 32 == last / 32 { [None, Some(address)] } else { [Some(address), Some(last)] };
        for byte in ends.into_iter().flatten() {
            let permissions = self.state.mpu.permissions(byte, access);
            let allowed = match page_use {
                PageUse::Fetch => permissions.execute,
                PageUse::Load => permissions.read,
                PageUse::Store => permissions.write,
            };
            if !allowed {
                return Err(AccessFault::Protection);
            }
        }
        Ok(())
    }

    fn traps(&mut self) -> Traps {
        let divide_by_zero = self.state.scb.ccr & ccr::DIV_0_TRP != 0;
        let fpu = self.config.core.fpu();
        let faultmask = self.state.permissions_need_priority();
        if fpu == Fpu::None {
            return Traps { divide_by_zero, faultmask, ..Traps::default() };
        }
        let enabled = self.state.scb.allows_fpu(self.state.is_privileged());
        Traps {
            coprocessors: if enabled { 0x0c00 } else { 0 },
            divide_by_zero,
            floating_point: self.state.wants_fp_context(),
            single_precision: self.config.core == CoreKind::CortexM7F,
            control: true,
            faultmask,
        }
    }

    fn load(&mut self, icount: Icount, address: u32, width: Width, privileged: bool) -> Reply {
        let reply = self.load_device(icount, address, width, privileged);
        self.unless_ignored(reply)
    }

    fn store(&mut self, icount: Icount, address: u32, width: Width, value: u32, privileged: bool) -> Reply {
        let reply = self.store_device(icount, address, width, value, privileged);
        self.unless_ignored(reply)
    }
    fn bit_band(&mut self, address: u32) -> Option<(u32, u32)> {
        bit_band(self.config, address)
    }

    fn attention(&mut self) -> Attention {
        let due = self.pins.due();
        let cycle = due.cycle.min(self.state.systick.next_wake().unwrap_or(u64::MAX));
        let at = due.icount.min(cycle.saturating_sub(self.state.slept));
        Attention { at, pending: self.state.nvic.wants_to_preempt() }
    }

    fn watch_units(&mut self) -> WatchUnits {
        // What a comparator sees is an event to the debug monitor, or to nobody (Armv7-M ARM C1.5).
        if self.state.has_debug_monitor() { self.state.dwt.watch_units() } else { WatchUnits::new() }
    }

    fn watch_unit_matched(&mut self, unit: usize) {
        self.state.dwt.set_matched(unit);
        self.state.debug_event(dfsr::DWTTRAP);
    }

    fn takeable(&mut self, masks: Masks) -> bool {
        self.state.nvic.takeable(masks).is_some()
    }

    fn interrupts_run(&mut self) -> bool {
        self.interrupted || self.pins.is_broken()
    }
}
