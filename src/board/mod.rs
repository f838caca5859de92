//! Boards: data files that name a chip and place devices.
//!
//! A board is a TOML file, which may extend another one; the chip that it names is in a YAML file in the format of probe-rs. The built-in ones are in
//! `boards/`.

mod bind;
mod chip;
mod controls;
mod error;
mod extend;
mod file;
mod find;
mod near;
mod ranges;
mod scenario;
mod wires;

use std::{collections::BTreeMap, fmt, ops::Range, path::Path, sync::Arc};

use include_dir::{Dir, include_dir};
use serde::{Deserialize, Serialize};

pub use bind::{Answers, Binding};
pub use error::BoardError;
pub use find::{ChipName, Named};
pub(crate) use near::{hint, hint_or, near};
pub use scenario::{Agenda, At, ScenarioError, Step};
pub use wires::{Transmitter, Wires};

use self::{
    chip::value,
    controls::controls_of,
    file::{BoardFile, DeviceRow, PartRow, WireRow},
};
use crate::{
    core::{Architecture, Config, DeviceRange, Region},
    peripherals::{Bus, BusAlias, Controls, Device, KINDS, Kind, Mount, Policy, Target, Wiring},
    svd::{Register, Svd, SvdError},
};

/// The built-in boards and chips.
static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/boards");

/// The texts that a board was read from. They stand in every trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sources {
    /// The board file, TOML.
    pub board: String,
    /// The chip file, YAML.
    pub chip: String,
    /// The SVD file, if it is not a built-in one.
    pub svd: Option<String>,
}

/// A board: a chip, its memory, and the devices on its bus.
#[derive(Clone, Debug)]
pub struct Board {
    sources: Sources,
    file: BoardFile,
    regions: Vec<Region>,
    devices: Vec<DeviceRange>,
    svd: Option<Arc<Svd>>,
    bindings: Vec<Binding>,
    policy: Policy,
    steps: Vec<Step>,
    parts: Vec<OwnPart>,
}

/// A part that a program made itself.
#[derive(Clone)]
struct OwnPart {
    name: String,
    on: String,
    make: Arc<dyn Fn() -> Box<dyn Device>>,
}

impl fmt::Debug for OwnPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.name, self.on)
    }
}

impl Board {
    /// The names of the built-in boards, sorted.
    pub fn names() -> Vec<&'static str> {
        let files = FILES.files().map(|file| file.path());
        let boards = files.filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
        let mut names: Vec<&str> = boards.filter_map(|path| path.file_stem()?.to_str()).collect();
        names.sort_unstable();
        names
    }

    /// The built-in board of that name.
    pub fn find(name: &str) -> Result<Board, BoardError> {
        let Some(text) = built_in(&format!("{name}.toml")) else {
            let known = Board::names();
            return Err(BoardError::Unknown {
                name: name.to_owned(),
                near: near(name, known.iter().copied()),
                known: known.into_iter().map(str::to_owned).collect(),
            });
        };
        Board::read(&format!("{name}.toml"), text, None)
    }

    /// Reads a board file. The files that it names are beside it, or built in.
    pub fn load(path: &Path) -> Result<Board, BoardError> {
        let text = read(path)?;
        Board::read(&path.display().to_string(), &text, Some(path.parent().unwrap_or(Path::new("."))))
    }

    /// A board from its texts, as a trace keeps them.
    pub fn from_sources(sources: Sources) -> Result<Board, BoardError> {
        let file = parse("board in the trace", &sources.board)?;
        let svd = match (&sources.svd, &file.svd) {
            (Some(text), _) => Some(Svd::parse(text)),
            (None, Some(name)) => match Svd::built_in(name) {
                Err(SvdError::NotFound(_)) => None,
                svd => Some(svd),
            },
            (None, None) => None,
        };
        let svd = svd.transpose().map_err(|cause| BoardError::Svd { board: file.name.clone(), cause })?;
        Board::assemble(sources, file, svd)
    }

    /// The texts that [`Board::from_sources`] takes.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The name, as the user types it.
    pub fn name(&self) -> &str {
        &self.file.name
    }

    /// One line about the board.
    pub fn about(&self) -> &str {
        &self.file.about
    }

    /// The name of the chip.
    pub fn chip(&self) -> &str {
        &self.file.chip
    }

    /// The device whose output is standard output, if the board has one.
    pub fn console(&self) -> Option<&str> {
        self.file.console.as_deref()
    }

    /// The registers of the chip, if the board names an SVD file.
    pub fn svd(&self) -> Option<&Arc<Svd>> {
        self.svd.as_ref()
    }

    /// The name, kind and first address of every device, in the order of the board file.
    pub fn devices(&self) -> impl Iterator<Item = (&str, &str, u32)> {
        self.file.device.iter().map(|row| (row.name.as_str(), row.kind.as_str(), row.base))
    }

    /// The peripherals without a model that seem to be UARTs: what firmware stores in their transmitters is shown.
    pub fn unmodelled_uarts(&self) -> Vec<String> {
        let registers = self.svd.iter().flat_map(|svd| svd.all_registers());
        let senders = registers.filter(|register| register.seems_to_send());
        let has_device = |address: u32| self.device_ranges().any(|(_, range)| range.contains(&address));
        let senders = senders.filter(|register| !has_device(register.address));
        let mut names: Vec<String> =
            senders.map(|register| register.names().0.to_ascii_lowercase()).collect();
        names.dedup();
        names
    }

    /// The addresses of every device, by its name, in the order of the board file.
    pub fn device_ranges(&self) -> impl Iterator<Item = (&str, Range<u32>)> {
        self.file.device.iter().filter_map(|row| {
            let size = row.size.or(Kind::find(&row.kind).map(|kind| kind.size))?;
            Some((row.name.as_str(), row.base..row.base.saturating_add(size)))
        })
    }

    /// The names of external interrupts: those of the SVD file, then the device and its line, as in `uart0-rx`.
    pub fn interrupts(&self) -> impl Iterator<Item = (u16, String)> {
        let known = self.svd.iter().flat_map(|svd| svd.interrupts());
        let known = known.map(|(irq, name)| (irq, name.to_owned()));
        let lines = self.file.device.iter().flat_map(|row| {
            let names = Kind::find(&row.kind).map_or(&[][..], |kind| kind.irqs);
            let named = move |(irq, line): (&file::IrqRow, &&str)| match irq.target() {
                Target::Irq(irq) if names.len() > 1 => Some((irq, format!("{}-{line}", row.name))),
                Target::Irq(irq) => Some((irq, row.name.clone())),
                _ => None,
            };
            row.irqs.iter().zip(names).filter_map(named)
        });
        known.chain(lines)
    }

    /// Who sends bytes to the host, and what appears at a second address.
    pub fn wires(&self) -> Wires {
        Wires::of(&self.file)
    }

    /// What the core is built with.
    pub fn config(&self) -> Config {
        Config {
            core: self.file.core,
            regions: self.regions.clone(),
            devices: self.devices.clone(),
            interrupts: self.file.interrupts,
            priority_bits: self.file.priority_bits,
            clock_hz: self.file.clock_hz,
            systick_reference_divider: self.file.systick_reference_divider,
            bit_band: self.file.bit_band,
            vector_table: self.file.vector_table,
            mpu_regions: self.file.mpu_regions.unwrap_or(self.file.core.default_mpu_regions()),
            security_extension: self.file.security_extension,
            halting_debug: false,
        }
    }

    /// A new bus with the board's devices, just after reset.
    pub fn bus(&self) -> Bus {
        self.build_bus().expect("the board was checked when it was read")
    }

    fn read(file_name: &str, text: &str, beside: Option<&Path>) -> Result<Board, BoardError> {
        Board::read_with(file_name, text, beside, None)
    }

    /// Reads a board file, with another SVD file than the one that it names.
    fn read_with(
        file_name: &str,
        text: &str,
        beside: Option<&Path>,
        other_svd: Option<&Path>,
    ) -> Result<Board, BoardError> {
        let fetch = |name: &str, directory: &Dir<'_>| -> Result<(Option<String>, bool), BoardError> {
            if let Some(path) = beside.map(|beside| beside.join(name)).filter(|path| path.is_file()) {
                return Ok((Some(read(&path)?), false));
            }
            let built_in = directory.get_file(name).and_then(|file| file.contents_utf8());
            Ok((built_in.map(str::to_owned), true))
        };
        let base = |name: &str| {
            let file = format!("{name}.toml");
            let unknown = || BoardError::NoFile { board: file_name.to_owned(), file: file.clone() };
            fetch(&file, &FILES)?.0.ok_or_else(unknown)
        };
        let text = &extend::resolve(file_name, text, &base)?;
        let mut file = parse(file_name, text)?;
        let missing = |name: &str| BoardError::NoFile { board: file_name.to_owned(), file: name.to_owned() };
        let chip = fetch(&file.chip_file, &FILES)?.0.ok_or_else(|| missing(&file.chip_file))?;
        let svd = match (other_svd, &file.svd) {
            (Some(path), _) => {
                let text = read(path)?;
                file.svd = Some(path.display().to_string());
                Some((text, false))
            }
            (None, Some(name)) => {
                let (text, built_in) = fetch(name, Svd::files())?;
                Some((text.ok_or_else(|| missing(name))?, built_in))
            }
            (None, None) => None,
        };
        let own = svd.as_ref().filter(|(_, built_in)| !built_in).map(|(text, _)| text.clone());
        let svd = svd.map(|(text, _)| Svd::parse(&text)).transpose();
        let svd = svd.map_err(|cause| BoardError::Svd { board: file.name.clone(), cause })?;
        Board::assemble(Sources { board: text.to_owned(), chip, svd: own }, file, svd)
    }

    fn assemble(mut sources: Sources, mut file: BoardFile, svd: Option<Svd>) -> Result<Board, BoardError> {
        let chip = chip::find(&file, &sources.chip)?;
        chip::check_core(&file, &chip)?;
        let regions = chip::regions(&file, &chip)?;
        let mut bindings = Vec::new();
        if let (true, Some(svd)) = (file.bind, &svd) {
            bindings = bind::bind(&mut file, svd, &regions);
            // A trace has what came of it: another version may have other models.
            file.bind = false;
            sources.board = toml::to_string(&file).expect("a board file that was read can be written");
        }
        let devices = ranges::devices(&file, svd.as_ref(), &regions);
        let board = Board {
            sources,
            file,
            regions,
            devices,
            svd: svd.map(Arc::new),
            bindings,
            policy: Policy::default(),
            steps: Vec::new(),
            parts: Vec::new(),
        };
        board.check()?;
        board.build_bus()?;
        Ok(board)
    }

    /// Attaches a part of one's own to a controller, which talks to it ([`Peripheral::talk`](crate::peripherals::Peripheral)).
    /// `make` gives it as it is after power-up. A recording does not need it to be replayed.
    pub fn attach(
        &mut self,
        name: &str,
        controller: &str,
        make: impl Fn() -> Box<dyn Device> + 'static,
    ) -> Result<(), BoardError> {
        let part = OwnPart { name: name.to_owned(), on: controller.to_owned(), make: Arc::new(make) };
        let mut board = self.clone();
        board.parts.push(part);
        board.build_bus()?;
        *self = board;
        Ok(())
    }

    /// What happens at registers that no model answers for.
    pub fn set_policy(&mut self, policy: Policy) {
        self.policy = policy;
    }

    /// Who answers for each peripheral of the SVD file; empty for a board out of a trace.
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }

    fn check(&self) -> Result<(), BoardError> {
        let file = &self.file;
        let bad = |field, problem: &str| Err(value(file, field, problem.to_owned()));
        if file.clock_hz == 0 {
            return bad("clock-hz", "is 0; it must be at least 1");
        }
        if file.systick_reference_divider == Some(0) {
            return bad("systick-reference-divider", "is 0; leave it out if there is no reference clock");
        }
        let v6m = file.core.architecture() == Architecture::V6M;
        if v6m && file.interrupts > 32 {
            return bad("interrupts", "is more than 32, which no NVIC of Armv6-M has");
        }
        if file.interrupts > 240 {
            return bad("interrupts", "is more than 240, which no NVIC has");
        }
        if v6m && file.priority_bits != 2 {
            return bad("priority-bits", "must be 2 on Armv6-M");
        }
        if !v6m && !(3..=8).contains(&file.priority_bits) {
            return bad("priority-bits", "must be 3 to 8");
        }
        if file.mpu_regions.is_some_and(|regions| !matches!(regions, 0 | 8 | 12 | 16)) {
            return bad("mpu-regions", "must be 0, 8, 12 or 16");
        }
        let ends = |base: u32, size: u32| base.checked_add(size.max(1) - 1).is_some();
        if !file.peripheral_alias.iter().all(|row| ends(row.at, row.size) && ends(row.of, row.size)) {
            return bad("peripheral-alias", "must lie in 32 bits");
        }
        if let Some(console) = &file.console
            && !file.device.iter().any(|row| row.name == *console)
        {
            return bad("console", &format!("is {console:?}, which is no device of the board"));
        }
        Ok(())
    }

    fn build_bus(&self) -> Result<Bus, BoardError> {
        let mut mounts = self.file.device.iter().map(|row| self.mount(row)).collect::<Result<Vec<_>, _>>()?;
        for part in &self.file.part {
            mounts.push(self.part(part)?);
        }
        for part in &self.parts {
            let (name, device) = (part.name.clone(), (part.make)());
            mounts.push(Mount {
                name,
                base: 0,
                size: 0,
                targets: Vec::new(),
                transmits: None,
                clock: None,
                device,
            });
        }
        let spaces = self.file.peripheral_space.iter();
        let spaces = spaces.map(|space| space.base..space.base.saturating_add(space.size)).collect();
        let aliases = self.file.peripheral_alias.iter();
        let aliases = aliases.map(|row| BusAlias { at: row.at, size: row.size, of: row.of }).collect();
        let bus = Bus::new(mounts, self.svd.clone(), spaces)
            .map_err(|cause| BoardError::Bus { board: self.file.name.clone(), cause })?;
        let mut bus = bus.with_aliases(aliases);
        bus.set_policy(self.policy);
        for wire in &self.file.wire {
            let WireRow { from, to, count } = wire;
            let problem =
                || format!("from {from} to {to}, {count} in number: there are no such outputs and inputs");
            let (from, to) = wire.resolve(&self.file).ok_or_else(|| value(&self.file, "wire", problem()))?;
            bus.connect(from, *count, to).expect("both devices are rows of the board");
        }
        for (device, controls) in self.controls() {
            bus.control(device, controls).expect("the device is a row of the board");
        }
        let rows = self.file.part.iter().map(|part| (&part.name, &part.on));
        for (name, on) in rows.chain(self.parts.iter().map(|part| (&part.name, &part.on))) {
            let attached = bus.attach(name, on);
            attached.map_err(|cause| value(&self.file, &format!("part {name}"), cause.to_string()))?;
        }
        Ok(bus)
    }

    /// The devices whose clocks and resets are bits of the clock controller, with those.
    fn controls(&self) -> impl Iterator<Item = (&str, Controls)> {
        let is_controller =
            |row: &&DeviceRow| Kind::find(&row.kind).is_some_and(|kind| !kind.clocks.is_empty());
        let controller = self.file.device.iter().find(is_controller);
        let found = self.svd.as_deref().zip(controller);
        found.into_iter().flat_map(|(svd, controller)| {
            let registers = controller.base..controller.base.saturating_add(controller.size());
            self.file.device.iter().map(move |row| {
                let peripheral = svd.peripherals().iter().find(|peripheral| peripheral.base == row.base);
                let name =
                    peripheral.map_or(row.name.to_ascii_uppercase(), |described| described.name.clone());
                (row.name.as_str(), controls_of(svd, registers.clone(), &name))
            })
        })
    }

    fn part(&self, row: &PartRow) -> Result<Mount, BoardError> {
        let (kind, wiring) = self.wiring(&row.name, &row.kind, &row.options)?;
        if kind.size != 0 {
            let problem = format!("is of kind {}, which is a peripheral with an address", kind.name);
            return Err(value(&self.file, &format!("part {}", row.name), problem));
        }
        let device = (kind.build)(&wiring);
        Ok(Mount {
            name: row.name.clone(),
            base: 0,
            size: 0,
            targets: Vec::new(),
            transmits: None,
            clock: None,
            device,
        })
    }

    /// The kind of that name, and a wiring with the row's options.
    fn wiring(
        &self,
        device: &str,
        kind: &str,
        options: &BTreeMap<String, u32>,
    ) -> Result<(&'static Kind, Wiring), BoardError> {
        let no_such = |what, name: &str, known: Vec<&str>| BoardError::NoSuch {
            board: self.file.name.clone(),
            device: device.to_owned(),
            what,
            name: name.to_owned(),
            near: near(name, known),
        };
        let kind = Kind::find(kind)
            .ok_or_else(|| no_such("kind", kind, KINDS.iter().map(|kind| kind.name).collect()))?;
        let mut wiring = kind.wiring(self.file.clock_hz);
        for (name, value) in options {
            let slot = wiring.options.iter_mut().find(|(option, _)| option == name);
            let known = || kind.options.iter().map(|option| option.name).collect();
            slot.ok_or_else(|| no_such("option", name, known()))?.1 = *value;
        }
        Ok((kind, wiring))
    }

    fn mount(&self, row: &DeviceRow) -> Result<Mount, BoardError> {
        let (kind, mut wiring) = self.wiring(&row.name, &row.kind, &row.options)?;
        let size = row.size.unwrap_or(kind.size);
        wiring.registers = self.registers(row.base..row.base.saturating_add(size));
        Ok(Mount {
            name: row.name.clone(),
            base: row.base,
            size,
            targets: self.targets(row, kind)?,
            transmits: kind.transmits,
            clock: self.clock(row)?,
            device: (kind.build)(&wiring),
        })
    }

    /// The number of a device's clock among those that the clock controller makes.
    fn clock(&self, row: &DeviceRow) -> Result<Option<usize>, BoardError> {
        let Some(name) = &row.clock else { return Ok(None) };
        let kinds = self.file.device.iter().filter_map(|row| Kind::find(&row.kind));
        let clocks = kinds.map(|kind| kind.clocks).find(|clocks| !clocks.is_empty()).unwrap_or_default();
        let number = clocks.iter().position(|clock| clock == name);
        let problem = || format!("is {name:?}; the chip's clocks are {}", clocks.join(", "));
        number.map(Some).ok_or_else(|| value(&self.file, &format!("clock of {}", row.name), problem()))
    }

    fn targets(&self, row: &DeviceRow, kind: &Kind) -> Result<Vec<Target>, BoardError> {
        let field = format!("irqs of {}", row.name);
        if row.irqs.len() > kind.irqs.len() {
            let problem = format!("has {} lines; {} has {}", row.irqs.len(), kind.name, kind.irqs.len());
            return Err(value(&self.file, &field, problem));
        }
        let targets: Vec<Target> = row.irqs.iter().map(|irq| irq.target()).collect();
        let beyond = |target: &&Target| matches!(target, Target::Irq(irq) if *irq >= self.file.interrupts);
        match targets.iter().find(beyond) {
            Some(target) => {
                let problem = format!("names {target:?}; the board has {} interrupts", self.file.interrupts);
                Err(value(&self.file, &field, problem))
            }
            None => Ok(targets),
        }
    }

    /// What the SVD file says of the registers at some addresses, as offsets from the first.
    fn registers(&self, addresses: Range<u32>) -> Vec<Register> {
        let registers = self.svd.iter().flat_map(|svd| svd.registers(addresses.clone()));
        let relative = |register: &Register| Register {
            address: register.address - addresses.start,
            ..register.clone()
        };
        registers.map(relative).collect()
    }
}

fn built_in(file: &str) -> Option<&'static str> {
    FILES.get_file(file)?.contents_utf8()
}

fn read(path: &Path) -> Result<String, BoardError> {
    std::fs::read_to_string(path).map_err(|cause| BoardError::Read { path: path.to_owned(), cause })
}

fn parse(file: &str, text: &str) -> Result<BoardFile, BoardError> {
    toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let line = text.as_bytes().iter().take(start).filter(|byte| **byte == b'\n').count() + 1;
        let message = error.message().replace('\n', "; ");
        BoardError::Toml { file: file.to_owned(), line, message }
    })
}

#[cfg(test)]
mod tests;
