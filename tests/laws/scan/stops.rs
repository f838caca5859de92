//! Stops to search for: where the stretch comes by, beside that, and where nothing ever comes.

use untick::timeline::{Stops, WatchKind, Watchpoint};

use super::walk::{Seen, Walk};
use crate::common::Random;

/// The size of a page, at whose ends accesses are cut in two.
const PAGE: u32 = 1024;

/// Up to three breakpoints and as many watchpoints, at least one of all.
pub fn some_stops(walk: &Walk, random: &mut Random) -> Stops {
    let mut stops = Stops { faults: random.below(4) == 0, ..Stops::default() };
    for _ in 0..random.below(4) {
        stops.breakpoints.insert(some_code(walk, random));
    }
    for _ in 0..random.below(3) + u64::from(stops.breakpoints.is_empty()) {
        let address = some_address(walk, random);
        let kind = random.choose(&[WatchKind::Write, WatchKind::Read, WatchKind::Access]);
        let length = random.choose(&[1, 2, 4, 4, 4, 8, 64]);
        // Nobody watches the end of a RAM together with its begin, seen once more behind it.
        let length = if walk.is_in_one_piece(address, length) { length } else { 1 };
        stops.watchpoints.push(Watchpoint { address, length, kind });
    }
    stops
}

/// The address of an instruction, mostly of one that is executed: anywhere in its block, in a handler, in RAM.
fn some_code(walk: &Walk, random: &mut Random) -> u32 {
    let is_anything = |_: &Seen| true;
    let is_in_ram = |seen: &Seen| (0x2000_0000..0x4000_0000).contains(&seen.pc);
    let wanted = match random.below(8) {
        0..=3 => some_seen(walk, random, is_anything),
        4 => some_seen(walk, random, Seen::is_in_handler),
        5 => some_seen(walk, random, is_in_ram),
        // Behind it: one that is skipped, faults, is the second half of another, or is the last of its block.
        6 => some_seen(walk, random, is_anything).wrapping_add(random.choose(&[2, 4])),
        // Near it: much of that is never executed.
        _ => {
            let near = some_seen(walk, random, is_anything) & !1;
            near.wrapping_add(2 * random.below(512) as u32).wrapping_sub(512)
        }
    };
    wanted & !1
}

/// The PC of a position of some kind, or if there is none, of any.
fn some_seen(walk: &Walk, random: &mut Random, is_wanted: impl Fn(&Seen) -> bool) -> u32 {
    let start = random.below(walk.seen.len() as u64) as usize;
    let mut around = walk.seen[start..].iter().chain(&walk.seen[..start]);
    around.find(|seen| is_wanted(seen)).unwrap_or(&walk.seen[start]).pc
}

/// An address that the stretch touches: one that it touches often, or any of them; or one beside.
pub fn some_address(walk: &Walk, random: &mut Random) -> u32 {
    let accessed = |seen: &Seen| seen.accesses.iter().map(|access| access.address).collect::<Vec<_>>();
    let mut all: Vec<u32> = match random.below(4) {
        // What exceptions stack and the host writes is no access.
        0 => walk.seen.iter().flat_map(|seen| seen.changed.clone()).collect(),
        _ => walk.seen.iter().flat_map(accessed).collect(),
    };
    if random.below(2) == 0 {
        all.sort_unstable();
        all.dedup();
    }
    // Words of the system control space that every program has: ICSR, and SysTick's counter.
    all.extend([0xe000_ed04, 0xe000_e018]);
    let address = random.choose(&all);
    match random.below(12) {
        0 => (address | (PAGE - 1)) - random.below(4) as u32, // to the end of its page, or across it
        1 => address ^ PAGE,
        _ => address.wrapping_add(random.choose(&[0, 0, 0, 1, 2, 4, 32, u32::MAX, 3u32.wrapping_neg()])),
    }
}
