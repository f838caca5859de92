//! How numbers and messages look.

use std::io::{self, Write};

use untick::{machine::When, words::seconds};

/// Says something about the run to the user, apart from what the firmware prints.
pub fn say(line: &str) {
    // A closed stderr leaves nobody to tell.
    let _ = writeln!(io::stderr(), "untick: {line}");
}

/// Shows a text of several lines, set off from what the firmware printed.
pub fn block(text: &str) {
    let _ = writeln!(io::stderr(), "\n{}\n", text.trim_end());
}

/// `12,345,678`
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// `1 event`, `2,000 events`
pub fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(number))
}

/// `512 bytes`, `1.5 KiB`, `64 MiB`
pub fn size(bytes: u64) -> String {
    let (unit, name) = match bytes {
        0..=1023 => return counted(bytes, "byte"),
        1024..=1_048_575 => (1u64 << 10, "KiB"),
        1_048_576..=1_073_741_823 => (1 << 20, "MiB"),
        _ => (1 << 30, "GiB"),
    };
    format!("{:.1} {name}", bytes as f64 / unit as f64)
}

/// What stands in front of a line that was sent at a moment: `[   25499431  0.593714s] `
pub fn stamp(when: When) -> String {
    let seconds = seconds(when.time);
    format!("[{:>11} {:>9}s] ", when.icount, seconds.trim_end_matches(" s"))
}

/// `168 MHz`, `32.768 kHz`
pub fn hertz(hz: u32) -> String {
    match hz {
        1_000_000.. => format!("{} MHz", f64::from(hz) / 1e6),
        1_000.. => format!("{} kHz", f64::from(hz) / 1e3),
        _ => format!("{hz} Hz"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_000), "1,000");
        assert_eq!(count(u64::MAX), "18,446,744,073,709,551,615");
        assert_eq!(counted(1, "event"), "1 event");
        assert_eq!(counted(0, "event"), "0 events");
    }

    #[test]
    fn sizes_and_times() {
        assert_eq!(size(1), "1 byte");
        assert_eq!(size(1536), "1.5 KiB");
        assert_eq!(size(64 << 20), "64.0 MiB");
        assert_eq!(size(3 << 30), "3.0 GiB");
        assert_eq!(hertz(168_000_000), "168 MHz");
        assert_eq!(hertz(32_768), "32.768 kHz");
    }
}
