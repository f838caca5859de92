//! Where the vector table is. It need not be at the start of an image, and an ELF file has no field for it.
//!
//! What decides, in this order:
//! 1. what the user says (`--vector-table`);
//! 2. a section, then a symbol, with a name that vector tables go by (`.isr_vector`, `__Vectors`, …);
//! 3. the board's boot address (`vector-table` in the board file), if the image has bytes there;
//! 4. the start of each segment, by ascending address.
//!
//! Of 2 to 4, the first that can be a vector table counts: aligned as VTOR wants it, with an initial stack pointer in RAM
//! and a reset handler, bit 0 set, inside the image. What was decided stands in the configuration of the trace.

use super::{
    Image, ImageError,
    check::{canonical, memory_map, spans},
};
use crate::core::{Config, RegionKind};

/// VTOR has no bits below (Armv7-M ARM B3.2.5).
const ALIGNMENT: u32 = 128;

/// What can be said without knowing the chip.
pub(super) fn guess(image: &Image) -> u32 {
    let plausible = |&table: &u32| {
        let (Some(sp), Some(reset)) = (image.word(table), image.word(table.wrapping_add(4))) else {
            return false;
        };
        let aligned = table.is_multiple_of(ALIGNMENT) && sp.is_multiple_of(4);
        aligned && sp != 0 && reset & 1 == 1 && image.read(reset & !1, 2).is_some()
    };
    let places = image.segments.iter().map(|segment| segment.address);
    let named = || image.named_tables.iter().map(|(_, address)| *address);
    let named_in_image = || named().find(|&table| image.word(table).is_some());
    named().chain(places).find(plausible).or_else(named_in_image).unwrap_or(image.vector_table)
}

/// The address of the vector table for a chip.
pub(super) fn decide(image: &Image, config: &Config, wanted: Option<u32>) -> Result<u32, ImageError> {
    let origin = || image.origin.clone();
    if let Some(address) = wanted {
        return match problem(image, config, address) {
            None => Ok(address),
            Some(what) => Err(ImageError::VectorTable { origin: origin(), address, what }),
        };
    }
    let named = image.named_tables.iter().map(|(name, address)| (name.as_str(), *address));
    let boot = image.word(config.vector_table).map(|_| ("the board's boot address", config.vector_table));
    let places = image.segments.iter().map(|segment| ("the start of a segment", segment.address));
    let mut tried: Vec<(u32, &str, String)> = Vec::new();
    for (place, address) in named.chain(boot).chain(places) {
        if tried.iter().any(|(known, ..)| *known == address) {
            continue;
        }
        match problem(image, config, address) {
            None => return Ok(address),
            Some(what) => tried.push((address, place, what)),
        }
    }
    match tried.len() {
        1 => {
            let (address, _, what) = tried.remove(0);
            Err(ImageError::VectorTable { origin: origin(), address, what })
        }
        _ => {
            let line =
                |(address, place, what): (u32, &str, String)| format!("{address:#010x} ({place}): {what}");
            Err(ImageError::NoVectorTable { origin: origin(), tried: tried.into_iter().map(line).collect() })
        }
    }
}

/// Why there is no vector table at an address.
fn problem(image: &Image, config: &Config, address: u32) -> Option<String> {
    if !address.is_multiple_of(ALIGNMENT) {
        return Some(format!("the address is not a multiple of {ALIGNMENT}, as VTOR wants it"));
    }
    let word = |address: u32| {
        let at_alias = || {
            let place = canonical(config, address);
            image.segments.iter().find_map(|segment| {
                let offset = place.checked_sub(canonical(config, segment.address))?;
                image.word(segment.address.checked_add(offset)?)
            })
        };
        image.word(address).or_else(at_alias)
    };
    let (Some(sp), Some(reset)) = (word(address), word(address.wrapping_add(4))) else {
        return Some("the image has no bytes there".into());
    };
    // The core ignores the lowest two bits (Armv7-M ARM B1.4.1): linker scripts with the last byte of RAM, 0x2001ffff, work.
    let sp = sp & !3;
    // Full-descending: the initial SP may be the address after the last byte of RAM.
    let in_ram = spans(config).any(|(region, base)| {
        let end = base + u64::from(region.size);
        region.kind == RegionKind::Ram && base < u64::from(sp) && u64::from(sp) <= end
    });
    if !in_ram {
        let map = memory_map(config);
        return Some(format!(
            "the initial stack pointer would be {sp:#010x}, which is not in RAM; the chip has {map}"
        ));
    }
    if reset & 1 == 0 {
        return Some(format!("the reset handler would be {reset:#010x}, without bit 0 no Thumb function"));
    }
    let handler = canonical(config, reset & !1);
    let inside = image.segments.iter().any(|segment| {
        let start = canonical(config, segment.address);
        handler >= start && u64::from(handler - start) < segment.bytes.len() as u64
    });
    let outside = || format!("the reset handler would be {reset:#010x}, where the image has no code");
    (!inside).then(outside)
}
