//! The `monitor` commands: a table, from which they are found, run and explained.
//!
//! No command fails the session: what goes wrong is said in its text. A new command is one row in [`COMMANDS`].

mod bookmarks;
mod commands;
mod hints;
mod names;
mod peripherals;
mod position;
mod queries;
mod registers;
mod reports;
mod travel;
mod values;

use std::fmt::Write;

use thiserror::Error;

use self::commands::{COMMANDS, Command, Run};
pub(super) use self::{hints::outcome_in_words, reports::part};
pub use self::{
    names::{NameError, Names},
    position::{Position, PositionError},
};
use super::stub::Stub;
use crate::{
    board::{hint_or, near},
    timeline::{BookmarkError, TimelineError},
};

/// Whether whoever waits for a command wants it to end.
pub(super) type Poll<'a> = dyn FnMut() -> bool + 'a;

/// Why a command did nothing.
#[derive(Debug, Error)]
enum MonitorError {
    #[error(transparent)]
    Position(#[from] PositionError),
    #[error(transparent)]
    Name(#[from] NameError),
    #[error(transparent)]
    Bookmark(#[from] BookmarkError),
    #[error(transparent)]
    Timeline(#[from] TimelineError),
    #[error("usage: monitor {0}")]
    Usage(&'static str),
    #[error("no position {0} is set; set are: {1}")]
    NoSuchBreak(u64, String),
    #[error("there is no answer @{0}{1}")]
    NoSuchAnswer(String, String),
    #[error("no command {0:?}{1}")]
    Unknown(String, String),
    #[error("{0:?} can be {1}")]
    Ambiguous(String, String),
}

/// Runs a line of the user's; gives what to print. `poll` is asked now and then whether to go on with what takes long.
pub(super) fn execute(stub: &mut Stub<'_>, line: &str, poll: &mut Poll<'_>) -> String {
    let result = match find(line) {
        Ok((command, arguments)) => match command.run {
            Run::Quick(run) => run(stub, arguments),
            Run::Long(run) => run(stub, arguments, poll),
        },
        Err(_) if line.trim().is_empty() => help(stub, ""),
        Err(error) => Err(error),
    };
    let mut text = result.unwrap_or_else(|error| error.to_string());
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// The first `count` words of a line and the rest of it.
fn split(line: &str, count: usize) -> Option<(Vec<&str>, &str)> {
    let mut rest = line.trim();
    let mut words = Vec::new();
    while words.len() < count {
        let (word, behind) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        words.push(Some(word).filter(|word| !word.is_empty())?);
        rest = behind.trim_start();
    }
    Some((words, rest))
}

/// The command that a line begins with, and its arguments. As in gdb, a part of a name does if it fits only one.
fn find(line: &str) -> Result<(&'static Command, &str), MonitorError> {
    // QEMU writes replay_seek, untick arm-seek: nobody should have to remember which.
    let plain = |word: &str| word.replace('_', "-");
    let fitting = |fits: &dyn Fn(&str, &str) -> bool| -> Vec<(&'static Command, &str)> {
        let candidates = COMMANDS.iter().filter_map(|command| {
            let (typed, rest) = split(line, command.name.split(' ').count())?;
            let mut both = command.name.split(' ').zip(typed);
            both.all(|(name, word)| fits(&plain(name), &plain(word))).then_some((command, rest))
        });
        candidates.collect()
    };
    if let Some(exact) = fitting(&|name, word| name == word).pop() {
        return Ok(exact);
    }
    let begun = fitting(&|name, word| name.starts_with(word));
    let (words, _) = split(line, 1).unwrap_or_default();
    let typed = words.first().copied().unwrap_or_default();
    match begun[..] {
        [only] => Ok(only),
        [] => {
            let names = COMMANDS.iter().map(|command| command.name);
            let hint = hint_or(&near(typed, names), "`monitor help` lists them all");
            Err(MonitorError::Unknown(line.trim().to_owned(), hint))
        }
        _ => {
            let names: Vec<&str> = begun.iter().map(|(command, _)| command.name).collect();
            Err(MonitorError::Ambiguous(typed.to_owned(), names.join(", ")))
        }
    }
}

fn help(_stub: &mut Stub<'_>, arguments: &str) -> Result<String, MonitorError> {
    let mut text = String::new();
    if !arguments.is_empty() {
        let (command, _) = find(arguments)?;
        line_of_help(&mut text, command);
        text.extend(command.more.lines().flat_map(|line| ["  ", line.trim_start(), "\n"]));
    } else {
        COMMANDS.iter().for_each(|command| line_of_help(&mut text, command));
    }
    text.push_str(
        "A POSITION is an icount (1234, 1_000_000, 1e6, 0x4d2), start, end, a part of the run (37.5%), an icount\n\
         from here (+100, -100), a bookmark, or an answer (@1, @1+1). Commands can be abbreviated.",
    );
    Ok(text)
}

fn line_of_help(text: &mut String, command: &Command) {
    let usage = format!("{} {}", command.name, command.arguments);
    // Writing to a string cannot fail.
    let _ = writeln!(text, "  {:<38} {}", usage.trim_end(), command.about);
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

    fn found(line: &str) -> Result<(&'static str, &str), String> {
        find(line).map(|(command, rest)| (command.name, rest)).map_err(|error| error.to_string())
    }

    #[test]
    fn commands_are_found_by_their_names_and_by_parts_of_them() {
        for (line, name, arguments) in [
            ("info replay", "info replay", ""),
            ("reset halt", "reset", "halt"),
            ("replay-seek 5", "replay_seek", "5"),
            ("arm_seek off", "arm-seek", "off"),
            ("see 5", "seek", "5"),
            ("i r", "info replay", ""),
            ("bookmark a", "bookmark", "a"),
            ("last-o  \"a  b\" ", "last-output", "\"a  b\""),
            ("last_w x", "last-write", "x"),
        ] {
            assert_eq!(found(line), Ok((name, arguments)), "{line}");
        }
    }

    #[test]
    fn what_is_no_command_is_answered_with_what_it_may_be() {
        assert_eq!(found("book").unwrap_err(), "\"book\" can be bookmark, bookmarks");
        let error = found("last-wirte x").unwrap_err();
        assert!(error.starts_with("no command \"last-wirte x\", did you mean last-write"), "{error}");
        assert_eq!(found("flarp 1").unwrap_err(), "no command \"flarp 1\"; `monitor help` lists them all");
        assert!(found("info").is_err(), "there is one word more");
    }

    #[test]
    fn numbers_are_grouped_in_threes() {
        assert_eq!([0, 999, 1000, 12_345_678].map(grouped), ["0", "999", "1,000", "12,345,678"]);
    }
}
