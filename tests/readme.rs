//! The sessions that README.md shows are real: each command is run, and must print what is shown.
//!
//! A line `…` stands for any number of lines. Empty lines, and sizes in bytes and KiB, are not compared: where a recording is
//! cut into chunks depends on how fast the machine is.

#![cfg(unix)] // symbolic links
#![expect(clippy::unwrap_used, reason = "in helpers of tests, too, a panic is a failed test")]

use std::{
    io::{self, Read},
    path::Path,
    process::{Command, Stdio},
};

const README: &str = include_str!("../README.md");
const CONTRIBUTING: &str = include_str!("../CONTRIBUTING.md");
const ANYTHING: &str = "…";

/// What stands behind one `$ ` of a session.
#[derive(Debug)]
struct Shown {
    command: String,
    /// What is typed at the prompts of GDB.
    typed: Vec<String>,
    /// The lines below, those prompts included.
    lines: Vec<String>,
}

/// The commands of all ```` ```console ```` blocks.
fn sessions(text: &str) -> Vec<Shown> {
    let mut all: Vec<Shown> = Vec::new();
    for block in text.split("\n```console\n").skip(1) {
        let (block, _) = block.split_once("\n```\n").expect("every block ends");
        for line in block.lines() {
            if let Some(command) = line.strip_prefix("$ ") {
                all.push(Shown { command: command.into(), typed: Vec::new(), lines: Vec::new() });
                continue;
            }
            let shown = all.last_mut().expect("a block begins with a command");
            if let Some(typed) = line.strip_prefix("(gdb) ") {
                shown.typed.push(typed.into());
            }
            shown.lines.push(line.into());
        }
    }
    all
}

/// Runs a command as a shell does, in a directory where `tests` is that of the repository.
fn output(shown: &Shown, directory: &Path) -> String {
    let mut words = shown.command.split(' ');
    assert_eq!(words.next(), Some("untick"), "{}", shown.command);
    let mut command = Command::new(env!("CARGO_BIN_EXE_untick"));
    command.args(words).current_dir(directory).stdin(Stdio::null());
    if !shown.typed.is_empty() {
        command.args(["--", "-nx", "-batch"]);
        for typed in &shown.typed {
            command.args(["-ex", &format!(r"echo (gdb) {typed}\n"), "-ex", typed]);
        }
    }
    // As on a terminal, both streams in the order in which they were written.
    let (mut reader, writer) = io::pipe().unwrap();
    command.stdout(writer.try_clone().unwrap()).stderr(writer).env_remove("DEBUGINFOD_URLS");
    let mut child = command.spawn().expect("the binary is built");
    drop(command); // the last writers are now those of the child
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert_ne!(child.wait().unwrap().code(), Some(2), "{}: {text}", shown.command);
    text
}

/// A line without what may differ from one machine to the next.
fn essence(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let is_unit = |word: Option<&&str>| word.is_some_and(|word| word.starts_with("KiB") || *word == "bytes");
    let kept =
        words.iter().enumerate().map(|(index, word)| if is_unit(words.get(index + 1)) { "#" } else { word });
    kept.collect::<Vec<_>>().join(" ").trim_end().to_owned()
}

/// Whether lines are as shown, where `…` stands for any number of them.
fn matches(shown: &[String], real: &[String]) -> bool {
    match shown.split_first() {
        None => real.is_empty(),
        Some((line, rest)) if line == ANYTHING => {
            (0..=real.len()).any(|skipped| matches(rest, &real[skipped..]))
        }
        Some((line, rest)) => {
            real.split_first().is_some_and(|(first, real)| first == line && matches(rest, real))
        }
    }
}

fn lines<'a>(text: impl Iterator<Item = &'a str>) -> Vec<String> {
    text.map(essence).filter(|line| !line.is_empty()).collect()
}

#[test]
fn the_sessions_of_the_readme_are_real() {
    let directory = tempfile::tempdir().unwrap();
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    std::os::unix::fs::symlink(tests, directory.path().join("tests")).unwrap();
    let sessions = sessions(README);
    assert!(sessions.len() >= 4, "{sessions:#?}");
    for shown in sessions {
        let text = output(&shown, directory.path());
        // GDB says goodbye to the run; a user would still be in it.
        let real = text.lines().filter(|line| !line.ends_with("detached]"));
        assert!(
            matches(&lines(shown.lines.iter().map(String::as_str)), &lines(real)),
            "README.md shows for `{}`:\n{}\n\nbut it prints:\n{text}",
            shown.command,
            shown.lines.join("\n"),
        );
    }
}

#[test]
fn every_option_of_the_readme_exists() {
    let help = |subcommand: &str| {
        let output =
            Command::new(env!("CARGO_BIN_EXE_untick")).args([subcommand, "--help"]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let subcommands = ["run", "record", "info", "dump", "replay", "debug", "boards"];
    let all: String = subcommands.iter().map(|subcommand| help(subcommand)).collect();
    for subcommand in subcommands {
        assert!(README.contains(&format!("`untick {subcommand}")), "{subcommand} is not in README.md");
    }
    let words = README.split(|c: char| c.is_whitespace() || matches!(c, '`' | '[' | ']' | ';' | ','));
    let options = words.filter(|word| word.starts_with("--") && word.len() > 2 && !word.contains("->"));
    for option in options.filter(|option| *option != "--path" && !option.starts_with("-->")) {
        assert!(all.contains(option), "README.md has {option}, which no command knows");
    }
}

#[test]
fn a_session_that_prints_something_else_is_found() {
    let shown = ["a".to_owned(), ANYTHING.into(), "d".into()];
    let real = |text: &str| lines(text.split(' '));
    assert!(matches(&shown, &real("a b c d")));
    assert!(matches(&shown, &real("a d")));
    assert!(!matches(&shown, &real("a b c")));
    assert!(!matches(&shown, &real("x a d")));
    assert!(!matches(&shown, &real("a d e")));
    assert_eq!(essence("recorded (10.4 KiB); 12 events"), "recorded # KiB); 12 events");
}

#[test]
fn the_peripheral_that_contributing_shows_is_the_real_one() {
    let real = include_str!("../src/peripherals/nrf_egu.rs");
    assert!(
        CONTRIBUTING.contains(real),
        "src/peripherals/nrf_egu.rs has changed: copy it into CONTRIBUTING.md"
    );
}
