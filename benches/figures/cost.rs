//! What a recording costs besides its time: checkpoints, memory, the file.

use std::time::Duration;

use untick::{
    timeline::{History, Options},
    trace::Summary,
};

use super::{
    Bench,
    clock::{by_turns, processor},
    depth::{Billion, G, M, Memory},
    figure::{Figure, instructions, mebibytes, time},
    fixture::{Fixture, run},
    travel::random_seeks,
};

/// What a checkpoint adds to a run, all in: state, pages, index, digest.
pub fn checkpoints(_: &Bench) -> Vec<Figure> {
    const HOW: &str = "the difference between a recording with them and one without, processor time";
    let row = |what: &str, fixture: &Fixture, interval| {
        let (time, size) = checkpoint(fixture, interval);
        Figure::new(format!("a checkpoint, {what}"), format!("{time}, {size} KiB")).target("≤ 50 µs").how(HOW)
    };
    vec![
        row("ordinary", &Fixture::load("cpu-endless"), M / 4),
        row("256 KiB of noise written", &Memory::Noise.fixture(), M),
    ]
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

/// What the history takes in memory, and what a seek takes when it has not room for all checkpoints.
pub fn memory(bench: &Bench) -> Vec<Figure> {
    const TARGET: &str = "≤ 64 MiB";
    let row = |recording: &Billion, memory| memory_of(memory, G, &recording.get().history, TARGET);
    vec![
        row(&bench.ordinary, Memory::Ordinary),
        row(&bench.noise, Memory::Noise),
        Figure::new(
            "… seek to a random position in that",
            random_seeks(&mut bench.noise.get().timeline).text(),
        )
        .target("p95 ≤ 50 ms")
        .how("`depth`, in the stub"),
    ]
}

/// A row for one history.
pub fn memory_of(memory: Memory, length: u64, history: &History, target: &'static str) -> Figure {
    let name = format!("ring and index of {} instructions, {}", instructions(length), memory.text());
    let value = format!(
        "{}, {} of it index; {} checkpoints, at most {:.2} M instructions to execute again",
        mebibytes(history.bytes as u64),
        mebibytes(history.index_bytes as u64),
        history.checkpoints,
        history.longest_interval as f64 / M as f64
    );
    Figure::new(name, value).target(target).how("`depth`")
}

/// What the file takes without any input.
pub fn growth(bench: &Bench) -> Vec<Figure> {
    const HOW: &str = "`depth`, 1 G instructions";
    let ordinary = bench.ordinary.get().timeline.log_mut().summary();
    let noise = bench.noise.get().timeline.log_mut().summary();
    let per_million =
        |bytes: u64| format!("{:.0} bytes for each M instructions", bytes as f64 / (G / M) as f64);
    let keyframes = |what: &str, summary: Summary| {
        let share = 100 * summary.keyframes.bytes / summary.bytes;
        let value =
            format!("{}, {share} % of {}", mebibytes(summary.keyframes.bytes), mebibytes(summary.bytes));
        Figure::new(format!("… keyframes, {what}"), value)
            .target("≤ 10 % or 8 MiB for each doubling from 16 M")
            .how(HOW)
    };
    vec![
        Figure::new("trace growth without input", per_million(ordinary.chunk_bytes)).target("≤ 100").how(HOW),
        Figure::new("… with the index", per_million(ordinary.chunk_bytes + ordinary.index.bytes))
            .target("≤ 100")
            .how(HOW),
        keyframes(Memory::Ordinary.text(), ordinary),
        keyframes(Memory::Noise.text(), noise),
    ]
}
