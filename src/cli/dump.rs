//! `untick dump`: the registers at every instruction, as text.

use std::{
    fmt::Write as _,
    io::{self, BufWriter, Write},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::{bail, ensure};
use untick::{
    timeline::Timeline,
    words::{Icount, Registers},
};

use super::{History, parse, session::Recording};

const FORMAT: &str = "\
A line is the state before the instruction at its icount, in columns that never change:

  icount=42 pc=000001a4 r0=00000000 … r12=00000000 sp=20001ff0 lr=ffffffff xpsr=61000000

icount is decimal, every register eight hexadecimal digits; sp is the stack pointer in use. \
An exception entry is an icount of its own: its line has the pc to return to, the next one the \
first instruction of the handler.";

/// Prints what a recording's registers hold before each instruction, to compare with another machine.
#[derive(Debug, clap::Args)]
#[command(after_help = FORMAT)]
pub struct Arguments {
    /// The trace, as `untick record` wrote it.
    trace: PathBuf,

    /// The icounts: A..B, without B itself; A.. to the end, ..B from the start.
    #[arg(long, value_name = "A..B", value_parser = parse::range)]
    registers: parse::Range,

    /// Also s0 to s31 and fpscr.
    #[arg(long)]
    fp: bool,

    #[command(flatten)]
    history: History,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (mut timeline, ..) = Recording::open(&arguments.trace)?.replay(&arguments.history)?;
    let range = within(arguments.registers, timeline.end().icount)?;
    let core = timeline.config().core;
    ensure!(!arguments.fp || core.has_fpu(), "--fp: the {} has no floating point", core.name());
    let mut out = BufWriter::new(io::stdout().lock());
    write_lines(&mut timeline, range, arguments.fp, &mut out)?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// The icounts meant, in a recording of `end` icounts.
fn within(range: parse::Range, end: Icount) -> anyhow::Result<std::ops::Range<Icount>> {
    let last = range.end.unwrap_or(end);
    let beyond = if range.start > end { Some(range.start) } else { Some(last).filter(|&last| last > end) };
    if let Some(beyond) = beyond {
        bail!("there is no icount {beyond}: the recording ends at {end}");
    }
    Ok(range.start..last)
}

fn write_lines(
    timeline: &mut Timeline,
    range: std::ops::Range<Icount>,
    fp: bool,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let mut text = String::new();
    for icount in range {
        timeline.seek(icount)?; // the next one is a step, no journey
        text.clear();
        line(&mut text, icount, timeline.registers(), fp);
        out.write_all(text.as_bytes())?;
    }
    Ok(())
}

/// Writing to a string cannot fail.
fn line(text: &mut String, icount: Icount, registers: &Registers, fp: bool) {
    let _ = write!(text, "icount={icount} pc={:08x}", registers.pc);
    for (number, value) in registers.r.iter().enumerate() {
        let _ = write!(text, " r{number}={value:08x}");
    }
    let _ = write!(text, " sp={:08x} lr={:08x} xpsr={:08x}", registers.sp(), registers.lr, registers.xpsr);
    if fp {
        for (number, value) in registers.s.iter().enumerate() {
            let _ = write!(text, " s{number}={value:08x}");
        }
        let _ = write!(text, " fpscr={:08x}", registers.fpscr);
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_as_documented() {
        let registers = Registers {
            msp: 0x2000_1ff0,
            lr: u32::MAX,
            pc: 0x1a4,
            xpsr: 0x6100_0000,
            ..Registers::default()
        };
        let mut text = String::new();
        line(&mut text, 42, &registers, false);
        let (first, last) = (text.split(" r1=").next(), text.rsplit("r12=").next());
        assert_eq!(first, Some("icount=42 pc=000001a4 r0=00000000"));
        assert_eq!(last, Some("00000000 sp=20001ff0 lr=ffffffff xpsr=61000000\n"));
        assert_eq!(text.split(' ').count(), 18);
        line(&mut text, 43, &registers, true);
        assert!(text.ends_with(" s31=00000000 fpscr=00000000\n"), "{text}");
    }

    #[test]
    fn open_ranges_end_with_the_recording() {
        let of = |text| within(parse::range(text).unwrap(), 100).map_err(|error| error.to_string());
        assert_eq!(of("5..7"), Ok(5..7));
        assert_eq!(of("5.."), Ok(5..100));
        assert_eq!(of("..7"), Ok(0..7));
        assert_eq!(of(".."), Ok(0..100));
        assert_eq!(of("100.."), Ok(100..100));
        let beyond = |icount| Err(format!("there is no icount {icount}: the recording ends at 100"));
        assert_eq!(of("101.."), beyond(101));
        assert_eq!(of("5..101"), beyond(101));
    }
}
