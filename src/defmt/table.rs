//! The texts of a firmware: symbols of the section `.defmt`, whose names are JSON and whose addresses are the numbers.

use std::{collections::BTreeMap, fmt};

use object::{Object, ObjectSection, ObjectSymbol, SectionIndex, read::elf::ElfFile32};
use serde::Deserialize;

use super::locations;

/// Versions of the wire format that are known. Version 4 has the crate in the symbols besides.
const VERSIONS: [&str; 2] = ["3", "4"];

/// How frames are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// As they are.
    Raw,
    /// Without zero bytes, and one behind each.
    Rzcobs,
}

/// A format string.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub text: String,
    /// How a message is labelled; one of `println!` is not.
    pub level: Option<&'static str>,
    /// The source, as `file:line`.
    pub place: Option<String>,
    is_message: bool,
}

/// What names the flags of a `bitflags!`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FlagsKey {
    pub name: String,
    pub package: String,
    pub disambiguator: String,
    pub crate_name: Option<String>,
}

/// The texts of a firmware.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub encoding: Encoding,
    /// The format of what stands in front of each message.
    pub timestamp: Option<String>,
    entries: BTreeMap<u16, Entry>,
    /// Name and value of each flag, in the order of the source.
    flags: BTreeMap<FlagsKey, Vec<(String, u128)>>,
}

/// Why a `.defmt` section cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TableError {
    /// No symbol tells the version of the wire format.
    NoVersion,
    /// Another version.
    Version(String),
    /// No symbol tells the encoding, or one that is not known.
    Encoding(Option<String>),
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TableError::NoVersion => f.write_str("the ELF file does not tell the version of the wire format"),
            TableError::Version(found) => {
                write!(f, "wire format version {found} is not known, {} are", VERSIONS.join(" and "))
            }
            TableError::Encoding(None) => f.write_str("the ELF file does not tell how frames are encoded"),
            TableError::Encoding(Some(found)) => write!(f, "the encoding {found} is not known"),
        }
    }
}

/// The name of a symbol. It is JSON, which is YAML.
#[derive(Deserialize)]
struct Name {
    package: String,
    tag: String,
    data: String,
    disambiguator: String,
    crate_name: Option<String>,
}

type Elf<'a> = ElfFile32<'a, object::LittleEndian>;

impl Table {
    /// The texts in an ELF file; `None` if it has no `.defmt` section.
    pub fn read(file: &[u8]) -> Option<Result<Table, TableError>> {
        let elf = Elf::parse(file).ok()?;
        let section = elf.section_by_name(".defmt")?.index();
        Some(Table::of(&elf, section))
    }

    fn of(elf: &Elf<'_>, section: SectionIndex) -> Result<Table, TableError> {
        // Some linkers leave the quotes around a name in their script.
        let names =
            || elf.symbols().filter_map(|symbol| symbol.name().ok()).map(|name| name.trim_matches('"'));
        let value = |what: &str| names().find_map(|name| name.strip_prefix(what)).map(str::to_owned);
        match value("_defmt_version_ = ") {
            None => return Err(TableError::NoVersion),
            Some(version) if !VERSIONS.contains(&&*version) => return Err(TableError::Version(version)),
            Some(_) => {}
        }
        let encoding = match value("_defmt_encoding_ = ") {
            Some(name) if name == "raw" => Encoding::Raw,
            Some(name) if name == "rzcobs" => Encoding::Rzcobs,
            other => return Err(TableError::Encoding(other)),
        };
        let mut table = Table::empty(encoding);
        let places = locations::of(elf);
        let mut flags: BTreeMap<FlagsKey, Vec<(u128, String, u128)>> = BTreeMap::new();
        for symbol in elf.symbols().filter(|symbol| symbol.section_index() == Some(section)) {
            let Ok(raw) = symbol.name() else { continue };
            // Markers, and what somebody else has put there.
            let Ok(name) = yaml_serde::from_str::<Name>(raw) else { continue };
            match name.tag.as_str() {
                "defmt_timestamp" => table.timestamp = Some(name.data),
                "defmt_bitflags_value" => {
                    let data = elf.section_by_index(section).ok();
                    let data = data.and_then(|section| section.data_range(symbol.address(), 16).ok()?);
                    let value = data.and_then(|bytes| bytes.try_into().ok()).map(u128::from_le_bytes);
                    let mut parts = name.data.splitn(3, "::");
                    let (of, index, flag) = (parts.next(), parts.next(), parts.next());
                    let index = index.and_then(|index| index.parse().ok());
                    let (Some(value), Some(of), Some(index), Some(flag)) = (value, of, index, flag) else {
                        continue;
                    };
                    let key = FlagsKey {
                        name: of.to_owned(),
                        package: name.package,
                        disambiguator: name.disambiguator,
                        crate_name: name.crate_name,
                    };
                    flags.entry(key).or_default().push((index, flag.to_owned(), value));
                }
                tag => {
                    let level = level(tag);
                    let is_message = level.is_some() || tag == "defmt_println";
                    let Ok(number) = u16::try_from(symbol.address()) else { continue };
                    let place = places.get(raw).cloned();
                    table.entries.insert(number, Entry { text: name.data, level, place, is_message });
                }
            }
        }
        table.flags = flags.into_iter().map(|(key, flags)| (key, in_order(flags))).collect();
        Ok(table)
    }

    /// A table without texts.
    pub fn empty(encoding: Encoding) -> Table {
        Table { encoding, timestamp: None, entries: BTreeMap::new(), flags: BTreeMap::new() }
    }

    /// The message with a number.
    pub fn message(&self, number: u16) -> Option<&Entry> {
        self.entries.get(&number).filter(|entry| entry.is_message)
    }

    /// The text with a number that is part of a message.
    pub fn part(&self, number: u16) -> Option<&str> {
        self.entries.get(&number).filter(|entry| entry.level.is_none()).map(|entry| entry.text.as_str())
    }

    /// The names of flags.
    pub fn flags(&self, key: &FlagsKey) -> Option<&[(String, u128)]> {
        self.flags.get(key).map(Vec::as_slice)
    }

    /// Adds a message.
    #[cfg(test)]
    pub fn insert_message(&mut self, number: u16, level: Option<&'static str>, text: &str) {
        let entry = Entry { text: text.to_owned(), level, place: None, is_message: true };
        self.entries.insert(number, entry);
    }
}

fn level(tag: &str) -> Option<&'static str> {
    Some(match tag {
        "defmt_trace" => "TRACE",
        "defmt_debug" => "DEBUG",
        "defmt_info" => "INFO",
        "defmt_warn" => "WARN",
        "defmt_error" => "ERROR",
        _ => return None,
    })
}

fn in_order(mut flags: Vec<(u128, String, u128)>) -> Vec<(String, u128)> {
    flags.sort_by_key(|(index, ..)| *index);
    flags.into_iter().map(|(_, name, value)| (name, value)).collect()
}
