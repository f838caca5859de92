//! nRF UART (nRF51 Series Reference Manual 3.0, chapter 29) without flow control pins, parity checks and breaks.
//!
//! A character is given to the host when it is written and leaves the transmitter one frame of virtual time later.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Peripheral, Slot,
    kinds::{CLOCK_DIVIDER, HOLD, Kind, Wiring},
    nrf_events::{Events, powers_off, task},
    serial_line::{Incoming, Outgoing},
};
use crate::words::{BusFault, Cycle};

const SHORTS: u32 = 0x200;
const ERRORSRC: u32 = 0x480;
const ENABLE: u32 = 0x500;
const PSELRTS: u32 = 0x508;
const PSELRXD: u32 = 0x514;
const RXD: u32 = 0x518;
const TXD: u32 = 0x51c;
const BAUDRATE: u32 = 0x524;
const CONFIG: u32 = 0x56c;

const STARTRX: u32 = 0;
const STOPRX: u32 = 1;
const STARTTX: u32 = 2;
const STOPTX: u32 = 3;
const SUSPEND: u32 = 7;

const RXDRDY: u32 = 2;
const TXDRDY: u32 = 7;
const ERROR: u32 = 9;
const RXTO: u32 = 17;
/// CTS, NCTS and those above.
const EXIST: u32 = 0b11 | 1 << RXDRDY | 1 << TXDRDY | 1 << ERROR | 1 << RXTO;

/// ENABLE: the pins belong to the UART.
const ENABLED: u32 = 4;
/// ERRORSRC: a character came while the FIFO was full.
const OVERRUN: u32 = 1;
/// Characters that the receiver holds.
const FIFO: usize = 6;
/// The clock that BAUDRATE divides runs at 16 MHz; a bit takes 2^32 / BAUDRATE of its cycles.
const BAUD_UNIT: u64 = 1 << 32;

pub(super) const KIND: Kind = Kind {
    name: "nrf-uart",
    about: "nRF UART (nRF51 RM 29)",
    size: 0x1000,
    irqs: &["uart"],
    options: &[CLOCK_DIVIDER, HOLD],
    transmits: Some(TXD),
    build: |wiring: &Wiring| -> Box<dyn Device> {
        Box::new(Slot::new(NrfUart {
            divider: u64::from(wiring.option("clock-divider").max(1)),
            hold: wiring.option("hold") != 0,
        }))
    },
    ..Kind::PLAIN
};

struct NrfUart {
    /// Core clock cycles per cycle of the 16 MHz clock.
    divider: u64,
    hold: bool,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    events: Events,
    shorts: u32,
    errorsrc: u32,
    enable: u32,
    /// PSELRTS, PSELTXD, PSELCTS, PSELRXD.
    pins: [u32; 4],
    baudrate: u32,
    config: u32,
    receiving: bool,
    transmitting: bool,
    /// RXD is the first of them.
    received: VecDeque<u8>,
    /// What RXD reads as when nothing is there.
    rxd: u8,
    outgoing: Outgoing,
    incoming: Incoming,
}

impl Default for State {
    fn default() -> Self {
        State {
            events: Events::default(),
            shorts: 0,
            errorsrc: 0,
            enable: 0,
            pins: [u32::MAX; 4],
            baudrate: 0x0400_0000,
            config: 0,
            receiving: false,
            transmitting: false,
            received: VecDeque::new(),
            rxd: 0,
            outgoing: Outgoing::default(),
            incoming: Incoming::default(),
        }
    }
}

impl NrfUart {
    /// Core clock cycles that a character takes.
    fn frame(&self, s: &State) -> u64 {
        // Start bit, eight data bits, perhaps parity, one stop bit.
        let bits = if s.config >> 1 & 7 == 7 { 11 } else { 10 };
        (bits * self.divider * BAUD_UNIT / u64::from(s.baudrate.max(1))).max(1)
    }

    fn receives(&self, s: &State) -> bool {
        s.enable == ENABLED && s.receiving && (!self.hold || s.received.is_empty())
    }

    fn settle(&self, s: &mut State, now: Cycle) {
        let frame = self.frame(s);
        while s.outgoing.step(now, frame).is_some() {
            s.events.set(TXDRDY);
        }
        while self.receives(s) {
            let Some((byte, _)) = s.incoming.take(now, frame) else { break };
            if s.received.len() == FIFO {
                s.errorsrc |= OVERRUN;
                s.events.set(ERROR);
                continue;
            }
            if s.received.is_empty() {
                s.events.set(RXDRDY);
            }
            s.received.push_back(byte);
        }
    }

    fn read_rxd(&self, s: &mut State, now: Cycle) -> u32 {
        if let Some(byte) = s.received.pop_front() {
            s.rxd = byte;
            if !s.received.is_empty() {
                s.events.set(RXDRDY); // the next one moves to RXD (29.6)
            } else if self.hold {
                s.incoming.restart(now, self.frame(s));
            }
        }
        u32::from(s.rxd)
    }

    fn trigger(&self, s: &mut State, task: u32, now: Cycle) {
        let received = self.receives(s);
        match task {
            STARTRX => s.receiving = true,
            STOPRX => {
                s.receiving = false;
                s.events.set(RXTO);
            }
            STARTTX => s.transmitting = true,
            STOPTX => s.transmitting = false,
            SUSPEND => (s.receiving, s.transmitting) = (false, false),
            _ => {}
        }
        self.listen(s, received, now);
    }

    /// The other end begins a character when the receiver becomes ready.
    fn listen(&self, s: &mut State, received: bool, now: Cycle) {
        if self.receives(s) && !received {
            s.incoming.restart(now, self.frame(s));
        }
    }
}

impl Peripheral for NrfUart {
    type State = State;

    fn read(&self, s: &mut State, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        self.settle(s, cx.now);
        let value = match at.register() {
            SHORTS => s.shorts,
            ERRORSRC => s.errorsrc,
            ENABLE => s.enable,
            register @ PSELRTS..=PSELRXD => s.pins[((register - PSELRTS) / 4) as usize],
            RXD => self.read_rxd(s, cx.now),
            BAUDRATE => s.baudrate,
            CONFIG => s.config,
            register => s.events.read(register).unwrap_or(0),
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        self.settle(s, cx.now);
        if powers_off(at, value) {
            let incoming = std::mem::take(&mut s.incoming); // is with the other end
            *s = State { incoming, ..State::default() };
        }
        if let Some(task) = task(at, value) {
            self.trigger(s, task, cx.now);
        }
        match at.register() {
            SHORTS => s.shorts = at.merge(s.shorts, value) & 0x18,
            ERRORSRC => s.errorsrc &= !at.place(value),
            ENABLE => {
                let received = self.receives(s);
                s.enable = at.merge(s.enable, value) & 7;
                self.listen(s, received, cx.now);
            }
            register @ PSELRTS..=PSELRXD => {
                let pin = &mut s.pins[((register - PSELRTS) / 4) as usize];
                *pin = at.merge(*pin, value);
            }
            TXD if s.enable == ENABLED && s.transmitting => {
                cx.output.push(at.place(value) as u8);
                let frame = self.frame(s);
                s.outgoing.push(cx.now, frame);
            }
            BAUDRATE => s.baudrate = at.merge(s.baudrate, value),
            CONFIG => s.config = at.merge(s.config, value) & 0xf,
            _ => {
                s.events.write(at, value, EXIST);
            }
        }
        Ok(())
    }

    fn input(&self, s: &mut State, bytes: &[u8], cx: &mut Context<'_>) {
        self.settle(s, cx.now);
        let frame = self.frame(s);
        s.incoming.push(bytes, cx.now, frame);
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        self.settle(s, cx.now);
    }

    fn irq_lines(&self, s: &State) -> u32 {
        u32::from(s.events.irq())
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        let awaited = s.events.awaited();
        let tx = s.outgoing.due().filter(|_| awaited >> TXDRDY & 1 != 0);
        let rx = awaited & (1 << RXDRDY | 1 << ERROR) != 0 && self.receives(s);
        let rx = s.incoming.due().filter(|_| rx);
        [tx, rx].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::Testbed;

    /// A UART that is on, with 16 cycles per bit: a frame takes 160.
    fn uart(options: &[(&'static str, u32)]) -> Testbed {
        let mut uart = Testbed::with_options("nrf-uart", options);
        uart.write(BAUDRATE, 0x1000_0000);
        uart.write(ENABLE, ENABLED);
        uart.write(4 * STARTTX, 1);
        uart.write(4 * STARTRX, 1);
        uart
    }

    fn event(uart: &Testbed, event: u32) -> bool {
        uart.peek(0x100 + 4 * event) != 0
    }

    #[test]
    fn txdrdy_comes_when_a_character_is_out() {
        let mut uart = uart(&[]);
        uart.write(0x304, 1 << TXDRDY);
        uart.write(TXD, u32::from(b'x'));
        assert_eq!((uart.output(), uart.next_wake()), (&b"x"[..], Some(160)));
        uart.run_until(159);
        assert!(!event(&uart, TXDRDY));
        uart.run_until(160);
        assert_eq!((event(&uart, TXDRDY), uart.irq_lines()), (true, 1));
        uart.write(0x100 + 4 * TXDRDY, 0);
        assert_eq!(uart.irq_lines(), 0);
    }

    #[test]
    fn a_stopped_transmitter_sends_nothing() {
        let mut uart = uart(&[]);
        uart.write(4 * STOPTX, 1);
        uart.write(TXD, 1);
        assert_eq!(uart.output(), b"");
    }

    #[test]
    fn six_characters_wait_and_the_seventh_is_an_overrun() {
        let mut uart = uart(&[]);
        uart.input(b"abcdefg");
        uart.run_until(6 * 160);
        assert!(event(&uart, RXDRDY) && !event(&uart, ERROR));
        uart.run_until(7 * 160);
        assert_eq!((event(&uart, ERROR), uart.read(ERRORSRC)), (true, OVERRUN));
        uart.write(ERRORSRC, OVERRUN);
        assert_eq!(uart.read(ERRORSRC), 0);
        for byte in b"abcdef" {
            assert!(event(&uart, RXDRDY));
            uart.write(0x100 + 4 * RXDRDY, 0);
            assert_eq!(uart.read(RXD), u32::from(*byte));
        }
        assert!(!event(&uart, RXDRDY));
    }

    #[test]
    fn a_held_line_loses_nothing() {
        let mut uart = uart(&[("hold", 1)]);
        uart.input(b"0123456789");
        let mut read = Vec::new();
        for _ in 0..10 {
            uart.run_until(uart.now() + 10_000);
            read.push(uart.read(RXD) as u8);
        }
        assert_eq!(read, b"0123456789");
    }

    #[test]
    fn without_power_it_forgets() {
        let mut uart = uart(&[]);
        uart.write(0xffc, 0);
        assert_eq!((uart.read(ENABLE), uart.read(BAUDRATE), uart.read(PSELRXD)), (0, 0x0400_0000, u32::MAX));
    }
}
