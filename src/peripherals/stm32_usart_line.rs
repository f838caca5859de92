//! What the two generations of STM32 USARTs have inside: the shift registers, the received character, the flags.

use bitfield_struct::bitfield;
use serde::{Deserialize, Serialize};

use super::{
    Clock, Context, Frequency,
    kinds::Wiring,
    serial_line::{Incoming, Outgoing, Sent},
};
use crate::words::Cycle;

/// Flags at the places that SR and ISR share.
#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Flags {
    pub pe: bool,
    pub fe: bool,
    pub nf: bool,
    pub ore: bool,
    pub idle: bool,
    pub rxne: bool,
    pub tc: bool,
    pub txe: bool,
    #[bits(3)]
    __: u32,
    /// Receiver timeout, at its place in ISR.
    pub rtof: bool,
    #[bits(5)]
    __: u32,
    /// Character match, at its place in ISR.
    pub cmf: bool,
    #[bits(14)]
    __: u32,
}

/// What the wiring says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fixed {
    /// Core clock cycles per clock, on a board without a clock controller.
    divider: u64,
    /// Whether the other end waits while a character is unread.
    hold: bool,
}

impl Fixed {
    pub fn new(wiring: &Wiring) -> Fixed {
        let divider = u64::from(wiring.option("clock-divider").max(1));
        Fixed { divider, hold: wiring.option("hold") != 0 }
    }
}

/// What the registers say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setup {
    pub fixed: Fixed,
    pub enabled: bool,
    pub transmits: bool,
    pub receives: bool,
    /// The time of a bit, in 256ths of a clock.
    pub bit: u64,
    /// Start, data, parity and stop bits of a character, twice.
    pub half_bits: u64,
    /// Data bits without the parity bit.
    pub data_bits: u32,
    /// Whether there is a parity bit, and whether parity is odd.
    pub parity: Option<bool>,
    /// Whether a character that comes too early replaces the unread one (OVRDIS).
    pub overwrites: bool,
    /// The character that sets CMF.
    pub matches: Option<u8>,
    /// Bits of silence that set RTOF.
    pub timeout: Option<u64>,
}

impl Setup {
    /// Twice the bits of a character: a start bit, `data` bits with parity, and stop bits by CR2.STOP.
    pub fn half_bits(data: u32, cr2: u32) -> u64 {
        u64::from(2 * (1 + data) + [2, 1, 4, 3][(cr2 >> 12 & 3) as usize])
    }

    fn mask(&self) -> u32 {
        (1 << self.data_bits) - 1
    }

    /// The character as the receiver sees it, with its parity bit above.
    fn received(&self, byte: u8) -> u16 {
        let data = u32::from(byte) & self.mask();
        let parity = self.parity.is_some_and(|odd| (data.count_ones() % 2 == 1) != odd);
        (data | u32::from(parity) << self.data_bits) as u16
    }
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Line {
    clock: Clock,
    /// TXE follows `outgoing`.
    flags: Flags,
    rdr: u16,
    outgoing: Outgoing,
    incoming: Incoming,
    /// When the receiver will have seen a whole frame of silence.
    idle_at: Option<Cycle>,
    /// When the receiver will have seen the silence that RTOR wants.
    timeout_at: Option<Cycle>,
}

impl Default for Line {
    fn default() -> Line {
        Line {
            clock: Clock::default(),
            flags: Flags::new().with_tc(true),
            rdr: 0,
            outgoing: Outgoing::default(),
            incoming: Incoming::default(),
            idle_at: None,
            timeout_at: None,
        }
    }
}

impl Line {
    /// After a reset: what the other end has sent or is sending does not know of it.
    pub fn after_reset(&self) -> Line {
        Line { incoming: self.incoming.clone(), ..Line::default() }
    }

    pub fn flags(&self) -> Flags {
        self.flags.with_txe(!self.outgoing.is_full())
    }

    /// Clears flags.
    pub fn clear(&mut self, flags: Flags) {
        self.flags = Flags::from(u32::from(self.flags) & !u32::from(flags));
    }

    /// Whether a character is on its way in.
    pub fn is_receiving(&self, setup: &Setup, now: Cycle) -> bool {
        let begins = |due: Cycle| due.saturating_sub(self.frame(setup));
        self.listens(setup) && self.incoming.due().is_some_and(|due| begins(due) <= now && now < due)
    }

    /// Core clock cycles that some bits take, given in half bits.
    fn cycles(&self, setup: &Setup, half_bits: u64) -> u64 {
        self.clock.cycles((setup.bit.max(1) * half_bits * setup.fixed.divider / 512).max(1))
    }

    fn frame(&self, setup: &Setup) -> u64 {
        self.cycles(setup, setup.half_bits)
    }

    fn listens(&self, setup: &Setup) -> bool {
        setup.enabled && setup.receives && !(setup.fixed.hold && self.flags.rxne())
    }

    pub fn settle(&mut self, setup: &Setup, now: Cycle) {
        let frame = self.frame(setup);
        while let Some(sent) = self.outgoing.step(now, frame) {
            if sent == Sent::Idle {
                self.flags.set_tc(true);
            }
        }
        while self.listens(setup) {
            let Some((byte, at)) = self.incoming.take(now, frame) else { break };
            self.idle_at = Some(at.saturating_add(frame));
            self.timeout_at = setup.timeout.map(|bits| at.saturating_add(self.cycles(setup, 2 * bits)));
            self.receive(setup, byte);
        }
        // A sender that has more to say is not silent, even while it waits for the receiver.
        if self.incoming.due().is_some() {
            return;
        }
        if self.idle_at.is_some_and(|at| at <= now) {
            self.idle_at = None;
            self.flags.set_idle(true);
        }
        if self.timeout_at.is_some_and(|at| at <= now) {
            self.timeout_at = None;
            self.flags.set_rtof(true);
        }
    }

    fn receive(&mut self, setup: &Setup, byte: u8) {
        if setup.matches == Some(byte) {
            self.flags.set_cmf(true);
        }
        if self.flags.rxne() && !setup.overwrites {
            self.flags.set_ore(true); // the old character stays (RM0090 30.3.3)
            return;
        }
        self.flags.set_rxne(true);
        self.rdr = setup.received(byte);
    }

    /// The received character, for whoever takes it.
    pub fn read(&mut self, setup: &Setup, now: Cycle) -> u32 {
        self.discard(setup, now);
        u32::from(self.rdr)
    }

    /// The received character is not wanted.
    pub fn discard(&mut self, setup: &Setup, now: Cycle) {
        if setup.fixed.hold && self.flags.rxne() {
            self.incoming.restart(now, self.frame(setup));
        }
        self.flags.set_rxne(false);
    }

    /// Takes a character to send.
    pub fn write(&mut self, setup: &Setup, value: u32, cx: &mut Context<'_>) {
        if setup.enabled && setup.transmits {
            cx.output.push((value & setup.mask()) as u8);
            self.outgoing.push(cx.now, self.frame(setup));
        }
    }

    /// The character that waits for the shift register is not wanted.
    pub fn drop_waiting(&mut self) {
        self.outgoing.drop_waiting();
    }

    pub fn input(&mut self, setup: &Setup, bytes: &[u8], now: Cycle) {
        self.incoming.push(bytes, now, self.frame(setup));
    }

    /// Registers were written: a receiver that was off is on now, for which the other end has waited.
    pub fn change(&mut self, old: &Setup, new: &Setup, now: Cycle) {
        if self.listens(new) && !self.listens(old) {
            self.incoming.restart(now, self.frame(new));
        }
    }

    /// The receiver and the transmitter forget what they were doing.
    pub fn stop(&mut self) {
        let (clock, incoming) = (self.clock.clone(), std::mem::take(&mut self.incoming));
        *self = Line { clock, incoming, ..Line::default() };
    }

    pub fn clocked(&mut self, setup: &Setup, frequency: Frequency, now: Cycle) {
        self.clock.change(frequency, now);
        let frame = self.frame(setup);
        self.outgoing.resume(now, frame);
        self.incoming.resume(now, frame);
    }

    /// When one of these flags may next be set.
    pub fn next(&self, setup: &Setup, watched: Flags) -> Option<Cycle> {
        let wanted = Flags::from(u32::from(watched) & !u32::from(self.flags()));
        let quiet = self.incoming.due().is_none();
        let tx = self.outgoing.due().filter(|_| wanted.txe() || wanted.tc());
        let rx = wanted.rxne() || wanted.ore() || wanted.cmf() || wanted.idle() || wanted.rtof();
        let rx = self.incoming.due().filter(|_| rx && self.listens(setup));
        let idle = self.idle_at.filter(|_| wanted.idle() && quiet);
        let timeout = self.timeout_at.filter(|_| wanted.rtof() && quiet);
        [tx, rx, idle, timeout].into_iter().flatten().min()
    }
}
