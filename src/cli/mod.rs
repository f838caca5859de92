//! The command line: one file per subcommand, and the host's side of a live machine.

mod boards;
mod console;
mod debug;
mod dump;
mod ending;
mod gdb;
mod info;
mod interrupt;
mod parse;
mod record;
mod replay;
mod run;
mod session;
mod show;

use std::{io, path::PathBuf, process::ExitCode, time::Duration};

use anyhow::Error;
use clap::{ArgGroup, Args, Parser, Subcommand};
use untick::{peripherals::Policy, timeline::TimelineError, words::Nanoseconds};

use self::console::Wire;

/// Records Cortex-M firmware and debugs the recording in both directions of time.
#[derive(Debug, Parser)]
#[command(version, disable_help_subcommand = false, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str =
    "Exit code: 0 ended as asked, else the firmware's own code, 1 fault or lockup, 2 bad use.";

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Arguments),
    Record(record::Arguments),
    Info(info::Arguments),
    Dump(dump::Arguments),
    Replay(replay::Arguments),
    Debug(debug::Arguments),
    Boards(boards::Arguments),
}

/// The firmware and where it runs.
#[derive(Debug, Args)]
struct Target {
    /// The firmware: an ELF (its debug information names functions and lines), an Intel HEX file, or with --load a raw
    /// binary.
    firmware: PathBuf,

    /// Where the first byte of a raw binary goes: 0x08000000.
    #[arg(long, value_name = "ADDRESS", value_parser = parse::address)]
    load: Option<u32>,

    /// Where the vector table is [default: what is named like one in the ELF, else the board's boot address, else the
    /// start of the image].
    #[arg(long, value_name = "ADDRESS", value_parser = parse::address)]
    vector_table: Option<u32>,

    #[command(flatten)]
    place: Place,

    /// The command line that the firmware sees by semihosting [default: its own path].
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    args: Option<String>,
}

/// The board or chip.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("where").required(true).multiple(true).args(["board", "chip", "chip_description"])))]
struct Place {
    /// The board: a name that `untick boards` lists, or a board file.
    #[arg(long, value_name = "NAME|FILE.toml", conflicts_with_all = ["chip", "chip_description"])]
    board: Option<String>,

    /// A chip alone, by the name of its part: STM32F103RB.
    #[arg(long, value_name = "PART")]
    chip: Option<String>,

    /// The memory of a chip that untick does not know: a target file of probe-rs, as it is.
    #[arg(long, value_name = "FILE.yaml")]
    chip_description: Option<PathBuf>,

    /// The registers of the chip: its vendor's SVD file, as it is, in place of the one that untick has.
    #[arg(long, value_name = "FILE.svd")]
    svd: Option<PathBuf>,

    /// What happens at registers without a model: a bus fault, a register that begins with its reset value, or this and a
    /// guess where the firmware waits for the hardware.
    #[arg(long, value_name = "strict|reset|guess", default_value = "guess", value_parser = parse::policy)]
    unmodelled: Policy,
}

/// Where what the firmware sends goes, and where its input comes from.
#[derive(Debug, Args)]
struct Outside {
    /// Connect a UART by its name on the board: to stdout, stdio (and what is typed goes to it), null, file:PATH,
    /// tcp:HOST:PORT or tcp::PORT (listens there), pty [default: stdout, and what is typed goes to the board's console].
    #[arg(long, value_name = "NAME=WHERE", value_parser = parse::wire)]
    uart: Vec<Wire>,

    /// Connect a channel of RTT by its number, in the same way [default: channel 0 to stdio, unless the firmware talks
    /// through the board's console, others to null].
    #[arg(long, value_name = "N=WHERE", value_parser = parse::rtt_wire)]
    rtt: Vec<Wire>,

    /// What the world outside does, and when: pins, samples, bytes, and parts on I2C and SPI.
    #[arg(long, value_name = "FILE.toml")]
    scenario: Vec<PathBuf>,

    /// Put icount and virtual time in front of each line on stdout.
    #[arg(long)]
    timestamps: bool,
}

/// When a run ends if the firmware does not end it.
#[derive(Debug, Args)]
struct Limits {
    /// End after this much virtual time: 250ms, 2s.
    #[arg(long = "for", value_name = "TIME", value_parser = parse::duration)]
    time: Option<Nanoseconds>,

    /// End at this icount: 1_000_000, 1e6.
    #[arg(long, value_name = "N", value_parser = parse::count)]
    until_icount: Option<u64>,

    /// End after this much time on your watch: 30s.
    #[arg(long, value_name = "TIME", value_parser = parse::host_duration)]
    timeout: Option<Duration>,
}

/// What going back may cost.
#[derive(Debug, Args)]
struct History {
    /// Memory for checkpoints. Less makes going far back slower; nothing is ever forgotten.
    #[arg(long, value_name = "SIZE", default_value = "64MiB", value_parser = parse::size)]
    history: usize,
}

/// Does what the command line asks.
pub fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Run(arguments) => run::run(arguments),
        Command::Record(arguments) => record::run(arguments),
        Command::Info(arguments) => info::run(&arguments),
        Command::Dump(arguments) => dump::run(&arguments),
        Command::Replay(arguments) => replay::run(&arguments),
        Command::Debug(arguments) => debug::run(arguments),
        Command::Boards(arguments) => boards::run(&arguments),
    }
}

/// Says in one line what went wrong, and which exit code that is.
pub fn fail(error: &Error) -> ExitCode {
    // Whoever read our output (`untick info … | head`) has seen enough.
    let broken_pipe = |cause: &(dyn std::error::Error + 'static)| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    };
    if error.chain().any(broken_pipe) {
        return ExitCode::SUCCESS;
    }
    show::say(&one_line(error));
    match error.downcast_ref::<TimelineError>() {
        // Neither the user nor the file is to blame.
        Some(TimelineError::Diverged { .. }) => ExitCode::from(1),
        _ => ExitCode::from(2),
    }
}

/// The chain of causes in one line. Many errors print their cause themselves; it is not said twice.
fn one_line(error: &Error) -> String {
    let mut line = String::new();
    for cause in error.chain() {
        let cause = cause.to_string().replace('\n', "; ");
        if line.is_empty() {
            line = cause;
        } else if !line.contains(&cause) {
            line = format!("{line}: {cause}");
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use anyhow::{Context, anyhow};
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_of_the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_interface_is_the_promised_one() {
        for line in [
            "untick run hello.elf --board mps2-an385",
            "untick run hello.elf --board my.toml --for 250ms --until-icount 1e6 --timeout 30s --args -v",
            "untick run echo.elf --board b --uart uart0=tcp::4444 --uart uart1=file:a=b.txt --timestamps",
            "untick run rtt.elf --board b --rtt 1=pty --rtt 0=null",
            "untick record crash.elf --board stm32f4discovery -o crash.untick",
            "untick info crash.untick",
            "untick dump crash.untick --registers 100..200",
            "untick dump crash.untick --registers ..1e3 --fp",
            "untick dump crash.untick --events",
            "untick dump crash.untick --events 1e3.. --of USART2 --of RCC.CR",
            "untick replay crash.untick",
            "untick replay crash.untick --gdb :3333 --at start",
            "untick replay crash.untick --at 37.5% --history 1GiB",
            "untick replay crash.untick --at -100",
            "untick replay crash.untick --at fault-1",
            "untick replay crash.untick -- -batch -ex bt",
            "untick replay crash.untick --verify",
            "untick debug crash.elf --board stm32f4discovery",
            "untick boards",
            "untick run a.elf --board b --scenario buttons.toml --scenario sensors.toml",
            "untick boards --explain my.svd",
            "untick run a.elf --chip STM32F103RB",
            "untick run a.elf --chip X1 --chip-description my.yaml --svd my.svd --unmodelled strict",
            "untick run a.elf --chip-description my.yaml",
        ] {
            if let Err(error) = Cli::try_parse_from(line.split(' ')) {
                panic!("{line}: {error}");
            }
        }
    }

    #[test]
    fn bad_values_name_the_option_and_the_remedy() {
        for (line, wanted) in [
            ("untick run a.elf --board b --for 250", "such as 250ms"),
            ("untick run a.elf --board b --until-icount many", "such as 1_000_000"),
            ("untick run a.elf --board b --uart uart0", "such as uart0=tcp::4444"),
            ("untick run a.elf --board b --uart uart0=tcp:4444", "tcp::4444"),
            ("untick run a.elf --board b --uart uart0=udp:1", "file:PATH"),
            ("untick run a.elf --board b --rtt uart0=null", "number of a channel"),
            ("untick replay a --at 1/2", "37.5%"),
            ("untick replay a --verify --gdb :1", "cannot be used with"),
            ("untick dump a --registers 9..5", "ends before it begins"),
            ("untick dump a", "--registers"),
            ("untick run a.elf", "--board"),
            ("untick run a.elf --board b --chip c", "cannot be used with"),
            ("untick run a.elf --chip c --unmodelled maybe", "strict, reset or guess"),
        ] {
            let error = Cli::try_parse_from(line.split(' ')).unwrap_err();
            assert!(error.to_string().contains(wanted), "{line}: {error}");
            assert_eq!(error.exit_code(), 2, "{line}");
        }
    }

    #[test]
    fn an_error_is_one_line_and_says_nothing_twice() {
        let error = anyhow!("no such\nfile");
        assert_eq!(one_line(&error.context("cannot read a.elf")), "cannot read a.elf: no such; file");
        let repeated = Err::<(), _>(anyhow!("cause")).context("what: cause").unwrap_err();
        assert_eq!(one_line(&repeated), "what: cause");
    }
}
