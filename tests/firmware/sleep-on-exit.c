/* SCR.SLEEPONEXIT: an interrupt-driven program whose thread does not run between interrupts. */
#include "console.h"
#include "mps2.h"

#define TICKS 5

static volatile uint32_t ticks;

void SysTick_Handler(void)
{
    if (++ticks == TICKS)
        SCB_SCR = 0; /* this return goes back to the thread */
}

int main(void)
{
    uint32_t wake_ups = 0;

    console_init();
    SCB_SCR = SCR_SLEEPONEXIT;
    systick_start(25000, SYST_CSR_TICKINT);
    while (ticks < TICKS) {
        wait_for_interrupt();
        wake_ups++;
    }
    console_text("ticks ");
    console_decimal(TICKS);
    console_text(", the thread woke ");
    console_decimal(wake_ups);
    console_text(wake_ups == 1 ? " time\n" : " times\n");
    return wake_ups == 1 ? 0 : 1;
}
