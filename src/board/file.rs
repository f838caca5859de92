//! What a board file says.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    core::CoreKind,
    peripherals::{Kind, Target},
};

/// A board file (TOML). `extends = "NAME"`, which is not among the fields, takes from that board's file what this one
/// leaves out; a row under `device` replaces the one of the same name.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct BoardFile {
    /// The board's name, as the user types it.
    pub name: String,
    /// One line about it.
    pub about: String,
    /// The file of the chip family: YAML of probe-rs, beside the board file or built in.
    pub chip_file: String,
    /// The chip, a variant in that file.
    pub chip: String,
    /// The processor; the chip file knows only its architecture.
    pub core: CoreKind,
    /// The core clock at reset, in Hz.
    pub clock_hz: u32,
    /// Core clock cycles per tick of SysTick's reference clock; left out when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub systick_reference_divider: Option<u32>,
    /// External interrupt lines.
    pub interrupts: u16,
    /// Implemented priority bits.
    pub priority_bits: u8,
    /// Whether the bit-band regions exist.
    pub bit_band: bool,
    /// The value of VTOR after reset.
    #[serde(default)]
    pub vector_table: u32,
    /// Regions of the MPU; left out, those that the core has by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mpu_regions: Option<u8>,
    /// Whether an Armv8-M core has the Security Extension.
    #[serde(default)]
    pub security_extension: bool,
    /// The SVD file with names and reset values, beside the board file or built in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub svd: Option<String>,
    /// The built-in SVD file of the chip's family, where `svd` is another one: the models go by this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_svd: Option<String>,
    /// The device whose output is standard output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub console: Option<String>,
    /// Whether peripherals of the SVD file that no row covers get models by their registers. False in a trace, where
    /// that has been done.
    #[serde(default)]
    pub bind: bool,
    /// Options of devices that get their models so: by the name of the device.
    #[serde(default)]
    pub options: BTreeMap<String, BTreeMap<String, u32>>,
    /// RAM beside the chip, on its memory controller. It is there from the start, whatever the controller is told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub external_ram: Vec<SpaceRow>,
    /// Memory that appears at other addresses too.
    #[serde(default)]
    pub alias: Vec<AliasRow>,
    /// Addresses where reads and writes without a device are no bus faults.
    #[serde(default)]
    pub peripheral_space: Vec<SpaceRow>,
    /// Addresses at which the peripherals of other addresses appear too, unless something else is there.
    #[serde(default)]
    pub peripheral_alias: Vec<PeripheralAliasRow>,
    /// The peripherals.
    #[serde(default)]
    pub device: Vec<DeviceRow>,
    /// Parts outside of the chip that its controllers talk to.
    #[serde(default)]
    pub part: Vec<PartRow>,
    /// Wires from peripheral to peripheral.
    #[serde(default)]
    pub wire: Vec<WireRow>,
    /// The same, of chips of the family that have the peripherals.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub family_wire: Vec<WireRow>,
}

/// Memory that appears at another address too.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AliasRow {
    /// The region's name in the chip file.
    pub region: String,
    /// The other address.
    pub at: u32,
}

/// A range of addresses.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SpaceRow {
    /// What it is; for the reader of the file.
    pub name: String,
    /// The first address.
    pub base: u32,
    /// Bytes.
    pub size: u32,
}

/// A range of addresses that stands for another one.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PeripheralAliasRow {
    /// The first address.
    pub at: u32,
    /// Bytes.
    pub size: u32,
    /// The address that the first one stands for.
    pub of: u32,
}

/// A peripheral.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeviceRow {
    /// Its name on the board.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// The first address.
    pub base: u32,
    /// Bytes of address space, if not the kind's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u32>,
    /// The clock that it runs on, of those that the chip's clock controller makes; left out, always the same one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock: Option<String>,
    /// Where the interrupt lines go, in the kind's order; the rest go nowhere.
    #[serde(default)]
    pub irqs: Vec<IrqRow>,
    /// Options of the kind.
    #[serde(default)]
    pub options: BTreeMap<String, u32>,
}

impl BoardFile {
    /// The device that makes the chip's clocks, and its kind.
    pub fn clock_controller(&self) -> Option<(&DeviceRow, &'static Kind)> {
        let kinds = self.device.iter().filter_map(|row| Some((row, Kind::find(&row.kind)?)));
        kinds.into_iter().find(|(_, kind)| !kind.clocks.is_empty())
    }
}

impl DeviceRow {
    /// A row without options and interrupts.
    pub fn new(name: &str, kind: &Kind, base: u32) -> DeviceRow {
        DeviceRow {
            name: name.to_owned(),
            kind: kind.name.to_owned(),
            base,
            size: None,
            clock: None,
            irqs: Vec::new(),
            options: BTreeMap::new(),
        }
    }

    /// Bytes of address space.
    pub fn size(&self) -> u32 {
        self.size.or(Kind::find(&self.kind).map(|kind| kind.size)).unwrap_or(0)
    }
}

/// A part outside of the chip.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PartRow {
    /// Its name on the board.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// The controller that talks to it.
    pub on: String,
    /// Options of the kind.
    #[serde(default)]
    pub options: BTreeMap<String, u32>,
}

/// One wire, or neighbouring ones: `gpioa.pin0` to `exti.pin0`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireRow {
    /// A device and its first output.
    pub from: String,
    /// A device and its first input.
    pub to: String,
    /// How many.
    #[serde(default = "one")]
    pub count: u32,
}

fn one() -> u32 {
    1
}

/// Where an interrupt line goes.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(untagged, expecting = "expected an interrupt number, \"nmi\" or \"none\"")]
pub(super) enum IrqRow {
    Number(u16),
    Word(IrqWord),
}

/// A line that has no number.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum IrqWord {
    Nmi,
    None,
}

impl IrqRow {
    pub fn target(self) -> Target {
        match self {
            IrqRow::Number(irq) => Target::Irq(irq),
            IrqRow::Word(IrqWord::Nmi) => Target::Nmi,
            IrqRow::Word(IrqWord::None) => Target::Unconnected,
        }
    }
}
