//! `untick record`: as `run`, and everything that crossed the pins in one file.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, bail};

use super::{
    History, Limits, Outside, Target,
    console::Input,
    ending::Ending,
    interrupt::Interrupt,
    session::{self, Firmware},
    show,
};

/// Runs a firmware and records it: one file, from which every instruction can be visited again.
///
/// Ctrl-C ends the recording in good order. A recording that is killed replays as far as it was written.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    target: Target,

    /// The trace to write [default: the firmware's name with .untick, in the current directory].
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    outside: Outside,
    #[command(flatten)]
    limits: Limits,
    #[command(flatten)]
    history: History,
}

pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    // Everything that can be wrong with the input is found before the first byte is written.
    let firmware = Firmware::load(&arguments.target, &arguments.outside)?;
    let output = output(arguments.output, &arguments.target.firmware)?;
    let interrupt = Interrupt::on_ctrl_c()?;
    let precious = [arguments.target.firmware.as_path(), &output];
    let terminal = firmware.terminal(&arguments.outside, &precious, Input::standard(), interrupt.clone())?;
    let mut timeline = firmware
        .start(terminal, firmware.log(Some(&output))?, &arguments.history)
        // A trace of nothing helps nobody. If it cannot be removed, the first error is the one to show.
        .inspect_err(|_| drop(fs::remove_file(&output)))?;
    let why = session::run(&mut timeline, &arguments.limits, &interrupt)?;
    session::finish(&mut timeline)?;
    let ending = Ending::of(&mut timeline, &firmware.symbols, why)?.in_trace(&output);
    // The terminal shows the last of the firmware's output when the machine goes.
    drop(timeline);

    ending.report();
    show::say(&ending.summary());
    let size = fs::metadata(&output).map_or(0, |metadata| metadata.len());
    let (file, size) = (output.display(), show::size(size));
    show::say(&format!("recorded in {file} ({size}); walk through it with: untick replay {file}"));
    Ok(ending.exit_code())
}

/// Where the trace goes; never over the firmware.
pub fn output(wanted: Option<PathBuf>, firmware: &Path) -> anyhow::Result<PathBuf> {
    let output = match wanted {
        Some(output) => output,
        None => {
            let name = firmware.file_name().context("the firmware's path has no file name")?;
            Path::new(name).with_extension("untick")
        }
    };
    if output.is_dir() {
        bail!("{}: is a directory; name the trace with -o", output.display());
    }
    let same = |a: &Path, b: &Path| matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b);
    if same(&output, firmware) {
        bail!("{}: is the firmware itself; name another file with -o", output.display());
    }
    let parent = output.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !parent.is_dir() {
        bail!("{}: there is no directory {}", output.display(), parent.display());
    }
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trace_is_named_after_the_firmware_and_stands_here() {
        let name = output(None, Path::new("target/debug/app.elf")).unwrap();
        assert_eq!(name, Path::new("app.untick"));
        assert_eq!(output(None, Path::new("x/rust-app")).unwrap(), Path::new("rust-app.untick"));
    }

    #[test]
    fn the_firmware_is_not_overwritten() {
        let directory = tempfile::TempDir::new().unwrap();
        let firmware = directory.path().join("a.elf");
        fs::write(&firmware, "precious").unwrap();
        let sneaky = directory.path().join(".").join("a.elf");
        let error = output(Some(sneaky), &firmware).unwrap_err().to_string();
        assert!(error.contains("is the firmware itself"), "{error}");
        let error = output(Some(directory.path().into()), &firmware).unwrap_err().to_string();
        assert!(error.contains("is a directory"), "{error}");
        let nowhere = directory.path().join("missing/a.untick");
        let error = output(Some(nowhere), &firmware).unwrap_err().to_string();
        assert!(error.contains("there is no directory"), "{error}");
    }
}
