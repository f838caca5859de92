/* One piece of code for each way to fault. at_X is the address that the core must stack. Nothing comes back from here:
 * the handler reports and ends the run. Thumb-1 where Armv6-M can fault too.
 */
    .syntax unified
    .thumb
    .text

    .macro begin name
    .global provoke_\name, at_\name
    .type provoke_\name, %function
    .thumb_func
provoke_\name:
    .endm

    .macro end name
    bx      lr
    .ltorg
    .size provoke_\name, . - provoke_\name
    .endm

    .macro jump name, target, stacked
    begin   \name
    .set    at_\name, \stacked
    ldr     r0, =\target
    bx      r0
    .ltorg
    .size provoke_\name, . - provoke_\name
    .endm

/* No board has anything at 0x70000000. */
begin bad_read
    ldr     r1, =0x70000010
at_bad_read:
    ldr     r0, [r1, #4]
end bad_read

begin bad_write
    ldr     r1, =0x70000020
at_bad_write:
    str     r1, [r1, #4]
end bad_write

    jump    bad_fetch, 0x70000001, 0x70000000
    jump    null_call, 0, 0
    jump    device_fetch, DEVICE+1, DEVICE

begin undefined
at_undefined:
    udf     #0
end undefined

/* An even address clears the T bit; the fault comes at the target. */
    jump    arm_state, at_undefined, at_undefined

begin no_coprocessor
at_no_coprocessor:
    .inst.w 0xEE300A00          /* vadd.f32 s0, s0, s0, with CPACR as reset left it */
end no_coprocessor

begin unaligned_word
    ldr     r1, =some_words + 1
at_unaligned_word:
    ldr     r0, [r1]
end unaligned_word

begin unaligned_half
    ldr     r1, =some_words + 1
at_unaligned_half:
    ldrh    r0, [r1]
end unaligned_half

begin unaligned_ldm
    ldr     r1, =some_words + 2
at_unaligned_ldm:
    ldm     r1!, {r2, r3}
end unaligned_ldm

begin unaligned_stm
    ldr     r1, =some_words + 2
at_unaligned_stm:
    stm     r1!, {r2, r3}
end unaligned_stm

begin breakpoint
at_breakpoint:
    bkpt    #1
end breakpoint

/* An SVC that cannot be taken at once is a HardFault. The manual leaves the stacked PC open. */
begin masked_svc
    .set    at_masked_svc, 0
    cpsid   i
    svc     #0
end masked_svc

/* HardFault_Handler does it again: see fault-cases.c. */
begin lockup
at_lockup:
    udf     #1
end lockup

/* SVC's frame cannot be written. r0: the process stack pointer. */
    .macro svc_with_psp name, address
    begin   \name
    .set    at_\name, 0
    ldr     r0, =\address
    msr     psp, r0
    movs    r0, #2
    msr     control, r0
    isb
    svc     #0
    end     \name
    .endm
    svc_with_psp stacking_nowhere, 0x70000100

#if __ARM_ARCH >= 7
    svc_with_psp stacking_forbidden, forbidden_words+128

/* SVC_Handler returns to a frame that cannot be read. */
    .macro return_to_psp name, address
    begin   \name
    .set    at_\name, 0
    ldr     r0, =\address
    ldr     r1, =0xFFFFFFFD
    svc     #0
    end     \name
    .endm
    return_to_psp unstacking_nowhere, 0x70000100
    return_to_psp unstacking_forbidden, forbidden_words+128

/* The frame is SVC's own: its PC is the instruction behind it. */
begin bad_exc_return
    mrs     r0, psp
    ldr     r1, =0xFFFFFFF1     /* to a handler, where none was preempted */
    svc     #0
at_bad_exc_return:
end bad_exc_return

    .global SVC_Handler
    .type SVC_Handler, %function
    .thumb_func
SVC_Handler:
    msr     psp, r0
    bx      r1
    .size SVC_Handler, . - SVC_Handler

begin divide_by_zero
    movs    r0, #1
    movs    r1, #0
at_divide_by_zero:
    sdiv    r0, r0, r1
end divide_by_zero

begin unsigned_divide_by_zero
    movs    r0, #1
    movs    r1, #0
at_unsigned_divide_by_zero:
    udiv    r0, r0, r1
end unsigned_divide_by_zero

begin unaligned_ldrd
    ldr     r1, =some_words + 2
at_unaligned_ldrd:
    ldrd    r2, r3, [r1]
end unaligned_ldrd

begin unaligned_ldrex
    ldr     r1, =some_words + 2
at_unaligned_ldrex:
    ldrex   r2, [r1]
end unaligned_ldrex

begin unprivileged_scs
    ldr     r1, =0xE000ED00     /* CPUID */
    movs    r0, #1
    msr     control, r0
    isb
at_unprivileged_scs:
    ldr     r0, [r1]
end unprivileged_scs

begin forbidden_read
    ldr     r1, =forbidden_words
at_forbidden_read:
    ldr     r0, [r1, #12]
end forbidden_read

begin forbidden_write
    ldr     r1, =forbidden_words
at_forbidden_write:
    str     r0, [r1, #16]
end forbidden_write

begin forbidden_fetch           /* at_forbidden_fetch is forbidden_words */
    ldr     r0, =forbidden_words + 1
    bx      r0
    .ltorg
    .size provoke_forbidden_fetch, . - provoke_forbidden_fetch

/* Interrupt 16 has its vector behind the end of RAM, HardFault in front of it: see fault-cases.c. */
begin no_vector
    .set    at_no_vector, 0
    ldr     r1, =0xE000E100     /* NVIC_ISER0 */
    mov     r0, #1 << 16
    str     r0, [r1]
    str     r0, [r1, #0x100]    /* NVIC_ISPR0 */
    dsb
    isb
end no_vector
#endif

#if __ARM_ARCH >= 8
/* There is no room for the frame either: what is stacked is nothing. */
begin stack_limit
    .set    at_stack_limit, 0
    mov     r0, sp
    msr     msplim, r0
    push    {r0, r1}
end stack_limit
#endif
