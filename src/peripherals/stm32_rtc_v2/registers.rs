//! The registers (RM0090 26.6), what is locked and what may change when.

use bitfield_struct::bitfield;
use serde::{Deserialize, Serialize};

use super::{Access, Held, Protection, Reading, State, calendar::Calendar};

pub(super) const TR: u32 = 0x00;
pub(super) const DR: u32 = 0x04;
pub(super) const CR: u32 = 0x08;
pub(super) const ISR: u32 = 0x0c;
pub(super) const PRER: u32 = 0x10;
pub(super) const WUTR: u32 = 0x14;
pub(super) const CALIBR: u32 = 0x18;
pub(super) const ALRMAR: u32 = 0x1c;
pub(super) const ALRMBR: u32 = 0x20;
pub(super) const WPR: u32 = 0x24;
pub(super) const SSR: u32 = 0x28;
pub(super) const SHIFTR: u32 = 0x2c;
pub(super) const TSTR: u32 = 0x30;
pub(super) const TSDR: u32 = 0x34;
pub(super) const TSSSR: u32 = 0x38;
pub(super) const CALR: u32 = 0x3c;
/// TAMPCR on the L4.
pub(super) const TAFCR: u32 = 0x40;
pub(super) const ALRMASSR: u32 = 0x44;
pub(super) const ALRMBSSR: u32 = 0x48;
pub(super) const OR: u32 = 0x4c;
pub(super) const BKP0R: u32 = 0x50;
pub(super) const BKP31R: u32 = 0xcc;

pub(super) const KEYS: [u32; 2] = [0xca, 0x53];

pub(super) const INITS: u32 = 1 << 4;
pub(super) const RSF: u32 = 1 << 5;
pub(super) const INITF: u32 = 1 << 6;
pub(super) const INIT: u32 = 1 << 7;
pub(super) const ALRAF: u32 = 1 << 8;
pub(super) const WUTF: u32 = 1 << 10;
pub(super) const TSF: u32 = 1 << 11;
pub(super) const TSOVF: u32 = 1 << 12;
pub(super) const TAMP1F: u32 = 1 << 13;
/// Flags that software clears with a zero, whether the registers are locked or not.
pub(super) const FLAGS: u32 = 0x0002_ff00;

pub(super) const DATE: u32 = 0x00ff_ff3f;
pub(super) const TIME: u32 = 0x007f_7f7f;

#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cr {
    #[bits(3)]
    pub wucksel: u32,
    pub tsedge: bool,
    pub refckon: bool,
    pub bypshad: bool,
    pub fmt: bool,
    pub dce: bool,
    #[bits(2)]
    pub alarms: u32,
    pub wute: bool,
    pub tse: bool,
    #[bits(2)]
    pub alarm_interrupts: u32,
    pub wutie: bool,
    pub tsie: bool,
    pub add1h: bool,
    pub sub1h: bool,
    #[bits(14)]
    pub rest: u32,
}

impl State {
    pub(super) fn isr(&self) -> u32 {
        // ALRAWF, ALRBWF and WUTWF: what is off may be set up.
        let may_write = !self.cr.alarms() & 3 | if self.cr.wute() { 0 } else { 4 };
        let inits = if self.dr >> 16 != 0 { INITS } else { 0 };
        self.isr | may_write | inits | if self.may_initialize() { INITF } else { 0 }
    }

    /// Time, date and subseconds as software reads them now.
    pub(super) fn read_calendar(&mut self, register: u32) -> u32 {
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

    pub(super) fn write_isr(&mut self, at: Access, value: u32) {
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
    pub(super) fn write_protected(&mut self, at: Access, value: u32, subseconds: bool) {
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
}
