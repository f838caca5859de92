//! The `untick` command. See `untick help`, README.md and, for how it works, ARCHITECTURE.md.

mod cli;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match cli::run(cli::Cli::parse()) {
        Ok(code) => code,
        Err(error) => cli::fail(&error),
    }
}
