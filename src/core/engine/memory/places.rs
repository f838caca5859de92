//! Which page an address leads to, and the other way around.

use super::{Block, Memory, PAGE, PageId};
use crate::core::RegionKind;

impl Memory {
    /// The page that holds an address, directly or through an alias.
    pub fn page(&self, address: u32) -> Option<PageId> {
        self.blocks.iter().find_map(|b| b.offset(address).map(|offset| b.first_page + offset / PAGE))
    }

    /// The number of the page that holds an address, counted through every address at which memory can be seen.
    pub fn view(&self, address: u32) -> Option<u32> {
        let mut first = 0;
        for (base, size) in self.views() {
            let offset = address.wrapping_sub(base);
            if offset < size {
                return Some(first + offset / PAGE);
            }
            first += size / PAGE;
        }
        None
    }

    /// The first address of a page by that number.
    pub fn view_address(&self, view: u32) -> u32 {
        let mut left = view;
        for (base, size) in self.views() {
            if left < size / PAGE {
                return base + left * PAGE;
            }
            left -= size / PAGE;
        }
        unreachable!("`view` gave the number")
    }

    /// Where memory can be seen: first address and size in bytes.
    fn views(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.blocks.iter().flat_map(|block| {
            std::iter::once(block.base).chain(block.aliases.iter().copied()).map(|base| (base, block.size))
        })
    }

    /// The first address of a page, not through an alias.
    pub fn page_address(&self, page: PageId) -> u32 {
        let block = self.block_of(page);
        block.base + (page - block.first_page) * PAGE
    }

    /// The address that memory has when it is not seen through an alias; any other address is itself.
    pub fn place(&self, address: u32) -> u32 {
        self.page(address).map_or(address, |page| self.page_address(page) + address % PAGE)
    }

    /// What the page is for.
    pub fn page_kind(&self, page: PageId) -> RegionKind {
        self.block_of(page).kind
    }

    /// Whether an address is one of flash, which only its controller changes.
    pub fn is_flash(&self, address: u32) -> bool {
        self.page(address).is_some_and(|page| self.page_kind(page) == RegionKind::Flash)
    }

    pub(super) fn block_of(&self, page: PageId) -> &Block {
        let after = self.blocks.partition_point(|b| b.first_page <= page);
        &self.blocks[after - 1]
    }
}
