//! `untick dump`: what a recording holds, as text: the registers at every instruction, or the events.

mod events;
mod registers;

use std::{
    io::{self, BufWriter, Write},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::{bail, ensure};
use untick::words::Icount;

use self::events::Events;
use super::{History, parse, session::Recording};

const FORMAT: &str = "\
A line of --registers is the state before the instruction at its icount, in columns that never change:

  icount=42 pc=000001a4 r0=00000000 … r12=00000000 sp=20001ff0 lr=ffffffff xpsr=61000000

icount is decimal, every register eight hexadecimal digits; sp is the stack pointer in use. \
An exception entry is an icount of its own: its line has the pc to return to, the next one the \
first instruction of the handler.

A line of --events is what crossed the pins at its icount: what, of which register or device, the value, \
and the fields that are not zero:

  icount=471 write USART2.CR1 0x0000200c RE=1 TE=1 UE=1";

/// Prints what a recording holds: the registers before each instruction, to compare with another machine, or what
/// crossed the pins.
#[derive(Debug, clap::Args)]
#[command(after_help = FORMAT, group = clap::ArgGroup::new("what").required(true).args(["registers", "events"]))]
pub struct Arguments {
    /// The trace, as `untick record` wrote it.
    trace: PathBuf,

    /// The registers at the icounts A..B, without B itself; A.. to the end, ..B from the start.
    #[arg(long, value_name = "A..B", value_parser = parse::range)]
    registers: Option<parse::Range>,

    /// Also s0 to s31 and fpscr.
    #[arg(long, conflicts_with = "events")]
    fp: bool,

    /// The events at the icounts A..B, all of them if no range is given: accesses to peripherals, interrupts, sleeps,
    /// input, memory written from outside the core.
    #[arg(long, value_name = "A..B", value_parser = parse::range, num_args = 0..=1, default_missing_value = "..")]
    events: Option<parse::Range>,

    /// Only accesses to this peripheral or register, such as USART2 or USART2.SR; may be given several times.
    #[arg(long, value_name = "NAME", conflicts_with = "registers")]
    of: Vec<String>,

    #[command(flatten)]
    history: History,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let recording = Recording::open(&arguments.trace)?;
    let mut out = BufWriter::new(io::stdout().lock());
    if let Some(events) = arguments.events {
        let mut log = recording.log;
        let range = within(events, log.reached_moment().icount)?;
        // What arrived at the very end belongs to a range without an end.
        let end = events.end.map_or(Icount::MAX, |_| range.end);
        Events::of(&log, &arguments.of)?.write_lines(&mut log, range.start..end, &mut out)?;
    } else if let Some(registers) = arguments.registers {
        let (mut timeline, ..) = recording.replay(&arguments.history)?;
        let range = within(registers, timeline.end().icount)?;
        let core = timeline.config().core;
        ensure!(!arguments.fp || core.has_fpu(), "--fp: the {} has no floating point", core.name());
        registers::write_lines(&mut timeline, range, arguments.fp, &mut out)?;
    }
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

#[cfg(test)]
mod tests {
    use super::*;

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
