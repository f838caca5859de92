//! The scripted machine under gdb-multiarch itself.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use untick::timeline::Outcome;

use crate::{
    harness::Served,
    scripted::{FAULT, HANDLER, Scripted},
};

fn command(served: &Served, commands: &[&str]) -> Command {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/src/debug/untick.gdb");
    let mut gdb = Command::new("gdb-multiarch");
    gdb.args(["-nx", "-batch"]);
    gdb.args(untick::debug::client::arguments(served.address, None, Some(script.as_ref())));
    for command in commands {
        gdb.args(["-ex", command]);
    }
    gdb.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    gdb
}

/// Waits for gdb and returns all that it printed.
fn output(mut gdb: std::process::Child) -> String {
    let start = Instant::now();
    while gdb.try_wait().unwrap().is_none() {
        if start.elapsed() > Duration::from_secs(60) {
            gdb.kill().unwrap();
            panic!("gdb hangs: {}", collect(gdb));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    collect(gdb)
}

fn collect(gdb: std::process::Child) -> String {
    let output = gdb.wait_with_output().unwrap();
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A whole session; returns what gdb printed, and the machine.
fn session(scripted: Scripted, commands: &[&str]) -> (String, Scripted) {
    let served = Served::new(scripted);
    let gdb = command(&served, commands).spawn().expect("gdb-multiarch is installed (./dev test does it)");
    let text = output(gdb);
    let (scripted, log) = served.finish();
    // The one warning is about the missing ELF file.
    let warnings =
        text.matches("warning").count() - text.matches("warning: No executable has been specified").count();
    assert!(!text.contains("closed") && warnings == 0, "{text}\n{log:#?}");
    (text, scripted)
}

/// The lines that `printf "=…"` printed.
fn marked(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.strip_prefix('=')).filter(|rest| !rest.starts_with('>')).collect()
}

const WHERE: &str = r#"printf "=%d %#x\n", $r0, $pc"#;

#[test]
fn steps_and_breakpoints_in_both_directions() {
    let (text, _) = session(
        Scripted::replay().at(20),
        &[
            WHERE,
            "stepi",
            WHERE,
            "reverse-stepi",
            "reverse-stepi",
            WHERE,
            "break *0x10a",
            "continue",
            WHERE,
            "continue",
            WHERE,
            "reverse-continue",
            WHERE,
            "reverse-stepi",
            "stepi",
            WHERE,
            "delete",
            "reverse-continue",
            WHERE,
            "reverse-stepi",
            WHERE,
        ],
    );
    let places = [
        "20 0x100", "21 0x102", "19 0x112", "25 0x10a", "35 0x10a", "25 0x10a", "25 0x10a", "0 0x100",
        "0 0x100",
    ];
    assert_eq!(marked(&text), places, "{text}");
    assert_eq!(text.matches("Breakpoint 1, ").count(), 4, "{text}");
    assert_eq!(text.matches("No more reverse-execution history").count(), 2, "{text}");
}

#[test]
fn watchpoints_show_old_and_new_value_at_the_store_in_both_directions() {
    let (text, _) = session(
        Scripted::replay().at(180),
        &[
            "watch *(int*)0x20000000",
            "reverse-continue",
            WHERE,
            "reverse-continue",
            WHERE,
            "continue",
            WHERE,
            "continue",
            WHERE,
        ],
    );
    // Backward gdb stops at the store, forward behind it.
    assert_eq!(marked(&text), ["150 0x100", "50 0x100", "51 0x102", "151 0x102"], "{text}");
    let values: Vec<&str> = text.lines().filter(|line| line.contains("value = ")).collect();
    let expected = [
        "Old value = 2",
        "New value = 1",
        "Old value = 1",
        "New value = 0",
        "Old value = 0",
        "New value = 1",
        "Old value = 1",
        "New value = 2",
    ];
    assert_eq!(values, expected, "{text}");
}

#[test]
fn read_and_access_watchpoints_stop_too() {
    let (text, _) = session(
        Scripted::replay().at(65),
        &[
            "rwatch *(int*)0x20000000",
            "continue",
            WHERE,
            "delete",
            "awatch *(int*)0x20000000",
            "reverse-continue",
            WHERE,
            "reverse-continue",
            WHERE,
        ],
    );
    assert_eq!(marked(&text), ["71 0x102", "70 0x100", "60 0x100"], "{text}");
}

#[test]
fn registers_and_memory_are_all_there() {
    let (text, _) = session(
        Scripted::replay().at(5),
        &[
            "info registers",
            "p $d0",
            "p $s1",
            "p/x $basepri",
            "info mem",
            "x/2i $pc",
            "x/xw 0x40000000",
            "x/xw 0x50000000",
        ],
    );
    for name in ["r12", "sp", "lr", "pc", "xpsr", "msp", "psp", "primask", "basepri", "faultmask", "control"]
    {
        assert!(text.lines().any(|line| line.split_whitespace().next() == Some(name)), "{name} in {text}");
    }
    for part in [
        "$1 = 1",
        "$2 = 1.875",
        "$3 = 0x40",
        "flash",
        "=> 0x10a:\tnop",
        "0xaaaaaaaa",
        "Cannot access memory at address 0x50000000",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn seek_moves_gdb_and_forgets_nothing_that_it_should_know() {
    let (text, _) = session(
        Scripted::replay().at(5),
        &[
            "break *0x10a",
            "seek 50%",
            WHERE,
            "seek 25",
            WHERE,
            "continue",
            WHERE,
            "seek nonsense",
            WHERE,
            "seek",
            "when",
            "monitor seek 700",
            "maintenance flush register-cache",
            WHERE,
        ],
    );
    assert_eq!(marked(&text), ["500 0x100", "25 0x10a", "35 0x10a", "35 0x10a", "700 0x100"], "{text}");
    assert!(text.contains("icount 35, cycle 70, 0.000070 s"), "{text}");
    assert!(text.contains("usage: seek N"), "{text}");
    assert!(text.contains("\"nonsense\" is no position"), "{text}");
}

#[test]
fn run_starts_again_and_kill_leaves_the_session_open() {
    let (text, scripted) = session(
        Scripted::replay().at(950),
        &["set confirm off", "break *0x10a", "run", WHERE, "kill", "delete", "run", WHERE],
    );
    // `run` is a start at reset and a continue: to the breakpoint, then to the fault.
    assert_eq!(marked(&text), ["5 0x10a", "900 0x300"], "{text}");
    assert_eq!(scripted.icount(), FAULT);
}

#[test]
fn a_reconnect_finds_the_position() {
    let served = Served::new(Scripted::replay().at(500));
    let first = output(command(&served, &["reverse-stepi", "disconnect"]).spawn().unwrap());
    let second = output(command(&served, &[WHERE, "stepi"]).spawn().unwrap());
    assert_eq!(marked(&second), ["499 0x112"], "{first}{second}");
    assert_eq!(served.finish().0.icount(), 500);
}

#[test]
fn a_live_run_stops_at_its_fault_goes_back_and_into_the_present_again() {
    let (text, _) = session(
        Scripted::live(950).ending(Outcome::FaultLoop(0x300)),
        &[
            "continue",
            WHERE,
            "reverse-stepi",
            WHERE,
            "continue",
            WHERE,
            "continue",
            WHERE,
            "set $r5 = 7",
            "p $r5",
            "reverse-stepi",
            "set $r5 = 8",
        ],
    );
    assert_eq!(marked(&text), ["900 0x300", "899 0x112", "900 0x300", "950 0x304"], "{text}");
    assert_eq!(text.matches("received signal SIGSEGV").count(), 3, "{text}");
    assert!(text.contains("untick: HardFault; `monitor fault` explains it"), "{text}");
    assert!(text.contains("untick: the firmware loops in a fault handler at 0x00000300"), "{text}");
    assert!(text.contains("$1 = 7") && text.contains("Could not write register \"r5\""), "{text}");
}

#[test]
fn an_exit_leaves_the_session_open() {
    let (text, _) =
        session(Scripted::live(200), &["continue", "stepi", "nexti", WHERE, "reverse-stepi", WHERE]);
    assert!(text.contains("untick: the firmware ended itself with exit code 7"), "{text}");
    assert_eq!(marked(&text), ["200 0x100", "199 0x112"], "{text}");
}

#[test]
fn steps_skip_handlers_and_can_enter_them() {
    let before = format!("monitor arm-seek {}", HANDLER.start - 1);
    let (text, _) = session(
        Scripted::replay(),
        &[&before, "stepi", "stepi", WHERE, "reverse-stepi", WHERE, "monitor stepirq into", "stepi", WHERE],
    );
    assert_eq!(marked(&text), ["320 0x100", "299 0x112", "300 0x200"], "{text}");
}

#[test]
fn schedule_multiple_does_not_end_the_session() {
    let (text, _) = session(
        Scripted::replay().at(20),
        &[
            "set schedule-multiple on",
            "reverse-stepi",
            WHERE,
            "reverse-continue",
            WHERE,
            "stepi",
            WHERE,
            "info threads",
        ],
    );
    assert_eq!(marked(&text), ["19 0x112", "0 0x100", "1 0x102"], "{text}");
}

#[test]
fn ctrl_c_in_gdb_stops_a_run() {
    let served = Served::new(Scripted::live(u64::MAX).at(1000));
    let gdb = command(&served, &["continue", "printf \"=stopped\\n\"", "reverse-stepi"]).spawn().unwrap();
    served.wait_until_running();
    std::thread::sleep(Duration::from_millis(100));
    Command::new("kill").args(["-INT", &gdb.id().to_string()]).status().unwrap();
    let text = output(gdb);
    assert!(text.contains("received signal SIGINT"), "{text}");
    served.finish();
}

/// gdb passes Ctrl-C on only while the machine runs: that it has given up a question, the server learns by the next packet.
#[test]
fn a_question_that_gdb_gives_up_leaves_the_session_in_step() {
    let mut scripted = Scripted::replay().at(400);
    scripted.endless_past = true;
    let served = Served::new(scripted);
    let asked = "monitor last-exec 0x10a";
    let commands = ["set remotetimeout 1", asked, "p 1", WHERE, "monitor when", "stepi", WHERE];
    let gdb = command(&served, &commands).spawn().unwrap();
    served.wait_until_running();
    std::thread::sleep(Duration::from_millis(100));
    Command::new("kill").args(["-INT", &gdb.id().to_string()]).status().unwrap();
    let text = output(gdb);
    let (_, log) = served.finish();
    assert!(!text.contains("closed"), "{text}\n{log:#?}");
    assert!(text.contains("Quit") && !text.contains("about to execute"), "{text}");
    assert_eq!(marked(&text), ["400 0x100", "401 0x102"], "{text}");
    assert!(text.contains("icount 400, cycle 800"), "{text}");
}

#[test]
fn a_core_without_fpu_has_the_other_registers() {
    let scripted = Scripted::replay().with_core(untick::core::CoreKind::CortexM3).at(5);
    let (text, _) = session(scripted, &["p/x $msp", "p $d0", "x/i $pc", "reverse-stepi", WHERE]);
    assert_eq!(marked(&text), ["4 0x108"], "{text}");
    assert!(text.contains("$1 = 0x20001000\n$2 = void\n=> 0x10a:\tnop"), "{text}");
}
