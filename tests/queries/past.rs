//! What the core did: the answers of execution are those of a look at each instruction.

use untick::{
    timeline::{Finding, Last, Limits, Options, Query, Timeline, Writer},
    words::Icount,
};

use crate::{
    brute::{bytes, scan},
    common::{CODE, Program, Random, Recording, for_each_fixture, for_some_fixtures},
};

/// Instructions in a window that is looked at one by one.
const WINDOW: Icount = 300;
/// Windows in each fixture.
const WINDOWS: usize = 5;

/// Questions to which the window has an answer, more or less.
fn some_queries(timeline: &mut Timeline, start: Icount, end: Icount, random: &mut Random) -> Vec<Query> {
    timeline.seek(random.between(start, end)).unwrap();
    let registers = timeline.registers().clone();
    let mut places = vec![registers.sp(), registers.sp().wrapping_sub(8)];
    places.extend(registers.r.iter().filter(|address| **address >> 28 == 2));
    let address = random.choose(&places).wrapping_add(4 * random.below(4) as u32);
    let length = random.choose(&[1, 2, 4, 8, 32]);
    let mut queries = vec![Query::Execution { address: registers.pc }, Query::Entry { exception: None }];
    if timeline.peek(address, &mut vec![0; length as usize]).is_ok() {
        queries.push(Query::Write { address, length });
        queries.push(Query::Read { address, length });
    }
    queries.push(Query::Entry { exception: Some(random.choose(&[3, 6, 11, 12, 14, 15, 16, 17, 24])) });
    queries
}

/// Asks at a position; the answer's position, and everything about the answer that can be looked up.
fn ask(timeline: &mut Timeline, looker: &mut Timeline, query: &Query, stop: bool) -> Option<Icount> {
    let (now, state) = (timeline.now(), timeline.state().clone());
    let last = timeline.search_last(query, &mut || stop).unwrap();
    assert_eq!(timeline.state(), &state, "{query:x?} has moved");
    let answer = match last {
        Last::Found(answer) => answer,
        Last::Never => return None,
        Last::Interrupted(behind) => {
            assert!(stop && behind <= now.icount);
            return None;
        }
    };
    let at = answer.at.icount;
    looker.seek(at).unwrap();
    assert_eq!(answer.at, looker.now(), "{query:x?}");
    assert_eq!(answer.pc, looker.registers().pc, "{query:x?}: {answer:x?}");
    assert_eq!(u32::from(answer.level.exception), looker.registers().ipsr(), "{query:x?}: {answer:x?}");
    let count = looker.state().nvic.active_count();
    let active = answer.level.preempted.len() + usize::from(answer.level.exception != 0);
    assert_eq!(active as u32, count, "{query:x?}: {answer:x?}");
    match (query, answer.finding) {
        (Query::Write { address, length }, Finding::Written { old, new, by, .. }) => {
            assert_eq!(old, bytes(looker, *address, *length), "{query:x?}");
            looker.seek(at + 1).unwrap();
            assert_eq!(new, bytes(looker, *address, *length), "{query:x?}");
            assert_ne!(old, new, "{query:x?}");
            let entered = looker.state().nvic.active_count() > count;
            assert_eq!(matches!(by, Writer::Entry(_)), entered, "{query:x?}: {by:?} at {at}");
        }
        (Query::Read { address, length }, Finding::Read { value, .. }) => {
            assert_eq!(value, bytes(looker, *address, *length), "{query:x?}");
        }
        (Query::Execution { .. }, Finding::Executed) => {}
        (Query::Entry { exception: wanted }, Finding::Entered { exception, handler }) => {
            looker.seek(at + 1).unwrap();
            let registers = looker.registers();
            assert_eq!((u32::from(exception), handler), (registers.ipsr(), registers.pc), "{query:x?}");
            assert!(wanted.is_none_or(|wanted| wanted == exception), "{query:x?}");
        }
        (_, finding) => panic!("{finding:?} for {query:x?}"),
    }
    Some(at)
}

#[test]
fn an_answer_is_the_one_that_a_look_at_each_instruction_finds() {
    for_each_fixture(|fixture| {
        let recording = fixture.recording();
        let mut random = Random::new(&fixture.name);
        let near = Options { interval: 50_000, ..Options::default() };
        let (mut timeline, mut looker) = (recording.replay_with(near), recording.replay_with(near));
        for start in recording.positions(WINDOWS, &mut random) {
            let end = (start + WINDOW).min(recording.end);
            timeline.seek(start).unwrap();
            let digest = timeline.digest();
            for query in some_queries(&mut looker, start, end, &mut random) {
                let all = scan(&mut looker, &query, start, end);
                for _ in 0..2 {
                    let from = random.between(start, end);
                    let expected = all.iter().copied().rfind(|at| *at < from);
                    timeline.seek(from).unwrap();
                    // Where nothing is to be found in the window, the way to reset is too long.
                    let found = ask(&mut timeline, &mut looker, &query, expected.is_none());
                    let what = format!("{}: {query:x?} from {from}, all: {all:?}", fixture.name);
                    match expected {
                        Some(_) => assert_eq!(found, expected, "{what}"),
                        None => assert!(found.is_none_or(|found| found < start), "{found:?} for {what}"),
                    }
                }
            }
            timeline.seek(start).unwrap();
            assert_eq!(timeline.digest(), digest, "{}: at {start}", fixture.name);
        }
    });
}

/// All the way to reset, where the whole run can be looked at.
#[test]
fn what_never_happened_has_no_answer() {
    let short = |fixture: &crate::common::Fixture| ["hello", "lastwords", "nested"].contains(&&*fixture.name);
    for_some_fixtures(short, |fixture| {
        let recording = fixture.recording();
        let mut timeline = recording.replay();
        timeline.seek(recording.end).unwrap();
        for query in [
            Query::Execution { address: 0x2222 },
            Query::Entry { exception: Some(200) },
            Query::Write { address: 0x2030_0000, length: 4 },
            Query::Output { text: b"never printed".to_vec() },
            Query::Output { text: Vec::new() },
        ] {
            assert_eq!(timeline.last(&query).unwrap(), None, "{}: {query:?}", fixture.name);
        }
        timeline.seek(0).unwrap();
        assert_eq!(timeline.last(&Query::Entry { exception: None }).unwrap(), None);
    });
}

/// The same question again, at each answer, leads through all of them.
#[test]
fn answers_lead_back_one_by_one() {
    let recording = crate::common::Fixture::find("lastwords").recording();
    let (mut timeline, mut looker) = (recording.replay(), recording.replay());
    let query = Query::Entry { exception: Some(15) };
    let expected = scan(&mut looker, &query, 0, recording.end);
    assert!(expected.len() > 10, "{expected:?}");
    timeline.seek(recording.end).unwrap();
    let mut found = Vec::new();
    while let Some(answer) = timeline.last(&query).unwrap() {
        timeline.seek(answer.at.icount).unwrap();
        found.insert(0, answer.at.icount);
    }
    assert_eq!(found, expected);
}

/// What an exception entry and the host write is told apart.
#[test]
fn it_is_known_who_wrote() {
    let recording: std::sync::Arc<Recording> = crate::common::Fixture::find("lastwords").recording();
    let mut timeline = recording.replay();
    timeline.seek(recording.end).unwrap();
    // The frame of the UsageFault: its PC is at the word before the last, on the process stack.
    let fault = timeline.last(&Query::Entry { exception: Some(6) }).unwrap().unwrap();
    timeline.seek(fault.at.icount + 1).unwrap();
    let address = timeline.registers().psp + 24;
    let answer = timeline.last(&Query::Write { address, length: 4 }).unwrap().unwrap();
    assert_eq!(answer.at, fault.at);
    let Finding::Written { new, by, .. } = answer.finding else { panic!("{answer:?}") };
    assert_eq!((u32::from_le_bytes(new.try_into().unwrap()), by), (fault.pc, Writer::Entry(6)));
    // The handler has moved it behind the instruction.
    timeline.seek(recording.end).unwrap();
    let answer = timeline.last(&Query::Write { address, length: 4 }).unwrap().unwrap();
    assert_eq!(answer.level.exception, 6);
    assert!(matches!(answer.finding, Finding::Written { by: Writer::Instruction, .. }), "{answer:?}");
}

/// Asking in the middle of a live run leaves no trace of itself.
#[test]
fn questions_do_not_disturb_a_live_run() {
    let few = |fixture: &crate::common::Fixture| ["tasks", "lastwords", "echo"].contains(&&*fixture.name);
    for_some_fixtures(few, |fixture| {
        let recording = fixture.recording();
        let (mut timeline, _) = fixture.live();
        let mut random = Random::new(&fixture.name);
        for _ in 0..4 {
            let limit = timeline.end().icount + random.below(recording.end / 4);
            let limits = Limits { icount: Some(limit), time: None };
            timeline.run(&limits, &mut || false).unwrap();
            let now = timeline.now();
            for query in [
                Query::Write { address: 0x2000_0000, length: 64 },
                Query::Entry { exception: None },
                Query::Execution { address: timeline.registers().pc },
            ] {
                timeline.last(&query).unwrap();
                assert_eq!(timeline.now(), now);
            }
            // From the past as well.
            timeline.seek(limit / 2).unwrap();
            timeline.last(&Query::Entry { exception: Some(15) }).unwrap();
            timeline.seek(now.icount).unwrap();
        }
        timeline.run(&fixture.limits(), &mut || false).unwrap();
        assert_eq!(
            (timeline.end().icount, timeline.digest()),
            (recording.end, recording.digest),
            "{}",
            fixture.name
        );
    });
}

/// The flash controller of the nRF51 erases a page behind the core's back.
#[test]
fn what_a_device_writes_into_memory_is_found() {
    let mut program = Program {
        code: vec![
            0x4802, // ldr r0, =0x4001e504 (NVMC CONFIG)
            0x2102, // movs r1, #2 (erase)
            0x6001, // str r1, [r0]
            0x4a02, // ldr r2, =0x400
            0x6042, // str r2, [r0, #4] (ERASEPAGE)
            0xe7fe, // b .
            0xe504, 0x4001, 0x0400, 0x0000,
        ],
        handlers: Vec::new(),
    };
    program.code.resize(0x400, 0); // more than the page at 0x400 that is erased
    let mut timeline = program.live_on("microbit");
    timeline.run(&Limits { icount: Some(50), time: None }, &mut || false).unwrap();
    let query = Query::Write { address: 0x410, length: 4 };
    let answer = timeline.last(&query).unwrap().unwrap();
    assert_eq!((answer.at.icount, answer.pc), (4, CODE + 8));
    let (old, new) = (vec![0; 4], vec![0xff; 4]);
    assert_eq!(answer.finding, Finding::Written { address: 0x410, old, new, by: Writer::Device });
    assert_eq!(timeline.last(&Query::Write { address: 0x800, length: 4 }).unwrap(), None, "another page");
    timeline.seek(4).unwrap();
    assert_eq!(timeline.last(&query).unwrap(), None, "it is still to come");
}
