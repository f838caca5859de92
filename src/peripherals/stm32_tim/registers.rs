//! The registers (RM0090 17.4; RM0316 20.4).

use bitfield_struct::bitfield;
use serde::{Deserialize, Serialize};

use super::{State, Stm32Tim};

pub(super) const CR1: u32 = 0x00;
pub(super) const CR2: u32 = 0x04;
pub(super) const SMCR: u32 = 0x08;
pub(super) const DIER: u32 = 0x0c;
pub(super) const SR: u32 = 0x10;
pub(super) const EGR: u32 = 0x14;
pub(super) const CCMR1: u32 = 0x18;
pub(super) const CCMR2: u32 = 0x1c;
pub(super) const CCER: u32 = 0x20;
pub(super) const CNT: u32 = 0x24;
pub(super) const PSC: u32 = 0x28;
pub(super) const ARR: u32 = 0x2c;
pub(super) const RCR: u32 = 0x30;
pub(super) const CCR1: u32 = 0x34;
pub(super) const CCR4: u32 = 0x40;
pub(super) const BDTR: u32 = 0x44;
pub(super) const DCR: u32 = 0x48;
pub(super) const DMAR: u32 = 0x4c;
pub(super) const OR: u32 = 0x50;
pub(super) const CCMR3: u32 = 0x54;
pub(super) const CCR5: u32 = 0x58;
pub(super) const CCR6: u32 = 0x5c;
pub(super) const OR2: u32 = 0x60;
pub(super) const OR3: u32 = 0x64;

// Bits of SR; of DIER, the DMA requests are 8 above; of EGR, the same.
pub(super) const UIF: u32 = 1;
/// CC1IF to CC4IF.
pub(super) const CCIF: u32 = 0x1e;
pub(super) const COMIF: u32 = 1 << 5;
pub(super) const TIF: u32 = 1 << 6;
pub(super) const BIF: u32 = 1 << 7;
pub(super) const B2IF: u32 = 1 << 8;

// Events that are no bits of SR.
/// An update event, whether it sets UIF or not.
pub(super) const UPDATE: u32 = 1 << 31;
/// The counter was started over by UG or the slave mode controller.
pub(super) const RESTART: u32 = 1 << 30;
/// A burst goes on.
pub(super) const BURST: u32 = 1 << 29;

/// In CNT, the copy of UIF.
pub(super) const UIFCPY: u32 = 1 << 31;

#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cr1 {
    pub cen: bool,
    pub udis: bool,
    pub urs: bool,
    pub opm: bool,
    pub dir: bool,
    #[bits(2)]
    pub cms: u32,
    pub arpe: bool,
    #[bits(2)]
    pub ckd: u32,
    _1: bool,
    pub uifremap: bool,
    #[bits(20)]
    __: u32,
}

#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cr2 {
    pub ccpc: bool,
    _1: bool,
    pub ccus: bool,
    pub ccds: bool,
    #[bits(3)]
    pub mms: u32,
    pub ti1s: bool,
    /// OIS1, OIS1N, OIS2 and so on.
    #[bits(12)]
    pub ois: u32,
    #[bits(4)]
    pub mms2: u32,
    #[bits(8)]
    __: u32,
}

#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Smcr {
    #[bits(3)]
    pub sms: u32,
    pub occs: bool,
    #[bits(3)]
    pub ts: u32,
    pub msm: bool,
    #[bits(4)]
    pub etf: u32,
    #[bits(2)]
    pub etps: u32,
    pub ece: bool,
    pub etp: bool,
    pub sms_3: bool,
    #[bits(15)]
    __: u32,
}

impl Smcr {
    /// The slave mode, all bits of it.
    pub fn mode(self) -> u32 {
        self.sms() | u32::from(self.sms_3()) << 3
    }

    /// Whether TI1 and TI2 come from an encoder.
    pub fn encodes(self) -> bool {
        matches!(self.mode(), 1..=3)
    }
}

#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Bdtr {
    pub dtg: u8,
    #[bits(2)]
    pub lock: u32,
    pub ossi: bool,
    pub ossr: bool,
    pub bke: bool,
    pub bkp: bool,
    pub aoe: bool,
    pub moe: bool,
    pub rest: u16,
}

#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Dcr {
    #[bits(5)]
    pub dba: u32,
    #[bits(3)]
    _1: u32,
    #[bits(5)]
    pub dbl: u32,
    #[bits(19)]
    __: u32,
}

/// The flag of a channel in SR.
pub(super) fn flag(channel: usize) -> u32 {
    if channel < 4 { 2 << channel } else { 1 << (12 + channel) }
}

/// The channel of CCR1 to CCR6.
pub(super) fn channel_of(offset: u32) -> usize {
    match offset {
        CCR5 => 4,
        CCR6 => 5,
        _ => (offset.saturating_sub(CCR1) / 4).min(3) as usize,
    }
}

impl State {
    /// The byte of CCMR1 to CCMR3 that configures a channel.
    pub fn channel_mode(&self, channel: usize) -> u32 {
        self.ccmr[channel / 2] >> (8 * (channel % 2)) & 0xff
    }

    /// OCxM, all bits of it.
    pub fn output_mode(&self, channel: usize) -> u32 {
        let high = self.ccmr[channel / 2] >> (16 + 8 * (channel % 2)) & 1;
        self.channel_mode(channel) >> 4 & 7 | high << 3
    }

    /// Whether a channel compares (CCxS = 0) and does not capture.
    pub fn compares(&self, channel: usize) -> bool {
        self.channel_mode(channel) & 3 == 0
    }

    /// CCxE, CCxP, CCxNE and CCxNP of a channel.
    pub fn enable(&self, channel: usize) -> u32 {
        self.ccer >> (4 * channel) & 0xf
    }
}

impl Stm32Tim {
    /// Bits that repeat for each of the first four channels.
    fn per_channel(&self, bit: u32) -> u32 {
        bit * ((1 << self.channels.min(4)) - 1)
    }

    /// The status flags that exist.
    pub fn flags(&self) -> u32 {
        let mut flags = UIF | self.per_channel(2) | self.per_channel(0x200);
        if self.channels >= 2 {
            flags |= TIF;
        }
        if self.breaks {
            flags |= BIF | COMIF;
        }
        if self.channels > 4 {
            flags |= B2IF | 0x3_0000;
        }
        flags
    }

    /// The bits of a register that can be written.
    pub fn mask(&self, register: u32) -> u32 {
        let has = |condition: bool, bits: u32| if condition { bits } else { 0 };
        let channels = self.channels;
        let (slave, directions, six) = (channels >= 2, channels >= 4, channels > 4);
        match register {
            CR1 => 0x8f | has(channels > 0, 0x300) | has(directions, 0x70) | has(self.extended, 0x800),
            CR2 => {
                let idle = (0x0100 << (2 * channels.min(4))) - 0x0100;
                0x70 | has(channels > 0, 8)
                    | has(directions, 0x80)
                    | has(self.breaks, 5 | idle & 0x7f00)
                    | has(six, 0xf5_0000)
            }
            SMCR => has(slave, 0xf7) | has(directions, 0xff08) | has(slave && self.extended, 0x1_0000),
            DIER => {
                let interrupts = self.flags() & 0xff;
                interrupts | (interrupts & !BIF) << 8
            }
            CCMR1 | CCMR2 | CCMR3 => {
                let first = if register == CCMR3 { 4 } else { (register - CCMR1) as usize / 2 };
                let one = 0xff | has(self.extended, 0x1_0000);
                let both = has(channels > first, one) | has(channels > first + 1, one << 8);
                both & !has(register == CCMR3, 0x0303)
            }
            CCER => {
                let one = if self.breaks { 0xf } else { 0xb };
                self.per_channel_nibbles(one) & !has(channels >= 4, 0x4000) | has(six, 0x33_0000)
            }
            RCR if self.breaks => {
                if self.extended && channels > 4 {
                    0xffff
                } else {
                    0xff
                }
            }
            CCR5 => self.max | 0xe000_0000,
            CCR1..=CCR4 | CCR6 => self.max,
            BDTR if self.breaks => 0xffff | has(self.extended, 0xf_0000) | has(six, 0x3f0_0000),
            DCR => has(channels > 0, 0x1f1f),
            OR => 0xffff,
            OR2 | OR3 => has(six || self.breaks, 0xffff),
            _ => 0,
        }
    }

    fn per_channel_nibbles(&self, nibble: u32) -> u32 {
        (0..self.channels.min(4)).fold(0, |bits, channel| bits | nibble << (4 * channel))
    }
}
