//! The fixture firmware, as far as QEMU models its board.

use serde::Deserialize;
use untick::core::{Core, RegionKind};

use super::{common::Fixture, follow::follow, known::Known, machine::Qemu, report::Report};

/// Instructions of a fixture that are compared: what comes later does the same again.
const MOST: usize = 600_000;

/// What `fixtures.toml` says about QEMU.
#[derive(Deserialize)]
struct Row {
    name: String,
    qemu: String,
}

fn rows() -> Vec<Row> {
    #[derive(Deserialize)]
    struct Table {
        fixture: Vec<Row>,
    }
    let text = include_str!("../firmware/fixtures.toml");
    toml::from_str::<Table>(text).unwrap().fixture
}

/// Runs a fixture on one of QEMU's machines and on our board of that name, or on that of its row.
fn compare(row: &Row, machine: &str) -> Report {
    let on_machine = format!("{} on {machine}", row.name);
    let all = Fixture::all();
    let fixture = all.iter().find(|fixture| fixture.name == on_machine);
    let fixture = fixture.cloned().unwrap_or_else(|| Fixture::find(&row.name));
    let config = fixture.config();
    let mut core = Core::new(&config).unwrap();
    // Erased flash is all ones, but QEMU's is all zeros.
    for region in config.regions.iter().filter(|region| region.kind == RegionKind::Flash) {
        core.memory_mut().write(region.base, &vec![0; region.size as usize]).unwrap();
    }
    for segment in &fixture.image().segments {
        core.memory_mut().write(segment.address, &segment.bytes).unwrap();
    }
    core.reset();
    // The STM32's console is USART2, QEMU's second serial port there.
    let console = usize::from(machine == "netduinoplus2");
    let mut qemu = Qemu::start(machine, &fixture.elf(), &fixture.args, console, &fixture.input);
    let report = follow(&mut core, qemu.by_ref(), MOST, &Known::of(&row.name), |_, _| {});
    assert!(report.instructions > 100, "{}: QEMU says {:?}", row.name, qemu.remarks());
    report
}

#[test]
#[ignore = "needs qemu-system-arm; ./dev compare-qemu runs it"]
fn fixtures_agree() {
    let only = std::env::var("FIXTURE").ok();
    let mut sum = Report::default();
    for row in rows().iter().filter(|row| !row.qemu.is_empty()) {
        if only.as_ref().is_some_and(|only| *only != row.name) {
            continue;
        }
        for machine in row.qemu.split_whitespace() {
            let report = compare(row, machine);
            report.print(&format!("{} on {machine}", row.name));
            sum.join(report);
        }
    }
    println!("fixtures: {} instructions followed", sum.instructions);
    assert!(sum.is_good(), "differences are listed above");
}
