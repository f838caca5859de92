//! Stellaris LM3S general-purpose timer (LM3S6965 data sheet, 9.5): 32 bits or twice 16 bits, one-shot, periodic and real-time
//! clock. Nothing is on the pins: a timer that counts or captures edges, or makes PWM, stands still.

use bitfield_struct::bitfield;
use serde::{Deserialize, Serialize};

use super::{
    Access, Clock, Clocking, Context, Device, Frequency, Peripheral, Port, Slot,
    countdown::Countdown,
    kinds::{Kind, Layout, Wiring},
};
use crate::words::{BusFault, Cycle};

const CFG: u32 = 0x00;
const TAMR: u32 = 0x04;
const TBMR: u32 = 0x08;
const CTL: u32 = 0x0c;
const IMR: u32 = 0x18;
const RIS: u32 = 0x1c;
const MIS: u32 = 0x20;
const ICR: u32 = 0x24;
const TAILR: u32 = 0x28;
const TBILR: u32 = 0x2c;
const TAMATCHR: u32 = 0x30;
const TBMATCHR: u32 = 0x34;
const TAPR: u32 = 0x38;
const TBPR: u32 = 0x3c;
const TAPMR: u32 = 0x40;
const TBPMR: u32 = 0x44;
const TAR: u32 = 0x48;
const TBR: u32 = 0x4c;

const TATO: u32 = 1 << 0;
const RTC: u32 = 1 << 3;
const TBTO: u32 = 1 << 8;
const INTERRUPTS: u32 = 0x70f;
/// What timer A and timer B ask for.
const OF_A: u32 = 0x00f;
const OF_B: u32 = 0x700;

/// CFG: twice 16 bits; 32 bits, counting seconds.
const HALVES: u32 = 4;
const SECONDS: u32 = 1;

#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Ctl {
    taen: bool,
    tastall: bool,
    #[bits(2)]
    taevent: u32,
    rtcen: bool,
    taote: bool,
    tapwml: bool,
    __: bool,
    tben: bool,
    tbstall: bool,
    #[bits(2)]
    tbevent: u32,
    __: bool,
    tbote: bool,
    tbpwml: bool,
    #[bits(17)]
    __: u32,
}

pub(super) const KIND: Kind = Kind {
    name: "lm3s-gptm",
    about: "Stellaris LM3S general-purpose timer (LM3S6965 data sheet, 9.5)",
    size: 0x1000,
    layouts: &[Layout::of(&[
        ("CFG", CFG),
        ("TAMR", TAMR),
        ("TBMR", TBMR),
        ("CTL", CTL),
        ("IMR", IMR),
        ("RIS", RIS),
        ("MIS", MIS),
        ("ICR", ICR),
        ("TAILR", TAILR),
        ("TBILR", TBILR),
        ("TAMATCHR", TAMATCHR),
        ("TAPR", TAPR),
        ("TAR", TAR),
        ("TBR", TBR),
    ])],
    irqs: &["{}A", "{}B"],
    outputs: &[Port::one("trigger")],
    clock: Clocking::Bus,
    build: |wiring: &Wiring| -> Box<dyn Device> {
        let frequency = Frequency { hz: 1, core_hz: wiring.clock_hz.max(1) };
        Box::new(Slot::new(Lm3sGptm { seconds: Clock::new(frequency) }))
    },
    ..Kind::PLAIN
};

struct Lm3sGptm {
    /// Seconds at the clock of the reset.
    seconds: Clock,
}

/// One of the two timers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Half {
    A,
    B,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    cfg: u32,
    mode: [u32; 2],
    ctl: Ctl,
    imr: u32,
    ris: u32,
    /// TAILR; its upper half is TBILR. So are the next ones.
    load: u32,
    matches: u32,
    prescale: [u32; 2],
    prescale_match: [u32; 2],
    counter: [Countdown; 2],
    /// Of the real-time clock: what ticks, and the count.
    seconds: Option<Clock>,
    count: u32,
}

impl Default for State {
    fn default() -> Self {
        State {
            cfg: 0,
            mode: [0; 2],
            ctl: Ctl::new(),
            imr: 0,
            ris: 0,
            load: u32::MAX,
            matches: u32::MAX,
            prescale: [0; 2],
            prescale_match: [0; 2],
            counter: [Countdown::new(u32::MAX), Countdown::new(0xffff)],
            seconds: None,
            count: 0,
        }
    }
}

impl State {
    fn halves(&self) -> bool {
        self.cfg == HALVES
    }

    fn counts_seconds(&self) -> bool {
        self.cfg == SECONDS && self.ctl.taen()
    }

    /// Whether a timer counts down by the clock: one-shot is 1, periodic 2.
    fn runs(&self, half: Half) -> bool {
        let enabled = match half {
            Half::A => self.ctl.taen() && self.cfg != SECONDS,
            Half::B => self.ctl.tben() && self.halves(),
        };
        enabled && matches!(self.mode[half as usize] & 0xb, 1 | 2)
    }

    fn one_shot(&self, half: Half) -> bool {
        self.mode[half as usize] & 3 == 1
    }

    /// Where a timer begins to count.
    fn load(&self, half: Half) -> u32 {
        match half {
            Half::A if !self.halves() => self.load,
            Half::A => self.load & 0xffff,
            Half::B => self.load >> 16,
        }
    }

    /// The value that is loaded at zero, and clocks per count: the prescaler is for 16 bits only.
    fn rates(&self, half: Half) -> (u64, u32) {
        let divider = if self.halves() { u64::from(self.prescale[half as usize]) + 1 } else { 1 };
        (divider, if self.one_shot(half) { 0 } else { self.load(half) })
    }

    /// Whether a time-out of a timer goes to the converter.
    fn triggers(&self, half: Half) -> bool {
        match half {
            Half::A => self.ctl.taote(),
            Half::B => self.ctl.tbote(),
        }
    }

    fn restart(&mut self, half: Half, now: Cycle) {
        let load = self.load(half);
        self.counter[half as usize].set(load, now);
    }

    /// A register of which timer A has the lower and timer B the upper half.
    fn write_shared(shared: &mut u32, halves: bool, at: Access, value: u32, of_b: bool) {
        *shared = match (of_b, halves) {
            (false, false) => at.merge(*shared, value),
            (false, true) => *shared & !0xffff | at.merge(*shared, value) & 0xffff,
            (true, true) => *shared & 0xffff | at.merge(*shared >> 16, value) << 16,
            (true, false) => return,
        };
    }

    fn read_shared(&self, shared: u32, of_b: bool) -> u32 {
        match of_b {
            true => shared >> 16,
            false if self.halves() => shared & 0xffff,
            false => shared,
        }
    }

    fn counter(&self, of_b: bool) -> u32 {
        match (self.halves(), of_b) {
            _ if self.cfg == SECONDS => self.read_shared(self.count, of_b),
            (false, false) => self.counter[0].value,
            (false, true) => self.counter[0].value >> 16,
            (true, of_b) => self.counter[usize::from(of_b)].value & 0xffff,
        }
    }

    fn write_ctl(&mut self, ctl: Ctl, now: Cycle) {
        let old = std::mem::replace(&mut self.ctl, ctl);
        if ctl.taen() && !old.taen() {
            self.restart(Half::A, now);
        }
        if ctl.tben() && !old.tben() {
            self.restart(Half::B, now);
        }
    }
}

impl Lm3sGptm {
    fn settle(&self, s: &mut State, cx: &mut Context<'_>) {
        for (half, timeout) in [(Half::A, TATO), (Half::B, TBTO)] {
            let (divider, reload) = s.rates(half);
            let runs = s.runs(half);
            let counter = &mut s.counter[half as usize];
            if !runs {
                counter.hold(cx.now);
                continue;
            }
            if counter.run(cx.now, divider, reload) == 0 {
                continue;
            }
            s.ris |= timeout;
            if s.triggers(half) {
                cx.pulse(0);
            }
            match half {
                _ if !s.one_shot(half) => {}
                Half::A => s.ctl.set_taen(false),
                Half::B => s.ctl.set_tben(false),
            }
        }
        let ticks = s.seconds.get_or_insert_with(|| self.seconds.clone()).take(cx.now);
        if s.counts_seconds() {
            let distance = u64::from(s.matches.wrapping_sub(s.count));
            if distance > 0 && distance <= ticks {
                s.ris |= RTC;
            }
            s.count = s.count.wrapping_add(ticks as u32);
        }
    }
}

impl Peripheral for Lm3sGptm {
    type State = State;

    fn read(&self, s: &mut State, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        self.settle(s, cx);
        let value = match at.register() {
            CFG => s.cfg,
            TAMR => s.mode[0],
            TBMR => s.mode[1],
            CTL => s.ctl.into(),
            IMR => s.imr,
            RIS => s.ris,
            MIS => s.ris & s.imr,
            TAILR => s.read_shared(s.load, false),
            TBILR => s.read_shared(s.load, true),
            TAMATCHR => s.read_shared(s.matches, false),
            TBMATCHR => s.read_shared(s.matches, true),
            TAPR => s.prescale[0],
            TBPR => s.prescale[1],
            TAPMR => s.prescale_match[0],
            TBPMR => s.prescale_match[1],
            TAR => s.counter(false),
            TBR => s.counter(true),
            _ => 0,
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        self.settle(s, cx);
        let halves = s.halves();
        match at.register() {
            CFG if !s.ctl.taen() && !s.ctl.tben() => {
                s.cfg = at.merge(s.cfg, value) & 7;
                if s.cfg == SECONDS {
                    s.count = 1; // LM3S6965 data sheet, 9.2.2.2
                }
            }
            TAMR => s.mode[0] = at.merge(s.mode[0], value) & 0xf,
            TBMR => s.mode[1] = at.merge(s.mode[1], value) & 0xf,
            CTL => s.write_ctl(Ctl::from(at.merge(s.ctl.into(), value) & 0x6f7f), cx.now),
            IMR => s.imr = at.merge(s.imr, value) & INTERRUPTS,
            ICR => s.ris &= !at.place(value),
            TAILR => {
                State::write_shared(&mut s.load, halves, at, value, false);
                s.count = s.load;
                s.restart(Half::A, cx.now);
            }
            TBILR => {
                State::write_shared(&mut s.load, halves, at, value, true);
                if halves {
                    s.restart(Half::B, cx.now);
                }
            }
            TAMATCHR => State::write_shared(&mut s.matches, halves, at, value, false),
            TBMATCHR => State::write_shared(&mut s.matches, halves, at, value, true),
            TAPR => s.prescale[0] = at.merge(s.prescale[0], value) & 0xff,
            TBPR => s.prescale[1] = at.merge(s.prescale[1], value) & 0xff,
            TAPMR => s.prescale_match[0] = at.merge(s.prescale_match[0], value) & 0xff,
            TBPMR => s.prescale_match[1] = at.merge(s.prescale_match[1], value) & 0xff,
            _ => {}
        }
        Ok(())
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        self.settle(s, cx);
    }

    fn irq_lines(&self, s: &State) -> u32 {
        let asked = s.ris & s.imr;
        u32::from(asked & OF_A != 0) | u32::from(asked & OF_B != 0) << 1
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        let wanted = s.imr & !s.ris;
        let timers = [(Half::A, TATO), (Half::B, TBTO)].into_iter().filter_map(|(half, timeout)| {
            let (divider, reload) = s.rates(half);
            let wanted = s.runs(half) && (wanted & timeout != 0 || s.triggers(half));
            s.counter[half as usize].zero_at(divider, reload).filter(|_| wanted)
        });
        let seconds = u64::from(s.matches.wrapping_sub(s.count));
        let seconds = Some(seconds).filter(|left| *left > 0 && wanted & RTC != 0 && s.counts_seconds());
        let seconds = seconds.and_then(|left| s.seconds.as_ref().unwrap_or(&self.seconds).after(left));
        timers.chain(seconds).min()
    }

    fn clocked(&self, s: &mut State, frequency: Frequency, cx: &mut Context<'_>) {
        // The timers count the clock of the core, whatever it is.
        self.settle(s, cx);
        let seconds = Frequency { hz: 1, ..frequency };
        s.seconds.get_or_insert_with(|| self.seconds.clone()).change(seconds, cx.now);
    }
}

#[cfg(test)]
mod tests;
