//! Tasks, interrupts and floating point: stops, steps and call stacks across exceptions.

use crate::harness::replay;

#[test]
fn breakpoints_stop_in_both_tasks_and_name_their_callers() {
    replay(
        "tasks",
        "start",
        "
        (gdb) break task_main
        (gdb) break svc_call
        (gdb) continue
        Breakpoint 1, task_main (self=0x20002010 <tasks>, names=0x4f0 \"a done \")
        (gdb) p $sp == $psp && $control == 3
        = 1
        (gdb) continue
        Breakpoint 2, svc_call
        (gdb) bt
        #0  svc_call (frame=0x200021d0 <tasks+448>)
        #1  <signal handler called>
        #2  task_main (self=0x20002010 <tasks>, names=0x4f0 \"a done \")
        (gdb) p $sp == $msp && $xpsr % 512 == 11
        = 1
        (gdb) continue
        Breakpoint 1, task_main (self=0x20002218 <tasks+520>, names=0x4f8 \"b done\")
        (gdb) reverse-continue
        Breakpoint 2, svc_call
        (gdb) reverse-continue
        Breakpoint 1, task_main (self=0x20002010 <tasks>, names=0x4f0 \"a done \")
        (gdb) reverse-continue
        No more reverse-execution history.
        ",
    );
}

#[test]
fn a_supervisor_call_is_one_step() {
    replay(
        "tasks",
        "50%",
        "
        (gdb) break tasks.c:80
        (gdb) continue
        Breakpoint 1, task_main
        (gdb) next
        81	        call(CALL_PRINT, token);
        (gdb) next
        82	        if (spin_with_patterns
        (gdb) reverse-next
        81	        call(CALL_PRINT, token);
        (gdb) break *0x268
        (gdb) continue
        Breakpoint 2,
        svc 0
        (gdb) stepi
        82	        if (spin_with_patterns
        (gdb) x/i $pc
        => 0x26a
        (gdb) reverse-stepi
        svc 0
        (gdb) x/i $pc
        => 0x268
        (gdb) break svc_call
        (gdb) stepi
        Breakpoint 3, svc_call
        (gdb) reverse-finish
        SVC_Handler ()
        (gdb) monitor stepirq into
        stepirq into
        (gdb) delete
        (gdb) reverse-stepi
        (gdb) reverse-stepi
        task_main
        (gdb) reverse-stepi
        svc 0
        (gdb) stepi 2
        (gdb) p $xpsr % 512
        = 11
        ",
    );
}

#[test]
fn a_step_goes_over_the_slices_of_the_other_task() {
    replay(
        "tasks",
        "100000",
        "
        (gdb) break SysTick_Handler
        (gdb) continue
        Breakpoint 1, SysTick_Handler
        (gdb) bt
        #0  SysTick_Handler ()
        #1  <signal handler called>
        #2  spin_with_patterns ()
        (gdb) reverse-stepi
        spin_with_patterns ()
        (gdb) delete
        (gdb) p current_task->slices
        = 2
        (gdb) when
        icount 100857,
        (gdb) stepi
        64	    cmp     r3, r1
        (gdb) p current_task == &tasks[0]
        = 1
        (gdb) p current_task->slices
        = 3
        (gdb) when
        icount 120895,
        (gdb) reverse-stepi
        (gdb) when
        icount 120894,
        (gdb) reverse-stepi
        (gdb) when
        icount 100856,
        (gdb) seek 120895
        (gdb) break choose_next_task
        (gdb) reverse-continue
        Breakpoint 2, choose_next_task
        (gdb) bt
        #0  choose_next_task ()
        #1  0x0000040c in PendSV_Handler ()
        (gdb) p current_task
        = (struct task *) 0x20002218 <tasks+520>
        (gdb) reverse-continue
        Breakpoint 2, choose_next_task
        (gdb) p current_task
        = (struct task *) 0x20002010 <tasks>
        ",
    );
}

#[test]
fn the_call_stack_goes_through_nested_handlers() {
    replay(
        "nested",
        "end",
        "
        (gdb) break timer_interrupt if depth == 2
        (gdb) reverse-continue
        Breakpoint 1, timer_interrupt
        (gdb) bt
        #0  timer_interrupt
        #1  <signal handler called>
        #2  wait_for (timer=timer@entry=2)
        #3  0x000003d6 in timer_interrupt
        #4  <signal handler called>
        #5  wait_for (timer=timer@entry=1)
        #6  0x000003d6 in timer_interrupt
        #7  <signal handler called>
        main ()
        (gdb) p active
        = {0, 1, 2}
        (gdb) p $xpsr % 512
        = 26
        (gdb) reverse-continue
        Breakpoint 1, timer_interrupt
        (gdb) continue
        Breakpoint 1, timer_interrupt
        (gdb) continue
        No more reverse-execution history.
        ",
    );
}

#[test]
fn steps_go_over_interrupts_or_into_them() {
    replay(
        "nested",
        "200000",
        "
        (gdb) break *TIMER1_Handler
        (gdb) continue
        Breakpoint 1, TIMER1_Handler ()
        (gdb) reverse-stepi
        main ()
        (gdb) when
        icount 200267,
        (gdb) stepi
        Breakpoint 1, TIMER1_Handler ()
        (gdb) delete
        (gdb) reverse-stepi
        main ()
        (gdb) stepi
        0x00000474	181
        (gdb) when
        icount 200373,
        (gdb) reverse-stepi
        (gdb) when
        icount 200372,
        (gdb) reverse-stepi
        (gdb) when
        icount 200266,
        (gdb) monitor stepirq into
        stepirq into
        (gdb) stepi 2
        TIMER1_Handler ()
        (gdb) when
        icount 200268,
        (gdb) reverse-stepi
        main ()
        (gdb) monitor arm-seek 200372
        (gdb) stepi
        (gdb) reverse-stepi
        timer_interrupt
        (gdb) monitor stepirq
        stepirq into
        ",
    );
}

#[test]
fn stepping_back_out_of_a_nested_handler_lands_in_the_one_it_interrupted() {
    replay(
        "nested",
        "200400",
        "
        (gdb) break *DUALTIMER_Handler if depth == 1
        (gdb) continue
        Breakpoint 1, DUALTIMER_Handler ()
        (gdb) delete
        (gdb) reverse-stepi
        wait_for (timer=timer@entry=1)
        (gdb) when
        icount 225109,
        (gdb) stepi
        0x00000254	50
        (gdb) when
        icount 225214,
        ",
    );
}

#[test]
fn floating_point_registers_and_frames_are_read() {
    replay(
        "float",
        "end",
        "
        (gdb) break tick
        (gdb) reverse-continue
        Breakpoint 1, tick (exc_return=4294967273)
        (gdb) p $s0
        = 1
        (gdb) p/x $s16
        = 0x4f901010
        (gdb) info registers s31
        (raw 0x5e9f1f1f)
        (gdb) p/x $fpscr
        = 0xc0001f
        (gdb) stepi 2
        (gdb) p $fpscr
        = 0
        (gdb) reverse-stepi 2
        (gdb) bt
        #0  tick (exc_return=4294967273)
        #1  <signal handler called>
        #2  0x0800036a in registers_lost ()
        #3  0x08000490 in main ()
        (gdb) reverse-stepi
        SysTick_Handler ()
        (gdb) reverse-stepi
        (gdb) reverse-stepi
        registers_lost ()
        (gdb) p/x $fpscr
        = 0xc0001f
        (gdb) p $sp == $msp && $control == 4
        = 1
        ",
    );
}
