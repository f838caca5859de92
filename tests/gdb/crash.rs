//! The story of the README: from the fault to the wild write, and every way to step.

use crate::harness::replay;

#[test]
fn a_watchpoint_leads_from_the_fault_to_the_culprit() {
    replay(
        "crash",
        "end",
        "
        HardFault_Handler () at tests/firmware/common/startup.c
        (gdb) bt
        #0  HardFault_Handler ()
        #1  <signal handler called>
        #2  0x08000482 in raise_alarm (millivolts=millivolts@entry=3024) at tests/firmware/crash.c:118
        #3  0x08000582 in main () at tests/firmware/crash.c:144
        (gdb) watch -l logger.alarm
        Hardware watchpoint 1: -location logger.alarm
        (gdb) reverse-continue
        Hardware watchpoint 1: -location logger.alarm
        Old value = (struct alarm *) 0x640009ec
        New value = (struct alarm *) 0x20000110 <overvoltage_alarm>
        in log_sample (time_ms=time_ms@entry=25600, millivolts=<optimized out>) at tests/firmware/crash.c:70
        (gdb) p logger.head
        = 64
        (gdb) bt
        #0  0x080003a8 in log_sample
        #1  0x08000554 in main () at tests/firmware/crash.c:132
        (gdb) when
        icount 14962
        ; in the recording
        (gdb) reverse-continue
        New value = (struct alarm *) 0x0
        in Reset_Handler () at tests/firmware/common/startup.c:14
        (gdb) reverse-continue
        No more reverse-execution history.
        Reset_Handler ()
        (gdb) continue
        Old value = (struct alarm *) 0x0
        (gdb) continue
        Old value = (struct alarm *) 0x20000110 <overvoltage_alarm>
        New value = (struct alarm *) 0x640009ec
        log_sample (time_ms=time_ms@entry=25600, millivolts=<optimized out>) at tests/firmware/crash.c:71
        (gdb) continue
        untick: HardFault; `monitor fault` explains it
        Program received signal SIGSEGV
        HardFault_Handler ()
        (gdb) continue
        untick: the firmware loops in a fault handler at 0x0800019c; `monitor fault` explains it
        No more reverse-execution history.
        ",
    );
}

#[test]
fn every_step_runs_backwards() {
    replay(
        "crash",
        "end",
        "
        (gdb) reverse-stepi
        0x08000482 in raise_alarm (millivolts=millivolts@entry=3024) at tests/firmware/crash.c:118
        (gdb) reverse-finish
        main () at tests/firmware/crash.c:144
        144	            raise_alarm(now_mv);
        (gdb) break crash.c:132
        (gdb) reverse-continue
        Breakpoint 1, main () at tests/firmware/crash.c:132
        (gdb) p n
        = 119
        (gdb) next
        134	        if (crc32
        (gdb) next
        139	        uint32_t now_mv = median();
        (gdb) next
        141	        if (logger.taken
        (gdb) p logger.taken
        = 120
        (gdb) reverse-next
        139	        uint32_t now_mv = median();
        (gdb) step
        median () at tests/firmware/crash.c:94
        (gdb) finish
        main () at tests/firmware/crash.c:139
        (gdb) reverse-step
        median () at tests/firmware/crash.c:
        (gdb) reverse-finish
        main () at tests/firmware/crash.c:139
        139	        uint32_t now_mv = median();
        (gdb) stepi
        median () at tests/firmware/crash.c:92
        (gdb) reverse-stepi
        main () at tests/firmware/crash.c:139
        (gdb) set exec-direction reverse
        (gdb) continue
        Breakpoint 1, main () at tests/firmware/crash.c:132
        (gdb) p n
        = 119
        (gdb) stepi
        ! 132
        (gdb) set exec-direction forward
        (gdb) tbreak raise_alarm
        (gdb) continue
        Breakpoint 1, main () at tests/firmware/crash.c:132
        (gdb) continue
        Temporary breakpoint 2, raise_alarm (millivolts=millivolts@entry=3024)
        (gdb) reverse-finish
        main () at tests/firmware/crash.c:144
        (gdb) until
        HardFault
        ",
    );
}

#[test]
fn a_run_can_be_entered_anywhere() {
    replay(
        "crash",
        "start",
        "
        Reset_Handler () at tests/firmware/common/startup.c:10
        (gdb) when
        icount 0, cycle 0, 0.000000 s
        0.0 % of
        (gdb) reverse-stepi
        No more reverse-execution history.
        Reset_Handler ()
        (gdb) stepi
        (gdb) when
        icount 1, cycle 1,
        (gdb) reverse-continue
        No more reverse-execution history.
        (gdb) when
        icount 0,
        ",
    );
    replay("crash", "50%", "(gdb) when\n 50.0 % of\n (gdb) info threads\n * 1    Thread 1.1");
    replay("crash", "1234567", "(gdb) when\n icount 1234567, cycle 1234567, 0.007372 s");
    replay("crash", "-3", "(gdb) stepi 3\n (gdb) when\n the end of the recording");
}

#[test]
fn all_registers_of_an_m4f_are_there() {
    replay(
        "crash",
        "end",
        "
        (gdb) info registers
        r0             0x640009ec
        r12
        sp             0x2001ffc0
        lr             0xfffffff9
        pc             0x800019c
        xpsr           0x21000003
        fpscr
        msp            0x2001ffc0
        psp            0x0
        primask        0x0
        basepri        0x0
        faultmask      0x0
        control        0x0
        (gdb) info registers float
        s0
        s31
        (gdb) p $d15
        = 0
        (gdb) p $r0 == $s0
        = 0
        ",
    );
}

#[test]
fn an_m3_has_no_floating_point_registers() {
    replay("tasks", "end", "(gdb) p $d0\n = void\n (gdb) p/x $control\n = 0x1\n (gdb) p $msp == $sp\n = 1");
}
