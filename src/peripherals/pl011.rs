//! Arm PrimeCell UART, PL011 (DDI 0183G), as it is or as the UART of Stellaris parts: FIFOs, receive time-out, loopback,
//! DMA requests. There are no modem lines, no IrDA, and no errors on the line but overruns.
//!
//! A character is given to the host when it is written, or when the transmitter is switched on. A divisor of zero counts
//! as one.

mod fifos;
mod registers;

use heapless::Deque;
use serde::{Deserialize, Serialize};

use self::registers::*;
use super::{
    Access, Clock, Clocking, Context, Device, Frequency, Peripheral, Port, Slot,
    kinds::{HOLD, Kind, Layout, Wiring},
    primecell::{self, Identification},
    serial_line::Incoming,
};
use crate::words::{BusFault, Cycle};

/// Characters that each FIFO holds.
const DEPTH: usize = 16;
/// Bit times of silence with unread characters that make a receive time-out.
const TIMEOUT: u64 = 32;

pub(super) const KIND: Kind = Kind {
    name: "pl011",
    about: "Arm PrimeCell UART (DDI 0183G), UART of Stellaris parts",
    size: 0x1000,
    layouts: &[
        Layout {
            registers: &[
                ("DR", DR),
                ("RSR", RSR),
                ("FR", FR),
                ("IBRD", IBRD),
                ("FBRD", FBRD),
                ("LCRH", LCRH),
                ("CTL", CTL),
                ("IFLS", IFLS),
                ("IM", IM),
                ("RIS", RIS),
                ("MIS", MIS),
                ("ICR", ICR),
            ],
            without: &[],
            options: &[("hold", 1)],
        },
        Layout {
            registers: &[
                ("UARTDR", DR),
                ("UARTFR", FR),
                ("UARTIBRD", IBRD),
                ("UARTFBRD", FBRD),
                ("UARTLCR_H", LCRH),
                ("UARTCR", CTL),
                ("UARTIFLS", IFLS),
                ("UARTIMSC", IM),
                ("UARTRIS", RIS),
                ("UARTMIS", MIS),
                ("UARTICR", ICR),
            ],
            without: &[],
            options: &[("hold", 1)],
        },
    ],
    irqs: &["uart"],
    outputs: &[Port::one("rx-request"), Port::one("tx-request")],
    clock: Clocking::Bus,
    options: &[HOLD],
    transmits: Some(DR),
    build: |wiring: &Wiring| -> Box<dyn Device> {
        const PL011: Identification = [0, 0, 0, 0, 0x11, 0x10, 0x34, 0, 0x0d, 0xf0, 0x05, 0xb1];
        Box::new(Slot::new(Pl011 {
            hold: wiring.option("hold") != 0,
            identification: primecell::described(wiring, PL011),
        }))
    },
    ..Kind::PLAIN
};

struct Pl011 {
    hold: bool,
    identification: Identification,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    clock: Clock,
    /// FE, PE, BE and OE, as RSR has them.
    rsr: u32,
    ilpr: u32,
    /// IBRD and FBRD as one: 64ths of a sixteenth of a bit time.
    divisor: u32,
    /// What of it counts: that of the last write to LCRH (DDI 0183G 3.3.6).
    active_divisor: u32,
    lcrh: Lcrh,
    ctl: Ctl,
    ifls: u32,
    im: u32,
    ris: u32,
    dmactl: u32,
    transmit: Deque<u8, DEPTH>,
    /// Characters at the end of `transmit` that the host has not got yet.
    unsent: usize,
    /// When the character in the shift register is out.
    shifting: Option<Cycle>,
    /// With the error bits that DR shows.
    receive: Deque<u16, DEPTH>,
    incoming: Incoming,
    /// A character was lost: the next one says so.
    overrun: bool,
    /// When the receive time-out is.
    timeout: Option<Cycle>,
}

impl Default for State {
    fn default() -> Self {
        State {
            clock: Clock::default(),
            rsr: 0,
            ilpr: 0,
            divisor: 0,
            active_divisor: 0,
            lcrh: Lcrh::new(),
            ctl: Ctl::new().with_txe(true).with_rxe(true),
            ifls: 0x12,
            im: 0,
            ris: 0,
            dmactl: 0,
            transmit: Deque::new(),
            unsent: 0,
            shifting: None,
            receive: Deque::new(),
            incoming: Incoming::default(),
            overrun: false,
            timeout: None,
        }
    }
}

impl State {
    /// Core clock cycles that some bits take.
    fn bits(&self, bits: u64) -> u64 {
        // Sixteen clocks per bit, times the divisor, whose low six bits are behind the point.
        self.clock.cycles((bits * u64::from(self.active_divisor.max(64))).div_ceil(4))
    }

    /// Core clock cycles that a character takes.
    fn frame(&self) -> u64 {
        let data = 5 + self.lcrh.wlen();
        self.bits(u64::from(2 + data + u32::from(self.lcrh.pen()) + u32::from(self.lcrh.stp2())))
    }

    fn transmits(&self) -> bool {
        self.ctl.uarten() && self.ctl.txe()
    }

    /// The receive time-out, if it is by then.
    fn time_out(&mut self, now: Cycle) {
        if self.timeout.is_some_and(|at| at <= now) {
            self.timeout = None;
            self.ris |= RTIS;
        }
    }

    fn flags(&self) -> u32 {
        let busy = self.shifting.is_some() || !self.transmit.is_empty();
        u32::from(busy) << 3
            | u32::from(self.receive.is_empty()) << 4
            | u32::from(self.transmit.len() >= self.depth()) << 5
            | u32::from(self.receive.len() >= self.depth()) << 6
            | u32::from(self.transmit.is_empty()) << 7
    }

    fn write_lcrh(&mut self, lcrh: Lcrh) {
        if lcrh.fen() != self.lcrh.fen() {
            self.receive.clear();
            self.transmit.clear();
            self.unsent = 0;
            self.timeout = None;
        }
        self.lcrh = lcrh;
        self.active_divisor = self.divisor;
    }
}

impl Pl011 {
    fn receives(&self, s: &State) -> bool {
        // In loopback the sender is the transmitter, which waits for nobody.
        let holds = self.hold && !s.ctl.lbe();
        s.ctl.uarten() && s.ctl.rxe() && !(holds && s.receive.len() >= s.depth())
    }

    fn settle(&self, s: &mut State, now: Cycle) {
        while let Some(at) = s.shifting.filter(|at| *at <= now) {
            s.shifting = None;
            s.shift(at);
        }
        let frame = s.frame();
        while self.receives(s) {
            let Some((byte, at)) = s.incoming.take(now, frame) else { break };
            s.time_out(at);
            s.received(byte, at);
        }
        s.time_out(now);
    }

    fn read_data(&self, s: &mut State, now: Cycle) -> u32 {
        let held = !self.receives(s);
        let Some(data) = s.receive.pop_front() else { return 0 };
        // An overrun stays until RSR is written (DDI 0183G 3.3.2).
        s.rsr = s.rsr & u32::from(OVERRUN >> 8) | u32::from(data >> 8);
        if s.receive.len() < s.receive_level() {
            s.ris &= !RXIS;
        }
        if s.receive.is_empty() {
            s.ris &= !RTIS;
            s.timeout = None;
        }
        if held && self.receives(s) {
            s.incoming.restart(now, s.frame());
        }
        u32::from(data)
    }

    fn write_data(&self, s: &mut State, value: u32, cx: &mut Context<'_>) {
        if s.transmit.len() >= s.depth() || s.transmit.push_back(value as u8).is_err() {
            return;
        }
        s.unsent += 1;
        if s.transmits() {
            s.tell(cx.output);
        }
        if s.transmit.len() > s.transmit_level() {
            s.ris &= !TXIS;
        }
        s.shift(cx.now);
    }
}

impl Peripheral for Pl011 {
    type State = State;

    fn read(&self, s: &mut State, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        self.settle(s, cx.now);
        let value = match at.register() {
            DR => self.read_data(s, cx.now),
            RSR => s.rsr,
            FR => s.flags(),
            ILPR => s.ilpr,
            IBRD => s.divisor >> 6,
            FBRD => s.divisor & 0x3f,
            LCRH => s.lcrh.into(),
            CTL => s.ctl.into(),
            IFLS => s.ifls,
            IM => s.im,
            RIS => s.ris,
            MIS => s.ris & s.im,
            DMACTL => s.dmactl,
            offset => primecell::register(&self.identification, offset).unwrap_or(0),
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        self.settle(s, cx.now);
        match at.register() {
            DR => self.write_data(s, at.place(value), cx),
            RSR => s.rsr = 0,
            ILPR => s.ilpr = at.merge(s.ilpr, value) & 0xff,
            IBRD => s.divisor = (at.merge(s.divisor >> 6, value) & 0xffff) << 6 | s.divisor & 0x3f,
            FBRD => s.divisor = s.divisor & !0x3f | at.merge(s.divisor, value) & 0x3f,
            LCRH => s.write_lcrh(Lcrh::from(at.merge(s.lcrh.into(), value) & 0xff)),
            CTL => {
                let received = self.receives(s);
                s.ctl = Ctl::from(at.merge(s.ctl.into(), value) & 0xff87);
                if s.transmits() {
                    s.tell(cx.output);
                    s.shift(cx.now);
                }
                if self.receives(s) && !received {
                    s.incoming.restart(cx.now, s.frame());
                }
            }
            IFLS => s.ifls = at.merge(s.ifls, value) & 0x3f,
            IM => s.im = at.merge(s.im, value) & INTERRUPTS,
            ICR => s.ris &= !at.place(value),
            DMACTL => s.dmactl = at.merge(s.dmactl, value) & 7,
            _ => {}
        }
        Ok(())
    }

    fn input(&self, s: &mut State, bytes: &[u8], cx: &mut Context<'_>) {
        self.settle(s, cx.now);
        let frame = s.frame();
        s.incoming.push(bytes, cx.now, frame);
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        self.settle(s, cx.now);
    }

    /// What is on its way is with the other end.
    fn after_reset(&self, s: &State) -> State {
        State { incoming: s.incoming.clone(), ..State::default() }
    }

    fn irq_lines(&self, s: &State) -> u32 {
        u32::from(s.ris & s.im != 0)
    }

    fn outputs(&self, s: &State) -> u64 {
        let receive = s.dmactl & RXDMAE != 0 && !s.receive.is_empty();
        let transmit = s.dmactl & TXDMAE != 0 && s.ctl.uarten() && s.transmit.len() < s.depth();
        u64::from(receive) | u64::from(transmit) << 1
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        let wanted = s.im & !s.ris;
        let transmit = wanted & TXIS != 0 || s.dmactl & TXDMAE != 0;
        let transmit = s.shifting.filter(|_| transmit && !s.transmit.is_empty());
        // In loopback what is sent is received.
        let echo = s.shifting.filter(|_| s.ctl.lbe() && !s.transmit.is_empty());
        let receive = wanted & (RXIS | RTIS | OEIS) != 0 || s.dmactl & RXDMAE != 0;
        let receive = s.incoming.due().filter(|_| receive && self.receives(s));
        let timeout = s.timeout.filter(|_| wanted & RTIS != 0);
        [transmit, echo, receive, timeout].into_iter().flatten().min()
    }

    fn clocked(&self, s: &mut State, frequency: Frequency, cx: &mut Context<'_>) {
        self.settle(s, cx.now);
        s.clock.change(frequency, cx.now);
    }
}

#[cfg(test)]
mod tests;
