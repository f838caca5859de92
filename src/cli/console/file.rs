//! A file that gets what a device sends.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;

use super::endpoint::Endpoint;
use crate::cli::{interrupt::Interrupt, show};

/// A new file.
pub struct FileEnd {
    path: PathBuf,
    /// `None` after an error, which was told.
    writer: Option<BufWriter<File>>,
    interrupt: Interrupt,
}

impl FileEnd {
    /// Creates it, or empties one that is there.
    pub fn create(path: &Path, interrupt: Interrupt) -> anyhow::Result<FileEnd> {
        let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(FileEnd { path: path.to_owned(), writer: Some(BufWriter::new(file)), interrupt })
    }

    fn with(&mut self, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) {
        let Some(writer) = &mut self.writer else { return };
        if let Err(error) = write(writer) {
            show::say(&format!("cannot write {}: {error}; the run ends here", self.path.display()));
            self.writer = None;
            self.interrupt.request();
        }
    }
}

impl Endpoint for FileEnd {
    fn send(&mut self, bytes: &[u8]) {
        self.with(|writer| writer.write_all(bytes));
    }

    fn refresh(&mut self) {
        self.with(|writer| writer.flush());
    }
}

impl Drop for FileEnd {
    fn drop(&mut self) {
        self.refresh();
    }
}
