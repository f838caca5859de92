//! Xilinx AXI UART Lite (PG142, "Register Space"): 16 characters each way, a fixed rate, no parity.
//!
//! A character is given to the host when it is written and leaves the FIFO one frame of virtual time after the one before
//! it. The interrupt is a pulse of one cycle, as the manual has it.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Peripheral, Slot,
    kinds::{HOLD, Kind, KindOption, Wiring},
    serial_line::Incoming,
};
use crate::words::{BusFault, Cycle};

const RX_FIFO: u32 = 0x00;
const TX_FIFO: u32 = 0x04;
const STAT_REG: u32 = 0x08;
const CTRL_REG: u32 = 0x0c;

const RX_VALID: u32 = 1 << 0;
const RX_FULL: u32 = 1 << 1;
const TX_EMPTY: u32 = 1 << 2;
const TX_FULL: u32 = 1 << 3;
const INTR_ENABLED: u32 = 1 << 4;
const OVERRUN: u32 = 1 << 5;

const FIFO: usize = 16;

pub(super) const KIND: Kind = Kind {
    name: "xilinx-uartlite",
    about: "Xilinx AXI UART Lite (PG142)",
    size: 0x1_0000,
    irqs: &["uart"],
    options: &[KindOption { name: "baud", about: "bits per second", default: 115_200 }, HOLD],
    transmits: Some(TX_FIFO),
    build: |wiring: &Wiring| -> Box<dyn Device> {
        let baud = u64::from(wiring.option("baud").max(1));
        Box::new(Slot::new(UartLite {
            frame: (u64::from(wiring.clock_hz) * 10 / baud).max(2),
            hold: wiring.option("hold") != 0,
        }))
    },
    ..Kind::PLAIN
};

struct UartLite {
    /// Core clock cycles that a character takes; more than the pulse of the interrupt.
    frame: u64,
    hold: bool,
}

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    /// Characters that are not out yet, and when the first of them is.
    sending: u32,
    sent_at: Cycle,
    received: VecDeque<u8>,
    incoming: Incoming,
    overrun: bool,
    interrupt_enabled: bool,
    /// When the pulse of the interrupt ends.
    pulse: Option<Cycle>,
}

impl UartLite {
    fn receives(&self, s: &State) -> bool {
        !self.hold || s.received.is_empty()
    }

    fn settle(&self, s: &mut State, now: Cycle) {
        s.pulse = s.pulse.filter(|&end| end > now);
        let mut pulse = false;
        if s.sending > 0 && s.sent_at <= now {
            let sent = (now - s.sent_at) / self.frame + 1;
            pulse = sent >= u64::from(s.sending);
            s.sending = s.sending.saturating_sub(u32::try_from(sent).unwrap_or(u32::MAX));
            s.sent_at = s.sent_at.saturating_add(sent * self.frame);
        }
        while self.receives(s) {
            let Some((byte, _)) = s.incoming.take(now, self.frame) else { break };
            if s.received.len() == FIFO {
                s.overrun = true;
                continue;
            }
            pulse |= s.received.is_empty();
            s.received.push_back(byte);
        }
        if pulse && s.interrupt_enabled {
            s.pulse = Some(now.saturating_add(1));
        }
    }

    fn status(s: &State) -> u32 {
        let flag = |bit, set| if set { bit } else { 0 };
        flag(RX_VALID, !s.received.is_empty())
            | flag(RX_FULL, s.received.len() >= FIFO)
            | flag(TX_EMPTY, s.sending == 0)
            | flag(TX_FULL, s.sending as usize >= FIFO)
            | flag(INTR_ENABLED, s.interrupt_enabled)
            | flag(OVERRUN, s.overrun)
    }
}

impl Peripheral for UartLite {
    type State = State;

    fn read(&self, s: &mut State, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        self.settle(s, cx.now);
        let value = match at.register() {
            RX_FIFO => {
                let byte = s.received.pop_front();
                if self.hold && byte.is_some() && s.received.is_empty() {
                    s.incoming.restart(cx.now, self.frame);
                }
                byte.unwrap_or(0).into()
            }
            STAT_REG => {
                let status = Self::status(s);
                s.overrun = false; // a read clears the error bits
                status
            }
            _ => 0,
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        self.settle(s, cx.now);
        match at.register() {
            TX_FIFO if (s.sending as usize) < FIFO => {
                cx.output.push(at.place(value) as u8);
                if s.sending == 0 {
                    s.sent_at = cx.now.saturating_add(self.frame);
                }
                s.sending += 1;
            }
            CTRL_REG => {
                let control = at.place(value);
                if control & 1 != 0 {
                    s.sending = 0;
                }
                if control & 2 != 0 {
                    s.received.clear();
                }
                s.interrupt_enabled = control & INTR_ENABLED != 0;
            }
            _ => {}
        }
        Ok(())
    }

    fn input(&self, s: &mut State, bytes: &[u8], cx: &mut Context<'_>) {
        self.settle(s, cx.now);
        s.incoming.push(bytes, cx.now, self.frame);
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        self.settle(s, cx.now);
    }

    fn after_reset(&self, s: &State) -> State {
        State { incoming: s.incoming.clone(), ..State::default() }
    }

    fn irq_lines(&self, s: &State) -> u32 {
        u32::from(s.pulse.is_some())
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        let tx = (s.sending > 0 && s.interrupt_enabled)
            .then(|| s.sent_at.saturating_add(u64::from(s.sending - 1) * self.frame));
        let rx =
            s.incoming.due().filter(|_| s.interrupt_enabled && self.receives(s) && s.received.is_empty());
        [tx, rx, s.pulse].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::Testbed;

    /// A frame takes 10 cycles.
    fn uart(control: u32) -> Testbed {
        let mut uart = Testbed::with_options("xilinx-uartlite", &[("baud", 1_000_000)]);
        uart.write(CTRL_REG, control);
        uart
    }

    #[test]
    fn an_empty_transmitter_interrupts_for_one_cycle() {
        let mut uart = uart(INTR_ENABLED);
        uart.write(TX_FIFO, 1);
        uart.write(TX_FIFO, 2);
        assert_eq!((uart.read(STAT_REG), uart.next_wake()), (INTR_ENABLED, Some(20)));
        uart.run_until(20);
        assert_eq!((uart.read(STAT_REG), uart.irq_lines()), (INTR_ENABLED | TX_EMPTY, 1));
        uart.run_until(21);
        assert_eq!((uart.irq_lines(), uart.next_wake()), (0, None));
    }

    #[test]
    fn sixteen_characters_fit() {
        let mut uart = uart(0);
        for byte in 0..20 {
            uart.write(TX_FIFO, byte);
        }
        assert_eq!((uart.output().len(), uart.read(STAT_REG)), (16, TX_FULL));
        uart.input(&[7; 17]);
        uart.run_until(170);
        assert_eq!(uart.read(STAT_REG), OVERRUN | RX_FULL | RX_VALID | TX_EMPTY);
        assert_eq!(uart.read(RX_FIFO), 7);
        assert_eq!(uart.read(STAT_REG), RX_VALID | TX_EMPTY);
    }
}
