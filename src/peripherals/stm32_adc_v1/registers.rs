//! The registers, whose places and bits are not the same in all families.

use bitfield_struct::bitfield;
use serde::{Deserialize, Serialize};

use super::Family;

pub(super) const SR: u32 = 0x00;
pub(super) const CR1: u32 = 0x04;
pub(super) const CR2: u32 = 0x08;
/// In DR's upper half on the F1: the other converter's sample. Not here.
pub(super) const DR: u32 = 0x4c;
pub(super) const L1_DR: u32 = 0x58;

pub(super) const AWD: u32 = 1 << 0;
pub(super) const EOC: u32 = 1 << 1;
pub(super) const JEOC: u32 = 1 << 2;
pub(super) const JSTRT: u32 = 1 << 3;
pub(super) const STRT: u32 = 1 << 4;
pub(super) const OVR: u32 = 1 << 5;
pub(super) const ADONS: u32 = 1 << 6;

/// EXTSEL and JEXTSEL of the F1: started by software.
pub(super) const SOFTWARE: u32 = 7;

#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cr1 {
    #[bits(5)]
    pub awdch: u32,
    pub eocie: bool,
    pub awdie: bool,
    pub jeocie: bool,
    pub scan: bool,
    pub awdsgl: bool,
    pub jauto: bool,
    pub discen: bool,
    pub jdiscen: bool,
    #[bits(3)]
    pub discnum: u32,
    #[bits(6)]
    pub dual: u32,
    pub jawden: bool,
    pub awden: bool,
    #[bits(2)]
    pub res: u32,
    pub ovrie: bool,
    #[bits(5)]
    __: u32,
}

/// CR2 of all, in the places of the F2.
#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cr2 {
    pub adon: bool,
    pub cont: bool,
    pub adc_cfg: bool,
    __: bool,
    #[bits(3)]
    pub dels: u32,
    __: bool,
    pub dma: bool,
    pub dds: bool,
    pub eocs: bool,
    pub align: bool,
    #[bits(4)]
    __: u32,
    #[bits(4)]
    pub jextsel: u32,
    #[bits(2)]
    pub jexten: u32,
    pub jswstart: bool,
    __: bool,
    #[bits(4)]
    pub extsel: u32,
    #[bits(2)]
    pub exten: u32,
    pub swstart: bool,
    __: bool,
}

/// CR2 of the F1.
#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct F1Cr2 {
    pub adon: bool,
    pub cont: bool,
    pub cal: bool,
    pub rstcal: bool,
    #[bits(4)]
    __: u32,
    pub dma: bool,
    #[bits(2)]
    __: u32,
    pub align: bool,
    #[bits(3)]
    pub jextsel: u32,
    pub jexttrig: bool,
    __: bool,
    #[bits(3)]
    pub extsel: u32,
    pub exttrig: bool,
    pub jswstart: bool,
    pub swstart: bool,
    pub tsvrefe: bool,
    #[bits(8)]
    __: u32,
}

impl Cr2 {
    /// From what is written to the F1's.
    pub(super) fn of_f1(cr2: F1Cr2) -> Cr2 {
        Cr2::new()
            .with_adon(cr2.adon())
            .with_cont(cr2.cont())
            .with_dma(cr2.dma())
            .with_align(cr2.align())
            .with_jextsel(cr2.jextsel())
            .with_jexten(u32::from(cr2.jexttrig()))
            .with_jswstart(cr2.jswstart())
            .with_extsel(cr2.extsel())
            .with_exten(u32::from(cr2.exttrig()))
            .with_swstart(cr2.swstart())
    }

    pub(super) fn to_f1(self) -> F1Cr2 {
        F1Cr2::new()
            .with_adon(self.adon())
            .with_cont(self.cont())
            .with_dma(self.dma())
            .with_align(self.align())
            .with_jextsel(self.jextsel())
            .with_jexttrig(self.jexten() != 0)
            .with_extsel(self.extsel())
            .with_exttrig(self.exten() != 0)
    }
}

/// A register by what it is, wherever the family has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Register {
    Sr,
    Cr1,
    Cr2,
    /// Ten channels each, from channel 0 on.
    Smpr(usize),
    Jofr(usize),
    Htr,
    Ltr,
    /// Six ranks each, from rank 1 on; the last one has L.
    Sqr(usize),
    Jsqr,
    Jdr(usize),
    Dr,
}

impl Family {
    pub(super) fn register(self, offset: u32) -> Option<Register> {
        use Register::{Cr1, Cr2, Dr, Htr, Jdr, Jofr, Jsqr, Ltr, Smpr, Sqr, Sr};
        let index = |first: u32| ((offset - first) / 4) as usize;
        Some(match offset {
            SR => Sr,
            CR1 => Cr1,
            CR2 => Cr2,
            _ if self == Family::L1 => match offset {
                0x0c..=0x14 => Smpr(2 - index(0x0c)),
                0x18..=0x24 => Jofr(index(0x18)),
                0x28 => Htr,
                0x2c => Ltr,
                0x30..=0x40 => Sqr(4 - index(0x30)),
                0x44 => Jsqr,
                0x48..=0x54 => Jdr(index(0x48)),
                L1_DR => Dr,
                0x5c => Smpr(3),
                _ => return None,
            },
            0x0c..=0x10 => Smpr(1 - index(0x0c)),
            0x14..=0x20 => Jofr(index(0x14)),
            0x24 => Htr,
            0x28 => Ltr,
            0x2c..=0x34 => Sqr(2 - index(0x2c)),
            0x38 => Jsqr,
            0x3c..=0x48 => Jdr(index(0x3c)),
            DR => Dr,
            _ => return None,
        })
    }

    /// Bits of CR1 that exist.
    pub(super) fn cr1(self) -> u32 {
        match self {
            Family::F1 => 0x00cf_ffff,
            Family::F4 => 0x07c0_ffff,
            Family::L1 => 0x07c3_ffff,
        }
    }

    /// Bits of CR2, in the places of the F2, that exist and stay.
    pub(super) fn cr2(self) -> u32 {
        match self {
            Family::F1 | Family::F4 => 0x3f3f_0f03,
            Family::L1 => 0x3f3f_0f77,
        }
    }

    /// The index of the last sequence register, which has L.
    pub(super) fn last_sqr(self) -> usize {
        if self == Family::L1 { 4 } else { 2 }
    }
}
