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

    fn sr(usart: &Testbed) -> Flags {
        Flags::from(usart.peek(SR))
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

    #[test]
    fn dma_requests_follow_txe_and_rxne() {
        let mut usart = usart(Cr1::new());
        assert_eq!(usart.outputs(), 0);
        usart.write(CR3, DMAT | DMAR);
        assert_eq!(usart.outputs(), 1, "TXE");
        usart.write(DR, 1);
        usart.write(DR, 2);
        assert_eq!((usart.outputs(), usart.next_wake()), (0, Some(160)));
        usart.input(b"A");
        usart.run_until(160);
        assert_eq!(usart.outputs(), 3);
        usart.read(DR);
        assert_eq!(usart.outputs(), 1);
    }

    #[test]
    fn an_overrun_under_dma_has_the_error_interrupt() {
        let mut usart = usart(Cr1::new());
        usart.write(CR3, DMAR | EIE);
        usart.input(b"AB");
        usart.run_until(319);
        assert_eq!(usart.irq_lines(), 0);
        usart.run_until(320);
        assert_eq!(usart.irq_lines(), 1);
    }

    #[test]
    fn the_parity_bit_takes_the_place_of_the_highest_bit() {
        let mut usart = usart(Cr1::new().with_pce(true));
        usart.input(b"C"); // three ones: even parity sets the bit
        usart.run_until(160);
        assert_eq!(usart.read(DR), 0x80 | u32::from(b'C'));
        usart.write(CR1, u32::from(Cr1::from(usart.peek(CR1)).with_m(true).with_ps(true)));
        usart.input(b"C");
        usart.run_until(500);
        assert_eq!(usart.read(DR), u32::from(b'C'), "odd parity of nine bits is bit 8, here zero");
    }

    #[test]
    fn the_clock_may_be_slower_than_the_core_and_may_stand_still() {
        let mut usart = usart(Cr1::new().with_tcie(true));
        usart.read(SR);
        usart.clocked(1, 4);
        usart.write(DR, 0);
        assert_eq!(usart.next_wake(), Some(640));
        usart.run_until(640);
        usart.clocked(0, 4);
        usart.read(SR);
        usart.write(DR, 0);
        usart.run_until(10_000);
        assert!(!sr(&usart).tc());
        usart.clocked(4, 4);
        assert_eq!(usart.next_wake(), Some(10_160));
    }
}
