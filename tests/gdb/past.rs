//! Questions about the past and bookmarks, as a user types them.

use std::{os::unix::process::CommandExt, process::Command};

use crate::harness::{Started, check, debug, fixture, recording, replay, talk, turns, type_in, untick};

#[test]
fn who_wrote_it_is_one_question() {
    replay(
        "crash",
        "end",
        "
        (gdb) last-write logger.alarm
        @1  icount 14962541, log_sample at tests/firmware/crash.c:70 (0x
        logger+0x100 (0x20000104): 0x20000110 <overvoltage_alarm> -> 0x640009ec
        (gdb) when
        icount 27820856
        the end of the recording
        (gdb) seek @1
        untick: at icount 14962541,
        crash.c:70
        (gdb) p logger.alarm == &overvoltage_alarm
        = 1
        (gdb) seek @1+1
        (gdb) p logger.alarm == &overvoltage_alarm
        = 0
        (gdb) last-write logger.alarm
        @2  icount 14962541,
        (gdb) goto fault-1
        (gdb) monitor last-write logger 4
        @3  icount 15163388, log_sample at tests/firmware/crash.c:70
        (gdb) last-read logger.head
        @4  icount 27614587, log_sample at tests/firmware/crash.c:70
        read as 0x00000036
        (gdb) last-exec crash.c:70
        Line 70 of
        log_sample at tests/firmware/crash.c:70
        (gdb) monitor last-irq SysTick
        @6  icount
        SysTick (15) entered; its handler, SysTick_Handler at tests/firmware/crash.c
        (gdb) monitor last-irq HardFault_Handler
        nothing entered HardFault (3) between
        (gdb) monitor last-mmio USART2.CR1 write
        console_init at
        USART2.CR1 (0x4000440c): written 0x0000200c: RE=1 TE=1 UE=1
        (gdb) monitor last-output \"sample 112: median\"
        @8  icount
        sent by usart2
        (gdb) seek @8
        console_text
        (gdb) monitor info replay
        bookmarks: 1; answers: @1 to @8
        (gdb) last-write logger.nothing
        There is no member named nothing
        (gdb) monitor last-write loger
        did you mean logger
        (gdb) monitor last-wirte logger
        did you mean last-write
        ",
    );
}

#[test]
fn what_a_handler_interrupted_is_told() {
    replay(
        "lastwords",
        "end",
        "
        (gdb) monitor last-write 0xe000ed28
        (0x000002aa), UsageFault (6) over Thread mode
        0x00010000 -> 0x00000000
        (gdb) last-write ticks
        SysTick_Handler at tests/firmware/lastwords.c:24 (0x0000028e), SysTick (15) over Thread mode
        (gdb) monitor last-write readings
        4 bytes of 24
        (gdb) monitor last-output \"file \\\"last\"
        sent by uart0
        (gdb) monitor last-output panicked
        sent by semihosting
        (gdb) monitor last-mmio uart0
        UART0.CTRL
        ",
    );
    replay(
        "nested",
        "end",
        "
        (gdb) last-write depth
        over Thread mode
        ",
    );
}

#[test]
fn a_live_run_is_asked_too() {
    debug(
        "lastwords",
        "
        (gdb) monitor last-irq
        nothing entered any exception between reset and icount 0
        (gdb) continue
        UsageFault; `monitor fault` explains it
        (gdb) last-write readings.highest
        , store at tests/firmware/lastwords.c:31
        (gdb) goto assert-1
        console_text
        (gdb) bookmarks
        start
        assert-1
        reset-1
        fault-1
        end
        (gdb) seek end
        (gdb) continue
        the firmware ended itself with exit code 0
        (gdb) bookmarks
        panic-1
        ",
    );
}

#[test]
fn bookmarks_outlive_a_session() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("run.untick");
    std::fs::copy(recording("lastwords"), &file).unwrap();
    let session = |at: &str, dialogue: &str| {
        let mut command = untick();
        command.arg("replay").arg(&file).args(["--at", at]);
        talk(command, dialogue);
    };
    session(
        "100",
        "
        (gdb) bookmark early
        early is icount 100
        ! only until
        (gdb) bookmark middle 111_754
        (gdb) bookmark -d panic-1
        removed panic-1
        (gdb) goto middle
        (gdb) when
        icount 111754,
        ",
    );
    session(
        "middle",
        "
        (gdb) when
        icount 111754,
        (gdb) bookmarks
        start
        early
        assert-1
        middle
        reset-1
        fault-1
        end
        ! panic-1
        (gdb) goto early
        (gdb) when
        icount 100,
        (gdb) goto nowhere
        no position
        (gdb) when
        icount 100,
        (gdb) goto earl
        did you mean early?
        (gdb) bookmark
        usage: bookmark NAME
        (gdb) bookmark end
        end is always the end of the run
        ",
    );
    let info = untick().arg("info").arg(&file).output().unwrap();
    let info = String::from_utf8_lossy(&info.stdout).into_owned();
    assert!(info.contains("bookmarks     early at 100\n"), "{info}");
    let bad = untick().arg("replay").arg(&file).args(["--at", "midle"]).output().unwrap();
    let bad = String::from_utf8_lossy(&bad.stderr).into_owned();
    assert!(bad.contains("no bookmark \"midle\", did you mean middle?"), "{bad}");
}

/// A live run of some length, then a question whose answer takes long, and Ctrl-C for everybody at the terminal.
#[test]
fn ctrl_c_ends_a_question_and_leaves_the_session_in_step() {
    let scratch = tempfile::tempdir().unwrap();
    let marks = [scratch.path().join("running"), scratch.path().join("asking")];
    // Nothing is ever read at that address, but much beside it.
    let dialogue = format!(
        "
        (gdb) shell touch {}
        (gdb) continue
        Program received signal SIGINT
        (gdb) set $before = $pc
        (gdb) shell touch {}
        (gdb) last-read *(int*)0x20005720
        interrupted: from icount
        (gdb) p 1
        (gdb) p $pc == $before
        = 1
        (gdb) when
        the present: execution goes on live
        (gdb) monitor last-exec 0x400000
        nothing executed
        ",
        marks[0].display(),
        marks[1].display()
    );
    let turns = turns(&dialogue);
    let (elf, board) = fixture("cpu-endless");
    let mut command = untick();
    command.args(["debug", &elf, "--board", board, "--", "-nx", "-batch"]);
    type_in(&mut command, &turns);
    command.process_group(0);
    let session = Started::new(command);
    for mark in &marks {
        crate::server::wait_for(mark);
        let group = format!("-{}", session.id());
        assert!(Command::new("kill").args(["-INT", "--", &group]).status().unwrap().success());
    }
    check(&turns, &session.output());
}
