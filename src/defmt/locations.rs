//! Where in the source messages are: the debug information has a variable for each.

use std::{borrow::Cow, collections::BTreeMap};

use gimli::{AttributeValue, Dwarf, EndianSlice, LittleEndian, Unit};
use object::{Object, ObjectSection, read::elf::ElfFile32};

type Slice<'a> = EndianSlice<'a, LittleEndian>;

/// What defmt calls the variable of a message.
const VARIABLE: &[u8] = b"DEFMT_LOG_STATEMENT";

/// File and line of messages, by the names of their symbols. What cannot be read is left out.
pub(super) fn of(elf: &ElfFile32<'_, object::LittleEndian>) -> BTreeMap<String, String> {
    let mut places = BTreeMap::new();
    let load = |id: gimli::SectionId| {
        let section = elf.section_by_name(id.name());
        let bytes = section.and_then(|section| section.uncompressed_data().ok());
        Ok::<_, gimli::Error>(bytes.unwrap_or(Cow::Borrowed(&[])))
    };
    let Ok(sections) = gimli::DwarfSections::load(load) else { return places };
    let dwarf = sections.borrow(|section| EndianSlice::new(section, LittleEndian));
    let mut units = dwarf.units();
    while let Ok(Some(header)) = units.next() {
        if let Ok(unit) = dwarf.unit(header) {
            // What was read before an error stays.
            let _ = read(&dwarf, &unit, &mut places);
        }
    }
    places
}

fn read(
    dwarf: &Dwarf<Slice<'_>>,
    unit: &Unit<Slice<'_>>,
    places: &mut BTreeMap<String, String>,
) -> gimli::Result<()> {
    let mut entries = unit.entries();
    while let Some(entry) = entries.next_dfs()? {
        if entry.tag() != gimli::DW_TAG_variable {
            continue;
        }
        let text = |name| entry.attr_value(name).and_then(|value| dwarf.attr_string(unit, value).ok());
        if text(gimli::DW_AT_name).is_none_or(|name| name.slice() != VARIABLE) {
            continue;
        }
        let file = match entry.attr_value(gimli::DW_AT_decl_file) {
            Some(AttributeValue::FileIndex(index)) => file(dwarf, unit, index),
            _ => None,
        };
        let line = entry.attr_value(gimli::DW_AT_decl_line).and_then(|line| line.udata_value());
        let symbol = text(gimli::DW_AT_linkage_name);
        if let (Some(symbol), Some(file), Some(line)) = (symbol, file, line) {
            places.insert(symbol.to_string_lossy().into_owned(), format!("{file}:{line}"));
        }
    }
    Ok(())
}

/// The path as the compiler was given it.
fn file(dwarf: &Dwarf<Slice<'_>>, unit: &Unit<Slice<'_>>, index: u64) -> Option<String> {
    let header = unit.line_program.as_ref()?.header();
    let file = header.file(index)?;
    let text = |value| Some(dwarf.attr_string(unit, value).ok()?.to_string_lossy().into_owned());
    let name = text(file.path_name())?;
    let directory = file.directory(header).and_then(text).unwrap_or_default();
    // The directory of the build says nothing that the user does not know.
    let built_in =
        unit.comp_dir.map(|directory| directory.to_string_lossy().into_owned()).unwrap_or_default();
    let directory =
        directory.strip_prefix(&built_in).unwrap_or(&directory).trim_start_matches('/').to_owned();
    Some(if directory.is_empty() { name } else { format!("{directory}/{name}") })
}
