//! What a comparison found.

use std::{collections::BTreeMap, fmt::Write};

use untick::{core::Halt, words::Registers};

use super::{follow::Differing, trace::Step};

/// An instruction after which the registers are not the same.
pub struct Difference {
    pub step: Step,
    pub instruction: (u16, u16),
    pub before: Registers,
    /// Our core stopped, for this reason.
    pub halt: Option<Halt>,
    pub found: Vec<Differing>,
}

impl Difference {
    /// Those with the same key are shown once.
    fn key(&self) -> String {
        let (first, second) = self.instruction;
        let names = self.found.iter().map(|(name, ..)| name.trim_end_matches(|c: char| c.is_ascii_digit()));
        let mut names: Vec<_> = names.collect();
        names.dedup();
        let wide = first >> 11 >= 0b11101;
        let second = if wide {
            format!(
                "{:04x}",
                second & if first >> 10 == 0x3b || first >> 10 == 0x3f { 0x0f50 } else { 0x00f0 }
            )
        } else {
            String::new()
        };
        format!("{:03x} {second} {names:?} {:?}", first >> 4, self.halt)
    }

    fn text(&self) -> String {
        let (first, second) = self.instruction;
        let b = &self.before;
        let mut text = format!("pc={:08x} instruction {first:04x} {second:04x}", b.pc);
        if self.step.faulted || !self.step.entered.is_empty() {
            let _ = write!(text, ", QEMU enters {:?} (fault: {})", self.step.entered, self.step.faulted);
        }
        if let Some(halt) = self.halt {
            let _ = write!(text, ", our core stops: {halt:?}");
        }
        for (name, ours, theirs) in &self.found {
            let _ = write!(text, "\n    {name:5} {ours:08x}, QEMU {theirs:08x}");
        }
        let _ = write!(
            text,
            "\n    before: r {:08x?} sp={:08x} lr={:08x} xpsr={:08x}",
            b.r,
            b.sp(),
            b.lr,
            b.xpsr
        );
        if self.step.before.fp.is_some() && first >> 8 >= 0xec {
            let _ = write!(text, "\n    s {:08x?} fpscr={:08x} control={:x}", b.s, b.fpscr, b.control);
        }
        text
    }
}

/// The result of following QEMU.
#[derive(Default)]
pub struct Report {
    /// How many instructions were followed.
    pub instructions: usize,
    /// How many exception entries.
    pub exceptions: usize,
    /// Values that depend on time, taken from QEMU because ours were others.
    pub times: usize,
    /// Values that the host had put into memory.
    pub host: usize,
    /// Registers that the architecture leaves unknown, taken from QEMU because ours were others.
    pub unknown: usize,
    /// Differences that `known.toml` explains.
    pub known: usize,
    /// The others.
    different: usize,
    shown: BTreeMap<String, (usize, String)>,
}

impl Report {
    pub fn add(&mut self, difference: Difference) {
        self.different += 1;
        let shown = self.shown.entry(difference.key()).or_insert_with(|| (0, difference.text()));
        shown.0 += 1;
    }

    /// Adds another one.
    pub fn join(&mut self, other: Report) {
        self.instructions += other.instructions;
        self.exceptions += other.exceptions;
        self.times += other.times;
        self.host += other.host;
        self.unknown += other.unknown;
        self.known += other.known;
        self.different += other.different;
        for (key, (count, text)) in other.shown {
            self.shown.entry(key).or_insert((0, text)).0 += count;
        }
    }

    /// Says how many instructions agreed, and every difference.
    pub fn print(&self, what: &str) {
        println!(
            "{what}: {} of {} instructions agree, {} exception entries; {} known differences; taken over \
             {} values of time, {} of the host, {} unknown ones",
            self.instructions - self.different - self.known,
            self.instructions,
            self.exceptions,
            self.known,
            self.times,
            self.host,
            self.unknown,
        );
        for (count, text) in self.shown.values() {
            println!("{what}: {count} times: {text}");
        }
    }

    /// Whether nothing is unexplained.
    pub fn is_good(&self) -> bool {
        self.different == 0
    }
}
