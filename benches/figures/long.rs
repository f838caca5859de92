//! What takes minutes: ten billion instructions, whether what holds for one holds for ten, and the hardest search.

use super::{
    Bench,
    cost::memory_of,
    depth::{Depth, G},
    figure::Figure,
    travel::{hardest, steps_in},
};

const LENGTH: u64 = 10 * G;

/// Steps and memory at ten billion instructions, and a search through one.
pub fn long(bench: &Bench) -> Vec<Figure> {
    const TARGET: &str = "≤ 2 × that of 1 G";
    let hardest = hardest(bench);
    let mut depth = Depth::record(LENGTH);
    let mut figures = steps_in(&mut depth.timeline, LENGTH);
    figures.push(memory_of("ordinary", LENGTH, &depth.history, TARGET));
    drop(depth);
    let noise = Depth::record_noise(LENGTH);
    figures.push(memory_of("256 KiB of noise written in each M", LENGTH, &noise, TARGET));
    figures.push(hardest);
    figures
}
