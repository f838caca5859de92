//! nRF UART and UARTE, which are one peripheral with two faces that ENABLE chooses (nRF51 Series Reference Manual 3.0, chapter
//! 29; nRF52840 Product Specification 1.1, 6.33 and 6.34); without flow control pins, parity checks and breaks.
//!
//! A character is given to the host when its transmission begins and leaves the transmitter one frame of virtual time later.

mod easy_dma;

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Peripheral, Slot,
    kinds::{CLOCK_DIVIDER, HOLD, Kind, Layout, Wiring},
    nrf_dma::Buffer,
    nrf_events::{EVENT_PORT, Registers, Short, Values, Written, cycles_of_16_mhz},
    serial_line::{Incoming, Outgoing},
};
use crate::words::{BusFault, Cycle};

const ERRORSRC: u32 = 0x480;
const ENABLE: u32 = 0x500;
const RXD: u32 = 0x518;
const TXD: u32 = 0x51c;
const BAUDRATE: u32 = 0x524;
const RXD_PTR: u32 = 0x534;
const TXD_PTR: u32 = 0x544;
const CONFIG: u32 = 0x56c;

const STARTRX: u32 = 0;
const STOPRX: u32 = 1;
const STARTTX: u32 = 2;
const STOPTX: u32 = 3;
const SUSPEND: u32 = 7;
const FLUSHRX: u32 = 11;

const CTS: u32 = 0;
const NCTS: u32 = 1;
const RXDRDY: u32 = 2;
const ENDRX: u32 = 4;
const TXDRDY: u32 = 7;
const ENDTX: u32 = 8;
const ERROR: u32 = 9;
const RXTO: u32 = 17;
const RXSTARTED: u32 = 19;
const TXSTARTED: u32 = 20;
const TXSTOPPED: u32 = 22;
const EXIST: u32 = 1 << CTS
    | 1 << NCTS
    | 1 << RXDRDY
    | 1 << ENDRX
    | 1 << TXDRDY
    | 1 << ENDTX
    | 1 << ERROR
    | 1 << RXTO
    | 1 << RXSTARTED
    | 1 << TXSTARTED
    | 1 << TXSTOPPED;

const SHORTS: &[Short] = &[
    Short::new(3, CTS, STARTRX),
    Short::new(4, NCTS, STOPRX),
    Short::new(5, ENDRX, STARTRX),
    Short::new(6, ENDRX, STOPRX),
];

/// ENABLE: the pins belong to the UART.
const UART: u32 = 4;
/// ENABLE: the pins belong to the UARTE.
const UARTE: u32 = 8;
/// ERRORSRC: a character came while the FIFO was full.
const OVERRUN: u32 = 1;
/// Characters that the receiver holds.
const FIFO: usize = 6;
/// The clock that BAUDRATE divides runs at 16 MHz; a bit takes 2^32 / BAUDRATE of its cycles.
const BAUD_UNIT: u64 = 1 << 32;
/// BAUDRATE after reset: 250000 baud.
const BAUD_RESET: u32 = 0x0400_0000;

pub(super) const KIND: Kind = Kind {
    name: "nrf-uart",
    about: "nRF UART and UARTE (nRF51 RM 29, nRF52840 PS 6.33, 6.34)",
    size: 0x1000,
    layouts: &[
        Layout {
            registers: &[
                ("TASKS_STARTRX", 0),
                ("TASKS_STARTTX", 8),
                ("EVENTS_RXDRDY", 0x108),
                ("EVENTS_TXDRDY", 0x11c),
                ("RXD", RXD),
                ("TXD", TXD),
                ("BAUDRATE", BAUDRATE),
            ],
            without: &[],
            options: &[("hold", 1)],
        },
        Layout {
            registers: &[
                ("TASKS_STARTRX", 0),
                ("TASKS_STARTTX", 8),
                ("EVENTS_ENDRX", 0x110),
                ("EVENTS_ENDTX", 0x120),
                ("EVENTS_RXTO", 0x144),
                ("ENABLE", ENABLE),
                ("BAUDRATE", BAUDRATE),
            ],
            without: &[],
            options: &[("hold", 1)],
        },
    ],
    irqs: &["uart"],
    outputs: &[EVENT_PORT],
    options: &[CLOCK_DIVIDER, HOLD],
    transmits: Some(TXD),
    build: |wiring: &Wiring| -> Box<dyn Device> {
        Box::new(Slot::new(NrfUart {
            registers: Registers::new(wiring, EXIST, SHORTS),
            divider: cycles_of_16_mhz(wiring),
            hold: wiring.option("hold") != 0,
        }))
    },
    ..Kind::PLAIN
};

struct NrfUart {
    registers: Registers,
    /// Core clock cycles per cycle of the 16 MHz clock.
    divider: u64,
    hold: bool,
}

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    values: Values,
    receiving: bool,
    transmitting: bool,
    /// RXD is the first of them.
    received: VecDeque<u8>,
    /// What RXD reads as when nothing is there.
    rxd: u8,
    outgoing: Outgoing,
    incoming: Incoming,
    /// What the UARTE sends, and when the present character is out.
    sending: Option<(Buffer, Cycle)>,
    /// STOPTX waits for the end of the character.
    stopping: bool,
    /// Where the UARTE puts what it receives.
    receiver: Option<Buffer>,
}

impl NrfUart {
    fn enabled(&self, s: &State) -> u32 {
        self.registers.get(&s.values, ENABLE) & 0xf
    }

    /// Core clock cycles that a character takes.
    fn frame(&self, s: &State) -> u64 {
        let config = self.registers.get(&s.values, CONFIG);
        let baudrate = match self.registers.get(&s.values, BAUDRATE) {
            0 => BAUD_RESET,
            baudrate => baudrate,
        };
        // Start bit, eight data bits, perhaps parity, one or two stop bits.
        let bits = 10 + u64::from(config >> 1 & 7 == 7) + u64::from(config >> 4 & 1);
        (bits * self.divider * BAUD_UNIT / u64::from(baudrate)).max(1)
    }

    /// Whether the other end may send a character.
    fn receives(&self, s: &State) -> bool {
        let ready = match self.enabled(s) {
            UART => s.received.is_empty(),
            UARTE => s.receiver.is_some(),
            _ => return false,
        };
        s.receiving && (!self.hold || ready)
    }

    fn settle(&self, s: &mut State, cx: &mut Context<'_>) {
        let frame = self.frame(s);
        while s.outgoing.step(cx.now, frame).is_some() {
            self.happen(s, TXDRDY, cx);
        }
        while let Some((mut buffer, due)) = s.sending.take_if(|(_, due)| *due <= cx.now) {
            buffer.done += 1;
            self.happen(s, TXDRDY, cx);
            if buffer.done < buffer.count && !s.stopping {
                self.send(s, buffer, due, cx);
            } else {
                self.end_transmission(s, buffer, cx);
            }
        }
        while self.receives(s) {
            let Some((byte, _)) = s.incoming.take(cx.now, frame) else { break };
            self.receive(s, byte, cx);
        }
    }

    fn receive(&self, s: &mut State, byte: u8, cx: &mut Context<'_>) {
        if let Some(mut buffer) = s.receiver.take() {
            buffer.write(byte, cx);
            self.happen(s, RXDRDY, cx);
            if buffer.done < buffer.count {
                s.receiver = Some(buffer);
            } else {
                buffer.finish(&self.registers, &mut s.values);
                self.happen(s, ENDRX, cx);
            }
        } else if s.received.len() == FIFO {
            let source = self.registers.get(&s.values, ERRORSRC) | OVERRUN;
            self.registers.put(&mut s.values, ERRORSRC, source);
            self.happen(s, ERROR, cx);
        } else {
            if s.received.is_empty() || self.enabled(s) == UARTE {
                self.happen(s, RXDRDY, cx);
            }
            s.received.push_back(byte);
        }
    }

    fn happen(&self, s: &mut State, event: u32, cx: &mut Context<'_>) {
        for task in self.registers.happen(&mut s.values, event, cx) {
            self.trigger(s, task, cx);
        }
    }

    fn read_rxd(&self, s: &mut State, cx: &mut Context<'_>) -> u32 {
        if let Some(byte) = s.received.pop_front() {
            s.rxd = byte;
            if !s.received.is_empty() {
                s.values.events.happen(RXDRDY, cx); // the next one moves to RXD (29.6)
            } else if self.hold {
                s.incoming.restart(cx.now, self.frame(s));
            }
        }
        u32::from(s.rxd)
    }

    fn trigger(&self, s: &mut State, task: u32, cx: &mut Context<'_>) {
        match (task, self.enabled(s)) {
            (STARTRX, UARTE) => self.start_reception(s, cx),
            (STARTRX, UART) => s.receiving = true,
            (STOPRX, UARTE) => {
                s.receiving = false;
                if let Some(buffer) = s.receiver.take() {
                    buffer.finish(&self.registers, &mut s.values);
                    s.values.events.happen(ENDRX, cx);
                }
                self.happen(s, RXTO, cx);
            }
            (STOPRX, _) => {
                s.receiving = false;
                self.happen(s, RXTO, cx);
            }
            (STARTTX, UARTE) => self.start_transmission(s, cx),
            (STARTTX, UART) => s.transmitting = true,
            (STOPTX, UARTE) if s.sending.is_some() => s.stopping = true,
            (STOPTX, UARTE) => self.happen(s, TXSTOPPED, cx),
            (STOPTX, _) => s.transmitting = false,
            (SUSPEND, UART) => (s.receiving, s.transmitting) = (false, false),
            (FLUSHRX, UARTE) => self.flush(s, cx),
            _ => {}
        }
    }

    /// Does something; if the receiver is ready only then, the other end begins a character then.
    fn listening(
        &self,
        s: &mut State,
        cx: &mut Context<'_>,
        action: impl FnOnce(&mut State, &mut Context<'_>),
    ) {
        let received = self.receives(s);
        action(s, cx);
        if self.receives(s) && !received {
            s.incoming.restart(cx.now, self.frame(s));
        }
    }
}

impl Peripheral for NrfUart {
    type State = State;

    fn read(&self, s: &mut State, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        Ok(match at.register() {
            RXD => at.take(self.read_rxd(s, cx)),
            TXD => 0,
            _ => self.registers.read(&s.values, at),
        })
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        self.settle(s, cx);
        match at.register() {
            ERRORSRC => {
                let left = self.registers.get(&s.values, ERRORSRC) & !at.place(value);
                self.registers.put(&mut s.values, ERRORSRC, left);
            }
            TXD if self.enabled(s) == UART && s.transmitting => {
                cx.output.push(at.place(value) as u8);
                let frame = self.frame(s);
                s.outgoing.push(cx.now, frame);
            }
            RXD | TXD => {}
            _ => self.listening(s, cx, |s, cx| match self.registers.write(&mut s.values, at, value) {
                Written::Task(task) => self.trigger(s, task, cx),
                Written::PowerOff => *s = self.after_reset(s),
                Written::Register(_) => {}
            }),
        }
        Ok(())
    }

    fn input(&self, s: &mut State, bytes: &[u8], cx: &mut Context<'_>) {
        self.settle(s, cx);
        let frame = self.frame(s);
        s.incoming.push(bytes, cx.now, frame);
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        self.settle(s, cx);
    }

    fn after_reset(&self, s: &State) -> State {
        State { incoming: s.incoming.clone(), ..State::default() } // is with the other end
    }

    fn irq_lines(&self, s: &State) -> u32 {
        u32::from(s.values.events.irq())
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        let sent = s.sending.as_ref().map(|(_, due)| *due);
        let received = s.incoming.due().filter(|_| self.receives(s));
        [s.outgoing.due(), sent, received].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests;
