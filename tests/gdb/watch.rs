//! Watchpoints: every width and every kind of store, in both directions.

use crate::harness::replay;

#[test]
fn loads_and_stores_stop_in_both_directions() {
    replay(
        "nested",
        "300000",
        "
        (gdb) rwatch count[2]
        Hardware read watchpoint 1: count[2]
        (gdb) continue
        Hardware read watchpoint 1: count[2]
        Value = 99
        (gdb) reverse-continue
        Hardware read watchpoint 1: count[2]
        Value = 99
        (gdb) delete
        (gdb) awatch depth
        Hardware access (read/write) watchpoint 2: depth
        (gdb) continue
        Hardware access (read/write) watchpoint 2: depth
        Old value = 1
        New value = 0
        (gdb) reverse-continue
        Hardware access (read/write) watchpoint 2: depth
        Old value = 0
        New value = 1
        (gdb) reverse-continue
        Hardware access (read/write) watchpoint 2: depth
        Value = 1
        timer_interrupt
        ",
    );
}

#[test]
fn a_store_of_another_width_is_seen() {
    // Start-up copies words over a byte and over an unaligned halfword.
    replay(
        "crash",
        "1000",
        "
        (gdb) watch *(short *)((char *)&logger.alarm + 1)
        (gdb) reverse-continue
        Old value = 1
        New value = 0
        in Reset_Handler () at tests/firmware/common/startup.c:14
        (gdb) delete
        (gdb) watch *(char *)((char *)&logger.alarm + 3)
        (gdb) continue
        Old value = 0 '\\000'
        New value = 32 ' '
        (gdb) p logger.alarm
        = (struct alarm *) 0x20000110 <overvoltage_alarm>
        (gdb) reverse-continue
        Old value = 32 ' '
        New value = 0 '\\000'
        ",
    );
    // A byte into the word that is watched.
    replay(
        "tasks",
        "50%",
        "
        (gdb) watch *(int *)0x200023fc
        (gdb) continue
        Hardware watchpoint 1: *(int *)0x200023fc
        task_main
        (gdb) reverse-continue
        Hardware watchpoint 1: *(int *)0x200023fc
        task_main
        (gdb) x/i $pc
        strb.w	r4, [sp, #5]
        ",
    );
}

#[test]
fn eight_bytes_are_watched_as_one() {
    replay(
        "tasks",
        "start",
        "
        (gdb) watch *(long long *)&tasks
        Hardware watchpoint 1: *(long long *)&tasks
        (gdb) continue
        Old value = 0
        New value = 536879576
        (gdb) reverse-continue
        Old value = 536879576
        New value = 0
        task_create (names=0x4f0 \"a done \", task=0x20002010 <tasks>)
        (gdb) continue
        New value = 536879576
        (gdb) delete
        (gdb) watch *(long long *)&tasks[0].slices
        (gdb) continue
        New value = 1
        choose_next_task ()
        ",
    );
}

#[test]
fn stores_of_many_registers_are_seen() {
    // VSTM of 32 registers, and what it overwrites.
    replay(
        "float",
        "end",
        "
        (gdb) break registers_lost
        (gdb) reverse-continue
        (gdb) next
        (gdb) watch after[31]
        (gdb) continue
        Old value = 0
        New value = 1587486495
        in registers_lost ()
        (gdb) x/i $pc
        vmrs	r3, fpscr
        (gdb) reverse-continue
        Old value = 1587486495
        New value = 0
        (gdb) x/i $pc
        vstmia
        ",
    );
    // STMDB of r4 to r11 to a task's stack.
    replay(
        "tasks",
        "start",
        "
        (gdb) watch tasks[0].stack[95]
        (gdb) continue
        Old value = 0
        New value = 1627389959
        PendSV_Handler ()
        (gdb) reverse-continue
        New value = 0
        (gdb) x/i $pc
        stmdb	r0!, {r4, r5, r6, r7, r8, r9, r10, r11}
        ",
    );
}

#[test]
fn a_push_is_seen() {
    replay(
        "nested",
        "200000",
        "
        (gdb) watch *(int *)0x20001fd8
        (gdb) continue
        Old value = 1138
        New value = 0
        in report (what=what@entry=0x6b0
        (gdb) reverse-continue
        Old value = 0
        New value = 1138
        report (what=what@entry=0x6b0
        (gdb) x/i $pc
        push	{r3, r4, r5, lr}
        ",
    );
}

#[test]
fn the_frame_of_an_exception_is_a_store_too() {
    replay(
        "nested",
        "500000",
        "
        (gdb) watch *(int *)0x20001fd8
        (gdb) continue
        New value = 1226
        TIMER1_Handler ()
        (gdb) bt
        #0  0x00000416 in TIMER1_Handler ()
        #1  <signal handler called>
        #2  0x000004ca in write_basepri
        (gdb) reverse-continue
        Old value = 1226
        in write_basepri
        (gdb) bt 1
        #0  0x000004ca in write_basepri
        ",
    );
}

#[test]
fn a_local_variable_is_watched_while_it_lives() {
    replay(
        "crash",
        "90%",
        "
        (gdb) break median
        (gdb) continue
        Breakpoint 1, median ()
        (gdb) delete
        (gdb) next
        (gdb) next
        (gdb) watch sorted[0]
        Hardware watchpoint 2: sorted[0]
        (gdb) continue
        Hardware watchpoint 2: sorted[0]
        median ()
        (gdb) reverse-continue
        Hardware watchpoint 2: sorted[0]
        median ()
        ",
    );
}
