//! One conversion after the other: the regular group, and the injected one that comes between.

use serde::{Deserialize, Serialize};

use super::{ADEN, ADSTART, AWD1, EOC, EOS, EOSMP, Family, JADSTART, JEOC, JEOS, OVR, State, Stm32AdcV2};
use crate::words::Cycle;

/// Half clocks that a sample takes, by SMP.
const SAMPLE_F0: [u64; 8] = [3, 15, 27, 57, 83, 111, 143, 479];
const SAMPLE_F3: [u64; 8] = [3, 5, 9, 15, 39, 123, 363, 1203];
const SAMPLE_L4: [u64; 8] = [5, 13, 25, 49, 95, 185, 495, 1281];
/// Half clocks of a conversion, by RES.
const BITS_F0: [u64; 4] = [25, 23, 19, 15];
const BITS: [u64; 4] = [25, 21, 17, 13];
/// CCR.PRESC of the L4.
const PRESCALERS: [u64; 16] = [1, 2, 4, 6, 8, 10, 12, 16, 32, 64, 128, 256, 256, 256, 256, 256];

/// Conversions, more than two rounds of the longest sequence, after which only time changes if nobody looks.
const SETTLED: u32 = 64;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
enum Group {
    Regular,
    Injected,
}

/// A conversion.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
struct Present {
    group: Group,
    /// When the sample will be taken, and when it is converted.
    sampled: Option<Cycle>,
    until: Cycle,
}

/// What is being converted, and what waits.
#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Conversions {
    present: Option<Present>,
    /// The regular group was triggered and has not come to its end.
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
        self.present.map(|present| present.until)
    }

    /// When the present sample will be taken.
    pub fn sampled(&self) -> Option<Cycle> {
        self.present.and_then(|present| present.sampled)
    }

    /// Whether an injected channel is being converted.
    pub fn is_injected(&self) -> bool {
        self.present.is_some_and(|present| present.group == Group::Injected)
    }

    pub fn stop_regular(&mut self) {
        if !self.is_injected() {
            self.present = None;
        }
        (self.regular, self.waits, self.rank) = (false, false, 0);
    }

    pub fn stop_injected(&mut self) {
        if self.is_injected() {
            self.present = None;
        }
        (self.injected_rank, self.injected_part) = (0, 0);
    }
}

impl Stm32AdcV2 {
    /// Core clock cycles that some clocks of the converter take.
    pub(super) fn clocks(&self, s: &State, clocks: u64) -> u64 {
        // CKMODE: instead of the clock of its own, that of the bus, which is the core's.
        let mode = if self.f0() { s.cfgr2 >> 30 } else { s.ccr >> 16 & 3 };
        match (self.family, mode) {
            (Family::L4, 0) => s.clock.cycles(clocks * PRESCALERS[(s.ccr >> 18 & 0xf) as usize]),
            (_, 0) => s.clock.cycles(clocks),
            (Family::F0, mode) => clocks << mode.min(2),
            (_, mode) => clocks << (mode - 1),
        }
    }

    /// Ranks of the regular group.
    fn ranks(&self, s: &State) -> u32 {
        if self.f0() { s.chselr.count_ones() } else { (s.sqr[0] & 0xf) + 1 }
    }

    fn injected_ranks(s: &State) -> u32 {
        (s.jsqr & 3) + 1
    }

    fn channel(&self, s: &State, group: Group) -> u32 {
        let rank = s.conversions.rank.min(18);
        match group {
            Group::Regular if self.f0() => {
                let mut channels = (0..19).filter(|channel| s.chselr >> channel & 1 != 0);
                let channel = match s.cfgr.scandir() {
                    false => channels.nth(rank as usize),
                    true => channels.rev().nth(rank as usize),
                };
                channel.unwrap_or(0)
            }
            Group::Regular => {
                let place = rank.min(15) + 1;
                s.sqr[(place / 5) as usize] >> (6 * (place % 5)) & 0x1f
            }
            Group::Injected => s.jsqr >> (8 + 6 * s.conversions.injected_rank.min(3)) & 0x1f,
        }
    }

    /// Core clock cycles of a sample, and of all of its conversion.
    fn times(&self, s: &State, group: Group) -> (u64, u64) {
        let channel = self.channel(s, group);
        let smp = match self.family {
            Family::F0 => s.smpr[0] & 7,
            _ if channel < 10 => s.smpr[0] >> (3 * channel) & 7,
            _ => s.smpr[1] >> (3 * (channel - 10).min(9)) & 7,
        } as usize;
        let res = s.cfgr.res() as usize;
        let (sample, bits) = match self.family {
            Family::F0 => (SAMPLE_F0[smp], BITS_F0[res]),
            Family::F3 => (SAMPLE_F3[smp], BITS[res]),
            Family::L4 => (SAMPLE_L4[smp], BITS[res]),
        };
        let times = 1_u64 << self.oversampling(s, group).0;
        (self.clocks(s, sample.div_ceil(2)), self.clocks(s, (sample + bits) / 2 * times))
    }

    /// How many samples are added, as a power of two, and how far the sum is shifted (RM0351 18.4.30).
    fn oversampling(&self, s: &State, group: Group) -> (u32, u32) {
        let on = match group {
            Group::Regular => s.cfgr2 & 1 != 0,
            Group::Injected => s.cfgr2 & 2 != 0,
        };
        if on && self.family == Family::L4 {
            ((s.cfgr2 >> 2 & 7) + 1, (s.cfgr2 >> 5 & 0xf).min(8))
        } else {
            (0, 0)
        }
    }

    /// A sample of twelve bits.
    fn sample(&self, s: &State, channel: u32) -> u16 {
        // The temperature at 25 degrees, the reference voltage and the battery's 3.3 V, divided, of 3.3 V (data sheets).
        let inside = match (self.family, channel) {
            (Family::F0 | Family::F3, 16) => 1775,
            (Family::F0, 17) | (Family::F3, 18) => 1526,
            (Family::F0, 18) | (Family::F3, 17) => 2048,
            (Family::L4, 0) => 1504,
            (Family::L4, 17) => 943,
            (Family::L4, 18) => 1365,
            _ => 0,
        };
        s.samples.of(channel).unwrap_or(inside)
    }

    pub(super) fn start_regular(&self, s: &mut State, now: Cycle) {
        let ranks = self.ranks(s);
        if s.cr & ADEN == 0 || s.conversions.regular || ranks == 0 {
            return;
        }
        let left = match s.cfgr.discen() {
            true if s.conversions.rank < ranks => ranks - s.conversions.rank,
            _ => {
                s.conversions.rank = 0;
                ranks
            }
        };
        // The F0 takes one at a time.
        let part = if self.f0() { 1 } else { s.cfgr.discnum() + 1 };
        s.conversions.part = if s.cfgr.discen() { part.min(left) } else { left };
        s.conversions.regular = true;
        self.begin(s, now);
    }

    pub(super) fn start_injected(&self, s: &mut State, now: Cycle) {
        if s.cr & ADEN == 0 || s.conversions.is_injected() {
            return;
        }
        if !s.cfgr.jdiscen() || s.conversions.injected_rank >= Self::injected_ranks(s) {
            s.conversions.injected_rank = 0;
        }
        s.conversions.injected_part = if s.cfgr.jdiscen() { 1 } else { Self::injected_ranks(s) };
        // The regular conversion is broken off, to be done again.
        s.conversions.present = None;
        self.begin_injected(s, now);
    }

    /// Begins the next regular conversion, unless something else goes on.
    pub(super) fn begin(&self, s: &mut State, now: Cycle) {
        if s.conversions.regular && !s.conversions.waits && s.conversions.present.is_none() {
            s.conversions.present = Some(self.present(s, Group::Regular, now));
        }
    }

    fn begin_injected(&self, s: &mut State, now: Cycle) {
        s.conversions.present = Some(self.present(s, Group::Injected, now));
    }

    fn present(&self, s: &State, group: Group, now: Cycle) -> Present {
        let (sample, all) = self.times(s, group);
        Present { group, sampled: Some(now.saturating_add(sample)), until: now.saturating_add(all) }
    }

    /// Lets the present conversion begin now.
    pub(super) fn retime(&self, s: &mut State, now: Cycle) {
        s.conversions.present = s.conversions.present.map(|present| self.present(s, present.group, now));
    }

    /// Data were read: what waited for that goes on.
    pub(super) fn go_on(&self, s: &mut State, now: Cycle) {
        if s.conversions.waits && s.isr & EOC == 0 {
            s.conversions.waits = false;
            self.begin(s, now);
        }
    }

    /// Conversions that are done by now, and those that follow them.
    pub(super) fn convert(&self, s: &mut State, now: Cycle) {
        let mut left = SETTLED;
        while let Some(present) = &mut s.conversions.present {
            if present.sampled.is_some_and(|at| at <= now) {
                present.sampled = None;
                s.isr |= EOSMP;
            }
            if present.until > now {
                return;
            }
            let present = *present;
            s.conversions.present = None;
            match present.group {
                Group::Regular => self.regular_done(s, present.until),
                Group::Injected => self.injected_done(s, present.until),
            }
            self.begin(s, present.until);
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
            round = round.saturating_add(self.times(&times, Group::Regular).1);
        }
        for rank in 0..if s.cfgr.jauto() { Self::injected_ranks(s) } else { 0 } {
            times.conversions.injected_rank = rank;
            round = round.saturating_add(self.times(&times, Group::Injected).1);
        }
        if let Some(present) = &mut s.conversions.present {
            let rounds = (now.saturating_sub(present.until) / round.max(1)).saturating_sub(2);
            let time = rounds.saturating_mul(round);
            present.sampled = present.sampled.map(|at| at.saturating_add(time));
            present.until = present.until.saturating_add(time);
        }
    }

    /// Whether a sample is out of the windows of the watchdogs.
    fn watch(&self, s: &mut State, group: Group, channel: u32, sample: u16) {
        let on = match group {
            Group::Regular => s.cfgr.awd1en(),
            Group::Injected => s.cfgr.jawd1en(),
        };
        let sample = u32::from(sample);
        let outside = |tr: u32, mask: u32, sample: u32| sample < tr & mask || sample > tr >> 16 & mask;
        if on && (!s.cfgr.awd1sgl() || s.cfgr.awd1ch() == channel) && outside(s.tr[0], 0xfff, sample) {
            s.isr |= AWD1;
        }
        // The other two look at eight bits of any set of channels.
        for watchdog in 0..2 {
            let watched = s.awdcr[watchdog] >> channel & 1 != 0;
            if watched && outside(s.tr[watchdog + 1], 0xff, sample >> 4) {
                s.isr |= AWD1 << (watchdog + 1);
            }
        }
    }

    /// A sample with its offset, at the resolution that RES says, aligned.
    fn data(&self, s: &State, group: Group, channel: u32, sample: u16) -> u16 {
        let res = s.cfgr.res();
        let (power, shift) = self.oversampling(s, group);
        if power > 0 {
            // Oversampling aligns to the right and has no offsets.
            return ((u32::from(sample >> (2 * res)) << power) >> shift) as u16;
        }
        let offset = s.ofr.iter().find(|ofr| *ofr >> 31 != 0 && *ofr >> 26 & 0x1f == channel);
        let offset = offset.map_or(0, |ofr| ofr & 0xfff) as u16;
        let data = (sample.wrapping_sub(offset) as i16) >> (2 * res);
        let left = match (s.cfgr.align(), res, offset) {
            (false, ..) => 0,
            (true, 3, _) => 2,
            (true, res, 0) => 4 + 2 * res,
            // One bit less for the sign.
            (true, res, _) => 3 + 2 * res,
        };
        (data as u16) << left
    }

    fn regular_done(&self, s: &mut State, at: Cycle) {
        let channel = self.channel(s, Group::Regular);
        let sample = self.sample(s, channel);
        self.watch(s, Group::Regular, channel, sample);
        let data = self.data(s, Group::Regular, channel, sample);
        self.deliver(s, data);
        s.conversions.rank += 1;
        s.conversions.part = s.conversions.part.saturating_sub(1);
        s.isr |= EOC;
        s.conversions.waits = s.cfgr.autdly();
        let end = s.conversions.rank >= self.ranks(s);
        if end {
            s.isr |= EOS;
            s.conversions.rank = 0;
        }
        if end && s.cfgr.cont() {
            s.conversions.part = self.ranks(s);
        } else if end || s.conversions.part == 0 {
            s.conversions.regular = false;
            // Started by software, it is over.
            if s.cfgr.exten() == 0 {
                s.cr &= !ADSTART;
            }
        }
        if end && s.cfgr.jauto() && !self.f0() {
            self.start_injected(s, at);
        }
    }

    fn deliver(&self, s: &mut State, data: u16) {
        let unread = s.isr & EOC != 0;
        if unread && s.cfgr.dmaen() && !s.cfgr.dmacfg() {
            // In one shot mode a request that nobody took was the last one (RM0316 15.3.24).
            s.request = false;
        } else if unread {
            s.isr |= OVR;
            // No more requests until the overrun is cleared.
            s.request = false;
            if !s.cfgr.ovrmod() {
                return;
            }
        } else {
            s.request = s.cfgr.dmaen() && s.isr & OVR == 0;
        }
        s.dr = data;
    }

    fn injected_done(&self, s: &mut State, at: Cycle) {
        let channel = self.channel(s, Group::Injected);
        let sample = self.sample(s, channel);
        self.watch(s, Group::Injected, channel, sample);
        let rank = s.conversions.injected_rank.min(3);
        s.jdr[rank as usize] = self.data(s, Group::Injected, channel, sample);
        s.isr |= JEOC;
        s.conversions.injected_rank = rank + 1;
        s.conversions.injected_part = s.conversions.injected_part.saturating_sub(1);
        if s.conversions.injected_rank >= Self::injected_ranks(s) {
            (s.conversions.injected_rank, s.conversions.injected_part) = (0, 0);
            s.isr |= JEOS;
        }
        if s.conversions.injected_part > 0 {
            self.begin_injected(s, at);
        } else if s.jsqr >> 6 & 3 == 0 {
            s.cr &= !JADSTART;
        }
    }
}
