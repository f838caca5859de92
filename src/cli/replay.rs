//! `untick replay`: a recorded run under GDB, or checked against itself.

use std::{ffi::OsString, path::PathBuf, process::ExitCode, str::FromStr};

use untick::{
    board::{Board, Sources},
    debug::{Names, Position, PositionError},
    timeline::TimelineError,
};

use super::{History, gdb, interrupt::Interrupt, session::Recording, show};

/// Opens a recording in GDB, in which time runs both ways.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The trace, as `untick record` wrote it.
    trace: PathBuf,

    /// Only serve GDB at this address; connect with `target remote :3333`.
    #[arg(long, value_name = "ADDRESS")]
    gdb: Option<String>,

    /// Where to begin: start, end, an icount, a percentage of the run, -N before its end, or a bookmark.
    #[arg(long, value_name = "POSITION", default_value = "end", allow_hyphen_values = true)]
    at: At,

    /// Run to the end without GDB, compare every digest and keyframe that the recording holds, and tell what differs.
    #[arg(long, conflicts_with_all = ["gdb", "at", "gdb_arguments"])]
    verify: bool,

    /// What follows `--` goes to GDB: `-- -batch -ex bt`.
    #[arg(last = true, value_name = "GDB ARGUMENTS", conflicts_with = "gdb")]
    gdb_arguments: Vec<OsString>,

    #[command(flatten)]
    history: History,
}

/// Where to begin.
#[derive(Clone, Debug)]
enum At {
    Position(Position),
    Bookmark(String),
}

impl FromStr for At {
    type Err = PositionError;

    fn from_str(text: &str) -> Result<At, PositionError> {
        match text.parse() {
            Ok(position) => Ok(At::Position(position)),
            Err(_) if text.starts_with(|c: char| c.is_alphabetic() || c == '_') => {
                Ok(At::Bookmark(text.to_owned()))
            }
            Err(error) => Err(error),
        }
    }
}

pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    // An occupied port is found before the run is re-executed.
    let server = if arguments.verify { None } else { Some(gdb::listen(arguments.gdb.as_deref())?) };
    let recording = Recording::open(&arguments.trace)?;
    let (mut timeline, image, symbols) = recording.replay(&arguments.history)?;
    let Some(server) = server else {
        let digests = match timeline.verify() {
            Err(TimelineError::Diverged(found)) => {
                show::say(&format!("{}: the replay is not the recording", arguments.trace.display()));
                show::block(&found.report(&symbols));
                return Ok(ExitCode::from(1));
            }
            result => result?,
        };
        let end = timeline.end();
        show::say(&format!(
            "{}: {} match over {}",
            arguments.trace.display(),
            show::counted(digests, "digest"),
            show::counted(end.icount, "instruction"),
        ));
        return Ok(ExitCode::SUCCESS);
    };
    let sources = Sources::recorded(timeline.log().header());
    let names = Names::new(&symbols, || Board::from_sources(sources.clone()?).ok());
    let end = timeline.end().icount;
    let at = match &arguments.at {
        At::Position(position) => position.icount(end, end),
        At::Bookmark(name) => timeline.bookmarks().named(name)?.icount,
    };
    timeline.seek(at)?;
    if arguments.gdb.is_some() {
        gdb::serve(&server, &mut timeline, &symbols, &names, &Interrupt::on_ctrl_c()?)?;
    } else {
        let interrupt = Interrupt::ignore_ctrl_c()?;
        let more = &arguments.gdb_arguments;
        gdb::debug(&server, &mut timeline, &image, &symbols, &names, &interrupt, more)?;
    }
    Ok(ExitCode::SUCCESS)
}
