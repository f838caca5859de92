//! The registers, and which of their bits a family has.

use bitfield_struct::bitfield;
use serde::{Deserialize, Serialize};

use super::{Family, State, Stm32AdcV2};

pub(super) const ISR: u32 = 0x00;
pub(super) const IER: u32 = 0x04;
pub(super) const CR: u32 = 0x08;
/// CFGR1 on the F0.
pub(super) const CFGR: u32 = 0x0c;
pub(super) const CFGR2: u32 = 0x10;
/// SMPR on the F0.
pub(super) const SMPR1: u32 = 0x14;
pub(super) const SMPR2: u32 = 0x18;
/// TR on the F0.
pub(super) const TR1: u32 = 0x20;
pub(super) const TR2: u32 = 0x24;
pub(super) const TR3: u32 = 0x28;
/// On the F0, where TR3 is on others.
pub(super) const CHSELR: u32 = 0x28;
pub(super) const SQR1: u32 = 0x30;
pub(super) const SQR4: u32 = 0x3c;
pub(super) const DR: u32 = 0x40;
pub(super) const JSQR: u32 = 0x4c;
pub(super) const OFR1: u32 = 0x60;
pub(super) const OFR4: u32 = 0x6c;
pub(super) const JDR1: u32 = 0x80;
pub(super) const JDR4: u32 = 0x8c;
pub(super) const AWD2CR: u32 = 0xa0;
pub(super) const AWD3CR: u32 = 0xa4;
pub(super) const DIFSEL: u32 = 0xb0;
pub(super) const CALFACT: u32 = 0xb4;
/// The F0 has the common register for itself.
pub(super) const F0_CCR: u32 = 0x308;

pub(super) const ADRDY: u32 = 1 << 0;
pub(super) const EOSMP: u32 = 1 << 1;
pub(super) const EOC: u32 = 1 << 2;
/// EOSEQ on the F0.
pub(super) const EOS: u32 = 1 << 3;
pub(super) const OVR: u32 = 1 << 4;
pub(super) const JEOC: u32 = 1 << 5;
pub(super) const JEOS: u32 = 1 << 6;
/// The first of three watchdogs.
pub(super) const AWD1: u32 = 1 << 7;

pub(super) const ADEN: u32 = 1 << 0;
pub(super) const ADDIS: u32 = 1 << 1;
pub(super) const ADSTART: u32 = 1 << 2;
pub(super) const JADSTART: u32 = 1 << 3;
pub(super) const ADSTP: u32 = 1 << 4;
pub(super) const JADSTP: u32 = 1 << 5;
pub(super) const ADVREGEN: u32 = 1 << 28;
/// Deep power down on the L4; the upper bit of ADVREGEN on the F3.
pub(super) const DEEPPWD: u32 = 1 << 29;
pub(super) const ADCALDIF: u32 = 1 << 30;
pub(super) const ADCAL: u32 = 1 << 31;

#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cfgr {
    pub dmaen: bool,
    /// DMA goes round: requests never end.
    pub dmacfg: bool,
    /// Of the F0.
    pub scandir: bool,
    #[bits(2)]
    pub res: u32,
    pub align: bool,
    #[bits(4)]
    pub extsel: u32,
    #[bits(2)]
    pub exten: u32,
    pub ovrmod: bool,
    pub cont: bool,
    /// WAIT on the F0.
    pub autdly: bool,
    pub autoff: bool,
    pub discen: bool,
    #[bits(3)]
    pub discnum: u32,
    pub jdiscen: bool,
    pub jqm: bool,
    pub awd1sgl: bool,
    pub awd1en: bool,
    pub jawd1en: bool,
    pub jauto: bool,
    #[bits(5)]
    pub awd1ch: u32,
    pub jqdis: bool,
}

impl Stm32AdcV2 {
    /// Bits of the stored registers that exist.
    pub(super) fn writable(&self, register: u32) -> u32 {
        match (self.family, register) {
            (Family::F0, IER) => 0x9f,
            (Family::F0, CFGR) => 0x7cc1_fdff,
            (Family::F0, CFGR2) => 0xc000_0000,
            (Family::F0, SMPR1) => 7,
            (_, IER) => 0x7ff,
            (Family::L4, CFGR) => 0xffff_7fff,
            (_, CFGR) => 0x7fff_7ffb,
            (Family::L4, CFGR2) => 0x7ff,
            (_, CFGR2) => 0,
            (_, SMPR1) => 0x3fff_ffff,
            (_, SMPR2) => 0x07ff_ffff,
            (_, TR1) => 0x0fff_0fff,
            (_, TR2 | TR3) => 0x00ff_00ff,
            (_, SQR1) => 0x1f7d_f7cf,
            (_, SQR4) => 0x7df,
            (_, JSQR) => 0x7df7_dfff,
            (_, OFR1..=OFR4) => 0xfc00_0fff,
            (_, AWD2CR | AWD3CR | DIFSEL) => 0x0007_ffff,
            (_, CALFACT) => 0x007f_007f,
            _ => 0x1f7d_f7df,
        }
    }

    /// A register that is stored.
    pub(super) fn stored<'a>(&self, s: &'a mut State, register: u32) -> Option<&'a mut u32> {
        let of = |first: u32| ((register - first) / 4) as usize;
        Some(match register {
            IER => &mut s.ier,
            CFGR2 => &mut s.cfgr2,
            SMPR1 => &mut s.smpr[0],
            TR1 => &mut s.tr[0],
            CHSELR if self.f0() => &mut s.chselr,
            F0_CCR if self.f0() => &mut s.ccr,
            _ if self.f0() => return None,
            SMPR2 => &mut s.smpr[1],
            TR2 | TR3 => &mut s.tr[of(TR1)],
            SQR1..=SQR4 => &mut s.sqr[of(SQR1)],
            JSQR => &mut s.jsqr,
            OFR1..=OFR4 => &mut s.ofr[of(OFR1)],
            AWD2CR | AWD3CR => &mut s.awdcr[of(AWD2CR)],
            DIFSEL => &mut s.difsel,
            CALFACT => &mut s.calfact,
            _ => return None,
        })
    }
}
