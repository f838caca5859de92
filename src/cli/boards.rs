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
    for (name, config) in session::boards()? {
        let core = config.core.name();
        writeln!(
            output,
            "{name:<20} {core:<12} {:>8}  {}",
            show::hertz(config.clock_hz),
            session::memory(&config)
        )?;
    }
    Ok(ExitCode::SUCCESS)
}
