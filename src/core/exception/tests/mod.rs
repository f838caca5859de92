//! The exception model against the manuals: tables of what is given, what happens, and what must be so afterwards.
//!
//! Every row is read off the pseudocode or the text it cites: DDI 0403 (Armv7-M) where only a section is given, else "v6"
//! for DDI 0419 and "v8" for DDI 0553.
//!
//! The machine of every row: vectors at 0, flash up to 0x10000, a second table in a KiB at 0x1000_0000 that ends before
//! exception 32, RAM of 16 KiB at 0x2000_0000; MSP 0x2000_1000, PSP 0x2000_2000; all interrupts enabled, at priority 0 as
//! everything else; R0 to R12 are 0x100 to 0x10c, S0 to S31 0x500 to 0x51f. What a row does not mention must be as before:
//! IPSR, CFSR and HFSR are always looked at.

mod chaining;
mod debug;
mod derived;
mod entry;
mod exit;
mod faults;
mod fp;
mod integrity;
mod lazy;
mod limits;
mod lockup;
mod machine;
mod masks;
mod preemption;
mod row;
mod sleep;

use machine::{Machine, compare};
use row::{Do, Is, On, Row, Set};

use super::*;

const TABLES: [(&str, &[Row]); 14] = [
    ("entry", entry::ROWS),
    ("preemption", preemption::ROWS),
    ("masks", masks::ROWS),
    ("exit", exit::ROWS),
    ("integrity", integrity::ROWS),
    ("faults", faults::ROWS),
    ("debug", debug::ROWS),
    ("derived", derived::ROWS),
    ("fp", fp::ROWS),
    ("lazy", lazy::ROWS),
    ("limits", limits::ROWS),
    ("lockup", lockup::ROWS),
    ("chaining", chaining::ROWS),
    ("sleep", sleep::ROWS),
];

/// What is wrong with a row.
fn run(row: &Row) -> Vec<String> {
    let Row(on, cite, name, given, done, expected) = row;
    let mut machine = Machine::new(*on);
    given.iter().for_each(|set| machine.set(*set));
    machine.state.event = false;
    let before = machine.state.registers.clone();
    done.iter().for_each(|action| machine.perform(*action));
    let has = |other: &dyn Fn(&Is) -> bool| expected.iter().any(other);
    let mut all = expected.to_vec();
    if !has(&|is| matches!(is, Is::In(_) | Is::Lockup)) {
        all.push(Is::In(before.ipsr() as u16));
    }
    if !has(&|is| matches!(is, Is::Cfsr(_))) {
        all.push(Is::Cfsr(0));
    }
    if !has(&|is| matches!(is, Is::Hfsr(_))) {
        all.push(Is::Hfsr(0));
    }
    let mut wrong: Vec<String> = all.iter().filter_map(|is| compare(*is, &machine, &before).err()).collect();
    let locked = machine.state.activity == Activity::LockedUp;
    if locked && !has(&|is| matches!(is, Is::Lockup)) {
        wrong.push("lockup".to_owned());
    }
    wrong.iter().map(|what| format!("{on:?}, {name} ({cite}): {what}")).collect()
}

#[test]
fn every_row_is_as_the_manual_says() {
    let wrong: Vec<String> = TABLES
        .iter()
        .flat_map(|(table, rows)| rows.iter().map(move |row| (table, row)))
        .fold(Vec::new(), |mut all, (table, row)| {
            all.extend(run(row).into_iter().map(|what| format!("{table}: {what}")));
            all
        });
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn there_are_enough_rows_and_none_twice() {
    let rows: Vec<&Row> = TABLES.iter().flat_map(|(_, rows)| rows.iter()).collect();
    assert!(rows.len() >= 150, "{} rows", rows.len());
    let mut seen = std::collections::BTreeSet::new();
    for Row(on, cite, name, given, done, _) in rows {
        assert!(!cite.is_empty(), "{name} cites nothing");
        assert!(seen.insert(format!("{on:?} {given:?} {done:?}")), "{name} is there twice");
        assert!(!done.is_empty(), "{name} does nothing");
    }
    for architecture in ["M0", "M3", "M33"] {
        assert!(seen.iter().filter(|text| text.starts_with(architecture)).count() >= 15, "{architecture}");
    }
}

#[test]
fn an_entry_is_one_icount_and_a_return_none() {
    let mut machine = Machine::new(On::M4F);
    machine.set(Set::Pending(16));
    let count = |machine: &Machine| machine.state.icount;
    machine.perform(Do::Look);
    assert_eq!((count(&machine), machine.state.boundary), (1, true));
    machine.perform(Do::Return(0xffff_fff9));
    assert_eq!((count(&machine), machine.state.boundary), (1, true));
    machine.perform(Do::Look);
    assert_eq!(count(&machine), 1, "nothing to take");
    machine.perform(Do::Usage(1 << 16));
    assert_eq!(count(&machine), 2, "HardFault");
    machine.perform(Do::Svc);
    assert_eq!(count(&machine), 2, "SVC has retired, and locks up");
}
