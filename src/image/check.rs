//! Whether an image fits a chip.

use super::{Image, ImageError, table};
use crate::core::{Config, Region};

impl Image {
    /// Fits the image to a chip: checks that every byte is in its memory (aliases count) and decides where the vector
    /// table is. Then `config` is what the chip runs this image with. The module `table` tells what decides;
    /// `wanted` is the user's word.
    pub fn fit(&mut self, config: &mut Config, wanted: Option<u32>) -> Result<(), ImageError> {
        for segment in &self.segments {
            let mut at = u64::from(segment.address);
            // A segment may span regions that adjoin, as SRAM1 and SRAM2 of many chips do.
            while at < segment.end() {
                at = region_end(config, at as u32).ok_or_else(|| ImageError::Outside {
                    origin: self.origin.clone(),
                    first: segment.address,
                    last: (segment.end() - 1) as u32,
                    map: memory_map(config),
                })?;
            }
        }
        self.vector_table = table::decide(self, config, wanted)?;
        config.vector_table = self.vector_table;
        Ok(())
    }
}

/// Every region at every address at which it appears.
pub(super) fn spans(config: &Config) -> impl Iterator<Item = (&Region, u64)> {
    config.regions.iter().flat_map(|region| {
        std::iter::once(region.base)
            .chain(region.aliases.iter().copied())
            .map(move |base| (region, u64::from(base)))
    })
}

/// The end of the region that holds an address.
fn region_end(config: &Config, address: u32) -> Option<u64> {
    let address = u64::from(address);
    spans(config)
        .map(|(region, base)| (base, base + u64::from(region.size)))
        .find(|&(base, end)| base <= address && address < end)
        .map(|(_, end)| end)
}

/// The address without aliases: where the region itself has it.
pub(super) fn canonical(config: &Config, address: u32) -> u32 {
    let wide = u64::from(address);
    spans(config)
        .find(|(region, base)| *base <= wide && wide < base + u64::from(region.size))
        .map_or(address, |(region, base)| region.base + (wide - base) as u32)
}

/// The memory of a chip in words: `FLASH 0x08000000-0x080fffff, RAM 0x20000000-0x2001ffff`.
pub(crate) fn memory_map(config: &Config) -> String {
    let region = |r: &Region| {
        let last = u64::from(r.base) + u64::from(r.size).max(1) - 1;
        format!("{} {:#010x}-{last:#010x}", r.name, r.base)
    };
    let regions: Vec<String> = config.regions.iter().map(region).collect();
    if regions.is_empty() { "none".into() } else { regions.join(", ") }
}
