//! The figures of the README, measured: `cargo bench`, or `./dev bench` for the table alone.
//!
//! Speeds are compared by turns: a round measures each of them once, in processor time, and the best round counts. So
//! the ratios hold on a busy machine too; the absolute numbers are those of the machine.

mod clock;
mod fixture;
mod raw;
mod speed;
mod travel;

/// A row of the table.
struct Figure {
    name: String,
    value: String,
}

impl Figure {
    fn new(name: impl Into<String>, value: impl Into<String>) -> Figure {
        Figure { name: name.into(), value: value.into() }
    }
}

/// Figures that are measured together.
type Group = fn() -> Vec<Figure>;

fn main() {
    // Cargo says `--bench`; what else it is given names the groups to measure.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let groups: [(&str, Group); 5] = [
        ("speed", speed::cpu_bound),
        ("mmio", speed::mmio_bound),
        ("checkpoint", speed::checkpoints),
        ("open", speed::opening),
        ("travel", travel::travel),
    ];
    println!("| figure | value |\n|---|---|");
    for (name, measure) in groups {
        if wanted.is_empty() || wanted.iter().any(|word| word == name) {
            for figure in measure() {
                println!("| {} | {} |", figure.name, figure.value);
            }
        }
    }
}
