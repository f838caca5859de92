//! Which model answers for which peripheral of an SVD file: by the registers that it has, not by the number of the part.

mod clocks;
mod interrupts;
mod layout;
mod wires;

use super::file::{BoardFile, DeviceRow};
use crate::{
    core::{Region, RegionKind},
    peripherals::{Described, KINDS, Kind},
    svd::{Peripheral, Register, Svd},
};

/// What became of a peripheral of the SVD file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The peripheral's name in the file.
    pub peripheral: String,
    /// The first address.
    pub base: u32,
    /// Registers in the file.
    pub registers: usize,
    /// Who answers there.
    pub answers: Answers,
}

/// Who answers for a peripheral.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answers {
    /// A model, as this device.
    Model {
        /// The kind.
        kind: &'static str,
        /// The name of the device.
        device: String,
    },
    /// A device that the board file names.
    Board {
        /// The kind.
        kind: String,
        /// The name of the device.
        device: String,
    },
    /// Nobody: its registers store, and what firmware waits for is guessed.
    Generic,
}

/// Adds a device for every peripheral of the SVD file that has a model and that no row of the board covers; connects them.
/// The first `explicit` rows are the board file's own.
pub(super) fn bind(file: &mut BoardFile, explicit: usize, svd: &Svd, regions: &[Region]) -> Vec<Binding> {
    let mut bindings: Vec<Binding> = Vec::new();
    for peripheral in svd.peripherals() {
        let answers = answer(file, explicit, svd, peripheral, regions);
        bindings.push(Binding {
            peripheral: peripheral.name.clone(),
            base: peripheral.base,
            registers: peripheral.registers.len(),
            answers,
        });
    }
    // Of several peripherals at one place also those before the one that has the model.
    for binding in bindings.iter_mut().filter(|binding| binding.answers == Answers::Generic) {
        let at = |row: &&DeviceRow| row.base == binding.base;
        let kind = |row: &DeviceRow| Some((Kind::find(&row.kind)?.name, row.name.clone()));
        if let Some((kind, device)) = file.device.iter().find(at).and_then(kind) {
            binding.answers = Answers::Model { kind, device };
        }
    }
    let transmits = |row: &&DeviceRow| Kind::find(&row.kind).is_some_and(|kind| kind.transmits.is_some());
    if file.console.is_none() {
        file.console = file.device.iter().find(transmits).map(|row| row.name.clone());
    }
    clocks::assign(file);
    wires::connect(file);
    bindings
}

fn answer(
    file: &mut BoardFile,
    explicit: usize,
    svd: &Svd,
    peripheral: &Peripheral,
    regions: &[Region],
) -> Answers {
    let base = peripheral.base;
    let covers = |row: &&DeviceRow| base.wrapping_sub(row.base) < row.size();
    if let Some(row) = file.device.iter().find(covers) {
        let (kind, device) = (row.kind.clone(), row.name.clone());
        let of_board = file.device[..explicit].iter().any(|other| other.name == row.name);
        let kind_found = Kind::find(&kind);
        return match kind_found {
            Some(kind) if !of_board => Answers::Model { kind: kind.name, device },
            _ => Answers::Board { kind, device },
        };
    }
    let Some((kind, options)) = model(svd, peripheral) else { return Answers::Generic };
    let mut row = DeviceRow::new(&peripheral.name.to_lowercase(), kind, base);
    row.irqs = interrupts::of(svd, peripheral, kind, file.interrupts);
    row.options = options;
    let own = file.options.get(&row.name).cloned().unwrap_or_default();
    let facts = facts(&file.chip, regions).map(|(name, value)| (name.to_owned(), value));
    let settings = facts.chain(own);
    for (name, value) in settings {
        if kind.options.iter().any(|option| option.name == name) {
            row.options.insert(name, value);
        }
    }
    // Its registers may reach farther than one page, or less far.
    let next = svd.peripherals().iter().map(|other| other.base).filter(|other| *other > base).min();
    let room = next.map_or(u32::MAX, |next| next - base).min(kind.size);
    row.size = (room < kind.size).then_some(room);
    let device = row.name.clone();
    file.device.push(row);
    Answers::Model { kind: kind.name, device }
}

/// What is known of the chip, for kinds that have such options.
fn facts(chip: &str, regions: &[Region]) -> impl Iterator<Item = (&'static str, u32)> + use<> {
    let first = |kind| regions.iter().find(|region| region.kind == kind);
    let flash =
        first(RegionKind::Flash).map(|flash| [("flash-base", flash.base), ("flash-size", flash.size)]);
    let ram = first(RegionKind::Ram).map(|ram| ("ram-size", ram.size));
    flash.into_iter().flatten().chain(ram).chain(part(chip).map(|part| ("part", part)))
}

/// The digits of a chip's name as hexadecimal ones, as identification registers have them: `nRF52840_xxAA` is 0x52840.
fn part(chip: &str) -> Option<u32> {
    let digits = chip.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    u32::from_str_radix(&digits[..end], 16).ok()
}

/// The kind whose layout fits best, with the options that follow from the file.
fn model(
    svd: &Svd,
    peripheral: &Peripheral,
) -> Option<(&'static Kind, std::collections::BTreeMap<String, u32>)> {
    // Peripherals that share their addresses are one, which shows several faces: the kind decides which.
    let fits = KINDS.iter().flat_map(|kind| kind.layouts.iter().map(move |layout| (kind, layout)));
    let fits = fits.filter(|(_, layout)| layout::fits(layout, peripheral));
    // Of equally good ones the first by name, whatever the order of the table.
    let (kind, layout) =
        fits.max_by_key(|(kind, layout)| (layout.registers.len(), std::cmp::Reverse(kind.name)))?;
    let base = peripheral.base;
    let registers: Vec<&Register> = svd.registers(base..base.saturating_add(kind.size)).collect();
    let described = Described { name: &peripheral.name, base, registers: &registers };
    let told = layout.options.iter().copied().chain((kind.describe)(&described));
    Some((kind, told.map(|(name, value)| (name.to_owned(), value)).collect()))
}

#[cfg(test)]
mod tests;
