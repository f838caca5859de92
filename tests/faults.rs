//! Every fault cause on every core that has it: which exception comes, what CFSR, HFSR, MMFAR and BFAR say, the
//! EXC_RETURN and the stacked PC. The firmware is `tests/firmware/fault-cases.c`, one fault a run.

#![expect(clippy::unwrap_used, reason = "in helpers of tests, too, a panic is a failed test")]

mod common;

use std::thread;

use common::Fixture;
use untick::{
    core::Architecture::{self, V6M, V7M, V8M},
    timeline::Outcome,
};

/// What a core must say of a case.
#[derive(Clone, Copy)]
enum Says {
    /// As printed on Armv7-M and Armv8-M, the handler of the fault enabled. Disabled, the same comes as HardFault, with
    /// HFSR.FORCED (Armv7-M ARM B1.5.8). Armv6-M has HardFault alone and none of these registers.
    Fault(&'static str),
    /// As printed, HardFault in any case.
    HardFault(&'static str),
    /// The core locks up (B1.5.15).
    Lockup,
}

/// A case: its name, the first architecture that has it, what it must give. Sections are of the Armv7-M ARM, DDI 0403E.
const CASES: &[(&str, Architecture, Says)] = {
    use Says::*;
    &[
        // Bus faults (B1.5.14, table B1-8): PRECISERR with BFAR, IBUSERR without.
        ("bad_read", V6M, Fault("exception 5 cfsr 00008200 bfar 70000014 lr fffffff9 pc ok")),
        ("bad_write", V6M, Fault("exception 5 cfsr 00008200 bfar 70000024 lr fffffff9 pc ok")),
        ("bad_fetch", V6M, Fault("exception 5 cfsr 00000100 lr fffffff9 pc ok")),
        ("unprivileged_scs", V7M, Fault("exception 5 cfsr 00008200 bfar e000ed00 lr fffffff9 pc ok")),
        // EPSR.T is clear: INVSTATE at the target (A4.1.1).
        ("null_call", V6M, Fault("exception 6 cfsr 00020000 lr fffffff9 pc ok")),
        ("arm_state", V6M, Fault("exception 6 cfsr 00020000 lr fffffff9 pc ok")),
        // Devices are execute-never (B3.1): IACCVIOL without MMFAR.
        ("device_fetch", V6M, Fault("exception 4 cfsr 00000001 lr fffffff9 pc ok")),
        ("undefined", V6M, Fault("exception 6 cfsr 00010000 lr fffffff9 pc ok")),
        ("no_coprocessor", V6M, Fault("exception 6 cfsr 00080000 lr fffffff9 pc ok")),
        // With UNALIGN_TRP; Armv6-M faults always (DDI 0419 A3.2.1).
        ("unaligned_word", V6M, Fault("exception 6 cfsr 01000000 lr fffffff9 pc ok")),
        ("unaligned_half", V6M, Fault("exception 6 cfsr 01000000 lr fffffff9 pc ok")),
        ("unaligned_ldm", V6M, Fault("exception 6 cfsr 01000000 lr fffffff9 pc ok")),
        ("unaligned_stm", V6M, Fault("exception 6 cfsr 01000000 lr fffffff9 pc ok")),
        ("unaligned_ldrd", V7M, Fault("exception 6 cfsr 01000000 lr fffffff9 pc ok")),
        ("unaligned_ldrex", V7M, Fault("exception 6 cfsr 01000000 lr fffffff9 pc ok")),
        ("divide_by_zero", V7M, Fault("exception 6 cfsr 02000000 lr fffffff9 pc ok")),
        ("unsigned_divide_by_zero", V7M, Fault("exception 6 cfsr 02000000 lr fffffff9 pc ok")),
        // The MPU (B3.5): DACCVIOL with MMFAR, IACCVIOL without.
        ("forbidden_read", V7M, Fault("exception 4 cfsr 00000082 mmfar +0000000c lr fffffff9 pc ok")),
        ("forbidden_write", V7M, Fault("exception 4 cfsr 00000082 mmfar +00000010 lr fffffff9 pc ok")),
        ("forbidden_fetch", V7M, Fault("exception 4 cfsr 00000001 lr fffffff9 pc ok")),
        // STKERR, MSTKERR, UNSTKERR, MUNSTKERR: derived exceptions (B1.5.10). SVC has a lower priority and waits.
        ("stacking_nowhere", V6M, Fault("exception 5 cfsr 00001000 lr fffffffd")),
        ("stacking_forbidden", V7M, Fault("exception 4 cfsr 00000010 lr fffffffd")),
        ("unstacking_nowhere", V7M, Fault("exception 5 cfsr 00000800 lr fffffffd")),
        ("unstacking_forbidden", V7M, Fault("exception 4 cfsr 00000008 lr fffffffd")),
        // INVPC: LR has the EXC_RETURN that was refused (B1.5.8).
        ("bad_exc_return", V7M, Fault("exception 6 cfsr 00040000 lr fffffff1 pc ok")),
        // VECTTBL (B3.2.16), and SVC that cannot preempt (B1.5.9).
        ("no_vector", V7M, HardFault("exception 3 cfsr 00000000 hfsr 00000002 lr fffffff9")),
        ("masked_svc", V6M, HardFault("exception 3 cfsr 00000000 hfsr 40000000 lr fffffff9")),
        // DEBUGEVT: a BKPT while halting debug is off (C1.6.3).
        ("breakpoint", V6M, HardFault("exception 3 cfsr 00000000 hfsr 80000000 lr fffffff9 pc ok")),
        ("lockup", V6M, Lockup),
        // STKOF (Armv8-M ARM B3.21).
        ("stack_limit", V8M, Fault("exception 6 cfsr 00100000 lr fffffff9")),
    ]
};

/// What the core does not give yet. A row that works must go from here.
const NOT_YET: &[(&str, Architecture)] = &[
    // A fetch from a KiB of which an MPU region forbids a part.
    ("forbidden_fetch", V7M),
    ("forbidden_fetch", V8M),
];

/// The line that the firmware prints.
fn line(expected: &str, architecture: Architecture, escalated: bool) -> String {
    let words: Vec<&str> = expected.split(' ').collect();
    let mut parts: Vec<(&str, String)> = words.chunks(2).map(|pair| (pair[0], pair[1].to_owned())).collect();
    if !parts.iter().any(|(name, _)| *name == "hfsr") {
        let hfsr = if escalated { "40000000" } else { "00000000" };
        parts.insert(2, ("hfsr", hfsr.to_owned()));
    }
    if escalated || architecture == V6M {
        parts[0].1 = "3".to_owned();
    }
    parts[0].1 = format!("{:0>8}", parts[0].1);
    if architecture == V6M {
        parts.retain(|(name, _)| matches!(*name, "exception" | "lr" | "pc"));
    }
    parts.iter().map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join(" ") + "\n"
}

/// What a case gives, as text.
fn run(fixture: &Fixture, arguments: String) -> String {
    let mut fixture = fixture.clone();
    fixture.args = arguments;
    let (mut timeline, printed) = fixture.live();
    match timeline.run(&fixture.limits(), &mut || false).unwrap() {
        Outcome::Exit(_) => printed.text(),
        outcome => format!("{}{outcome:?}", printed.text()),
    }
}

/// What a core gives of a case in one mode, if that is not what it should, or if it is though NOT_YET names it.
fn problem(fixture: &Fixture, case: &str, says: Says, escalated: bool) -> Option<String> {
    let architecture = fixture.config().core.architecture();
    let suffix = if escalated { " escalated" } else { "" };
    let found = run(fixture, format!("{case}{suffix}"));
    let expected = match says {
        Says::Fault(text) => line(text, architecture, escalated),
        Says::HardFault(text) => line(text, architecture, false),
        Says::Lockup => "Lockup".to_owned(),
    };
    let right = match says {
        Says::Fault(_) | Says::HardFault(_) => found == expected,
        Says::Lockup => found.starts_with(&expected),
    };
    let is_known = NOT_YET.contains(&(case, architecture));
    let board = &fixture.board;
    match (right, is_known) {
        (true, true) => Some(format!("{case}{suffix} on {board} works: take it from NOT_YET")),
        (false, false) => Some(format!("{case}{suffix} on {board}: expected {expected:?}, found {found:?}")),
        _ => None,
    }
}

/// All cases of one core: how many there are, and the problems.
fn check(fixture: &Fixture) -> (usize, Vec<String>) {
    let architecture = fixture.config().core.architecture();
    let modes = if architecture == V6M { &[false][..] } else { &[false, true] };
    let cases = CASES.iter().filter(|(_, since, _)| *since <= architecture);
    let runs: Vec<_> = cases
        .flat_map(|&(case, _, says)| modes.iter().map(move |&escalated| (case, says, escalated)))
        .collect();
    let problems = runs.iter().filter_map(|&(case, says, escalated)| problem(fixture, case, says, escalated));
    (runs.len(), problems.collect())
}

#[test]
fn every_cause_gives_what_the_manual_says_on_every_core() {
    let fixtures: Vec<Fixture> =
        Fixture::all().into_iter().filter(|fixture| fixture.name.starts_with("fault-cases")).collect();
    let results: Vec<(usize, Vec<String>)> = thread::scope(|scope| {
        let threads: Vec<_> = fixtures.iter().map(|fixture| scope.spawn(|| check(fixture))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let runs: usize = results.iter().map(|(runs, _)| runs).sum();
    let problems: Vec<String> = results.into_iter().flat_map(|(_, problems)| problems).collect();
    assert!(runs > 200, "{runs} runs");
    assert!(problems.is_empty(), "{} of {runs} runs:\n{}", problems.len(), problems.join("\n"));
}
