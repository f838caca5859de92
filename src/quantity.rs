//! Numbers with units as people write them. All arithmetic is exact.

use crate::words::Nanoseconds;

/// Reads `250ms`, `1.5s`, `20us`, `3min`.
pub fn duration(text: &str) -> Result<Nanoseconds, String> {
    const UNITS: [(&str, u64); 7] = [
        ("ns", 1),
        ("us", 1_000),
        ("µs", 1_000),
        ("ms", 1_000_000),
        ("min", 60_000_000_000),
        ("h", 3_600_000_000_000),
        ("s", 1_000_000_000),
    ];
    let wanted = || format!("{text:?} is not a time: use a number with us, ms, s or min, such as 250ms");
    let (number, unit) =
        UNITS.iter().find_map(|&(name, unit)| Some((text.strip_suffix(name)?, unit))).ok_or_else(wanted)?;
    let nanoseconds = scaled(number.trim_end(), unit).map_err(|reason| match reason {
        Bad::NotANumber => wanted(),
        Bad::NotWhole => format!("{text:?} is finer than a nanosecond"),
        Bad::TooLarge => format!("{text:?} is too long: the longest time is 584 years"),
    })?;
    Ok(nanoseconds)
}

/// Why a text is no whole number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bad {
    /// It is no number at all.
    NotANumber,
    /// It has a fraction that the unit does not make whole.
    NotWhole,
    /// It does not fit 64 bits.
    TooLarge,
}

/// A decimal number (`_` between digits, a fraction, `e` and a power of ten) times a unit, as a whole number.
pub fn scaled(text: &str, unit: u64) -> Result<u64, Bad> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().map_err(|_| Bad::NotANumber)?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if !whole.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(Bad::NotANumber);
    }
    let mut value: u128 = 0;
    for digit in whole.chars().chain(fraction.chars()).filter(|&c| c != '_') {
        let digit = digit.to_digit(10).ok_or(Bad::NotANumber)?;
        value = value.checked_mul(10).and_then(|v| v.checked_add(digit.into())).ok_or(Bad::TooLarge)?;
    }
    let decimals = fraction.chars().filter(|&c| c != '_').count();
    let power = i64::from(exponent) - i64::try_from(decimals).map_err(|_| Bad::TooLarge)?;
    value = value.checked_mul(unit.into()).ok_or(Bad::TooLarge)?;
    if value == 0 {
        return Ok(0);
    }
    // Past 38 digits a u128 is full, so that the loop below is short.
    for _ in 0..power.unsigned_abs().min(40) {
        value = match power {
            1.. => value.checked_mul(10).ok_or(Bad::TooLarge)?,
            _ if value.is_multiple_of(10) => value / 10,
            _ => return Err(Bad::NotWhole),
        };
    }
    u64::try_from(value).map_err(|_| Bad::TooLarge)
}
