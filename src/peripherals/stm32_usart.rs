//! STM32 USART (RM0090, 30.6): asynchronous mode without DMA, parity checks, LIN, smart card or flow control pins.
//!
//! A character is given to the host when it is written and leaves the transmitter one frame of virtual time later. Nine-bit
//! characters lose their ninth bit on the way to the host. A baud rate divider of zero counts as one.

use bitfield_struct::bitfield;
use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Peripheral, Slot,
    kinds::{CLOCK_DIVIDER, HOLD, Kind, Layout, Wiring},
    serial_line::{Incoming, Outgoing, Sent},
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
struct Sr {
    pe: bool,
    fe: bool,
    nf: bool,
    ore: bool,
    idle: bool,
    rxne: bool,
    tc: bool,
    txe: bool,
    lbd: bool,
    cts: bool,
    #[bits(22)]
    __: u32,
}

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

pub(super) const KIND: Kind = Kind {
    name: "stm32-usart",
    about: "STM32 USART without DMA (RM0090 30.6)",
    size: 0x400,
    layouts: &[Layout {
        registers: &[("SR", SR), ("DR", DR), ("BRR", BRR), ("CR1", CR1), ("CR2", CR2), ("CR3", CR3)],
        without: &[],
        options: &[("hold", 1)],
    }],
    irqs: &["usart"],
    options: &[CLOCK_DIVIDER, HOLD],
    transmits: Some(DR),
    build: |wiring: &Wiring| -> Box<dyn Device> {
        Box::new(Slot::new(Stm32Usart {
            divider: u64::from(wiring.option("clock-divider").max(1)),
            hold: wiring.option("hold") != 0,
        }))
    },
    ..Kind::PLAIN
};

struct Stm32Usart {
    divider: u64,
    hold: bool,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    /// TXE follows `outgoing`.
    sr: Sr,
    /// SR was read since the last access to DR: that access clears flags.
    sr_read: bool,
    rdr: u8,
    brr: u32,
    cr1: Cr1,
    cr2: u32,
    cr3: u32,
    gtpr: u32,
    outgoing: Outgoing,
    incoming: Incoming,
    /// When the receiver will have seen a whole frame of silence.
    idle_at: Option<Cycle>,
}

impl Default for State {
    fn default() -> Self {
        State {
            sr: Sr::new().with_tc(true),
            sr_read: false,
            rdr: 0,
            brr: 0,
            cr1: Cr1::new(),
            cr2: 0,
            cr3: 0,
            gtpr: 0,
            outgoing: Outgoing::default(),
            incoming: Incoming::default(),
            idle_at: None,
        }
    }
}

impl State {
    fn sr(&self) -> Sr {
        self.sr.with_txe(!self.outgoing.is_full())
    }
}

impl Stm32Usart {
    /// Core clock cycles that a character takes (RM0090 30.3.4).
    fn frame(&self, s: &State) -> u64 {
        let bit = match s.cr1.over8() {
            false => s.brr,
            true => (s.brr >> 4) * 8 + (s.brr & 7),
        };
        // Start bit, eight or nine data bits, 1, 0.5, 2 or 1.5 stop bits.
        let data_bits = if s.cr1.m() { 10 } else { 9 };
        let half_bits = 2 * data_bits + [2, 1, 4, 3][(s.cr2 >> 12 & 3) as usize];
        (u64::from(bit.max(1)) * half_bits * self.divider / 2).max(1)
    }

    fn receives(&self, s: &State) -> bool {
        s.cr1.ue() && s.cr1.re() && !(self.hold && s.sr.rxne())
    }

    fn settle(&self, s: &mut State, now: Cycle) {
        let frame = self.frame(s);
        while let Some(sent) = s.outgoing.step(now, frame) {
            if sent == Sent::Idle {
                s.sr.set_tc(true);
            }
        }
        while self.receives(s) {
            let Some((byte, at)) = s.incoming.take(now, frame) else { break };
            s.idle_at = Some(at.saturating_add(frame));
            if s.sr.rxne() {
                s.sr.set_ore(true); // the old character stays (RM0090 30.3.3)
            } else {
                s.sr.set_rxne(true);
                s.rdr = byte;
            }
        }
        // A sender that has more to say is not silent, even while it waits for the receiver.
        if s.incoming.due().is_some() {
            return;
        }
        if s.idle_at.is_some_and(|at| at <= now) {
            s.idle_at = None;
            s.sr.set_idle(true);
        }
    }

    fn read_dr(&self, s: &mut State, now: Cycle) -> u32 {
        if self.hold && s.sr.rxne() {
            s.incoming.restart(now, self.frame(s));
        }
        s.sr.set_rxne(false);
        if std::mem::take(&mut s.sr_read) {
            // Reading SR and then DR clears these (RM0090 30.6.1).
            s.sr = s.sr.with_pe(false).with_fe(false).with_nf(false).with_ore(false).with_idle(false);
        }
        u32::from(s.rdr)
    }

    fn write_dr(&self, s: &mut State, value: u32, cx: &mut Context<'_>) {
        if std::mem::take(&mut s.sr_read) {
            s.sr.set_tc(false);
        }
        if !s.cr1.ue() || !s.cr1.te() {
            return;
        }
        cx.output.push(value as u8);
        s.outgoing.push(cx.now, self.frame(s));
    }
}

impl Peripheral for Stm32Usart {
    type State = State;

    fn read(&self, s: &mut State, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        self.settle(s, cx.now);
        let value = match at.register() {
            SR => {
                s.sr_read = true;
                s.sr().into()
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
        match at.register() {
            SR => {
                // RXNE, TC, LBD and CTS are cleared by writing zero.
                let cleared = Sr::from(at.lanes() & !at.place(value));
                s.sr.set_rxne(s.sr.rxne() & !cleared.rxne());
                s.sr.set_tc(s.sr.tc() & !cleared.tc());
            }
            DR => self.write_dr(s, at.place(value), cx),
            BRR => s.brr = at.merge(s.brr, value) & 0xffff,
            CR1 => {
                let received = self.receives(s);
                s.cr1 = Cr1::from(at.merge(s.cr1.into(), value) & 0xbfff);
                if self.receives(s) && !received {
                    s.incoming.restart(cx.now, self.frame(s));
                }
            }
            CR2 => s.cr2 = at.merge(s.cr2, value) & 0x7f6f,
            CR3 => s.cr3 = at.merge(s.cr3, value) & 0x0fff,
            GTPR => s.gtpr = at.merge(s.gtpr, value) & 0xffff,
            _ => {}
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
        let (sr, cr1) = (s.sr(), s.cr1);
        let asserted = sr.txe() && cr1.txeie()
            || sr.tc() && cr1.tcie()
            || (sr.rxne() || sr.ore()) && cr1.rxneie()
            || sr.idle() && cr1.idleie();
        u32::from(asserted && cr1.ue())
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        let (sr, cr1) = (s.sr(), s.cr1);
        let tx = cr1.txeie() && !sr.txe() || cr1.tcie() && !sr.tc();
        let rx = cr1.rxneie() && !sr.rxne() && !sr.ore() || cr1.idleie() && !sr.idle();
        let tx = s.outgoing.due().filter(|_| tx);
        let idle = s.idle_at.filter(|_| cr1.idleie() && !sr.idle());
        let idle = idle.filter(|_| s.incoming.due().is_none());
        let rx = s.incoming.due().filter(|_| rx && self.receives(s));
        [tx, rx, idle].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::Testbed;

    /// A USART that is on, with 16 cycles per bit: a frame takes 160.
    fn usart(cr1: Cr1) -> Testbed {
        let mut usart = Testbed::new("stm32-usart");
        usart.write(BRR, 16);
        usart.write(CR1, cr1.with_ue(true).with_te(true).with_re(true).into());
        usart
    }

    fn sr(usart: &Testbed) -> Sr {
        Sr::from(usart.peek(SR))
    }

    #[test]
    fn a_sender_that_holds_makes_no_idle_line_between_characters() {
        let mut usart = Testbed::with_options("stm32-usart", &[("hold", 1)]);
        usart.write(BRR, 16);
        usart.write(CR1, Cr1::new().with_ue(true).with_re(true).with_idleie(true).into());
        usart.input(b"ab");
        usart.run_until(usart.now() + 170);
        assert!(sr(&usart).rxne());
        assert_eq!(usart.read(DR), u32::from(b'a'));
        usart.run_until(usart.now() + 155);
        assert!(!sr(&usart).idle(), "the second character is on its way");
        usart.run_until(usart.now() + 200);
        assert_eq!(usart.read(DR), u32::from(b'b'));
        usart.run_until(usart.now() + 200);
        assert!(sr(&usart).idle());
    }

    #[test]
    fn after_reset_the_transmitter_is_empty() {
        assert_eq!(Testbed::new("stm32-usart").read(SR), 0xc0);
    }

    #[test]
    fn txe_and_tc_follow_the_shift_register() {
        let mut usart = usart(Cr1::new());
        usart.read(SR);
        usart.write(DR, u32::from(b'o'));
        assert!(sr(&usart).txe() && !sr(&usart).tc(), "the first character is in the shift register");
        usart.write(DR, u32::from(b'k'));
        assert!(!sr(&usart).txe());
        usart.run_until(160);
        assert!(sr(&usart).txe() && !sr(&usart).tc());
        usart.run_until(320);
        assert!(sr(&usart).tc());
        assert_eq!(usart.output(), b"ok");
    }

    #[test]
    fn the_transmit_interrupts_come_in_time() {
        let mut usart = usart(Cr1::new().with_txeie(true));
        assert_eq!(usart.irq_lines(), 1, "TXE is set");
        usart.write(DR, 1);
        usart.write(DR, 2);
        assert_eq!((usart.irq_lines(), usart.next_wake()), (0, Some(160)));
        usart.run_until(160);
        assert_eq!((usart.irq_lines(), usart.next_wake()), (1, None));
    }

    #[test]
    fn reading_dr_clears_rxne() {
        let mut usart = usart(Cr1::new().with_rxneie(true));
        usart.input(b"A");
        assert_eq!((usart.irq_lines(), usart.next_wake()), (0, Some(160)));
        usart.run_until(160);
        assert_eq!(usart.irq_lines(), 1);
        assert_eq!(usart.read(DR), u32::from(b'A'));
        assert_eq!(usart.irq_lines(), 0, "RXNE is cleared by a read of DR (RM0090 30.6.1)");
    }

    #[test]
    fn an_overrun_keeps_the_old_character_and_is_cleared_by_sr_then_dr() {
        let mut usart = usart(Cr1::new());
        usart.input(b"AB");
        usart.run_until(320);
        assert!(sr(&usart).ore());
        assert_eq!(usart.read(DR), u32::from(b'A'));
        assert!(sr(&usart).ore(), "SR was not read before");
        usart.read(SR);
        usart.read(DR);
        assert!(!sr(&usart).ore());
    }

    #[test]
    fn silence_after_a_character_sets_idle() {
        let mut usart = usart(Cr1::new().with_idleie(true));
        usart.input(b"AB");
        usart.run_until(479);
        assert_eq!(usart.irq_lines(), 0);
        usart.run_until(480);
        assert_eq!((usart.irq_lines(), sr(&usart).idle()), (1, true));
    }

    #[test]
    fn characters_wait_for_the_receiver() {
        let mut usart = Testbed::with_options("stm32-usart", &[("hold", 1)]);
        usart.input(b"AB");
        usart.run_until(10_000);
        usart.write(BRR, 16);
        usart.write(CR1, Cr1::new().with_ue(true).with_re(true).into());
        usart.run_until(20_000);
        let status = sr(&usart);
        assert!(status.rxne() && !status.ore(), "the other end waits");
        assert!(!status.idle(), "and has more to say, which is no silence");
        assert_eq!(usart.read(DR), u32::from(b'A'));
        usart.run_until(20_159);
        assert!(!sr(&usart).rxne());
        usart.run_until(20_160);
        assert_eq!((sr(&usart).rxne(), usart.read(DR)), (true, u32::from(b'B')));
    }

    #[test]
    fn oversampling_by_eight_and_two_stop_bits_change_the_frame() {
        let mut usart = Testbed::with_options("stm32-usart", &[("clock-divider", 2)]);
        usart.write(BRR, 0x24); // 2 + 4/8: 20 clocks per bit
        usart.write(CR2, 2 << 12);
        usart.write(CR1, Cr1::new().with_ue(true).with_te(true).with_over8(true).with_tcie(true).into());
        usart.read(SR);
        usart.write(DR, 0);
        assert_eq!(usart.next_wake(), Some(11 * 20 * 2));
    }
}
