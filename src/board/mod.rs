//! Boards: data files that name a chip and place devices.
//!
//! A board is a TOML file, which may extend another one; the chip that it names is in a YAML file in the format of probe-rs. The built-in ones are in
//! `boards/`.

mod bind;
mod build;
mod chip;
mod controls;
mod error;
mod extend;
mod file;
mod find;
mod load;
mod near;
mod ranges;
mod scenario;
mod wires;

use std::{fmt, ops::Range, path::Path, sync::Arc};

use include_dir::{Dir, include_dir};
use serde::{Deserialize, Serialize};

pub use bind::{Answers, Binding};
pub use error::BoardError;
pub use find::{ChipName, Named};
pub(crate) use near::{hint, hint_or, near};
pub use scenario::{Agenda, At, ScenarioError, Step};
pub use wires::{Transmitter, Wires};

use self::{
    file::BoardFile,
    load::{built_in, parse, read},
};
use crate::{
    core::{Config, DeviceRange, Region},
    peripherals::{Bus, Device, Kind, Policy, Target},
    svd::{Svd, SvdError},
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
    /// That of the family, if the other one is a user's.
    family: Option<Svd>,
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
            senders.map(|register| register.peripheral_name().to_ascii_lowercase()).collect();
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
}

#[cfg(test)]
mod tests;
