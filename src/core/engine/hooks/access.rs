//! Loads and stores outside of plain memory: devices, watched and guarded pages.

use super::*;

/// A load or store at a device or a watched page, with the PC at the very instruction. False abandons the instruction.
pub unsafe extern "C" fn access(
    _uc: *mut uc_engine,
    kind: MemType,
    address: u64,
    size: i32,
    value: i64,
    data: *mut c_void,
) -> bool {
    // SAFETY: registered with this engine's `Shared`.
    let s = unsafe { shared(data) };
    if s.exit.is_some() {
        return false; // a part of an access that was stopped already: the translator goes on with the others
    }
    let store = (kind == MemType::WRITE_PROT).then_some(value as u64);
    let address = address as u32;
    let pc = s.register(RegisterARM::PC);
    let icount = s.icount_at(pc);
    let done = if address.wrapping_sub(SHADOW) < SHADOW_SIZE {
        s.watched_access(icount, address, size as u32, store)
    } else {
        s.device_access(icount, address, size as u32, store)
    };
    if done {
        s.forget_it_state();
    } else {
        s.abandon_in_it_block();
    }
    done
}

impl Shared {
    fn device_access(&mut self, icount: Icount, address: u32, size: u32, store: Option<u64>) -> bool {
        if self.accesses_at != icount {
            self.accesses.clear();
            self.muted = 0;
            self.accesses_at = icount;
        }
        // 64-bit accesses (VLDR, VSTR of a double) are two words on the bus.
        let (width, beats) = match Width::from_bytes(size) {
            Some(width) => (width, 1),
            None => (Width::Word, size / 4),
        };
        if !address.is_multiple_of(width.bytes()) {
            return self.refuse(address, AccessFault::Unaligned);
        }
        let repeated = self.muted > 0;
        if !self.search.watchpoints.is_empty()
            && !repeated
            && let Some(found) = self.watched_device(address, size, store)
        {
            if !self.search.collect {
                self.exit = Some(Exit::Found(found));
                return false;
            }
            self.hits.settle(icount);
            self.hits.expect(Hit { icount: icount + 1, found });
        }
        self.answer = 0;
        self.answer_address = address;
        for beat in 0..beats {
            let address = address + 4 * beat;
            let store = store.map(|value| (value >> (32 * beat)) as u32 & width.mask());
            match self.beat(icount, address, width, store) {
                Reply::Done(value) => self.answer |= u64::from(value & width.mask()) << (32 * beat),
                Reply::Fault(fault) => return self.refuse(address, fault),
            }
        }
        if !repeated {
            self.match_units(icount, address, size, store.is_some());
            self.attend();
            if self.can_take() || self.port().interrupts_run() {
                self.exit = Some(Exit::Accessed);
                return false;
            }
            if self.memory().has_stale_code() {
                self.exit = Some(Exit::Changed);
                return false;
            }
        }
        true
    }

    fn beat(&mut self, icount: Icount, address: u32, width: Width, store: Option<u32>) -> Reply {
        if self.muted > 0 {
            let access = self.accesses[self.accesses.len() - self.muted];
            if access.address == address
                && access.width == width
                && access.loaded.is_none() == store.is_some()
            {
                self.muted -= 1;
                return Reply::Done(access.loaded.unwrap_or(0));
            }
            self.muted = 0;
        }
        // Privilege matters only to the system control space; asking is not free.
        let privileged = address < 0xe000_0000 || self.accesses_privileged();
        let reply = match store {
            None => self.port().load(icount, address, width, privileged),
            Some(value) => self.port().store(icount, address, width, value, privileged),
        };
        if let Reply::Done(value) = reply {
            let loaded = store.is_none().then_some(value);
            self.accesses.push(Access { address, width, loaded });
        }
        reply
    }

    /// The watchpoint for an access to a device or to a bit-band alias, or a store to flash, which has not been done yet. It must be found at
    /// the first of several accesses, because what a device has done cannot be undone.
    fn watched_device(&mut self, address: u32, size: u32, store: Option<u64>) -> Option<Found> {
        let bit = self.port().bit_band(address);
        let in_memory = bit.is_some_and(|(byte, _)| self.memory().page(byte).is_some());
        let size = match in_memory {
            _ if self.search.collect || !self.accesses.is_empty() => size,
            true => size,
            false => {
                let pc = self.register(RegisterARM::PC);
                let (first, second) = (self.memory_half(pc), self.memory_half(pc.wrapping_add(2)));
                size.max(thumb::bytes_of_several(first, second))
            }
        };
        // A store to a device is never silent; one to a bit may be.
        let changes = bit.is_none_or(|(byte, bit)| {
            let mut old = [0];
            self.memory().read(byte, &mut old).is_err()
                || store.is_some_and(|value| u64::from(old[0] >> bit & 1) != value & 1)
        });
        // What the alias stands for: in memory the byte, in a device the word, which is read even for a store.
        let (behind, length) = match bit {
            Some((byte, _)) if in_memory => (self.memory().place(byte), 1),
            Some((byte, _)) => (byte & !3, 4),
            None => (address, 0),
        };
        let address = self.memory().place(address);
        let overlap = |watch: u32, bytes: u32, address: u32, length: u32| {
            address.wrapping_sub(watch) < bytes || watch.wrapping_sub(address) < length && bytes > 0
        };
        let places = self.watched_places.iter().zip(&self.search.watchpoints);
        let mut hits = places.filter(|(place, watch)| {
            let direct = overlap(**place, watch.length, address, size);
            let through = length > 0 && overlap(**place, watch.length, behind, length);
            match watch.kind {
                WatchKind::Write => store.is_some() && changes && (direct || through),
                WatchKind::Read => store.is_none() && (direct || through) || through && !in_memory,
                WatchKind::Access => direct || through,
            }
        });
        let (_, watch) = hits.next()?;
        Some(Found::Watchpoint { address: watch.address, kind: watch.kind })
    }

    fn refuse(&mut self, address: u32, fault: AccessFault) -> bool {
        self.exit = Some(Exit::Fault(Fault::Access { address, fault }));
        false
    }

    fn watched_access(&mut self, icount: Icount, shadow: u32, size: u32, store: Option<u64>) -> bool {
        self.watched_accesses += 1;
        let seen_at = self.shadow_address(shadow);
        let page_use = if store.is_some() { PageUse::Store } else { PageUse::Load };
        let privileged = self.accesses_privileged();
        if let Err(fault) = self.port().allows(seen_at, size, page_use, privileged) {
            return self.refuse(seen_at, fault);
        }
        if store.is_some() && self.memory().is_flash(seen_at) {
            return self.flash_store(icount, seen_at, size, store);
        }
        let address = self.memory().place(seen_at);
        let mut old = [0; 8];
        let old = &mut old[..size as usize];
        if self.memory().read(address, old).is_err() {
            return true; // the access crosses the end of memory: the translator splits it and finds the fault
        }
        let places = self.watched_places.iter().zip(&self.search.watchpoints);
        let hit = places.map(|(place, watch)| Watchpoint { address: *place, ..*watch }).position(|watch| {
            let changed = |at: u32| {
                store.is_some_and(|value| {
                    let byte = at.wrapping_sub(address) as usize;
                    old[byte] != (value >> (8 * byte)) as u8
                })
            };
            let mut overlap =
                (address..address + size).filter(|at| at.wrapping_sub(watch.address) < watch.length);
            match watch.kind {
                WatchKind::Write => overlap.any(changed),
                WatchKind::Read => store.is_none() && overlap.next().is_some(),
                WatchKind::Access => overlap.next().is_some(),
            }
        });
        let is_load = store.is_none();
        if is_load && (hit.is_some() || !self.units.is_empty()) && self.is_store_exclusive() {
            return true; // its own affair: to the program there is only the store that follows
        }
        if let Some(watch) = hit.map(|index| self.search.watchpoints[index]) {
            let found = Found::Watchpoint { address: watch.address, kind: watch.kind };
            if !self.search.collect {
                self.exit = Some(Exit::Found(found));
                return false;
            }
            self.hits.settle(icount);
            self.hits.expect(Hit { icount: icount + 1, found });
        }
        if self.match_units(icount, seen_at, size, store.is_some()) {
            self.exit = Some(Exit::Accessed);
            return false;
        }
        let changes_code =
            store.is_some() && self.memory().page(address).is_some_and(|page| self.memory().is_code(page));
        if changes_code && self.repeated_at != icount {
            self.exit = Some(Exit::Changed);
            return false;
        }
        true
    }

    /// A store to flash, which goes to its controller. One that is not aligned comes once more, byte by byte.
    fn flash_store(&mut self, icount: Icount, address: u32, size: u32, store: Option<u64>) -> bool {
        if address.is_multiple_of(size) {
            return self.device_access(icount, address, size, store);
        }
        let repeated = self.muted > 0 && self.accesses_at == icount;
        if !self.search.watchpoints.is_empty()
            && !self.search.collect
            && !repeated
            && let Some(found) = self.watched_device(address, size, store)
        {
            self.exit = Some(Exit::Found(found));
            return false;
        }
        true
    }

    /// Whether the instruction that accesses memory now is a store-exclusive.
    fn is_store_exclusive(&mut self) -> bool {
        let pc = self.register(RegisterARM::PC);
        thumb::is_store_exclusive(self.memory_half(pc), self.memory_half(pc.wrapping_add(2)))
    }

    fn shadow_address(&mut self, shadow: u32) -> u32 {
        self.memory().view_address((shadow - SHADOW) / PAGE) + (shadow & (PAGE - 1))
    }
}

/// The load itself, after [`access`] has let it pass.
pub unsafe extern "C" fn device_load(_uc: *mut uc_engine, offset: u64, _size: u32, data: *mut c_void) -> u64 {
    // SAFETY: registered with this engine's `Shared`.
    let s = unsafe { shared(data) };
    // Of a 64-bit load the translator asks for the words one by one.
    let second_word = (offset as u32).wrapping_sub(s.answer_address) & 4 != 0;
    if second_word { s.answer >> 32 } else { s.answer & 0xffff_ffff }
}

/// The store itself: [`access`] has done it.
pub unsafe extern "C" fn device_store(_: *mut uc_engine, _: u64, _: u32, _: u64, _: *mut c_void) {}

/// A load from nowhere.
pub unsafe extern "C" fn void_load(_: *mut uc_engine, _: u64, _: u32, _: *mut c_void) -> u64 {
    0
}

/// A load from a watched page.
pub unsafe extern "C" fn shadow_load(_uc: *mut uc_engine, offset: u64, size: u32, data: *mut c_void) -> u64 {
    // SAFETY: registered with this engine's `Shared`.
    let s = unsafe { shared(data) };
    let address = s.shadow_address(SHADOW + offset as u32);
    let mut bytes = [0; 8];
    // A watched page is a page of memory, and an access here never crosses its end.
    let _ = s.memory().read(address, &mut bytes[..size as usize]);
    u64::from_le_bytes(bytes)
}

/// A store to a watched page.
pub unsafe extern "C" fn shadow_store(
    _: *mut uc_engine,
    offset: u64,
    size: u32,
    value: u64,
    data: *mut c_void,
) {
    // SAFETY: registered with this engine's `Shared`.
    let s = unsafe { shared(data) };
    let address = s.shadow_address(SHADOW + offset as u32);
    if s.memory().is_flash(address) {
        return; // as with a device
    }
    let _ = s.memory().write(address, &value.to_le_bytes()[..size as usize]);
}
