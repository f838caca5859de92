//! Names: which function an instruction is in, which variable a byte belongs to.

use std::{borrow::Cow, collections::BTreeMap, ops::Range, sync::Arc};

use gimli::LittleEndian;
use object::{
    Object, ObjectSection, ObjectSymbol, SymbolKind, elf,
    read::elf::{ElfFile32, ElfSection32},
};

use super::{
    Image,
    cfi::{Cfi, Rules},
    lines::{Inlined, Line, Lines},
};

/// The bytes of a section of debug information: shared with the image, so that nothing borrows.
pub(crate) type Reader = gimli::EndianArcSlice<LittleEndian>;

/// Debug information beyond this is not worth decompressing; a hostile header can promise anything.
const LARGEST_SECTION: u64 = 256 << 20;

type Elf<'a> = ElfFile32<'a, object::LittleEndian>;
type Section<'a, 'file> = ElfSection32<'a, 'file, object::LittleEndian>;

/// The function that an instruction is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name, demangled, without parameters.
    pub name: String,
    /// The distance in bytes from its first instruction.
    pub offset: u32,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    /// The address. Bit 0 of a function is clear.
    pub address: u32,
    /// The size in bytes, if the ELF file gives it.
    pub size: Option<u32>,
    /// Whether it is code.
    pub is_code: bool,
}

/// A name and the addresses that belong to it.
struct Symbol {
    start: u32,
    /// The first address past it; for a symbol without a size, where its section ends.
    end: u32,
    /// Whether the ELF file gives its size.
    sized: bool,
    /// Among names for one address the highest counts: strong before weak, global before local.
    rank: u8,
    name: String,
}

/// What the symbol table and the debug information of an image say. A stripped ELF or a HEX file says nothing, damaged
/// debug information as much as can be read; neither is an error.
#[derive(Default)]
pub struct Symbols {
    functions: Vec<Symbol>,
    data: Vec<Symbol>,
    addresses: BTreeMap<String, u32>,
    lines: Option<Lines>,
    cfi: Cfi,
}

impl Symbols {
    /// Reads the symbols and the debug information of an image.
    pub fn from_image(image: &Image) -> Symbols {
        let Ok(elf) = Elf::parse(&*image.file) else { return Symbols::default() };
        let mut symbols = Symbols::default();
        symbols.read_table(&elf);
        let section = |name: &str| {
            let bytes = elf.section_by_name(name).and_then(|section| load(&section, &image.file));
            bytes.unwrap_or_else(|| Reader::new(Arc::new([]), LittleEndian))
        };
        let address = |name: &str| elf.section_by_name(name).map_or(0, |section| section.address());
        let at_zero = symbols.functions.first().is_some_and(|first| first.start == 0);
        symbols.cfi = Cfi::new(section(".debug_frame"), section(".eh_frame"), address(".eh_frame"), at_zero);
        symbols.lines = Lines::new(section);
        symbols
    }

    /// The function that holds an instruction.
    pub fn function(&self, pc: u32) -> Option<Function> {
        let symbol = find(&self.functions, pc & !1)?;
        Some(Function { name: demangle(&symbol.name), offset: (pc & !1) - symbol.start })
    }

    /// The source line of an instruction: where the innermost inlined function has it.
    pub fn line(&self, pc: u32) -> Option<Line> {
        self.inlined(pc).into_iter().next()?.line
    }

    /// The functions that an instruction is in, innermost first: those inlined there, then the one that was called.
    /// Empty without debug information.
    pub fn inlined(&self, pc: u32) -> Vec<Inlined> {
        let Some(lines) = &self.lines else { return Vec::new() };
        let symbol = find(&self.functions, pc & !1).map(|symbol| symbol.start);
        // Outside of every function there are only vectors and data, and what a linker left of dropped functions.
        if symbol.is_none() && !self.functions.is_empty() {
            return Vec::new();
        }
        lines.inlined(pc & !1, symbol)
    }

    /// The address of a symbol, by its name in the ELF file or by its demangled name. Bit 0 of a function is clear.
    pub fn symbol_address(&self, name: &str) -> Option<u32> {
        let demangled = || {
            let mut all = self.functions.iter().chain(&self.data);
            all.find(|symbol| demangle(&symbol.name) == name).map(|symbol| symbol.start)
        };
        self.addresses.get(name).copied().or_else(demangled)
    }

    /// What a name stands for, by its name in the ELF file or by its demangled name.
    pub fn named(&self, name: &str) -> Option<Named> {
        let code = self.functions.iter().map(|symbol| (symbol, true));
        let all = || code.clone().chain(self.data.iter().map(|symbol| (symbol, false)));
        let found = all().filter(|(symbol, _)| symbol.name == name).max_by_key(|(symbol, _)| symbol.rank);
        let found = found.or_else(|| all().find(|(symbol, _)| demangle(&symbol.name) == name));
        found.map(|(symbol, is_code)| Named {
            address: symbol.start,
            size: symbol.sized.then_some(symbol.end - symbol.start),
            is_code,
        })
    }

    /// All names, demangled.
    pub fn names(&self) -> impl Iterator<Item = String> {
        self.functions.iter().chain(&self.data).map(|symbol| demangle(&symbol.name))
    }

    /// The variable or constant that holds an address, demangled, and the distance in bytes from its start.
    pub fn data_symbol(&self, address: u32) -> Option<(String, u32)> {
        let symbol = find(&self.data, address).filter(|symbol| symbol.sized || symbol.start == address)?;
        Some((demangle(&symbol.name), address - symbol.start))
    }

    /// How to get from a frame of the function at `pc` to that of its caller.
    pub fn unwind_rules(&self, pc: u32) -> Option<Rules> {
        self.cfi.rules(pc & !1)
    }

    fn read_table(&mut self, elf: &Elf<'_>) {
        for symbol in elf.symbols() {
            let (Ok(name), Some(index)) = (symbol.name(), symbol.section_index()) else { continue };
            // $t and $d tell code from data within a section (AAELF32 5.5.5); .L is the assembler's own.
            if name.is_empty() || name.starts_with('$') || name.starts_with(".L") || !symbol.is_definition() {
                continue;
            }
            let Ok(section) = elf.section_by_index(index) else { continue };
            let object::SectionFlags::Elf { sh_flags, .. } = section.flags() else { continue };
            if !sh_flags.contains(elf::SHF_ALLOC) {
                continue;
            }
            let code = match symbol.kind() {
                SymbolKind::Text => true,
                SymbolKind::Data | SymbolKind::Tls => false,
                SymbolKind::Unknown | SymbolKind::Label => sh_flags.contains(elf::SHF_EXECINSTR),
                _ => continue,
            };
            let start = if code { symbol.address() as u32 & !1 } else { symbol.address() as u32 };
            let sized = symbol.size() != 0;
            let end =
                if sized { u64::from(start) + symbol.size() } else { section.address() + section.size() };
            let end = u32::try_from(end).unwrap_or(u32::MAX);
            let rank = 2 * u8::from(symbol.is_global() && !symbol.is_weak()) + u8::from(symbol.is_weak());
            self.addresses.insert(name.to_owned(), start);
            let list = if code { &mut self.functions } else { &mut self.data };
            list.push(Symbol { start, end, sized, rank, name: name.to_owned() });
        }
        for list in [&mut self.functions, &mut self.data] {
            list.sort_by(|a, b| {
                (a.start, a.sized, a.rank, &b.name).cmp(&(b.start, b.sized, b.rank, &a.name))
            });
        }
    }
}

/// The symbol that an address belongs to: one whose size says so, else the nearest before it that has no size.
fn find(list: &[Symbol], address: u32) -> Option<&Symbol> {
    let before = &list[..list.partition_point(|symbol| symbol.start <= address)];
    // A symbol with a size can contain labels, but not many.
    let near = || before.iter().rev().take(64).filter(|symbol| address < symbol.end);
    near().find(|symbol| symbol.sized).or_else(|| near().next())
}

/// The content of a section, decompressed if need be.
fn load(section: &Section<'_, '_>, file: &Arc<[u8]>) -> Option<Reader> {
    let range = section.compressed_file_range().ok()?;
    if range.uncompressed_size > LARGEST_SECTION {
        return None;
    }
    if range.format == object::CompressionFormat::None {
        let end = range.offset.checked_add(range.uncompressed_size)?;
        let range: Range<usize> = usize::try_from(range.offset).ok()?..usize::try_from(end).ok()?;
        file.get(range.clone())?;
        return Some(Reader::new(file.clone(), LittleEndian).range(range));
    }
    let bytes = section.uncompressed_data().ok()?;
    Some(Reader::new(Arc::from(bytes.into_owned()), LittleEndian))
}

/// The name that stands in the source: Rust without its hash, C++ without its parameters.
pub(super) fn demangle(name: &str) -> String {
    let demangled = addr2line::demangle_auto(Cow::Borrowed(name), None);
    match demangled {
        Cow::Borrowed(name) => name.to_owned(),
        Cow::Owned(name) if name.ends_with(')') || name.ends_with(") const") => {
            without_parameters(&name).to_owned()
        }
        Cow::Owned(name) => name,
    }
}

/// Cuts the parameter list off a C++ name; `operator()(int)` keeps its own parentheses.
fn without_parameters(name: &str) -> &str {
    let mut depth = 0;
    for (at, character) in name.char_indices().rev() {
        match character {
            ')' => depth += 1,
            '(' => depth -= 1,
            _ => continue,
        }
        if depth == 0 {
            // A name that is nothing but its parentheses is a type of Rust's, not a function of C++.
            return if at == 0 { name } else { &name[..at] };
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_in_the_source() {
        for (raw, shown) in [
            ("main", "main"),
            ("_ZN4core9panicking9panic_fmt17h0123456789abcdefE", "core::panicking::panic_fmt"),
            ("_RNvCsjUiYVGhpVP1_3app4main", "app::main"),
            ("_ZN5Motor4stepEi", "Motor::step"),
            ("_ZNK5Motor3rpmEv", "Motor::rpm"),
            ("_ZN5MotorclEi", "Motor::operator()"),
            ("_Znot_mangled", "_Znot_mangled"),
        ] {
            assert_eq!(demangle(raw), shown, "{raw}");
        }
    }

    fn symbol(start: u32, end: u32, sized: bool, name: &str) -> Symbol {
        Symbol { start, end, sized, rank: 0, name: name.to_owned() }
    }

    #[test]
    fn a_sized_symbol_wins_over_a_label_inside_it() {
        let list = [
            symbol(0x100, 0x140, true, "copy"),
            symbol(0x120, 0x200, false, "copy_loop"),
            symbol(0x160, 0x200, false, "start"),
        ];
        let name = |address| find(&list, address).map(|symbol| symbol.name.as_str());
        assert_eq!(name(0xfe), None);
        assert_eq!(name(0x100), Some("copy"));
        assert_eq!(name(0x130), Some("copy"));
        assert_eq!(name(0x140), Some("copy_loop"), "past the end of copy the label is the nearest");
        assert_eq!(name(0x1fe), Some("start"));
        assert_eq!(name(0x200), None);
    }
}
