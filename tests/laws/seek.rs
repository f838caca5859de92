//! Law 2: a position has one state, from either side and whatever was visited before.

use std::collections::BTreeMap;

use untick::{
    timeline::{Options, Timeline},
    words::Icount,
};

use crate::common::{HISTORIES, Random, for_each_fixture};

/// Positions that are visited in each fixture.
const POSITIONS: usize = 24;

/// The digest at each position, taken on one way forward.
fn forward(timeline: &mut Timeline, positions: &[Icount]) -> BTreeMap<Icount, u64> {
    let mut sorted = positions.to_vec();
    sorted.sort_unstable();
    sorted.into_iter().map(|position| (position, digest_at(timeline, position))).collect()
}

#[track_caller]
fn digest_at(timeline: &mut Timeline, position: Icount) -> u64 {
    timeline.seek(position).unwrap();
    assert_eq!(timeline.now().icount, position);
    timeline.digest()
}

/// Few enough that the first checkpoint, the last and the present one take much of it.
const TINY: Options = Options { history: 256 << 10, interval: 5_000 };

#[test]
fn a_position_has_one_state_whatever_the_history_holds() {
    for_each_fixture(|fixture| {
        let recording = fixture.recording();
        let mut random = Random::new(&fixture.name);
        let positions = recording.positions(POSITIONS, &mut random);
        let expected = forward(&mut recording.replay(), &positions);
        for options in HISTORIES.into_iter().chain([TINY]) {
            let mut timeline = recording.replay_with(options);
            for visit in 0..2 * positions.len() {
                let position = random.choose(&positions);
                let found = digest_at(&mut timeline, position);
                let what = format!("{}, {options:?}: visit {visit}, to {position}", fixture.name);
                assert_eq!(found, expected[&position], "{what}");
                let history = timeline.history();
                // The first checkpoint, the last and that of the present position always stay, and what has changed since.
                let is_thin =
                    history.checkpoints <= 4 || history.bytes <= history.budget + history.budget / 8;
                assert!(is_thin, "{what}: {history:?}");
            }
        }
    });
}

#[test]
fn a_position_has_one_state_from_either_side() {
    for_each_fixture(|fixture| {
        let recording = fixture.recording();
        let mut random = Random::new(&fixture.name);
        let positions = recording.positions(POSITIONS, &mut random);
        let mut timeline = recording.replay_with(random.choose(&HISTORIES));
        let expected = forward(&mut timeline, &positions);
        for (position, digest) in expected.iter().rev() {
            let found = digest_at(&mut timeline, *position);
            assert_eq!(found, *digest, "{}: from behind, at {position}", fixture.name);
        }
        assert_eq!(timeline.digest(), recording.replay().digest(), "{}: at the start", fixture.name);
    });
}

/// A run that goes nowhere else tells what is right.
#[test]
fn a_position_has_the_state_of_a_run_in_one_go() {
    for_each_fixture(|fixture| {
        let recording = fixture.recording();
        let mut random = Random::new(&fixture.name);
        let mut positions = recording.positions(8, &mut random);
        positions.drain(..2); // the ends are everywhere
        let mut visitor = recording.replay_for_reference();
        visitor.seek(recording.end).unwrap();
        for position in positions {
            let straight = digest_at(&mut recording.replay(), position);
            let found = digest_at(&mut visitor, position);
            assert_eq!(found, straight, "{}: at {position}", fixture.name);
        }
    });
}
