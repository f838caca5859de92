//! `untick info`: what is in a trace.

use std::{
    fmt::Write as _,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use untick::{
    timeline::{Bookmark, Bookmarks},
    trace::{Counts, End, Header, Log, Summary},
    words::{Moment, seconds},
};

use super::{ending::outcome_in_words, session, show};

/// Tells what a recording holds: firmware, board, length, events, and how it ended.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The trace, as `untick record` wrote it.
    trace: PathBuf,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut log = Log::open(&arguments.trace)?;
    let summary = log.summary();
    let bookmarks = Bookmarks::in_trace(&mut log);
    let facts = Facts {
        header: log.header(),
        summary,
        end: log.end(),
        reached: log.reached_moment(),
        damage: log.damage().map(|damage| damage.to_string()),
        bookmarks: bookmarks.all(),
    };
    io::stdout().lock().write_all(facts.text().as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Everything that is shown.
struct Facts<'a> {
    header: &'a Header,
    summary: Summary,
    /// `None` when the recording was cut.
    end: Option<&'a End>,
    /// How far it replays.
    reached: Moment,
    /// What had to be left out.
    damage: Option<String>,
    bookmarks: &'a [Bookmark],
}

/// So many bookmarks are shown; `monitor bookmarks` shows all.
const MOST_BOOKMARKS: usize = 20;

impl Facts<'_> {
    fn text(&self) -> String {
        let Facts { header, summary, reached, .. } = self;
        let clock_hz = header.config.clock_hz;
        let mut table = Table::default();
        table.row("firmware", &header.firmware_name);
        let short: String = header.sha256()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        let bytes = show::counted(header.firmware.len() as u64, "byte");
        table.row("", &format!("{bytes}, sha256 {short}…"));
        if header.arguments != [header.firmware_name.as_str()] {
            table.row("arguments", &header.arguments.join(" "));
        }
        let core = header.config.core.name();
        table.row("board", &format!("{}: {core}, {} at reset", header.board, show::hertz(clock_hz)));
        table.row("", &session::memory(&header.config));
        table.row("recorded by", &format!("untick {}, Unicorn {}", header.untick, header.unicorn));
        table.gap();
        table.row("instructions", &show::count(reached.icount));
        let time = summary.time.map(seconds);
        let cycles = || show::counted(reached.cycle, "cycle");
        table.row("virtual time", &time.unwrap_or_else(cycles));
        table.row("outcome", &self.ended());
        if let Some(damage) = &self.damage {
            table.row("damaged", damage);
        }
        let mut title = "bookmarks";
        for Bookmark { name, icount, note } in self.bookmarks.iter().take(MOST_BOOKMARKS) {
            table.row(title, format!("{name} at {}  {note}", show::count(*icount)).trim_end());
            title = "";
        }
        if let Some(more) = self.bookmarks.len().checked_sub(MOST_BOOKMARKS).filter(|more| *more > 0) {
            table.row("", &format!("and {} more", show::count(more as u64)));
        }
        table.gap();
        let each = summary.bytes_per_event().map(|bytes| format!(", {bytes:.2} bytes each"));
        table.row("events", &format!("{}{}", show::count(summary.events), each.unwrap_or_default()));
        let kinds = summary.counts.iter().flat_map(Counts::named).filter(|&(_, count)| count != 0);
        for (name, count) in kinds {
            table.row(&format!("  {name}"), &show::count(count));
        }
        let share = |bytes: u64| {
            let percent = 100.0 * bytes as f64 / summary.bytes.max(1) as f64;
            format!("{} ({percent:.1} %)", show::size(bytes))
        };
        table.row("file", &show::size(summary.bytes));
        table.row("  events", &share(summary.chunk_bytes));
        for (name, found) in [("keyframes", summary.keyframes), ("index", summary.index)] {
            let number = show::count(found.number);
            let of =
                if found.number == 0 { "none".into() } else { format!("{number}, {}", share(found.bytes)) };
            table.row(&format!("  {name}"), &of);
        }
        if summary.bookmarks.number != 0 {
            table.row("  bookmarks", &share(summary.bookmarks.bytes));
        }
        table.text()
    }

    fn ended(&self) -> String {
        match self.end {
            Some(end) => outcome_in_words(&end.outcome),
            None => "cut: the recording was killed; it replays as far as given above".to_owned(),
        }
    }
}

/// Two columns, the second aligned.
#[derive(Default)]
struct Table {
    rows: Vec<(String, String)>,
}

impl Table {
    fn row(&mut self, name: &str, value: &str) {
        // Names come from the file: they must not be able to command the terminal.
        let plain = value.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
        self.rows.push((name.to_owned(), plain));
    }

    fn gap(&mut self) {
        self.row("", "");
    }

    fn text(&self) -> String {
        let width = self.rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        let mut text = String::new();
        for (name, value) in &self.rows {
            let line = format!("{name:width$}  {value}");
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{}", line.trim_end());
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use untick::{
        core::{Config, CoreKind, Region, RegionKind},
        timeline::Outcome,
        trace::Share,
    };

    use super::*;

    fn header() -> Header {
        let region =
            |name: &str, kind, base, size| Region { name: name.into(), kind, base, size, aliases: vec![] };
        Header {
            untick: "0.1.0".into(),
            unicorn: "2.1.5".into(),
            board: "mps2-an385".into(),
            board_sources: Vec::new(),
            config: Config {
                core: CoreKind::CortexM3,
                regions: vec![
                    region("code", RegionKind::Flash, 0, 4 << 20),
                    region("ram", RegionKind::Ram, 0x2000_0000, 4 << 20),
                ],
                devices: Vec::new(),
                interrupts: 32,
                priority_bits: 3,
                clock_hz: 25_000_000,
                systick_reference_divider: None,
                bit_band: false,
                vector_table: 0,
                mpu_regions: 8,
                security_extension: false,
                halting_debug: false,
            },
            firmware_name: "hello.elf".into(),
            firmware: b"abc".to_vec(),
            load_address: None,
            arguments: vec!["hello.elf".into()],
        }
    }

    fn summary() -> Summary {
        let counts = Counts { reads: 1000, writes: 234, ..Counts::default() };
        Summary {
            events: 1234,
            counts: Some(counts),
            time: Some(1_000_000_000),
            chunks: 1,
            damaged_chunks: 0,
            bytes: 5000,
            chunk_bytes: 2468,
            keyframes: Share { number: 2, bytes: 1024 },
            index: Share::default(),
            bookmarks: Share { number: 1, bytes: 70 },
        }
    }

    const WHOLE: &str = "\
firmware      hello.elf
              3 bytes, sha256 ba7816bf8f01cfea…
board         mps2-an385: Cortex-M3, 25 MHz at reset
              4.0 MiB flash, 4.0 MiB RAM
recorded by   untick 0.1.0, Unicorn 2.1.5

instructions  2,500,000
virtual time  1.000000 s
outcome       ended by the firmware with exit code 3
bookmarks     here at 1,000
              fault-1 at 2,000  HardFault

events        1,234, 2.00 bytes each
  reads       1,000
  writes      234
file          4.9 KiB
  events      2.4 KiB (49.4 %)
  keyframes   2, 1.0 KiB (20.5 %)
  index       none
  bookmarks   70 bytes (1.4 %)
";

    #[test]
    fn a_whole_recording() {
        let reached = Moment { icount: 2_500_000, cycle: 25_000_000 };
        let end = End { at: reached, time: 1_000_000_000, outcome: Outcome::Exit(3), digest: 0 };
        let bookmark =
            |name: &str, icount, note: &str| Bookmark { name: name.into(), icount, note: note.into() };
        let bookmarks = [bookmark("here", 1000, ""), bookmark("fault-1", 2000, "HardFault")];
        let (header, end) = (header(), Some(&end));
        let facts =
            Facts { header: &header, summary: summary(), end, reached, damage: None, bookmarks: &bookmarks };
        assert_eq!(facts.text(), WHOLE);
    }

    #[test]
    fn a_cut_and_damaged_recording_with_a_name_that_plays_tricks() {
        let header = Header { firmware_name: "a\x1b[2J\nb".into(), ..header() };
        let reached = Moment { icount: 7, cycle: 7 };
        let damage = Some("chunk 3 at byte offset 99: its contents fail the checksum".to_owned());
        let many: Vec<Bookmark> =
            (0..30).map(|icount| Bookmark { name: "\x07".into(), icount, note: String::new() }).collect();
        let facts =
            Facts { header: &header, summary: summary(), end: None, reached, damage, bookmarks: &many };
        let text = Facts { summary: Summary { time: None, ..facts.summary }, ..facts }.text();
        assert!(text.contains("virtual time  7 cycles\n"), "{text}");
        assert!(text.contains("bookmarks     ? at 0\n") && text.contains("and 10 more"), "{text}");
        assert!(text.contains("outcome       cut: "), "{text}");
        assert!(text.contains("damaged       chunk 3 at byte offset 99"), "{text}");
        assert!(text.starts_with("firmware      a?[2J?b\n"), "{text}");
    }
}
