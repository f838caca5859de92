//! Flash and RAM, shared by the two engines, with the pages that changed since the last checkpoint.

mod changes;
mod digest;
mod overwritten;
mod pages;
mod places;

use std::{
    alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error},
    ptr::NonNull,
};

pub use self::{digest::MemoryDigest, overwritten::Overwritten, pages::Pages};

use crate::{
    core::{Config, DeviceRange, RegionKind},
    words::BusFault,
};

/// The granule of permissions and of change tracking, in bytes: what the translator calls a page.
pub const PAGE: u32 = 1024;

/// A page of flash or RAM: an index over all regions in the order of the configuration.
pub type PageId = u32;

struct Block {
    base: u32,
    size: u32,
    kind: RegionKind,
    aliases: Vec<u32>,
    first_page: PageId,
    bytes: NonNull<u8>,
}

impl Block {
    fn layout(&self) -> Layout {
        Layout::from_size_align(self.size as usize, 4096).expect("a region is smaller than the address space")
    }

    fn offset(&self, address: u32) -> Option<u32> {
        std::iter::once(&self.base)
            .chain(&self.aliases)
            .map(|base| address.wrapping_sub(*base))
            .find(|offset| *offset < self.size)
    }
}

fn overlaps(blocks: &[Block], range: &DeviceRange) -> bool {
    let end = |base: u32, size: u32| u64::from(base) + u64::from(size);
    blocks.iter().any(|block| {
        u64::from(block.base) < end(range.base, range.size)
            && u64::from(range.base) < end(block.base, block.size)
    })
}

/// Flash and RAM.
pub struct Memory {
    blocks: Vec<Block>,
    /// Where peripherals are. A range that memory overlaps is left out.
    devices: Vec<DeviceRange>,
    dirty: Vec<bool>,
    before: Pages,
    /// Pages from which instructions were fetched.
    code: Vec<bool>,
    /// Those of them that can be written: their translations can go stale.
    writable_code: Vec<PageId>,
    /// Code pages written by anything but the engine's own stores, since the engines last looked.
    stale_code: Vec<PageId>,
    /// The hash of each page that was ever written, as it was when it was last asked for.
    hashes: Vec<Option<u64>>,
    /// Of the hashes: untouched pages need no look.
    digest: MemoryDigest,
    /// Pages that may have another hash by now: a list, and for each page whether it is in it.
    unhashed: Vec<PageId>,
    is_unhashed: Vec<bool>,
    epoch: u64,
    /// What [`Memory::write`] has overwritten, while somebody wants to know.
    overwritten: Option<Overwritten>,
}

impl Memory {
    /// Zeroed RAM and erased flash.
    pub fn new(config: &Config) -> Memory {
        let mut blocks = Vec::new();
        let mut pages = 0;
        for region in &config.regions {
            let mut block = Block {
                base: region.base,
                size: region.size,
                kind: region.kind,
                aliases: region.aliases.clone(),
                first_page: pages,
                bytes: NonNull::dangling(),
            };
            let layout = block.layout();
            // SAFETY: the layout's size is not zero: `Config::check` refuses empty regions.
            let bytes = unsafe { alloc_zeroed(layout) };
            block.bytes = NonNull::new(bytes).unwrap_or_else(|| handle_alloc_error(layout));
            if region.kind == RegionKind::Flash {
                // SAFETY: the block was just allocated with this size.
                unsafe { std::ptr::write_bytes(bytes, 0xff, region.size as usize) };
            }
            pages += region.size / PAGE;
            blocks.push(block);
        }
        let standard = DeviceRange::STANDARD.into_iter().filter(|range| !overlaps(&blocks, range));
        let devices = standard.chain(config.devices.iter().copied()).collect();
        Memory {
            blocks,
            devices,
            dirty: vec![false; pages as usize],
            before: Pages::default(),
            code: vec![false; pages as usize],
            writable_code: Vec::new(),
            stale_code: Vec::new(),
            hashes: vec![None; pages as usize],
            digest: MemoryDigest::default(),
            unhashed: Vec::new(),
            is_unhashed: vec![false; pages as usize],
            epoch: 1,
            overwritten: None,
        }
    }

    /// For each region: its base, its size in bytes, and its memory on the host, for the engines to map.
    pub(super) fn host_blocks(&self) -> impl Iterator<Item = (u32, u32, NonNull<u8>)> + '_ {
        self.blocks.iter().map(|b| (b.base, b.size, b.bytes))
    }

    /// Where peripherals are.
    pub(super) fn devices(&self) -> &[DeviceRange] {
        &self.devices
    }

    /// Whether an address leads to a peripheral, if to anything.
    pub fn is_device(&self, address: u32) -> bool {
        self.devices.iter().any(|range| range.contains(address))
    }

    fn pointer(&self, page: PageId) -> NonNull<u8> {
        let block = self.block_of(page);
        // SAFETY: the page is inside the block that `block_of` found, so the offset is inside its allocation.
        unsafe { block.bytes.add(((page - block.first_page) * PAGE) as usize) }
    }

    /// The eight bytes of the host that hold those at an address, which is a multiple of eight.
    pub(super) fn word_at(&self, address: u32) -> Option<NonNull<u64>> {
        let page = self.page(address)?;
        // SAFETY: the offset is inside the page, and so is all of the word, because the address is a multiple of its size.
        Some(unsafe { self.pointer(page).add((address & (PAGE - 1)) as usize) }.cast())
    }

    fn copy_page(&self, page: PageId, to: &mut [u8]) {
        assert_eq!(to.len(), PAGE as usize);
        // SAFETY: a page is PAGE bytes inside a live allocation; no engine runs while `self` is borrowed, or it waits
        // in the very callback that got here; `to` is separate memory.
        unsafe { std::ptr::copy_nonoverlapping(self.pointer(page).as_ptr(), to.as_mut_ptr(), to.len()) };
    }

    /// What a page holds now.
    pub fn page_bytes(&self, page: PageId) -> [u8; PAGE as usize] {
        let mut bytes = [0; PAGE as usize];
        self.copy_page(page, &mut bytes);
        bytes
    }

    /// Notes that instructions are fetched from a page.
    pub fn mark_code(&mut self, page: PageId) {
        if !std::mem::replace(&mut self.code[page as usize], true) && self.page_kind(page) == RegionKind::Ram
        {
            self.writable_code.push(page);
        }
    }

    /// Whether instructions were fetched from a page.
    pub fn is_code(&self, page: PageId) -> bool {
        self.code[page as usize]
    }

    /// Every writable page that instructions were fetched from.
    pub fn writable_code(&self) -> impl Iterator<Item = PageId> + '_ {
        self.writable_code.iter().copied()
    }

    /// Changes when permissions handed out so far are no longer right.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Permissions changed: what the engines have cached of them is wrong.
    pub fn invalidate_permissions(&mut self) {
        self.epoch += 1;
    }

    /// Whether code changed behind the engines' back since they last looked.
    pub fn has_stale_code(&self) -> bool {
        !self.stale_code.is_empty()
    }

    /// Code pages that changed behind the engines' back.
    pub fn take_stale_code(&mut self) -> Vec<PageId> {
        std::mem::take(&mut self.stale_code)
    }

    /// The number of pages.
    pub fn pages(&self) -> u32 {
        self.dirty.len() as u32
    }

    /// What some pages hold now.
    pub fn copy(&self, ids: Vec<PageId>) -> Pages {
        let mut bytes = vec![0; ids.len() * PAGE as usize];
        for (&page, bytes) in ids.iter().zip(bytes.chunks_exact_mut(PAGE as usize)) {
            self.copy_page(page, bytes);
        }
        Pages { ids, bytes }
    }

    /// Makes pages hold what they held when they were copied, in a memory of the same configuration.
    pub fn paste(&mut self, pages: &Pages) {
        for (page, bytes) in pages.iter() {
            if self.page_bytes(page) != bytes {
                self.write(self.page_address(page), bytes).expect("it is a page");
            }
        }
    }

    /// Reads memory. Fails without effect when a byte is outside flash and RAM.
    pub fn read(&self, address: u32, bytes: &mut [u8]) -> Result<(), BusFault> {
        let mut done = 0;
        while done < bytes.len() {
            let at = address.wrapping_add(done as u32);
            let page = self.page(at).ok_or(BusFault)?;
            let offset = at as usize % PAGE as usize;
            let length = (PAGE as usize - offset).min(bytes.len() - done);
            // SAFETY: `offset + length` stays inside the page; see `copy_page`.
            unsafe {
                std::ptr::copy_nonoverlapping(
                    self.pointer(page).as_ptr().add(offset),
                    bytes[done..].as_mut_ptr(),
                    length,
                );
            }
            done += length;
        }
        Ok(())
    }

    /// Writes memory, flash included, as a loader, a bus master or the core's own stacking does.
    pub fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), BusFault> {
        self.note_overwritten(address, bytes.len())?;
        let mut done = 0;
        while done < bytes.len() {
            let at = address.wrapping_add(done as u32);
            let page = self.page(at).ok_or(BusFault)?;
            let offset = at as usize % PAGE as usize;
            let length = (PAGE as usize - offset).min(bytes.len() - done);
            self.mark_dirty(page);
            if self.code[page as usize] && self.stale_code.last() != Some(&page) {
                self.stale_code.push(page);
            }
            // SAFETY: as in `read`.
            unsafe {
                std::ptr::copy_nonoverlapping(
                    bytes[done..].as_ptr(),
                    self.pointer(page).as_ptr().add(offset),
                    length,
                );
            }
            done += length;
        }
        Ok(())
    }

    /// Reads a word.
    pub fn read_word(&self, address: u32) -> Result<u32, BusFault> {
        let mut bytes = [0; 4];
        self.read(address, &mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    /// Reads a halfword, as an instruction fetch does.
    pub fn read_half(&self, address: u32) -> Result<u16, BusFault> {
        let mut bytes = [0; 2];
        self.read(address, &mut bytes)?;
        Ok(u16::from_le_bytes(bytes))
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        for block in &self.blocks {
            // SAFETY: allocated in `new` with this very layout; the engines that map it are dropped before it.
            unsafe { dealloc(block.bytes.as_ptr(), block.layout()) };
        }
    }
}
