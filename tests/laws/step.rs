//! Steps: back lands where forward came from.

use untick::{
    timeline::{Direction, Interrupts, Stop, Stops, Timeline},
    words::Icount,
};

use crate::common::{HISTORIES, Random, Recording, for_each_fixture};

fn step(timeline: &mut Timeline, direction: Direction, interrupts: Interrupts) -> Stop {
    timeline.step(direction, &Stops::default(), interrupts, &mut || false).unwrap()
}

/// Positions from which steps are taken.
const POSITIONS: usize = 24;

/// Some of them.
fn positions(recording: &Recording, random: &mut Random) -> Vec<Icount> {
    let mut positions = recording.positions(POSITIONS, random);
    positions.retain(|position| *position > 0);
    positions
}

#[test]
fn a_step_into_interrupts_is_one_icount_both_ways() {
    for_each_fixture(|fixture| {
        let recording = fixture.recording();
        let mut random = Random::new(&fixture.name);
        let mut timelines = HISTORIES.map(|options| recording.replay_with(options));
        let mut reference = recording.replay_for_reference();
        for (index, position) in positions(&recording, &mut random).into_iter().enumerate() {
            let timeline = &mut timelines[index % HISTORIES.len()];
            timeline.seek(position).unwrap();
            let digest = timeline.digest();
            let first = position - 1 - random.below(40).min(position - 1);
            let expected: Vec<u64> = (first..position)
                .map(|here| {
                    reference.seek(here).unwrap();
                    reference.digest()
                })
                .collect();
            for here in (first..position).rev() {
                assert_eq!(step(timeline, Direction::Backward, Interrupts::Into), Stop::Stepped);
                assert_eq!(timeline.now().icount, here, "{}: back from {position}", fixture.name);
                let expected = expected[(here - first) as usize];
                assert_eq!(timeline.digest(), expected, "{}: back at {here}", fixture.name);
            }
            for here in first + 1..=position {
                let stop = step(timeline, Direction::Forward, Interrupts::Into);
                let ended = here == recording.end && stop == Stop::End(recording.outcome.clone());
                assert!(stop == Stop::Stepped || ended, "{}: to {here}: {stop:?}", fixture.name);
                assert_eq!(timeline.now().icount, here, "{}", fixture.name);
            }
            assert_eq!(timeline.digest(), digest, "{}: there and back, at {position}", fixture.name);
        }
    });
}

#[test]
fn a_step_over_interrupts_stays_in_its_context_both_ways() {
    for_each_fixture(|fixture| {
        let recording = fixture.recording();
        let mut random = Random::new(&fixture.name);
        let mut timelines = HISTORIES.map(|options| recording.replay_with(options));
        let mut reference = recording.replay_for_reference();
        for (index, position) in positions(&recording, &mut random).into_iter().enumerate() {
            let timeline = &mut timelines[index % HISTORIES.len()];
            timeline.seek(position).unwrap();
            let registers = timeline.registers().clone();
            let stop = step(timeline, Direction::Backward, Interrupts::Skip);
            let back = timeline.now().icount;
            assert!(back < position, "{}: back from {position}", fixture.name);
            assert!(stop == Stop::Stepped || back == 0, "{}: back from {position}: {stop:?}", fixture.name);
            reference.seek(back).unwrap();
            assert_eq!(timeline.digest(), reference.digest(), "{}: back at {back}", fixture.name);
            if stop != Stop::Stepped {
                continue;
            }
            if timeline.registers().ipsr() != registers.ipsr() && registers.ipsr() != 0 {
                continue; // out of a handler by its entry: forward goes over the handler
            }
            step(timeline, Direction::Forward, Interrupts::Skip);
            let here = timeline.now().icount;
            reference.seek(here).unwrap();
            assert_eq!(timeline.digest(), reference.digest(), "{}: forth at {here}", fixture.name);
            // Where an interrupt came in between, the step ends in front of it: same place, its handler not run yet.
            if here != position {
                let (found, expected) = (timeline.registers(), &registers);
                let place = |r: &untick::words::Registers| (r.pc, r.sp(), r.ipsr());
                assert!(here < position, "{}: from {back} to {here}, past {position}", fixture.name);
                assert_eq!(place(found), place(expected), "{}: {position}, {back}, {here}", fixture.name);
            }
        }
    });
}

#[test]
fn the_ends_stop_a_step() {
    for_each_fixture(|fixture| {
        let recording = fixture.recording();
        let mut timeline = recording.replay();
        assert_eq!(step(&mut timeline, Direction::Backward, Interrupts::Into), Stop::Start);
        timeline.seek(recording.end).unwrap();
        let stop = step(&mut timeline, Direction::Forward, Interrupts::Skip);
        assert_eq!(stop, Stop::End(recording.outcome.clone()), "{}", fixture.name);
        assert_eq!(timeline.now().icount, recording.end);
    });
}
