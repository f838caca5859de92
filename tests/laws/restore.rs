//! Law 4: what is saved and restored is the same, and goes on the same.

use untick::{
    board::Board,
    core::{Core, Halt, Search, State, Travel},
    machine::{Cursor, Live},
    timeline::Timeline,
    trace::Log,
    words::{Icount, Width},
};

use crate::common::{Console, Fixture, HISTORIES, Printed, Random, for_each_fixture};

/// The state as it would come back from a file.
fn through_bytes(state: &State) -> State {
    postcard::from_bytes(&postcard::to_stdvec(state).unwrap()).unwrap()
}

/// A core made of what is saved of another one: its state, encoded, and its memory.
fn rebuild(timeline: &Timeline) -> Core {
    let mut core = Core::new(timeline.config()).unwrap();
    for region in &timeline.config().regions {
        let mut bytes = vec![0; region.size as usize];
        timeline.peek(region.base, &mut bytes).unwrap();
        core.memory_mut().write(region.base, &bytes).unwrap();
    }
    core.set_state(through_bytes(timeline.state()));
    core
}

/// Takes a core along a recording from where it is.
fn replay(core: &mut Core, log: &mut Log, to: Icount) {
    let mark = log.find(core.state().icount).unwrap();
    let mut cursor = Cursor::new(mark, core.state());
    let mut error = None;
    let nothing = Search::default();
    core.set_search(&nothing);
    let halt = core.run(&mut cursor.pins(log, &mut error), &Travel::to(to, &nothing));
    assert!(error.is_none(), "{error:?}");
    assert!(halt == Halt::Limit || core.state().icount == to, "{halt:?}");
}

#[test]
fn a_restored_core_is_the_same_and_goes_on_the_same() {
    for_each_fixture(|fixture| {
        let recording = fixture.recording();
        let mut random = Random::new(&fixture.name);
        let mut timeline = recording.replay_with(random.choose(&HISTORIES));
        let mut log = recording.log();
        for from in recording.positions(6, &mut random) {
            let to = random.between(from, (from + 100_000).min(recording.end));
            timeline.seek(from).unwrap();
            let mut core = rebuild(&timeline);
            assert_eq!(core.state(), timeline.state(), "{}: at {from}", fixture.name);
            assert_eq!(core.digest(), timeline.digest(), "{}: at {from}", fixture.name);
            replay(&mut core, &mut log, to);
            timeline.seek(to).unwrap();
            assert_eq!(core.state(), timeline.state(), "{}: from {from} to {to}", fixture.name);
            assert_eq!(core.digest(), timeline.digest(), "{}: from {from} to {to}", fixture.name);
        }
    });
}

#[test]
fn every_state_survives_its_encoding() {
    for_each_fixture(|fixture| {
        let recording = fixture.recording();
        let mut random = Random::new(&fixture.name);
        let mut timeline = recording.replay_for_reference();
        for position in recording.positions(30, &mut random) {
            timeline.seek(position).unwrap();
            let state = timeline.state();
            assert_eq!(through_bytes(state), *state, "{}: at {position}", fixture.name);
        }
    });
}

/// A live machine without a timeline around it, so that its bus can be looked at.
struct Bare {
    core: Core,
    live: Live,
    log: Log,
}

impl Bare {
    fn new(fixture: &Fixture, board: &Board) -> Bare {
        let config = fixture.config();
        let mut core = Core::new(&config).unwrap();
        for segment in &fixture.image().segments {
            core.memory_mut().write(segment.address, &segment.bytes).unwrap();
        }
        core.reset();
        let console = Console::new(board.console().unwrap(), &fixture.input, Printed::default());
        let live = Live::new(board.bus(), Box::new(console), &config, &fixture.image());
        Bare { core, live, log: Log::in_memory(fixture.header()) }
    }

    fn run_to(&mut self, icount: Icount) {
        self.live.take_input();
        let mut error = None;
        let nothing = Search::default();
        self.core.run(&mut self.live.pins(&mut self.log, &mut error), &Travel::to(icount, &nothing));
        assert!(error.is_none(), "{error:?}");
    }
}

#[test]
fn a_restored_bus_is_the_same() {
    for_each_fixture(|fixture| {
        let recording = fixture.recording();
        let board = fixture.board();
        let mut random = Random::new(&fixture.name);
        let mut positions = recording.positions(20, &mut random);
        positions.retain(|position| *position < 5_000_000);
        positions.sort_unstable();
        let mut machine = Bare::new(fixture, &board);
        let mut copy = board.bus();
        for position in positions {
            machine.run_to(position);
            let (bus, now) = (machine.live.bus(), machine.core.state().moment().cycle);
            copy.restore(&bus.save()).unwrap();
            assert_eq!(copy.save(), bus.save(), "{}: at {position}", fixture.name);
            assert_eq!(copy.lines(), bus.lines(), "{}: at {position}", fixture.name);
            assert_eq!(copy.next_wake(), bus.next_wake(), "{}: at {position}", fixture.name);
            assert_eq!(copy.reset_request(), bus.reset_request(), "{}: at {position}", fixture.name);
            for address in bus.devices().flat_map(|(_, base)| (base..base + 0x100).step_by(4)) {
                let look = |bus: &untick::peripherals::Bus| bus.peek(address, Width::Word, now);
                assert_eq!(look(&copy), look(bus), "{}: {address:#x} at {position}", fixture.name);
            }
        }
    });
}
