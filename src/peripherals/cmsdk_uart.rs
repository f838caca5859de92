//! CMSDK APB UART (Cortex-M System Design Kit TRM, DDI0479, 4.3).
//!
//! A character is given to the host when it is written and leaves the transmitter one frame of virtual time later. A
//! divider below 16, which the manual forbids, counts as 16. What is written while the transmitter is off is lost.

use bitfield_struct::bitfield;
use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Peripheral, Slot,
    kinds::{HOLD, Kind, Wiring},
    primecell,
    serial_line::{Incoming, Outgoing, Sent},
};
use crate::words::{BusFault, Cycle};

const DATA: u32 = 0x00;
const STATE: u32 = 0x04;
const CTRL: u32 = 0x08;
const INTSTATUS: u32 = 0x0c;
const BAUDDIV: u32 = 0x10;

/// Start bit, eight data bits, stop bit.
const FRAME_BITS: u64 = 10;

#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Status {
    tx_full: bool,
    rx_full: bool,
    tx_overrun: bool,
    rx_overrun: bool,
    #[bits(28)]
    __: u32,
}

#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Ctrl {
    tx_enable: bool,
    rx_enable: bool,
    tx_irq: bool,
    rx_irq: bool,
    tx_overrun_irq: bool,
    rx_overrun_irq: bool,
    high_speed_test: bool,
    #[bits(25)]
    __: u32,
}

#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct IntStatus {
    tx: bool,
    rx: bool,
    tx_overrun: bool,
    rx_overrun: bool,
    #[bits(28)]
    __: u32,
}

pub(super) const KIND: Kind = Kind {
    name: "cmsdk-uart",
    about: "CMSDK APB UART (DDI0479 4.3)",
    size: 0x1000,
    irqs: &["rx", "tx", "overrun", "combined"],
    options: &[HOLD],
    transmits: Some(DATA),
    build: |wiring: &Wiring| -> Box<dyn Device> {
        Box::new(Slot::new(CmsdkUart { hold: wiring.option("hold") != 0 }))
    },
    ..Kind::PLAIN
};

struct CmsdkUart {
    hold: bool,
}

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    data: u8,
    status: Status,
    ctrl: Ctrl,
    /// TX and RX; the overrun bits follow `status` and `ctrl`.
    interrupts: IntStatus,
    bauddiv: u32,
    outgoing: Outgoing,
    incoming: Incoming,
}

impl State {
    fn frame(&self) -> u64 {
        let bit = if self.ctrl.high_speed_test() { 1 } else { u64::from(self.bauddiv.max(16)) };
        FRAME_BITS * bit
    }

    fn status(&self) -> Status {
        self.status.with_tx_full(self.outgoing.is_full())
    }

    fn interrupts(&self) -> IntStatus {
        self.interrupts
            .with_tx_overrun(self.status.tx_overrun() && self.ctrl.tx_overrun_irq())
            .with_rx_overrun(self.status.rx_overrun() && self.ctrl.rx_overrun_irq())
    }
}

impl CmsdkUart {
    fn receives(&self, s: &State) -> bool {
        s.ctrl.rx_enable() && !(self.hold && s.status.rx_full())
    }

    fn settle(&self, s: &mut State, now: Cycle) {
        let frame = s.frame();
        while let Some(sent) = s.outgoing.step(now, frame) {
            if sent == Sent::Moved && s.ctrl.tx_irq() {
                s.interrupts.set_tx(true);
            }
        }
        while self.receives(s) {
            let Some((byte, _)) = s.incoming.take(now, frame) else { break };
            s.status.set_rx_overrun(s.status.rx_overrun() | s.status.rx_full());
            s.status.set_rx_full(true);
            s.data = byte;
            s.interrupts.set_rx(s.interrupts.rx() | s.ctrl.rx_irq());
        }
    }

    fn transmit(&self, s: &mut State, byte: u8, cx: &mut Context<'_>) {
        if !s.ctrl.tx_enable() {
            return;
        }
        if s.outgoing.is_full() {
            s.status.set_tx_overrun(true);
            return;
        }
        cx.output.push(byte);
        s.outgoing.push(cx.now, s.frame());
        if !s.outgoing.is_full() && s.ctrl.tx_irq() {
            // An idle transmitter takes the character at once: the buffer was full and is not any more.
            s.interrupts.set_tx(true);
        }
    }
}

impl Peripheral for CmsdkUart {
    type State = State;

    fn read(&self, s: &mut State, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        self.settle(s, cx.now);
        let value = match at.register() {
            DATA => {
                if self.hold && s.status.rx_full() {
                    s.incoming.restart(cx.now, s.frame());
                }
                s.status.set_rx_full(false);
                u32::from(s.data)
            }
            STATE => s.status().into(),
            CTRL => s.ctrl.into(),
            INTSTATUS => s.interrupts().into(),
            BAUDDIV => s.bauddiv,
            offset => primecell::identification(0x21, offset).unwrap_or(0),
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        self.settle(s, cx.now);
        match at.register() {
            DATA => self.transmit(s, at.place(value) as u8, cx),
            STATE => {
                let clear = Status::from(at.place(value));
                s.status.set_tx_overrun(s.status.tx_overrun() & !clear.tx_overrun());
                s.status.set_rx_overrun(s.status.rx_overrun() & !clear.rx_overrun());
            }
            CTRL => {
                let enabled = s.ctrl.rx_enable();
                s.ctrl = Ctrl::from(at.merge(s.ctrl.into(), value) & 0x7f);
                if s.ctrl.rx_enable() && !enabled {
                    s.incoming.restart(cx.now, s.frame());
                }
            }
            INTSTATUS => {
                // Clearing an overrun interrupt clears the overrun itself (DDI0479 4.3.3, INTCLEAR).
                let clear = IntStatus::from(at.place(value));
                s.interrupts = IntStatus::from(u32::from(s.interrupts) & !u32::from(clear));
                s.status.set_tx_overrun(s.status.tx_overrun() & !clear.tx_overrun());
                s.status.set_rx_overrun(s.status.rx_overrun() & !clear.rx_overrun());
            }
            BAUDDIV => s.bauddiv = at.merge(s.bauddiv, value) & 0xf_ffff,
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

    fn after_reset(&self, s: &State) -> State {
        State { incoming: s.incoming.clone(), ..State::default() }
    }

    fn irq_lines(&self, s: &State) -> u32 {
        let int = s.interrupts();
        let overrun = int.tx_overrun() || int.rx_overrun();
        u32::from(int.rx())
            | u32::from(int.tx()) << 1
            | u32::from(overrun) << 2
            | u32::from(u32::from(int) != 0) << 3
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        let wants_tx = s.outgoing.is_full() && s.ctrl.tx_irq() && !s.interrupts.tx();
        let wants_rx =
            s.ctrl.rx_irq() && !s.interrupts.rx() || s.ctrl.rx_overrun_irq() && !s.status.rx_overrun();
        let tx = s.outgoing.due().filter(|_| wants_tx);
        let rx = s.incoming.due().filter(|_| wants_rx && self.receives(s));
        [tx, rx].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::Testbed;

    const TX_AND_IRQ: u32 = 0b0000101;
    const RX_AND_IRQ: u32 = 0b0001010;

    #[test]
    fn a_character_takes_ten_bit_times() {
        let mut uart = Testbed::new("cmsdk-uart");
        uart.write(BAUDDIV, 20);
        uart.write(CTRL, 1);
        uart.write(DATA, u32::from(b'h'));
        assert_eq!(uart.read(STATE), 0, "an idle transmitter takes the character out of the buffer");
        uart.write(DATA, u32::from(b'i'));
        assert_eq!(uart.read(STATE), 1, "the second one waits");
        uart.run_until(200);
        assert_eq!(uart.read(STATE), 0, "the first one is out after 10 * 20 cycles");
        assert_eq!(uart.output(), b"hi");
    }

    #[test]
    fn writing_to_a_full_buffer_overruns() {
        let mut uart = Testbed::new("cmsdk-uart");
        uart.write(CTRL, 0b0010001);
        for byte in *b"abc" {
            uart.write(DATA, u32::from(byte));
        }
        assert_eq!(uart.output(), b"ab");
        assert_eq!(uart.read(STATE), 0b0101);
        assert_eq!(uart.irq_lines(), 0b1100, "overrun and combined");
        uart.write(INTSTATUS, 0b0100);
        assert_eq!(uart.read(STATE), 0b0001);
        assert_eq!(uart.irq_lines(), 0);
    }

    #[test]
    fn the_tx_interrupt_comes_when_the_buffer_empties() {
        let mut uart = Testbed::new("cmsdk-uart");
        uart.write(BAUDDIV, 16);
        uart.write(CTRL, TX_AND_IRQ);
        uart.write(DATA, 1);
        uart.write(INTSTATUS, 1);
        uart.write(DATA, 2);
        assert_eq!(uart.irq_lines(), 0);
        assert_eq!(uart.next_wake(), Some(160));
        uart.run_until(160);
        assert_eq!(uart.irq_lines(), 0b1010);
        uart.write(INTSTATUS, 1);
        assert_eq!((uart.irq_lines(), uart.next_wake()), (0, None));
    }

    #[test]
    fn a_character_nobody_reads_is_overrun_by_the_next() {
        let mut uart = Testbed::new("cmsdk-uart");
        uart.write(CTRL, RX_AND_IRQ);
        uart.input(b"ab");
        uart.run_until(160);
        assert_eq!(uart.irq_lines(), 0b1001);
        assert_eq!(uart.read(STATE), 0b0010);
        uart.run_until(320);
        assert_eq!(uart.read(STATE), 0b1010);
        assert_eq!(uart.read(DATA), u32::from(b'b'));
        assert_eq!(uart.read(STATE), 0b1000);
    }

    #[test]
    fn a_held_line_loses_nothing() {
        let mut uart = Testbed::with_options("cmsdk-uart", &[("hold", 1)]);
        uart.input(b"abc");
        uart.run_until(1000);
        uart.write(CTRL, RX_AND_IRQ);
        let mut heard = Vec::new();
        for _ in 0..3 {
            uart.run_until(uart.now() + 5000);
            assert_eq!(uart.read(STATE), 0b0010);
            heard.push(uart.read(DATA) as u8);
            uart.write(INTSTATUS, 0b0010);
        }
        assert_eq!(heard, b"abc");
    }

    #[test]
    fn identification_registers_are_the_manuals() {
        let mut uart = Testbed::new("cmsdk-uart");
        let ids: Vec<u32> = (0xfd0..0x1000).step_by(4).map(|offset| uart.read(offset)).collect();
        assert_eq!(ids, [4, 0, 0, 0, 0x21, 0xb8, 0x1b, 0, 0x0d, 0xf0, 0x05, 0xb1]);
    }
}
