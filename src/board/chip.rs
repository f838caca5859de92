//! The memory of a chip, from probe-rs's description of its family.

use probe_rs_target::{Chip, ChipFamily, CoreType, MemoryRegion};

use super::{BoardError, file::BoardFile, near::near};
use crate::core::{Architecture, CoreKind, Region, RegionKind};

/// Regions begin and end at multiples of this.
const GRANULE: u64 = 1024;

/// The chip that the board names.
pub(super) fn find(board: &BoardFile, yaml: &str) -> Result<Chip, BoardError> {
    let bad = |message: String| BoardError::Yaml { file: board.chip_file.clone(), message };
    let family: ChipFamily = yaml_serde::from_str(yaml).map_err(|error| bad(error.to_string()))?;
    family.validate().map_err(bad)?;
    let matches = |chip: &&Chip| chip.package_variants().any(|name| name.eq_ignore_ascii_case(&board.chip));
    family.variants.iter().find(matches).cloned().ok_or_else(|| BoardError::NoChip {
        file: board.chip_file.clone(),
        chip: board.chip.clone(),
        near: near(&board.chip, family.variants.iter().map(|chip| chip.name.as_str())),
    })
}

/// Whether the chip file agrees on the processor.
pub(super) fn check_core(board: &BoardFile, chip: &Chip) -> Result<(), BoardError> {
    let architecture = match board.core.architecture() {
        Architecture::V6M => CoreType::Armv6m,
        Architecture::V7M if board.core == CoreKind::CortexM3 => CoreType::Armv7m,
        Architecture::V7M => CoreType::Armv7em,
        Architecture::V8M => CoreType::Armv8m,
    };
    match chip.cores.first().map(|core| core.core_type) {
        Some(core) if core == architecture => Ok(()),
        Some(core) => {
            let problem =
                format!("is {}, but the first core of {} is {core:?}", board.core.name(), chip.name);
            Err(value(board, "core", problem))
        }
        None => Err(value(board, "chip", format!("is {}, which has no cores in the chip file", chip.name))),
    }
}

/// Flash and RAM, with what is beside the chip and the board's aliases. Regions that the chip file itself marks as aliases,
/// and those that are neither flash nor RAM, are left out.
pub(super) fn regions(board: &BoardFile, chip: &Chip) -> Result<Vec<Region>, BoardError> {
    let mut regions = Vec::new();
    for (index, memory) in chip.memory_map.iter().enumerate() {
        let (name, range, kind) = match memory {
            MemoryRegion::Nvm(nvm) if !nvm.is_alias => (&nvm.name, &nvm.range, RegionKind::Flash),
            MemoryRegion::Ram(ram) if !ram.is_alias => (&ram.name, &ram.range, RegionKind::Ram),
            _ => continue,
        };
        let name = name.clone().unwrap_or_else(|| format!("region {index}"));
        let problem = || value(board, &name, "must lie in 32 bits and in whole KiB".to_owned());
        if range.start % GRANULE != 0 || range.end % GRANULE != 0 || range.end <= range.start {
            return Err(problem());
        }
        let base = u32::try_from(range.start).map_err(|_| problem())?;
        let size = u32::try_from(range.end - range.start).map_err(|_| problem())?;
        let at = board.alias.iter().filter(|alias| alias.region == name).map(|alias| alias.at);
        regions.push(Region { kind, base, size, aliases: at.collect(), name });
    }
    for row in &board.external_ram {
        if row.size == 0 || u64::from(row.size) % GRANULE != 0 {
            return Err(value(board, &row.name, "must be whole KiB".to_owned()));
        }
        let (name, aliases) = (row.name.clone(), Vec::new());
        regions.push(Region { kind: RegionKind::Ram, base: row.base, size: row.size, aliases, name });
    }
    take_in_aliases(chip, &mut regions);
    let known = |name: &String| regions.iter().any(|region| region.name == *name);
    if let Some(alias) = board.alias.iter().find(|alias| !known(&alias.region)) {
        let names = regions.iter().map(|region| region.name.as_str()).collect::<Vec<_>>().join(", ");
        let problem = format!("is of a region {:?}; the chip has {names}", alias.region);
        return Err(value(board, "alias", problem));
    }
    check_overlaps(board, &regions)?;
    Ok(regions)
}

/// A region that the chip file marks as an alias, and whose name begins with that of a region of its size, is this region's
/// second place: `SRAM2_CODE` of `SRAM2`.
fn take_in_aliases(chip: &Chip, regions: &mut [Region]) {
    for memory in &chip.memory_map {
        let MemoryRegion::Ram(ram) = memory else { continue };
        let (Some(name), true) = (&ram.name, ram.is_alias) else { continue };
        let size = ram.range.end.saturating_sub(ram.range.start);
        let Ok(at) = u32::try_from(ram.range.start) else { continue };
        let same = |region: &&mut Region| u64::from(region.size) == size && name.starts_with(&region.name);
        if let Some(region) = regions.iter_mut().find(same).filter(|region| !region.aliases.contains(&at)) {
            region.aliases.push(at);
        }
    }
}

fn check_overlaps(board: &BoardFile, regions: &[Region]) -> Result<(), BoardError> {
    let mut places: Vec<(u64, u64, &str)> = Vec::new();
    for region in regions {
        for &at in std::iter::once(&region.base).chain(&region.aliases) {
            let end = u64::from(at) + u64::from(region.size);
            if u64::from(at) % GRANULE != 0 || end > 1 << 32 {
                return Err(value(
                    board,
                    &region.name,
                    format!("at {at:#010x} must lie in 32 bits and in whole KiB"),
                ));
            }
            places.push((u64::from(at), end, &region.name));
        }
    }
    places.sort_unstable();
    match places.windows(2).find(|pair| pair[1].0 < pair[0].1) {
        Some(pair) => {
            let problem = format!("and {} overlap at {:#010x}", pair[1].2, pair[1].0);
            Err(value(board, pair[0].2, problem))
        }
        None => Ok(()),
    }
}

/// A value of the board or chip file that makes no sense.
pub(super) fn value(board: &BoardFile, field: &str, problem: String) -> BoardError {
    BoardError::Value { board: board.name.clone(), field: field.to_owned(), problem }
}
