//! How large traces are.

use crate::common::{Fixture, for_some_fixtures};

/// Bytes that an access to a peripheral or an interrupt may take.
const MOST_PER_EVENT: f64 = 4.0;
/// With fewer events, what is said once counts for more than they do.
const FEW: u64 = 100;

#[test]
fn events_are_small() {
    // What a bus master or a flash controller writes is as large as it is.
    let has_many = |fixture: &Fixture| {
        let summary = fixture.recording().log().summary();
        summary.events >= FEW && summary.counts.is_some_and(|counts| counts.memory == 0)
    };
    for_some_fixtures(has_many, |fixture| {
        let summary = fixture.recording().log().summary();
        let each = summary.bytes_per_event().unwrap();
        assert!(each <= MOST_PER_EVENT, "{}: {each:.2} bytes per event in {summary:?}", fixture.name);
    });
}

#[test]
fn a_million_instructions_without_events_take_next_to_nothing() {
    let fixture = Fixture::find("cpu");
    let recording = fixture.recording();
    let summary = recording.log().summary();
    let each = summary.chunk_bytes as f64 * 1e6 / recording.end as f64;
    assert!(each <= 100.0, "{each:.1} bytes per million instructions in {summary:?}");
}
