//! Where the bytes of a trace are: a file or memory.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
};

use super::TraceError;

/// The bytes of a trace. They only grow.
#[derive(Debug)]
pub(super) struct Store {
    name: String,
    length: u64,
    bytes: Bytes,
}

#[derive(Debug)]
enum Bytes {
    Memory(Vec<u8>),
    File(File),
}

impl Store {
    /// Bytes in memory.
    pub fn memory(bytes: Vec<u8>) -> Store {
        let length = bytes.len() as u64;
        Store { name: "the trace in memory".into(), length, bytes: Bytes::Memory(bytes) }
    }

    /// A new file, in place of one that may be there.
    pub fn create(path: &Path) -> Result<Store, TraceError> {
        let name = path.display().to_string();
        let file = File::options().read(true).write(true).create(true).truncate(true).open(path);
        match file {
            Ok(file) => Ok(Store { name, length: 0, bytes: Bytes::File(file) }),
            Err(source) => Err(TraceError::Io { action: "create", trace: name, source }),
        }
    }

    /// A file that is only read.
    pub fn open(path: &Path) -> Result<Store, TraceError> {
        let name = path.display().to_string();
        match File::open(path).and_then(|file| Ok((file.metadata()?.len(), file))) {
            Ok((length, file)) => Ok(Store { name, length, bytes: Bytes::File(file) }),
            Err(source) => Err(TraceError::Io { action: "open", trace: name, source }),
        }
    }

    /// What to call it in a message.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number of bytes. Of a file that another process appends to: when it was opened.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Appends all of `bytes` or nothing.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), TraceError> {
        let written = match &mut self.bytes {
            Bytes::Memory(memory) => {
                memory.extend_from_slice(bytes);
                Ok(())
            }
            Bytes::File(file) => {
                let start = self.length;
                file.seek(SeekFrom::Start(start)).and_then(|_| file.write_all(bytes)).inspect_err(|_| {
                    // A full disk leaves a part. Without it the file is a good recording that was cut; if that
                    // fails too, the part is a damaged tail, which a reader leaves out.
                    let _ = file.set_len(start);
                })
            }
        };
        written.map_err(|source| self.io("write", source))?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Reads `length` bytes at `offset`; `None` if they are not all there.
    pub fn read(&mut self, offset: u64, length: u64) -> Result<Option<Vec<u8>>, TraceError> {
        let Some(end) = offset.checked_add(length).filter(|end| *end <= self.length) else { return Ok(None) };
        match &mut self.bytes {
            Bytes::Memory(memory) => Ok(memory.get(offset as usize..end as usize).map(<[u8]>::to_vec)),
            Bytes::File(file) => {
                // No more than the file has, so this is bounded by what is really there.
                let mut bytes = vec![0; length as usize];
                match file.seek(SeekFrom::Start(offset)).and_then(|_| file.read_exact(&mut bytes)) {
                    Ok(()) => Ok(Some(bytes)),
                    Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
                    Err(source) => Err(self.io("read", source)),
                }
            }
        }
    }

    fn io(&self, action: &'static str, source: io::Error) -> TraceError {
        TraceError::Io { action, trace: self.name.clone(), source }
    }
}
