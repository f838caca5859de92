//! Register names and reset values from CMSIS-SVD files.

mod correct;
mod peripheral;
mod register;

use std::{collections::BTreeMap, ops::Range};

use svd_parser::{Config, ValidateLevel, svd::PeripheralInfo};
use thiserror::Error;

pub use peripheral::{Cpu, Peripheral};
pub use register::{Behaviour, Field, Register};

/// The built-in SVD files.
static FILES: include_dir::Dir<'_> = include_dir::include_dir!("$CARGO_MANIFEST_DIR/svd");

/// Why an SVD file cannot be used.
#[derive(Debug, Error)]
pub enum SvdError {
    /// The text is not an SVD description.
    #[error("not a usable SVD file: {0}; it must be CMSIS-SVD XML as chip vendors publish it")]
    Parse(String),
    /// There is no built-in file of that name.
    #[error("no built-in SVD file {0:?}")]
    NotFound(String),
}

/// The addresses that a peripheral occupies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The peripheral's name.
    pub name: String,
    /// The addresses.
    pub addresses: Range<u32>,
}

/// The registers of a chip, by address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Svd {
    registers: BTreeMap<u32, Register>,
    blocks: Vec<Block>,
    interrupts: BTreeMap<u16, String>,
    peripherals: Vec<Peripheral>,
    cpu: Option<Cpu>,
}

impl Svd {
    /// Reads an SVD description; `derivedFrom` and arrays are resolved.
    pub fn parse(xml: &str) -> Result<Svd, SvdError> {
        // Vendors' files have small mistakes, such as fields of no bits.
        let config = Config::default().validate_level(ValidateLevel::Disabled);
        let config = config.expand(true).expand_properties(true).ignore_enums(true);
        let device = svd_parser::parse_with_config(&correct::corrected(xml), &config)
            .map_err(|error| SvdError::Parse(format!("{error:#}")))?;
        let mut svd = Svd { cpu: device.cpu.as_ref().map(Cpu::of), ..Svd::default() };
        for peripheral in &device.peripherals {
            svd.add(peripheral);
        }
        svd.blocks.sort_by_key(|block| block.addresses.start);
        Ok(svd)
    }

    /// The built-in SVD files.
    pub(crate) fn files() -> &'static include_dir::Dir<'static> {
        &FILES
    }

    /// Reads a built-in SVD file.
    pub fn built_in(file: &str) -> Result<Svd, SvdError> {
        let text = FILES
            .get_file(file)
            .and_then(|file| file.contents_utf8())
            .ok_or_else(|| SvdError::NotFound(file.to_owned()))?;
        Svd::parse(text)
    }

    fn add(&mut self, peripheral: &PeripheralInfo) {
        let Ok(base) = u32::try_from(peripheral.base_address) else { return };
        self.peripherals.push(Peripheral::of(peripheral, base));
        let mut end = base;
        for register in peripheral.all_registers() {
            let register = Register::of(&peripheral.name, base, register);
            end = end.max(register.address.saturating_add(register.size));
            // Of alternate registers at one address, the first gives the name.
            self.registers.entry(register.address).or_insert(register);
        }
        for interrupt in &peripheral.interrupt {
            let Ok(irq) = u16::try_from(interrupt.value) else { continue };
            self.interrupts.entry(irq).or_insert_with(|| interrupt.name.clone());
        }
        let mut declared = false;
        for block in peripheral.address_block.iter().flatten() {
            let start = base.wrapping_add(block.offset);
            let addresses = start..start.saturating_add(block.size);
            self.blocks.push(Block { name: peripheral.name.clone(), addresses });
            declared = true;
        }
        if !declared && end > base {
            self.blocks.push(Block { name: peripheral.name.clone(), addresses: base..end });
        }
    }

    /// The register that the byte at `address` belongs to.
    pub fn register(&self, address: u32) -> Option<&Register> {
        let (_, register) = self.registers.range(..=address).next_back()?;
        (address - register.address < register.size).then_some(register)
    }

    /// The registers within a range of addresses, in order.
    pub fn registers(&self, addresses: Range<u32>) -> impl Iterator<Item = &Register> {
        let addresses = addresses.start..addresses.end.max(addresses.start);
        self.registers.range(addresses).map(|(_, register)| register)
    }

    /// The 32 bits at `address` after reset, as a bus access there sees them: bytes of a register counted from
    /// `address`, zero where no register is. `None` where there is no register at all.
    pub fn reset_value(&self, address: u32) -> Option<u32> {
        let register = self.register(address)?;
        Some(register.reset_value >> (8 * (address - register.address)))
    }

    /// The name of the register at `address`, as in `USART2.SR`.
    pub fn register_name(&self, address: u32) -> Option<&str> {
        self.register(address).map(|register| register.name.as_str())
    }

    /// All registers, by address.
    pub fn all_registers(&self) -> impl Iterator<Item = &Register> {
        self.registers.values()
    }

    /// The external interrupts that have names, by their numbers.
    pub fn interrupts(&self) -> impl Iterator<Item = (u16, &str)> {
        self.interrupts.iter().map(|(irq, name)| (*irq, name.as_str()))
    }

    /// All peripherals, in the order of the file.
    pub fn peripherals(&self) -> &[Peripheral] {
        &self.peripherals
    }

    /// What the file says about the processor.
    pub fn cpu(&self) -> Option<&Cpu> {
        self.cpu.as_ref()
    }

    /// The addresses of all peripherals, sorted by their start.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The peripheral that `address` belongs to.
    pub fn block(&self, address: u32) -> Option<&Block> {
        let after = self.blocks.partition_point(|block| block.addresses.start <= address);
        self.blocks[..after].iter().rev().find(|block| block.addresses.contains(&address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const XML: &str = r#"<device><name>X</name><version>1</version><description>d</description>
        <addressUnitBits>8</addressUnitBits><width>32</width><size>32</size><resetValue>0</resetValue>
        <peripherals>
        <peripheral><name>UART1</name><baseAddress>0x40000000</baseAddress>
          <addressBlock><offset>0</offset><size>0x400</size><usage>registers</usage></addressBlock>
          <interrupt><name>UART1_IRQ</name><value>37</value></interrupt>
          <registers>
            <register><name>SR</name><addressOffset>0</addressOffset><resetValue>0xC0</resetValue><fields>
              <field><name>MODE</name><bitOffset>4</bitOffset><bitWidth>3</bitWidth></field>
              <field><name>EN</name><bitRange>[0:0]</bitRange></field></fields></register>
            <register><name>DR</name><addressOffset>4</addressOffset><size>16</size><access>write-only</access></register>
            <register><dim>2</dim><dimIncrement>4</dimIncrement><name>F%s</name>
              <addressOffset>8</addressOffset><resetValue>0x12345678</resetValue></register>
          </registers></peripheral>
        <peripheral derivedFrom="UART1"><name>UART2</name><baseAddress>0x40001000</baseAddress></peripheral>
        </peripherals></device>"#;

    #[test]
    fn derived_peripherals_and_arrays_have_their_own_names() {
        let svd = Svd::parse(XML).unwrap();
        assert_eq!(svd.register_name(0x4000_0000), Some("UART1.SR"));
        assert_eq!(svd.register_name(0x4000_100c), Some("UART2.F1"));
        assert_eq!(svd.reset_value(0x4000_1000), Some(0xc0));
        assert_eq!(svd.reset_value(0x4000_100a), Some(0x1234), "the upper half of F0");
        assert_eq!(svd.register(0x4000_0006), None, "DR has 16 bits");
        assert!(!svd.register(0x4000_0004).unwrap().readable);
    }

    #[test]
    fn blocks_are_found_by_any_address_within() {
        let svd = Svd::parse(XML).unwrap();
        assert_eq!(svd.block(0x4000_13ff).map(|block| block.name.as_str()), Some("UART2"));
        assert_eq!(svd.block(0x4000_1400), None);
        assert_eq!(svd.block(0x3fff_ffff), None);
    }

    #[test]
    fn a_field_without_bits_is_left_out() {
        let xml = XML.replace("<bitWidth>3</bitWidth>", "<bitWidth>0</bitWidth>");
        let svd = Svd::parse(&xml).unwrap();
        let names: Vec<_> =
            svd.register(0x4000_0000).unwrap().fields.iter().map(|field| &field.name).collect();
        assert_eq!(names, ["EN"]);
    }

    #[test]
    fn fields_and_interrupts_have_names() {
        let svd = Svd::parse(XML).unwrap();
        let fields = &svd.register(0x4000_1000).unwrap().fields;
        let of = |value| fields.iter().map(|field| (&*field.name, field.of(value))).collect::<Vec<_>>();
        assert_eq!(of(0xffff_ffd1), [("EN", 1), ("MODE", 5)]);
        assert_eq!(svd.interrupts().collect::<Vec<_>>(), [(37, "UART1_IRQ")]);
    }

    #[test]
    fn what_is_no_svd_is_an_error() {
        assert!(matches!(Svd::parse("<nothing/>"), Err(SvdError::Parse(_))));
        assert!(matches!(Svd::built_in("none.svd"), Err(SvdError::NotFound(_))));
    }
}
