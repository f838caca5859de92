//! ELF: loadable segments at their physical addresses, and the names that a vector table goes by.

use object::{
    LittleEndian, Object, ObjectSection, ObjectSymbol, elf,
    read::elf::{ElfFile32, ProgramHeader},
};

use super::{ImageError, LARGEST, Segment};

const LE: LittleEndian = LittleEndian;

/// What startup code and linker scripts in the field call the vector table: sections first, then symbols.
const TABLE_SECTIONS: [&str; 11] = [
    ".vector_table",
    ".isr_vector",
    ".vectors",
    ".vector",
    ".intvec",
    ".intvecs",
    ".interrupts",
    ".isr_vectors",
    "vectors",
    "rom_start",
    "RESET",
];
const TABLE_SYMBOLS: [&str; 17] = [
    "__vector_table",
    "_vector_table",
    "vector_table",
    "g_pfnVectors",
    "__isr_vector",
    "__Vectors",
    "__vectors",
    "_vectors",
    "_isr_vectors",
    "isr_vectors",
    "isr_vector",
    "vectors",
    "__VECTOR_TABLE",
    "exception_table",
    "cortex_vector_base",
    "_vector_start",
    "__vector_start",
];

/// The name and the address of something that may be a vector table.
type NamedTable = (String, u32);

/// Where a variable is, by its name in the symbol table.
pub(super) fn variable(file: &[u8], name: &str) -> Option<u32> {
    let elf = ElfFile32::<LittleEndian>::parse(file).ok()?;
    let mut defined = elf.symbols().filter(|symbol| symbol.is_definition());
    let symbol = defined.find(|symbol| symbol.name() == Ok(name))?;
    u32::try_from(symbol.address()).ok()
}

/// The loadable segments of an ELF file and what is named like a vector table.
pub(super) fn parse(file: &[u8], origin: &str) -> Result<(Vec<Segment>, Vec<NamedTable>), ImageError> {
    check_identity(file, origin)?;
    check_length(file, origin)?;
    let elf = ElfFile32::<LittleEndian>::parse(file).map_err(|error| ImageError::Damaged {
        origin: origin.to_owned(),
        what: error.to_string().to_lowercase(),
    })?;

    let mut segments = Vec::new();
    let mut total = 0;
    for header in elf.elf_program_headers() {
        if header.p_type(LE) != elf::PT_LOAD || header.p_filesz(LE) == 0 {
            continue;
        }
        let (offset, size) = (u64::from(header.p_offset(LE)), u64::from(header.p_filesz(LE)));
        total += size;
        if total > LARGEST {
            return Err(ImageError::TooLarge { origin: origin.to_owned(), size: total });
        }
        let skip = headers_before_content(&elf, offset, size);
        let address = u64::from(header.p_paddr(LE)) + skip;
        let end = offset + size;
        let content =
            file.get((offset + skip) as usize..end as usize).ok_or_else(|| ImageError::Truncated {
                origin: origin.to_owned(),
                what: "its segments",
                needed: end,
                length: file.len() as u64,
            })?;
        if address + content.len() as u64 > 1 << 32 {
            return Err(ImageError::Damaged {
                origin: origin.to_owned(),
                what: format!("a segment at {address:#010x} runs past the end of the address space"),
            });
        }
        if !content.is_empty() {
            segments.push(Segment { address: address as u32, bytes: content.to_vec() });
        }
    }
    Ok((segments, vector_tables(&elf)))
}

/// How many bytes at the start of a segment are the ELF file's own headers. Linkers that page-align the first segment
/// put them there, at an address below the flash.
fn headers_before_content(elf: &ElfFile32<'_, LittleEndian>, offset: u64, size: u64) -> u64 {
    if offset != 0 {
        return 0;
    }
    let starts = elf.sections().filter(is_allocated).filter_map(|section| section.file_range());
    starts.map(|(start, _)| start).filter(|&start| start < size).min().unwrap_or(0)
}

fn is_allocated<'a>(section: &impl ObjectSection<'a>) -> bool {
    matches!(section.flags(), object::SectionFlags::Elf { sh_flags, .. } if sh_flags.contains(elf::SHF_ALLOC))
}

fn vector_tables(elf: &ElfFile32<'_, LittleEndian>) -> Vec<NamedTable> {
    let section = |name: &&str| {
        let section = elf.sections().find(|s| s.name() == Ok(name) && is_allocated(s))?;
        Some((format!("section {name}"), section.address() as u32))
    };
    let symbol = |name: &&str| {
        let symbol = elf.symbols().find(|s| s.name() == Ok(name) && s.is_definition())?;
        Some((format!("symbol {name}"), symbol.address() as u32 & !1))
    };
    TABLE_SECTIONS.iter().filter_map(section).chain(TABLE_SYMBOLS.iter().filter_map(symbol)).collect()
}

/// Refuses what is an ELF file, but not one for a Cortex-M, in the order in which a user would want to hear it.
fn check_identity(file: &[u8], origin: &str) -> Result<(), ImageError> {
    let origin = || origin.to_owned();
    if file.len() < 20 {
        let length = file.len() as u64;
        return Err(ImageError::Truncated { origin: origin(), what: "the ELF headers", needed: 52, length });
    }
    let big_endian = file[5] == 2;
    let half = |at: usize| {
        let bytes = [file[at], file[at + 1]];
        if big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }
    };
    if half(18) != elf::EM_ARM.0 {
        return Err(ImageError::Machine { origin: origin(), machine: machine_name(half(18)) });
    }
    if file[4] != 1 {
        return Err(ImageError::Not32Bit { origin: origin() });
    }
    if big_endian {
        return Err(ImageError::BigEndian { origin: origin() });
    }
    match half(16) {
        1 => Err(ImageError::NotExecutable { origin: origin(), what: "an object file" }),
        4 => Err(ImageError::NotExecutable { origin: origin(), what: "a core dump" }),
        _ => Ok(()),
    }
}

/// Compares the length of the file with the ends of the tables that its header names: the usual half download.
fn check_length(file: &[u8], origin: &str) -> Result<(), ImageError> {
    let length = file.len() as u64;
    let truncated = |what, needed| ImageError::Truncated { origin: origin.to_owned(), what, needed, length };
    if length < 52 {
        return Err(truncated("the ELF headers", 52));
    }
    let word =
        |at: usize| u64::from(u32::from_le_bytes([file[at], file[at + 1], file[at + 2], file[at + 3]]));
    let half = |at: usize| u64::from(u16::from_le_bytes([file[at], file[at + 1]]));
    let tables = [
        ("the program headers", word(28), half(42) * half(44)),
        ("the section headers", word(32), half(46) * half(48)),
    ];
    for (what, start, size) in tables {
        if size != 0 && start + size > length {
            return Err(truncated(what, start + size));
        }
    }
    Ok(())
}

/// The processors that people have on their disks; the numbers are the ELF registry's.
fn machine_name(machine: u16) -> String {
    let name = match machine {
        2 | 43 => "SPARC",
        3 => "x86",
        4 => "Motorola 68000",
        8 => "MIPS",
        20 | 21 => "PowerPC",
        22 => "IBM S/390",
        42 => "SuperH",
        50 => "IA-64",
        62 => "x86-64",
        83 => "AVR",
        94 => "Xtensa",
        105 => "TI MSP430",
        173 => "RX",
        183 => "AArch64",
        243 => "RISC-V",
        247 => "eBPF",
        258 => "LoongArch",
        other => return format!("machine {other} of the ELF registry"),
    };
    name.to_owned()
}
