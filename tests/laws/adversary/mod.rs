//! The laws, held by an adversary: random travel with random stops through one run, live or replayed, with little room for
//! its history. Every position must have the state that a straight walk has seen there, and every search and step must
//! stop where a look at each instruction says.
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `UNTICK_LAWS_MINUTES` | go on with new seeds for so long, to the end of each fixture | some seeds, one and a half million icounts |
//! | `UNTICK_LAWS_SEED` | the first seed | 0 |
//! | `UNTICK_LAWS_FIXTURE` | only this fixture | all |

mod ops;

use std::{
    env,
    fmt::Write,
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use untick::{
    timeline::{Options, Timeline},
    trace::Log,
    words::Icount,
};

use self::ops::Op;
use crate::{
    common::{Fixture, Random, Recording, assert_same_events, events},
    scan::Walk,
};

/// Scenes of each fixture when nobody asks for more.
const SCENES: u64 = 5;
/// What they are good for, at least.
const OPERATIONS: usize = 10_000;
/// How far into a fixture the short run goes.
const NEAR: Icount = 1_500_000;
/// Runs that are spent on a shorter list of operations.
const SHRINKS: usize = 300;

/// One run of a fixture, and what is done to it.
struct Scene {
    live: bool,
    options: Options,
    ops: Vec<Op>,
}

impl Scene {
    fn timeline(&self, fixture: &Fixture, recording: &Recording) -> Timeline {
        if self.live {
            fixture.live_into(Log::in_memory(fixture.header()), self.options).0
        } else {
            recording.replay_with(self.options)
        }
    }
}

/// What stays for all scenes of a fixture.
struct Stage<'a> {
    fixture: &'a Fixture,
    recording: &'a Recording,
    reach: Icount,
    reference: Timeline,
}

impl Stage<'_> {
    /// Plays a scene; gives the number of operations that went well, and what went wrong behind them.
    fn play(&mut self, scene: &Scene, walk: &Walk) -> Result<(), (usize, String)> {
        let mut timeline = scene.timeline(self.fixture, self.recording);
        for (index, op) in scene.ops.iter().enumerate() {
            let did = catch_unwind(AssertUnwindSafe(|| {
                ops::perform(op, &mut timeline, walk, self.reach)?;
                // Without a look in between, too.
                if index % 4 == 3 { Ok(()) } else { self.compare(&mut timeline, walk) }
            }));
            did.unwrap_or_else(|_| Err("it panics".to_owned())).map_err(|error| (index, error))?;
        }
        let last = scene.ops.len() - 1;
        self.compare(&mut timeline, walk).map_err(|error| (last, error))?;
        self.compare_events(scene, &mut timeline).map_err(|error| (last, error))?;
        // After all that it is still the recording.
        timeline.verify().map(drop).map_err(|error| (last, error.to_string()))
    }

    fn compare(&mut self, timeline: &mut Timeline, walk: &Walk) -> Result<(), String> {
        let here = timeline.now().icount;
        if here > self.recording.end {
            return Ok(()); // live, one without an end can be taken further
        }
        let expected = match walk.at(here) {
            Some(seen) => seen.digest,
            None => {
                self.reference.seek(here).unwrap();
                self.reference.digest()
            }
        };
        if timeline.digest() == expected {
            return Ok(());
        }
        self.reference.seek(here).unwrap();
        let (found, expected) = (timeline.state(), self.reference.state());
        let same = if found == expected { "the same state, other memory" } else { "another state" };
        Err(format!("at {here}: {same}\n{found:?}\ninstead of\n{expected:?}"))
    }

    /// What a live run has recorded is what it records undisturbed.
    fn compare_events(&self, scene: &Scene, timeline: &mut Timeline) -> Result<(), String> {
        let reached = timeline.end().icount.min(self.recording.end);
        if !scene.live || reached == 0 {
            return Ok(());
        }
        let before = |log: &mut Log| {
            let mut events = events(log);
            events.truncate(events.partition_point(|event| event.icount < reached));
            self.recording.comparable(events)
        };
        let (found, expected) = (before(timeline.log_mut()), before(&mut self.recording.log()));
        catch_unwind(AssertUnwindSafe(|| assert_same_events(&found, &expected, &self.fixture.name)))
            .map_err(|_| "other events are recorded".to_owned())
    }

    /// Leaves out what is not needed to go wrong.
    fn shrink(&mut self, scene: &mut Scene, walk: &Walk) {
        let mut left = SHRINKS;
        let mut chunk = scene.ops.len().div_ceil(2);
        while chunk > 0 {
            let mut start = 0;
            while start < scene.ops.len() && left > 0 {
                left -= 1;
                let mut ops = scene.ops.clone();
                ops.drain(start..(start + chunk).min(ops.len()));
                let shorter = Scene { ops, ..*scene };
                match self.play(&shorter, walk) {
                    Err((last, _)) if !shorter.ops.is_empty() => {
                        scene.ops = shorter.ops;
                        scene.ops.truncate(last + 1);
                    }
                    _ => start += chunk,
                }
            }
            chunk /= 2;
        }
    }

    /// Plays the scene of a seed; gives how many operations there were.
    fn try_seed(&mut self, seed: u64) -> Result<usize, String> {
        let mut random = Random::new(&format!("{} {seed}", self.fixture.name));
        let length = 200 << random.below(4);
        let positions = self.recording.positions(6, &mut random);
        let start = random.choose(&positions).min(self.reach).saturating_sub(random.below(length));
        let walk = Walk::of(&mut self.reference, start, (start + length).min(self.recording.end));
        let mut scene =
            Scene { live: random.below(2) == 0, options: some_options(&mut random), ops: Vec::new() };
        for _ in 0..10 + random.below(50) {
            scene.ops.push(ops::some_op(&walk, self.reach, &mut random));
        }
        let ops = scene.ops.len();
        let Err((last, _)) = self.play(&scene, &walk) else { return Ok(ops) };
        scene.ops.truncate(last + 1);
        self.shrink(&mut scene, &walk);
        let Err((_, error)) = self.play(&scene, &walk) else { return Err("it went well again".to_owned()) };
        let mut text = format!("{}, UNTICK_LAWS_SEED={seed}", self.fixture.name);
        let kind = if scene.live { "live" } else { "replayed" };
        let _ = writeln!(text, ": {kind}, {:?}, {} operations", scene.options, scene.ops.len());
        for op in &scene.ops {
            let _ = writeln!(text, "    {op:?}");
        }
        Err(text + &error)
    }
}

/// The budgets that the laws are held with, and two that hold next to nothing; intervals from very short to the usual.
fn some_options(random: &mut Random) -> Options {
    Options {
        history: random.choose(&[20 << 10, 100 << 10, 1 << 20, 4 << 20, 64 << 20]),
        interval: random.choose(&[3_000, 30_000, 1_000_000]),
    }
}

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number, not {text}")))
}

#[test]
fn an_adversary_finds_the_same_states_everywhere() {
    let only = env::var("UNTICK_LAWS_FIXTURE").ok();
    let time = number("UNTICK_LAWS_MINUTES").map(|minutes| Duration::from_secs(60 * minutes));
    let first = number("UNTICK_LAWS_SEED").unwrap_or(0);
    let start = Instant::now();
    let fixtures: Vec<Fixture> = Fixture::all()
        .into_iter()
        .filter(|fixture| only.as_ref().is_none_or(|name| *name == fixture.name))
        .collect();
    let recordings: Vec<_> = fixtures.iter().map(Fixture::recording).collect();
    let mut stages: Vec<Stage<'_>> = fixtures
        .iter()
        .zip(&recordings)
        .map(|(fixture, recording)| Stage {
            fixture,
            recording,
            reach: if time.is_some() { recording.end } else { recording.end.min(NEAR) },
            reference: recording.replay_for_reference(),
        })
        .collect();
    let mut seed = first;
    let (mut ops, mut found) = (0, Vec::new());
    while time.map_or(seed < first + SCENES, |time| start.elapsed() < time) {
        for stage in &mut stages {
            match stage.try_seed(seed) {
                Ok(count) => ops += count,
                Err(error) => found.push(error),
            }
        }
        seed += 1;
    }
    assert!(
        time.is_some() || only.is_some() || ops >= OPERATIONS || !found.is_empty(),
        "only {ops} operations"
    );
    println!("seeds {first} to {}, {ops} operations, {} failures", seed - 1, found.len());
    assert!(found.is_empty(), "{}\n{} failures", found.join("\n\n"), found.len());
}
