//! The monitor commands on the wire.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crate::{
    harness::{CONTINUE, Client, STEP, Served, TRAP, at},
    scripted::Scripted,
};

#[test]
fn an_armed_seek_takes_the_place_of_any_resumption() {
    let (served, mut gdb) = at(Scripted::replay(), 10);
    for (packet, target) in [(STEP, 500), ("bs", 3), (CONTINUE, 777), ("bc", 1000)] {
        assert_eq!(gdb.monitor(&format!("arm-seek {target}")), "");
        gdb.ask("g"); // drops nothing
        assert_eq!(gdb.resume(packet), TRAP);
        assert!(gdb.console.starts_with(&format!("untick: at icount {target}, ")), "{}", gdb.console);
        assert_eq!(gdb.icount(), target);
    }
    gdb.monitor("arm-seek 5");
    gdb.monitor("arm-seek off");
    gdb.resume("bs");
    assert_eq!(gdb.icount(), 999);
    // A script steps after a mistyped number too.
    assert!(gdb.monitor("arm-seek 5oo").starts_with("\"5oo\" is no position"), "{}", gdb.console);
    gdb.resume(STEP);
    assert_eq!(gdb.icount(), 999);
    served.finish();
}

#[test]
fn the_monitor_tells_and_moves() {
    let (served, mut gdb) = at(Scripted::replay(), 375);
    assert_eq!(gdb.monitor("when"), "icount 375, cycle 750, 0.000750 s\n37.5 % of 1,000; in the recording\n");
    let seek = gdb.monitor("seek 50%");
    assert!(seek.starts_with("icount 500, cycle 1000, 0.001000 s\n"), "{seek}");
    assert!(seek.contains("maintenance flush register-cache"), "{seek}");
    assert_eq!(gdb.icount(), 500);
    gdb.monitor("seek -100");
    assert_eq!(gdb.icount(), 400);
    assert!(gdb.monitor("replay_seek 1e9").contains("the end of the recording"));
    gdb.monitor("reset halt");
    assert_eq!(gdb.icount(), 0);
    assert!(gdb.monitor("reset now").starts_with("usage: monitor reset"));
    assert!(gdb.monitor("halt").starts_with("icount 0,"));
    let info = gdb.monitor("info replay");
    assert!(
        info.contains("icount 0 to 1,000, now at 0") && info.contains("4,096 of 67,108,864 bytes"),
        "{info}"
    );
    let help = gdb.monitor("help");
    for name in
        ["when", "seek", "arm-seek", "info replay", "replay_break", "reset", "halt", "fault", "stepirq"]
    {
        assert!(help.contains(&format!("\n  {name} ")), "{name} in {help}");
    }
    for name in ["last-write", "last-output", "bookmark", "bookmarks", "goto"] {
        assert!(help.contains(&format!("\n  {name} ")), "{name} in {help}");
    }
    assert!(gdb.monitor("help when").starts_with("  when "));
    assert!(gdb.monitor("help last-irq").contains("\n  N is the number of the exception"));
    assert_eq!(gdb.monitor("flarp 1"), "no command \"flarp 1\"; `monitor help` lists them all\n");
    assert_eq!(gdb.monitor("seek"), gdb.monitor("seek "));
    served.finish();
}

#[test]
fn replay_break_stops_at_a_position_both_ways() {
    let (served, mut gdb) = at(Scripted::replay(), 0);
    gdb.monitor("replay_break 123");
    assert_eq!(gdb.monitor("replay_break 456"), "stops at icount: 123 456\n");
    for icount in [123, 456] {
        assert_eq!(gdb.resume(CONTINUE), TRAP);
        assert_eq!(gdb.icount(), icount);
    }
    assert_eq!(gdb.resume(CONTINUE), "T0bthread:p01.01;");
    for icount in [456, 123] {
        assert_eq!(gdb.resume("bc"), TRAP);
        assert_eq!(gdb.icount(), icount);
    }
    assert!(gdb.monitor("replay_delete_break 5").contains("set are: 123 456"));
    gdb.monitor("replay_delete_break 456");
    gdb.monitor("replay_delete_break");
    assert_eq!(gdb.resume(CONTINUE), "T0bthread:p01.01;");
    served.finish();

    // Live too, where nothing else would ever stop it.
    let (served, mut gdb) = at(Scripted::live(u64::MAX), 1000);
    gdb.monitor("replay_break 300_000");
    assert_eq!(gdb.resume(CONTINUE), TRAP);
    assert_eq!(gdb.icount(), 300_000);
    served.finish();
}

#[test]
fn answers_are_numbered_and_are_positions() {
    let (served, mut gdb) = at(Scripted::replay(), 375);
    assert!(gdb.monitor("seek @1").starts_with("there is no answer @1; last-write"), "{}", gdb.console);
    let first = gdb.monitor("last-exec 0x10a");
    assert_eq!(first, "@1  icount 365, 0x0000010a, Thread mode\n    about to execute\n");
    assert_eq!(gdb.icount(), 375, "a question does not move");
    assert!(
        gdb.monitor("last-ex 0x204").starts_with("@2  icount 302, 0x00000204, SysTick (15) over Thread mode")
    );
    gdb.monitor("seek @1");
    assert_eq!(gdb.icount(), 365);
    gdb.monitor("seek @2+1");
    assert_eq!(gdb.icount(), 303);
    gdb.monitor("arm-seek @1-5");
    gdb.resume(STEP);
    assert_eq!(gdb.icount(), 360);
    assert!(gdb.monitor("seek @3").starts_with("there is no answer @3; there are @1 to @2"));
    let never = gdb.monitor("last-exec 0x400");
    assert_eq!(never, "nothing executed 0x00000400 between reset and icount 360\n");
    assert!(gdb.monitor("info replay").contains("bookmarks: 0; answers: @1 to @2"), "{}", gdb.console);
    for (line, told) in [
        ("last-write", "usage: monitor last-write"),
        ("last-write 0x20000000 0", "usage: monitor last-write"),
        ("last-write nowhere", "\"nowhere\" is neither an address nor a symbol"),
        ("last-exec nowhere", "\"nowhere\" is neither an address nor a function"),
        ("last-irq nothing", "\"nothing\" is no exception"),
        ("last-irq", "nothing entered any exception"),
        ("last-irq 99", "nothing entered irq 83 (99)"),
        ("last-mmio 0x40000000 write", "nothing wrote 0x40000000 between"),
        ("last-output \"a\\n\"", "nothing printed \"a\\n\" between"),
        ("last-output", "usage: monitor last-output"),
    ] {
        assert!(gdb.monitor(line).starts_with(told), "{line}: {}", gdb.console);
    }
    served.finish();
}

#[test]
fn bookmarks_are_positions_too() {
    let (served, mut gdb) = at(Scripted::replay(), 375);
    assert_eq!(
        gdb.monitor("bookmark here"),
        "here is icount 375\nonly until this session ends: the script is read-only\n"
    );
    assert!(gdb.monitor("bookmark there 50%").starts_with("there is icount 500\n"));
    assert!(gdb.monitor("bookmark there end").starts_with("there is icount 1000 (was at 500)\n"));
    let list = "start      0  0x00000100\nhere     375  0x0000010a\nthere  1,000  0x00000100\nend    1,000  0x00000100\n";
    assert_eq!(gdb.monitor("bookmarks"), list);
    assert_eq!(gdb.icount(), 375);
    gdb.monitor("goto there");
    assert_eq!(gdb.icount(), 1000);
    gdb.monitor("seek here");
    assert_eq!(gdb.icount(), 375);
    assert!(gdb.monitor("goto the").contains("did you mean there?"), "{}", gdb.console);
    assert_eq!(gdb.monitor("bookmark -d there"), "removed there\n");
    assert_eq!(gdb.monitor("delete-bookmark here"), "removed here\n");
    assert!(gdb.monitor("goto here").starts_with("\"here\" is no position: "), "{}", gdb.console);
    for (line, told) in [
        ("bookmark", "usage: monitor bookmark"),
        ("bookmark 5", "\"5\" cannot name a bookmark"),
        ("bookmark end", "end is always the end of the run"),
        ("bookmark far 2000", "icount 2000 is past the end of the run, 1000"),
        ("bookmark -d x", "no bookmark \"x\""),
        ("book x", "\"book\" can be bookmark, bookmarks"),
    ] {
        assert!(gdb.monitor(line).starts_with(told), "{line}: {}", gdb.console);
    }
    served.finish();
}

/// A machine that searches for ever, and a client whose question is under way. The flag ends the search.
fn searching(line: &str) -> (Served, Client, Arc<AtomicBool>) {
    let mut scripted = Scripted::replay();
    scripted.endless_past = true;
    let enough = scripted.enough.clone();
    let (served, mut gdb) = at(scripted, 400);
    gdb.tell_monitor(line);
    served.wait_until_running();
    (served, gdb, enough)
}

/// gdb asks again while it waits, as often as this, but sooner than gdb does.
fn ask_again(gdb: &mut Client, times: u32) {
    for _ in 0..times {
        std::thread::sleep(Duration::from_millis(100));
        gdb.raw(b"-");
    }
}

#[test]
fn whoever_asks_again_gets_the_answer() {
    for times in [1, 2, 4] {
        let (served, mut gdb, enough) = searching("last-exec 0x10a");
        ask_again(&mut gdb, times);
        enough.store(true, Ordering::SeqCst);
        assert!(gdb.told_by_monitor().starts_with("@1  icount 395"), "{}", gdb.console);
        served.finish();
    }
    // Behind every third time gdb may have given up: its next question is waited for.
    let (served, mut gdb, enough) = searching("last-exec 0x10a");
    ask_again(&mut gdb, 3);
    enough.store(true, Ordering::SeqCst);
    ask_again(&mut gdb, 1);
    assert!(gdb.told_by_monitor().starts_with("@1  icount 395"), "{}", gdb.console);
    served.finish();
}

#[test]
fn whoever_does_not_ask_again_gets_no_answer() {
    let (served, mut gdb, enough) = searching("last-exec 0x10a");
    ask_again(&mut gdb, 3);
    enough.store(true, Ordering::SeqCst);
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(gdb.ask("p0"), "90010000");
    served.finish();
    // Nor does the search go on for nobody.
    let (served, mut gdb, _) = searching("last-exec 0x10a");
    ask_again(&mut gdb, 3);
    while served.running.load(Ordering::SeqCst) {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(gdb.ask("p0"), "90010000");
    served.finish();
}

#[test]
fn ctrl_c_ends_a_question() {
    let (served, mut gdb, _) = searching("last-exec 0x10a");
    gdb.raw(b"\x03");
    let told = gdb.told_by_monitor();
    assert!(told.starts_with("interrupted: from icount 200 to 400 nothing executed 0x0000010a"), "{told}");
    assert_eq!(gdb.icount(), 400);
    served.finish();
}

#[test]
fn a_question_that_gdb_has_given_up_has_no_answer() {
    let (served, mut gdb, _) = searching("last-exec 0x10a");
    // gdb does not say that it has given up: it goes on with something else.
    assert_eq!(gdb.ask("p0"), "90010000");
    assert_eq!(gdb.ask("qRcmd,68616c7"), gdb.ask("qRcmd,68616c7"));
    assert!(gdb.monitor("when").starts_with("icount 400,"));
    served.finish();
}

#[test]
fn the_end_of_the_connection_ends_a_question() {
    let (served, gdb, _) = searching("last-exec 0x10a");
    drop(gdb);
    served.finish();
}
