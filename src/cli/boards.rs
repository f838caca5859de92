//! `untick boards`: what `--board` knows by name.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use super::{session, show};

/// Lists the boards that are known by name.
#[derive(Debug, clap::Args)]
pub struct Arguments {}

pub fn run(_arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut output = io::stdout().lock();
    let boards = session::boards()?;
    let widest = boards.iter().map(|(_, config)| config.core.name().len()).max().unwrap_or(0);
    for (name, config) in boards {
        let core = config.core.name();
        writeln!(
            output,
            "{name:<20} {core:<widest$} {:>8}  {}",
            show::hertz(config.clock_hz),
            session::memory(&config)
        )?;
    }
    Ok(ExitCode::SUCCESS)
}
