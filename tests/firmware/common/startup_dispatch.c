/* Start-up for firmware that serves many interrupts: all external ones arrive at one handler, which asks IPSR. */
#include "cortexm.h"
#include "semihosting.h"

#define EXTERNAL 100

extern uint32_t stack_top[], data_start[], data_end[], data_load[], bss_start[], bss_end[];

int main(void);
void External_Handler(void);

__attribute__((noreturn)) void Reset_Handler(void)
{
    const uint32_t *from = data_load;

    for (uint32_t *to = data_start; to < data_end; to++)
        *to = *from++;
    for (uint32_t *to = bss_start; to < bss_end; to++)
        *to = 0;

    semihosting_exit((uint32_t)main());
}

__attribute__((weak)) void HardFault_Handler(void)
{
    for (;;) {
    }
}

static void Default_Handler(void)
{
    for (;;) {
    }
}

typedef void (*vector)(void);
__attribute__((section(".vectors"), used)) const vector vectors[16 + EXTERNAL] = {
    [0] = (vector)stack_top,
    [1] = (vector)Reset_Handler,
    [2] = Default_Handler,
    [3] = HardFault_Handler,
    [4 ... 15] = Default_Handler,
    [16 ... 15 + EXTERNAL] = External_Handler,
};
