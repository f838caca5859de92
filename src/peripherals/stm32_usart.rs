//! STM32 USART of the first generation (RM0008 27.6, RM0090 30.6, RM0038 27.6): asynchronous mode. LIN, smart card, mute
//! mode and flow control pins only keep what is written.
//!
//! A character is given to the host when it is written and leaves the transmitter one frame of virtual time later. A
//! ninth data bit is lost on the way to the host, and is zero on the way from it. A baud rate divider of zero counts as
//! one.

use bitfield_struct::bitfield;
use serde::{Deserialize, Serialize};

use super::{
    Access, Clocking, Context, Device, Frequency, Layout, Peripheral, Port, Slot,
    kinds::{CLOCK_DIVIDER, HOLD, Kind, Wiring},
    stm32_usart_line::{Fixed, Flags, Line, Setup},
};
use crate::words::{BusFault, Cycle};

const SR: u32 = 0x00;
const DR: u32 = 0x04;
const BRR: u32 = 0x08;
const CR1: u32 = 0x0c;
const CR2: u32 = 0x10;
const CR3: u32 = 0x14;
const GTPR: u32 = 0x18;

#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Cr1 {
    sbk: bool,
    rwu: bool,
    re: bool,
    te: bool,
    idleie: bool,
    rxneie: bool,
    tcie: bool,
    txeie: bool,
    peie: bool,
    ps: bool,
    pce: bool,
    wake: bool,
    m: bool,
    ue: bool,
    __: bool,
    over8: bool,
    #[bits(16)]
    __: u32,
}

/// CR3.
const EIE: u32 = 1;
const DMAR: u32 = 1 << 6;
const DMAT: u32 = 1 << 7;

pub(super) const KIND: Kind = Kind {
    name: "stm32-usart",
    about: "STM32 F1, F2, F4, L1 USART, asynchronous mode (RM0090 30.6)",
    layouts: &[Layout {
        registers: &[("SR", SR), ("DR", DR), ("BRR", BRR), ("CR1", CR1), ("CR2", CR2), ("CR3", CR3)],
        options: &[("hold", 1)],
        ..Layout::of(&[])
    }],
    irqs: &["usart"],
    outputs: &[Port::one("tx-request"), Port::one("rx-request")],
    clock: Clocking::Bus,
    options: &[CLOCK_DIVIDER, HOLD],
    transmits: Some(DR),
    build: |wiring: &Wiring| -> Box<dyn Device> { Box::new(Slot::new(Stm32Usart(Fixed::new(wiring)))) },
    ..Kind::PLAIN
};

struct Stm32Usart(Fixed);

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    line: Line,
    /// SR was read since the last access to DR: that access clears flags.
    sr_read: bool,
    brr: u32,
    cr1: Cr1,
    cr2: u32,
    cr3: u32,
    gtpr: u32,
}

impl State {
    fn requests(&self) -> (bool, bool) {
        let (flags, cr1) = (self.line.flags(), self.cr1);
        let tx = self.cr3 & DMAT != 0 && cr1.te() && flags.txe();
        let rx = self.cr3 & DMAR != 0 && flags.rxne();
        (cr1.ue() && tx, cr1.ue() && rx)
    }
}

impl Stm32Usart {
    fn setup(&self, s: &State) -> Setup {
        // USARTDIV (RM0090 30.3.4).
        let clocks = match s.cr1.over8() {
            false => s.brr,
            true => (s.brr >> 4) * 8 + (s.brr & 7),
        };
        let data = if s.cr1.m() { 9 } else { 8 };
        Setup {
            fixed: self.0,
            enabled: s.cr1.ue(),
            transmits: s.cr1.te(),
            receives: s.cr1.re(),
            bit: u64::from(clocks.max(1)) * 256,
            half_bits: Setup::half_bits(data, s.cr2),
            data_bits: data - u32::from(s.cr1.pce()),
            parity: s.cr1.pce().then_some(s.cr1.ps()),
            overwrites: false,
            matches: None,
            timeout: None,
        }
    }

    fn settle(&self, s: &mut State, now: Cycle) {
        s.line.settle(&self.setup(s), now);
    }

    fn read_dr(&self, s: &mut State, now: Cycle) -> u32 {
        if std::mem::take(&mut s.sr_read) {
            // Reading SR and then DR clears these (RM0090 30.6.1).
            let read = Flags::new().with_pe(true).with_fe(true).with_nf(true).with_ore(true).with_idle(true);
            s.line.clear(read);
        }
        s.line.read(&self.setup(s), now)
    }

    fn write_dr(&self, s: &mut State, value: u32, cx: &mut Context<'_>) {
        if std::mem::take(&mut s.sr_read) {
            s.line.clear(Flags::new().with_tc(true));
        }
        s.line.write(&self.setup(s), value, cx);
    }
}

impl Peripheral for Stm32Usart {
    type State = State;

    fn read(&self, s: &mut State, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        self.settle(s, cx.now);
        let value = match at.register() {
            SR => {
                s.sr_read = true;
                s.line.flags().into()
            }
            DR => self.read_dr(s, cx.now),
            BRR => s.brr,
            CR1 => s.cr1.into(),
            CR2 => s.cr2,
            CR3 => s.cr3,
            GTPR => s.gtpr,
            _ => 0,
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        self.settle(s, cx.now);
        let old = self.setup(s);
        match at.register() {
            SR => {
                // Of the flags that are modelled, RXNE and TC are cleared by writing zero.
                let cleared = Flags::from(at.lanes() & !at.place(value));
                s.line.clear(Flags::new().with_rxne(cleared.rxne()).with_tc(cleared.tc()));
            }
            DR => self.write_dr(s, at.place(value), cx),
            BRR => s.brr = at.merge(s.brr, value) & 0xffff,
            // A break is out as soon as it is asked for: SBK reads as zero.
            CR1 => s.cr1 = Cr1::from(at.merge(s.cr1.into(), value) & 0xbffe),
            CR2 => s.cr2 = at.merge(s.cr2, value) & 0x7f6f,
            CR3 => s.cr3 = at.merge(s.cr3, value) & 0x0fff,
            GTPR => s.gtpr = at.merge(s.gtpr, value) & 0xffff,
            _ => {}
        }
        let new = self.setup(s);
        s.line.change(&old, &new, cx.now);
        Ok(())
    }

    fn input(&self, s: &mut State, bytes: &[u8], cx: &mut Context<'_>) {
        self.settle(s, cx.now);
        let setup = self.setup(s);
        s.line.input(&setup, bytes, cx.now);
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        self.settle(s, cx.now);
    }

    fn after_reset(&self, s: &State) -> State {
        State { line: s.line.after_reset(), ..State::default() }
    }

    fn irq_lines(&self, s: &State) -> u32 {
        let (sr, cr1) = (s.line.flags(), s.cr1);
        // With DMA, errors have an interrupt of their own (RM0090 30.6.6).
        let error = s.cr3 & EIE != 0 && s.cr3 & DMAR != 0 && (sr.fe() || sr.ore() || sr.nf());
        let asserted = sr.txe() && cr1.txeie()
            || sr.tc() && cr1.tcie()
            || (sr.rxne() || sr.ore()) && cr1.rxneie()
            || sr.idle() && cr1.idleie()
            || sr.pe() && cr1.peie()
            || error;
        u32::from(asserted && cr1.ue())
    }

    fn outputs(&self, s: &State) -> u64 {
        let (tx, rx) = s.requests();
        u64::from(tx) | u64::from(rx) << 1
    }

    fn clocked(&self, s: &mut State, clock: Frequency, cx: &mut Context<'_>) {
        self.settle(s, cx.now);
        let setup = self.setup(s);
        s.line.clocked(&setup, clock, cx.now);
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        let watched = Flags::new()
            .with_txe(s.cr1.txeie() || s.cr3 & DMAT != 0)
            .with_tc(s.cr1.tcie())
            .with_rxne(s.cr1.rxneie() || s.cr3 & DMAR != 0)
            .with_ore(s.cr1.rxneie() || s.cr3 & EIE != 0)
            .with_idle(s.cr1.idleie());
        s.line.next(&self.setup(s), watched)
    }
}

#[cfg(test)]
mod tests;
