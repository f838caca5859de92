/* The part of the task switcher that C cannot say. */
    .syntax unified
    .thumb
    .text

/* void start_first_task(void): SVC would do as well; here the stack is switched by hand. */
    .global start_first_task
    .type start_first_task, %function
    .thumb_func
start_first_task:
    ldr     r0, =current_task
    ldr     r0, [r0]
    ldr     r0, [r0]            /* its stack pointer */
    adds    r0, #32             /* r4 to r11 mean nothing yet */
    msr     psp, r0
    movs    r1, #3              /* thread mode on PSP, unprivileged */
    msr     control, r1
    isb
    pop     {r0-r3, r12, lr}    /* the frame that the core would have popped */
    pop     {r3, r12}           /* its pc and xpsr */
    orr     r3, #1
    bx      r3
    .size start_first_task, . - start_first_task

    .global SVC_Handler
    .type SVC_Handler, %function
    .thumb_func
SVC_Handler:
    mrs     r0, psp
    b       svc_call            /* returns with the EXC_RETURN in LR */
    .size SVC_Handler, . - SVC_Handler

    .global PendSV_Handler
    .type PendSV_Handler, %function
    .thumb_func
PendSV_Handler:
    mrs     r0, psp
    stmdb   r0!, {r4-r11}
    ldr     r4, =current_task
    ldr     r1, [r4]
    str     r0, [r1]
    push    {r4, lr}
    bl      choose_next_task
    pop     {r4, lr}
    ldr     r1, [r4]
    ldr     r0, [r1]
    ldmia   r0!, {r4-r11}
    msr     psp, r0
    bx      lr
    .size PendSV_Handler, . - PendSV_Handler

/* uint32_t spin_with_patterns(const volatile uint32_t *counter, uint32_t until_not, uint32_t seed)
 * Fills r4 to r11 with seed + their own number, waits until *counter is not `until_not` and returns 0 if
 * all of them are still there. */
    .global spin_with_patterns
    .type spin_with_patterns, %function
    .thumb_func
spin_with_patterns:
    push    {r4-r11, lr}
    .irp    n, 4, 5, 6, 7, 8, 9, 10, 11
    add     r\n, r2, #\n
    .endr
1:  ldr     r3, [r0]
    cmp     r3, r1
    beq     1b
    movs    r0, #0
    .irp    n, 4, 5, 6, 7, 8, 9, 10, 11
    sub     r3, r\n, r2
    eor     r3, #\n
    orr     r0, r3
    .endr
    pop     {r4-r11, pc}
    .size spin_with_patterns, . - spin_with_patterns
