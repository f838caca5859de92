//! What the channels do: compare matches, captures, OCxREF (RM0090 17.3.6 to 17.3.12; RM0316 20.3.7 to 20.3.14).

use super::{State, Stm32Tim, flag, inputs};

impl State {
    /// Sets flags and remembers the events: a DMA request follows although the flag is set already.
    pub fn raise(&mut self, flags: u32) {
        self.sr |= flags;
        self.events |= flags;
    }

    /// The count goes to CCRx.
    pub fn capture(&mut self, channel: usize) {
        let flag = flag(channel);
        if self.sr & flag != 0 {
            self.sr |= flag << 8; // CCxOF
        }
        self.ccr[channel].write(self.cnt, false);
        self.raise(flag);
    }

    /// The count has become a channel's compare value.
    pub fn matched(&mut self, channel: usize) {
        let bit = 1 << channel;
        match self.output_mode(channel) {
            1 => self.references |= bit,
            2 => self.references &= !bit,
            3 => self.references ^= bit,
            _ => {}
        }
        if !self.is_silent() {
            self.raise(flag(channel));
        }
    }

    /// Whether matches set no flags: centre-aligned mode 1 sets them when counting down, mode 2 when up.
    pub fn is_silent(&self) -> bool {
        matches!((self.cr1.cms(), self.cr1.dir()), (1, false) | (2, true))
    }

    /// A break: the outputs are off until software or AOE sets MOE.
    pub fn break_off(&mut self, flags: u32) {
        self.bdtr.set_moe(false);
        self.raise(flags);
    }
}

impl Stm32Tim {
    /// OCxREF before it is combined with others.
    fn plain_reference(&self, s: &State, channel: usize) -> bool {
        let ccr = self.ccr(s, channel);
        // Active below CCRx, when counting down up to it (RM0090 17.3.10).
        let pwm = if s.cr1.dir() { s.cnt <= ccr } else { s.cnt < ccr };
        match s.output_mode(channel) {
            4 => false,
            5 => true,
            6 | 8 | 12 | 14 => pwm,
            7 | 9 | 13 | 15 => !pwm,
            _ => s.references >> channel & 1 != 0,
        }
    }

    /// OCxREF, or OCxREFC where channels are combined.
    pub fn reference(&self, s: &State, channel: usize) -> bool {
        if channel >= self.channels || !s.compares(channel) {
            return false;
        }
        // OCxCE: a high ETRF clears it.
        if s.channel_mode(channel) & 0x80 != 0 && inputs::etrf(s) {
            return false;
        }
        let own = self.plain_reference(s, channel);
        let other = || channel ^ 1 < self.channels && self.plain_reference(s, channel ^ 1);
        match s.output_mode(channel) {
            12 => own || other(),
            13 => own && other(),
            14 | 15 if s.cr1.dir() => other(),
            _ => own,
        }
    }

    /// OCxREF of all channels.
    pub fn references(&self, s: &State) -> u32 {
        let active = (0..self.channels).filter(|&channel| self.plain_reference(s, channel));
        active.fold(0, |bits, channel| bits | 1 << channel)
    }
}
