//! `untick debug`: a live run under GDB, with its history.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::ExitCode,
};

use untick::debug::Names;

use super::{
    History, Outside, Target,
    console::Input,
    gdb,
    interrupt::Interrupt,
    record,
    session::{self, Firmware},
};

/// Runs a firmware live under GDB from reset: forwards into the present, backwards into its history.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    target: Target,

    /// Keep the recording in this file.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Only serve GDB at this address; connect with `target remote :3333`.
    #[arg(long, value_name = "ADDRESS")]
    gdb: Option<String>,

    /// What follows `--` goes to GDB: `-- -batch -ex bt`.
    #[arg(last = true, value_name = "GDB ARGUMENTS", conflicts_with = "gdb")]
    gdb_arguments: Vec<OsString>,

    #[command(flatten)]
    outside: Outside,
    #[command(flatten)]
    history: History,
}

pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let mut firmware = Firmware::load(&arguments.target, &arguments.outside)?;
    firmware.config.halting_debug = true;
    let output = match arguments.output {
        None => None,
        wanted => Some(record::output(wanted, &arguments.target.firmware)?),
    };
    let server = gdb::listen(arguments.gdb.as_deref())?;
    // With GDB in front the terminal is GDB's: what is typed is for it, and so is Ctrl-C.
    let in_front = arguments.gdb.is_none();
    let (interrupt, input) = match in_front {
        true => (Interrupt::ignore_ctrl_c()?, Input::none()),
        false => (Interrupt::on_ctrl_c()?, Input::standard()),
    };
    let precious: Vec<&Path> =
        [arguments.target.firmware.as_path()].into_iter().chain(output.as_deref()).collect();
    let terminal = firmware.terminal(&arguments.outside, &precious, input, interrupt.clone())?;
    let mut timeline = firmware.start(terminal, firmware.log(output.as_deref())?, &arguments.history)?;
    let names = Names::new(&firmware.symbols, || Some(firmware.board.clone()));
    if in_front {
        let Firmware { image, symbols, .. } = &firmware;
        let more = &arguments.gdb_arguments;
        gdb::debug(&server, &mut timeline, image, symbols, &names, &interrupt, more)?;
    } else {
        gdb::serve(&server, &mut timeline, &firmware.symbols, &names, &interrupt)?;
    }
    session::finish(&mut timeline)?;
    Ok(ExitCode::SUCCESS)
}
