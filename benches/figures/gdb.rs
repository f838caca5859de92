//! How long a user waits in GDB, which talks to the server over TCP.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use super::{
    Bench,
    clock::{Latencies, by_turns},
    figure::{Figure, time},
};

/// Moves in a file of a billion instructions.
pub fn seen_by_gdb(bench: &Bench) -> Vec<Figure> {
    let depth = bench.ordinary.get();
    let mut replay = Command::new(env!("CARGO_BIN_EXE_untick"));
    replay.arg("replay").arg(&depth.recorded.path).args(["--", "-nx", "-batch", "-x"]);
    replay.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/figures/gdb.py"));
    let Some(times) = session(&mut replay) else {
        return vec![Figure::new("moves seen by GDB", "not measured: there is no gdb-multiarch")];
    };
    let alone = by_turns(3, [&mut || gdb_alone()])[0];
    let opened = times.opened.expect("it has come to the first backtrace");
    let text = |name| times.of[name].text();
    let how = "`depth`, 1 G instructions, GDB over TCP";
    let row = |name: &str, text: String| Figure::new(name, text).how(how);
    vec![
        row(
            "a file just opened: the first `bt` in GDB",
            format!("{}, {} of it GDB's own", time(opened), time(alone)),
        )
        .target("≤ 500 ms"),
        row("GDB's `reverse-stepi`", text("reverse-stepi")).target("p50 ≤ 1 ms"),
        row("GDB's `reverse-step` over a line of 3600 instructions", text("reverse-step")).target("≤ 3 s"),
        row("GDB's `reverse-continue`, a breakpoint hit every 10 k instructions", text("often"))
            .target("≤ 10 ms"),
        row("… last hit 1 G ago, in start-up code", text("start-up")).target("≤ 100 ms"),
        row("… last hit 1 G ago, between hot functions", text("once")).target("≤ 100 ms"),
        row("… a write watchpoint last hit 1 G ago, a page of its own", text("alone")).target("≤ 300 ms"),
        row("… in a KiB with others that are written every 10 k instructions", text("beside"))
            .target("≤ 300 ms"),
    ]
}

/// What a session has measured.
struct Times {
    /// From the start of untick to the first backtrace.
    opened: Option<Duration>,
    of: BTreeMap<String, Latencies>,
}

/// Runs `gdb.py`. `None`: there is no GDB.
fn session(replay: &mut Command) -> Option<Times> {
    gdb().stdout(Stdio::null()).status().ok()?;
    let start = Instant::now();
    // GDB finds the source where the repository has it.
    replay.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = replay.spawn().expect("it was built");
    let output = BufReader::new(child.stdout.take().expect("it was asked for"));
    let mut opened = None;
    let mut times: BTreeMap<String, Vec<Duration>> = BTreeMap::new();
    for line in output.lines().map_while(Result::ok) {
        let Some((name, nanoseconds)) = line.strip_prefix("@ ").and_then(|line| line.split_once(' ')) else {
            continue;
        };
        opened.get_or_insert_with(|| start.elapsed());
        let nanoseconds = nanoseconds.parse().expect("the script prints a number");
        times.entry(name.to_owned()).or_default().push(Duration::from_nanos(nanoseconds));
    }
    assert!(child.wait().expect("it was started").success(), "the script ends well");
    let of = times.into_iter().map(|(name, times)| (name, Latencies::of(times))).collect();
    Some(Times { opened, of })
}

fn gdb() -> Command {
    let mut command = Command::new("gdb-multiarch");
    command.args(["-nx", "-batch"]);
    command
}

/// GDB with nothing to do.
fn gdb_alone() -> Duration {
    let start = Instant::now();
    gdb().status().expect("it has run before");
    start.elapsed()
}
