//! STM32 real-time clock with a calendar (RM0090 26; RM0033, RM0091, RM0316, RM0038, RM0351): everything but calibration,
//! which is stored and changes no rate, and the reference clock.
//!
//! Its registers can be written whatever the power controller says. Without a clock controller it has 32,768 Hz.

mod alarm;
mod calendar;
mod counting;
mod registers;
mod tamper;

use serde::{Deserialize, Serialize};

use self::{alarm::Alarm, registers::*};
use super::{
    Access, Clock, Clocking, Context, Device, Frequency, Level, Peripheral, Port, Slot,
    kinds::{Kind, KindOption, Layout, Wiring},
};
use crate::words::{BusFault, Cycle};

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
    retained: &RETAINED,
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

/// All registers are in the backup domain, which keeps them over a reset of the chip.
const RETAINED: [u32; 52] = {
    let mut registers = [0; 52];
    let mut index = 0;
    while index < 52 {
        registers[index] = 4 * index as u32;
        index += 1;
    }
    registers
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

    /// The shadow registers belong to the bus, and initialization ends (RM0090 26.3.7).
    fn after_reset(&self, s: &State) -> State {
        let State { shadow, held, .. } = State::default();
        State { shadow, held, isr: s.isr & FLAGS, synchronized: 0, pins: 0, ..s.clone() }
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
