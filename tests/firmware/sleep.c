/* The ways to sleep and to be woken, apart from sleep-on-exit, which has a fixture of its own. */
#include "console.h"
#include "mps2.h"

#define PERIOD 25000 /* 1 ms; the longest line below takes longer to send, which is no harm */

static volatile uint32_t ticks;
static int failed;

void SysTick_Handler(void)
{
    ticks++;
}

static void report(const char *what, int holds)
{
    console_text(what);
    console_text(holds ? ": yes\n" : ": NO\n");
    failed |= !holds;
}

int main(void)
{
    console_init();
    systick_start(PERIOD, SYST_CSR_TICKINT);

    /* WFI may return without a reason, so it stands in a loop that knows what it waits for. */
    for (uint32_t seen = 0; seen < 5; seen++)
        while (ticks <= seen)
            wait_for_interrupt();
    report("WFI is woken by SysTick", ticks >= 5);

    interrupts_off();
    uint32_t before = ticks;
    while (!(SCB_ICSR & ICSR_PENDSTSET))
        wait_for_interrupt();
    report("WFI is woken by an interrupt that PRIMASK masks", (SCB_ICSR & ICSR_PENDSTSET) != 0);
    report("its handler waits", ticks == before);
    interrupts_on();
    report("and runs when PRIMASK is cleared", ticks > before);

    /* An event that has come already: WFE does not sleep. Without it, SysTick's exception is the event. */
    SYST_CSR = 0;
    __asm__ volatile("sev\n\twfe" : : : "memory");
    report("WFE returns after SEV", 1);

    systick_start(PERIOD, SYST_CSR_TICKINT);
    before = ticks;
    while (ticks == before)
        __asm__ volatile("wfe" : : : "memory");
    report("WFE is woken by SysTick", 1);
    SYST_CSR = 0;

    /* A disabled interrupt that becomes pending is an event when SEVONPEND is set. */
    SCB_SCR = SCR_SEVONPEND;
    TIMER0->reload = TIMER0->value = PERIOD;
    TIMER0->ctrl = TIMER_CTRL_EN | TIMER_CTRL_IRQEN;
    while (!(NVIC_ISPR0 & 1u << IRQ_TIMER0))
        __asm__ volatile("wfe" : : : "memory");
    TIMER0->ctrl = 0;
    TIMER0->intclear = 1;
    NVIC_ICPR0 = 1u << IRQ_TIMER0;
    SCB_SCR = 0;
    report("WFE is woken by a disabled interrupt with SEVONPEND", 1);

    return failed;
}
