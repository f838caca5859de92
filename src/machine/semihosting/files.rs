//! The files that a firmware has open.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Component, Path, PathBuf},
};

use super::{Stream, Streams, errno::Errno};

/// As many as a small C library allows itself.
const MOST_OPEN: usize = 256;

/// What reading `:semihosting-features` gives: the magic, and bits 0 (SYS_EXIT_EXTENDED) and 1 (`:tt` opened for
/// appending is the standard error stream).
const FEATURES: [u8; 5] = [b'S', b'H', b'F', b'B', 0b11];

#[derive(Debug)]
enum Open {
    Input,
    Output(Stream),
    Features { position: usize },
    File(File),
}

/// The table of handles, and the directory that they must stay below.
#[derive(Debug)]
pub(super) struct Files {
    directory: PathBuf,
    /// Handle 1 is the first: the specification wants handles that are not 0.
    open: Vec<Option<Open>>,
}

impl Files {
    pub fn new(directory: PathBuf) -> Files {
        Files { directory, open: Vec::new() }
    }

    /// Opens a file with one of the twelve modes of ISO C's `fopen`: r, rb, r+, r+b, w, …, a+b.
    pub fn open(&mut self, name: &str, mode: u32) -> Result<u32, Errno> {
        let open = match (name, mode) {
            (_, 12..) => return Err(Errno::INVALID),
            (":tt", 0..4) => Open::Input,
            (":tt", 4..8) => Open::Output(Stream::Output),
            (":tt", _) => Open::Output(Stream::Error),
            (":semihosting-features", 0..2) => Open::Features { position: 0 },
            (":semihosting-features", _) => return Err(Errno::ACCESS),
            _ => Open::File(self.open_file(name, mode)?),
        };
        let free = self.open.iter().position(Option::is_none).unwrap_or(self.open.len());
        if free == MOST_OPEN {
            return Err(Errno::TOO_MANY_FILES);
        }
        if free == self.open.len() {
            self.open.push(None);
        }
        self.open[free] = Some(open);
        Ok(free as u32 + 1)
    }

    fn open_file(&self, name: &str, mode: u32) -> Result<File, Errno> {
        let path = self.resolve(name)?;
        // Opening a FIFO or a device could wait for ever or do something.
        if fs::metadata(&path).is_ok_and(|metadata| !metadata.is_file()) {
            return Err(Errno::ACCESS);
        }
        let update = mode & 2 != 0;
        let mut options = OpenOptions::new();
        match mode / 4 {
            0 => options.read(true).write(update),
            1 => options.write(true).create(true).truncate(true).read(update),
            _ => options.append(true).create(true).read(update),
        };
        Ok(options.open(path)?)
    }

    pub fn close(&mut self, handle: u32) -> Result<(), Errno> {
        self.slot(handle)?.take().map(drop).ok_or(Errno::BAD_HANDLE)
    }

    /// Writes and answers how many bytes of it.
    pub fn write(&mut self, handle: u32, bytes: &[u8], streams: &mut dyn Streams) -> Result<u32, Errno> {
        match self.get(handle)? {
            Open::Input | Open::Features { .. } => Err(Errno::BAD_HANDLE),
            Open::Output(stream) => {
                streams.write(*stream, bytes);
                Ok(bytes.len() as u32)
            }
            Open::File(file) => {
                file.write_all(bytes)?;
                Ok(bytes.len() as u32)
            }
        }
    }

    pub fn read(&mut self, handle: u32, most: u32, streams: &mut dyn Streams) -> Result<Vec<u8>, Errno> {
        match self.get(handle)? {
            Open::Output(_) => Err(Errno::BAD_HANDLE),
            Open::Input if most == 0 => Ok(Vec::new()),
            Open::Input => {
                let mut bytes = streams.read(most as usize);
                bytes.truncate(most as usize);
                Ok(bytes)
            }
            Open::Features { position } => {
                let rest = FEATURES.get(*position..).unwrap_or_default();
                let bytes = rest[..rest.len().min(most as usize)].to_vec();
                *position += bytes.len();
                Ok(bytes)
            }
            Open::File(file) => {
                let mut bytes = Vec::new();
                file.take(most.into()).read_to_end(&mut bytes)?;
                Ok(bytes)
            }
        }
    }

    pub fn is_console(&mut self, handle: u32) -> Result<bool, Errno> {
        Ok(matches!(self.get(handle)?, Open::Input | Open::Output(_)))
    }

    pub fn seek(&mut self, handle: u32, to: u32) -> Result<(), Errno> {
        match self.get(handle)? {
            Open::Input | Open::Output(_) => Err(Errno::NOT_SEEKABLE),
            Open::Features { position } => {
                *position = to as usize;
                Ok(())
            }
            Open::File(file) => {
                file.seek(SeekFrom::Start(to.into()))?;
                Ok(())
            }
        }
    }

    pub fn length(&mut self, handle: u32) -> Result<u32, Errno> {
        match self.get(handle)? {
            Open::Input | Open::Output(_) => Err(Errno::NOT_SEEKABLE),
            Open::Features { .. } => Ok(FEATURES.len() as u32),
            // R0 of -1 is the answer for an error, so that a length cannot be it.
            Open::File(file) => match u32::try_from(file.metadata()?.len()) {
                Ok(length) if length < u32::MAX => Ok(length),
                _ => Err(Errno::TOO_LARGE),
            },
        }
    }

    pub fn remove(&mut self, name: &str) -> Result<(), Errno> {
        Ok(fs::remove_file(self.resolve(name)?)?)
    }

    pub fn rename(&mut self, old: &str, new: &str) -> Result<(), Errno> {
        Ok(fs::rename(self.resolve(old)?, self.resolve(new)?)?)
    }

    fn slot(&mut self, handle: u32) -> Result<&mut Option<Open>, Errno> {
        let index = handle.checked_sub(1).ok_or(Errno::BAD_HANDLE)?;
        self.open.get_mut(index as usize).ok_or(Errno::BAD_HANDLE)
    }

    fn get(&mut self, handle: u32) -> Result<&mut Open, Errno> {
        self.slot(handle)?.as_mut().ok_or(Errno::BAD_HANDLE)
    }

    /// The path of a name that stays below the directory, links included.
    fn resolve(&self, name: &str) -> Result<PathBuf, Errno> {
        let name = Path::new(name);
        let plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
        if !name.components().all(plain) {
            return Err(Errno::ACCESS);
        }
        let file = name.file_name().ok_or(Errno::ACCESS)?;
        let root = self.directory.canonicalize()?;
        let parent = root.join(name).parent().map_or_else(|| Ok(root.clone()), Path::canonicalize)?;
        let path = parent.join(file);
        let real = match path.canonicalize() {
            Ok(real) => real,
            // A file to be created; but a dangling link would be created wherever it points.
            Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => path.clone(),
            Err(error) => return Err(error.into()),
        };
        if real.starts_with(&root) { Ok(path) } else { Err(Errno::ACCESS) }
    }
}
