//! `untick run`: the firmware's output on stdout, its exit code, and a fault report if it comes to that.

use std::process::ExitCode;

use super::{
    History, Limits, Outside, Target,
    console::Input,
    ending::Ending,
    interrupt::Interrupt,
    session::{self, Firmware},
    show,
};

/// Runs a firmware: what it prints goes to the terminal, what is typed goes to it.
///
/// Files that the firmware opens by semihosting are those below the current directory.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    outside: Outside,
    #[command(flatten)]
    limits: Limits,
    #[command(flatten)]
    history: History,
}

pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let firmware = Firmware::load(&arguments.target, &arguments.outside)?;
    let interrupt = Interrupt::on_ctrl_c()?;
    let precious = [arguments.target.firmware.as_path()];
    let terminal = firmware.terminal(&arguments.outside, &precious, Input::standard(), interrupt.clone())?;
    let mut timeline = firmware.start(terminal, firmware.log(None)?, &arguments.history)?;
    let why = session::run(&mut timeline, &arguments.limits, &interrupt)?;
    let ending = Ending::of(&mut timeline, &firmware.symbols, why)?;
    // The terminal shows the last of the firmware's output when the machine goes.
    drop(timeline);

    ending.report();
    if !ending.is_exit() {
        show::say(&ending.summary());
    }
    if ending.has_report() {
        let Target { firmware, place, .. } = &arguments.target;
        let (firmware, place) = (firmware.display(), place.arguments());
        show::say(&format!("to walk back to the cause: untick record {firmware} {place}"));
    }
    Ok(ending.exit_code())
}
