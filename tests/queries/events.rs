//! Accesses to devices: the answers of the log, read backwards, are those of all its events.

use untick::{
    pins::Event,
    timeline::{DeviceAccess, Finding, Query, WatchKind},
};

use crate::common::{Random, for_each_fixture};

#[test]
fn the_last_access_is_the_last_of_all_events() {
    for_each_fixture(|fixture| {
        let recording = fixture.recording();
        let mut random = Random::new(&fixture.name);
        let events = recording.events();
        let accesses: Vec<_> = events
            .iter()
            .filter_map(|stamped| match stamped.event {
                Event::Read { address, .. } => Some((stamped.icount, address, WatchKind::Read)),
                Event::Write { address, .. } => Some((stamped.icount, address, WatchKind::Write)),
                _ => None,
            })
            .collect();
        if accesses.is_empty() {
            return;
        }
        let mut timeline = recording.replay();
        for position in recording.positions(12, &mut random) {
            let (_, address, _) = random.choose(&accesses);
            let kind = random.choose(&[WatchKind::Read, WatchKind::Write, WatchKind::Access]);
            let counts = |access: &&(u64, u32, WatchKind)| {
                access.0 < position && access.1 == address && (kind == WatchKind::Access || access.2 == kind)
            };
            let expected = accesses.iter().rfind(counts);
            timeline.seek(position).unwrap();
            let answer = timeline.last(&Query::Device { address, length: 1, kind }).unwrap();
            let what = format!("{}: {kind:?} of {address:#x} before {position}", fixture.name);
            assert_eq!(timeline.now().icount, position, "{what}");
            assert_eq!(
                answer.as_ref().map(|answer| answer.at.icount),
                expected.map(|access| access.0),
                "{what}"
            );
            let Some(answer) = answer else { continue };
            timeline.seek(answer.at.icount).unwrap();
            assert_eq!((answer.at, answer.pc), (timeline.now(), timeline.registers().pc), "{what}");
            let Finding::Device { address: found, access, .. } = answer.finding else {
                panic!("{answer:?}: {what}")
            };
            assert_eq!(found, address, "{what}");
            let read = matches!(access, DeviceAccess::Read(_));
            assert_eq!(read, expected.unwrap().2 == WatchKind::Read, "{what}");
            // A question for a store or a load in a device is the same question.
            if kind == WatchKind::Write {
                timeline.seek(position).unwrap();
                let write = timeline.last(&Query::Write { address, length: 1 }).unwrap();
                assert_eq!(write.map(|answer| answer.at), Some(answer.at), "{what}");
            }
        }
    });
}
