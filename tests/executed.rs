//! What the core says that ran is at least what ran: every instruction that single steps see, every exception entered.

#![expect(clippy::unwrap_used, reason = "in helpers of tests, too, a panic is a failed test")]

mod common;

use std::collections::BTreeSet;

use common::{Fixture, Random, Recording, for_each_fixture};
use untick::{
    core::{Core, Executed, Halt, Search, Travel},
    machine::Cursor,
    trace::Log,
    words::Icount,
};

/// The windows of each fixture, and how many positions each has.
const WINDOWS: usize = 5;
const WINDOW: Icount = 1500;

/// A core that replays a recording.
struct Player {
    core: Core,
    log: Log,
    cursor: Cursor,
    end: Icount,
}

impl Player {
    fn new(fixture: &Fixture, recording: &Recording) -> Player {
        let mut core = Core::new(&fixture.config()).unwrap();
        for segment in &fixture.image().segments {
            core.memory_mut().write(segment.address, &segment.bytes).unwrap();
        }
        core.reset();
        core.memory_mut().take_changes();
        let log = recording.log();
        let cursor = Cursor::new(log.start(), core.state());
        Player { core, log, cursor, end: recording.end }
    }

    fn icount(&self) -> Icount {
        self.core.state().icount
    }

    /// Whether it comes there; what ends a run may be in the way.
    fn go(&mut self, limit: Icount, search: &Search) -> bool {
        let mut error = None;
        let mut pins = self.cursor.pins(&mut self.log, &mut error);
        let halt = self.core.run(&mut pins, &Travel::to(limit.min(self.end), search));
        assert!(error.is_none(), "{error:?}");
        halt == Halt::Limit && self.icount() == limit
    }
}

/// What single steps see in a window: each instruction, and each exception.
#[derive(Default)]
struct Seen {
    instructions: BTreeSet<u32>,
    exceptions: BTreeSet<u16>,
}

impl Seen {
    fn step(&mut self, player: &mut Player) -> bool {
        let before = player.core.state().clone();
        let went = player.go(before.icount + 1, &Search::default());
        let after = player.core.state();
        let number = after.registers.ipsr() as u16;
        if number != 0 && after.nvic.is_active(number) && !before.nvic.is_active(number) {
            self.exceptions.insert(number);
        } else if after.icount > before.icount {
            self.instructions.insert(before.registers.pc);
        }
        went
    }

    #[track_caller]
    fn assert_in(&self, executed: &Executed, what: &str) {
        for pc in &self.instructions {
            let found = executed.code.iter().any(|range| range.contains(pc));
            assert!(found, "{what}: {pc:#010x} ran, but not in {:x?}", executed.code);
        }
        let missed: Vec<_> = self.exceptions.difference(&executed.exceptions).collect();
        assert!(missed.is_empty(), "{what}: {missed:?} were entered, but not in {:?}", executed.exceptions);
    }
}

#[test]
fn everything_that_ran_is_told_whichever_way_it_ran() {
    for_each_fixture(|fixture| {
        let recording = fixture.recording();
        let mut random = Random::new(&fixture.name);
        let (mut stepping, mut running) =
            (Player::new(fixture, &recording), Player::new(fixture, &recording));
        let mut starts = recording.positions(WINDOWS, &mut random);
        starts.sort_unstable();
        for start in starts {
            if start < stepping.icount() || start < running.icount() {
                continue;
            }
            // What was known before is known now, but it must be told anew.
            if !stepping.go(start, &Search::default()) || !running.go(start, &Search::default()) {
                return;
            }
            while running.icount() < start + WINDOW {
                let what = format!("{} from {}", fixture.name, running.icount());
                let mut seen = Seen::default();
                let limit = start + WINDOW;
                let target = random.between(running.icount() + 1, limit);
                while stepping.icount() < target && seen.step(&mut stepping) {}
                let search = search(&seen, &mut random);
                running.core.set_search(&search);
                running.core.take_executed();
                let mut on = true;
                while on && running.icount() < target {
                    let length = random.choose(&[1, 3, 17, 100, WINDOW]);
                    on = running.go((running.icount() + length).min(target), &search);
                    if random.below(3) == 0 {
                        running.core.memory_mut().take_changes();
                    }
                }
                seen.assert_in(&running.core.take_executed(), &what);
                if !on {
                    return;
                }
            }
        }
    });
}

/// Nothing, or breakpoints that do not stop: where one is, another engine runs.
fn search(seen: &Seen, random: &mut Random) -> Search {
    let pcs: Vec<u32> = seen.instructions.iter().copied().collect();
    let mut search = Search { collect: true, ..Search::default() };
    if !pcs.is_empty() && random.below(2) == 0 {
        search.breakpoints.extend((0..3).map(|_| random.choose(&pcs)));
    }
    search
}

#[test]
fn what_ran_before_it_was_asked_is_not_told_again() {
    let fixture = Fixture::all().into_iter().find(|fixture| fixture.name == "cpu").unwrap();
    let recording = fixture.recording();
    let mut player = Player::new(&fixture, &recording);
    assert!(player.go(1_000_000, &Search::default()));
    let first = player.core.take_executed();
    assert!(!first.code.is_empty());
    assert_eq!(player.core.take_executed(), Executed::default());
    assert!(player.go(1_000_100, &Search::default()));
    let next = player.core.take_executed();
    assert!((1..=100).contains(&next.code.len()), "{} ranges in 100 instructions", next.code.len());
}
