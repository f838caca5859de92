//! STM32 I2C of the second generation (RM0091 26, RM0316 28, RM0351 39): master mode, with addresses of 7 and 10 bits.
//!
//! What is said of masters and slaves in `stm32_i2c` holds here too. Timeouts and packet error checking keep only what is
//! written.

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
const TIMINGR: u32 = 0x10;
const TIMEOUTR: u32 = 0x14;
const ISR: u32 = 0x18;
const ICR: u32 = 0x1c;
const RXDR: u32 = 0x24;
const TXDR: u32 = 0x28;

#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Cr1 {
    pe: bool,
    txie: bool,
    rxie: bool,
    addrie: bool,
    nackie: bool,
    stopie: bool,
    tcie: bool,
    errie: bool,
    #[bits(6)]
    __: u32,
    txdmaen: bool,
    rxdmaen: bool,
    #[bits(16)]
    other: u32,
}

#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Cr2 {
    #[bits(10)]
    sadd: u16,
    rd_wrn: bool,
    add10: bool,
    head10r: bool,
    start: bool,
    stop: bool,
    nack: bool,
    nbytes: u8,
    reload: bool,
    autoend: bool,
    pecbyte: bool,
    #[bits(5)]
    __: u32,
}

#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Isr {
    txe: bool,
    txis: bool,
    rxne: bool,
    addr: bool,
    nackf: bool,
    stopf: bool,
    tc: bool,
    tcr: bool,
    #[bits(7)]
    __: u32,
    busy: bool,
    #[bits(16)]
    __: u32,
}

pub(super) const KIND: Kind = Kind {
    name: "stm32-i2c-v2",
    about: "STM32 F0, F3, L4 I2C and FMPI2C, master mode (RM0351 39)",
    layouts: &[Layout::of(&[
        ("CR1", CR1),
        ("CR2", CR2),
        ("OAR1", OAR1),
        ("OAR2", OAR2),
        ("TIMINGR", TIMINGR),
        ("ISR", ISR),
        ("ICR", ICR),
        ("RXDR", RXDR),
        ("TXDR", TXDR),
    ])],
    irqs: &["EV", "ER"],
    outputs: &[Port::one("tx-request"), Port::one("rx-request")],
    clock: Clocking::Bus,
    build: |_: &Wiring| -> Box<dyn Device> { Box::new(Slot::new(Stm32I2cV2)) },
    ..Kind::PLAIN
};

struct Stm32I2cV2;

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    clock: Clock,
    cr1: Cr1,
    cr2: Cr2,
    oar1: u32,
    oar2: u32,
    timingr: u32,
    timeoutr: u32,
    phase: Phase,
    /// When the phase ends by itself.
    due: Option<Cycle>,
    /// Whether the transfer reads: RD_WRN at its START.
    reads: bool,
    /// Bytes that are left of NBYTES.
    left: u8,
    /// TXDR, if it is not empty.
    to_send: Option<u8>,
    /// What TXDR reads as.
    txdr: u8,
    rxdr: u8,
    rxne: bool,
    /// The shift register, when RXDR is full.
    behind: Option<u8>,
    nackf: bool,
    stopf: bool,
}

impl State {
    fn isr(&self) -> Isr {
        Isr::new()
            .with_txe(self.to_send.is_none())
            .with_txis(self.wants_data())
            .with_rxne(self.rxne)
            .with_nackf(self.nackf)
            .with_stopf(self.stopf)
            .with_tc(self.phase == Phase::Complete)
            .with_tcr(self.phase == Phase::Reload)
            .with_busy(self.phase != Phase::Idle)
    }

    /// Core clock cycles of some bits on the bus (TIMINGR, RM0351 39.7.5).
    fn cycles(&self, bits: u64) -> u64 {
        let field = |lowest: u32, mask: u32| u64::from(self.timingr >> lowest & mask) + 1;
        let bit = (field(0, 0xff) + field(8, 0xff)) * field(28, 0xf);
        self.clock.cycles(bit * bits)
    }

    fn write_cr1(&mut self, value: u32, cx: &mut Context<'_>) {
        self.cr1 = Cr1::from(value & 0x00ff_dfff);
        if !self.cr1.pe() {
            self.abandon(cx);
        }
    }

    fn write_cr2(&mut self, value: u32) {
        let (start, stop) = (self.cr2.start(), self.cr2.stop());
        let written = Cr2::from(value & 0x07ff_ffff);
        // A zero written to START or STOP changes nothing, and without PE they stay zero.
        let on = self.cr1.pe();
        self.cr2 = written
            .with_start(on && (written.start() || start))
            .with_stop(on && (written.stop() || stop))
            .with_nack(false);
        if self.phase == Phase::Reload && self.cr2.nbytes() > 0 {
            self.left = self.cr2.nbytes();
            self.phase = Phase::Between;
        }
    }

    fn clear(&mut self, flags: u32) {
        let flags = Isr::from(flags);
        self.nackf &= !flags.nackf();
        self.stopf &= !flags.stopf();
    }
}

impl Peripheral for Stm32I2cV2 {
    type State = State;

    fn read(&self, s: &mut State, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let value = match at.register() {
            CR1 => s.cr1.into(),
            CR2 => s.cr2.into(),
            OAR1 => s.oar1,
            OAR2 => s.oar2,
            TIMINGR => s.timingr,
            TIMEOUTR => s.timeoutr,
            ISR => s.isr().into(),
            RXDR => s.read_data(cx.now),
            TXDR => s.txdr.into(),
            _ => 0,
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        s.settle(cx);
        match at.register() {
            CR1 => s.write_cr1(at.merge(s.cr1.into(), value), cx),
            CR2 => s.write_cr2(at.merge(s.cr2.into(), value)),
            OAR1 => s.oar1 = at.merge(s.oar1, value) & 0x87ff,
            OAR2 => s.oar2 = at.merge(s.oar2, value) & 0x87fe,
            TIMINGR => s.timingr = at.merge(s.timingr, value) & 0xf0ff_ffff,
            TIMEOUTR => s.timeoutr = at.merge(s.timeoutr, value) & 0x8fff_9fff,
            // A one in TXE empties TXDR.
            ISR if at.place(value) & 1 != 0 => s.to_send = None,
            ICR => s.clear(at.place(value)),
            TXDR => {
                s.txdr = at.place(value) as u8;
                s.to_send = Some(s.txdr);
            }
            _ => {}
        }
        s.proceed(cx.now);
        Ok(())
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        s.settle(cx);
    }

    fn irq_lines(&self, s: &State) -> u32 {
        let (isr, cr1) = (s.isr(), s.cr1);
        let event = isr.txis() && cr1.txie()
            || isr.rxne() && cr1.rxie()
            || isr.nackf() && cr1.nackie()
            || isr.stopf() && cr1.stopie()
            || (isr.tc() || isr.tcr()) && cr1.tcie();
        event.into()
    }

    fn outputs(&self, s: &State) -> u64 {
        let tx = s.cr1.txdmaen() && s.wants_data();
        let rx = s.cr1.rxdmaen() && s.rxne;
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
