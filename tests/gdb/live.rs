//! Sessions with a live machine: into the present, back into its history, and forwards again.

use crate::harness::debug;

#[test]
fn a_live_run_goes_back_and_returns_to_the_present() {
    debug(
        "crash",
        "
        Reset_Handler ()
        (gdb) when
        the present: execution goes on live
        (gdb) break log_sample
        (gdb) continue
        sensor logger, limit 3000 mV
        Breakpoint 1, log_sample (time_ms=time_ms@entry=0, millivolts=1252)
        (gdb) continue
        Breakpoint 1, log_sample (time_ms=time_ms@entry=400, millivolts=1272)
        (gdb) reverse-continue
        Breakpoint 1, log_sample (time_ms=time_ms@entry=0, millivolts=1252)
        (gdb) when
        the past of a live session
        (gdb) reverse-continue
        No more reverse-execution history.
        Reset_Handler ()
        (gdb) delete
        (gdb) break report
        (gdb) continue
        ! sensor logger
        Breakpoint 2, report (millivolts=1424)
        (gdb) finish
        sample 16: median 1424 mV
        main ()
        (gdb) reverse-continue
        Breakpoint 2, report (millivolts=1424)
        (gdb) finish
        ! sample
        main ()
        (gdb) delete
        (gdb) continue
        sample 32: median 1572 mV
        sample 112: median 2864 mV
        untick: HardFault; `monitor fault` explains it
        Program received signal SIGSEGV
        HardFault_Handler ()
        (gdb) watch -l logger.alarm
        (gdb) reverse-continue
        Old value = (struct alarm *) 0x640009ec
        New value = (struct alarm *) 0x20000110 <overvoltage_alarm>
        in log_sample
        (gdb) delete
        (gdb) continue
        ! sample
        HardFault_Handler ()
        (gdb) continue
        untick: the firmware loops in a fault handler at 0x0800019c
        (gdb) reverse-stepi
        in raise_alarm
        ",
    );
}

#[test]
fn an_exit_keeps_the_session_and_the_way_back() {
    debug(
        "hello",
        "
        (gdb) continue
        hello from the UART
        hello from semihosting
        hello from a file
        untick: the firmware ended itself with exit code 0; the way back is open
        No more reverse-execution history.
        (gdb) stepi
        the way back is open
        (gdb) reverse-stepi
        (gdb) x/i $pc
        bkpt	0x00ab
        (gdb) stepi
        (gdb) reverse-continue
        No more reverse-execution history.
        Reset_Handler ()
        (gdb) continue
        ! hello
        the firmware ended itself with exit code 0
        ",
    );
}

#[test]
fn a_lockup_is_a_stop_with_a_history() {
    debug(
        "overflow",
        "
        (gdb) continue
        going down
        untick: HardFault;
        HardFault_Handler ()
        (gdb) continue
        untick: lockup; `monitor fault` explains it
        (gdb) monitor fault
        Lockup: a BusFault in the HardFault handler
        the stack has overflowed
        (gdb) p/x $pc
        = 0xfffffffe
        (gdb) continue
        untick: the core is locked up
        (gdb) reverse-stepi
        HardFault_Handler ()
        (gdb) reverse-stepi
        descend (depth=depth@entry=1022)
        (gdb) p deepest
        = 1021
        (gdb) monitor fault
        no fault up to this position
        (gdb) watch deepest
        (gdb) reverse-continue
        Old value = 1021
        New value = 1020
        ",
    );
}

#[test]
fn the_past_cannot_be_changed() {
    let refusals = "
        (gdb) set var logger.head = 3
        Cannot access memory at address 0x20000108
        (gdb) set $r0 = 5
        Could not write register \"r0\"
        (gdb) p crc32(0, 4)
        Could not write register
        (gdb) p logger.head
        = 55
        ";
    debug(
        "crash",
        &format!(
            "
        (gdb) load
        Start address 0x080001a0
        ! Could not
        (gdb) continue
        HardFault_Handler ()
        {refusals}
        (gdb) reverse-stepi
        {refusals}
        (gdb) load tests/firmware/crash-mps2.elf
        Error finishing flash operation
        (gdb) reverse-stepi
        0x0800047e	118
        "
        ),
    );
}

#[test]
fn run_starts_again_at_reset() {
    debug(
        "hello",
        "
        (gdb) break console_text
        (gdb) run
        Breakpoint 1, console_text
        (gdb) run
        Breakpoint 1, console_text
        (gdb) kill
        (gdb) delete
        (gdb) run
        the firmware ended itself with exit code 0
        ",
    );
}
