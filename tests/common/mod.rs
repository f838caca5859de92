//! The fixture firmware as tests see it: what `firmware/fixtures.toml` says, run with a host that keeps what is printed.

#![allow(dead_code, unused_imports, clippy::allow_attributes, reason = "each test uses a part")]

mod console;
mod program;
mod random;

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock},
};

use serde::Deserialize;
use untick::{
    board::Board,
    core::Config,
    image::{Image, Symbols},
    machine::semihosting::HeapInfo,
    pins::{Event, Stamped},
    timeline::{Limits, Options, Outcome, Timeline},
    trace::{Header, Log},
    words::Icount,
};

pub use console::{Console, Printed};
pub use program::{CODE, Program, STACK};
pub use random::Random;

/// A run of which only samples are taken.
const LONG: Icount = 10_000_000;
/// How far a fixture without an end is taken.
const ENDLESS: Icount = 3_000_000;

/// The budgets that the laws are held with, and with each another distance between checkpoints.
pub const HISTORIES: [Options; 3] = [
    Options { history: 1 << 20, interval: 20_000 },
    Options { history: 4 << 20, interval: 100_000 },
    Options { history: 64 << 20, interval: 1_000_000 },
];

/// A row of `fixtures.toml`.
#[derive(Clone, Debug, Deserialize)]
pub struct Fixture {
    pub name: String,
    pub board: String,
    pub ends: String,
    #[serde(default)]
    pub input: String,
    /// Who gets the input, if it is not the console.
    to: Option<String>,
    /// What is outside of the chip: a file.
    scenario: Option<String>,
    #[serde(default)]
    pub args: String,
    /// Other boards for the same file. Each is a fixture of its own, see [`Fixture::all`].
    #[serde(default)]
    also: Vec<String>,
    /// The name of the .txt file, if not the fixture's.
    text: Option<String>,
    /// The name of the .elf file; empty: the fixture's.
    #[serde(skip)]
    file: String,
    pub instructions: u64,
}

impl Fixture {
    /// All of them, one for each board that a row names.
    pub fn all() -> Vec<Fixture> {
        #[derive(Deserialize)]
        struct Table {
            fixture: Vec<Fixture>,
        }
        let text = std::fs::read_to_string(directory().join("fixtures.toml")).unwrap();
        let rows = toml::from_str::<Table>(&text).unwrap().fixture;
        rows.into_iter().flat_map(Fixture::on_each_board).collect()
    }

    fn on_each_board(self) -> Vec<Fixture> {
        let on = |board: &String| Fixture {
            name: format!("{} on {board}", self.name),
            board: board.clone(),
            file: self.name.clone(),
            text: Some(self.text.clone().unwrap_or_else(|| self.name.clone())),
            ..self.clone()
        };
        let others: Vec<Fixture> = self.also.iter().map(on).collect();
        std::iter::once(self).chain(others).collect()
    }

    /// The one of that name.
    pub fn find(name: &str) -> Fixture {
        Fixture::all().into_iter().find(|fixture| fixture.name == name).unwrap()
    }

    pub fn elf(&self) -> PathBuf {
        let file = if self.file.is_empty() { &self.name } else { &self.file };
        directory().join(format!("{file}.elf"))
    }

    /// What it prints.
    pub fn text(&self) -> String {
        let name = self.text.as_ref().unwrap_or(&self.name);
        std::fs::read_to_string(directory().join(format!("{name}.txt"))).unwrap()
    }

    /// Where a run of it stops that would go on for ever.
    pub fn limits(&self) -> Limits {
        Limits { icount: (self.ends == "limit").then_some(ENDLESS), time: None }
    }

    /// Whether an outcome is the one that the row asks for.
    pub fn ends_with(&self, outcome: &Outcome) -> bool {
        match (self.ends.as_str(), outcome) {
            ("fault-loop", Outcome::FaultLoop(_)) | ("lockup", Outcome::Lockup) => true,
            ("limit", Outcome::Limit) | ("asleep", Outcome::Asleep) => true,
            (ends, Outcome::Exit(code)) => ends == format!("exit {code}"),
            _ => false,
        }
    }

    pub fn board(&self) -> Board {
        let mut board = Board::find(&self.board).unwrap();
        if let Some(file) = self.scenario() {
            let text = std::fs::read_to_string(&file).unwrap();
            board.add_scenario(&file.to_string_lossy(), &text).unwrap();
        }
        board
    }

    /// The file that tells what is outside of the chip.
    pub fn scenario(&self) -> Option<PathBuf> {
        self.scenario.as_ref().map(|name| directory().join(name))
    }

    pub fn image(&self) -> Image {
        Image::load(self.elf()).unwrap()
    }

    /// Who gets the input.
    pub fn receiver(&self) -> String {
        self.to.clone().or_else(|| self.board().console().map(str::to_owned)).unwrap()
    }

    pub fn config(&self) -> Config {
        Config { vector_table: self.image().vector_table, ..self.board().config() }
    }

    /// The heap as the command line tells it.
    fn heap(&self) -> HeapInfo {
        let image = self.image();
        let stack = image.word(image.vector_table).unwrap();
        HeapInfo::new(&self.config(), stack, Symbols::from_image(&image).symbol_address("end"))
    }

    pub fn header(&self) -> Header {
        let (board, image) = (self.board(), self.image());
        Header {
            untick: env!("CARGO_PKG_VERSION").to_owned(),
            unicorn: untick::core::unicorn_version(),
            board: self.board.clone(),
            board_sources: board.sources().to_record(),
            config: self.config(),
            firmware_name: image.origin.clone(),
            firmware: image.file.to_vec(),
            load_address: None,
            arguments: vec![self.name.clone()],
        }
    }

    /// A live machine at reset, recorded in memory, and what it will print.
    pub fn live(&self) -> (Timeline, Printed) {
        self.live_into(Log::in_memory(self.header()), Options::default())
    }

    pub fn live_into(&self, log: Log, options: Options) -> (Timeline, Printed) {
        let (board, image) = (self.board(), self.image());
        let printed = Printed::default();
        let console = Console::new(&self.receiver(), &self.input, printed.clone());
        let console =
            if self.args.is_empty() { console } else { console.with_files(&self.args, self.heap()) };
        let timeline = Timeline::live(&board, &image, Box::new(console), log, options).unwrap();
        (timeline, printed)
    }

    /// A whole run, recorded once for all tests of a process.
    pub fn recording(&self) -> Arc<Recording> {
        static KEPT: OnceLock<Mutex<HashMap<String, Arc<Recording>>>> = OnceLock::new();
        let mut kept = KEPT.get_or_init(Mutex::default).lock().unwrap();
        kept.entry(self.name.clone()).or_insert_with(|| Arc::new(Recording::of(self))).clone()
    }
}

/// A finished run.
pub struct Recording {
    /// The trace as a file has it.
    pub bytes: Vec<u8>,
    pub outcome: Outcome,
    pub end: Icount,
    /// The digest of the live machine at its end.
    pub digest: u64,
    pub printed: String,
}

impl Recording {
    fn of(fixture: &Fixture) -> Recording {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("run.untick");
        let log = Log::create(&file, fixture.header()).unwrap();
        let (mut timeline, printed) = fixture.live_into(log, Options::default());
        let outcome = timeline.run(&fixture.limits(), &mut || false).unwrap();
        let (end, digest) = (timeline.end().icount, timeline.digest());
        assert_eq!(timeline.now(), timeline.end(), "a run stops in the present");
        timeline.finish().unwrap();
        drop(timeline);
        Recording { bytes: std::fs::read(&file).unwrap(), outcome, end, digest, printed: printed.text() }
    }

    pub fn log(&self) -> Log {
        Log::from_bytes(self.bytes.clone()).unwrap()
    }

    pub fn replay(&self) -> Timeline {
        self.replay_with(Options::default())
    }

    pub fn replay_with(&self, options: Options) -> Timeline {
        Timeline::replay(self.log(), options).unwrap()
    }

    /// A replay in which no way is long: for a reference that is asked often.
    pub fn replay_for_reference(&self) -> Timeline {
        self.replay_with(Options { interval: self.interval(), ..Options::default() })
    }

    /// A distance between checkpoints that gives about two hundred of them.
    pub fn interval(&self) -> Icount {
        (self.end / 200).max(50)
    }

    pub fn events(&self) -> Vec<Stamped> {
        events(&mut self.log())
    }

    /// Those of some events that do not depend on how a run came about: where digests are is the interval's business, and
    /// what is left in rings is logged when a run is finished.
    pub fn comparable(&self, mut events: Vec<Stamped>) -> Vec<Stamped> {
        events.retain(|Stamped { icount, event }| match event {
            Event::Digest(_) => false,
            Event::Output { .. } => icount + 1 < self.end,
            _ => true,
        });
        events
    }

    /// Positions worth a visit: the ends, anywhere, and right beside events. About `count`, fewer in a long run.
    pub fn positions(&self, count: usize, random: &mut Random) -> Vec<Icount> {
        let mut log = self.log();
        let mut positions = vec![0, self.end, self.end.saturating_sub(1), 1.min(self.end)];
        let count = if self.end > LONG { count / 4 } else { count };
        while positions.len() < count {
            let anywhere = random.below(self.end + 1);
            positions.push(anywhere);
            let mark = log.find(anywhere).unwrap();
            if let Some(event) = log.peek(mark).unwrap() {
                let beside = event.icount + random.below(4);
                positions.push(beside.saturating_sub(1).min(self.end));
            }
        }
        positions
    }
}

/// All events of a log, in order.
pub fn events(log: &mut Log) -> Vec<Stamped> {
    let mut mark = log.start();
    std::iter::from_fn(|| log.read(&mut mark).unwrap()).collect()
}

/// Fails with the first event that differs.
#[track_caller]
pub fn assert_same_events(found: &[Stamped], expected: &[Stamped], what: &str) {
    let differs = found.iter().zip(expected).position(|(found, expected)| found != expected);
    if let Some(first) = differs {
        panic!("{what}: event {first} is {:?}, expected {:?}", found[first], expected[first]);
    }
    assert_eq!(found.len(), expected.len(), "{what}: the number of events");
}

/// Holds a law against every fixture; tells all that break it.
pub fn for_each_fixture(law: impl Fn(&Fixture)) {
    for_some_fixtures(|_| true, law);
}

/// Holds a law against the fixtures that it is for.
pub fn for_some_fixtures(is_for: impl Fn(&Fixture) -> bool, law: impl Fn(&Fixture)) {
    let mut fixtures: Vec<Fixture> = Fixture::all().into_iter().filter(|fixture| is_for(fixture)).collect();
    assert!(!fixtures.is_empty(), "the law is for no fixture");
    if let Ok(only) = std::env::var("UNTICK_LAWS_FIXTURE") {
        fixtures.retain(|fixture| fixture.name == only);
    }
    let broken: Vec<String> = fixtures
        .iter()
        .filter(|fixture| catch_unwind(AssertUnwindSafe(|| law(fixture))).is_err())
        .map(|fixture| fixture.name.clone())
        .collect();
    assert!(broken.is_empty(), "broken by {}; each one's reason is above", broken.join(", "));
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/firmware")
}
