use super::*;
use crate::{
    board::Board,
    image::Image,
    timeline::{
        Limits, Options, WatchKind, Watchpoint,
        index::Index,
        testing::{Nobody, header},
    },
    trace::Log,
};

/// How far the fixtures are taken, and the distance between their checkpoints.
const LENGTH: Icount = 300_000;
const INTERVAL: Icount = 5_000;

/// A run of a fixture, as far as it goes with nobody there.
fn recorded(name: &str, options: Options) -> Timeline {
    let file = format!("{}/tests/firmware/{name}.elf", env!("CARGO_MANIFEST_DIR"));
    let (board, image) = (Board::find("mps2-an385").unwrap(), Image::load(file).unwrap());
    let log = Log::in_memory(header(&board, &image, None));
    let mut timeline = Timeline::live(&board, &image, Box::new(Nobody), log, options).unwrap();
    let limits = Limits { icount: Some(LENGTH), ..Limits::default() };
    timeline.run(&limits, &mut || false).unwrap();
    timeline.finish().unwrap();
    timeline
}

/// The same run twice: searched with one core, and with two, the second of which is there.
fn both(name: &str, options: Options) -> (Timeline, Timeline) {
    let mut alone = recorded(name, options);
    let mut paired = recorded(name, options);
    alone.second = Second::Never;
    paired.second = Second::open(&mut paired.log);
    while !paired.second.is_ready(&mut paired.log) {
        assert!(!paired.second.is_lost());
        std::thread::yield_now();
    }
    (alone, paired)
}

fn options() -> Options {
    Options { interval: INTERVAL, ..Options::default() }
}

/// Numbers that are the same in every run (Marsaglia's xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// Something that is hit often, seldom, or never.
fn some_search(timeline: &mut Timeline, random: &mut Random) -> Search {
    timeline.seek(random.below(timeline.present.icount)).unwrap();
    let registers = timeline.registers().clone();
    let mut search = Search::default();
    if random.below(2) == 0 {
        search.breakpoints.insert(registers.pc + 2 * random.below(2) as u32);
    }
    if random.below(3) > 0 {
        let bases =
            [registers.sp(), registers.sp() - 64, 0x2000_0000, 0x2000_0000 + random.below(4096) as u32];
        let address = bases[random.below(4) as usize] & !3;
        let kind = [WatchKind::Write, WatchKind::Read, WatchKind::Access][random.below(3) as usize];
        search.watchpoints.push(Watchpoint { address, length: 4, kind });
    }
    search
}

fn find(timeline: &mut Timeline, search: &Search, before: Icount, from: Icount) -> Option<Hit> {
    timeline.seek(before).unwrap();
    timeline.find_last(search, from, &mut || false).unwrap().expect("nobody interrupts")
}

const NEVER: u32 = 0xfffe;

#[test]
fn two_cores_find_what_one_finds() {
    for name in ["cpu-endless", "tasks", "rewrite", "mmio", "nested", "sleep"] {
        let (mut alone, mut paired) = both(name, options());
        let mut random = Random(name.bytes().map(u64::from).sum());
        for round in 0..40 {
            if round % 8 == 7 {
                // What is known of the intervals is learnt anew, by both.
                alone.index = Index::new(INTERVAL);
                paired.index = Index::new(INTERVAL);
            }
            let search = some_search(&mut alone, &mut random);
            let before = random.below(alone.present.icount + 1);
            let from = random.below(2) * random.below(before + 1);
            let expected = find(&mut alone, &search, before, from);
            let found = find(&mut paired, &search, before, from);
            assert_eq!(found, expected, "{name}: between {from} and {before}: {search:x?}");
        }
        assert!(paired.second.next_number() > 0, "{name}: the second core had nothing to do");
    }
}

#[test]
fn what_the_second_core_executes_is_learnt() {
    let (mut alone, mut paired) = both("tasks", options());
    let nowhere = Search { breakpoints: [NEVER].into(), ..Search::default() };
    for timeline in [&mut alone, &mut paired] {
        timeline.index = Index::new(INTERVAL);
        let end = timeline.present.icount;
        assert_eq!(find(timeline, &nowhere, end, 0), None);
    }
    assert!(paired.second.next_number() > 0);
    assert_eq!(paired.index.known(), alone.index.known());
    assert_eq!(paired.index.known() as Icount, alone.present.icount / INTERVAL);
    // And it is right: what is excluded now cannot be found by looking at everything.
    let mut random = Random(1);
    for _ in 0..20 {
        let search = some_search(&mut alone, &mut random);
        let before = random.below(alone.present.icount + 1);
        alone.index = Index::new(INTERVAL);
        let expected = find(&mut alone, &search, before, 0);
        assert_eq!(find(&mut paired, &search, before, 0), expected, "before {before}: {search:x?}");
    }
}

#[test]
fn a_thin_history_is_searched_by_two_cores_too() {
    let (mut alone, mut paired) = both("tasks", Options { history: 64 << 10, ..options() });
    let mut random = Random(2);
    for _ in 0..10 {
        let search = some_search(&mut alone, &mut random);
        let before = random.below(alone.present.icount + 1);
        let expected = find(&mut alone, &search, before, 0);
        assert_eq!(find(&mut paired, &search, before, 0), expected, "before {before}: {search:x?}");
    }
    assert!(paired.second.next_number() > 0);
}

#[test]
fn what_a_lost_core_was_given_is_searched_here() {
    let (mut alone, mut paired) = both("tasks", options());
    paired.second.lose();
    let end = alone.present.icount;
    // At the entry, long ago.
    alone.seek(100).unwrap();
    let first = Search { breakpoints: [alone.registers().pc].into(), ..Search::default() };
    let expected = find(&mut alone, &first, end, 0);
    paired.index = Index::new(INTERVAL);
    assert_eq!(find(&mut paired, &first, end, 0), expected);
    assert!(paired.second.is_lost());
}

#[test]
fn an_interrupted_search_leaves_nothing_behind() {
    let (mut alone, mut paired) = both("tasks", options());
    let end = alone.present.icount;
    alone.seek(100).unwrap();
    let search = Search { breakpoints: [alone.registers().pc].into(), ..Search::default() };
    let expected = find(&mut alone, &search, end, 0);
    let last = expected.expect("it is executed once at least").icount;
    for patience in 0..20 {
        paired.index = Index::new(INTERVAL);
        paired.seek(end).unwrap();
        let mut asked = 0;
        let found = paired.find_last(&search, 0, &mut || {
            asked += 1;
            asked > patience
        });
        match found.unwrap() {
            Some(found) => assert_eq!(found, expected, "it was quicker"),
            None => assert!(paired.now().icount >= last, "all behind the position was searched"),
        }
        assert_eq!(find(&mut paired, &search, end, 0), expected, "behind one that was interrupted");
    }
}

#[test]
fn a_near_hit_needs_no_second_core() {
    let mut timeline = recorded("tasks", options());
    let end = timeline.present.icount;
    timeline.seek(end - 10).unwrap();
    let search = Search { breakpoints: [timeline.registers().pc].into(), ..Search::default() };
    assert!(find(&mut timeline, &search, end, 0).is_some());
    assert!(matches!(timeline.second, Second::NotYet));
}
