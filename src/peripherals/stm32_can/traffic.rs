//! What happens on the bus: modes, transmission, reception (RM0090 32.4 to 32.7).

use serde::{Deserialize, Serialize};

use super::{State, Stm32Can, filters::Filters, frame::Frame, registers::*};
use crate::{peripherals::Context, words::Cycle};

/// A frame on the bus.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub(super) enum Activity {
    /// From a mailbox.
    Transmission(usize),
    /// From another node.
    Reception(Frame),
}

impl State {
    /// Core clock cycles of so many bits.
    fn duration(&self, bits: u64) -> u64 {
        let quanta = 3 + (self.btr >> 16 & 0xf) + (self.btr >> 20 & 7);
        let clocks = (u64::from(self.btr & 0x3ff) + 1) * u64::from(quanta);
        self.clock.cycles(bits * clocks)
    }

    /// The modes follow their requests as soon as the bus is free.
    fn follow_requests(&mut self) {
        let slept = self.slak;
        self.slak = self.mcr & SLEEP != 0;
        self.inak = !self.slak && self.mcr & INRQ != 0;
        if self.slak && !slept && self.ier & SLKIE != 0 {
            self.msr |= SLAKI;
        }
    }
}

impl Stm32Can {
    /// Brings the bus up to now.
    pub fn settle(&self, s: &mut State, cx: &mut Context<'_>) {
        while let Some((activity, until)) = s.activity.filter(|(_, until)| *until <= cx.now) {
            s.activity = None;
            match activity {
                Activity::Transmission(mailbox) => self.transmitted(s, mailbox, cx),
                Activity::Reception(frame) => self.receive(s, frame, cx),
            }
            self.begin(s, until);
            self.skip(s, cx.now);
        }
    }

    /// Attempts that only repeat the error before them are left out.
    fn skip(&self, s: &mut State, now: Cycle) {
        if !self.is_stuck(s) {
            return;
        }
        if let Some((Activity::Transmission(mailbox), until)) = s.activity {
            let duration = s.duration(s.mailboxes[mailbox % 3].frame.bits());
            let attempts = now.saturating_sub(until) / duration.max(1);
            s.activity = Some((Activity::Transmission(mailbox), until.saturating_add(attempts * duration)));
        }
    }

    /// Whether the end of this attempt changes nothing: nobody acknowledges, and all that could tell so does.
    pub fn is_stuck(&self, s: &State) -> bool {
        let repeats = s.mcr & (NART | INRQ | SLEEP) == 0 && !s.loops_back() && !self.acknowledged;
        let told = s.tec >= 128 && s.lec == ACKNOWLEDGMENT_ERROR && (s.ier & LECIE == 0 || s.msr & ERRI != 0);
        let sends = matches!(s.activity, Some((Activity::Transmission(n), _)) if !s.mailboxes[n % 3].aborts);
        repeats && told && sends && s.arriving.is_empty()
    }

    /// The next frame begins, if the bus is free.
    pub fn begin(&self, s: &mut State, now: Cycle) {
        if s.activity.is_some() {
            return;
        }
        s.follow_requests();
        if s.slak && !s.arriving.is_empty() {
            // The frame that wakes is lost.
            s.arriving.pop_front();
            s.msr |= WKUI;
            if s.mcr & AWUM != 0 {
                s.mcr &= !SLEEP;
                s.follow_requests();
            }
        }
        if s.slak || s.inak || s.loops_back() {
            s.arriving.clear(); // nobody listens
        }
        if s.slak || s.inak {
            return;
        }
        // A silent node cannot start a transmission (RM0090 32.5.1).
        let silent = s.btr & SILM != 0 && !s.loops_back();
        let waiting = if silent { None } else { s.waiting().first().copied() };
        let arriving = s.arriving.front().copied();
        let wins = |own: usize, other: Frame| s.mailboxes[own].frame.arbitration() < other.arbitration();
        let (activity, bits) = match (waiting, arriving) {
            (None, None) => return,
            (Some(own), other) if other.is_none_or(|other| wins(own, other)) => {
                (Activity::Transmission(own), s.mailboxes[own].frame.bits())
            }
            (own, Some(other)) => {
                s.arriving.pop_front();
                if let Some(own) = own.filter(|_| s.mcr & NART != 0) {
                    s.mailboxes[own].complete(ALST);
                }
                (Activity::Reception(other), other.bits())
            }
            (Some(_), None) => return, // it wins against nobody
        };
        s.activity = Some((activity, now.saturating_add(s.duration(bits))));
    }

    fn transmitted(&self, s: &mut State, number: usize, cx: &mut Context<'_>) {
        let number = number % 3;
        let frame = s.mailboxes[number].frame;
        if s.loops_back() || self.acknowledged {
            s.mailboxes[number].complete(TXOK);
            s.tec = s.tec.saturating_sub(1);
            s.lec = 0;
            if s.btr & SILM == 0 {
                cx.output.fetch(format!("{frame}\n").as_bytes());
            }
            if s.loops_back() {
                self.receive(s, frame, cx);
            }
            return;
        }
        s.acknowledgment_error();
        if s.mcr & NART != 0 || s.mailboxes[number].aborts {
            s.mailboxes[number].complete(TERR);
        }
    }

    /// A frame has arrived.
    fn receive(&self, s: &mut State, frame: Frame, cx: &mut Context<'_>) {
        let found = if self.filters == 0 {
            let filters = Filters::of(self.filters_at, cx);
            filters.accept(&frame, filters.second()..28)
        } else {
            let banks = if self.filters == 28 { s.filters.second() } else { self.filters };
            s.filters.accept(&frame, 0..banks)
        };
        let Some(found) = found else { return };
        let locked = s.mcr & RFLM != 0;
        let fifo = &mut s.fifos[found.fifo];
        if fifo.frames.len() >= 3 {
            fifo.status |= FOVR;
            if locked {
                return;
            }
            fifo.frames.pop_back(); // the newest one is overwritten
        }
        fifo.frames.push_back((frame, found.index));
        if fifo.frames.len() == 3 {
            fifo.status |= FULL;
        }
    }
}

impl State {
    /// What is sent is received, and nothing else.
    fn loops_back(&self) -> bool {
        self.btr & LBKM != 0
    }
}
