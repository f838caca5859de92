//! The values of options: durations, counts, sizes. All arithmetic is exact.

pub use untick::quantity::duration;
use untick::{
    peripherals::Policy,
    quantity::{Bad, scaled},
};

use super::console::{Where, Wire};

/// Reads a time of the host that something may take.
pub fn host_duration(text: &str) -> Result<std::time::Duration, String> {
    duration(text).map(std::time::Duration::from_nanos)
}

/// Reads `1000000`, `1_000_000`, `1e6`, `2.5e6`.
pub fn count(text: &str) -> Result<u64, String> {
    scaled(text, 1).map_err(|reason| match reason {
        Bad::NotANumber => format!("{text:?} is not a count: use digits, such as 1_000_000 or 1e6"),
        Bad::NotWhole => format!("{text:?} is not a whole number"),
        Bad::TooLarge => format!("{text:?} is more than {}", u64::MAX),
    })
}

/// Reads an address: `0x0800_0000`, `134217728`.
pub fn address(text: &str) -> Result<u32, String> {
    let digits = text.replace('_', "");
    let number = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hex) if !hex.starts_with('+') => u32::from_str_radix(hex, 16),
        None if !digits.starts_with('+') => digits.parse(),
        _ => return Err(format!("{text:?} is not an address, such as 0x08000000")),
    };
    number.map_err(|_| format!("{text:?} is not an address of 32 bits, such as 0x08000000"))
}

/// Reads `uart0=stdout`, `usart2=file:out.txt`, `uart1=tcp::4444`, `uart0=pty`.
pub fn wire(text: &str) -> Result<Wire, String> {
    let Some((device, to)) = text.split_once('=').filter(|(device, _)| !device.is_empty()) else {
        return Err(format!(
            "{text:?} does not tell what goes where: write NAME=WHERE, such as uart0=tcp::4444"
        ));
    };
    let to = match to.split_once(':') {
        None if to == "stdout" => Where::Stdout,
        None if to == "stdio" => Where::Stdio,
        None if to == "null" => Where::Null,
        None if to == "pty" => Where::Pty,
        Some(("file", path)) if !path.is_empty() => Where::File(path.into()),
        Some(("tcp", address)) => match address.rsplit_once(':') {
            Some((_, port)) if port.parse::<u16>().is_ok() => Where::Tcp(address.to_owned()),
            _ => return Err(format!("{to:?} is no address to listen at: write tcp::4444 or tcp:HOST:4444")),
        },
        _ => {
            let known = "stdout, stdio, null, file:PATH, tcp::PORT, tcp:HOST:PORT and pty";
            return Err(format!("{to:?} is no place for output; there are {known}"));
        }
    };
    Ok(Wire { device: device.to_owned(), to })
}

/// Reads `0=stdout`, `1=file:out.bin`.
pub fn rtt_wire(text: &str) -> Result<Wire, String> {
    let Wire { device, to } = wire(text)?;
    let number: u32 = device.parse().map_err(|_| format!("{device:?} is not the number of a channel"))?;
    Ok(Wire { device: format!("rtt{number}"), to })
}

/// A range of icounts as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first one.
    pub start: u64,
    /// The one behind the last; `None` for the end of the run.
    pub end: Option<u64>,
}

/// Reads `100..200`, `1e6..`, `..200`.
pub fn range(text: &str) -> Result<Range, String> {
    let Some((start, end)) = text.split_once("..") else {
        return Err(format!("{text:?} is not a range: write A..B, A.. or ..B, such as 1000..2000"));
    };
    let bound = |text: &str| if text.is_empty() { Ok(None) } else { count(text).map(Some) };
    let (start, end) = (bound(start)?.unwrap_or(0), bound(end)?);
    match end {
        Some(end) if end < start => Err(format!("{text:?} ends before it begins")),
        _ => Ok(Range { start, end }),
    }
}

/// Reads `64MiB`, `1GiB`, `500kB`, `65536`.
pub fn size(text: &str) -> Result<usize, String> {
    const UNITS: [(&str, u64); 7] = [
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
        ("kB", 1_000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("", 1),
    ];
    let wanted =
        || format!("{text:?} is not a size: use bytes or a number with KiB, MiB or GiB, such as 64MiB");
    let (number, unit) =
        UNITS.iter().find_map(|&(name, unit)| Some((text.strip_suffix(name)?, unit))).ok_or_else(wanted)?;
    let bytes = scaled(number.trim_end(), unit).map_err(|reason| match reason {
        Bad::NotANumber => wanted(),
        Bad::NotWhole => format!("{text:?} is not a whole number of bytes"),
        Bad::TooLarge => format!("{text:?} is more than this computer can address"),
    })?;
    usize::try_from(bytes).map_err(|_| format!("{text:?} is more than this computer can address"))
}

/// What happens at registers without a model.
pub fn policy(text: &str) -> Result<Policy, String> {
    match text {
        "strict" => Ok(Policy::Strict),
        "reset" => Ok(Policy::Reset),
        "guess" => Ok(Policy::Guess),
        _ => Err("must be strict, reset or guess".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_exact() {
        let ns = duration;
        assert_eq!(ns("250ms"), Ok(250_000_000));
        assert_eq!(ns("20us"), Ok(20_000));
        assert_eq!(ns("20µs"), Ok(20_000));
        assert_eq!(ns("1.5 s"), Ok(1_500_000_000));
        assert_eq!(ns("2min"), Ok(120_000_000_000));
        assert_eq!(ns("1e-3s"), Ok(1_000_000));
        assert_eq!(ns("0s"), Ok(0));
        assert_eq!(ns("0.1s"), Ok(100_000_000), "no binary fraction on the way");
    }

    #[test]
    fn what_is_not_a_duration_says_what_is_wrong() {
        let error = |text| duration(text).unwrap_err();
        for text in
            ["", "s", "ms", "250", "-1s", "1x", "1.2.3s", "s1", "infs", "nans", "_1s", "1e99999999999s"]
        {
            assert!(error(text).contains("is not a time"), "{text:?}: {}", error(text));
        }
        assert!(error("0.5ns").contains("finer than a nanosecond"));
        assert!(error("1e30s").contains("too long"));
        assert!(error("1e2000000000s").contains("too long"));
        assert!(error("99999999999999999999999999999999999999999s").contains("too long"));
    }

    #[test]
    fn counts() {
        for text in ["1000000", "1_000_000", "1e6", "1E6", "0.001e9", "10000000e-1"] {
            assert_eq!(count(text), Ok(1_000_000), "{text}");
        }
        assert_eq!(count("18446744073709551615"), Ok(u64::MAX));
        for text in ["", "e6", "x", "1e", "-1", "+1", "0x10", "1.5", "18446744073709551616", "1e-1", "._"] {
            assert!(count(text).is_err(), "{text}");
        }
    }

    #[test]
    fn ranges() {
        let of = |start, end| Ok(Range { start, end });
        assert_eq!(range("5..7"), of(5, Some(7)));
        assert_eq!(range("1e6..1_000_000"), of(1_000_000, Some(1_000_000)));
        assert_eq!(range("5.."), of(5, None));
        assert_eq!(range("..7"), of(0, Some(7)));
        assert_eq!(range(".."), of(0, None));
        for (text, wanted) in [
            ("7..5", "ends before it begins"),
            ("5", "such as 1000..2000"),
            ("5-7", "is not a range"),
            ("5..=7", "is not a count"),
            ("a..b", "is not a count"),
            ("-1..5", "is not a count"),
            ("1...5", "is not a count"),
            ("0.5..1", "is not a whole number"),
        ] {
            let error = range(text).unwrap_err();
            assert!(error.contains(wanted), "{text}: {error}");
        }
    }

    #[test]
    fn addresses() {
        assert_eq!(address("0x0800_0000"), Ok(0x0800_0000));
        assert_eq!(address("0XFFFFFFFF"), Ok(u32::MAX));
        assert_eq!(address("4096"), Ok(4096));
        for text in ["", "0x", "0x1_0000_0000", "-1", "+1", "0x+1", "08000000h", "1e6"] {
            assert!(address(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes() {
        assert_eq!(size("64MiB"), Ok(64 << 20));
        assert_eq!(size("1.5 KiB"), Ok(1536));
        assert_eq!(size("500kB"), Ok(500_000));
        assert_eq!(size("4096"), Ok(4096));
        for text in ["", "MiB", "64 Mib", "1.5", "-1", "1e30GiB"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
