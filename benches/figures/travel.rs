//! How long a user waits for a move through the history of a run of 100 million instructions.

use std::collections::{BTreeSet, HashMap};

use untick::{
    timeline::{Direction, Interrupts, Stop, Stops, Timeline},
    words::Icount,
};

use super::{
    Figure,
    clock::Latencies,
    fixture::{Fixture, run},
};

/// Where breakpoints lie apart, in instructions.
const HITS_APART: Icount = 10_000;

/// Moves in a recording that is finished, from its middle.
pub fn travel() -> Vec<Figure> {
    let mut timeline = Fixture::load("cpu").live();
    run(&mut timeline, None);
    timeline.finish().expect("the log is in memory");
    let (end, history) = (timeline.end().icount, timeline.history());
    let checkpoints = format!(
        "{} in {:.1} MiB; at most {} instructions apart",
        history.checkpoints,
        history.bytes as f64 / f64::from(1 << 20),
        history.longest_interval
    );
    let middle = end / 2;
    let mut random = Random(1);

    let seeks = Latencies::measure(300, || seek(&mut timeline, random.below(end)));

    let firsts =
        Latencies::measure_behind(50, &mut timeline, |timeline| seek(timeline, random.below(end)), step_back);

    seek(&mut timeline, middle);
    step_back(&mut timeline);
    let steps = Latencies::measure(2000, || step_back(&mut timeline));

    let (address, apart) = breakpoint(&mut timeline, middle);
    let stops = Stops { breakpoints: BTreeSet::from([address]), ..Stops::default() };
    seek(&mut timeline, middle);
    let hits = Latencies::measure(200, || {
        let stop = timeline.resume(Direction::Backward, &stops, &mut || false);
        assert_eq!(stop.expect("it is recorded"), Stop::Breakpoint);
    });
    vec![
        Figure::new("checkpoints after 100 million instructions", checkpoints),
        Figure::new("seek to anywhere in them", seeks.text()),
        Figure::new("reverse-stepi, the first after a seek", firsts.text()),
        Figure::new("reverse-stepi, those that follow", steps.text()),
        Figure::new(format!("reverse-continue, a hit every {apart} instructions"), hits.text()),
    ]
}

fn seek(timeline: &mut Timeline, icount: Icount) {
    timeline.seek(icount).expect("it is recorded");
}

fn step_back(timeline: &mut Timeline) {
    let stop = timeline.step(Direction::Backward, &Stops::default(), Interrupts::Skip, &mut || false);
    assert_eq!(stop.expect("it is recorded"), Stop::Stepped);
}

/// The instruction of a stretch of the run that comes by about as often as wanted, and how often.
fn breakpoint(timeline: &mut Timeline, from: Icount) -> (u32, Icount) {
    const STRETCH: Icount = 300_000;
    seek(timeline, from);
    let mut counts: HashMap<u32, Icount> = HashMap::new();
    for _ in 0..STRETCH {
        *counts.entry(timeline.registers().pc).or_default() += 1;
        let stop = timeline.step(Direction::Forward, &Stops::default(), Interrupts::Skip, &mut || false);
        stop.expect("it is recorded");
    }
    let far = |count: Icount| (count * HITS_APART).abs_diff(STRETCH);
    let (address, count) =
        counts.into_iter().min_by_key(|(address, count)| (far(*count), *address)).expect("there are steps");
    (address, STRETCH / count)
}

/// Numbers that are the same in every run (Marsaglia's xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}
