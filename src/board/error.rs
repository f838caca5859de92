//! Why a board cannot be used.

use std::path::PathBuf;

use thiserror::Error;

use super::near::hint;
use crate::{peripherals::BusError, svd::SvdError};

/// Why a board cannot be used.
#[derive(Debug, Error)]
pub enum BoardError {
    /// There is no built-in board of that name.
    #[error("no board {name:?}{}; the boards are {}", hint(near), known.join(", "))]
    Unknown {
        /// What was asked for.
        name: String,
        /// Names like it.
        near: Vec<String>,
        /// All names.
        known: Vec<String>,
    },
    /// No built-in family has such a chip.
    #[error(
        "no chip {name:?}{}; give its description with --chip-description and its SVD file with --svd",
        hint(near)
    )]
    UnknownChip {
        /// What was asked for.
        name: String,
        /// Names like it.
        near: Vec<String>,
    },
    /// The description is of several chips, and none is named.
    #[error("{} describes {}; name one with --chip", file.display(), known.join(", "))]
    WhichChip {
        /// The description.
        file: PathBuf,
        /// The chips.
        known: Vec<String>,
    },
    /// A file of the board cannot be read.
    #[error("cannot read {}: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// A file that the board names is neither beside it nor built in.
    #[error("{board} names the file {file:?}, which is neither beside it nor built in")]
    NoFile {
        /// The board file.
        board: String,
        /// The file it names.
        file: String,
    },
    /// The board file is not what it should be.
    #[error("{file}:{line}: {message}")]
    Toml {
        /// The board file.
        file: String,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// The chip file is not a probe-rs chip family.
    #[error("{file}: not a probe-rs chip family: {message}")]
    Yaml {
        /// The chip file.
        file: String,
        /// What is wrong.
        message: String,
    },
    /// The chip file has no such chip.
    #[error("{file} has no chip {chip:?}{}", hint(near))]
    NoChip {
        /// The chip file.
        file: String,
        /// The chip.
        chip: String,
        /// Names like it.
        near: Vec<String>,
    },
    /// A value makes no sense.
    #[error("board {board}: {field} {problem}")]
    Value {
        /// The board's name.
        board: String,
        /// The field of the board or chip file.
        field: String,
        /// What is wrong with it, and what would be right.
        problem: String,
    },
    /// A device row names something that does not exist.
    #[error("board {board}, device {device}: no {what} {name:?}{}", hint(near))]
    NoSuch {
        /// The board's name.
        board: String,
        /// The device's name.
        device: String,
        /// What kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
        /// Names like it.
        near: Vec<String>,
    },
    /// The SVD file cannot be used.
    #[error("board {board}: {cause}")]
    Svd {
        /// The board's name.
        board: String,
        /// Why.
        cause: SvdError,
    },
    /// The devices do not fit together.
    #[error("board {board}: {cause}")]
    Bus {
        /// The board's name.
        board: String,
        /// Why.
        cause: BusError,
    },
}
