//! When an alarm comes.

use serde::{Deserialize, Serialize};

use super::calendar::{Calendar, hour, number};

/// Fields that do not have to match.
const MSK1: u32 = 1 << 7;
const MSK2: u32 = 1 << 15;
const MSK3: u32 = 1 << 23;
const MSK4: u32 = 1 << 31;
/// DU is a weekday, not a date.
const WDSEL: u32 = 1 << 30;

/// Days within which every date comes: two months may end before the 31st does.
const MOST_DAYS: u64 = 64;

/// ALRMxR and ALRMxSSR.
#[derive(Default, Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Alarm {
    /// ALRMAR or ALRMBR.
    pub time: u32,
    /// ALRMASSR or ALRMBSSR.
    pub subseconds: u32,
}

/// Where the calendar stands, in clocks of the RTC.
#[derive(Clone, Copy, Debug)]
pub struct Position {
    /// The present second.
    pub calendar: Calendar,
    /// Whether hours have the 12-hour format.
    pub twelve: bool,
    /// RTC clocks to the next second.
    pub left: u64,
    /// RTC clocks per count of the subseconds.
    pub step: u64,
    /// Counts per second, less one: PREDIV_S.
    pub prediv_s: u64,
}

impl Alarm {
    /// RTC clocks until the next match, from 1 on.
    pub fn distance(&self, at: &Position) -> Option<u64> {
        // Subseconds count down: within the present second only those below are still to come.
        let now = (at.left.max(1) - 1) / at.step;
        if self.masked() != 0
            && self.next_second(at, 0) == Some(0)
            && let Some(count) = now.checked_sub(1).and_then(|most| self.count(most))
        {
            return Some(at.left - (count + 1) * at.step);
        }
        let seconds = self.next_second(at, 1)?;
        let count = match self.masked() {
            0 => at.prediv_s,
            _ => self.count(at.prediv_s)?,
        };
        let period = (at.prediv_s + 1) * at.step;
        Some(at.left.saturating_add((seconds - 1) * period + (at.prediv_s - count) * at.step))
    }

    /// How many of the low bits of the subseconds have to match.
    fn masked(&self) -> u32 {
        self.subseconds >> 24 & 0xf
    }

    /// The highest count of the subseconds, at most `most`, that matches.
    fn count(&self, most: u64) -> Option<u64> {
        let modulus = 1_u64 << self.masked();
        let wanted = u64::from(self.subseconds & 0x7fff) % modulus;
        let above = most.checked_sub(wanted)?;
        Some(wanted + above / modulus * modulus)
    }

    /// Seconds from now, at least `from`, to one whose time and date match.
    fn next_second(&self, at: &Position, from: u32) -> Option<u64> {
        let t = self.time;
        let fixed = |mask: u32, value: Option<u32>| if t & mask != 0 { Some(None) } else { value.map(Some) };
        let second = fixed(MSK1, number(t >> 4 & 7, t & 0xf, 59))?;
        let minute = fixed(MSK2, number(t >> 12 & 7, t >> 8 & 0xf, 59))?;
        let hour = fixed(MSK3, hour(t, at.twelve))?;
        let date = fixed(MSK4, number(t >> 28 & 3, t >> 24 & 0xf, 31))?;
        let midnight = Calendar { second: 0, ..at.calendar };
        let matches = |day: Calendar| match date {
            None => true,
            Some(_) if t & WDSEL != 0 => day.weekday == t >> 24 & 0xf,
            Some(date) => day.day == date,
        };
        let now = at.calendar.second;
        let mut day = midnight;
        for days in 0..MOST_DAYS {
            let earliest = if days == 0 { now + from } else { 0 };
            if matches(day)
                && let Some(found) = next_of_day(earliest, hour, minute, second)
            {
                return Some(days * 86_400 + u64::from(found) - u64::from(now));
            }
            if date.is_none() && days > 0 {
                return None;
            }
            day = day.after(86_400);
        }
        None
    }
}

/// The first second of the day, at least `earliest`, with these numbers.
fn next_of_day(earliest: u32, hour: Option<u32>, minute: Option<u32>, second: Option<u32>) -> Option<u32> {
    let all = |fixed: Option<u32>, count: u32| fixed.map_or(0..count, |fixed| fixed..fixed + 1);
    for hour in all(hour, 24).filter(|hour| (hour + 1) * 3600 > earliest) {
        for minute in all(minute, 60).filter(|minute| hour * 3600 + (minute + 1) * 60 > earliest) {
            let start = hour * 3600 + minute * 60;
            let found = match second {
                Some(second) => start + second,
                None => start.max(earliest),
            };
            if found >= earliest {
                return Some(found);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(tr: u32, dr: u32) -> Position {
        let calendar = Calendar::of(tr, dr, false);
        Position { calendar, twelve: false, left: 10, step: 1, prediv_s: 9 }
    }

    fn distance(time: u32, tr: u32) -> Option<u64> {
        Alarm { time, subseconds: 0 }.distance(&position(tr, 0x24_6128))
    }

    #[test]
    fn masks_leave_fields_out() {
        assert_eq!(distance(MSK4 | MSK3 | MSK2 | MSK1, 0x12_3456), Some(10), "every second");
        assert_eq!(distance(MSK4 | MSK3 | MSK2 | 0x57, 0x12_3456), Some(10));
        assert_eq!(distance(MSK4 | MSK3 | MSK2 | 0x56, 0x12_3456), Some(600), "not this second");
        assert_eq!(distance(MSK4 | MSK3 | 0x3500, 0x12_3456), Some(40));
        assert_eq!(distance(MSK4 | 0x12_3455, 0x12_3456), Some(863_990));
        assert_eq!(distance(MSK4 | 0x30_0000, 0x12_3456), None, "there is no such hour");
    }

    #[test]
    fn a_day_is_a_date_or_a_weekday() {
        let midnight = 11 * 3600 + 25 * 60 + 4;
        assert_eq!(distance(0x29 << 24, 0x12_3456), Some(midnight * 10));
        // From a Wednesday, 6 in 0x6128 being 3, to the Friday after it.
        assert_eq!(distance(WDSEL | 5 << 24, 0x12_3456), Some((midnight + 86_400) * 10));
        assert_eq!(distance(WDSEL, 0x12_3456), None);
    }

    #[test]
    fn subseconds_match_in_their_low_bits() {
        let alarm = |masked: u32, subseconds: u32, left: u64| {
            let alarm = Alarm { time: MSK4 | MSK3 | MSK2 | MSK1, subseconds: masked << 24 | subseconds };
            alarm.distance(&Position { left, ..position(0, 0x2101) })
        };
        assert_eq!(alarm(15, 4, 10), Some(5), "4 comes after 9, 8, 7, 6 and 5");
        assert_eq!(alarm(15, 4, 5), Some(10));
        assert_eq!(alarm(2, 0, 10), Some(1), "8, 4 and 0 match");
        assert_eq!(alarm(2, 0, 9), Some(4));
        assert_eq!(alarm(2, 0, 1), Some(2));
        assert_eq!(alarm(15, 10, 10), None, "the subseconds are never so many");
    }
}
