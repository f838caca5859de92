//! Arguments as text, as the display hints of the format string want them.

use std::fmt::Write;

use defmt_parser::{DisplayHint, Fragment, Parameter, TimePrecision, Type};

use super::{
    arguments::{Argument, Formatted, fragments},
    table::{FlagsKey, Table},
};

/// More zeros in front of a number are no help to anybody.
const MOST_ZEROS: usize = 128;

/// A message.
pub(super) fn text(table: &Table, format: &str, arguments: &[Argument]) -> String {
    with_hint(table, format, arguments, None)
}

/// `outer` is the hint where the value stands that has this format.
fn with_hint(table: &Table, format: &str, arguments: &[Argument], outer: Option<&DisplayHint>) -> String {
    let mut text = String::new();
    // The arguments were read with the same format.
    for fragment in fragments(format).unwrap_or_default() {
        match fragment {
            Fragment::Literal(literal) => text.push_str(&literal),
            Fragment::Parameter(parameter) => {
                if let Some(argument) = arguments.get(parameter.index) {
                    text.push_str(&one(table, argument, &parameter, outer));
                }
            }
        }
    }
    text
}

fn one(table: &Table, argument: &Argument, parameter: &Parameter, outer: Option<&DisplayHint>) -> String {
    let hint = parameter.hint.as_ref().or(outer);
    let inner = |value: &Formatted, hint| with_hint(table, &value.format, &value.arguments, hint);
    match argument {
        Argument::Bool(value) => value.to_string(),
        Argument::Char(value) => value.to_string(),
        Argument::Float(value) => value.clone(),
        Argument::Text(value) if hint == Some(&DisplayHint::Debug) => format!("{value:?}"),
        Argument::Text(value) => value.clone(),
        Argument::Bytes(value) => bytes(value, hint),
        Argument::Signed(value, bits) => signed(*value, *bits, hint),
        Argument::Unsigned(value) => match &parameter.ty {
            Type::BitField(range) => {
                let above = 128 - u32::from(range.end);
                let field = *value << above >> (above + u32::from(range.start));
                match hint {
                    Some(DisplayHint::Ascii) => {
                        let size = usize::from((range.end - range.start).div_ceil(8));
                        bytes(&field.to_be_bytes()[16 - size..], hint)
                    }
                    _ => unsigned(table, field, hint),
                }
            }
            // {:?} of a number in a value is what the value was asked for.
            _ if parameter.hint == Some(DisplayHint::Debug) => unsigned(table, *value, outer),
            _ => unsigned(table, *value, hint),
        },
        Argument::Formatted(value) => match outer {
            Some(DisplayHint::Ascii) => inner(value, outer),
            _ => inner(value, hint),
        },
        Argument::Sequence(values) => values.iter().map(|value| inner(value, hint)).collect(),
        Argument::List(values) => match values.iter().map(as_byte).collect::<Option<Vec<u8>>>() {
            Some(value) if hint == Some(&DisplayHint::Ascii) && !value.is_empty() => bytes(&value, hint),
            _ => {
                let values: Vec<String> = values.iter().map(|value| inner(value, hint)).collect();
                format!("[{}]", values.join(", "))
            }
        },
    }
}

/// An element of a list of bytes.
fn as_byte(value: &Formatted) -> Option<u8> {
    match value.arguments.as_slice() {
        [Argument::Unsigned(byte)] if value.format == "{=u8}" => u8::try_from(*byte).ok(),
        _ => None,
    }
}

fn unsigned(table: &Table, x: u128, hint: Option<&DisplayHint>) -> String {
    match hint {
        Some(DisplayHint::Seconds(TimePrecision::Micros)) => {
            format!("{}.{:06}", x / 1_000_000, x % 1_000_000)
        }
        Some(DisplayHint::Seconds(_)) => format!("{}.{:03}", x / 1_000, x % 1_000),
        Some(DisplayHint::Time(precision)) => time_of_day(x, precision, true),
        Some(DisplayHint::ISO8601(precision)) => date(x, precision),
        Some(DisplayHint::Bitflags { name, package, disambiguator, crate_name }) => {
            let key = FlagsKey {
                name: name.clone(),
                package: package.clone(),
                disambiguator: disambiguator.clone(),
                crate_name: crate_name.clone(),
            };
            let Some(flags) = table.flags(&key) else { return x.to_string() };
            let is_set = |value: u128| if value == 0 { x == 0 } else { x & value == value };
            let set: Vec<&str> =
                flags.iter().filter(|(_, value)| is_set(*value)).map(|(name, _)| name.as_str()).collect();
            if set.is_empty() { "(empty)".to_owned() } else { set.join(" | ") }
        }
        _ => radix(x, hint).unwrap_or_else(|| x.to_string()),
    }
}

fn signed(x: i128, bits: u32, hint: Option<&DisplayHint>) -> String {
    match hint {
        Some(DisplayHint::NoHint { zero_pad }) => {
            let width = (*zero_pad).min(MOST_ZEROS);
            format!("{x:0width$}")
        }
        // In other bases a negative number shows the bits that it has.
        _ => radix(x as u128 & u128::MAX >> (128 - bits), hint).unwrap_or_else(|| x.to_string()),
    }
}

/// A number in the base of a hint; `None` if the hint names none.
fn radix(x: u128, hint: Option<&DisplayHint>) -> Option<String> {
    let width = |zeros: &usize| (*zeros).min(MOST_ZEROS);
    Some(match hint? {
        DisplayHint::NoHint { zero_pad } => format!("{x:00$}", width(zero_pad)),
        DisplayHint::Binary { alternate: true, zero_pad } => format!("{x:#00$b}", width(zero_pad)),
        DisplayHint::Binary { zero_pad, .. } => format!("{x:00$b}", width(zero_pad)),
        DisplayHint::Octal { alternate: true, zero_pad } => format!("{x:#00$o}", width(zero_pad)),
        DisplayHint::Octal { zero_pad, .. } => format!("{x:00$o}", width(zero_pad)),
        DisplayHint::Hexadecimal { alternate, uppercase, zero_pad } => match (alternate, uppercase) {
            (false, false) => format!("{x:00$x}", width(zero_pad)),
            (false, true) => format!("{x:00$X}", width(zero_pad)),
            (true, false) => format!("{x:#00$x}", width(zero_pad)),
            (true, true) => format!("{x:#00$X}", width(zero_pad)),
        },
        _ => return None,
    })
}

fn bytes(bytes: &[u8], hint: Option<&DisplayHint>) -> String {
    match hint {
        Some(DisplayHint::Ascii) => {
            let mut text = "b\"".to_owned();
            for byte in bytes {
                match byte {
                    b'\'' => text.push('\''),
                    // Writing to a string does not fail.
                    _ => drop(write!(text, "{}", byte.escape_ascii())),
                }
            }
            text + "\""
        }
        Some(DisplayHint::Hexadecimal { .. } | DisplayHint::Octal { .. } | DisplayHint::Binary { .. }) => {
            let all: Vec<String> = bytes.iter().filter_map(|byte| radix((*byte).into(), hint)).collect();
            format!("[{}]", all.join(", "))
        }
        _ => format!("{bytes:?}"),
    }
}

/// How many of the units of a precision are a second, and how many digits they take.
fn unit(precision: &TimePrecision) -> (u128, usize) {
    match precision {
        TimePrecision::Micros => (1_000_000, 6),
        TimePrecision::Millis => (1_000, 3),
        TimePrecision::Seconds => (1, 0),
    }
}

/// `12:34:56.789`, with the days in front if there are any and they are wanted.
fn time_of_day(x: u128, precision: &TimePrecision, days: bool) -> String {
    let (unit, digits) = unit(precision);
    let (seconds, fraction) = (x / unit, x % unit);
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    let mut text = format!("{:02}:{minutes:02}:{:02}", hours % 24, seconds % 60);
    if days && hours >= 24 {
        text = format!("{}:{text}", hours / 24);
    }
    if digits > 0 {
        text = format!("{text}.{fraction:0digits$}");
    }
    text
}

/// The date and time of a Unix time stamp.
fn date(x: u128, precision: &TimePrecision) -> String {
    let days = u64::try_from(x / unit(precision).0 / 86_400).unwrap_or(u64::MAX);
    // Eras of 400 years have the same number of days. They are counted from March, so that a leap day comes last.
    let since_march = days.saturating_add(719_468);
    let (era, day) = (since_march / 146_097, since_march % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{}Z", time_of_day(x, precision, false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::defmt::{arguments::Bytes, table::Encoding};

    #[test]
    fn hints_shape_the_text() {
        let mut table = Table::empty(Encoding::Raw);
        table.insert_message(1, None, "Point {{ x: {=u8}, y: {=i8:?} }}");
        table.insert_message(2, None, "{=u8}");
        for (format, sent, expected) in [
            (
                "{=u8} {=u8:03} {=u8:#04x} {=u8:X} {=u8:08b}",
                &[1, 2, 3, 0xab, 5][..],
                "1 002 0x03 AB 00000101",
            ),
            ("{=i8} {=i8:x} {=i16:#x}", &[0xff, 0xff, 0xfe, 0xff], "-1 ff 0xfffe"),
            ("{=bool} {=char} {=f32}", &[1, b'x', 0, 0, 0, 0, 0, 0x80, 0x3f], "true x 1.0"),
            ("{=str} {=str:?}", &[1, 0, 0, 0, b'a', 1, 0, 0, 0, b'b'], "a \"b\""),
            ("{=[u8]} {=[u8; 2]:x}", &[2, 0, 0, 0, 1, 2, 0x1f, 0xff], "[1, 2] [1f, ff]"),
            ("{=[u8; 4]:a}", &[b'H', b'"', b'\'', 0xff], "b\"H\\\"'\\xff\""),
            ("{0=0..4} {0=4..12:#x}", &[0x35, 0x0f], "5 0xf3"),
            ("{}", &[1, 0, 7, 0xf9], "Point { x: 7, y: -7 }"),
            ("{:#x}", &[1, 0, 0x17, 0x19], "Point { x: 0x17, y: 25 }"),
            ("{=[?]} {=[?; 2]:a}", &[1, 0, 0, 0, 2, 0, 9, 2, 0, b'o', b'k'], "[9] b\"ok\""),
            ("{=__internal_Display}{=u8}", &[b'h', b'i', 0xff, 3], "hi3"),
            ("{=u32:us} {=u16:ms}", &[0x40, 0x42, 0x0f, 0, 0x0a, 0], "1.000000 0.010"),
            ("{=u32:tms}", &[0x15, 0xcd, 0x5b, 0x07], "1:10:17:36.789"),
            ("{{{=u8:unknown}}}", &[4], "{4}"),
        ] {
            let mut bytes = Bytes::new(sent);
            let arguments = bytes.arguments(&table, format).unwrap();
            let found = text(&table, format, &arguments);
            assert_eq!(found, expected, "{format}");
            assert_eq!(bytes.rest(), [0; 0], "{format}");
        }
    }

    #[test]
    fn dates() {
        let date = |seconds| date(seconds, &TimePrecision::Seconds);
        assert_eq!(date(0), "1970-01-01T00:00:00Z");
        assert_eq!(date(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(date(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(date(1_709_251_200), "2024-03-01T00:00:00Z");
        assert_eq!(date(1_735_689_599), "2024-12-31T23:59:59Z");
        date(u128::MAX);
    }
}
