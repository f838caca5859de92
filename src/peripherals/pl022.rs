//! Arm PrimeCell synchronous serial port, PL022 (DDI 0194G), as it is or as the SSI of Stellaris parts: FIFOs, receive
//! time-out, loopback, DMA requests. It is always the master: as a slave nobody clocks it.

use bitfield_struct::bitfield;
use heapless::Deque;
use serde::{Deserialize, Serialize};

use super::{
    Access, Clock, Clocking, Context, Device, Frequency, Peripheral, Port, Slot, Talk,
    kinds::{Kind, Layout, Wiring},
    primecell::{self, Identification},
};
use crate::words::{BusFault, Cycle};

const CR0: u32 = 0x00;
const CR1: u32 = 0x04;
const DR: u32 = 0x08;
const SR: u32 = 0x0c;
const CPSR: u32 = 0x10;
const IM: u32 = 0x14;
const RIS: u32 = 0x18;
const MIS: u32 = 0x1c;
const ICR: u32 = 0x20;
const DMACTL: u32 = 0x24;

/// Frames that each FIFO holds.
const DEPTH: usize = 8;
/// Bit times with unread frames that make a receive time-out.
const TIMEOUT: u64 = 32;

const ROR: u32 = 1 << 0;
const RT: u32 = 1 << 1;
const RX: u32 = 1 << 2;
const TX: u32 = 1 << 3;
const RXDMAE: u32 = 1 << 0;
const TXDMAE: u32 = 1 << 1;

#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Cr1 {
    lbm: bool,
    sse: bool,
    ms: bool,
    sod: bool,
    #[bits(28)]
    __: u32,
}

pub(super) const KIND: Kind = Kind {
    name: "pl022",
    about: "Arm PrimeCell synchronous serial port (DDI 0194G), SSI of Stellaris parts",
    size: 0x1000,
    layouts: &[
        Layout::of(&[
            ("CR0", CR0),
            ("CR1", CR1),
            ("DR", DR),
            ("SR", SR),
            ("CPSR", CPSR),
            ("IM", IM),
            ("RIS", RIS),
            ("MIS", MIS),
            ("ICR", ICR),
        ]),
        Layout::of(&[
            ("SSPCR0", CR0),
            ("SSPCR1", CR1),
            ("SSPDR", DR),
            ("SSPSR", SR),
            ("SSPCPSR", CPSR),
            ("SSPIMSC", IM),
            ("SSPRIS", RIS),
            ("SSPMIS", MIS),
            ("SSPICR", ICR),
        ]),
    ],
    irqs: &["ssi"],
    outputs: &[Port::one("rx-request"), Port::one("tx-request")],
    clock: Clocking::Bus,
    build: |wiring: &Wiring| -> Box<dyn Device> {
        const PL022: Identification = [0, 0, 0, 0, 0x22, 0x10, 0x34, 0, 0x0d, 0xf0, 0x05, 0xb1];
        Box::new(Slot::new(Pl022 { identification: primecell::described(wiring, PL022) }))
    },
    ..Kind::PLAIN
};

struct Pl022 {
    identification: Identification,
}

/// A frame on the wires.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
struct Frame {
    /// When its last bit is through.
    until: Cycle,
    /// What has come in by then.
    received: u16,
}

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    clock: Clock,
    cr0: u32,
    cr1: Cr1,
    cpsr: u32,
    im: u32,
    /// ROR and RT; the other two follow from the FIFOs.
    ris: u32,
    dmactl: u32,
    transmit: Deque<u16, DEPTH>,
    receive: Deque<u16, DEPTH>,
    frame: Option<Frame>,
    /// When the receive time-out is.
    timeout: Option<Cycle>,
}

impl State {
    fn frame_bits(&self) -> u32 {
        ((self.cr0 & 0xf) + 1).max(4)
    }

    /// Core clock cycles that some bits take (DDI 0194G 3.3.1): CPSDVSR is even and not zero.
    fn bits(&self, bits: u64) -> u64 {
        let prescaler = u64::from((self.cpsr & 0xfe).max(2));
        self.clock.cycles(bits * prescaler * u64::from((self.cr0 >> 8 & 0xff) + 1))
    }

    fn ris(&self) -> u32 {
        let receive = if self.receive.len() >= DEPTH / 2 { RX } else { 0 };
        let transmit = if self.transmit.len() <= DEPTH / 2 { TX } else { 0 };
        self.ris | receive | transmit
    }

    fn status(&self) -> u32 {
        u32::from(self.transmit.is_empty())
            | u32::from(!self.transmit.is_full()) << 1
            | u32::from(!self.receive.is_empty()) << 2
            | u32::from(self.receive.is_full()) << 3
            | u32::from(self.frame.is_some() || !self.transmit.is_empty()) << 4
    }

    /// Begins a frame, if there is one to send.
    fn start(&mut self, now: Cycle, cx: &mut Context<'_>) {
        if self.frame.is_some() || !self.cr1.sse() || self.cr1.ms() {
            return;
        }
        let Some(value) = self.transmit.pop_front() else { return };
        let bits = self.frame_bits();
        let value = u32::from(value) & ((1 << bits) - 1);
        // The wire of an absent part is high.
        let answer = match self.cr1.lbm() {
            true => value,
            false => cx.talk(Talk::Spi { bits: bits as u8, value }).unwrap_or(u32::MAX),
        };
        let received = (answer & ((1 << bits) - 1)) as u16;
        self.frame = Some(Frame { until: now.saturating_add(self.bits(u64::from(bits))), received });
    }

    /// The receive time-out, if it is by then.
    fn time_out(&mut self, now: Cycle) {
        if self.timeout.is_some_and(|at| at <= now) {
            self.timeout = None;
            self.ris |= RT;
        }
    }

    /// Frames that are through by now, and those that follow them.
    fn settle(&mut self, cx: &mut Context<'_>) {
        while let Some(frame) = self.frame.filter(|frame| frame.until <= cx.now) {
            self.time_out(frame.until);
            self.frame = None;
            // New data ends a time-out as well (DDI 0194G 3.4).
            self.ris &= !RT;
            if self.receive.push_back(frame.received).is_err() {
                self.ris |= ROR;
            }
            self.timeout = Some(frame.until.saturating_add(self.bits(TIMEOUT)));
            self.start(frame.until, cx);
        }
        self.time_out(cx.now);
    }

    fn read_data(&mut self, now: Cycle) -> u32 {
        let data = self.receive.pop_front();
        self.timeout = (!self.receive.is_empty()).then(|| now.saturating_add(self.bits(TIMEOUT)));
        if self.receive.is_empty() {
            self.ris &= !RT;
        }
        data.map_or(0, u32::from)
    }
}

impl Peripheral for Pl022 {
    type State = State;

    fn read(&self, s: &mut State, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let value = match at.register() {
            CR0 => s.cr0,
            CR1 => s.cr1.into(),
            DR => s.read_data(cx.now),
            SR => s.status(),
            CPSR => s.cpsr,
            IM => s.im,
            RIS => s.ris(),
            MIS => s.ris() & s.im,
            DMACTL => s.dmactl,
            offset => primecell::register(&self.identification, offset).unwrap_or(0),
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        s.settle(cx);
        match at.register() {
            CR0 => s.cr0 = at.merge(s.cr0, value) & 0xffff,
            CR1 => {
                s.cr1 = Cr1::from(at.merge(s.cr1.into(), value) & 0xf);
                s.start(cx.now, cx);
            }
            DR => {
                // What does not fit is lost.
                let _ = s.transmit.push_back(at.place(value) as u16);
                s.start(cx.now, cx);
            }
            CPSR => s.cpsr = at.merge(s.cpsr, value) & 0xff,
            IM => s.im = at.merge(s.im, value) & (ROR | RT | RX | TX),
            ICR => s.ris &= !at.place(value),
            DMACTL => s.dmactl = at.merge(s.dmactl, value) & 3,
            _ => {}
        }
        Ok(())
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        s.settle(cx);
    }

    fn irq_lines(&self, s: &State) -> u32 {
        u32::from(s.ris() & s.im != 0)
    }

    fn outputs(&self, s: &State) -> u64 {
        let receive = s.dmactl & RXDMAE != 0 && !s.receive.is_empty();
        let transmit = s.dmactl & TXDMAE != 0 && s.cr1.sse() && !s.transmit.is_full();
        u64::from(receive) | u64::from(transmit) << 1
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        // The other end has to hear every frame at its time.
        let frame = s.frame.map(|frame| frame.until);
        frame.into_iter().chain(s.timeout).min()
    }

    fn clocked(&self, s: &mut State, frequency: Frequency, cx: &mut Context<'_>) {
        s.settle(cx);
        s.clock.change(frequency, cx.now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::Testbed;

    /// A port that is on, with eight bits per frame and two cycles per bit.
    fn port(cr1: Cr1) -> Testbed {
        let mut port = Testbed::new("pl022");
        port.write(CR0, 7);
        port.write(CPSR, 2);
        port.write(CR1, cr1.with_sse(true).into());
        port
    }

    #[test]
    fn frames_are_exchanged_one_after_the_other() {
        let mut port = port(Cr1::new());
        port.world.answer = Box::new(|talk| match talk {
            Talk::Spi { bits: 8, value } => Some(value + 1),
            _ => None,
        });
        port.write(DR, 0x310);
        port.write(DR, 0x20);
        assert_eq!(port.read(SR), 0x12, "busy, and one waits");
        port.run_until(16);
        assert_eq!((port.read(SR), port.read(DR)), (0x17, 0x11));
        port.run_until(32);
        assert_eq!((port.read(SR), port.read(DR), port.read(SR)), (7, 0x21, 3));
    }

    #[test]
    fn loopback_hears_itself_and_nobody_is_all_ones() {
        let mut port = port(Cr1::new().with_lbm(true));
        port.write(DR, 0x5a);
        port.run_until(16);
        assert_eq!(port.read(DR), 0x5a);
        port.write(CR1, Cr1::new().with_sse(true).into());
        port.write(DR, 0x5a);
        port.run_until(32);
        assert_eq!(port.read(DR), 0xff);
    }

    #[test]
    fn interrupts_follow_the_fifos() {
        let mut port = port(Cr1::new());
        assert_eq!(port.read(RIS), TX);
        for _ in 0..6 {
            port.write(DR, 0);
        }
        assert_eq!(port.read(RIS), 0, "five wait");
        port.write(IM, RX);
        port.run_until(63);
        assert_eq!(port.irq_lines(), 0);
        port.run_until(64);
        assert_eq!((port.irq_lines(), port.read(MIS)), (1, RX));
        port.read(DR);
        assert_eq!(port.irq_lines(), 0);
    }

    #[test]
    fn unread_frames_time_out_and_overrun() {
        let mut port = port(Cr1::new());
        port.write(IM, RT | ROR);
        for _ in 0..8 {
            port.write(DR, 0);
        }
        port.run_until(8 * 16 + 63);
        assert_eq!(port.read(MIS), 0);
        port.run_until(8 * 16 + 64);
        assert_eq!((port.read(MIS), port.irq_lines()), (RT, 1));
        port.write(DR, 0);
        port.run_until(1000);
        assert_eq!(port.read(MIS), RT | ROR);
        port.write(ICR, RT | ROR);
        assert_eq!((port.read(MIS), port.read(SR) >> 3 & 1), (0, 1));
    }

    #[test]
    fn new_data_ends_a_time_out() {
        let mut port = port(Cr1::new());
        port.write(IM, RT);
        port.write(DR, 0);
        port.run_until(16 + 64);
        assert_eq!(port.irq_lines(), 1);
        port.write(DR, 0);
        port.run_until(2 * 16 + 64);
        assert_eq!(port.irq_lines(), 0);
        port.run_until(2 * 16 + 2 * 64);
        assert_eq!(port.irq_lines(), 1, "and begins the next one");
    }
}
