//! STM32 SPI (RM0008 25, RM0090 28, RM0091 28, RM0351 42): master mode. There are two generations under one register
//! layout: one with a data register each way (F1, F2, F4, L1), and one with FIFOs and frames of 4 to 16 bits (F0, F3, L4).
//!
//! As a slave it is never selected. I2S only keeps its registers. LDMA_RX and LDMA_TX are kept, since DMA does not say how
//! much it will transfer: with an odd number of bytes, set DMA up for bytes.

mod crc;
mod frames;

use bitfield_struct::bitfield;
use heapless::Deque;
use serde::{Deserialize, Serialize};

use super::{
    Access, Clock, Clocking, Context, Described, Device, Frequency, Kind, KindOption, Layout, Peripheral,
    Port, Slot, Wiring,
};
use crate::words::{BusFault, Cycle};

const CR1: u32 = 0x00;
const CR2: u32 = 0x04;
const SR: u32 = 0x08;
const DR: u32 = 0x0c;
const CRCPR: u32 = 0x10;
const RXCRCR: u32 = 0x14;
const TXCRCR: u32 = 0x18;
const I2SCFGR: u32 = 0x1c;
const I2SPR: u32 = 0x20;

#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Cr1 {
    cpha: bool,
    cpol: bool,
    mstr: bool,
    #[bits(3)]
    br: u32,
    spe: bool,
    lsbfirst: bool,
    ssi: bool,
    ssm: bool,
    rxonly: bool,
    /// DFF without FIFOs: 16 bits; CRCL with FIFOs: a CRC of 16 bits.
    dff: bool,
    crcnext: bool,
    crcen: bool,
    bidioe: bool,
    bidimode: bool,
    #[bits(16)]
    __: u32,
}

#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Cr2 {
    rxdmaen: bool,
    txdmaen: bool,
    ssoe: bool,
    nssp: bool,
    frf: bool,
    errie: bool,
    rxneie: bool,
    txeie: bool,
    #[bits(4)]
    ds: u32,
    frxth: bool,
    ldma_rx: bool,
    ldma_tx: bool,
    #[bits(17)]
    __: u32,
}

#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Sr {
    rxne: bool,
    txe: bool,
    chside: bool,
    udr: bool,
    crcerr: bool,
    modf: bool,
    ovr: bool,
    bsy: bool,
    fre: bool,
    #[bits(2)]
    frlvl: u32,
    #[bits(2)]
    ftlvl: u32,
    #[bits(19)]
    __: u32,
}

pub(super) const KIND: Kind = Kind {
    name: "stm32-spi",
    about: "STM32 SPI, master mode (RM0090 28, RM0351 42)",
    layouts: &[Layout::of(&[
        ("CR1", CR1),
        ("CR2", CR2),
        ("SR", SR),
        ("DR", DR),
        ("CRCPR", CRCPR),
        ("RXCRCR", RXCRCR),
        ("TXCRCR", TXCRCR),
    ])],
    describe: |spi: &Described<'_>| {
        let has_fifos = spi.has_field(CR2, "FRXTH") || spi.has_field(CR2, "DS");
        vec![("fifo", has_fifos.into())]
    },
    irqs: &["spi"],
    outputs: &[Port::one("tx-request"), Port::one("rx-request"), Port::one("nss")],
    clock: Clocking::Bus,
    options: &[KindOption {
        name: "fifo",
        about: "1: with FIFOs and a data size, as F0, F3, L4",
        default: 0,
    }],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        Box::new(Slot::new(Stm32Spi { fifo: wiring.option("fifo") != 0 }))
    },
    ..Kind::PLAIN
};

struct Stm32Spi {
    /// Whether it is one of the second generation.
    fifo: bool,
}

/// Bytes that wait: 32 bits each way with FIFOs, else one frame.
type Fifo = Deque<u8, 4>;

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    clock: Clock,
    cr1: Cr1,
    /// As written; `None` after reset, where DS depends on the generation.
    cr2: Option<Cr2>,
    crcpr: u32,
    i2scfgr: u32,
    i2spr: u32,
    crcerr: bool,
    modf: bool,
    ovr: bool,
    /// DR was read after an overrun: reading SR clears OVR.
    ovr_read: bool,
    /// SR was read after a mode fault: writing CR1 clears MODF.
    modf_read: bool,
    tx: Fifo,
    rx: Fifo,
    /// What DR reads as when nothing new is there.
    last: u16,
    /// The frame in the shift register.
    frame: u16,
    /// When the frame is over.
    due: Option<Cycle>,
    /// CRC frames that are left.
    crc_frames: u8,
    tx_crc: u16,
    rx_crc: u16,
    /// The CRC that the other end has sent.
    crc_received: u16,
}

impl Default for State {
    fn default() -> State {
        State {
            clock: Clock::default(),
            cr1: Cr1::new(),
            cr2: None,
            crcpr: 7,
            i2scfgr: 0,
            i2spr: 2,
            crcerr: false,
            modf: false,
            ovr: false,
            ovr_read: false,
            modf_read: false,
            tx: Fifo::new(),
            rx: Fifo::new(),
            last: 0,
            frame: 0,
            due: None,
            crc_frames: 0,
            tx_crc: 0,
            rx_crc: 0,
            crc_received: 0,
        }
    }
}

impl Stm32Spi {
    fn cr2(&self, s: &State) -> Cr2 {
        s.cr2.unwrap_or(Cr2::new().with_ds(if self.fifo { 7 } else { 0 }))
    }

    fn sr(&self, s: &State) -> Sr {
        let sr = Sr::new()
            .with_rxne(self.is_readable(s))
            .with_txe(self.is_writable(s))
            .with_crcerr(s.crcerr)
            .with_modf(s.modf)
            .with_ovr(s.ovr)
            .with_bsy(s.due.is_some());
        if !self.fifo {
            return sr;
        }
        // Of the transmitter's FIFO, more than a half counts as full (RM0351 42.4.9).
        let (rx, tx) = (s.rx.len() as u32, s.tx.len() as u32);
        sr.with_frlvl(if rx > 2 { rx - 1 } else { rx }).with_ftlvl(tx.min(3))
    }

    fn write_cr1(&self, s: &mut State, value: u32, now: Cycle) {
        let old = s.cr1;
        s.cr1 = Cr1::from(value & 0xffff);
        s.modf &= !std::mem::take(&mut s.modf_read);
        if s.cr1.crcen() && !old.crcen() {
            (s.tx_crc, s.rx_crc) = (0, 0);
        }
        if old.spe() && !s.cr1.spe() {
            s.stop();
        }
        // Somebody else selects us while we are the master (RM0090 28.3.10). The pin itself is high.
        let selected = s.cr1.ssm() && !s.cr1.ssi();
        if s.cr1.spe() && s.cr1.mstr() && selected {
            s.modf = true;
            s.cr1 = s.cr1.with_spe(false).with_mstr(false);
            s.stop();
        }
        self.begin(s, now);
    }

    fn write_cr2(&self, s: &mut State, value: u32) {
        let cr2 = Cr2::from(value & if self.fifo { 0x7fff } else { 0xf7 });
        // Sizes below four bits are eight bits (RM0351 42.6.2).
        let cr2 = if self.fifo && cr2.ds() < 3 { cr2.with_ds(7) } else { cr2 };
        s.cr2 = Some(cr2);
    }
}

impl Peripheral for Stm32Spi {
    type State = State;

    fn read(&self, s: &mut State, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let value = match at.register() {
            CR1 => s.cr1.into(),
            CR2 => self.cr2(s).into(),
            SR => {
                let value = self.sr(s).into();
                s.modf_read = s.modf;
                s.ovr &= !std::mem::take(&mut s.ovr_read);
                self.begin(s, cx.now);
                value
            }
            DR => self.read_data(s, at.width, cx.now),
            CRCPR => s.crcpr,
            RXCRCR => s.rx_crc.into(),
            TXCRCR => s.tx_crc.into(),
            I2SCFGR => s.i2scfgr,
            I2SPR => s.i2spr,
            _ => 0,
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        self.settle(s, cx);
        match at.register() {
            CR1 => self.write_cr1(s, at.merge(s.cr1.into(), value), cx.now),
            CR2 => self.write_cr2(s, at.merge(self.cr2(s).into(), value)),
            // CRCERR is cleared by writing zero.
            SR => s.crcerr &= Sr::from(at.place(value) | !at.lanes()).crcerr(),
            DR if at.offset == DR => self.write_data(s, at.width, value, cx.now),
            CRCPR => s.crcpr = at.merge(s.crcpr, value) & 0xffff,
            I2SCFGR => s.i2scfgr = at.merge(s.i2scfgr, value) & 0x1fbf,
            I2SPR => s.i2spr = at.merge(s.i2spr, value) & 0x3ff,
            _ => {}
        }
        Ok(())
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        self.settle(s, cx);
    }

    fn irq_lines(&self, s: &State) -> u32 {
        let (sr, cr2) = (self.sr(s), self.cr2(s));
        let error = sr.crcerr() || sr.modf() || sr.ovr();
        let asserted = sr.rxne() && cr2.rxneie() || sr.txe() && cr2.txeie() || error && cr2.errie();
        u32::from(asserted)
    }

    fn outputs(&self, s: &State) -> u64 {
        let (sr, cr2) = (self.sr(s), self.cr2(s));
        // A master that drives NSS holds it low while it is on (RM0090 28.3.1).
        let nss = s.cr1.spe() && s.cr1.mstr() && cr2.ssoe() && !s.cr1.ssm();
        u64::from(sr.txe() && cr2.txdmaen())
            | u64::from(sr.rxne() && cr2.rxdmaen()) << 1
            | u64::from(!nss) << 2
    }

    fn clocked(&self, s: &mut State, clock: Frequency, cx: &mut Context<'_>) {
        self.settle(s, cx);
        s.clock.change(clock, cx.now);
        if s.due == Some(Cycle::MAX) {
            s.due = Some(cx.now.saturating_add(self.frame_cycles(s))); // it stood still
        }
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        s.due
    }
}

#[cfg(test)]
mod tests;
