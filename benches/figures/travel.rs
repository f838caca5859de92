//! How long a user waits for a move through a long history. Not through GDB: that is [`gdb`](super::gdb).

use std::collections::BTreeSet;

use untick::{
    timeline::{Direction, Interrupts, Stop, Stops, Timeline, WatchKind, Watchpoint},
    words::Icount,
};

use super::{
    Bench,
    clock::Latencies,
    depth::{Depth, G, M, Memory},
    figure::{Figure, instructions},
    fixture::run,
};

/// Steps back, through histories of three lengths.
pub fn steps(bench: &Bench) -> Vec<Figure> {
    let mut figures = Vec::new();
    for length in [M, 100 * M] {
        figures.extend(steps_in(&mut Depth::record(Memory::Ordinary, length).timeline, length));
    }
    figures.extend(steps_in(&mut bench.ordinary.get().timeline, G));
    figures
}

/// Steps back in a history of some length.
pub fn steps_in(timeline: &mut Timeline, length: Icount) -> Vec<Figure> {
    let mut random = Random(length);
    let end = timeline.end().icount;
    let mut firsts = Vec::new();
    firsts.push(Latencies::measure_behind(
        100,
        timeline,
        |timeline| seek(timeline, random.between(1, end)),
        step_back,
    ));
    firsts.push(Latencies::measure_behind(
        50,
        timeline,
        |timeline| {
            let from = random.between(0, end - end / 4);
            seek(timeline, from);
            run(timeline, Some(from + end.min(4 * M) / 4));
        },
        step_back,
    ));
    seek(timeline, end);
    step_back(timeline);
    let following = Latencies::measure(20_000, || step_back(timeline));
    let row = |what: &str, latencies: &Latencies| {
        let name = format!("step back, {} of history, {what}", instructions(length));
        Figure::new(name, latencies.text()).how("`depth`, in the stub")
    };
    vec![
        row("the first after a seek", &firsts[0]).target("≤ 5 ms"),
        row("the first after a run", &firsts[1]).target("≤ 5 ms"),
        row("those that follow", &following).target("p50 ≤ 20 µs, p99 ≤ 2 ms"),
    ]
}

/// Seeks and searches in a billion instructions.
pub fn travel(bench: &Bench) -> Vec<Figure> {
    let mut depth = bench.ordinary.get();
    let landmarks = Landmarks::of(&depth);
    let mut random = Random(1);
    let timeline = &mut depth.timeline;
    let end = timeline.end().icount;
    let seeks = random_seeks(timeline);
    let hot = Latencies::measure_behind(
        200,
        timeline,
        |timeline| seek(timeline, random.between(end / 2, end)),
        |timeline| back_to(timeline, &landmarks.often),
    );
    let mut once = |stops: &Stops| {
        let from_the_end = |timeline: &mut Timeline| seek(timeline, end);
        Latencies::measure_behind(20, timeline, from_the_end, |timeline| back_to(timeline, stops)).text()
    };
    let how = "`depth`, 1 G instructions, in the stub";
    let row = |name: &str, text: String| Figure::new(name, text).how(how);
    vec![
        row("seek to a random position", seeks.text()).target("p95 ≤ 50 ms"),
        row("`reverse-continue`, a breakpoint hit every 10 k instructions", hot.text()).target("≤ 10 ms"),
        row("… last hit 1 G ago, in start-up code", once(&landmarks.start_up)).target("≤ 100 ms"),
        row("… last hit 1 G ago, between hot functions", once(&landmarks.once)).target("≤ 100 ms"),
        row("… a write watchpoint last hit 1 G ago, a page of its own", once(&landmarks.alone))
            .target("≤ 300 ms"),
        row("… in a KiB with others that are written every 10 k instructions", once(&landmarks.beside))
            .target("≤ 300 ms"),
    ]
}

/// Seeks to anywhere.
pub fn random_seeks(timeline: &mut Timeline) -> Latencies {
    let mut random = Random(1);
    let end = timeline.end().icount;
    Latencies::measure(300, || seek(timeline, random.between(0, end)))
}

/// Back to the write of a word beside which each loop of a sort loads and stores: no index of pages helps.
pub fn hardest(bench: &Bench) -> Figure {
    let mut depth = bench.ordinary.get();
    let stops = Landmarks::of(&depth).among;
    let end = depth.timeline.end().icount;
    seek(&mut depth.timeline, end);
    let once = Latencies::measure(1, || back_to(&mut depth.timeline, &stops));
    Figure::new("… in the KiB of an array that is sorted all the time", once.text())
        .target("≤ 300 ms")
        .how("`depth`, 1 G instructions, in the stub")
}

/// Where the firmware comes by, or came by once.
struct Landmarks {
    often: Stops,
    start_up: Stops,
    once: Stops,
    alone: Stops,
    beside: Stops,
    among: Stops,
}

/// Where the structures of the firmware have their `value`.
const VALUE: u32 = 256;

impl Landmarks {
    fn of(depth: &Depth) -> Landmarks {
        let address = |symbol| depth.fixture.address(symbol) & !1;
        let at = |symbol| Stops { breakpoints: BTreeSet::from([address(symbol)]), ..Stops::default() };
        let writes = |address| {
            let watch = Watchpoint { address, length: 4, kind: WatchKind::Write };
            Stops { watchpoints: vec![watch], ..Stops::default() }
        };
        Landmarks {
            often: at("landmark"),
            start_up: at("main"),
            once: at("once"),
            alone: writes(address("alone") + VALUE),
            beside: writes(address("beside") + VALUE),
            among: writes(address("among") + VALUE),
        }
    }
}

/// As the debugger goes to a position.
fn seek(timeline: &mut Timeline, icount: Icount) {
    timeline.approach(icount).expect("it is recorded");
}

fn step_back(timeline: &mut Timeline) {
    let stop = timeline.step(Direction::Backward, &Stops::default(), Interrupts::Skip, &mut || false);
    assert_eq!(stop.expect("it is recorded"), Stop::Stepped);
}

fn back_to(timeline: &mut Timeline, stops: &Stops) {
    let stop = timeline.resume(Direction::Backward, stops, &mut || false);
    let stop = stop.expect("it is recorded");
    assert!(matches!(stop, Stop::Breakpoint | Stop::Watchpoint { .. }), "{stop:?}");
}

/// Numbers that are the same in every run (Marsaglia's xorshift).
struct Random(u64);

impl Random {
    fn between(&mut self, first: u64, last: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        first + self.0 % (last - first + 1)
    }
}
