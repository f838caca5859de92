//! What crossed the pins at a device: the answers of the log, read backwards, are those of all its events.

use std::ops::Range;

use untick::{
    pins::{Event, Stamped},
    timeline::{Crossing, DeviceAccess, Finding},
    words::{Icount, Width},
};

use crate::common::{Fixture, Random, for_each_fixture};

/// Every access to a device, with its address without aliases; what crossed the pins with it if it was no bus fault.
fn accesses(fixture: &Fixture, events: &[Stamped]) -> Vec<(Icount, u32, Width, Option<Crossing>)> {
    let wires = fixture.board().wires();
    let access = |stamped: &Stamped| {
        let (address, width, value, written) = match stamped.event {
            Event::Read { address, width, value } => (address, width, value, false),
            Event::Write { address, width, value, accepted } => {
                (address, width, accepted.then_some(value), true)
            }
            _ => return None,
        };
        let (icount, address) = (stamped.icount, wires.canonical(address));
        let crossing = value.map(|value| Crossing { icount, address, width, value, written });
        Some((icount, address, width, crossing))
    };
    events.iter().filter_map(access).collect()
}

fn touches(place: &Range<u32>, address: u32, width: Width) -> bool {
    (address..address + width.bytes()).any(|byte| place.contains(&byte))
}

/// Registers around some that are accessed, and one that is not.
fn some_places(all: &[(Icount, u32, Width, Option<Crossing>)], random: &mut Random) -> Vec<Range<u32>> {
    let mut places: Vec<Range<u32>> = (0..3)
        .map(|_| random.choose(all).1 & !3)
        .flat_map(|address| [address..address + 4, address + 4..address + 6, address + 6..address + 7])
        .collect();
    places.push(0x5fff_fff0..0x5fff_fff4);
    places
}

#[test]
fn what_crossed_the_pins_last_is_the_last_of_all_events() {
    for_each_fixture(|fixture| {
        let recording = fixture.recording();
        let mut random = Random::new(&fixture.name);
        let events = recording.events();
        let all = accesses(fixture, &events);
        if all.is_empty() {
            return;
        }
        let mut timeline = recording.replay();
        let resets: Vec<Icount> = timeline
            .bookmarks()
            .all()
            .iter()
            .filter(|bookmark| bookmark.name.starts_with("reset-"))
            .map(|bookmark| bookmark.icount)
            .collect();
        for position in recording.positions(12, &mut random) {
            let places = some_places(&all, &mut random);
            timeline.seek(position).unwrap();
            let found = timeline.last_crossings(&places, &mut || false).unwrap();
            let what = format!("{}: {places:x?} before {position}", fixture.name);
            assert_eq!(timeline.now().icount, position, "{what}");
            let reset = resets.iter().copied().rfind(|reset| *reset < position);
            let expected: Vec<Option<Crossing>> = places
                .iter()
                .map(|place| {
                    let crossings = all.iter().filter(|access| touches(place, access.1, access.2));
                    let after = |crossing: &Crossing| {
                        crossing.icount < position && crossing.icount >= reset.unwrap_or(0)
                    };
                    crossings.filter_map(|access| access.3).rfind(after)
                })
                .collect();
            assert_eq!(found.last, expected, "{what}");
            assert_eq!((found.reset, found.interrupted), (reset, None), "{what}");
        }
    });
}

#[test]
fn the_last_accesses_are_the_last_of_all_events() {
    for_each_fixture(|fixture| {
        let recording = fixture.recording();
        let mut random = Random::new(&fixture.name);
        let events = recording.events();
        let all = accesses(fixture, &events);
        if all.is_empty() {
            return;
        }
        let wires = fixture.board().wires();
        let (mut timeline, mut looker) = (recording.replay(), recording.replay());
        for position in recording.positions(8, &mut random) {
            let (places, count) = (some_places(&all, &mut random), random.choose(&[1, 4, 20]));
            timeline.seek(position).unwrap();
            let state = timeline.state().clone();
            let found = timeline.last_accesses(&places, count, &mut || false).unwrap();
            let what = format!("{}: {count} of {places:x?} before {position}", fixture.name);
            assert_eq!(timeline.state(), &state, "{what}");
            let before = all.partition_point(|access| access.0 < position);
            let expected = (0..before).rev().filter(|index| {
                let (_, address, width, _) = all[*index];
                places.iter().any(|place| touches(place, address, width))
            });
            let expected: Vec<usize> = expected.take(count).collect();
            assert_eq!((found.found.len(), found.interrupted), (expected.len(), None), "{what}");
            for (listed, index) in found.found.iter().zip(expected.into_iter().rev()) {
                let (icount, address, width, crossing) = all[index];
                let Finding::Device { address: at, width: wide, access } = listed.answer.finding else {
                    panic!("{listed:?}: {what}")
                };
                assert_eq!((listed.answer.at.icount, wires.canonical(at), wide), (icount, address, width));
                let value = match access {
                    DeviceAccess::Read(value) => value,
                    DeviceAccess::Write { value, accepted } => accepted.then_some(value),
                };
                assert_eq!(value, crossing.map(|crossing| crossing.value), "{what}");
                let earlier = all[..index].iter().filter(|access| access.1 == address);
                let earlier = earlier.filter_map(|access| access.3).next_back();
                assert_eq!(listed.before, earlier.filter(|_| crossing.is_some()), "{what}");
                looker.seek(icount).unwrap();
                assert_eq!((listed.answer.at, listed.answer.pc), (looker.now(), looker.registers().pc));
            }
        }
    });
}

/// Who asks to stop gets what was found so far.
#[test]
fn a_look_into_the_past_can_be_ended() {
    let recording = Fixture::find("mmio").recording();
    let mut timeline = recording.replay();
    timeline.seek(recording.end).unwrap();
    let nothing = 0x5fff_fff0..0x5fff_fff4;
    let crossings = timeline.last_crossings(std::slice::from_ref(&nothing), &mut || true).unwrap();
    let accesses = timeline.last_accesses(&[nothing], 5, &mut || true).unwrap();
    // A log of one chunk is through before anybody is asked.
    for interrupted in [crossings.interrupted, accesses.interrupted] {
        assert!(interrupted.is_none_or(|behind| behind < recording.end));
    }
    assert_eq!(crossings.last, [None]);
    assert_eq!(accesses.found, []);
}

/// A reset of the chip, whoever asked for it, makes what was before it void.
#[test]
fn nothing_from_before_a_reset_is_told() {
    let recording = Fixture::find("reset").recording();
    let mut timeline = recording.replay();
    let bookmarks = timeline.bookmarks().all();
    let resets: Vec<Icount> =
        bookmarks.iter().filter(|found| found.name.starts_with("reset-")).map(|found| found.icount).collect();
    assert_eq!(resets.len(), 4, "two by SYSRESETREQ, two by the watchdog");
    let uart_control = 0x4000_4008..0x4000_400c;
    let uart_control = std::slice::from_ref(&uart_control);
    for reset in resets {
        timeline.seek(reset).unwrap();
        let before = timeline.last_crossings(uart_control, &mut || false).unwrap();
        assert!(before.last[0].is_some(), "{before:?}");
        timeline.seek(reset + 5).unwrap();
        let after = timeline.last_crossings(uart_control, &mut || false).unwrap();
        assert_eq!((after.last, after.reset), (vec![None], Some(reset)));
    }
}
