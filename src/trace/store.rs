//! Where the bytes of a trace are: a file or memory.

use std::{
    fs::File,
    io::{self, ErrorKind, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard},
};

use super::{Refusal, TraceError};

/// The bytes of a trace. They only grow, but for a torn tail that [`Store::add`] writes over.
#[derive(Debug)]
pub(super) struct Store {
    name: String,
    length: u64,
    access: Access,
    /// Shared with the readers of this trace.
    bytes: Arc<Mutex<Bytes>>,
}

#[derive(Debug)]
enum Bytes {
    Memory(Vec<u8>),
    File(File),
}

/// What may be done to the bytes.
#[derive(Debug)]
enum Access {
    /// They can be written.
    Write,
    /// The file was opened to be read, and is opened again to be written.
    Reopen(PathBuf),
    /// They belong to another store.
    Read,
}

impl Store {
    /// Bytes in memory.
    pub fn memory(bytes: Vec<u8>) -> Store {
        let length = bytes.len() as u64;
        Store::new("the trace in memory".into(), length, Access::Write, Bytes::Memory(bytes))
    }

    /// A new file, in place of one that may be there.
    pub fn create(path: &Path) -> Result<Store, TraceError> {
        let name = path.display().to_string();
        let file = File::options().read(true).write(true).create(true).truncate(true).open(path);
        match file {
            Ok(file) => Ok(Store::new(name, 0, Access::Write, Bytes::File(file))),
            Err(source) => Err(TraceError::Io { action: "create", trace: name, source }),
        }
    }

    /// A file that is only read, until something is added.
    pub fn open(path: &Path) -> Result<Store, TraceError> {
        let name = path.display().to_string();
        match File::open(path).and_then(|file| Ok((file.metadata()?.len(), file))) {
            Ok((length, file)) => {
                Ok(Store::new(name, length, Access::Reopen(path.to_owned()), Bytes::File(file)))
            }
            Err(source) => Err(TraceError::Io { action: "open", trace: name, source }),
        }
    }

    fn new(name: String, length: u64, access: Access, bytes: Bytes) -> Store {
        Store { name, length, access, bytes: Arc::new(Mutex::new(bytes)) }
    }

    /// The same bytes as far as they are there now, to be read on any thread.
    pub fn reader(&self) -> Store {
        let (name, bytes) = (self.name.clone(), self.bytes.clone());
        Store { name, length: self.length, access: Access::Read, bytes }
    }

    /// What to call it in a message.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number of bytes. Of a file that another process appends to: when it was opened.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Appends all of `bytes` or nothing, while nobody else writes.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), TraceError> {
        let written = match &mut *self.bytes() {
            Bytes::Memory(memory) => {
                memory.extend_from_slice(bytes);
                Ok(())
            }
            Bytes::File(file) => write_at(file, self.length, bytes),
        };
        written.map_err(|source| self.io("write", source))?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Writes all of `bytes` or nothing at `offset`, which is the end or where a torn tail begins that goes. Other
    /// processes may try the same: what they added stays, and this fails.
    pub fn add(&mut self, offset: u64, bytes: &[u8]) -> Result<(), TraceError> {
        match (&self.access, &mut *self.bytes()) {
            (Access::Read, _) => return Err(self.refused(Refusal::ReadOnly)),
            (_, Bytes::Memory(memory)) => {
                memory.truncate(offset as usize);
                memory.extend_from_slice(bytes);
            }
            (Access::Write, Bytes::File(file)) => self.add_to(file, offset, bytes)?,
            (Access::Reopen(path), Bytes::File(_)) => {
                let mut file = self.reopen(path)?;
                self.add_to(&mut file, offset, bytes)?;
            }
        }
        self.length = offset + bytes.len() as u64;
        Ok(())
    }

    fn reopen(&self, path: &Path) -> Result<File, TraceError> {
        let opened = File::options().read(true).write(true).open(path).and_then(|file| {
            // Some users may write whatever the permissions say; what is marked so is not to be changed all the same.
            if file.metadata()?.permissions().readonly() {
                return Err(ErrorKind::PermissionDenied.into());
            }
            Ok(file)
        });
        opened.map_err(|source| match source.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => self.refused(Refusal::ReadOnly),
            ErrorKind::NotFound => self.refused(Refusal::Changed),
            _ => self.io("add to", source),
        })
    }

    fn add_to(&self, file: &mut File, offset: u64, bytes: &[u8]) -> Result<(), TraceError> {
        match file.lock() {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::Unsupported => {} // not all file systems can
            Err(error) => return Err(self.io("add to", error)),
        }
        let length = file.metadata().map_err(|source| self.io("add to", source))?.len();
        let added = if length != self.length {
            Err(self.refused(Refusal::Changed))
        } else {
            let torn = if offset < length { file.set_len(offset) } else { Ok(()) };
            let written = torn.and_then(|()| write_at(file, offset, bytes));
            written.map_err(|source| self.io("add to", source))
        };
        let _ = file.unlock(); // closing the file does it, too
        added
    }

    /// Reads `length` bytes at `offset`; `None` if they are not all there.
    pub fn read(&self, offset: u64, length: u64) -> Result<Option<Vec<u8>>, TraceError> {
        let Some(end) = offset.checked_add(length).filter(|end| *end <= self.length) else { return Ok(None) };
        match &mut *self.bytes() {
            Bytes::Memory(memory) => Ok(memory.get(offset as usize..end as usize).map(<[u8]>::to_vec)),
            Bytes::File(file) => {
                // No more than the file has, so this is bounded by what is really there.
                let mut bytes = vec![0; length as usize];
                match file.seek(SeekFrom::Start(offset)).and_then(|_| file.read_exact(&mut bytes)) {
                    Ok(()) => Ok(Some(bytes)),
                    Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
                    Err(source) => Err(self.io("read", source)),
                }
            }
        }
    }

    fn bytes(&self) -> MutexGuard<'_, Bytes> {
        // Whoever panicked in here left bytes that are appended to whole or not at all.
        self.bytes.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn io(&self, action: &'static str, source: io::Error) -> TraceError {
        TraceError::Io { action, trace: self.name.clone(), source }
    }

    /// Why nothing can be added.
    pub fn refused(&self, reason: Refusal) -> TraceError {
        TraceError::Refused { trace: self.name.clone(), reason }
    }
}

fn write_at(file: &mut File, offset: u64, bytes: &[u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(offset)).and_then(|_| file.write_all(bytes)).inspect_err(|_| {
        // A full disk leaves a part. Without it the file is what it was before; if that fails too, the part is a
        // damaged tail, which a reader leaves out.
        let _ = file.set_len(offset);
    })
}
