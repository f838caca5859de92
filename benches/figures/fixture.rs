//! The firmware to measure with, and a host that it disturbs as little as possible.

use std::{
    fs,
    path::{Path, PathBuf},
};

use object::{Object, ObjectSegment, read::elf::ElfFile32};
use tempfile::TempDir;
use untick::{
    board::Board,
    core::Config,
    image::{Image, Symbols},
    machine::{
        Host, SemihostingCall, When,
        semihosting::{HeapInfo, Semihosting, Stream, Streams},
    },
    peripherals::Dma,
    pins::HostResult,
    timeline::{Limits, Options, Outcome, Timeline},
    trace::{Header, Log},
    words::Icount,
};

/// The board of all of them.
pub const BOARD: &str = "mps2-an385";

/// Firmware and its board.
pub struct Fixture {
    name: &'static str,
    board: Board,
    pub image: Image,
    pub config: Config,
}

impl Fixture {
    /// A fixture of `tests/firmware` on the MPS2.
    pub fn load(name: &'static str) -> Fixture {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/firmware/{name}.elf"));
        Fixture::of(name, fs::read(path).expect("the fixture is in the repository"))
    }

    fn of(name: &'static str, elf: Vec<u8>) -> Fixture {
        let image = Image::parse(elf, name).expect("it is an ELF file");
        let board = Board::find(BOARD).expect("the board is built in");
        let config = Config { vector_table: image.vector_table, ..board.config() };
        Fixture { name, board, image, config }
    }

    /// The same with another value for one of its words.
    pub fn with(&self, variable: &str, value: u32) -> Fixture {
        let mut elf = self.image.file.to_vec();
        let offset = place(&elf, self.address(variable));
        elf[offset..offset + 4].copy_from_slice(&value.to_le_bytes());
        Fixture::of(self.name, elf)
    }

    /// Where a variable or a function is.
    pub fn address(&self, symbol: &str) -> u32 {
        let address = Symbols::from_image(&self.image).symbol_address(symbol);
        address.unwrap_or_else(|| panic!("{} has a {symbol}", self.name))
    }

    /// A live run at reset, with its log in memory.
    pub fn live(&self, options: Options) -> Timeline {
        self.live_into(Log::in_memory(self.header()), options)
    }

    /// A finished recording in a file, up to the firmware's end or to a limit, and the timeline that made it.
    pub fn record(&self, limit: Option<Icount>) -> (Timeline, Recorded) {
        let directory = TempDir::new().expect("the system has a place for temporary files");
        let path = directory.path().join("recorded.untick");
        let log = Log::create(&path, self.header()).expect("the directory is writable");
        let mut timeline = self.live_into(log, Options::default());
        run(&mut timeline, limit);
        timeline.finish().expect("the directory is writable");
        (timeline, Recorded { directory, path })
    }

    /// Its ELF file, in a directory of its own.
    pub fn file(&self) -> Recorded {
        let directory = TempDir::new().expect("the system has a place for temporary files");
        let path = directory.path().join("firmware.elf");
        fs::write(&path, &self.image.file).expect("the directory is writable");
        Recorded { directory, path }
    }

    fn live_into(&self, log: Log, options: Options) -> Timeline {
        let semihosting = Semihosting::new(String::new(), HeapInfo::default(), ".".into());
        Timeline::live(&self.board, &self.image, Box::new(Quiet(semihosting)), log, options)
            .expect("the fixture fits the board")
    }

    fn header(&self) -> Header {
        Header {
            untick: env!("CARGO_PKG_VERSION").to_owned(),
            unicorn: untick::core::unicorn_version(),
            board: self.board.name().to_owned(),
            board_sources: Vec::new(),
            config: self.config.clone(),
            firmware_name: self.name.to_owned(),
            firmware: self.image.file.to_vec(),
            load_address: None,
            arguments: Vec::new(),
        }
    }
}

/// Where the ELF file has the byte at an address, as the firmware sees it.
fn place(elf: &[u8], address: u32) -> usize {
    let file = ElfFile32::<object::Endianness>::parse(elf).expect("it is an ELF file");
    let address = u64::from(address);
    let mut places = file.segments().filter_map(|segment| {
        let (begin, size) = segment.file_range();
        (segment.address()..segment.address() + size)
            .contains(&address)
            .then(|| begin + address - segment.address())
    });
    places.next().expect("the variable has a value in the file") as usize
}

/// A file that was made to be measured, and goes with this.
pub struct Recorded {
    #[expect(dead_code, reason = "held for its drop")]
    directory: TempDir,
    pub path: PathBuf,
}

impl Recorded {
    /// Opens the trace that it is, at its start.
    pub fn open(&self) -> Timeline {
        let log = Log::open(&self.path).expect("it was just written");
        Timeline::replay(log, Options::default()).expect("it was just recorded")
    }
}

/// Runs to the end, or to a limit.
pub fn run(timeline: &mut Timeline, limit: Option<Icount>) {
    let limits = Limits { icount: limit, ..Limits::default() };
    let outcome = timeline.run(&limits, &mut || false).expect("nothing can go wrong in memory");
    assert!(matches!(outcome, Outcome::Exit(0) | Outcome::Limit), "{outcome:?}");
}

/// A host that has nothing to say and does not listen.
struct Quiet(Semihosting);

struct Silence;

impl Streams for Silence {
    fn write(&mut self, _: Stream, _: &[u8]) {}

    fn read(&mut self, _: usize) -> Vec<u8> {
        Vec::new()
    }
}

impl Host for Quiet {
    fn output(&mut self, _: &str, _: &[u8], _: When) {}

    fn semihosting(&mut self, call: &SemihostingCall, memory: &mut dyn Dma) -> HostResult {
        self.0.call(call, memory, &mut Silence)
    }

    fn input(&mut self) -> Option<(String, Vec<u8>)> {
        None
    }

    fn wait_for_input(&mut self, _: u64) -> bool {
        false
    }
}
