//! `periph` and `mmio`: the registers of the chip, live and in a recording.

use crate::harness::{debug, replay};

#[test]
fn a_recording_tells_what_crossed_the_pins() {
    replay(
        "crash",
        "end",
        "
        (gdb) periph
        USART2      0x40004400  stm32-usart
        (gdb) monitor periph USART2
        USART2 (0x40004400, stm32-usart), what last crossed the pins before icount 27820856:
        SR    0x000000c0  last read at icount
        DR    0x0000000a  last written at icount
        CR1   0x0000200c  last written at icount 471       RE=1 TE=1 UE=1
        CR3   0x00000000  not accessed (reset value)
        (gdb) periph usart2.CR1
        USART2.CR1 (0x4000440c): 0x0000200c, last written at icount 471
        [2]   RE      1
        (gdb) mmio USART2.CR1
        icount 471  console_init:52  write  USART2.CR1  0x0000200c  RE=1 TE=1 UE=1
        (gdb) seek @1
        untick: at icount 471,
        (gdb) periph USART2.CR1
        0x00000000, not accessed (reset value)
        (gdb) mmio USART2 4
        write  USART2.BRR
        (gdb) mmio
        usage: mmio NAME
        ",
    );
}

/// A look of gdb's at a device is none that the device, the firmware or the recording notices.
#[test]
fn a_look_at_the_present_is_that_of_the_model_and_leaves_no_trace() {
    debug(
        "crash",
        "
        (gdb) break log_sample
        (gdb) continue
        Breakpoint 1, log_sample (time_ms=time_ms@entry=0
        (gdb) monitor periph USART2
        USART2 (0x40004400, stm32-usart), now:
        CR1   0x0000200c  RE=1 TE=1 UE=1
        ! crossed the pins
        (gdb) set $status = *(unsigned *)0x40004400
        (gdb) x/4wx 0x40004400
        0x40004400:	0x000000c0
        (gdb) print/x *(unsigned *)0x40004400 == $status
        = 0x1
        (gdb) monitor periph USART2.SR
        USART2.SR (0x40004400): 0x000000c0, now
        TXE
        (gdb) reverse-stepi
        (gdb) monitor periph USART2
        what last crossed the pins before icount
        CR1   0x0000200c  last written at icount 471
        (gdb) x/4wx 0x40004400
        Cannot access memory at address 0x40004400
        (gdb) mmio USART2.SR last 1
        console_text:64  read  USART2.SR  0x000000c0  TC 0->1
        (gdb) stepi
        (gdb) mmio USART2.SR last 1
        console_text:64  read  USART2.SR  0x000000c0  TC 0->1
        ",
    );
}
