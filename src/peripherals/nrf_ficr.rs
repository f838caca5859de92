//! nRF FICR (nRF51 Series Reference Manual 3.0, chapter 7; nRF52840 Product Specification 1.1, 4.4): what was written into the
//! chip when it was made. It cannot be changed.
//!
//! What the SVD file does not describe reads as zero. Startup code looks there for the revision of the chip; zero is none
//! that it knows, so that it works around no erratum.

use super::{
    Access, Context, Device, Peripheral, Slot,
    kinds::{Kind, KindOption, Layout, Wiring},
};
use crate::words::BusFault;

const CODEPAGESIZE: u32 = 0x10;
const CODESIZE: u32 = 0x14;
const NUMRAMBLOCK: u32 = 0x34;
const SIZERAMBLOCKS: u32 = 0x38;
const INFO_PART: u32 = 0x100;
const INFO_VARIANT: u32 = 0x104;
const INFO_PACKAGE: u32 = 0x108;
const INFO_RAM: u32 = 0x10c;
const INFO_FLASH: u32 = 0x110;

/// An option that overrides the SVD file.
const fn option(name: &'static str, about: &'static str) -> KindOption {
    KindOption { name, about, default: 0 }
}

pub(super) const KIND: Kind = Kind {
    name: "nrf-ficr",
    about: "nRF factory information (nRF51 RM 7, nRF52840 PS 4.4)",
    size: 0x1000,
    layouts: &[Layout::of(&[
        ("CODEPAGESIZE", CODEPAGESIZE),
        ("CODESIZE", CODESIZE),
        ("DEVICEID0", 0x60),
        ("DEVICEADDR0", 0xa4),
    ])],
    options: &[
        option("part", "INFO.PART; 0: as the SVD file says"),
        option("variant", "INFO.VARIANT, the same"),
        option("package", "INFO.PACKAGE, the same"),
        option("ram-size", "bytes of RAM, from which INFO.RAM and NUMRAMBLOCK follow, the same"),
        option("flash-size", "bytes of flash, from which CODESIZE and INFO.FLASH follow, the same"),
    ],
    build: |wiring: &Wiring| -> Box<dyn Device> { Box::new(Slot::new(NrfFicr::new(wiring))) },
    ..Kind::PLAIN
};

/// Words by their offsets.
struct NrfFicr(Vec<(u32, u32)>);

impl NrfFicr {
    fn new(wiring: &Wiring) -> NrfFicr {
        let (ram, flash) = (wiring.option("ram-size"), wiring.option("flash-size"));
        let unit = |register| wiring.reset_value(register).unwrap_or(0).max(1);
        let mut set = vec![
            (INFO_PART, wiring.option("part")),
            (INFO_VARIANT, wiring.option("variant")),
            (INFO_PACKAGE, wiring.option("package")),
            (INFO_RAM, ram / 1024),
            (INFO_FLASH, flash / 1024),
            (NUMRAMBLOCK, ram / unit(SIZERAMBLOCKS)),
            (CODESIZE, flash / unit(CODEPAGESIZE)),
        ];
        set.retain(|(register, value)| *value != 0 && wiring.reset_value(*register).is_some());
        set.extend(wiring.registers.iter().map(|register| (register.address, register.reset_value)));
        NrfFicr(set)
    }
}

impl Peripheral for NrfFicr {
    type State = ();

    fn read(&self, _s: &mut (), at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let found = self.0.iter().find(|(register, _)| *register == at.register());
        Ok(at.take(found.map_or(0, |(_, value)| *value)))
    }

    fn write(&self, _s: &mut (), _at: Access, _value: u32, _cx: &mut Context<'_>) -> Result<(), BusFault> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{peripherals::testbed::Testbed, svd::Svd};

    #[test]
    fn options_come_before_the_svd_file() {
        let svd = Svd::built_in("nrf52.svd").unwrap();
        let registers = || {
            let registers = svd.registers(0x1000_0000..0x1000_1000);
            registers
                .map(|r| crate::svd::Register { address: r.address - 0x1000_0000, ..r.clone() })
                .collect()
        };
        let mut ficr = Testbed::with_registers("nrf-ficr", registers());
        assert_eq!((ficr.read(INFO_PART), ficr.read(CODESIZE), ficr.read(0x130)), (0x5_2840, 0x100, 0));
        let options = &[("part", 0x5_2832), ("flash-size", 0x8_0000)];
        let mut ficr = Testbed::with_options_and_registers("nrf-ficr", options, registers());
        assert_eq!(
            (ficr.read(INFO_PART), ficr.read(CODESIZE), ficr.read(INFO_FLASH)),
            (0x5_2832, 0x80, 0x200)
        );
        ficr.write(INFO_PART, 1);
        assert_eq!(ficr.read(INFO_PART), 0x5_2832);
    }
}
