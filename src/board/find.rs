//! A board for a chip that is named alone: `--chip STM32F103RB`, with the user's own description and SVD file or with built-in
//! ones.

use std::path::{Path, PathBuf};

use probe_rs_target::{Chip, ChipFamily, CoreType, MemoryRegion};
use toml::{Table, Value};

use super::{
    Board, BoardError, FILES,
    load::{built_in, parse, read},
    near::near,
};
use crate::{core::CoreKind, svd::Svd};

/// Which chip, and what the user has about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// The part, as probe-rs names it or longer.
    pub chip: Option<String>,
    /// A chip description, a target file of probe-rs.
    pub description: Option<PathBuf>,
    /// The vendor's SVD file.
    pub svd: Option<PathBuf>,
}

/// A chip that is known by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChipName {
    /// The family.
    pub family: String,
    /// The part.
    pub name: String,
}

/// The clock of a chip of which nothing says how fast it runs at reset, in Hz.
const UNKNOWN_CLOCK: i64 = 16_000_000;

/// What is not known of a chip's peripherals is in this range.
const PERIPHERALS: (i64, i64) = (0x4000_0000, 0x2000_0000);

impl Board {
    /// A board that is a chip and nothing else.
    pub fn for_chip(named: &Named) -> Result<Board, BoardError> {
        let mut table = Table::new();
        match &named.description {
            Some(path) => {
                let text = read(path)?;
                let chips = chips_in(&path.display().to_string(), &text)?;
                let chip = match (&named.chip, &chips.variants[..]) {
                    (None, [only]) => only.clone(),
                    (None, _) => {
                        return Err(BoardError::WhichChip { file: path.clone(), known: names(&chips) });
                    }
                    (Some(name), _) => find(&chips, name).cloned().ok_or_else(|| BoardError::NoChip {
                        file: path.display().to_string(),
                        chip: name.clone(),
                        near: near(name, chips.variants.iter().map(|chip| chip.name.as_str())),
                    })?,
                };
                match family_of(&chip.name)? {
                    Some((family, _)) => extend(&mut table, &family),
                    None => describe(&mut table, &chip, named.svd.as_deref())?,
                }
                set(&mut table, "chip", chip.name);
                set(&mut table, "chip-file", path.display().to_string());
            }
            None => {
                let name = named.chip.as_deref().unwrap_or_default();
                let unknown = || BoardError::UnknownChip {
                    name: name.to_owned(),
                    near: near(name, Board::chips().iter().map(|chip| chip.name.as_str())),
                };
                let (family, chip) = family_of(name)?.ok_or_else(unknown)?;
                extend(&mut table, &family);
                set(&mut table, "chip", chip);
            }
        }
        let chip = table.get("chip").and_then(Value::as_str).unwrap_or_default().to_owned();
        set(&mut table, "name", chip.clone());
        set(&mut table, "about", format!("{chip}, alone"));
        let text = toml::to_string(&table).expect("a table can be written");
        // Paths that the user names count from where the user is.
        let here = named.description.as_ref().map(|_| Path::new("."));
        Board::read_with("board of the chip", &text, here, named.svd.as_deref())
    }

    /// The board of that name or file, with the user's own SVD file.
    pub fn with_svd(name: &str, svd: &Path) -> Result<Board, BoardError> {
        let path = Path::new(name);
        if path.extension().is_some_and(|extension| extension == "toml") {
            let beside = path.parent().unwrap_or(Path::new("."));
            return Board::read_with(name, &read(path)?, Some(beside), Some(svd));
        }
        let board = Board::find(name)?;
        let file = format!("{name}.toml");
        let text = built_in(&file).unwrap_or(&board.sources.board);
        Board::read_with(&file, text, None, Some(svd))
    }

    /// A board of which only the SVD file is known, to see what binds.
    pub fn for_svd(svd: &Path) -> Result<Board, BoardError> {
        let text = read(svd)?;
        let parsed = Svd::parse(&text);
        let parsed = parsed.map_err(|cause| BoardError::Svd { board: svd.display().to_string(), cause })?;
        let mut table = Table::new();
        set(&mut table, "name", svd.display().to_string());
        set(&mut table, "about", "an SVD file, alone");
        set(&mut table, "chip", "any");
        set(&mut table, "chip-file", "any.yaml");
        let core = core_of(CoreType::Armv7em, Some(&parsed));
        fields(&mut table, core, Some(&parsed));
        let chip = description_of(core);
        let board = toml::to_string(&table).expect("a table can be written");
        let sources = super::Sources { board, chip, svd: Some(text) };
        let file = parse("board of the SVD file", &sources.board)?;
        Board::assemble(sources, file, Some(parsed))
    }

    /// All chips that are known by name, by family.
    pub fn chips() -> Vec<ChipName> {
        let mut chips: Vec<ChipName> = Vec::new();
        for (family, _, text) in families() {
            let Ok(found) = chips_in(&family, &text) else { continue };
            chips.extend(
                found.variants.into_iter().map(|chip| ChipName { family: family.clone(), name: chip.name }),
            );
        }
        chips.sort();
        chips
    }
}

/// The built-in families: name, board file without a chip, chip descriptions.
fn families() -> Vec<(String, Table, String)> {
    let files = FILES.get_dir("families").into_iter().flat_map(|directory| directory.files());
    let mut families: Vec<(String, Table, String)> = files
        .filter_map(|file| {
            let table: Table = file.contents_utf8()?.parse().ok()?;
            let chips = built_in(table.get("chip-file")?.as_str()?)?;
            Some((file.path().file_stem()?.to_str()?.to_owned(), table, chips.to_owned()))
        })
        .collect();
    families.sort_by(|a, b| a.0.cmp(&b.0));
    families
}

/// The family that has a part, and the part's name there.
fn family_of(chip: &str) -> Result<Option<(String, String)>, BoardError> {
    if chip.len() < 4 {
        return Ok(None);
    }
    let start = chip.chars().take(6).collect::<String>().to_ascii_uppercase();
    for (name, _, text) in families() {
        // The text is large and YAML is slow: look first whether anything begins alike.
        if !text.to_ascii_uppercase().contains(&start) {
            continue;
        }
        let chips = chips_in(&name, &text)?;
        if let Some(found) = find(&chips, chip) {
            let found = found.name.clone();
            return Ok(Some((name, found)));
        }
    }
    Ok(None)
}

fn chips_in(file: &str, yaml: &str) -> Result<ChipFamily, BoardError> {
    let bad = |message: String| BoardError::Yaml { file: file.to_owned(), message };
    let family: ChipFamily = yaml_serde::from_str(yaml).map_err(|error| bad(error.to_string()))?;
    family.validate().map_err(bad)?;
    Ok(family)
}

/// The part of that name; or the one whose name the typed one begins with, as in `STM32F103RBT6`.
fn find<'a>(chips: &'a ChipFamily, name: &str) -> Option<&'a Chip> {
    let equal = |chip: &&Chip| {
        chip.name.eq_ignore_ascii_case(name)
            || chip.package_variants().any(|name_| name_.eq_ignore_ascii_case(name))
    };
    let lower = name.to_ascii_lowercase();
    let begins = |chip: &&Chip| {
        let part = chip.name.to_ascii_lowercase();
        let part = part.trim_end_matches('x');
        lower.starts_with(part) && lower.len() <= part.len() + 5
    };
    chips
        .variants
        .iter()
        .find(equal)
        .or_else(|| chips.variants.iter().filter(begins).max_by_key(|chip| chip.name.len()))
}

fn names(chips: &ChipFamily) -> Vec<String> {
    chips.variants.iter().map(|chip| chip.name.clone()).collect()
}

fn set(table: &mut Table, key: &str, value: impl Into<Value>) {
    table.insert(key.to_owned(), value.into());
}

fn extend(table: &mut Table, family: &str) {
    set(table, "extends", format!("families/{family}"));
}

/// What a chip description and an SVD file say of a chip of no known family.
fn describe(table: &mut Table, chip: &Chip, svd: Option<&Path>) -> Result<(), BoardError> {
    let parsed = match svd {
        None => None,
        Some(path) => {
            let parsed = Svd::parse(&read(path)?);
            Some(parsed.map_err(|cause| BoardError::Svd { board: chip.name.clone(), cause })?)
        }
    };
    let core_type = chip.cores.first().map_or(CoreType::Armv7m, |core| core.core_type);
    fields(table, core_of(core_type, parsed.as_ref()), parsed.as_ref());
    let flash = chip.memory_map.iter().find_map(|memory| match memory {
        MemoryRegion::Nvm(nvm) if !nvm.is_alias => Some(nvm.range.start),
        _ => None,
    });
    if let Some(flash) = flash.and_then(|start| i64::try_from(start).ok()) {
        set(table, "vector-table", flash);
    }
    Ok(())
}

/// The fields of a board file that follow from the core and the SVD file.
fn fields(table: &mut Table, core: CoreKind, svd: Option<&Svd>) {
    let v6m = core.architecture() == crate::core::Architecture::V6M;
    let interrupts = svd.iter().flat_map(|svd| svd.interrupts()).map(|(irq, _)| irq + 1).max();
    let most = if v6m { 32 } else { 240 };
    let priority_bits = svd.and_then(Svd::cpu).map_or(4, |cpu| cpu.priority_bits.clamp(3, 8));
    let name = Value::try_from(core).expect("a core has a name");
    set(table, "core", name);
    set(table, "clock-hz", UNKNOWN_CLOCK);
    set(table, "interrupts", i64::from(interrupts.unwrap_or(most).min(most)));
    set(table, "priority-bits", if v6m { 2 } else { i64::from(priority_bits) });
    set(table, "bit-band", core.architecture() == crate::core::Architecture::V7M);
    set(table, "bind", true);
    let mut space = Table::new();
    set(&mut space, "name", "unknown");
    set(&mut space, "base", PERIPHERALS.0);
    set(&mut space, "size", PERIPHERALS.1);
    set(table, "peripheral-space", vec![Value::Table(space)]);
}

/// The processor. A chip description knows its architecture, an SVD file more.
fn core_of(architecture: CoreType, svd: Option<&Svd>) -> CoreKind {
    let cpu = svd.and_then(Svd::cpu);
    let name = cpu.map(|cpu| cpu.name.to_ascii_uppercase()).unwrap_or_default();
    let fpu = cpu.is_none_or(|cpu| cpu.fpu);
    match (architecture, name.as_str()) {
        (_, "CM0" | "CM0+" | "CM0PLUS") | (CoreType::Armv6m, _) => match name.as_str() {
            "CM0+" | "CM0PLUS" => CoreKind::CortexM0Plus,
            "CM1" => CoreKind::CortexM1,
            _ => CoreKind::CortexM0,
        },
        (_, "CM3") | (CoreType::Armv7m, _) => CoreKind::CortexM3,
        (_, "CM33") | (CoreType::Armv8m, _) => {
            if fpu {
                CoreKind::CortexM33F
            } else {
                CoreKind::CortexM33
            }
        }
        (_, "CM7") => match (fpu, cpu.is_some_and(|cpu| cpu.double_precision)) {
            (_, true) => CoreKind::CortexM7Dp,
            (true, _) => CoreKind::CortexM7F,
            (false, _) => CoreKind::CortexM7,
        },
        _ if fpu => CoreKind::CortexM4F,
        _ => CoreKind::CortexM4,
    }
}

/// The description of a chip that has some memory, so that it is one.
fn description_of(core: CoreKind) -> String {
    use crate::core::Architecture;
    let core = match core.architecture() {
        Architecture::V6M => "armv6m",
        Architecture::V7M if core == CoreKind::CortexM3 => "armv7m",
        Architecture::V7M => "armv7em",
        Architecture::V8M => "armv8m",
    };
    format!(
        "name: any\nvariants:\n- name: any\n  cores:\n  - name: main\n    type: {core}\n    core_access_options: !Arm\n      ap: !v1 0\n  \
         memory_map:\n  - !Ram\n    name: RAM\n    range: {{ start: 0x20000000, end: 0x20001000 }}\n    cores: [main]\n"
    )
}
