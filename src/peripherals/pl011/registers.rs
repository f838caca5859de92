//! The registers (DDI 0183G 3.3).

use bitfield_struct::bitfield;
use serde::{Deserialize, Serialize};

pub(super) const DR: u32 = 0x00;
pub(super) const RSR: u32 = 0x04;
pub(super) const FR: u32 = 0x18;
pub(super) const ILPR: u32 = 0x20;
pub(super) const IBRD: u32 = 0x24;
pub(super) const FBRD: u32 = 0x28;
pub(super) const LCRH: u32 = 0x2c;
pub(super) const CTL: u32 = 0x30;
pub(super) const IFLS: u32 = 0x34;
pub(super) const IM: u32 = 0x38;
pub(super) const RIS: u32 = 0x3c;
pub(super) const MIS: u32 = 0x40;
pub(super) const ICR: u32 = 0x44;
pub(super) const DMACTL: u32 = 0x48;

pub(super) const RXIS: u32 = 1 << 4;
pub(super) const TXIS: u32 = 1 << 5;
pub(super) const RTIS: u32 = 1 << 6;
pub(super) const OEIS: u32 = 1 << 10;
pub(super) const INTERRUPTS: u32 = 0x7ff;

/// In DR; three bits lower in RSR.
pub(super) const OVERRUN: u16 = 1 << 11;
pub(super) const RXDMAE: u32 = 1 << 0;
pub(super) const TXDMAE: u32 = 1 << 1;

#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Lcrh {
    pub brk: bool,
    pub pen: bool,
    pub eps: bool,
    pub stp2: bool,
    pub fen: bool,
    #[bits(2)]
    pub wlen: u32,
    pub sps: bool,
    #[bits(24)]
    __: u32,
}

#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ctl {
    pub uarten: bool,
    pub siren: bool,
    pub sirlp: bool,
    #[bits(4)]
    __: u32,
    pub lbe: bool,
    pub txe: bool,
    pub rxe: bool,
    #[bits(6)]
    pub modem: u32,
    #[bits(16)]
    __: u32,
}
