//! The fault report: what a user sees first.

use std::{
    fmt::{self, Display},
    path::{Path, PathBuf},
};

use super::{
    Fault, cause, place, stack,
    text::{WIDTH, shorten_end, wrap},
    unwind::{ReadMemory, unwind},
};
use crate::{
    core::{Architecture, Config},
    image::Symbols,
    words::{Moment, Nanoseconds, seconds},
};

/// What happened, where, and how to get there: made at the fault, shown as text by [`Display`].
///
/// Plain text without colour, lines of at most 100 characters (but the name of a trace is never cut), no newline at the
/// end.
#[derive(Clone, Debug)]
pub struct Report {
    fault: Fault,
    headline: String,
    summary: String,
    /// A label, and text to be wrapped.
    facts: Vec<(&'static str, String)>,
    /// The name of a status bit, and what it means.
    bits: Vec<(String, String)>,
    /// Whether the core has fault status registers.
    has_status: bool,
    stack: Vec<String>,
    trace: Option<PathBuf>,
}

impl Report {
    /// Explains a fault. `memory` reads as it is when the fault has been taken, system control space included.
    pub fn new(fault: &Fault, symbols: &Symbols, config: &Config, memory: &ReadMemory<'_>) -> Report {
        let (frames, end) = unwind(&fault.registers, symbols, memory);
        let has_status = config.core.architecture() != Architecture::V6M;
        Report {
            fault: fault.clone(),
            headline: cause::headline(fault, has_status, memory),
            summary: cause::summary(fault, memory),
            facts: facts(fault, symbols, config),
            bits: cause::bits(fault, has_status),
            has_status,
            stack: stack::lines(&frames, end, symbols),
            trace: None,
        }
    }

    /// Adds the command that opens a trace at the fault.
    pub fn with_trace(mut self, path: impl AsRef<Path>) -> Report {
        self.trace = Some(path.as_ref().to_owned());
        self
    }

    /// The first line: which fault, in words.
    pub fn headline(&self) -> &str {
        &self.headline
    }
}

fn facts(fault: &Fault, symbols: &Symbols, config: &Config) -> Vec<(&'static str, String)> {
    let registers = &fault.registers;
    let mut facts = vec![("at", location(registers.pc, symbols, config))];
    facts.extend(source(registers.pc, symbols).map(|text| ("source", text)));
    if let Some(address) = cause::touched(fault) {
        facts.push(("address", format!("{address:#010x}: {}", place::describe(address, config, symbols))));
    }
    let sp = registers.sp();
    if !place::can_be_sp(sp, config) {
        let where_it_is = place::describe_sp(sp, config, symbols);
        facts.push(("stack", format!("SP is {sp:#010x}: {where_it_is}")));
    }
    facts.push(("when", moment(fault.at, fault.time)));
    facts
}

/// `0x08000152, plant+0x12`.
fn location(pc: u32, symbols: &Symbols, config: &Config) -> String {
    match symbols.function(pc) {
        Some(function) if function.offset == 0 => format!("{pc:#010x}, {}", function.name),
        Some(function) => format!("{pc:#010x}, {}+{:#x}", function.name, function.offset),
        None => format!("{pc:#010x}: {}", place::describe(pc, config, symbols)),
    }
}

/// `crash.c:41`, with the function if it was inlined.
fn source(pc: u32, symbols: &Symbols) -> Option<String> {
    let inlined = symbols.inlined(pc);
    let innermost = inlined.first()?;
    let text = stack::place(innermost.line.as_ref()?, WIDTH - INDENT);
    match &innermost.function {
        Some(name) if inlined.len() > 1 => Some(format!("{text}, inlined {name}")),
        _ => Some(text),
    }
}

/// `icount 12345, cycle 20000, 0.001250 s`.
fn moment(at: Moment, time: Nanoseconds) -> String {
    format!("icount {}, cycle {}, {}", at.icount, at.cycle, seconds(time))
}

/// Where the text of a fact begins.
const INDENT: usize = 11;

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in wrap(&self.headline, WIDTH) {
            writeln!(f, "{line}")?;
        }
        for line in wrap(&self.summary, WIDTH - 2) {
            writeln!(f, "  {line}")?;
        }
        writeln!(f)?;
        for (label, text) in &self.facts {
            entry(f, label, INDENT - 2, text)?;
        }
        writeln!(f)?;

        if self.has_status {
            let Fault { cfsr, hfsr, mmfar, bfar, .. } = self.fault;
            write!(f, "status: CFSR {cfsr:#010x}  HFSR {hfsr:#010x}")?;
            writeln!(f, "  MMFAR {mmfar:#010x}  BFAR {bfar:#010x}")?;
        } else {
            writeln!(f, "status: Armv6-M has no fault status registers; an Armv7-M core would have said")?;
        }
        let widest = self.bits.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        for (name, meaning) in &self.bits {
            entry(f, name, widest + 2, meaning)?;
        }
        writeln!(f)?;
        self.registers(f)?;

        write!(f, "\ncall stack:")?;
        for line in &self.stack {
            write!(f, "\n  {line}")?;
        }
        match &self.trace {
            None => Ok(()),
            Some(trace) => {
                let trace = quoted(trace);
                write!(f, "\n\nto look around there, and walk back to the cause:\n  ")?;
                write!(f, "untick replay {trace} --at {}", self.fault.at.icount)
            }
        }
    }
}

impl Report {
    fn registers(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let registers = &self.fault.registers;
        writeln!(f, "registers before the exception:")?;
        let mut all: Vec<(String, u32)> =
            registers.r.iter().enumerate().map(|(number, &value)| (format!("R{number}"), value)).collect();
        let other = if registers.uses_psp() { ("MSP", registers.msp) } else { ("PSP", registers.psp) };
        let named =
            [("SP", registers.sp()), ("LR", registers.lr), ("PC", registers.pc), ("xPSR", registers.xpsr)];
        all.extend(named.into_iter().chain([other]).map(|(name, value)| (name.to_owned(), value)));
        // What masks interrupts or limits stacks is worth a place only where it does.
        let special = [
            ("CONTROL", registers.control),
            ("PRIMASK", registers.primask),
            ("BASEPRI", registers.basepri),
            ("FAULTMASK", registers.faultmask),
            ("MSPLIM", registers.msplim),
            ("PSPLIM", registers.psplim),
        ];
        let set = special.into_iter().filter(|&(_, value)| value != 0);
        let masks: Vec<String> = set.map(|(name, value)| format!("{name} {value:#x}")).collect();
        for row in all.chunks(6) {
            let cells: Vec<String> =
                row.iter().map(|(name, value)| format!("{name:<4} {value:08x}")).collect();
            writeln!(f, "  {}", cells.join("   "))?;
        }
        if !masks.is_empty() {
            writeln!(f, "  {}", masks.join("   "))?;
        }
        Ok(())
    }
}

/// A label and text beside it, wrapped.
fn entry(f: &mut fmt::Formatter<'_>, label: &str, column: usize, text: &str) -> fmt::Result {
    for (number, line) in wrap(text, WIDTH - 2 - column).iter().enumerate() {
        let label = if number == 0 { label } else { "" };
        writeln!(f, "  {label:<column$}{}", shorten_end(line, WIDTH - 2 - column))?;
    }
    Ok(())
}

/// A path as a POSIX shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+,:@%=".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests;
