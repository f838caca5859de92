//! One conversion after the other: the regular group, and the injected one that comes between.

use serde::{Deserialize, Serialize};

use super::{AWD, EOC, Family, JEOC, JSTRT, OVR, STRT, State, Stm32AdcV1};
use crate::words::Cycle;

/// Half clocks that a sample takes, by SMP.
const SAMPLE_F1: [u64; 8] = [3, 15, 27, 57, 83, 111, 143, 479];
const SAMPLE_F4: [u64; 8] = [6, 30, 56, 112, 168, 224, 288, 960];
const SAMPLE_L1: [u64; 8] = [8, 18, 32, 48, 96, 192, 384, 768];

/// Conversions, more than two rounds of the longest sequence, after which only time changes if nobody looks.
const SETTLED: u32 = 80;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
enum Group {
    Regular,
    Injected,
}

/// What is being converted, and what waits.
#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Conversions {
    /// The group that is being converted, and when its present conversion is done.
    present: Option<(Group, Cycle)>,
    /// The regular group was started and has not come to its end.
    regular: bool,
    /// The rank of the regular group that is next.
    rank: u32,
    /// Ranks that are left of this part of the group, in discontinuous mode.
    part: u32,
    injected_rank: u32,
    injected_part: u32,
    /// The next conversion waits until the last one's data are read.
    waits: bool,
}

impl Conversions {
    /// When the present conversion is done.
    pub fn until(&self) -> Option<Cycle> {
        self.present.map(|(_, until)| until)
    }

    /// Whether an injected channel is being converted.
    pub fn is_injected(&self) -> bool {
        matches!(self.present, Some((Group::Injected, _)))
    }
}

impl Stm32AdcV1 {
    /// Ranks of the regular group, at least 1.
    fn ranks(&self, s: &State) -> u32 {
        let length = s.sqr[self.family.last_sqr()] >> 20;
        match self.family {
            _ if !s.cr1.scan() => 1,
            Family::L1 => (length & 0x1f).min(27) + 1,
            _ => (length & 0xf) + 1,
        }
    }

    fn injected_ranks(s: &State) -> u32 {
        if s.cr1.scan() { (s.jsqr >> 20 & 3) + 1 } else { 1 }
    }

    fn channel(&self, s: &State, group: Group) -> u32 {
        match group {
            Group::Regular => {
                let rank = s.conversions.rank.min(27);
                s.sqr[(rank / 6) as usize] >> (5 * (rank % 6)) & 0x1f
            }
            // The group is at the end of JSQR: with one rank it is JSQ4 (RM0090 13.13.12).
            Group::Injected => {
                let first = 3 - (s.jsqr >> 20 & 3);
                s.jsqr >> (5 * (first + s.conversions.injected_rank).min(3)) & 0x1f
            }
        }
    }

    /// Core clock cycles that a conversion takes.
    fn time(&self, s: &State, channel: u32) -> u64 {
        let smp = (s.smpr[(channel / 10) as usize] >> (3 * (channel % 10)) & 7) as usize;
        // Successive approximation takes a clock per bit.
        let bits = 2 * (12 - 2 * u64::from(s.cr1.res()));
        let halves = match self.family {
            Family::F1 => SAMPLE_F1[smp] + 25,
            Family::F4 => SAMPLE_F4[smp] + bits,
            Family::L1 => SAMPLE_L1[smp] + bits,
        };
        let prescaler = match (self.family, s.ccr >> 16 & 3) {
            (Family::F1, _) => 1,
            (Family::F4, adcpre) => 2 * (u64::from(adcpre) + 1),
            (Family::L1, adcpre) => 1 << adcpre,
        };
        s.clock.cycles(halves * prescaler / 2)
    }

    /// A sample of twelve bits.
    fn sample(&self, s: &State, channel: u32) -> u16 {
        // The temperature at 25 degrees and the reference voltage, of 3.3 V (data sheets).
        let inside = match (self.family, channel) {
            (Family::F1, 16) => 1775,
            (Family::F1, 17) => 1489,
            (Family::F4, 16) => 943,
            (Family::F4, 17) => 1502,
            // VBAT, or on some the temperature, which then is on no other channel.
            (Family::F4, 18) => 943,
            (Family::L1, 16) => 620,
            (Family::L1, 17) => 1519,
            _ => 0,
        };
        s.samples.of(channel).unwrap_or(inside)
    }

    pub(super) fn start_regular(&self, s: &mut State, now: Cycle) {
        // After an overrun nothing starts until it is cleared (RM0090 13.8.1).
        if !s.cr2.adon() || s.conversions.regular || s.sr & OVR != 0 && s.cr2.dma() {
            return;
        }
        let left = self.ranks(s).saturating_sub(s.conversions.rank);
        if left == 0 {
            s.conversions.rank = 0;
        }
        s.conversions.part = match (s.cr1.discen(), left) {
            (true, 0) => (s.cr1.discnum() + 1).min(self.ranks(s)),
            (true, left) => (s.cr1.discnum() + 1).min(left),
            (false, _) => {
                s.conversions.rank = 0;
                self.ranks(s)
            }
        };
        s.conversions.regular = true;
        s.sr |= STRT;
        self.begin(s, now);
    }

    pub(super) fn start_injected(&self, s: &mut State, now: Cycle) {
        if !s.cr2.adon() || s.conversions.is_injected() {
            return;
        }
        let left = Self::injected_ranks(s).saturating_sub(s.conversions.injected_rank);
        if left == 0 || !s.cr1.jdiscen() {
            s.conversions.injected_rank = 0;
        }
        s.conversions.injected_part = if s.cr1.jdiscen() { 1 } else { Self::injected_ranks(s) };
        s.sr |= JSTRT;
        // The regular conversion is broken off, to be done again (RM0008 11.3.9).
        s.conversions.present = Some((Group::Injected, 0));
        self.retime(s, now);
    }

    /// Begins the next regular conversion, unless something else goes on.
    fn begin(&self, s: &mut State, now: Cycle) {
        if s.conversions.regular && !s.conversions.waits && s.conversions.present.is_none() {
            s.conversions.present = Some((Group::Regular, 0));
            self.retime(s, now);
        }
    }

    /// Lets the present conversion begin now.
    pub(super) fn retime(&self, s: &mut State, now: Cycle) {
        if let Some((group, _)) = s.conversions.present {
            let time = self.time(s, self.channel(s, group));
            s.conversions.present = Some((group, now.saturating_add(time)));
        }
    }

    /// Data were read: what waited for that goes on.
    pub(super) fn go_on(&self, s: &mut State, now: Cycle) {
        if s.conversions.waits && s.sr & EOC == 0 {
            s.conversions.waits = false;
            self.begin(s, now);
        }
    }

    /// Conversions that are done by now, and those that follow them.
    pub(super) fn convert(&self, s: &mut State, now: Cycle) {
        let mut left = SETTLED;
        while let Some((group, until)) = s.conversions.present.filter(|(_, until)| *until <= now) {
            s.conversions.present = None;
            match group {
                Group::Regular => self.regular_done(s, until),
                Group::Injected => self.injected_done(s, until),
            }
            self.begin(s, until);
            left = left.saturating_sub(1);
            if left == 0 {
                self.skip(s, now);
                left = u32::MAX;
            }
        }
    }

    /// Leaves out whole rounds of a group that goes on and on: nothing in them is new.
    fn skip(&self, s: &mut State, now: Cycle) {
        let mut times = s.clone();
        let mut round: u64 = 0;
        for rank in 0..self.ranks(s) {
            times.conversions.rank = rank;
            round = round.saturating_add(self.time(&times, self.channel(&times, Group::Regular)));
        }
        for rank in 0..if s.cr1.jauto() { Self::injected_ranks(s) } else { 0 } {
            times.conversions.injected_rank = rank;
            round = round.saturating_add(self.time(&times, self.channel(&times, Group::Injected)));
        }
        if let Some((_, until)) = &mut s.conversions.present {
            let rounds = (now.saturating_sub(*until) / round.max(1)).saturating_sub(2);
            *until = until.saturating_add(rounds.saturating_mul(round));
        }
    }

    fn watch(&self, s: &mut State, group: Group, channel: u32, sample: u16) {
        let on = match group {
            Group::Regular => s.cr1.awden(),
            Group::Injected => s.cr1.jawden(),
        };
        let watched = on && (!s.cr1.awdsgl() || s.cr1.awdch() == channel);
        let sample = u32::from(sample);
        if watched && (sample > s.htr || sample < s.ltr) {
            s.sr |= AWD;
        }
    }

    /// A sample at the resolution that RES says.
    fn resolved(s: &State, sample: u16) -> u16 {
        sample >> (2 * s.cr1.res())
    }

    fn regular_done(&self, s: &mut State, at: Cycle) {
        let channel = self.channel(s, Group::Regular);
        let sample = self.sample(s, channel);
        self.watch(s, Group::Regular, channel, sample);
        let bits = 12 - 2 * s.cr1.res();
        let resolved = Self::resolved(s, sample);
        let data = match (s.cr2.align(), bits) {
            (false, _) => resolved,
            // Six bits are to the left of a byte (RM0090 13.4).
            (true, 6) => resolved << 2,
            (true, bits) => resolved << (16 - bits),
        };
        if !self.deliver(s, data) {
            return;
        }
        s.conversions.rank += 1;
        s.conversions.part = s.conversions.part.saturating_sub(1);
        let end = s.conversions.rank >= self.ranks(s);
        if end || s.cr2.eocs() && self.family != Family::F1 {
            s.sr |= EOC;
        }
        // Delays until the data are read (RM0038 12.8): the others, which count clocks, are none.
        s.conversions.waits = self.family == Family::L1 && s.cr2.dels() == 1 && s.sr & EOC != 0;
        if end {
            s.conversions.rank = 0;
            if s.cr1.jauto() {
                self.start_injected(s, at);
            }
        }
        if end && s.cr2.cont() {
            s.conversions.part = self.ranks(s);
        } else if end || s.conversions.part == 0 {
            s.conversions.regular = false;
        }
    }

    /// Gives data to DR; false if that ends the group with an overrun.
    fn deliver(&self, s: &mut State, data: u16) -> bool {
        let unread = s.request && s.cr2.dma() || s.sr & EOC != 0 && s.cr2.eocs() && !s.cr2.dma();
        if self.family != Family::F1 && unread {
            if s.cr2.dma() && !s.cr2.dds() {
                // Without DDS a request that nobody took was the last one (RM0090 13.8.1).
                s.request = false;
            } else {
                s.sr |= OVR;
                if s.cr2.dma() {
                    s.conversions.regular = false;
                    s.conversions.rank = 0;
                    s.request = false;
                    return false;
                }
            }
        } else {
            s.request = s.cr2.dma();
        }
        s.dr = data;
        true
    }

    fn injected_done(&self, s: &mut State, at: Cycle) {
        let channel = self.channel(s, Group::Injected);
        let sample = self.sample(s, channel);
        self.watch(s, Group::Injected, channel, sample);
        let rank = s.conversions.injected_rank.min(3);
        let offset = s.jofr[rank as usize] as u16;
        let data = (Self::resolved(s, sample) as i16).wrapping_sub(offset as i16);
        let left = match s.cr1.res() {
            3 => 1,
            res => 3 + 2 * res,
        };
        s.jdr[rank as usize] = if s.cr2.align() { (data << left) as u16 } else { data as u16 };
        s.conversions.injected_rank = rank + 1;
        s.conversions.injected_part = s.conversions.injected_part.saturating_sub(1);
        if s.conversions.injected_rank >= Self::injected_ranks(s) {
            s.conversions.injected_rank = 0;
            s.conversions.injected_part = 0;
            // EOC of the F1 is for both groups (RM0008 11.12.1).
            s.sr |= if self.family == Family::F1 { JEOC | EOC } else { JEOC };
        }
        if s.conversions.injected_part > 0 {
            s.conversions.present = Some((Group::Injected, 0));
            self.retime(s, at);
        }
    }
}
