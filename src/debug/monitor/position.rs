//! Positions as a user writes them.

use std::str::FromStr;

use thiserror::Error;

use crate::words::Icount;

/// A position in a run, before the run is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// An icount.
    At(Icount),
    /// So many icounts after the present position.
    After(Icount),
    /// So many icounts before it.
    Before(Icount),
    /// The end of the run.
    End,
    /// A part of the run, in millionths of it.
    Part(u32),
}

/// The text is no position.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "{0:?} is no position: write an icount (1234, 1_000_000, 1e6, 0x4d2), start, end, 37.5%, +100, -100 or a bookmark"
)]
pub struct PositionError(pub String);

impl Position {
    /// The icount, in a run that ends at `end` and is at `now`. It may lie past the end.
    pub fn icount(self, now: Icount, end: Icount) -> Icount {
        match self {
            Position::At(icount) => icount,
            Position::After(distance) => now.saturating_add(distance),
            Position::Before(distance) => now.saturating_sub(distance),
            Position::End => end,
            // At most `end`, so it fits.
            Position::Part(part) => (u128::from(end) * u128::from(part) / 1_000_000) as Icount,
        }
    }
}

impl FromStr for Position {
    type Err = PositionError;

    fn from_str(text: &str) -> Result<Position, PositionError> {
        let position = match text {
            "start" => Some(Position::At(0)),
            "end" => Some(Position::End),
            _ => match (text.strip_suffix('%'), text.strip_prefix('+'), text.strip_prefix('-')) {
                (Some(percent), ..) => part(percent.trim_end()),
                (_, Some(distance), _) => number(distance).map(Position::After),
                (_, _, Some(distance)) => number(distance).map(Position::Before),
                _ => number(text).map(Position::At),
            },
        };
        position.ok_or_else(|| PositionError(text.to_owned()))
    }
}

/// `37.5`: a percentage up to 100 with at most four decimals.
fn part(percent: &str) -> Option<Position> {
    let millionths = decimal(percent, 4)?;
    (millionths <= 1_000_000).then(|| u32::try_from(millionths).ok().map(Position::Part))?
}

/// `1234`, `1_000_000`, `12,345,678`, `0x4d2`, `1e6` or `2.5e6`.
fn number(text: &str) -> Option<u64> {
    let digits = text.replace(['_', ','], "");
    if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        // `from_str_radix` would take a sign.
        return hex
            .starts_with(|c: char| c.is_ascii_hexdigit())
            .then(|| u64::from_str_radix(hex, 16).ok())?;
    }
    match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) if exponent.bytes().all(|byte| byte.is_ascii_digit()) => {
            decimal(mantissa, exponent.parse().ok()?)
        }
        Some(_) => None,
        None => decimal(&digits, 0),
    }
}

/// A decimal fraction times ten to the power of `exponent`, if that is a whole number.
fn decimal(text: &str, exponent: u32) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = [whole, fraction].concat();
    if whole.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let missing = exponent.checked_sub(u32::try_from(fraction.len()).ok()?)?;
    digits.parse::<u64>().ok()?.checked_mul(10_u64.checked_pow(missing)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn icount(text: &str) -> Option<Icount> {
        text.parse::<Position>().ok().map(|position| position.icount(500, 12_345_678))
    }

    #[test]
    fn positions_are_written_in_many_ways() {
        for (text, expected) in [
            ("0", 0),
            ("1_000_000", 1_000_000),
            ("12,345,678", 12_345_678),
            ("1e6", 1_000_000),
            ("2.5e6", 2_500_000),
            ("0x4d2", 1234),
            ("start", 0),
            ("end", 12_345_678),
            ("50%", 6_172_839),
            ("37.5 %", 4_629_629),
            ("100%", 12_345_678),
            ("+100", 600),
            ("-100", 400),
            ("-1e6", 0),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(icount(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_position_is_refused() {
        for text in [
            "",
            "x",
            "0x",
            "0x+1",
            "1e",
            "1e+6",
            "1e99",
            "1.5",
            ".5e3",
            "--1",
            "+-1",
            "101%",
            "%",
            "-5%",
            "NaN%",
            "1.55555%",
            "18446744073709551616",
            "5e-1",
        ] {
            assert_eq!(icount(text), None, "{text}");
        }
    }
}
