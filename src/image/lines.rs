//! Source lines, from DWARF.

use gimli::{AttributeValue, DW_AT_low_pc, Reader as _, SectionId, UnitRef};

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
pub(super) struct Lines {
    context: addr2line::Context<Reader>,
}

impl Lines {
    /// Takes the sections by name; `None` where there is no debug information, or none that can be read.
    pub fn new(section: impl Fn(&str) -> Reader) -> Option<Lines> {
        let load = |id: SectionId| Ok::<_, gimli::Error>(section(id.name()));
        let dwarf = gimli::Dwarf::load(load).ok()?;
        let context = addr2line::Context::from_dwarf(dwarf).ok()?;
        Some(Lines { context })
    }

    /// The functions that hold an instruction, innermost first; `start` is where its symbol begins.
    pub fn inlined(&self, pc: u32, start: Option<u32>) -> Vec<Inlined> {
        let pc = u64::from(pc);
        let unit = self.context.find_dwarf_and_unit(pc).skip_all_loads();
        let directory =
            unit.and_then(|unit| unit.comp_dir.as_ref()?.to_string_lossy().ok().map(String::from));
        let mut all = Vec::new();
        let Ok(mut frames) = self.context.find_frames(pc).skip_all_loads() else { return all };
        while let Ok(Some(frame)) = frames.next() {
            let dropped = frame.dw_die_offset.zip(unit).is_some_and(|(offset, unit)| {
                start.is_some_and(|start| start != 0) && starts_at_zero(unit, offset)
            });
            if dropped {
                return Vec::new();
            }
            let name = frame.function.as_ref().and_then(|function| function.raw_name().ok());
            let line = frame.location.and_then(|location| {
                let file = relative(location.file?, directory.as_deref());
                Some(Line { file: file.to_owned(), line: location.line? })
            });
            all.push(Inlined { function: name.map(|name| demangle(&name)), line });
        }
        all
    }
}

/// Whether a function is one that the linker dropped: it has been left at address 0.
fn starts_at_zero(unit: UnitRef<'_, Reader>, offset: gimli::UnitOffset<usize>) -> bool {
    let Ok(entry) = unit.entry(offset) else { return false };
    matches!(entry.attr_value(DW_AT_low_pc), Some(AttributeValue::Addr(0)))
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
