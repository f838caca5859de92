//! Source lines, from DWARF.

use std::sync::Arc;

use gimli::{Dwarf, Reader as _, SectionId, UnitRef};

use super::symbols::{Reader, demangle};

/// A line of source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The file as the compiler was given it, relative to the directory of the build where it lies below that.
    pub file: String,
    /// The line, counted from 1.
    pub line: u32,
}

/// One of the functions that an instruction is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inlined {
    /// The name, demangled, without parameters.
    pub function: Option<String>,
    /// The line of the instruction; in all but the innermost function, the line of the call that was inlined.
    pub line: Option<Line>,
}

/// The line tables and inlined functions of an image.
///
/// A linker that drops a function leaves its debug information, at addresses that count from 0. Where flash begins at 0
/// that information covers the first kilobytes of the real code, so everything here is checked against the symbol table.
pub(super) struct Lines {
    context: addr2line::Context<Reader>,
    dwarf: Arc<Dwarf<Reader>>,
}

impl Lines {
    /// Takes the sections by name; `None` where there is no debug information, or none that can be read.
    pub fn new(section: impl Fn(&str) -> Reader) -> Option<Lines> {
        let load = |id: SectionId| Ok::<_, gimli::Error>(section(id.name()));
        let dwarf = Arc::new(Dwarf::load(load).ok()?);
        let context = addr2line::Context::from_arc_dwarf(dwarf.clone()).ok()?;
        Some(Lines { context, dwarf })
    }

    /// The functions that hold an instruction, innermost first; `symbol` is where its symbol begins.
    pub fn inlined(&self, pc: u32, symbol: Option<u32>) -> Vec<Inlined> {
        let all = self.by_function(u64::from(pc), symbol);
        match (all, symbol) {
            (Some(all), _) => all,
            (None, None) => Vec::new(),
            (None, Some(symbol)) => match self.by_rows(u64::from(pc), symbol) {
                Some(line) => vec![Inlined { function: None, line: Some(line) }],
                None => Vec::new(),
            },
        }
    }

    /// What the entries of functions say; `None` if they are about another function than the symbol's.
    fn by_function(&self, pc: u64, symbol: Option<u32>) -> Option<Vec<Inlined>> {
        let unit = self.context.find_dwarf_and_unit(pc).skip_all_loads();
        let directory = unit.and_then(directory);
        let mut frames = self.context.find_frames(pc).skip_all_loads().ok()?;
        let (mut all, mut start) = (Vec::new(), None);
        while let Ok(Some(frame)) = frames.next() {
            start = frame.dw_die_offset.zip(unit).and_then(|(offset, unit)| start_of(unit, offset, pc));
            let name = frame.function.as_ref().and_then(|function| function.raw_name().ok());
            let line = frame.location.and_then(|location| {
                let file = relative(location.file?, directory.as_deref());
                Some(Line { file: file.to_owned(), line: location.line? })
            });
            all.push(Inlined { function: name.map(|name| demangle(&name)), line });
        }
        // The last frame is the function itself.
        let agrees = match (symbol, start) {
            (Some(symbol), Some(start)) => start == u64::from(symbol),
            (Some(_), None) => false,
            (None, _) => true,
        };
        (agrees && !all.is_empty()).then_some(all)
    }

    /// The row of the line tables for an instruction, out of a sequence that does not begin where dropped code is left.
    fn by_rows(&self, pc: u64, symbol: u32) -> Option<Line> {
        let mut units = self.dwarf.units();
        while let Ok(Some(header)) = units.next() {
            let Ok(unit) = self.dwarf.unit(header) else { continue };
            let unit = unit.unit_ref(&self.dwarf);
            let Some(program) = unit.line_program.clone() else { continue };
            let mut rows = program.rows();
            let mut sequence: Option<u64> = None;
            let mut last: Option<(u64, u64, Option<u32>)> = None;
            while let Ok(Some((header, row))) = rows.next_row() {
                let start = *sequence.get_or_insert(row.address());
                let real = start != 0 || symbol == 0;
                if let Some((from, file, line)) = last
                    && (real && from <= pc && pc < row.address())
                {
                    let (file, line) = (header.file(file)?, line?);
                    let path = |attribute| {
                        unit.attr_string(attribute).ok()?.to_string_lossy().ok().map(String::from)
                    };
                    let name = path(file.path_name())?;
                    let folder = file.directory(header).and_then(path).filter(|_| !name.starts_with('/'));
                    let full = folder.map_or(name.clone(), |folder| format!("{folder}/{name}"));
                    let file = relative(&full, directory(unit).as_deref()).to_owned();
                    return Some(Line { file, line });
                }
                let line = row.line().and_then(|line| u32::try_from(line.get()).ok());
                last = Some((row.address(), row.file_index(), line));
                if row.end_sequence() {
                    (sequence, last) = (None, None);
                }
            }
        }
        None
    }
}

/// Where the function with an entry begins, in the range of its addresses that holds an instruction.
fn start_of(unit: UnitRef<'_, Reader>, offset: gimli::UnitOffset<usize>, pc: u64) -> Option<u64> {
    let entry = unit.entry(offset).ok()?;
    let mut ranges = unit.die_ranges(&entry).ok()?;
    while let Ok(Some(range)) = ranges.next() {
        if range.begin <= pc && pc < range.end {
            return Some(range.begin & !1);
        }
    }
    None
}

/// The directory in which the compiler was called.
fn directory(unit: UnitRef<'_, Reader>) -> Option<String> {
    unit.comp_dir.as_ref()?.to_string_lossy().ok().map(String::from)
}

/// A path as the compiler was called with it: without the directory of the build.
fn relative<'a>(file: &'a str, directory: Option<&str>) -> &'a str {
    let Some(directory) = directory.filter(|directory| !directory.is_empty()) else { return file };
    match file.strip_prefix(directory).and_then(|rest| rest.strip_prefix(['/', '\\'])) {
        Some(rest) => rest.trim_start_matches("./"),
        None => file,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directory_of_the_build_is_left_out() {
        for (file, directory, shown) in [
            ("/home/me/app/src/main.c", Some("/home/me/app"), "src/main.c"),
            ("/home/me/app/./main.c", Some("/home/me/app"), "main.c"),
            ("/usr/lib/crt0.c", Some("/home/me/app"), "/usr/lib/crt0.c"),
            ("/home/me/apple/main.c", Some("/home/me/app"), "/home/me/apple/main.c"),
            ("main.c", None, "main.c"),
            ("/main.c", Some(""), "/main.c"),
        ] {
            assert_eq!(relative(file, directory), shown);
        }
    }
}
