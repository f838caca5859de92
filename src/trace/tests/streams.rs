//! Streams of any events, read at any place while they are appended and afterwards.

use proptest::{collection::vec, prelude::*};

use super::*;
use crate::pins::HostResult;

#[derive(Clone, Debug)]
enum Step {
    /// This many icounts later.
    Append(u64, Event),
    /// The event before once more, so many times, at this distance.
    Repeat(u8, u64),
    Flush,
    Reached,
    /// Read at the mark with this index.
    Look(prop::sample::Index),
}

fn event() -> impl Strategy<Value = Event> {
    let width = prop::sample::select(vec![Width::Byte, Width::Half, Width::Word]);
    let address = prop::sample::select(vec![0u32, 0x4000_0000, 0x4000_0004, u32::MAX]);
    let access = (address, width, prop_oneof![0..3u32, any::<u32>()]);
    prop_oneof![
        4 => (access.clone(), any::<bool>()).prop_map(|((address, width, value), ok)| Event::Read {
            address, width, value: ok.then_some(value)
        }),
        4 => (access, any::<bool>()).prop_map(|((address, width, value), accepted)| Event::Write {
            address, width, value, accepted
        }),
        2 => (0..240u16, any::<bool>()).prop_map(|(irq, asserted)| Event::Line { irq, asserted }),
        1 => any::<u64>().prop_map(|cycles| Event::Sleep { cycles }),
        1 => any::<u64>().prop_map(|value| digest(0, value).event),
        1 => (any::<u64>(), 0..19usize).prop_map(|(value, registers)| detailed(0, value, registers).event),
        1 => Just(Event::Reset),
        1 => (any::<u32>(), vec(any::<u8>(), 0..40))
            .prop_map(|(address, bytes)| Event::Memory { address, bytes }),
        1 => (any::<u32>(), vec((any::<u32>(), vec(any::<u8>(), 0..9)), 0..3), any::<Option<u32>>())
            .prop_map(|(r0, memory, exit)| Event::Host { operation: 6, result: HostResult { r0, memory, exit } }),
        1 => vec(any::<u8>(), 0..20).prop_map(|bytes| Event::Input { device: "usart2".into(), bytes }),
        1 => vec(any::<u8>(), 0..20).prop_map(|bytes| Event::Output { device: "rtt0".into(), bytes }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let later = prop_oneof![4 => 0..4u64, 1 => 0..1u64 << 50];
    prop_oneof![
        8 => (later, event()).prop_map(|(later, event)| Step::Append(later, event)),
        4 => (1..6u8, 0..3u64).prop_map(|(times, stride)| Step::Repeat(times, stride)),
        1 => Just(Step::Flush),
        1 => Just(Step::Reached),
        3 => any::<prop::sample::Index>().prop_map(Step::Look),
    ]
}

/// What a log must do, kept the simple way.
#[derive(Default)]
struct Model {
    events: Vec<Stamped>,
    /// All marks ever taken, with the number of events before them.
    marks: Vec<(usize, Mark)>,
}

impl Model {
    fn append(&mut self, log: &mut Log, stamped: Stamped) {
        self.marks.push((self.events.len(), log.tail()));
        log.append(&stamped).unwrap();
        self.events.push(stamped);
        self.marks.push((self.events.len(), log.tail()));
    }

    fn check_mark(&self, log: &mut Log, (place, mark): (usize, Mark)) {
        assert_eq!(mark.event_number(), place as u64);
        assert_eq!(log.peek(mark).unwrap().as_ref(), self.events.get(place), "after {place} events");
        let mut back = mark;
        let before = place.checked_sub(1).map(|before| &self.events[before]);
        assert_eq!(log.read_back(&mut back).unwrap().as_ref(), before, "before {place} events");
        if place > 0 {
            assert_eq!(log.read(&mut back).unwrap().as_ref(), before);
        }
        assert_eq!(back, mark);
    }

    fn check_all(&mut self, log: &mut Log, order: u64) {
        let (events, error) = read_all(log);
        assert!(error.is_none(), "{error:?}");
        assert_eq!(events, self.events);
        assert_eq!(log.events(), self.events.len() as u64);

        let mut mark = log.tail();
        for stamped in self.events.iter().rev() {
            assert_eq!(log.read_back(&mut mark).unwrap().as_ref(), Some(stamped));
        }
        assert_eq!(log.read_back(&mut mark).unwrap(), None);
        assert_eq!(mark, log.start());

        for index in 0..self.marks.len() {
            let index = (index as u64).wrapping_mul(order | 1) as usize % self.marks.len();
            self.check_mark(log, self.marks[index]);
        }
        for stamped in &self.events {
            for icount in [stamped.icount.saturating_sub(1), stamped.icount, stamped.icount.saturating_add(1)]
            {
                let place = self.events.partition_point(|event| event.icount < icount);
                let mark = log.find(icount).unwrap();
                self.check_mark(log, (place, mark));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_mark_reads_what_was_appended(steps in vec(step(), 0..120), order: u64, finish: bool) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.untick");
        let mut log = Log::create(&path, header()).unwrap();
        let mut model = Model::default();
        let mut reached = Moment::default();
        for step in steps {
            let last = model.events.last().cloned();
            let icount = last.as_ref().map_or(0, |last| last.icount);
            match step {
                Step::Append(later, event) => {
                    model.append(&mut log, Stamped { icount: icount + later, event });
                }
                Step::Repeat(times, stride) => {
                    let Some(last) = last else { continue };
                    for time in 1..=u64::from(times) {
                        model.append(&mut log, Stamped { icount: icount + time * stride, ..last.clone() });
                    }
                }
                Step::Flush => log.flush().unwrap(),
                Step::Reached => {
                    reached = moment(icount + 1);
                    log.reached(reached);
                }
                Step::Look(index) if !model.marks.is_empty() => {
                    model.check_mark(&mut log, *index.get(&model.marks));
                }
                Step::Look(_) => {}
            }
        }
        prop_assert_eq!(log.reached_moment(), reached);
        model.check_all(&mut log, order);
        log.flush().unwrap();
        model.check_all(&mut log, order);
        let counts = log.summary().counts.unwrap();
        prop_assert_eq!(counts.named().iter().map(|(_, count)| count).sum::<u64>(), log.events());

        if finish {
            log.finish(end(u64::MAX)).unwrap();
            model.check_all(&mut log, order);
            reached = moment(0);
            reached.icount = u64::MAX;
            reached.cycle = 4;
        }
        drop(log);
        let mut log = Log::open(&path).unwrap();
        model.check_all(&mut log, order);
        prop_assert_eq!(log.header(), &header());
        prop_assert_eq!(log.summary().counts, Some(counts));
        prop_assert_eq!(log.is_cut(), !finish);
        prop_assert_eq!(log.damage(), None);
        prop_assert_eq!(log.reached_moment(), reached);
    }
}

#[test]
fn a_chunk_closes_when_it_is_full() {
    let mut log = Log::in_memory(header());
    let events: Vec<_> =
        (0..100_000).map(|index| read(3 * index, 0x4000_0000, index as u32 * 7919)).collect();
    let mut model = Model::default();
    for stamped in events {
        log.append(&stamped).unwrap();
        model.events.push(stamped);
        model.marks.push((model.events.len(), log.tail()));
    }
    assert_eq!(log.summary().chunks, 3);
    let (read, _) = read_all(&mut log);
    assert_eq!(read, model.events);
    // Far apart, so that every look needs another chunk.
    for index in (0..model.marks.len()).step_by(1009) {
        let index = index * 7919 % model.marks.len();
        model.check_mark(&mut log, model.marks[index]);
    }
}

#[test]
fn a_chunk_closes_before_its_bytes_are_many() {
    let mut log = Log::in_memory(header());
    for icount in 0..20 {
        log.append(&Stamped { icount, event: Event::Memory { address: 0, bytes: vec![1; 100_000] } })
            .unwrap();
    }
    assert_eq!(log.summary().chunks, 3);
}

#[test]
fn a_poll_is_one_item_however_long() {
    let mut log = Log::in_memory(header());
    let mark = log.tail();
    for index in 0..1_000_000 {
        log.append(&read(5 * index, 0x4000_0000, 1)).unwrap();
    }
    log.flush().unwrap();
    assert_eq!(log.summary().chunks, 1);
    assert!(log.summary().chunk_bytes < 150, "{:?}", log.summary());
    assert_eq!(log.peek(mark).unwrap(), Some(read(0, 0x4000_0000, 1)));
    let mut mark = log.find(4_999_995).unwrap();
    assert_eq!(mark.event_number(), 999_999);
    assert_eq!(log.read(&mut mark).unwrap(), Some(read(4_999_995, 0x4000_0000, 1)));
    assert_eq!(log.read(&mut mark).unwrap(), None);
}

#[test]
fn what_cannot_be_appended_is_refused() {
    let mut log = Log::in_memory(header());
    log.append(&digest(10, 1)).unwrap();
    let early = log.append(&digest(9, 1)).unwrap_err();
    assert_eq!(early.to_string(), "an event at icount 9 comes after one at icount 10");
    let bytes = vec![0; 17 << 20];
    let large = log.append(&Stamped { icount: 10, event: Event::Memory { address: 0, bytes } }).unwrap_err();
    assert!(matches!(large, TraceError::TooLarge { limit: 0x100_0000, .. }), "{large}");
    log.finish(end(11)).unwrap();
    assert!(matches!(log.append(&digest(12, 1)), Err(TraceError::Finished { .. })));
    assert!(matches!(log.finish(end(12)), Err(TraceError::Finished { .. })));
    assert_eq!(read_all(&mut log).0, [digest(10, 1)]);
    assert_eq!(log.end(), Some(&end(11)));
}
