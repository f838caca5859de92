//! The figures of the README, measured: `cargo bench`, or `./dev bench` for the table alone.
//!
//! Speeds are compared by turns: a round measures each of them once, in processor time, and the best round counts. So
//! the ratios hold on a busy machine too; the absolute numbers are those of the machine. What a user waits for is
//! measured on the wall.

mod clock;
mod cost;
mod depth;
mod dispatch;
mod figure;
mod fixture;
mod gdb;
mod long;
mod opening;
mod process;
mod qemu;
mod raw;
mod speed;
mod travel;

use self::{
    depth::{Billion, Memory},
    figure::Figure,
};

/// What the groups share: recordings of a billion instructions.
struct Bench {
    ordinary: Billion,
    noise: Billion,
}

/// Figures that are measured together.
struct Group {
    name: &'static str,
    measure: fn(&Bench) -> Vec<Figure>,
    /// Whether it takes minutes, and is measured only when it is named.
    is_long: bool,
}

const fn group(name: &'static str, measure: fn(&Bench) -> Vec<Figure>) -> Group {
    Group { name, measure, is_long: false }
}

const GROUPS: &[Group] = &[
    group("speed", speed::cpu_bound),
    group("busy", speed::busy),
    group("dispatch", dispatch::dispatch),
    group("qemu", qemu::beside_qemu),
    group("steps", travel::steps),
    group("travel", travel::travel),
    group("gdb", gdb::seen_by_gdb),
    group("checkpoint", cost::checkpoints),
    group("memory", cost::memory),
    group("growth", cost::growth),
    group("open", opening::opening),
    Group { name: "long", measure: long::long, is_long: true },
];

fn main() {
    // Cargo says `--bench`; what else it is given names the groups to measure.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let is_wanted = |group: &&Group| match wanted.is_empty() {
        true => !group.is_long,
        false => wanted.iter().any(|name| name == group.name),
    };
    let unknown = wanted.iter().find(|name| GROUPS.iter().all(|group| group.name != **name));
    if let Some(unknown) = unknown {
        let names: Vec<&str> = GROUPS.iter().map(|group| group.name).collect();
        panic!("there is no group {unknown}; there are {}", names.join(", "));
    }
    Figure::print_head();
    let bench = Bench { ordinary: Billion::of(Memory::Ordinary), noise: Billion::of(Memory::Noise) };
    for group in GROUPS.iter().filter(is_wanted) {
        (group.measure)(&bench).iter().for_each(Figure::print);
    }
}
