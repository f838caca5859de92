//! Where pages lead: the one door for memory, devices, faults and change tracking.

use super::*;

/// Where a page leads, and with which permissions: the one door for memory, devices, faults and change tracking.
pub unsafe extern "C" fn fill(
    _uc: *mut uc_engine,
    address: u64,
    access: MemType,
    result: *mut TlbEntry,
    data: *mut c_void,
) -> bool {
    // SAFETY: registered with this engine's `Shared`.
    let s = unsafe { shared(data) };
    let address = address as u32;
    let page_use = match access {
        MemType::FETCH => PageUse::Fetch,
        MemType::WRITE => PageUse::Store,
        _ => PageUse::Load,
    };
    if s.port.is_none() {
        // Not a run: `Translator::drop_code` asks where the code is, and flushes what it is told.
        // SAFETY: Unicorn passes a valid entry to fill.
        unsafe { result.write(TlbEntry { paddr: u64::from(address & !(PAGE - 1)), perms: Prot::ALL }) };
        return true;
    }
    if s.abandoned.is_some() {
        return false; // whatever comes now must not happen
    }
    let privileged = if page_use == PageUse::Fetch { s.is_privileged() } else { s.accesses_privileged() };
    let entry = s.entry(address, page_use, privileged);
    if page_use != PageUse::Fetch {
        s.forget_it_state();
    }
    let Some((physical, permissions)) = entry else {
        return false;
    };
    // SAFETY: Unicorn passes a valid entry to fill.
    unsafe { result.write(TlbEntry { paddr: u64::from(physical), perms: permissions }) };
    true
}

impl Shared {
    fn entry(&mut self, address: u32, page_use: PageUse, privileged: bool) -> Option<(u32, Prot)> {
        let page_address = address & !(PAGE - 1);
        let translation = self.port().translate(address, page_use, privileged);
        let fault = match translation {
            Translation::Memory { page_address: physical, write, execute } => {
                let page = self.memory().page(physical).expect("translate names a page of memory");
                if page_use == PageUse::Fetch {
                    self.begin_code(page);
                    // Nothing but that: the data of this page may be watched or guarded, and have another door.
                    return Some((physical, Prot::EXEC));
                }
                if self.watched.binary_search(&page).is_ok() {
                    return self.memory().view(address).map(shadow_of);
                }
                if page_use == PageUse::Store && write {
                    if self.memory().is_code(page) {
                        self.blocks.clear();
                    }
                    self.memory().mark_dirty(page);
                }
                let mut permissions = Prot::READ.0;
                // No store goes unseen until the page is kept; no page is executable that nobody executes, because
                // stores to executable pages are slow for ever.
                if write && self.memory().is_dirty(page) {
                    permissions |= Prot::WRITE.0;
                }
                if execute && self.memory().is_code(page) {
                    permissions |= Prot::EXEC.0;
                }
                if page_use != PageUse::Store || write {
                    return Some((physical, Prot(permissions)));
                }
                // Flash. For stores alone: loads and fetches have the other door, which is as fast as ever.
                let (shadow, _) = shadow_of(self.memory().view(address)?);
                return Some((shadow, Prot::WRITE));
            }
            Translation::Guarded if page_use != PageUse::Fetch => {
                return self.memory().view(address).map(shadow_of);
            }
            Translation::Guarded => {
                if !self.guarded_code.contains(&page_address) {
                    self.guarded_code.push(page_address);
                    self.blocks.clear();
                }
                let page = self.memory().page(address)?;
                self.begin_code(page);
                return Some((self.memory().page_address(page), Prot::EXEC));
            }
            Translation::Device if page_use != PageUse::Fetch => {
                return Some((page_address, Prot(Prot::READ.0 | Prot::WRITE.0)));
            }
            Translation::Void if page_use != PageUse::Fetch => {
                return Some((VOID, Prot(Prot::READ.0 | Prot::WRITE.0)));
            }
            Translation::Device | Translation::Void | Translation::Refused => AccessFault::Protection,
            Translation::Unmapped => AccessFault::Bus,
        };
        self.refusal = Some(Refusal { page: page_address, fault });
        // Refusing here would lose the address within the page: let data accesses run into the unmapped hook instead.
        (page_use != PageUse::Fetch).then_some((POISON, Prot(Prot::READ.0 | Prot::WRITE.0)))
    }

    /// Code runs from a page. If that is new and the page was written: stores that went straight to memory so far must
    /// be seen from now on, under every address that the page has.
    fn begin_code(&mut self, page: PageId) {
        if self.memory().is_code(page) {
            return;
        }
        self.memory().mark_code(page);
        if self.memory().is_dirty(page) {
            self.forget_permissions();
        }
    }

    /// Every page is looked up again before the next access.
    fn forget_permissions(&self) {
        let flush = ControlType(ControlType::TLB_FLUSH.0 | ControlType::IO_WRITE.0);
        // SAFETY: called from a hook of this live engine; flushing takes no more arguments. The translator looks a page
        // up again behind each TLB fill.
        let error = unsafe { uc_ctl(self.uc, flush) };
        debug_assert_eq!(error, uc_error::OK);
    }

    /// An access has been abandoned. Inside an IT block the translator goes on regardless, to the end of its own block:
    /// keep what the registers are now, and refuse every other access, by having none allowed.
    pub(super) fn abandon_in_it_block(&mut self) {
        if self.register(RegisterARM::XPSR) & XPSR_IT == 0 {
            return;
        }
        let pc = self.register(RegisterARM::PC);
        let icount = self.icount_at(pc);
        self.abandoned = Some(Abandoned { icount, boundary: self.is_boundary_at(icount), event: self.event });
        self.snapshot.take();
        self.forget_permissions();
        self.stop_again();
    }

    pub(super) fn stop_again(&self) {
        // SAFETY: called from a hook of this live engine.
        unsafe { uc_emu_stop(self.uc) };
    }

    /// Why a fetch was refused.
    pub fn fetch_fault(&self) -> AccessFault {
        self.refusal.map_or(AccessFault::Bus, |refusal| refusal.fault)
    }
}

/// A load or store at a poisoned page.
pub unsafe extern "C" fn unmapped(
    _uc: *mut uc_engine,
    _access: MemType,
    address: u64,
    _size: i32,
    _value: i64,
    data: *mut c_void,
) -> bool {
    // SAFETY: registered with this engine's `Shared`.
    let s = unsafe { shared(data) };
    if s.exit.is_some() {
        return false;
    }
    let offset = address as u32 & (PAGE - 1);
    let refusal =
        s.refusal.unwrap_or(Refusal { page: address as u32 & !(PAGE - 1), fault: AccessFault::Bus });
    s.exit = Some(Exit::Fault(Fault::Access { address: refusal.page + offset, fault: refusal.fault }));
    s.abandon_in_it_block();
    false
}
