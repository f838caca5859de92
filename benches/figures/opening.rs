//! What it takes to have a core at all.

use untick::timeline::Options;

use super::{
    Bench,
    clock::{by_turns, processor},
    figure::{Figure, time},
    fixture::{Fixture, run},
};

/// A live machine, from nothing to its first instructions.
pub fn opening(_: &Bench) -> Vec<Figure> {
    const COUNT: u32 = 20;
    let fixture = Fixture::load("cpu-endless");
    let open = &mut || {
        let work = || (0..COUNT).for_each(|_| run(&mut fixture.live(Options::default()), Some(100)));
        processor(work).0 / COUNT
    };
    let [each] = by_turns(3, [open]);
    vec![Figure::new("from nothing to 100 instructions", time(each)).how("two engines and a board")]
}
