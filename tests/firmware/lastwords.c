/* What a firmware says before it goes: a failed assertion, a reset, a fault and a panic. Each is something that a recording
 * has a bookmark for.
 */
#include "cortexm.h"
#include "console.h"
#include "mps2.h"
#include "semihosting.h"

#define SCB_AIRCR REG32(0xE000ED0C)
#define AIRCR_SYSRESETREQ (0x05FAu << 16 | 1u << 2)

/* Behind everything that start-up clears. */
#define LIVES REG32(0x20100000)

volatile uint32_t ticks;
static struct {
    uint32_t count;
    uint16_t last, highest;
    uint8_t history[16];
} readings;

void SysTick_Handler(void)
{
    ticks++;
}

__attribute__((noinline)) static void store(uint32_t reading)
{
    readings.last = (uint16_t)reading;
    if (reading > readings.highest)
        readings.highest = (uint16_t)reading;
    readings.history[readings.count++ % sizeof readings.history] = (uint8_t)reading;
}

void UsageFault_Handler(void)
{
    /* Skip the undefined instruction, two bytes: nothing was on the stack but the frame. */
    struct exception_frame *frame;

    __asm__ volatile("mrs %0, psp" : "=r"(frame));
    frame->pc += 2;
    SCB_CFSR = SCB_CFSR;
}

__attribute__((naked, noinline)) static void on_process_stack(__attribute__((unused)) void (*function)(void))
{
    __asm__ volatile("push {r4, lr}\n\t"
                     "mov r4, r0\n\t"
                     "ldr r1, =process_stack_top\n\t"
                     "msr psp, r1\n\t"
                     "movs r1, #2\n\t"
                     "msr control, r1\n\t"
                     "isb\n\t"
                     "blx r4\n\t"
                     "movs r1, #0\n\t"
                     "msr control, r1\n\t"
                     "isb\n\t"
                     "pop {r4, pc}\n\t"
                     ".ltorg");
}

uint64_t process_stack[64];
__asm__(".global process_stack_top\n\t.set process_stack_top, process_stack + 512");

static void undefined(void)
{
    __asm__ volatile("udf #1");
}

int main(void)
{
    uint32_t life = LIVES++;

    console_init();
    systick_start(5000, SYST_CSR_TICKINT);
    for (uint32_t reading = 0; reading < 40; reading++) {
        store(reading * (life + 3));
        while (ticks < reading / 4)
            ;
    }
    if (life == 0) {
        console_text("assertion \"reading < LIMIT\" failed: file \"lastwords.c\", line 7\n");
        SCB_AIRCR = AIRCR_SYSRESETREQ;
        for (;;) {
        }
    }
    SCB_SHCSR = SHCSR_USGFAULTENA;
    on_process_stack(undefined);
    semihosting_write0("panicked at src/main.rs:7:5:\n");
    semihosting_write0("assertion failed: reading < LIMIT\n");
    return 0;
}
