//! Where the board's peripherals are, outside of the places that every chip has for them.

use super::file::BoardFile;
use crate::{
    core::{DeviceRange, Region},
    peripherals::Kind,
    svd::Svd,
};

/// The granule in which the core tells memory from devices.
const GRANULE: u64 = 1024;

/// First address and the address behind the last.
type Span = (u64, u64);

/// The addresses of devices, peripheral spaces and the SVD's peripherals in whole KiB: what [`DeviceRange::STANDARD`] does
/// not cover and memory leaves free. Ascending and apart.
pub(super) fn devices(file: &BoardFile, svd: Option<&Svd>, regions: &[Region]) -> Vec<DeviceRange> {
    let size = |kind: &str| Kind::find(kind).map_or(0, |kind| kind.size);
    let rows = file.device.iter().map(|row| (row.base, row.size.unwrap_or_else(|| size(&row.kind))));
    let spaces = file.peripheral_space.iter().map(|space| (space.base, space.size));
    let blocks = svd.into_iter().flat_map(|svd| svd.blocks());
    let blocks = blocks.map(|block| (block.addresses.start, block.addresses.end - block.addresses.start));
    let spans = rows.chain(spaces).chain(blocks).filter(|(_, size)| *size > 0).map(|(base, size)| {
        let end = (u64::from(base) + u64::from(size)).next_multiple_of(GRANULE);
        (u64::from(base) / GRANULE * GRANULE, end.min(1 << 32))
    });

    let standard = DeviceRange::STANDARD.iter().map(|range| span(range.base, range.size));
    let memory = regions.iter().flat_map(|region| {
        std::iter::once(region.base).chain(region.aliases.iter().copied()).map(|at| span(at, region.size))
    });
    let taken: Vec<Span> = standard.chain(memory).collect();
    let mut free: Vec<Span> = spans.collect();
    for &hole in &taken {
        free =
            free.into_iter().flat_map(|span| without(span, hole)).filter(|(base, end)| base < end).collect();
    }
    free.sort_unstable();

    let mut ranges: Vec<Span> = Vec::new();
    for (base, end) in free {
        match ranges.last_mut() {
            Some(last) if base <= last.1 => last.1 = last.1.max(end),
            _ => ranges.push((base, end)),
        }
    }
    // None begins at 0 and ends at 2^32: the standard ranges are between.
    ranges.iter().map(|&(base, end)| DeviceRange { base: base as u32, size: (end - base) as u32 }).collect()
}

fn span(base: u32, size: u32) -> Span {
    (u64::from(base), u64::from(base) + u64::from(size))
}

/// What is left of a span in front of a hole and behind it; either may be empty.
fn without((base, end): Span, hole: Span) -> [Span; 2] {
    [(base, end.min(hole.0.max(base))), (base.max(hole.1.min(end)), end)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::Board;

    #[test]
    fn a_hole_leaves_what_is_beside_it() {
        for (hole, before, after) in [
            ((20, 30), (10, 20), (30, 40)),
            ((0, 5), (10, 10), (10, 40)),
            ((50, 60), (10, 40), (40, 40)),
            ((5, 50), (10, 10), (40, 40)),
        ] {
            assert_eq!(without((10, 40), hole), [before, after], "{hole:?}");
        }
    }

    #[test]
    fn a_board_says_where_its_unusual_peripherals_are() {
        let config = Board::find("stm32f4discovery").unwrap().config();
        let is_device = |address| config.devices.iter().any(|range| range.contains(address));
        assert!(is_device(0x1fff_7a10), "the unique identifier");
        assert!(is_device(0xa000_0000), "FSMC");
        assert!(!is_device(0x4000_0000), "a standard place");
        assert!(!is_device(0x2000_0000) && !is_device(0x0800_0000), "memory");
    }
}
