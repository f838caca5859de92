//! What an SVD file says about one peripheral, and about the processor.

use svd_parser::svd::{self, PeripheralInfo};

/// One peripheral of the chip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peripheral {
    /// The name.
    pub name: String,
    /// The group that it belongs to, as in `USART`; empty if the file does not say.
    pub group: String,
    /// The first address.
    pub base: u32,
    /// Bytes of address space.
    pub size: u32,
    /// Names and offsets of its registers, also of several at one place.
    pub registers: Vec<(String, u32)>,
    /// The interrupts that stand under it: number and name.
    pub interrupts: Vec<(u16, String)>,
}

/// What the file says about the processor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cpu {
    /// The name in CMSIS's manner, as in `CM4`.
    pub name: String,
    /// Whether there is a floating-point unit.
    pub fpu: bool,
    /// Whether it computes in double precision.
    pub double_precision: bool,
    /// Implemented priority bits.
    pub priority_bits: u32,
    /// Whether there is a memory protection unit.
    pub mpu: bool,
}

impl Peripheral {
    pub(super) fn of(peripheral: &PeripheralInfo, base: u32) -> Peripheral {
        let registers: Vec<(String, u32)> = peripheral
            .all_registers()
            .map(|register| (register.name.clone(), register.address_offset))
            .collect();
        let blocks = peripheral.address_block.iter().flatten();
        let declared = blocks.map(|block| block.offset.saturating_add(block.size)).max();
        let last = registers.iter().map(|(_, offset)| offset.saturating_add(4)).max();
        let interrupts = peripheral
            .interrupt
            .iter()
            .filter_map(|interrupt| Some((u16::try_from(interrupt.value).ok()?, interrupt.name.clone())));
        Peripheral {
            name: peripheral.name.clone(),
            group: peripheral.group_name.clone().unwrap_or_default(),
            base,
            size: declared.or(last).unwrap_or(0),
            registers,
            interrupts: interrupts.collect(),
        }
    }
}

impl Cpu {
    pub(super) fn of(cpu: &svd::Cpu) -> Cpu {
        Cpu {
            name: cpu.name.clone(),
            fpu: cpu.fpu_present,
            double_precision: cpu.fpu_double_precision.unwrap_or(false),
            priority_bits: cpu.nvic_priority_bits,
            mpu: cpu.mpu_present,
        }
    }
}
