//! A peripheral and its place on the bus.

use crate::peripherals::Device;

/// Where an interrupt line of a peripheral goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// To this external interrupt of the NVIC.
    Irq(u16),
    /// To the non-maskable interrupt.
    Nmi,
    /// Nowhere.
    Unconnected,
}

/// A peripheral and its place on the bus.
#[derive(Debug)]
pub struct Mount {
    /// The name on the board.
    pub name: String,
    /// The first address.
    pub base: u32,
    /// Bytes of address space; 0 for a part that is attached to another peripheral.
    pub size: u32,
    /// Where each interrupt line goes; lines beyond the list go nowhere.
    pub targets: Vec<Target>,
    /// The offset of the register that sends what is written to it, if it has one.
    pub transmits: Option<u32>,
    /// The clock that it runs on, of those that the clock controller makes; `None`: always the same one.
    pub clock: Option<usize>,
    /// The peripheral.
    pub device: Box<dyn Device>,
}

impl Mount {
    /// A part that is attached to another peripheral.
    pub fn part(name: String, device: Box<dyn Device>) -> Mount {
        Mount { name, base: 0, size: 0, targets: Vec::new(), transmits: None, clock: None, device }
    }
}
