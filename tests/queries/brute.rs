//! A window of a run, looked at instruction by instruction.

use untick::{
    timeline::{Direction, Interrupts, Query, Stop, Stops, Timeline, WatchKind, Watchpoint},
    words::Icount,
};

/// Exceptions that are active.
fn active(timeline: &Timeline) -> Vec<u16> {
    let nvic = &timeline.state().nvic;
    (1..256).filter(|number| nvic.is_active(*number)).collect()
}

/// Memory at an address, as far as there is any.
pub fn bytes(timeline: &Timeline, address: u32, length: u32) -> Vec<u8> {
    let mut bytes = vec![0; length as usize];
    timeline.peek(address, &mut bytes).unwrap();
    bytes
}

/// The positions of a window in front of which a query has its answers.
pub fn scan(timeline: &mut Timeline, query: &Query, from: Icount, to: Icount) -> Vec<Icount> {
    let loads = match *query {
        Query::Read { address, length } => Stops {
            watchpoints: vec![Watchpoint { address, length, kind: WatchKind::Read }],
            ..Stops::default()
        },
        _ => Stops::default(),
    };
    let watched = |timeline: &Timeline| match *query {
        Query::Write { address, length } => bytes(timeline, address, length),
        _ => Vec::new(),
    };
    timeline.seek(from).unwrap();
    let mut found = Vec::new();
    while timeline.now().icount < to {
        let here = timeline.now().icount;
        let (pc, before, old) = (timeline.registers().pc, active(timeline), watched(timeline));
        let mut stop = step(timeline, &loads);
        let loaded = matches!(stop, Stop::Watchpoint { .. });
        if loaded && timeline.now().icount == here {
            stop = step(timeline, &Stops::default());
        }
        assert!(matches!(stop, Stop::Stepped | Stop::End(_) | Stop::Watchpoint { .. }), "{stop:?} at {here}");
        assert_eq!(timeline.now().icount, here + 1);
        let entered: Vec<u16> =
            active(timeline).into_iter().filter(|number| !before.contains(number)).collect();
        // An exception that was taken in front of the instruction: it has not begun.
        let began = entered.is_empty() || timeline.fault().is_some_and(|fault| fault.at.icount == here);
        let happened = match *query {
            Query::Write { .. } => watched(timeline) != old,
            Query::Read { .. } => loaded,
            Query::Execution { address } => pc == address && began,
            Query::Entry { exception: None } => !entered.is_empty(),
            Query::Entry { exception: Some(number) } => entered.contains(&number),
            _ => false,
        };
        if happened {
            found.push(here);
        }
    }
    found
}

fn step(timeline: &mut Timeline, stops: &Stops) -> Stop {
    timeline.step(Direction::Forward, stops, Interrupts::Into, &mut || false).unwrap()
}
