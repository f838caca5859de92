//! What a recording costs besides its time: checkpoints, memory, the file.

use std::time::Duration;

use untick::timeline::{History, Options};

use super::{
    Bench,
    clock::{by_turns, processor},
    depth::{Depth, G, M, noise},
    figure::{Figure, instructions, mebibytes, time},
    fixture::{Fixture, run},
};

/// What a checkpoint adds to a run, all in: state, pages, index, digest.
pub fn checkpoints(_: &Bench) -> Vec<Figure> {
    const HOW: &str = "the difference between a recording with them and one without, processor time";
    let row = |what: &str, fixture: &Fixture, interval| {
        let (time, size) = checkpoint(fixture, interval);
        Figure::new(format!("a checkpoint, {what}"), format!("{time}, {size} KiB")).target("≤ 50 µs").how(HOW)
    };
    vec![row("ordinary", &Fixture::load("cpu-endless"), M / 4), row("256 KiB of noise written", &noise(), M)]
}

/// How long one takes, and its size in KiB.
fn checkpoint(fixture: &Fixture, interval: u64) -> (String, usize) {
    const COUNT: u64 = 200;
    const ROUNDS: usize = 7;
    const NEVER: u64 = 1 << 40;
    let length = interval * COUNT;
    let mut bytes = 0;
    let [plain, kept] = [NEVER, interval].map(|interval| {
        let mut record = || {
            let mut timeline = fixture.live(Options { interval, history: 1 << 30 });
            let (time, ()) = processor(|| run(&mut timeline, Some(length)));
            bytes = timeline.history().bytes;
            time
        };
        by_turns(ROUNDS, [&mut record])[0]
    });
    let each = |time: Duration| time / COUNT as u32;
    (time(each(kept.saturating_sub(plain))), bytes / COUNT as usize / 1024)
}

/// What the history takes in memory.
pub fn memory(bench: &Bench) -> Vec<Figure> {
    const TARGET: &str = "≤ 64 MiB";
    vec![
        memory_of("ordinary", G, &bench.billion.get().history, TARGET),
        memory_of("256 KiB of noise written in each M", G, &Depth::record_noise(G), TARGET),
    ]
}

/// A row for one history.
pub fn memory_of(what: &str, length: u64, history: &History, target: &'static str) -> Figure {
    let name = format!("ring and index of {} instructions, {what}", instructions(length));
    let value = format!(
        "{}: {} checkpoints, at most {:.2} M instructions apart",
        mebibytes(history.bytes),
        history.checkpoints,
        history.longest_interval as f64 / M as f64
    );
    Figure::new(name, value).target(target).how("`depth`")
}

/// What the file takes for each million instructions.
pub fn growth(bench: &Bench) -> Vec<Figure> {
    let mut depth = bench.billion.get();
    let summary = depth.timeline.log_mut().summary();
    let per_million = |bytes: u64| bytes as f64 / (G / M) as f64;
    vec![
        Figure::new(
            "trace growth without input",
            format!("{:.0} bytes for each M instructions", per_million(summary.chunk_bytes)),
        )
        .target("≤ 100")
        .how("`depth`, 1 G instructions"),
    ]
}
