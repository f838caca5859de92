//! What a board file says.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{core::CoreKind, peripherals::Target};

/// A board file (TOML). `extends = "NAME"`, which is not among the fields, takes from that board's file what this one
/// leaves out; a row under `device` replaces the one of the same name.
#[derive(Clone, Debug, Deserialize)]
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
    pub mpu_regions: Option<u8>,
    /// Whether an Armv8-M core has the Security Extension.
    #[serde(default)]
    pub security_extension: bool,
    /// The SVD file with names and reset values, beside the board file or built in.
    pub svd: Option<String>,
    /// The device whose output is standard output.
    pub console: Option<String>,
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
}

/// Memory that appears at another address too.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AliasRow {
    /// The region's name in the chip file.
    pub region: String,
    /// The other address.
    pub at: u32,
}

/// A range of addresses.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SpaceRow {
    /// What it is; for the reader of the file.
    #[serde(rename = "name")]
    pub _name: String,
    /// The first address.
    pub base: u32,
    /// Bytes.
    pub size: u32,
}

/// A range of addresses that stands for another one.
#[derive(Clone, Debug, Deserialize)]
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
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeviceRow {
    /// Its name on the board.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// The first address.
    pub base: u32,
    /// Bytes of address space, if not the kind's.
    pub size: Option<u32>,
    /// Where the interrupt lines go, in the kind's order; the rest go nowhere.
    #[serde(default)]
    pub irqs: Vec<IrqRow>,
    /// Options of the kind.
    #[serde(default)]
    pub options: BTreeMap<String, u32>,
}

/// Where an interrupt line goes.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged, expecting = "expected an interrupt number, \"nmi\" or \"none\"")]
pub(super) enum IrqRow {
    Number(u16),
    Word(IrqWord),
}

/// A line that has no number.
#[derive(Clone, Copy, Debug, Deserialize)]
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
