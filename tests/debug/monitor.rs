//! The monitor commands on the wire.

use crate::{
    harness::{CONTINUE, STEP, TRAP, at},
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
    assert!(gdb.monitor("help when").starts_with("  when "));
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
