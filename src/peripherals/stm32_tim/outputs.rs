//! What the timer tells others: DMA requests, TRGO, the pins; and what it must wake up for.

use super::{BURST, Burst, CCIF, COMIF, RESTART, State, Stm32Tim, TIF, UIF, UPDATE, counting::Awaited, flag};
use crate::peripherals::{Context, kinds::Port};

pub(super) const OUTPUTS: &[Port] = &[
    Port::one("update-request"),
    Port::one("cc1-request"),
    Port::one("cc2-request"),
    Port::one("cc3-request"),
    Port::one("cc4-request"),
    Port::one("trigger-request"),
    Port::one("com-request"),
    Port::one("trgo"),
    Port::one("trgo2"),
    Port::one("ch1"),
    Port::one("ch2"),
    Port::one("ch3"),
    Port::one("ch4"),
    Port::one("ch1n"),
    Port::one("ch2n"),
    Port::one("ch3n"),
];

/// The bits of DIER, 8 lower, of the outputs that ask for DMA.
const REQUESTS: [u32; 7] = [UIF, 2, 4, 8, 0x10, TIF, COMIF];
const TRGO: u32 = 7;
const TRGO2: u32 = 8;
const CH1: u32 = 9;
const CH1N: u32 = 13;

/// Master modes (MMS) that give a pulse; the first two, and those from 4 on.
const RESET: u32 = 0;
const ENABLE: u32 = 1;
const ON_UPDATE: u32 = 2;
const COMPARE_PULSE: u32 = 3;

impl Stm32Tim {
    /// Sends what has happened to DMA controllers and slaves.
    pub fn announce(&self, s: &mut State, cx: &mut Context<'_>) {
        let events = std::mem::take(&mut s.events);
        if events == 0 {
            return;
        }
        if events & BURST != 0 {
            cx.pulse(s.burst.output);
        }
        // CCDS: the requests of the channels come with the update event.
        let channels = match (s.cr2.ccds(), events & UIF != 0) {
            (false, _) => events & CCIF,
            (true, true) => CCIF,
            (true, false) => 0,
        };
        let requests = (events & !CCIF | channels) & s.dier >> 8;
        for (output, bit) in (0..).zip(REQUESTS) {
            if requests & bit != 0 {
                s.burst = Burst { output, left: s.dcr.dbl(), index: 0 };
                cx.pulse(output);
            }
        }
        for (output, mode) in [(TRGO, Some(s.cr2.mms())), (TRGO2, self.second_mode(s))] {
            let event = match mode {
                Some(RESET) => RESTART,
                Some(ON_UPDATE) => UPDATE,
                Some(COMPARE_PULSE) => flag(0),
                _ => 0,
            };
            if events & event != 0 {
                cx.pulse(output);
            }
        }
    }

    /// MMS2, if there is one.
    fn second_mode(&self, s: &State) -> Option<u32> {
        (self.channels > 4).then(|| s.cr2.mms2())
    }

    /// The level of every output.
    pub fn levels(&self, s: &State) -> u64 {
        let mut levels = 0;
        let mut set = |output: u32, high: bool| levels |= u64::from(high) << output;
        for (output, mode) in [(TRGO, Some(s.cr2.mms())), (TRGO2, self.second_mode(s))] {
            set(output, mode.is_some_and(|mode| self.trigger_level(s, mode)));
        }
        for channel in 0..self.channels.min(4) {
            set(CH1 + channel as u32, self.pin(s, channel, false));
        }
        for channel in 0..self.channels.min(3) {
            set(CH1N + channel as u32, self.pin(s, channel, true));
        }
        levels
    }

    fn trigger_level(&self, s: &State, mode: u32) -> bool {
        match mode {
            ENABLE => s.cr1.cen() && self.gate(s),
            4..=9 => self.reference(s, mode as usize - 4),
            _ => false,
        }
    }

    /// OCx, or OCxN; low where the timer drives nothing (RM0090 17.4.9).
    fn pin(&self, s: &State, channel: usize, complement: bool) -> bool {
        let enable = s.enable(channel);
        let side = if complement { 2 } else { 0 };
        let (on, inverted) = (enable >> side & 1 != 0, enable >> side & 2 != 0);
        if !s.compares(channel) {
            return false;
        }
        if self.breaks && !s.bdtr.moe() {
            let idle = s.cr2.ois() >> (2 * channel + usize::from(complement)) & 1 != 0;
            return idle && s.bdtr.ossi() && enable & 5 != 0;
        }
        // OCxN is the complement of OCx only where both are on.
        let level = self.reference(s, channel) != (complement && enable & 1 != 0);
        on && level != inverted
    }

    /// What somebody could see when it happens.
    pub fn awaited(&self, s: &State) -> Awaited {
        let open = s.dier & !s.sr;
        let requests = s.dier >> 8;
        let mut awaited = Awaited {
            update: (open | requests) & UIF != 0 || s.cr2.ccds() && requests & CCIF != 0,
            channels: (open & CCIF) >> 1,
            turns: false,
        };
        if !s.cr2.ccds() {
            awaited.channels |= (requests & CCIF) >> 1;
        }
        for mode in [Some(s.cr2.mms()), self.second_mode(s)].into_iter().flatten() {
            match mode {
                ENABLE => awaited.update |= s.cr1.opm(),
                ON_UPDATE => awaited.update = true,
                COMPARE_PULSE => awaited.channels |= 1,
                4..=9 => self.await_level(s, mode as usize - 4, &mut awaited),
                _ => {}
            }
        }
        if self.pins {
            let off = self.breaks && !s.bdtr.moe();
            awaited.update |= off && s.bdtr.aoe();
            for channel in (0..self.channels.min(4)).filter(|&channel| !off && s.enable(channel) & 5 != 0) {
                self.await_level(s, channel, &mut awaited);
            }
        }
        awaited
    }

    /// OCxREF is looked at.
    fn await_level(&self, s: &State, channel: usize, awaited: &mut Awaited) {
        if channel >= self.channels || matches!(s.output_mode(channel), 0 | 4 | 5) {
            return;
        }
        awaited.turns = true;
        awaited.channels |= 1 << channel;
        if s.output_mode(channel) >= 12 {
            awaited.channels |= 1 << (channel ^ 1);
        }
    }

    /// Whether an update event sets MOE again.
    pub fn automatic_output(&self, s: &State) -> bool {
        self.breaks && s.bdtr.aoe() && !s.breaks()
    }
}
