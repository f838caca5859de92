//! How fast a run is recorded and replayed.

use std::time::Duration;

use untick::timeline::Options;

use super::{
    Bench,
    clock::{by_turns, processor},
    figure::{Figure, ratio, speed},
    fixture::{Fixture, Recorded, run},
    raw::Raw,
};

const ROUNDS: usize = 9;

/// Instructions and nothing else.
pub fn cpu_bound(_: &Bench) -> Vec<Figure> {
    const HOW: &str = "`cpu`, 100 M instructions, processor time, the best of 9 rounds by turns";
    let fixture = Fixture::load("cpu");
    let (timeline, recorded) = fixture.record(None);
    let [raw, recording, replay] = by_turns(
        ROUNDS,
        [
            &mut || {
                let mut raw = Raw::new(&fixture);
                processor(|| raw.run()).0
            },
            &mut || record(&fixture),
            &mut || replay(&recorded),
        ],
    );
    let instructions = timeline.end().icount;
    vec![
        Figure::new("Unicorn alone, same TLB, no hooks", speed(instructions, raw)).how(HOW),
        Figure::new("recording, CPU-bound", speed(instructions, recording)).how(HOW),
        Figure::new("… / Unicorn alone", ratio(raw, recording)).target("≥ 0.75").how(HOW),
        Figure::new("replay, CPU-bound", speed(instructions, replay)).how(HOW),
        Figure::new("… / recording", ratio(recording, replay)).target("≥ 1").how(HOW),
    ]
}

/// A tick, a UART and a button that is polled.
pub fn busy(_: &Bench) -> Vec<Figure> {
    const ROUNDS_OF_FIRMWARE: u32 = 800_000;
    const HOW: &str = "`busy`, 13 M instructions, processor time, the best of 9 rounds by turns";
    let fixture = Fixture::load("busy").with("busy_rounds", ROUNDS_OF_FIRMWARE);
    let (timeline, recorded) = fixture.record(None);
    let [recording, replay] = by_turns(ROUNDS, [&mut || record(&fixture), &mut || replay(&recorded)]);
    let events = recorded.open().log_mut().summary().events;
    let instructions = timeline.end().icount;
    let text = |time| format!("{}, {} accesses", speed(instructions, time), speed(events, time));
    vec![
        Figure::new("recording, interrupts and devices", text(recording)).how(HOW),
        Figure::new("replay, interrupts and devices", text(replay)).how(HOW),
        Figure::new("… / recording", ratio(recording, replay)).target("≥ 1").how(HOW),
    ]
}

/// A recording to the firmware's end, with checkpoints, index and digests.
fn record(fixture: &Fixture) -> Duration {
    let mut timeline = fixture.live(Options::default());
    processor(|| run(&mut timeline, None)).0
}

/// A replay to the end, with checkpoints.
fn replay(recorded: &Recorded) -> Duration {
    let mut timeline = recorded.open();
    // A seek would enter by a keyframe.
    processor(|| run(&mut timeline, None)).0
}
