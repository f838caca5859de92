/* From reset to main: the vector table, .data and .bss, and the handlers nobody wrote. */
#include "cortexm.h"
#include "semihosting.h"

extern uint32_t stack_top[], data_start[], data_end[], data_load[], bss_start[], bss_end[];

int main(void);

__attribute__((noreturn)) void Reset_Handler(void)
{
    const uint32_t *from = data_load;

    for (uint32_t *to = data_start; to < data_end; to++)
        *to = *from++;
    for (uint32_t *to = bss_start; to < bss_end; to++)
        *to = 0;

#if defined(__ARM_FP)
    /* Full access to CP10 and CP11: the FPU is off after reset. */
    SCB_CPACR |= 15u << 20;
    __asm__ volatile("dsb\n\tisb");
#endif

    semihosting_exit((uint32_t)main());
}

/* What a vendor's start-up code does on a fault: nothing, for ever. */
__attribute__((weak)) void HardFault_Handler(void)
{
    for (;;) {
    }
}

void Default_Handler(void)
{
    for (;;) {
    }
}

#define WEAK(name) __attribute__((weak, alias("Default_Handler"))) void name(void)
WEAK(NMI_Handler);
WEAK(MemManage_Handler);
WEAK(BusFault_Handler);
WEAK(UsageFault_Handler);
WEAK(SVC_Handler);
WEAK(DebugMon_Handler);
WEAK(PendSV_Handler);
WEAK(SysTick_Handler);
WEAK(UART0_RX_Handler);
WEAK(TIMER0_Handler);
WEAK(TIMER1_Handler);
WEAK(DUALTIMER_Handler);

/* The linker script keeps this section, first in flash. The MPS2's devices end at interrupt 10;
 * no fixture uses an external interrupt of the STM32F4, which has 82.
 */
typedef void (*vector)(void);
__attribute__((section(".vectors"), used)) const vector vectors[16 + 82] = {
    (vector)stack_top,
    (vector)Reset_Handler,
    NMI_Handler,
    HardFault_Handler,
    MemManage_Handler,
    BusFault_Handler,
    UsageFault_Handler,
    [11] = SVC_Handler,
    [12] = DebugMon_Handler,
    [14] = PendSV_Handler,
    [15] = SysTick_Handler,
    [16] = UART0_RX_Handler,
    [17 ... 23] = Default_Handler,
    [24] = TIMER0_Handler,
    [25] = TIMER1_Handler,
    [26] = DUALTIMER_Handler,
    [27 ... 97] = Default_Handler,
};
