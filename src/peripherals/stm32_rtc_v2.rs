//! STM32 real-time clock with a calendar (RM0090 26; RM0033, RM0091, RM0316, RM0038, RM0351): everything but calibration,
//! which is stored and changes no rate, and the reference clock.
//!
//! A reset of the chip resets this clock as well, as there is no backup supply; its registers can be written whatever
//! the power controller says. Without a clock controller it has 32,768 Hz.

mod alarm;
mod calendar;

use bitfield_struct::bitfield;
use serde::{Deserialize, Serialize};

use self::{
    alarm::{Alarm, Position},
    calendar::Calendar,
};
use super::{
    Access, Clock, Clocking, Context, Device, Frequency, Level, Peripheral, Port, Slot,
    kinds::{Kind, KindOption, Layout, Wiring},
};
use crate::words::{BusFault, Cycle};

const TR: u32 = 0x00;
const DR: u32 = 0x04;
const CR: u32 = 0x08;
const ISR: u32 = 0x0c;
const PRER: u32 = 0x10;
const WUTR: u32 = 0x14;
const CALIBR: u32 = 0x18;
const ALRMAR: u32 = 0x1c;
const ALRMBR: u32 = 0x20;
const WPR: u32 = 0x24;
const SSR: u32 = 0x28;
const SHIFTR: u32 = 0x2c;
const TSTR: u32 = 0x30;
const TSDR: u32 = 0x34;
const TSSSR: u32 = 0x38;
const CALR: u32 = 0x3c;
/// TAMPCR on the L4.
const TAFCR: u32 = 0x40;
const ALRMASSR: u32 = 0x44;
const ALRMBSSR: u32 = 0x48;
const OR: u32 = 0x4c;
const BKP0R: u32 = 0x50;
const BKP31R: u32 = 0xcc;

const KEYS: [u32; 2] = [0xca, 0x53];

const INITS: u32 = 1 << 4;
const RSF: u32 = 1 << 5;
const INITF: u32 = 1 << 6;
const INIT: u32 = 1 << 7;
const ALRAF: u32 = 1 << 8;
const WUTF: u32 = 1 << 10;
const TSF: u32 = 1 << 11;
const TSOVF: u32 = 1 << 12;
const TAMP1F: u32 = 1 << 13;
/// Flags that software clears with a zero, whether the registers are locked or not.
const FLAGS: u32 = 0x0002_ff00;

const DATE: u32 = 0x00ff_ff3f;
const TIME: u32 = 0x007f_7f7f;

/// RTC clocks from INIT to INITF, and until the shadow registers follow (RM0090 26.3.5, 26.3.6).
const SYNCHRONIZATION: u32 = 2;

#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Cr {
    #[bits(3)]
    wucksel: u32,
    tsedge: bool,
    refckon: bool,
    bypshad: bool,
    fmt: bool,
    dce: bool,
    #[bits(2)]
    alarms: u32,
    wute: bool,
    tse: bool,
    #[bits(2)]
    alarm_interrupts: u32,
    wutie: bool,
    tsie: bool,
    add1h: bool,
    sub1h: bool,
    #[bits(14)]
    rest: u32,
}

pub(super) const KIND: Kind = Kind {
    name: "stm32-rtc-v2",
    about: "STM32 real-time clock with a calendar (RM0090 26)",
    size: 0x400,
    layouts: &[
        Layout::of(&[
            ("TR", TR),
            ("DR", DR),
            ("CR", CR),
            ("ISR", ISR),
            ("PRER", PRER),
            ("ALRMAR", ALRMAR),
            ("WPR", WPR),
            ("SSR", SSR),
        ]),
        Layout {
            registers: &[
                ("TR", TR),
                ("DR", DR),
                ("CR", CR),
                ("ISR", ISR),
                ("PRER", PRER),
                ("ALRMAR", ALRMAR),
                ("WPR", WPR),
            ],
            without: &["SSR"],
            options: &[("subseconds", 0)],
        },
    ],
    outputs: &[Port::one("alarm"), Port::one("wakeup"), Port::one("tamper")],
    inputs: &[Port::one("timestamp"), Port { name: "tamper", count: 3 }],
    clock: Clocking::Named("rtc"),
    options: &[KindOption { name: "subseconds", about: "whether SSR exists, 0 or 1", default: 1 }],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        let frequency = Frequency { hz: 32_768, core_hz: wiring.clock_hz.max(1) };
        Box::new(Slot::new(Stm32RtcV2 {
            clock: Clock::new(frequency),
            subseconds: wiring.option("subseconds") != 0,
        }))
    },
    ..Kind::PLAIN
};

struct Stm32RtcV2 {
    /// The clock until a clock controller names another one.
    clock: Clock,
    subseconds: bool,
}

/// The key that WPR waits for.
#[derive(Default, Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
enum Protection {
    #[default]
    Locked,
    HalfOpen,
    Open,
}

/// Which shadow registers wait for software to read them (RM0090 26.3.6).
#[derive(Default, Clone, Copy, PartialEq, PartialOrd, Debug, Serialize, Deserialize)]
enum Held {
    #[default]
    Nothing,
    /// TR was read.
    Date,
    /// SSR was read.
    DateAndTime,
}

/// What TR, DR and SSR are at one time.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
struct Reading {
    tr: u32,
    dr: u32,
    ssr: u32,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    clock: Option<Clock>,
    protection: Protection,
    tr: u32,
    dr: u32,
    /// RTC clocks to the next second.
    left: u64,
    cr: Cr,
    /// RSF, INIT and FLAGS.
    isr: u32,
    /// RTC clocks since INIT was set, or since RSF was cleared: as many as matter.
    synchronized: u32,
    /// What software sees of the calendar.
    shadow: Reading,
    /// What stands still until DR is read.
    held: Held,
    prer: u32,
    wutr: u32,
    /// Clocks of the wake-up timer, which may be seconds, until it is at its end.
    wakeup: u64,
    alarms: [Alarm; 2],
    timestamp: Reading,
    calibr: u32,
    calr: u32,
    tafcr: u32,
    or: u32,
    backup: [u32; 32],
    /// Levels of the inputs.
    pins: u32,
}

impl Default for State {
    fn default() -> Self {
        State {
            clock: None,
            protection: Protection::Locked,
            tr: 0,
            dr: 0x2101,
            left: 0x8000,
            cr: Cr::new(),
            isr: 0,
            synchronized: 0,
            shadow: Reading { tr: 0, dr: 0x2101, ssr: 0 },
            held: Held::Nothing,
            prer: 0x7f_00ff,
            wutr: 0xffff,
            wakeup: 0,
            alarms: [Alarm::default(); 2],
            timestamp: Reading { tr: 0, dr: 0, ssr: 0 },
            calibr: 0,
            calr: 0,
            tafcr: 0,
            or: 0,
            backup: [0; 32],
            pins: 0,
        }
    }
}

impl State {
    /// RTC clocks per count of the subseconds.
    fn step(&self) -> u64 {
        u64::from(self.prer >> 16 & 0x7f) + 1
    }

    /// RTC clocks per second.
    fn period(&self) -> u64 {
        (u64::from(self.prer & 0x7fff) + 1) * self.step()
    }

    /// Whether the calendar counts.
    fn counts(&self) -> bool {
        self.isr & INIT == 0
    }

    fn may_initialize(&self) -> bool {
        self.isr & INIT != 0 && self.synchronized >= SYNCHRONIZATION
    }

    fn isr(&self) -> u32 {
        // ALRAWF, ALRBWF and WUTWF: what is off may be set up.
        let may_write = !self.cr.alarms() & 3 | if self.cr.wute() { 0 } else { 4 };
        let inits = if self.dr >> 16 != 0 { INITS } else { 0 };
        self.isr | may_write | inits | if self.may_initialize() { INITF } else { 0 }
    }

    fn reading(&self) -> Reading {
        let ssr = (self.left.max(1) - 1) / self.step();
        Reading { tr: self.tr, dr: self.dr, ssr: u32::try_from(ssr).unwrap_or(u32::MAX) }
    }

    fn position(&self) -> Position {
        Position {
            calendar: Calendar::of(self.tr, self.dr, self.cr.fmt()),
            twelve: self.cr.fmt(),
            left: self.left,
            step: self.step(),
            prediv_s: u64::from(self.prer & 0x7fff),
        }
    }

    fn go_on(&mut self, seconds: u64) {
        if seconds > 0 {
            let calendar = Calendar::of(self.tr, self.dr, self.cr.fmt()).after(seconds);
            (self.tr, self.dr) = (calendar.tr(self.cr.fmt()), calendar.dr());
        }
    }

    /// RTC clocks until an alarm matches.
    fn alarm_distance(&self, alarm: usize) -> Option<u64> {
        let on = self.counts() && self.cr.alarms() >> alarm & 1 != 0;
        on.then(|| self.alarms[alarm].distance(&self.position())).flatten()
    }

    /// Clocks of the wake-up timer in a round, and RTC clocks in each; `None`: seconds (RM0090 26.3.7, 26.6.6).
    fn wakeup_round(&self) -> (u64, Option<u64>) {
        let wut = u64::from(self.wutr) + 1;
        match self.cr.wucksel() {
            divider @ 0..=3 => (wut, Some(16 >> divider)),
            4 | 5 => (wut, None),
            _ => (wut + 0x1_0000, None),
        }
    }

    /// RTC clocks until the wake-up timer is at its end.
    fn wakeup_distance(&self) -> Option<u64> {
        match self.wakeup_round().1 {
            _ if !self.cr.wute() => None,
            Some(_) => Some(self.wakeup),
            None if !self.counts() => None,
            None => {
                Some(self.left.saturating_add(self.wakeup.saturating_sub(1).saturating_mul(self.period())))
            }
        }
    }

    fn start_wakeup(&mut self) {
        let (clocks, ticks) = self.wakeup_round();
        self.wakeup = clocks * ticks.unwrap_or(1);
    }

    fn count_wakeup(&mut self, ticks: u64, seconds: u64) {
        let (clocks, per_clock) = self.wakeup_round();
        let (passed, round) = match per_clock {
            _ if !self.cr.wute() => return,
            Some(per_clock) => (ticks, clocks * per_clock),
            None => (seconds, clocks),
        };
        if passed < self.wakeup {
            self.wakeup -= passed;
        } else {
            self.isr |= WUTF;
            self.wakeup = round - (passed - self.wakeup) % round;
        }
    }

    /// Lets RTC clocks pass.
    fn count(&mut self, ticks: u64) {
        self.synchronized = self.synchronized.saturating_add(u32::try_from(ticks).unwrap_or(u32::MAX));
        let mut seconds = 0;
        if self.counts() && ticks > 0 {
            for alarm in 0..2 {
                if self.alarm_distance(alarm).is_some_and(|distance| distance <= ticks) {
                    self.isr |= ALRAF << alarm;
                }
            }
            if let Some(beyond) = ticks.checked_sub(self.left) {
                seconds = 1 + beyond / self.period();
                self.left = self.period() - beyond % self.period();
            } else {
                self.left -= ticks;
            }
            self.go_on(seconds);
        }
        self.count_wakeup(ticks, seconds);
        if self.counts() && !self.cr.bypshad() && self.synchronized >= SYNCHRONIZATION {
            self.isr |= RSF;
            let now = self.reading();
            self.shadow.ssr = now.ssr;
            if self.held < Held::DateAndTime {
                self.shadow.tr = now.tr;
            }
            if self.held < Held::Date {
                self.shadow.dr = now.dr;
            }
        }
    }

    /// The registers are to be synchronized anew.
    fn resynchronize(&mut self) {
        self.isr &= !RSF;
        self.synchronized = 0;
    }

    /// Time, date and subseconds as software reads them now.
    fn read_calendar(&mut self, register: u32) -> u32 {
        let reading = if self.cr.bypshad() { self.reading() } else { self.shadow };
        let (value, held) = match register {
            TR if self.held < Held::Date => (reading.tr, Held::Date),
            TR => (reading.tr, self.held),
            DR => (reading.dr, Held::Nothing),
            _ => (reading.ssr, Held::DateAndTime),
        };
        if !self.cr.bypshad() {
            self.held = held;
        }
        value
    }

    fn write_isr(&mut self, at: Access, value: u32) {
        let cleared = at.lanes() & !at.place(value);
        self.isr &= !(cleared & FLAGS);
        if cleared & TSF != 0 {
            self.timestamp = Reading { tr: 0, dr: 0, ssr: 0 };
        }
        if self.protection != Protection::Open {
            return;
        }
        if cleared & RSF != 0 && self.isr & RSF != 0 {
            self.resynchronize();
        }
        let init = at.merge(self.isr, value) & INIT;
        if init == self.isr & INIT {
            return;
        }
        self.isr = self.isr & !INIT | init;
        self.resynchronize();
        if init == 0 {
            // The prescalers start over (RM0090 26.3.5).
            self.left = self.period();
        }
    }

    fn write_cr(&mut self, at: Access, value: u32) {
        let old = self.cr;
        let mut cr = Cr::from(at.merge(old.with_add1h(false).with_sub1h(false).into(), value) & 0x01ff_ffff);
        if cr.add1h() && self.counts() {
            self.go_on(3600);
        } else if cr.sub1h() && self.counts() {
            // The calendar goes in a circle of a hundred years; hour 0 stays (RM0090 26.6.3).
            let calendar = Calendar::of(self.tr, self.dr, old.fmt());
            if let Some(second) = calendar.second.checked_sub(3600) {
                self.tr = Calendar { second, ..calendar }.tr(old.fmt());
            }
        }
        cr = cr.with_add1h(false).with_sub1h(false);
        if !self.may_initialize() {
            cr.set_fmt(old.fmt());
        }
        if old.wute() {
            cr.set_wucksel(old.wucksel());
        }
        self.cr = cr;
        if cr.wute() && !old.wute() {
            self.start_wakeup();
        }
        if cr.bypshad() {
            self.isr &= !RSF;
            self.held = Held::Nothing;
        } else if old.bypshad() {
            self.resynchronize();
        }
    }

    fn shift(&mut self, value: u32) {
        // Subseconds become more, which delays the clock by that; ADD1S advances it by a second (RM0090 26.6.16).
        self.left = self.left.saturating_add(u64::from(value & 0x7fff) * self.step());
        if value >> 31 != 0 {
            self.go_on(1);
        }
        if !self.cr.bypshad() {
            self.resynchronize();
        }
    }

    /// A register that WPR protects.
    fn write_protected(&mut self, at: Access, value: u32, subseconds: bool) {
        let init = self.may_initialize();
        let free = |alarm: u32| init || self.cr.alarms() >> alarm & 1 == 0;
        match at.register() {
            TR if init => self.tr = at.merge(self.tr, value) & TIME,
            DR if init => self.dr = at.merge(self.dr, value) & DATE,
            CR => self.write_cr(at, value),
            PRER if init => self.prer = at.merge(self.prer, value) & 0x7f_7fff,
            WUTR if !self.cr.wute() => self.wutr = at.merge(self.wutr, value) & 0xffff,
            CALIBR if init => self.calibr = at.merge(self.calibr, value) & 0x9f,
            ALRMAR if free(0) => self.alarms[0].time = at.merge(self.alarms[0].time, value),
            ALRMBR if free(1) => self.alarms[1].time = at.merge(self.alarms[1].time, value),
            SHIFTR if subseconds && self.counts() => self.shift(at.place(value)),
            CALR => self.calr = at.merge(self.calr, value) & 0xe1ff,
            ALRMASSR if subseconds && free(0) => {
                self.alarms[0].subseconds = at.merge(self.alarms[0].subseconds, value) & 0x0f00_7fff;
            }
            ALRMBSSR if subseconds && free(1) => {
                self.alarms[1].subseconds = at.merge(self.alarms[1].subseconds, value) & 0x0f00_7fff;
            }
            OR => self.or = at.merge(self.or, value) & 3,
            _ => {}
        }
    }

    fn take_timestamp(&mut self) {
        if self.isr & TSF != 0 {
            self.isr |= TSOVF;
            return;
        }
        let now = self.reading();
        self.timestamp = Reading { dr: now.dr & 0xff3f, ..now };
        self.isr |= TSF;
    }

    /// A tamper pin changes (RM0090 26.3.13): its enable bit and the one behind it say how it is to be.
    fn tamper(&mut self, pin: u32, high: bool, edge: bool) {
        let (enabled, low) = match pin {
            0 => (self.tafcr & 1 != 0, self.tafcr & 2 != 0),
            pin => (self.tafcr >> (2 * pin + 1) & 1 != 0, self.tafcr >> (2 * pin + 2) & 1 != 0),
        };
        // With a filter TAMPxTRG is the active level reversed, 0 low; without one, the edge, 0 rising.
        let filtered = self.tafcr >> 11 & 3 != 0;
        let active = if filtered { high == low } else { edge && high != low };
        if !enabled || !active {
            return;
        }
        self.isr |= TAMP1F << pin;
        // TAMPxNOERASE, on the L4.
        if self.tafcr >> (17 + 3 * pin) & 1 == 0 {
            self.backup = [0; 32];
        }
        if self.tafcr & 1 << 7 != 0 {
            self.take_timestamp();
        }
    }

    /// Levels of the interrupts: alarm, wake-up, tamper and time stamp.
    fn requests(&self) -> u32 {
        let alarm = self.isr >> 8 & self.cr.alarm_interrupts() != 0;
        let wakeup = self.isr & WUTF != 0 && self.cr.wutie();
        // TAMPIE is for all pins, TAMPxIE of the L4 for one.
        let tampers = self.isr >> 13 & 7;
        let each = self.tafcr >> 16 & 1 | self.tafcr >> 18 & 2 | self.tafcr >> 20 & 4;
        let tamper = tampers & (each | if self.tafcr & 4 != 0 { 7 } else { 0 }) != 0
            || self.isr & TSF != 0 && self.cr.tsie();
        u32::from(alarm) | u32::from(wakeup) << 1 | u32::from(tamper) << 2
    }
}

impl Stm32RtcV2 {
    fn settle(&self, s: &mut State, now: Cycle) {
        let ticks = s.clock.get_or_insert_with(|| self.clock.clone()).take(now);
        s.count(ticks);
    }
}

impl Peripheral for Stm32RtcV2 {
    type State = State;

    fn read(&self, s: &mut State, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        self.settle(s, cx.now);
        let value = match at.register() {
            TR | DR => s.read_calendar(at.register()),
            SSR if self.subseconds => s.read_calendar(SSR),
            CR => s.cr.into(),
            ISR => s.isr(),
            PRER => s.prer,
            WUTR => s.wutr,
            CALIBR => s.calibr,
            ALRMAR => s.alarms[0].time,
            ALRMBR => s.alarms[1].time,
            TSTR => s.timestamp.tr,
            TSDR => s.timestamp.dr,
            TSSSR if self.subseconds => s.timestamp.ssr & 0xffff,
            CALR => s.calr,
            TAFCR => s.tafcr,
            ALRMASSR => s.alarms[0].subseconds,
            ALRMBSSR => s.alarms[1].subseconds,
            OR => s.or,
            register @ BKP0R..=BKP31R => s.backup[((register - BKP0R) / 4) as usize],
            _ => 0, // WPR and SHIFTR are write-only
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        self.settle(s, cx.now);
        match at.register() {
            WPR => {
                s.protection = match (s.protection, at.place(value) & 0xff) {
                    (Protection::Locked, key) if key == KEYS[0] => Protection::HalfOpen,
                    (Protection::HalfOpen, key) if key == KEYS[1] => Protection::Open,
                    _ => Protection::Locked,
                }
            }
            ISR => s.write_isr(at, value),
            TAFCR => s.tafcr = at.merge(s.tafcr, value) & 0x01ff_ffff,
            register @ BKP0R..=BKP31R => {
                let backup = &mut s.backup[((register - BKP0R) / 4) as usize];
                *backup = at.merge(*backup, value);
            }
            _ if s.protection == Protection::Open => s.write_protected(at, value, self.subseconds),
            _ => {}
        }
        Ok(())
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        self.settle(s, cx.now);
    }

    fn wire(&self, s: &mut State, input: u32, level: Level, cx: &mut Context<'_>) {
        self.settle(s, cx.now);
        let high = level.is_high();
        let edge = level == Level::Pulse || high != (s.pins >> input & 1 != 0);
        s.pins = s.pins & !(1 << input) | if level == Level::High { 1 << input } else { 0 };
        match input {
            0 if s.cr.tse() && edge && high != s.cr.tsedge() => s.take_timestamp(),
            1..=3 => s.tamper(input - 1, high, edge),
            _ => {}
        }
    }

    fn outputs(&self, s: &State) -> u64 {
        u64::from(s.requests())
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        let alarms = (0..2_usize)
            .filter(|&alarm| s.cr.alarm_interrupts() >> alarm & 1 != 0 && s.isr & ALRAF << alarm == 0);
        let alarms = alarms.filter_map(|alarm| s.alarm_distance(alarm));
        let wakeup = s.wakeup_distance().filter(|_| s.cr.wutie() && s.isr & WUTF == 0);
        let ticks = alarms.chain(wakeup).min()?;
        s.clock.as_ref().unwrap_or(&self.clock).after(ticks)
    }

    fn clocked(&self, s: &mut State, frequency: Frequency, cx: &mut Context<'_>) {
        // Before the first word about the clock it had none.
        if s.clock.is_some() {
            self.settle(s, cx.now);
        }
        s.clock.get_or_insert_with(|| self.clock.clone()).change(frequency, cx.now);
    }
}

#[cfg(test)]
mod tests;
