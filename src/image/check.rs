//! Whether an image fits a chip.

use super::{Image, ImageError};
use crate::core::{Config, Region, RegionKind};

impl Image {
    /// Checks the image against a chip: every byte in its memory (aliases count), a vector table with an initial stack
    /// pointer in RAM and a reset handler in the image.
    pub fn check(&self, config: &Config) -> Result<(), ImageError> {
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
        self.check_vector_table(config)
    }

    fn check_vector_table(&self, config: &Config) -> Result<(), ImageError> {
        let fail = |what: String| {
            Err(ImageError::VectorTable { origin: self.origin.clone(), address: self.vector_table, what })
        };
        let (Some(sp), Some(reset)) =
            (self.word(self.vector_table), self.word(self.vector_table.wrapping_add(4)))
        else {
            return fail("the image has no bytes there".into());
        };
        // Full-descending: the initial SP may be the address after the last byte of RAM.
        let in_ram = spans(config).any(|(region, base)| {
            region.kind == RegionKind::Ram
                && base < u64::from(sp)
                && u64::from(sp) <= base + u64::from(region.size)
        });
        if !sp.is_multiple_of(4) {
            return fail(format!("the initial stack pointer would be {sp:#010x}, which is not word-aligned"));
        }
        if !in_ram {
            return fail(format!(
                "the initial stack pointer would be {sp:#010x}, which is not in RAM; the chip has {}",
                memory_map(config)
            ));
        }
        if reset & 1 == 0 {
            return fail(format!(
                "the reset handler would be {reset:#010x}, without bit 0 no Thumb function"
            ));
        }
        let handler = canonical(config, reset & !1);
        let inside = self.segments.iter().any(|segment| {
            let start = canonical(config, segment.address);
            handler >= start && u64::from(handler - start) < segment.bytes.len() as u64
        });
        if !inside {
            return fail(format!("the reset handler would be {reset:#010x}, where the image has no code"));
        }
        Ok(())
    }
}

/// Every region at every address at which it appears.
fn spans(config: &Config) -> impl Iterator<Item = (&Region, u64)> {
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
fn canonical(config: &Config, address: u32) -> u32 {
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
