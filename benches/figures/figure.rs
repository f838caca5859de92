//! A row of the table, and how its numbers look.

use std::time::Duration;

/// A measured figure.
pub struct Figure {
    name: String,
    value: String,
    target: &'static str,
    how: &'static str,
}

impl Figure {
    /// What was measured. It has no target yet, and says nothing about how.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Figure {
        Figure { name: name.into(), value: value.into(), target: "", how: "" }
    }

    /// What it is to be.
    pub fn target(self, target: &'static str) -> Figure {
        Figure { target, ..self }
    }

    /// How it was measured.
    pub fn how(self, how: &'static str) -> Figure {
        Figure { how, ..self }
    }

    /// The first lines of the table.
    pub fn print_head() {
        println!("| figure | value | target | how |\n|---|---|---|---|");
    }

    /// Its line of the table.
    pub fn print(&self) {
        println!("| {} | {} | {} | {} |", self.name, self.value, self.target, self.how);
    }
}

/// A duration with three digits.
pub fn time(duration: Duration) -> String {
    let (value, unit) = match duration.as_nanos() as f64 {
        ns if ns < 1e6 => (ns / 1e3, "µs"),
        ns if ns < 1e9 => (ns / 1e6, "ms"),
        ns => (ns / 1e9, "s"),
    };
    let digits = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
    format!("{value:.digits$} {unit}")
}

/// Millions in a second.
pub fn speed(count: u64, time: Duration) -> String {
    format!("{:.0} million/s", count as f64 / time.as_secs_f64() / 1e6)
}

/// How often the one fits into the other.
pub fn ratio(a: Duration, b: Duration) -> String {
    format!("{:.2}", a.as_secs_f64() / b.as_secs_f64())
}

/// A size in memory or in a file.
pub fn mebibytes(bytes: u64) -> String {
    format!("{:.2} MiB", bytes as f64 / f64::from(1 << 20))
}

/// A number of instructions, in words as short as they come.
pub fn instructions(count: u64) -> String {
    match count {
        1_000_000_000.. => format!("{} G", count / 1_000_000_000),
        1_000_000.. => format!("{} M", count / 1_000_000),
        _ => format!("{count}"),
    }
}
