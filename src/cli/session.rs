//! From files to a timeline: the one place in the command line that puts the library's parts together.

use std::path::{Path, PathBuf};

use anyhow::Context;
use untick::{
    board::{Board, Named},
    core::{Config, RegionKind},
    debug::Debuggee,
    fault::{Fault, Report},
    image::{Image, Symbols},
    machine::{
        self,
        semihosting::{HeapInfo, Semihosting},
    },
    peripherals::Unclocked,
    timeline::{self, Outcome, Timeline},
    trace::{Header, Log},
};

use super::{
    History, Limits, Outside, Place, Target,
    console::{self, Input, Screen, Terminal, Typed, Where, Wire},
    ending::Why,
    interrupt::{Deadline, Interrupt},
    show,
};

/// What a live run begins with, checked: image and board fit together.
pub struct Firmware {
    pub board: Board,
    pub config: Config,
    pub image: Image,
    pub symbols: Symbols,
    command_line: String,
}

impl Place {
    /// The board that is meant.
    pub fn find(&self) -> anyhow::Result<Board> {
        let named = Named {
            chip: self.chip.clone(),
            description: self.chip_description.clone(),
            svd: self.svd.clone(),
        };
        let mut board = match (&self.board, &self.svd) {
            (Some(board), Some(svd)) => Board::with_svd(board, svd)?,
            (Some(board), None) if is_board_file(board) => Board::load(Path::new(board))?,
            (Some(board), None) => Board::find(board)?,
            (None, _) => Board::for_chip(&named)?,
        };
        board.set_policy(self.unmodelled);
        Ok(board)
    }

    /// The same place on a command line.
    pub fn arguments(&self) -> String {
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        let all = [
            ("--board", self.board.clone()),
            ("--chip", self.chip.clone()),
            ("--chip-description", path(&self.chip_description)),
            ("--svd", path(&self.svd)),
        ];
        let given = all.into_iter().filter_map(|(option, value)| Some(format!("{option} {}", value?)));
        given.collect::<Vec<_>>().join(" ")
    }
}

/// The board of that name or file, else the chip of that name.
pub fn board_or_chip(name: &str) -> anyhow::Result<Board> {
    if is_board_file(name) {
        return Ok(Board::load(Path::new(name))?);
    }
    if Board::names().contains(&name) {
        return Ok(Board::find(name)?);
    }
    Ok(Board::for_chip(&Named { chip: Some(name.to_owned()), ..Named::default() })?)
}

fn is_board_file(board: &str) -> bool {
    Path::new(board).extension().is_some_and(|extension| extension == "toml")
}

impl Firmware {
    /// Reads the image and the board. Nothing is written before this has succeeded.
    pub fn load(target: &Target, outside: &Outside) -> anyhow::Result<Firmware> {
        let mut board = target.place.find()?;
        for path in &outside.scenario {
            let file = path.display().to_string();
            let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {file}"))?;
            board.add_scenario(&file, &text)?;
        }
        let mut image = Image::load_at(&target.firmware, target.load)?;
        let mut config = board.config();
        image.fit(&mut config, target.vector_table)?;
        let symbols = Symbols::from_image(&image);
        let command_line =
            target.args.clone().unwrap_or_else(|| target.firmware.to_string_lossy().into_owned());
        Ok(Firmware { board, config, image, symbols, command_line })
    }

    /// The terminal, and whatever else `outside` names, as host of the machine. No file is created where one of
    /// `precious` is.
    pub fn terminal(
        &self,
        outside: &Outside,
        precious: &[&Path],
        input: Input,
        interrupt: Interrupt,
    ) -> anyhow::Result<Terminal> {
        for wire in &outside.uart {
            machine::find_device(&self.board, &wire.device)?;
        }
        let wires: Vec<Wire> = outside.uart.iter().chain(&outside.rtt).cloned().collect();
        let directory = std::env::current_dir().context("cannot tell the current directory")?;
        let stack = self.image.word(self.config.vector_table).unwrap_or(0);
        // Where linker scripts say that the heap may begin: newlib's names, then cortex-m-rt's.
        let end = ["end", "_end", "__end__", "__sheap"];
        let end = end.iter().find_map(|name| self.symbols.symbol_address(name));
        let heap = HeapInfo::new(&self.config, stack, end);
        let semihosting = Semihosting::new(self.command_line.clone(), heap, directory);
        let routes = console::connect(&wires, precious, &interrupt)?;
        let typed = match wires.into_iter().find(|wire| wire.to == Where::Stdio) {
            Some(wire) => Typed::For(wire.device),
            // One that leads elsewhere has another keyboard.
            None => Typed::Default(
                self.board.console().filter(|name| !routes.contains_key(*name)).map(str::to_owned),
            ),
        };
        let screen = Screen::new(outside.timestamps, interrupt.clone());
        Ok(Terminal::new(semihosting, screen, input, typed, routes, interrupt))
    }

    /// A new recording, in a file if one is named.
    pub fn log(&self, file: Option<&Path>) -> anyhow::Result<Log> {
        let header = Header {
            untick: env!("CARGO_PKG_VERSION").to_owned(),
            unicorn: untick::core::unicorn_version(),
            board: self.board.name().to_owned(),
            board_sources: self.board.sources().to_record(),
            config: self.config.clone(),
            firmware_name: self.image.origin.clone(),
            firmware: self.image.file.to_vec(),
            load_address: self.image.load_address,
            arguments: vec![self.command_line.clone()],
        };
        Ok(match file {
            Some(file) => Log::create(file, header)?,
            None => Log::in_memory(header),
        })
    }

    /// The run at reset.
    pub fn start(&self, terminal: Terminal, log: Log, history: &History) -> anyhow::Result<Timeline> {
        Ok(Timeline::live(&self.board, &self.image, Box::new(terminal), log, options(history))?)
    }
}

fn options(history: &History) -> timeline::Options {
    timeline::Options { history: history.history, ..Default::default() }
}

/// Runs until the machine ends, a limit is reached, or the host wants the end.
pub fn run(timeline: &mut Timeline, limits: &Limits, interrupt: &Interrupt) -> anyhow::Result<Why> {
    let deadline = Deadline::after(limits.timeout);
    let until = timeline::Limits { icount: limits.until_icount, time: limits.time };
    let outcome = timeline.run(&until, &mut || interrupt.is_wanted() || deadline.has_passed())?;
    let timeout = outcome == Outcome::Interrupted && !interrupt.is_wanted();
    Ok(if timeout { Why::Timeout } else { Why::Outcome(outcome) })
}

/// Writes the end of the recording.
pub fn finish(timeline: &mut Timeline) -> anyhow::Result<()> {
    Ok(timeline.finish()?)
}

/// The last fault in words: what, where, and how the firmware got there. Moves the timeline to it.
pub fn last_fault(timeline: &mut Timeline, symbols: &Symbols) -> anyhow::Result<Option<Report>> {
    let Some(fault) = timeline.fault() else { return Ok(None) };
    // A report reads memory as the exception found it, before the handler wrote its own.
    timeline.seek(fault.at.icount.saturating_add(1))?;
    Ok(Some(fault_report(&fault, timeline, symbols)))
}

/// A fault in words, told from the debuggee's present memory.
pub fn fault_report(fault: &Fault, debuggee: &dyn Debuggee, symbols: &Symbols) -> Report {
    let memory = |address: u32, bytes: &mut [u8]| debuggee.peek(address, bytes);
    Report::new(fault, symbols, debuggee.config(), &memory)
}

/// What the firmware used and should know of: registers that no model answers for, by name, those that it waited for with
/// what it got; peripherals that had no clock.
pub fn remarks(timeline: &Timeline) -> Vec<String> {
    let unmodelled = timeline.unmodelled().into_iter().map(|register| format!("not modelled: {register}"));
    let guesses = timeline.guesses().into_iter().map(|guess| format!("not modelled: guessed {guess}"));
    let unclocked = timeline.unclocked().into_iter().map(|Unclocked { device, bit, accesses }| {
        let what = if accesses == 1 { "access" } else { "accesses" };
        let count = show::count(accesses);
        format!("no clock: {count} {what} to {device} while {bit} was 0; a chip ignores them, or faults")
    });
    unmodelled.chain(guesses).chain(unclocked).collect()
}

/// A recorded run.
pub struct Recording {
    pub image: Image,
    pub symbols: Symbols,
    pub log: Log,
}

impl Recording {
    /// Opens a trace.
    pub fn open(trace: &Path) -> anyhow::Result<Recording> {
        let log = Log::open(trace)?;
        let header = log.header();
        let (file, origin) = (header.firmware.clone(), header.firmware_name.clone());
        let image = Image::parse_at(file, origin, header.load_address)
            .with_context(|| format!("{}: the firmware in the trace", trace.display()))?;
        let symbols = Symbols::from_image(&image);
        Ok(Recording { image, symbols, log })
    }

    /// The recorded run at its start.
    pub fn replay(self, history: &History) -> anyhow::Result<(Timeline, Image, Symbols)> {
        Ok((Timeline::replay(self.log, options(history))?, self.image, self.symbols))
    }
}

/// The boards that are known by name, with what their cores are built with.
pub fn boards() -> anyhow::Result<Vec<(String, Config)>> {
    let board = |name: &str| Ok((name.to_owned(), Board::find(name)?.config().clone()));
    Board::names().into_iter().map(board).collect()
}

/// Flash and RAM in words; what there is none of is left out.
pub fn memory(config: &Config) -> String {
    let total = |kind, name| {
        let regions = config.regions.iter().filter(|region| region.kind == kind);
        let sum: u64 = regions.map(|region| u64::from(region.size)).sum();
        (sum > 0).then(|| format!("{} {name}", show::size(sum)))
    };
    let parts = [total(RegionKind::Flash, "flash"), total(RegionKind::Ram, "RAM")];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
