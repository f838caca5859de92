//! Breakpoints, watchpoints, steps and edges: the rules that make gdb behave, each on the wire.

use std::time::Duration;

use untick::timeline::Outcome;

use crate::{
    harness::{CONTINUE, STEP, TRAP, at},
    scripted::{COUNTER, FAULT, HANDLER, Scripted},
};

#[test]
fn steps_go_both_ways_and_are_reported_with_the_thread_and_the_core_registers() {
    let (served, mut gdb) = at(Scripted::replay(), 10);
    assert_eq!(gdb.resume(STEP), TRAP);
    assert_eq!(gdb.icount(), 11);
    let answer = gdb.ask("bs");
    assert!(answer.starts_with("T05thread:p01.01;00:0a000000;"), "{answer}");
    assert!(answer.contains(";0f:00010000;19:00000001;"), "pc and xpsr: {answer}");
    served.finish();
}

#[test]
fn a_breakpoint_at_the_pc_stops_forward_travel_at_once_and_not_backward_travel() {
    let (served, mut gdb) = at(Scripted::replay(), 25);
    let address = format!("{:x}", Scripted::pc(25));
    assert_eq!(gdb.ask(&format!("Z1,{address},2")), "OK");
    assert_eq!(gdb.resume(CONTINUE), "T05thread:p01.01;hwbreak:;");
    assert_eq!(gdb.icount(), 25);
    assert_eq!(gdb.resume("bc"), "T05thread:p01.01;hwbreak:;");
    assert_eq!(gdb.icount(), 15);
    assert_eq!(gdb.resume(STEP), TRAP);
    assert_eq!(gdb.resume(CONTINUE), "T05thread:p01.01;hwbreak:;");
    assert_eq!(gdb.icount(), 25);
    served.finish();
}

#[test]
fn a_step_onto_a_breakpoint_is_a_plain_stop() {
    let (served, mut gdb) = at(Scripted::replay(), 24);
    assert_eq!(gdb.ask(&format!("Z0,{:x},2", Scripted::pc(25))), "OK");
    assert_eq!(gdb.resume(STEP), TRAP);
    gdb.resume(STEP);
    assert_eq!(gdb.resume("bs"), TRAP);
    served.finish();
}

#[test]
fn both_kinds_of_breakpoint_live_at_one_address_and_only_three_sizes_exist() {
    let (served, mut gdb) = at(Scripted::replay(), 0);
    for kind in ["2", "3", "4"] {
        assert_eq!(gdb.ask(&format!("Z0,10a,{kind}")), "OK");
    }
    assert_eq!(gdb.ask("Z1,10a,2"), "OK");
    assert_eq!(gdb.ask("Z0,10c,5"), "E16");
    assert_eq!(gdb.resume(CONTINUE), "T05thread:p01.01;swbreak:;");
    assert_eq!(gdb.ask("z0,10a,2"), "OK");
    assert_eq!(gdb.resume(CONTINUE), "T05thread:p01.01;hwbreak:;");
    assert_eq!(gdb.ask("z1,10a,2"), "OK");
    assert_eq!(gdb.ask("Z1,10c,2"), "OK");
    assert_eq!(gdb.resume(CONTINUE), "T05thread:p01.01;hwbreak:;");
    assert_eq!(gdb.icount(), 6);
    served.finish();
}

#[test]
fn a_watchpoint_is_reported_before_the_access_in_the_direction_of_travel() {
    let (served, mut gdb) = at(Scripted::replay(), 0);
    let (set, clear) = (format!("Z2,{COUNTER:x},4"), format!("z2,{COUNTER:x},4"));
    gdb.ask(&set);
    // Forward: at the store, memory old.
    assert_eq!(gdb.resume(CONTINUE), "T05thread:p01.01;watch:20000000;");
    assert_eq!((gdb.icount(), gdb.ask("m20000000,4")), (50, "00000000".into()));
    gdb.ask(&clear);
    gdb.resume(STEP);
    assert_eq!((gdb.icount(), gdb.ask("m20000000,4")), (51, "01000000".into()));
    // Backward: behind the store, memory still new; the silent store at 60 is not seen from 80 on.
    for _ in 51..80 {
        gdb.resume(STEP);
    }
    gdb.ask(&set);
    assert_eq!(gdb.resume("bc"), "T05thread:p01.01;watch:20000000;");
    assert_eq!((gdb.icount(), gdb.ask("m20000000,4")), (51, "01000000".into()));
    // On single steps too.
    assert_eq!(gdb.resume("bs"), "T05thread:p01.01;watch:20000000;");
    gdb.ask(&clear);
    gdb.resume("bs");
    assert_eq!((gdb.icount(), gdb.ask("m20000000,4")), (50, "00000000".into()));
    gdb.ask(&set);
    assert_eq!(gdb.resume(STEP), "T05thread:p01.01;watch:20000000;");
    assert_eq!(gdb.resume("vCont;r0,1000:p1.1;c:p1.-1"), "T05thread:p01.01;watch:20000000;");
    served.finish();
}

#[test]
fn read_and_access_watchpoints_have_names_of_their_own() {
    let (served, mut gdb) = at(Scripted::replay(), 52);
    assert_eq!(gdb.ask(&format!("Z4,{COUNTER:x},4")), "OK");
    assert_eq!(gdb.resume(CONTINUE), "T05thread:p01.01;awatch:20000000;");
    assert_eq!(gdb.icount(), 60);
    gdb.ask(&format!("z4,{COUNTER:x},4"));
    assert_eq!(gdb.ask(&format!("Z3,{COUNTER:x},4")), "OK");
    assert_eq!(gdb.resume(CONTINUE), "T05thread:p01.01;rwatch:20000000;");
    assert_eq!(gdb.icount(), 70);
    assert_eq!(gdb.ask("Z2,fffffff0,20"), "E16", "a range over the end of memory");
    assert_eq!(gdb.ask("Z2,20000000,0"), "E16", "an empty range");
    served.finish();
}

#[test]
fn the_edges_of_the_history_are_said_to_be_edges_again_and_again() {
    let (served, mut gdb) = at(Scripted::replay().ending(Outcome::Lockup), 1);
    assert_eq!(gdb.resume("bs"), TRAP);
    for packet in ["bs", "bc", "bs"] {
        assert_eq!(gdb.resume(packet), "T05thread:p01.01;replaylog:begin;");
        assert_eq!(gdb.icount(), 0);
    }
    gdb.monitor("seek end");
    for packet in [CONTINUE, STEP, "vCont;r0,1000:p1.1;c:p1.-1"] {
        assert_eq!(gdb.resume(packet), "T05thread:p01.01;replaylog:end;");
        assert!(gdb.console.contains("locked up"), "{}", gdb.console);
        assert_eq!(gdb.icount(), 1000);
    }
    served.finish();
}

#[test]
fn the_end_of_a_live_run_keeps_the_session() {
    for (outcome, stop, text) in [
        (Outcome::Exit(7), "T05thread:p01.01;replaylog:end;", "exit code 7"),
        (Outcome::Lockup, "T0bthread:p01.01;", "locked up"),
        (Outcome::FaultLoop(0x300), "T0bthread:p01.01;", "0x00000300"),
        (Outcome::Breakpoint(0x1234), "T05thread:p01.01;replaylog:end;", "BKPT instruction at 0x00001234"),
        (Outcome::Asleep, "T05thread:p01.01;replaylog:end;", "sleeps"),
    ] {
        let (served, mut gdb) = at(Scripted::live(200).ending(outcome), 0);
        assert_eq!(gdb.resume(CONTINUE), stop);
        assert!(gdb.console.contains(text), "{}", gdb.console);
        assert_eq!(gdb.resume("bs"), TRAP);
        assert_eq!(gdb.icount(), 199);
        served.finish();
    }
}

#[test]
fn a_fault_is_a_segmentation_fault_and_can_be_explained() {
    let (served, mut gdb) = at(Scripted::live(2000), 0);
    assert_eq!(gdb.monitor("fault"), "no fault up to this position\n");
    assert_eq!(gdb.resume(CONTINUE), "T0bthread:p01.01;");
    assert_eq!(gdb.console, "untick: HardFault; `monitor fault` explains it\n");
    assert_eq!(gdb.icount(), FAULT);
    assert_eq!(gdb.monitor("fault"), "BFAR 0xdeadbeec, seen from icount 900\n");
    // With the signal that gdb passes on.
    assert_eq!(gdb.resume("vCont;C0b:p1.-1"), "T05thread:p01.01;replaylog:end;");
    served.finish();
}

#[test]
fn a_range_step_runs_to_the_first_address_outside_or_a_breakpoint_inside() {
    let (served, mut gdb) = at(Scripted::replay(), 2);
    let range = "vCont;r104,10c:p1.1;c:p1.-1"; // instructions 2 to 5 of the loop
    assert_eq!(gdb.resume(range), TRAP);
    assert_eq!(gdb.icount(), 6);
    gdb.monitor("seek 2");
    gdb.ask("Z1,108,2");
    assert_eq!(gdb.resume(range), "T05thread:p01.01;hwbreak:;");
    assert_eq!(gdb.icount(), 4);
    served.finish();
}

#[test]
fn ctrl_c_ends_a_range_step_that_never_leaves_its_range() {
    let (served, mut gdb) = at(Scripted::live(u64::MAX), 1000);
    gdb.tell("vCont;r0,1000:p1.1;c:p1.-1");
    std::thread::sleep(Duration::from_millis(20));
    gdb.raw(&[3]);
    assert_eq!(gdb.stop(), "T02thread:p01.01;");
    served.finish();
}

#[test]
fn steps_go_over_interrupt_handlers_unless_told_otherwise() {
    let before = HANDLER.start - 1;
    let (served, mut gdb) = at(Scripted::replay(), before);
    gdb.resume(STEP);
    assert_eq!(gdb.icount(), HANDLER.end);
    gdb.resume("bs");
    assert_eq!(gdb.icount(), before);
    assert_eq!(gdb.monitor("stepirq into"), "stepirq into\n");
    gdb.resume(STEP);
    assert_eq!(gdb.icount(), HANDLER.start);
    assert_eq!(gdb.monitor("stepirq"), "stepirq into\n");
    assert_eq!(gdb.monitor("stepirq maybe"), "usage: monitor stepirq [skip|into]\n");
    gdb.resume("bs");
    gdb.monitor("stepirq skip");
    // A breakpoint in the handler stops the step.
    gdb.ask("Z1,204,2");
    assert_eq!(gdb.resume(STEP), "T05thread:p01.01;hwbreak:;");
    assert_eq!(gdb.icount(), HANDLER.start + 2);
    served.finish();
}

#[test]
fn ctrl_c_stops_both_ways_and_returns_from_the_way_back() {
    let (served, mut gdb) = at(Scripted::live(u64::MAX), 1000);
    gdb.tell(CONTINUE);
    served.wait_until_running();
    gdb.raw(&[3]);
    assert_eq!(gdb.stop(), "T02thread:p01.01;");
    let position = gdb.icount();
    assert!(position > 1000);
    served.finish();

    let mut endless = Scripted::replay();
    endless.endless_past = true;
    let (served, mut gdb) = at(endless, 700);
    gdb.tell("bc");
    served.wait_until_running();
    gdb.raw(&[3]);
    assert_eq!(gdb.stop(), "T02thread:p01.01;");
    assert_eq!(gdb.icount(), 700);
    served.finish();
}

#[test]
fn ctrl_c_between_two_steps_stops_the_second() {
    let (served, mut gdb) = at(Scripted::replay(), 10);
    gdb.resume(STEP);
    gdb.raw(&[3]);
    assert_eq!(gdb.resume(STEP), "T02thread:p01.01;");
    assert_eq!(gdb.icount(), 11);
    assert_eq!(gdb.resume(STEP), TRAP);
    served.finish();
}

#[test]
fn a_debuggee_that_fails_is_a_stop_with_its_reason() {
    let mut broken = Scripted::replay();
    broken.broken = true;
    let (served, mut gdb) = at(broken, 10);
    for packet in [STEP, CONTINUE, "bs", "bc"] {
        assert_eq!(gdb.resume(packet), "T06thread:p01.01;");
        assert!(gdb.console.contains("replay diverges at icount 10: the run stops here"), "{}", gdb.console);
    }
    assert!(gdb.monitor("seek 5").starts_with("replay diverges"));
    assert_eq!(gdb.icount(), 10);
    served.finish();
}
