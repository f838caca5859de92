//! The monitor commands, and those that untick adds to gdb.

use crate::harness::replay;

#[test]
fn the_monitor_tells_and_moves() {
    replay(
        "crash",
        "end",
        "
        (gdb) monitor help
        when
        seek POSITION
        stepirq
        (gdb) monitor hints
        the end of the recording; the firmware loops in a fault handler at 0x0800019c
        monitor fault
        reverse-continue
        (gdb) monitor fault
        HardFault, escalated from BusFault
        bus error on a load from 0x640009f0
        raise_alarm
        (gdb) seek 1e6
        untick: at icount 1000000,
        crc32
        (gdb) when
        icount 1000000, cycle 1000000, 0.005976 s
        (gdb) monitor fault
        no fault up to this position
        (gdb) seek +5
        (gdb) when
        icount 1000005,
        (gdb) seek -10
        (gdb) when
        icount 999995,
        (gdb) seek nonsense
        is no position
        (gdb) when
        icount 999995,
        (gdb) seek
        usage: seek N
        (gdb) monitor arm-seek 50%
        (gdb) monitor arm-seek off
        (gdb) stepi
        (gdb) when
        icount 999996,
        (gdb) monitor replay_break 2_000_000
        stops at icount: 2,000,000
        (gdb) continue
        untick: at icount 2000000 (replay_break)
        (gdb) monitor info replay
        now at 2,000,000
        replay_break: 2,000,000
        (gdb) seek end
        (gdb) reverse-continue
        untick: at icount 2000000 (replay_break)
        (gdb) monitor replay_delete_break
        (gdb) monitor replay_seek 77
        icount 77,
        maintenance flush register-cache
        (gdb) maintenance flush register-cache
        (gdb) stepi
        (gdb) when
        icount 78,
        (gdb) monitor reset halt
        icount 0,
        (gdb) maintenance flush register-cache
        (gdb) p $pc == Reset_Handler
        = 1
        (gdb) monitor halt
        icount 0,
        (gdb) monitor flarp
        no command
        ",
    );
}

#[test]
fn a_seek_onto_a_breakpoint_does_not_hold_the_next_continue() {
    replay(
        "crash",
        "end",
        "
        (gdb) break log_sample
        (gdb) reverse-continue
        Breakpoint 1, log_sample (time_ms=time_ms@entry=47600
        (gdb) monitor replay_break +0
        (gdb) seek start
        Reset_Handler
        (gdb) continue
        Breakpoint 1, log_sample (time_ms=time_ms@entry=0
        (gdb) continue
        Breakpoint 1, log_sample (time_ms=time_ms@entry=400
        ",
    );
}
