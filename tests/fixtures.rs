//! Every fixture prints its text and ends as its row of `fixtures.toml` says.

#![expect(clippy::unwrap_used, reason = "in helpers of tests, too, a panic is a failed test")]

mod common;

use common::{Fixture, for_each_fixture, for_some_fixtures};

/// What is waited for by polling takes time, not instructions, and QEMU counts other cycles (see `fixtures.toml`): about
/// is as near as it gets.
const FACTOR: u64 = 2;
/// QEMU's UARTs take no time; here a character takes 10 bits at 115200 baud, 14,583 cycles at 168 MHz, of polling, and some
/// firmware waits until it is out before it sends the next.
const POLLING_PER_CHARACTER: u64 = 29_200;
/// Waiting for anything else.
const OTHER_POLLING: u64 = 100_000;

#[test]
fn fixtures_print_their_text_and_end_as_their_row_says() {
    for_each_fixture(|fixture| {
        let recording = fixture.recording();
        let name = &fixture.name;
        assert_eq!(recording.printed, fixture.text(), "{name}");
        assert!(fixture.ends_with(&recording.outcome), "{name} ends with {:?}", recording.outcome);
    });
}

#[test]
fn fixtures_take_about_as_many_instructions_as_qemu_counts() {
    let has_end = |fixture: &Fixture| fixture.instructions > 0;
    for_some_fixtures(has_end, |fixture| {
        let expected = fixture.instructions;
        let took = fixture.recording().end;
        let polling = fixture.text().len() as u64 * POLLING_PER_CHARACTER + OTHER_POLLING;
        let range = expected / FACTOR..=expected * FACTOR + polling;
        assert!(range.contains(&took), "{} takes {took}, {range:?} is expected", fixture.name);
    });
}
