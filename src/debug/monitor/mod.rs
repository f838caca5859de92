//! The `monitor` commands: a table, from which they are found, run and explained.
//!
//! No command fails the session: what goes wrong is said in its text. A new command is one row in [`COMMANDS`].

mod hints;
mod position;
mod reports;
mod travel;

use std::fmt::Write;

use thiserror::Error;

pub(super) use self::hints::outcome_in_words;
pub use self::position::{Position, PositionError};
pub(super) use self::reports::part;
use super::stub::Stub;
use crate::timeline::TimelineError;

/// A monitor command.
struct Command {
    /// What is typed after `monitor`; may be two words.
    name: &'static str,
    /// Its arguments.
    arguments: &'static str,
    /// One line of help.
    about: &'static str,
    /// Runs it with the text of its arguments; gives what to print, without the last line end.
    run: fn(&mut Stub<'_>, &str) -> Result<String, MonitorError>,
}

/// Why a command did nothing.
#[derive(Debug, Error)]
enum MonitorError {
    #[error(transparent)]
    Position(#[from] PositionError),
    #[error(transparent)]
    Timeline(#[from] TimelineError),
    #[error("usage: monitor {0}")]
    Usage(&'static str),
    #[error("no position {0} is set; set are: {1}")]
    NoSuchBreak(u64, String),
    #[error("no command {0:?}; `monitor help` lists them all")]
    Unknown(String),
}

const COMMANDS: &[Command] = &[
    Command { name: "help", arguments: "[COMMAND]", about: "this list", run: help },
    Command {
        name: "hints",
        arguments: "",
        about: "what can be typed at this place of the run",
        run: hints::hints,
    },
    Command { name: "when", arguments: "", about: "where in the run the debugger is", run: reports::when },
    Command {
        name: "seek",
        arguments: "POSITION",
        about: "go to a position; gdb does not notice it by itself",
        run: travel::seek,
    },
    Command {
        name: "arm-seek",
        arguments: "POSITION|off",
        about: "make the next step or continue of any kind go to a position instead",
        run: travel::arm_seek,
    },
    Command {
        name: "info replay",
        arguments: "",
        about: "the recorded range, checkpoints and settings",
        run: reports::info_replay,
    },
    Command { name: "replay_seek", arguments: "POSITION", about: "the same as seek", run: travel::seek },
    Command {
        name: "replay_break",
        arguments: "POSITION",
        about: "stop at a position, travelling either way",
        run: travel::replay_break,
    },
    Command {
        name: "replay_delete_break",
        arguments: "[POSITION]",
        about: "remove one such stop, or all",
        run: travel::replay_delete_break,
    },
    Command { name: "reset", arguments: "[halt]", about: "go to icount 0", run: travel::reset },
    Command {
        name: "halt",
        arguments: "",
        about: "nothing: whoever can type this has halted it",
        run: travel::halt,
    },
    Command {
        name: "fault",
        arguments: "",
        about: "explain the last fault before this position",
        run: reports::fault,
    },
    Command {
        name: "stepirq",
        arguments: "[skip|into]",
        about: "whether steps go over handlers of interrupts and of SVC (the default) or into them",
        run: travel::stepirq,
    },
];

/// Runs a line of the user's; gives what to print.
pub(super) fn execute(stub: &mut Stub<'_>, line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let result = match find(&words) {
        Some((command, arguments)) => (command.run)(stub, &arguments),
        None if words.is_empty() => help(stub, ""),
        None => Err(MonitorError::Unknown(words.join(" "))),
    };
    let mut text = result.unwrap_or_else(|error| error.to_string());
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// The command that the words begin with, and the rest of them.
fn find(words: &[&str]) -> Option<(&'static Command, String)> {
    COMMANDS.iter().find_map(|command| {
        let count = command.name.split(' ').count();
        let typed = words.get(..count)?;
        // QEMU writes replay_seek, untick arm-seek: nobody should have to remember which.
        let same = command
            .name
            .split(' ')
            .zip(typed)
            .all(|(name, word)| name.replace('_', "-") == word.replace('_', "-"));
        same.then(|| (command, words[count..].join(" ")))
    })
}

fn help(_stub: &mut Stub<'_>, arguments: &str) -> Result<String, MonitorError> {
    let words: Vec<&str> = arguments.split_whitespace().collect();
    let chosen = match find(&words) {
        Some((command, _)) => std::slice::from_ref(command),
        None if words.is_empty() => COMMANDS,
        None => return Err(MonitorError::Unknown(words.join(" "))),
    };
    let mut text = String::new();
    for command in chosen {
        let usage = format!("{} {}", command.name, command.arguments);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {:<30} {}", usage.trim_end(), command.about);
    }
    text.push_str(
        "A POSITION is an icount (1234, 1_000_000, 1e6, 0x4d2), start, end, a part of the run (37.5%),\n\
         or an icount from here (+100, -100).",
    );
    Ok(text)
}

/// A number with a comma at every third digit.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_found_by_whole_words() {
        let name =
            |line: &str| find(&line.split_whitespace().collect::<Vec<_>>()).map(|(command, _)| command.name);
        assert_eq!(name("info replay"), Some("info replay"));
        assert_eq!(name("reset halt"), Some("reset"));
        assert_eq!(name("replay-seek 5"), Some("replay_seek"));
        assert_eq!(name("arm_seek off"), Some("arm-seek"));
        assert_eq!(name("see"), None);
        assert_eq!(name("info"), None);
    }

    #[test]
    fn numbers_are_grouped_in_threes() {
        assert_eq!([0, 999, 1000, 12_345_678].map(grouped), ["0", "999", "1,000", "12,345,678"]);
    }
}
