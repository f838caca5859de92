//! How fast a run is recorded and replayed, and what its parts cost.

use std::time::Duration;

use untick::{
    core::{Core, Halt, Memory, Search, Travel},
    pins::{Asleep, Due, HostResult, Lines, Pins, Slept},
    words::{BusFault, Icount, Moment, Width},
};

use super::{
    Figure,
    clock::{by_turns, processor, text},
    fixture::{Fixture, Recorded, run},
    raw::Raw,
};

const ROUNDS: usize = 9;

/// Instructions and nothing else.
pub fn cpu_bound() -> Vec<Figure> {
    let fixture = Fixture::load("cpu");
    let recorded = fixture.recorded();
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
    let mut timeline = recorded.open();
    let instructions = timeline.end().icount;
    let bytes = timeline.log_mut().summary().chunk_bytes as f64 / (instructions as f64 / 1e6);
    vec![
        Figure::new("Unicorn alone, same TLB, no hooks", speed(instructions, raw)),
        Figure::new("recording", speed(instructions, recording)),
        Figure::new("recording / Unicorn alone", ratio(raw, recording)),
        Figure::new("replay", speed(instructions, replay)),
        Figure::new("replay / recording", ratio(recording, replay)),
        Figure::new("trace, nothing crossing the pins", format!("{bytes:.0} bytes per million instructions")),
    ]
}

/// Little but accesses to peripherals.
pub fn mmio_bound() -> Vec<Figure> {
    let fixture = Fixture::load("mmio");
    let recorded = fixture.recorded();
    let [recording, replay] = by_turns(ROUNDS, [&mut || record(&fixture), &mut || replay(&recorded)]);
    let mut timeline = recorded.open();
    let instructions = timeline.end().icount;
    let summary = timeline.log_mut().summary();
    let accesses = summary.counts.reads + summary.counts.writes;
    let size = summary.bytes_per_event().expect("there are events");
    let share = 100.0 * accesses as f64 / instructions as f64;
    vec![
        Figure::new(
            format!("polling, {share:.0} % of the instructions: recording"),
            format!("{} accesses", speed(accesses, recording)),
        ),
        Figure::new("… replay", format!("{} accesses", speed(accesses, replay))),
        Figure::new("… trace", format!("{size:.2} bytes per event")),
    ]
}

/// A recording to the firmware's end, with checkpoints and digests.
fn record(fixture: &Fixture) -> Duration {
    let mut timeline = fixture.live();
    processor(|| run(&mut timeline, None)).0
}

/// A replay to the end, with checkpoints.
fn replay(recorded: &Recorded) -> Duration {
    let mut timeline = recorded.open();
    let end = timeline.end().icount;
    processor(|| timeline.seek(end).expect("it is recorded")).0
}

/// What a checkpoint with its digest adds to a run, all in.
pub fn checkpoints() -> Vec<Figure> {
    const DISTANCE: Icount = 250_000;
    const COUNT: u64 = 400;
    let fixture = Fixture::load("cpu-endless");
    let (mut pages, mut bytes) = (0, 0);
    let [plain, kept] = by_turns(
        ROUNDS,
        [
            &mut || {
                let mut core = core(&fixture);
                processor(|| go(&mut core, DISTANCE * COUNT)).0
            },
            &mut || {
                let mut core = core(&fixture);
                (pages, bytes) = (0, 0);
                let mut states = Vec::new();
                let work = || {
                    for index in 1..=COUNT {
                        go(&mut core, DISTANCE * index);
                        let changes = core.memory_mut().take_changes();
                        (pages, bytes) = (pages + changes.ids().len(), bytes + changes.size());
                        states.push((core.state().clone(), changes, core.digest()));
                    }
                };
                processor(work).0
            },
        ],
    );
    let each = kept.saturating_sub(plain) / COUNT as u32;
    let (pages, size) = (pages as u64 / COUNT, bytes as u64 / COUNT / 1024);
    vec![Figure::new(
        format!("a checkpoint and digest, {pages} pages written"),
        format!("{}, {size} KiB", text(each)),
    )]
}

/// A core with its engines, from nothing to the first instruction.
pub fn opening() -> Vec<Figure> {
    let fixture = Fixture::load("cpu-endless");
    const COUNT: u32 = 20;
    let open = &mut || {
        let work = || (0..COUNT).for_each(|_| go(&mut core(&fixture), 100));
        processor(work).0 / COUNT
    };
    let [time] = by_turns(3, [open]);
    vec![Figure::new("opening a core (two engines) and running 100 instructions", text(time))]
}

fn core(fixture: &Fixture) -> Core {
    let mut core = Core::new(&fixture.config).expect("the library is there");
    for segment in &fixture.image.segments {
        core.memory_mut().write(segment.address, &segment.bytes).expect("the image fits the board");
    }
    core.reset();
    core.memory_mut().take_changes();
    core
}

fn go(core: &mut Core, icount: Icount) {
    let halt = core.run(&mut Nowhere::default(), &Travel::to(icount, &Search::default()));
    assert_eq!(halt, Halt::Limit);
}

fn speed(count: u64, time: Duration) -> String {
    format!("{:.0} million/s", count as f64 / time.as_secs_f64() / 1e6)
}

fn ratio(a: Duration, b: Duration) -> String {
    format!("{:.2}", a.as_secs_f64() / b.as_secs_f64())
}

/// Pins that nothing is connected to.
#[derive(Default)]
struct Nowhere(Lines);

impl Pins for Nowhere {
    fn read(&mut self, _: Moment, _: u32, _: Width, _: &mut Memory) -> Result<u32, BusFault> {
        Ok(0)
    }

    fn write(&mut self, _: Moment, _: u32, _: Width, _: u32, _: &mut Memory) -> Result<(), BusFault> {
        Ok(())
    }

    fn due(&mut self) -> Due {
        Due::NEVER
    }

    fn poll(&mut self, _: Moment, _: &mut Memory) {}

    fn lines(&self) -> &Lines {
        &self.0
    }

    fn sleep(&mut self, _: Moment, _: Asleep, _: &mut Memory) -> Slept {
        Slept::Forever
    }

    fn semihosting(&mut self, _: Moment, _: u32, _: u32, _: &mut Memory) -> HostResult {
        HostResult::default()
    }

    fn reset(&mut self, _: Moment, _: &mut Memory) {}

    fn take_reset(&mut self) -> bool {
        false
    }

    fn is_broken(&self) -> bool {
        false
    }
}
