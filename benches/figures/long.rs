//! What takes minutes: ten billion instructions, whether what holds for one holds for ten, and the hardest search.

use super::{
    Bench,
    cost::memory_of,
    depth::{Depth, G, Memory},
    figure::Figure,
    travel::{hardest, steps_in},
};

const LENGTH: u64 = 10 * G;

/// Steps and memory at ten billion instructions, and a search through one.
pub fn long(bench: &Bench) -> Vec<Figure> {
    let mut depth = Depth::record(Memory::Ordinary, LENGTH);
    let mut figures = steps_in(&mut depth.timeline, LENGTH);
    let row = |memory, depth: &Depth| memory_of(memory, LENGTH, &depth.history, "≤ 2 × that of 1 G");
    figures.push(row(Memory::Ordinary, &depth));
    drop(depth);
    figures.push(row(Memory::Noise, &Depth::record(Memory::Noise, LENGTH)));
    figures.push(hardest(bench));
    figures
}
