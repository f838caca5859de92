//! nRF TIMER (nRF51 Series Reference Manual 3.0, chapter 18; nRF52840 Product Specification 1.1, 6.30).

use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Peripheral, Slot,
    kinds::{CLOCK_DIVIDER, Kind, KindOption, Layout, Wiring},
    nrf_events::{EVENT_PORT, Events, cycles_of_16_mhz, powers_off, task, ticks_until},
};
use crate::words::{BusFault, Cycle};

const SHORTS: u32 = 0x200;
const MODE: u32 = 0x504;
const BITMODE: u32 = 0x508;
const PRESCALER: u32 = 0x510;
const CC: u32 = 0x540;
const CC_LAST: u32 = 0x554;

const START: u32 = 0;
const STOP: u32 = 1;
const COUNT: u32 = 2;
const CLEAR: u32 = 3;
const SHUTDOWN: u32 = 4;
const CAPTURE: u32 = 16;
/// The event of the first compare register.
const COMPARE: u32 = 16;
const CHANNELS: usize = 6;

pub(super) const KIND: Kind = Kind {
    name: "nrf-timer",
    about: "nRF TIMER (nRF51 RM 18)",
    size: 0x1000,
    layouts: &[Layout::of(&[
        ("TASKS_START", 0),
        ("TASKS_COUNT", 8),
        ("EVENTS_COMPARE0", 0x140),
        ("MODE", MODE),
        ("BITMODE", BITMODE),
        ("PRESCALER", PRESCALER),
    ])],
    describe: |described| {
        let channels = (0..CHANNELS as u32).take_while(|n| described.register(CC + 4 * n).is_some()).count();
        vec![("channels", channels as u32)]
    },
    irqs: &["timer"],
    outputs: &[EVENT_PORT],
    options: &[
        CLOCK_DIVIDER,
        KindOption { name: "channels", about: "compare registers: 4 or 6", default: 4 },
        KindOption { name: "bits", about: "the widest counter: 16 or 32 bits", default: 32 },
    ],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        Box::new(Slot::new(NrfTimer {
            divider: cycles_of_16_mhz(wiring),
            channels: (wiring.option("channels") as usize).clamp(1, CHANNELS),
            bits: wiring.option("bits").clamp(8, 32),
        }))
    },
    ..Kind::PLAIN
};

struct NrfTimer {
    /// Core clock cycles per cycle of the 16 MHz clock.
    divider: u64,
    channels: usize,
    bits: u32,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    events: Events,
    shorts: u32,
    mode: u32,
    bitmode: u32,
    prescaler: u32,
    cc: [u32; CHANNELS],
    running: bool,
    count: u32,
    /// When the count became what it is, in timer mode.
    since: Cycle,
}

impl Default for State {
    fn default() -> Self {
        State {
            events: Events::default(),
            shorts: 0,
            mode: 0,
            bitmode: 0,
            prescaler: 4,
            cc: [0; CHANNELS],
            running: false,
            count: 0,
            since: 0,
        }
    }
}

impl State {
    fn clears(&self, channel: usize) -> bool {
        self.shorts >> channel & 1 != 0
    }

    fn stops(&self, channel: usize) -> bool {
        self.shorts >> (8 + channel) & 1 != 0
    }
}

impl NrfTimer {
    fn exist(&self) -> u32 {
        ((1 << self.channels) - 1) << COMPARE
    }

    /// The counter's modulus.
    fn modulus(&self, s: &State) -> u64 {
        let bits = [16, 8, 24, 32][(s.bitmode & 3) as usize];
        1 << bits.min(self.bits)
    }

    fn cycles_per_tick(&self, s: &State) -> u64 {
        self.divider << s.prescaler.min(9)
    }

    fn counts_time(s: &State) -> bool {
        s.running && s.mode == 0
    }

    /// Ticks until the counter becomes equal to a compare register.
    fn distance(&self, s: &State, channel: usize) -> u64 {
        let modulus = self.modulus(s);
        if u64::from(s.cc[channel]) >= modulus {
            return u64::MAX; // more bits than the counter has
        }
        ticks_until(s.cc[channel], s.count, modulus)
    }

    /// Ticks until the counter next becomes equal to any.
    fn next_match(&self, s: &State) -> u64 {
        (0..self.channels).map(|channel| self.distance(s, channel)).min().unwrap_or(u64::MAX)
    }

    /// Lets the counter come to its next match, which is so many ticks away. True if a shortcut cleared it.
    fn reach(&self, s: &mut State, ticks: u64, cx: &mut Context<'_>) -> bool {
        let matching: Vec<usize> =
            (0..self.channels).filter(|&channel| self.distance(s, channel) == ticks).collect();
        s.count = ((u64::from(s.count) + ticks) % self.modulus(s)) as u32;
        let mut cleared = false;
        for channel in matching {
            s.events.happen(COMPARE + channel as u32, cx);
            cleared |= s.clears(channel);
            s.running &= !s.stops(channel);
        }
        if cleared {
            s.count = 0;
        }
        cleared
    }

    /// Counts this many ticks, or fewer if a shortcut stops the timer.
    fn run(&self, s: &mut State, mut ticks: u64, cx: &mut Context<'_>) {
        let modulus = self.modulus(s);
        let channels = || (0..self.channels).filter(|&channel| u64::from(s.cc[channel]) < modulus);
        // From 0, the counter comes back to 0 after this many ticks.
        let period = channels().filter(|&c| s.clears(c) && s.cc[c] != 0).map(|c| u64::from(s.cc[c])).min();
        let stops = channels().any(|channel| s.stops(channel));
        if period.is_none() && !stops && ticks >= modulus {
            for channel in channels().collect::<Vec<_>>() {
                s.events.happen(COMPARE + channel as u32, cx);
            }
            ticks %= modulus;
        }
        let mut clears = 0;
        while s.running {
            let next = self.next_match(s);
            if ticks < next {
                s.count = ((u64::from(s.count) + ticks) % modulus) as u32;
                break;
            }
            ticks -= next;
            clears += u32::from(self.reach(s, next, cx));
            if clears == 2 {
                // All that can happen in a period has happened.
                ticks %= period.unwrap_or(modulus);
            }
        }
    }

    fn settle(&self, s: &mut State, cx: &mut Context<'_>) {
        if !Self::counts_time(s) {
            s.since = cx.now;
            return;
        }
        let per = self.cycles_per_tick(s);
        let ticks = cx.now.saturating_sub(s.since) / per;
        s.since += ticks * per;
        self.run(s, ticks, cx);
    }

    fn trigger(&self, s: &mut State, task: u32, cx: &mut Context<'_>) {
        match task {
            START if !s.running => {
                s.running = true;
                s.since = cx.now;
            }
            STOP => s.running = false,
            COUNT if s.running && s.mode != 0 => self.run(s, 1, cx),
            CLEAR => {
                s.count = 0;
                s.since = cx.now;
            }
            SHUTDOWN => {
                s.running = false;
                s.count = 0;
            }
            CAPTURE.. if ((task - CAPTURE) as usize) < self.channels => {
                s.cc[(task - CAPTURE) as usize] = s.count;
            }
            _ => {}
        }
    }
}

impl Peripheral for NrfTimer {
    type State = State;

    fn read(&self, s: &mut State, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        self.settle(s, cx);
        let value = match at.register() {
            SHORTS => s.shorts,
            MODE => s.mode,
            BITMODE => s.bitmode,
            PRESCALER => s.prescaler,
            register @ CC..=CC_LAST => s.cc[((register - CC) / 4) as usize],
            register => s.events.read(register).unwrap_or(0),
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        self.settle(s, cx);
        if powers_off(at, value) {
            *s = State { since: cx.now, ..State::default() };
        }
        if let Some(task) = task(at, value) {
            self.trigger(s, task, cx);
        }
        match at.register() {
            SHORTS => {
                let all = (1 << self.channels) - 1;
                s.shorts = at.merge(s.shorts, value) & (all | all << 8);
            }
            MODE => {
                s.mode = at.merge(s.mode, value) & 3; // two kinds of counter
                s.since = cx.now;
            }
            BITMODE => {
                s.bitmode = at.merge(s.bitmode, value) & 3;
                s.count = (u64::from(s.count) % self.modulus(s)) as u32;
            }
            PRESCALER => {
                s.prescaler = at.merge(s.prescaler, value) & 0xf;
                s.since = cx.now;
            }
            register @ CC..=CC_LAST if ((register - CC) / 4) < self.channels as u32 => {
                let cc = &mut s.cc[((register - CC) / 4) as usize];
                *cc = at.merge(*cc, value);
            }
            _ => {
                s.events.write(at, value, self.exist());
            }
        }
        Ok(())
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        self.settle(s, cx);
    }

    fn irq_lines(&self, s: &State) -> u32 {
        u32::from(s.events.irq())
    }

    /// Whoever is wired to an event hears of it when it happens, even if no interrupt is enabled.
    fn next_wake(&self, s: &State) -> Option<Cycle> {
        let ticks = Some(self.next_match(s)).filter(|ticks| Self::counts_time(s) && *ticks != u64::MAX)?;
        Some(s.since.saturating_add(ticks.saturating_mul(self.cycles_per_tick(s))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::Testbed;

    /// A running timer with a tick every two cycles.
    fn timer(cc: &[u32], shorts: u32) -> Testbed {
        let mut timer = Testbed::new("nrf-timer");
        timer.write(PRESCALER, 1);
        for (channel, cc) in cc.iter().enumerate() {
            timer.write(CC + 4 * channel as u32, *cc);
        }
        timer.write(SHORTS, shorts);
        timer.write(0x304, 1 << COMPARE);
        timer.write(4 * START, 1);
        timer
    }

    fn count(timer: &mut Testbed) -> u32 {
        timer.write(4 * (CAPTURE + 3), 1);
        timer.read(CC + 12)
    }

    #[test]
    fn a_cleared_timer_has_the_period_of_its_compare_register() {
        let mut timer = timer(&[10], 1);
        for round in 1..4 {
            assert_eq!(timer.next_wake(), Some(20 * round));
            timer.run_until(20 * round);
            assert_eq!((timer.irq_lines(), count(&mut timer)), (1, 0));
            timer.write(0x140, 0);
            assert_eq!(timer.irq_lines(), 0);
        }
    }

    #[test]
    fn a_stopped_timer_keeps_its_count() {
        let mut timer = timer(&[10], 1 << 8);
        timer.run_until(1000);
        assert_eq!((count(&mut timer), timer.next_wake()), (10, None));
        timer.write(4 * CLEAR, 1);
        timer.write(4 * START, 1);
        timer.run_until(1008);
        assert_eq!(count(&mut timer), 4);
    }

    #[test]
    fn sixteen_bits_wrap() {
        let mut timer = timer(&[5], 0);
        timer.run_until(2 * 65_536 + 6);
        assert_eq!(count(&mut timer), 3);
        timer.write(0x140, 0);
        assert_eq!(timer.next_wake(), Some(2 * (65_536 + 5)));
    }

    #[test]
    fn a_long_run_is_many_short_ones() {
        for shorts in [0, 1, 2, 3, 6, 0x402] {
            let (mut long, mut short) = (timer(&[7, 5, 9], shorts), timer(&[7, 5, 9], shorts));
            long.jump(1001);
            for now in 0..=1001 {
                short.jump(now);
            }
            assert_eq!(long.device.save(), short.device.save(), "shorts {shorts:#x}");
        }
    }

    #[test]
    fn a_counter_counts_tasks() {
        let mut timer = Testbed::new("nrf-timer");
        timer.write(MODE, 1);
        timer.write(CC, 2);
        timer.write(4 * START, 1);
        timer.write(4 * COUNT, 1);
        assert_eq!(timer.read(0x140), 0);
        timer.write(4 * COUNT, 1);
        assert_eq!((timer.read(0x140), count(&mut timer)), (1, 2));
    }

    #[test]
    fn the_low_power_counter_counts_no_time() {
        let mut timer = Testbed::new("nrf-timer");
        timer.write(MODE, 2);
        timer.write(CC, 1);
        timer.write(4 * START, 1);
        timer.run_until(1000);
        assert_eq!((timer.read(MODE), count(&mut timer), timer.next_wake()), (2, 0, None));
        timer.write(4 * COUNT, 1);
        assert_eq!((timer.read(0x140), count(&mut timer)), (1, 1));
    }
}
