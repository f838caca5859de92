//! `untick replay`: a recorded run under GDB, or checked against itself.

use std::{path::PathBuf, process::ExitCode};

use super::{
    History, gdb,
    interrupt::Interrupt,
    parse::{self, Position},
    session::Recording,
    show,
};

/// Opens a recording in GDB, in which time runs both ways.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The trace, as `untick record` wrote it.
    trace: PathBuf,

    /// Only serve GDB at this address; connect with `target remote :3333`.
    #[arg(long, value_name = "ADDRESS")]
    gdb: Option<String>,

    /// Where to begin: start, end, an icount, or a percentage of the run.
    #[arg(long, value_name = "POSITION", default_value = "end", value_parser = parse::position)]
    at: Position,

    /// Run to the end without GDB and compare every digest that the recording holds.
    #[arg(long, conflicts_with_all = ["gdb", "at"])]
    verify: bool,

    #[command(flatten)]
    history: History,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    // An occupied port is found before the run is re-executed.
    let server = if arguments.verify { None } else { Some(gdb::listen(arguments.gdb.as_deref())?) };
    let recording = Recording::open(&arguments.trace)?;
    let (mut timeline, image, symbols) = recording.replay(&arguments.history)?;
    let Some(server) = server else {
        let digests = timeline.verify()?;
        let end = timeline.end();
        show::say(&format!(
            "{}: {} match over {}",
            arguments.trace.display(),
            show::counted(digests, "digest"),
            show::counted(end.icount, "instruction"),
        ));
        return Ok(ExitCode::SUCCESS);
    };
    timeline.seek(arguments.at.icount(timeline.end().icount))?;
    if arguments.gdb.is_some() {
        gdb::serve(&server, &mut timeline, &symbols, &Interrupt::on_ctrl_c()?)?;
    } else {
        gdb::debug(&server, &mut timeline, &image, &symbols, &Interrupt::ignore_ctrl_c()?)?;
    }
    Ok(ExitCode::SUCCESS)
}
