/* One piece of code for each way to fault. at_X is the address that the core must stack, onto_X where
 * the handler goes on. Only registers that a C function may change are used. */
    .syntax unified
    .thumb
    .text

    .macro begin name
    .global provoke_\name, at_\name, onto_\name
    .type provoke_\name, %function
    .thumb_func
provoke_\name:
    .endm

    .macro end name
onto_\name:
    bx      lr
    .size provoke_\name, . - provoke_\name
    .endm

/* For jumps: the return address waits in r12, which the exception frame keeps. */
    .macro jump name, target, stacked
    begin   \name
    mov     r12, lr
    ldr     r0, =\target
    blx     r0
onto_\name:
    bx      r12
    .size provoke_\name, . - provoke_\name
    .set    at_\name, \stacked
    .endm

begin undefined_instruction
at_undefined_instruction:
    udf     #0
end undefined_instruction

begin inner_fault
at_inner_fault:
    udf     #1
end inner_fault

/* The handler itself faults a second time: see fault() in faults.c. */
begin fault_in_fault_handler
at_fault_in_fault_handler:
    udf     #2
end fault_in_fault_handler

begin absent_coprocessor
at_absent_coprocessor:
    .inst.w 0xEE300A00          /* vadd.f32 s0, s0, s0: the Cortex-M3 has no CP10 */
end absent_coprocessor

/* An even address clears the T bit; the fault comes at the target. */
    jump    jump_to_arm_state, 0x100, 0x100

/* From an executable region without memory behind it. */
    jump    jump_to_nowhere, 0x60000001, 0x60000000

/* Devices are execute-never in the default memory map: the UART's registers. */
    jump    jump_to_device, 0x40004001, 0x40004000

begin unaligned_word
    ldr     r1, =0x20002001
at_unaligned_word:
    ldr     r0, [r1]
end unaligned_word

/* These three fault without UNALIGN_TRP, too. */
begin unaligned_ldm
    ldr     r1, =0x20002002
at_unaligned_ldm:
    ldm     r1, {r2, r3}
end unaligned_ldm

begin unaligned_ldrd
    ldr     r1, =0x20002002
at_unaligned_ldrd:
    ldrd    r2, r3, [r1]
end unaligned_ldrd

begin unaligned_ldrex
    ldr     r1, =0x20002002
at_unaligned_ldrex:
    ldrex   r2, [r1]
end unaligned_ldrex

/* And so do these, with UNALIGN_TRP clear; a load of one register does not. */
    .macro begin_untrapped name
    begin   \name
    ldr     r1, =0xE000ED14     /* CCR */
    ldr     r0, [r1]
    bic     r0, #(1 << 3)
    str     r0, [r1]
    dsb
    ldr     r1, =0x20000102
    ldr     r0, [r1]
    .endm

begin_untrapped untrapped_ldm
at_untrapped_ldm:
    ldm     r1, {r2, r3}
end untrapped_ldm

begin_untrapped untrapped_stm
at_untrapped_stm:
    stm     r1!, {r2, r3}
end untrapped_stm

begin_untrapped untrapped_ldrd
at_untrapped_ldrd:
    ldrd    r2, r3, [r1], #8
end untrapped_ldrd

/* The last of three times, and not the first of the IT block. */
begin untrapped_strd
    ldr     r1, =0xE000ED14     /* CCR */
    ldr     r0, [r1]
    bic     r0, #(1 << 3)
    str     r0, [r1]
    dsb
    ldr     r1, =0x20000100     /* the far end of the stack */
    movs    r0, #3
1:  subs    r0, #1
    ite     ne
    strdne  r2, r3, [r1]
at_untrapped_strd:
    strdeq  r2, r3, [r1, #-4]
    cmp     r0, #1
    it      eq
    addeq   r1, #1
    b       1b
end untrapped_strd

begin signed_division_by_zero
    movs    r0, #1
    movs    r1, #0
at_signed_division_by_zero:
    sdiv    r0, r0, r1
end signed_division_by_zero

begin unsigned_division_by_zero
    movs    r0, #1
    movs    r1, #0
at_unsigned_division_by_zero:
    udiv    r0, r0, r1
end unsigned_division_by_zero

begin load_from_nowhere
    ldr     r1, =0x60000010
at_load_from_nowhere:
    ldr     r0, [r1, #4]
end load_from_nowhere

begin store_to_nowhere
    ldr     r1, =0x60000020
at_store_to_nowhere:
    str     r1, [r1, #4]
end store_to_nowhere

begin disabled_bus_fault
    ldr     r1, =0xE000ED24     /* SHCSR without BUSFAULTENA: the fault escalates */
    ldr     r0, [r1]
    bic     r0, #(1 << 17)
    str     r0, [r1]
    dsb
    ldr     r1, =0x60000030
at_disabled_bus_fault:
    ldr     r0, [r1]
end disabled_bus_fault

begin unprivileged_system_register
    ldr     r1, =0xE000ED00     /* CPUID */
    movs    r0, #1
    msr     control, r0
    isb
at_unprivileged_system_register:
    ldr     r0, [r1]
end unprivileged_system_register

begin mpu_read_only_store
    ldr     r1, =read_only_words
at_mpu_read_only_store:
    str     r1, [r1, #8]
end mpu_read_only_store

begin mpu_no_access_load
    ldr     r1, =forbidden_words
at_mpu_no_access_load:
    ldr     r0, [r1, #12]
end mpu_no_access_load

/* LDRT and STRT are unprivileged accesses, whoever executes them. */
begin unprivileged_load
    ldr     r1, =private_words
    ldr     r0, [r1, #16]
at_unprivileged_load:
    ldrt    r0, [r1, #16]
end unprivileged_load

begin unprivileged_store
    ldr     r1, =private_words
    str     r1, [r1, #20]
at_unprivileged_store:
    strt    r1, [r1, #20]
end unprivileged_store

begin unprivileged_guarded_load
    ldr     r1, =read_only_words
    ldr     r0, [r1, #24]
at_unprivileged_guarded_load:
    ldrbt   r0, [r1, #25]
end unprivileged_guarded_load

begin unprivileged_load_of_cpuid
    ldr     r1, =0xE000ED00
    ldr     r0, [r1]
at_unprivileged_load_of_cpuid:
    ldrt    r0, [r1]
end unprivileged_load_of_cpuid

/* An SVC that cannot be taken at once is a HardFault. at_ is null: not checked. */
begin masked_svc
    .set    at_masked_svc, 0
    cpsid   i
    svc     #0
onto_masked_svc:
    cpsie   i
    bx      lr
    .size provoke_masked_svc, . - provoke_masked_svc

/* The exception frame is SVC's own: its PC is the instruction after it. */
begin bad_exc_return
    ldr     r0, =0xFFFFFFF5     /* bits 3:0 are none of 0001, 1001, 1101 */
    svc     #0
at_bad_exc_return:
end bad_exc_return

begin exc_return_to_no_handler
    ldr     r0, =0xFFFFFFF1     /* to a handler, where none was preempted */
    svc     #0
at_exc_return_to_no_handler:
end exc_return_to_no_handler

/* Leaves with whatever the caller put into r0. */
    .global SVC_Handler
    .type SVC_Handler, %function
    .thumb_func
SVC_Handler:
    bx      r0
    .size SVC_Handler, . - SVC_Handler
