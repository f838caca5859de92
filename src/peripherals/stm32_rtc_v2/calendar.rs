//! Date and time as TR and DR have them, in BCD, and how they go on.

/// TR: afternoon, in the 12-hour format.
pub const PM: u32 = 1 << 22;

const SECONDS_PER_DAY: u64 = 86_400;
/// Days of the hundred years that the calendar has; every fourth one is a leap year (RM0090 26.3.4).
const DAYS: u64 = 36_525;

/// Date and time as numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// Since midnight.
    pub second: u32,
    /// 1 to 31.
    pub day: u32,
    /// 1 to 12.
    pub month: u32,
    /// 0 to 99.
    pub year: u32,
    /// 1, Monday, to 7.
    pub weekday: u32,
}

/// The number that two BCD digits are, if they are digits and not above `most`.
pub fn number(tens: u32, units: u32, most: u32) -> Option<u32> {
    let number = tens * 10 + units;
    (units < 10 && number <= most).then_some(number)
}

/// The hour of the day that BCD digits mean.
pub fn hour(register: u32, twelve: bool) -> Option<u32> {
    let digits = number(register >> 20 & 3, register >> 16 & 0xf, 23)?;
    match (twelve, register & PM != 0) {
        (false, _) => Some(digits),
        (true, _) if !(1..=12).contains(&digits) => None,
        (true, afternoon) => Some(digits % 12 + if afternoon { 12 } else { 0 }),
    }
}

fn bcd(number: u32) -> u32 {
    ((number / 10) << 4) | (number % 10)
}

/// How long a month is.
fn days_of_month(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl Calendar {
    /// What TR and DR say. Digits that make no sense count as the nearest that do.
    pub fn of(tr: u32, dr: u32, twelve: bool) -> Calendar {
        let digits = |register: u32, shift: u32, tens: u32, most: u32| {
            ((register >> (shift + 4) & tens) * 10 + (register >> shift & 0xf)).min(most)
        };
        let hour = hour(tr, twelve).unwrap_or(0);
        let (year, month) = (digits(dr, 16, 0xf, 99), digits(dr, 8, 1, 12).max(1));
        Calendar {
            second: hour * 3600 + digits(tr, 8, 7, 59) * 60 + digits(tr, 0, 7, 59),
            day: digits(dr, 0, 3, days_of_month(year, month)).max(1),
            month,
            year,
            weekday: (dr >> 13 & 7).max(1),
        }
    }

    /// The time as TR has it.
    pub fn tr(&self, twelve: bool) -> u32 {
        let (hour, minute, second) = (self.second / 3600, self.second / 60 % 60, self.second % 60);
        let hour = match (twelve, hour) {
            (false, hour) => bcd(hour) << 16,
            (true, hour) => bcd((hour + 11) % 12 + 1) << 16 | if hour >= 12 { PM } else { 0 },
        };
        hour | bcd(minute) << 8 | bcd(second)
    }

    /// The date as DR has it.
    pub fn dr(&self) -> u32 {
        bcd(self.year) << 16 | self.weekday << 13 | bcd(self.month) << 8 | bcd(self.day)
    }

    /// This many seconds later.
    pub fn after(self, seconds: u64) -> Calendar {
        let second = u64::from(self.second).saturating_add(seconds);
        let days = second / SECONDS_PER_DAY;
        let weekday = (u64::from(self.weekday) - 1 + days) % 7 + 1;
        let second = (second % SECONDS_PER_DAY) as u32;
        Calendar { second, weekday: weekday as u32, ..self.after_days(days % DAYS) }
    }

    /// This many days later, of which the weekday knows nothing.
    fn after_days(mut self, days: u64) -> Calendar {
        let mut left = days as u32;
        loop {
            let rest = days_of_month(self.year, self.month) - self.day;
            if left <= rest {
                self.day += left;
                return self;
            }
            left -= rest + 1;
            self.day = 1;
            self.month += 1;
            if self.month > 12 {
                (self.month, self.year) = (1, (self.year + 1) % 100);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_may_begin_a_century() {
        let last = Calendar::of(0x23_5959, 0x99_d231, false);
        assert_eq!((last.year, last.month, last.day, last.weekday), (99, 12, 31, 6));
        let first = last.after(1);
        assert_eq!((first.tr(false), first.dr()), (0, 0x00_e101));
    }

    #[test]
    fn february_has_29_days_every_fourth_year() {
        let day = |dr: u32| Calendar::of(0, dr, false).after(SECONDS_PER_DAY).dr() & 0x1fff;
        assert_eq!(day(0x24_2228), 0x0229);
        assert_eq!(day(0x23_2228), 0x0301);
    }

    #[test]
    fn twelve_hours_begin_at_twelve() {
        let midnight = Calendar::of(PM | 0x11_5959, 0x2101, true).after(1);
        assert_eq!((midnight.second, midnight.tr(true)), (0, 0x12_0000));
        assert_eq!(midnight.after(43_200).tr(true), PM | 0x12_0000);
    }

    #[test]
    fn long_spans_are_the_same_as_many_short_ones() {
        let mut many = Calendar::of(0x12_3456, 0x21_6317, false);
        let long = many.after(3 * 3_155_760_000 + 97);
        for _ in 0..3 * 36_525 {
            many = many.after(SECONDS_PER_DAY);
        }
        assert_eq!(many.after(97), long);
    }
}
