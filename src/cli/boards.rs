//! `untick boards`: what `--board` and `--chip` know by name, and what models an SVD file gets.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use untick::board::{Answers, Board};

use super::{session, show};

/// Lists the boards and chips that are known by name.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Tells which peripherals of an SVD file get a model, and which stay registers.
    #[arg(long, value_name = "FILE.svd|BOARD|CHIP")]
    explain: Option<String>,

    /// Lists every chip, not only the families.
    #[arg(long, conflicts_with = "explain")]
    chips: bool,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut output = io::stdout().lock();
    if let Some(what) = &arguments.explain {
        explain(&mut output, what)?;
        return Ok(ExitCode::SUCCESS);
    }
    if arguments.chips {
        for chip in Board::chips() {
            writeln!(output, "{}", chip.name)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
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
    let mut families: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for chip in Board::chips() {
        families.entry(chip.family).or_default().push(chip.name);
    }
    writeln!(output, "\nchips, for --chip (untick boards --chips lists them all):")?;
    for (family, chips) in families {
        let (first, last) =
            (chips.first().map_or("", String::as_str), chips.last().map_or("", String::as_str));
        writeln!(output, "{family:<20} {:>3}  {first} … {last}", chips.len())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Each peripheral with who answers for it.
fn explain(output: &mut impl Write, what: &str) -> anyhow::Result<()> {
    let path = PathBuf::from(what);
    let board = match path.extension().and_then(|extension| extension.to_str()) {
        Some("svd" | "xml") => Board::for_svd(&path)?,
        _ => session::board_or_chip(what)?,
    };
    let bindings = board.bindings();
    let uarts = board.unmodelled_uarts();
    let modelled = bindings.iter().filter(|binding| binding.answers != Answers::Generic).count();
    writeln!(output, "{}: {} peripherals, {modelled} with a model", board.name(), bindings.len())?;
    for binding in bindings {
        let answer = match &binding.answers {
            Answers::Model { kind, device } => format!("{kind}, as {device}"),
            Answers::Board { kind, device } => format!("{kind}, as {device}, by the board file"),
            Answers::Generic => {
                let sends = uarts.contains(&binding.peripheral.to_ascii_lowercase());
                let sends = if sends { ", and what is sent is shown" } else { "" };
                format!("no model: {} registers that store{sends}", binding.registers)
            }
        };
        writeln!(output, "{:<20} {:#010x}  {answer}", binding.peripheral, binding.base)?;
    }
    Ok(())
}
