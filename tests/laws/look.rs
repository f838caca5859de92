//! Law 5: a debugger's look at memory, the system control space and peripherals changes nothing.

use untick::timeline::{Limits, Timeline};

use crate::common::{HISTORIES, Random, assert_same_events, events, for_each_fixture};

/// Addresses that cover every register of the core and the first of every device.
fn everywhere(timeline: &Timeline, devices: &[u32]) -> Vec<u32> {
    let ppb = (0xe000_e000..0xe000_f000).chain(0xe000_1000..0xe000_1040).step_by(4);
    let devices = devices.iter().flat_map(|base| (*base..*base + 0x100).step_by(4));
    let memory = timeline.config().regions.iter().map(|region| region.base);
    let stack = timeline.registers().sp();
    ppb.chain(devices).chain(memory).chain(stack.saturating_sub(64)..stack).collect()
}

fn look(timeline: &Timeline, devices: &[u32]) -> u32 {
    let mut seen = 0;
    for address in everywhere(timeline, devices) {
        for length in [1, 2, 4, 7] {
            seen += u32::from(timeline.peek(address, &mut [0; 8][..length]).is_ok());
        }
    }
    seen
}

#[test]
fn looking_changes_nothing() {
    for_each_fixture(|fixture| {
        let recording = fixture.recording();
        let devices: Vec<u32> = fixture.board().devices().map(|(_, _, base)| base).collect();
        let mut random = Random::new(&fixture.name);
        let mut positions = recording.positions(14, &mut random);
        positions.sort_unstable();
        let (mut timeline, printed) = fixture.live();
        let mut reference = recording.replay_for_reference();
        for position in positions {
            let limits = Limits { icount: Some(position), time: None };
            timeline.run(&limits, &mut || false).unwrap();
            let before = timeline.digest();
            assert!(look(&timeline, &devices) > 1000, "{}: nothing to see", fixture.name);
            assert_eq!(timeline.digest(), before, "{}: at {position}", fixture.name);
            reference.seek(position).unwrap();
            assert_eq!(before, reference.digest(), "{}: at {position}, after looking", fixture.name);
        }
        timeline.finish().unwrap();
        assert_same_events(&events(timeline.log_mut()), &recording.events(), &fixture.name);
        assert_eq!(timeline.digest(), recording.digest, "{}: at the end", fixture.name);
        assert_eq!(printed.text(), recording.printed, "{}", fixture.name);
    });
}

#[test]
fn looking_in_a_replay_changes_nothing() {
    for_each_fixture(|fixture| {
        let recording = fixture.recording();
        let mut random = Random::new(&fixture.name);
        let positions = recording.positions(10, &mut random);
        let mut watched = recording.replay_with(random.choose(&HISTORIES));
        let mut alone = recording.replay_for_reference();
        for position in positions {
            watched.seek(position).unwrap();
            look(&watched, &[]);
            alone.seek(position).unwrap();
            assert_eq!(watched.digest(), alone.digest(), "{}: at {position}", fixture.name);
        }
    });
}
