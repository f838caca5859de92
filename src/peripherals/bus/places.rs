//! What is where on the bus.

use super::{Bus, Mounted};
use crate::words::BusFault;

impl Bus {
    /// The name of the register at `address`, as in `USART2.SR`, if the SVD has it; else the device and the offset, as
    /// in `usart2+0x4`.
    pub fn register_name(&self, address: u32) -> Option<String> {
        let address = self.canonical(address);
        if let Some(name) = self.svd.as_ref().and_then(|svd| svd.register_name(address)) {
            return Some(name.to_owned());
        }
        let mount = &self.slots[self.search(address)?].mount;
        Some(format!("{}+{:#x}", mount.name, address - mount.base))
    }

    /// The names of all devices with their first addresses, by address.
    pub fn devices(&self) -> impl Iterator<Item = (&str, u32)> {
        self.slots.iter().map(|slot| (slot.mount.name.as_str(), slot.mount.base))
    }

    /// The address without aliases.
    pub(super) fn canonical(&self, address: u32) -> u32 {
        let alias = self.aliases.iter().find(|alias| address.wrapping_sub(alias.at) < alias.size);
        match alias {
            Some(alias) if self.search(address).is_none() && !self.is_known(address) => {
                address - alias.at + alias.of
            }
            _ => address,
        }
    }

    /// Whether the SVD file or a peripheral space has the address.
    pub(super) fn is_known(&self, address: u32) -> bool {
        self.svd.as_ref().is_some_and(|svd| svd.block(address).is_some())
            || self.spaces.iter().any(|space| space.contains(&address))
    }

    pub(super) fn find(&mut self, address: u32) -> Option<usize> {
        if self.slots.get(self.last).is_some_and(|slot| slot.contains(address)) {
            return Some(self.last);
        }
        self.last = self.search(address)?;
        Some(self.last)
    }

    pub(super) fn search(&self, address: u32) -> Option<usize> {
        let index = self.slots.partition_point(|slot| slot.mount.base <= address).checked_sub(1)?;
        self.slots[index].contains(address).then_some(index)
    }

    /// The device that takes what the core stores to flash at an address.
    pub(super) fn programmer(&self, address: u32) -> Option<usize> {
        let has =
            |slot: &Mounted| slot.mount.device.program_areas().iter().any(|area| area.contains(&address));
        self.slots.iter().position(has)
    }

    /// Whether an address without a device is no bus fault.
    pub(super) fn known(&self, address: u32) -> Result<(), BusFault> {
        if self.is_known(address) { Ok(()) } else { Err(BusFault) }
    }
}
