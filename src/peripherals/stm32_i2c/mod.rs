//! STM32 I2C of the first generation (RM0008 26, RM0090 27, RM0038 26): master mode, with addresses of 7 and 10 bits.
//!
//! Nobody else is a master, so that arbitration is never lost and the bus is busy only with us; as a slave nobody
//! addresses us. Packet error checking and SMBus alerts keep only what is written.

mod master;

use bitfield_struct::bitfield;
use serde::{Deserialize, Serialize};

use self::master::Phase;
use super::{
    Access, Clock, Clocking, Context, Device, Frequency, Kind, Layout, Peripheral, Port, Slot, Wiring,
};
use crate::words::{BusFault, Cycle};

const CR1: u32 = 0x00;
const CR2: u32 = 0x04;
const OAR1: u32 = 0x08;
const OAR2: u32 = 0x0c;
const DR: u32 = 0x10;
const SR1: u32 = 0x14;
const SR2: u32 = 0x18;
const CCR: u32 = 0x1c;
const TRISE: u32 = 0x20;
const FLTR: u32 = 0x24;

#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Cr1 {
    pe: bool,
    smbus: bool,
    __: bool,
    smbtype: bool,
    enarp: bool,
    enpec: bool,
    engc: bool,
    nostretch: bool,
    start: bool,
    stop: bool,
    ack: bool,
    pos: bool,
    pec: bool,
    alert: bool,
    __: bool,
    swrst: bool,
    #[bits(16)]
    __: u32,
}

#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Cr2 {
    #[bits(6)]
    freq: u32,
    #[bits(2)]
    __: u32,
    iterren: bool,
    itevten: bool,
    itbufen: bool,
    dmaen: bool,
    last: bool,
    #[bits(19)]
    __: u32,
}

#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Sr1 {
    sb: bool,
    addr: bool,
    btf: bool,
    add10: bool,
    stopf: bool,
    __: bool,
    rxne: bool,
    txe: bool,
    berr: bool,
    arlo: bool,
    af: bool,
    ovr: bool,
    pecerr: bool,
    __: bool,
    timeout: bool,
    smbalert: bool,
    #[bits(16)]
    __: u32,
}

/// SR2.
const MSL: u32 = 1;
const BUSY: u32 = 2;
const TRA: u32 = 4;

pub(super) const KIND: Kind = Kind {
    name: "stm32-i2c",
    about: "STM32 F1, F2, F4, L1 I2C, master mode (RM0090 27)",
    layouts: &[Layout::of(&[
        ("CR1", CR1),
        ("CR2", CR2),
        ("OAR1", OAR1),
        ("OAR2", OAR2),
        ("DR", DR),
        ("SR1", SR1),
        ("SR2", SR2),
        ("CCR", CCR),
        ("TRISE", TRISE),
    ])],
    irqs: &["EV", "ER"],
    outputs: &[Port::one("tx-request"), Port::one("rx-request")],
    clock: Clocking::Bus,
    build: |_: &Wiring| -> Box<dyn Device> { Box::new(Slot::new(Stm32I2c)) },
    ..Kind::PLAIN
};

struct Stm32I2c;

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    clock: Clock,
    cr1: Cr1,
    cr2: Cr2,
    oar1: u32,
    oar2: u32,
    ccr: u32,
    trise: u32,
    fltr: u32,
    /// BTF and TXE follow from what is below.
    sr1: Sr1,
    /// The flags that were set when SR1 was last read: some are cleared by what comes after that.
    seen: Sr1,
    phase: Phase,
    /// When the phase ends by itself.
    due: Option<Cycle>,
    /// The direction of the transfer: whether the master sends (TRA).
    sends: bool,
    /// DR, for the transmitter: empty is TXE.
    to_send: Option<u8>,
    /// DR, for the receiver.
    received: u8,
    /// The shift register of a receiver whose DR is full: BTF.
    behind: Option<u8>,
    /// With POS, whether the byte that is being received is acknowledged.
    acknowledge: bool,
    /// DMA takes the bytes, and will not say which one is the last.
    open_ended: bool,
    /// The last header of a 10-bit address, and the address.
    ten_bit: u16,
}

impl Default for State {
    fn default() -> State {
        State {
            clock: Clock::default(),
            cr1: Cr1::new(),
            cr2: Cr2::new(),
            oar1: 0,
            oar2: 0,
            ccr: 0,
            trise: 2,
            fltr: 0,
            sr1: Sr1::new(),
            seen: Sr1::new(),
            phase: Phase::Idle,
            due: None,
            sends: false,
            to_send: None,
            received: 0,
            behind: None,
            acknowledge: false,
            open_ended: false,
            ten_bit: 0,
        }
    }
}

impl State {
    fn sr1(&self) -> Sr1 {
        self.sr1.with_btf(self.is_stretched()).with_txe(self.wants_data())
    }

    fn sr2(&self) -> u32 {
        match self.phase {
            Phase::Idle | Phase::Start => 0, // BUSY and MSL come with SB
            _ => MSL | BUSY | if self.sends { TRA } else { 0 },
        }
    }

    /// Core clock cycles of some bits on the bus (CCR, RM0090 27.6.8).
    fn cycles(&self, bits: u64) -> u64 {
        let per_count = match (self.ccr >> 15 & 1, self.ccr >> 14 & 1) {
            (0, _) => 2,
            (_, 0) => 3,
            _ => 25,
        };
        self.clock.cycles(u64::from((self.ccr & 0xfff).max(1)) * per_count * bits)
    }

    fn requests(&self) -> (bool, bool) {
        let addressed = !self.sr1.addr();
        let on = self.cr2.dmaen() && addressed;
        (on && self.wants_data(), on && self.sr1.rxne())
    }

    fn write_cr1(&mut self, value: u32, cx: &mut Context<'_>) {
        self.cr1 = Cr1::from(value & 0xbffb);
        if self.cr1.swrst() {
            self.abandon(cx);
            *self = State { clock: self.clock.clone(), cr1: Cr1::new().with_swrst(true), ..State::default() };
        } else if !self.cr1.pe() {
            // Without PE these bits stay zero (RM0090 27.6.1).
            self.cr1 = Cr1::from(value & 0xfb);
            self.abandon(cx);
        }
    }
}

impl Peripheral for Stm32I2c {
    type State = State;

    fn read(&self, s: &mut State, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let value = match at.register() {
            CR1 => s.cr1.into(),
            CR2 => s.cr2.into(),
            OAR1 => s.oar1,
            OAR2 => s.oar2,
            DR => s.read_data(cx.now),
            SR1 => {
                s.seen = s.sr1();
                s.seen.into()
            }
            SR2 => {
                let value = s.sr2();
                s.clear_addr(cx.now);
                value
            }
            CCR => s.ccr,
            TRISE => s.trise,
            FLTR => s.fltr,
            _ => 0,
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        s.settle(cx);
        match at.register() {
            CR1 => s.write_cr1(at.merge(s.cr1.into(), value), cx),
            CR2 => s.cr2 = Cr2::from(at.merge(s.cr2.into(), value) & 0x1f3f),
            OAR1 => s.oar1 = at.merge(s.oar1, value) & 0xc3ff,
            OAR2 => s.oar2 = at.merge(s.oar2, value) & 0xff,
            DR => s.write_data(at.place(value) as u8, cx.now),
            // Errors are cleared by writing zero, all other flags are read-only.
            SR1 => s.sr1 = Sr1::from(u32::from(s.sr1) & (at.place(value) | !at.lanes() | 0xff)),
            CCR => s.ccr = at.merge(s.ccr, value) & 0xcfff,
            TRISE => s.trise = at.merge(s.trise, value) & 0x3f,
            FLTR => s.fltr = at.merge(s.fltr, value) & 0x1f,
            _ => {}
        }
        s.proceed(cx.now);
        Ok(())
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        s.settle(cx);
    }

    fn irq_lines(&self, s: &State) -> u32 {
        let (sr1, cr2) = (s.sr1(), s.cr2);
        let buffer = cr2.itbufen() && (sr1.txe() || sr1.rxne());
        let event = sr1.sb() || sr1.addr() || sr1.add10() || sr1.btf() || buffer;
        u32::from(event && cr2.itevten()) | u32::from(sr1.af() && cr2.iterren()) << 1
    }

    fn outputs(&self, s: &State) -> u64 {
        let (tx, rx) = s.requests();
        u64::from(tx) | u64::from(rx) << 1
    }

    fn clocked(&self, s: &mut State, clock: Frequency, cx: &mut Context<'_>) {
        s.settle(cx);
        s.clock.change(clock, cx.now);
        if s.due == Some(Cycle::MAX) {
            s.due = Some(cx.now.saturating_add(s.cycles(9))); // it stood still
        }
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        s.due
    }
}

#[cfg(test)]
mod tests;
