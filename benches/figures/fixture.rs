//! The firmware to measure with, and a host that it disturbs as little as possible.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use untick::{
    board::Board,
    core::Config,
    image::Image,
    machine::{
        Host, SemihostingCall,
        semihosting::{HeapInfo, Semihosting, Stream, Streams},
    },
    peripherals::Dma,
    pins::HostResult,
    timeline::{Limits, Options, Outcome, Timeline},
    trace::{Header, Log},
    words::Icount,
};

/// Firmware and its board.
pub struct Fixture {
    pub name: &'static str,
    pub board: Board,
    pub image: Image,
    pub config: Config,
}

impl Fixture {
    /// A fixture of `tests/firmware` on the MPS2.
    pub fn load(name: &'static str) -> Fixture {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/firmware/{name}.elf"));
        let image = Image::load(path).expect("the fixture is in the repository");
        let board = Board::find("mps2-an385").expect("the board is built in");
        let config = Config { vector_table: image.vector_table, ..board.config() };
        Fixture { name, board, image, config }
    }

    /// A live run at reset, with its log in memory.
    pub fn live(&self) -> Timeline {
        self.live_into(Log::in_memory(self.header()))
    }

    /// A finished recording, opened.
    pub fn recorded(&self) -> Recorded {
        let directory = TempDir::new().expect("the system has a place for temporary files");
        let path = directory.path().join("recorded.untick");
        let mut timeline =
            self.live_into(Log::create(&path, self.header()).expect("the directory is writable"));
        run(&mut timeline, None);
        timeline.finish().expect("the directory is writable");
        Recorded { directory, path }
    }

    fn live_into(&self, log: Log) -> Timeline {
        let semihosting = Semihosting::new(String::new(), HeapInfo::default(), ".".into());
        Timeline::live(&self.board, &self.image, Box::new(Quiet(semihosting)), log, Options::default())
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

/// A trace in a file of its own.
pub struct Recorded {
    /// Removes the file in the end.
    #[expect(dead_code, reason = "held for its drop")]
    directory: TempDir,
    path: PathBuf,
}

impl Recorded {
    /// Opens it, at its start.
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
    fn output(&mut self, _: &str, _: &[u8]) {}

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
