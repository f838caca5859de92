/* Checks of the peripherals of an nRF51 or nRF52, each by the book: registers, tasks and events, interrupts, the PPI, DMA.
 * Resets are the end of it, two by software and one by the watchdog: the program lives four times.
 */
#include "checks.h"

/* Between .bss and the stack; no start-up code clears it. */
#define MEMORY ((volatile struct lives *)0x20002000)

static const struct check checks[] = {
    {"clock", check_clock}, {"power", check_power}, {"gpio", check_gpio}, {"gpiote", check_gpiote},
    {"timer", check_timer}, {"rtc", check_rtc},     {"ppi", check_ppi},   {"swi", check_swi},
    {"uart", check_uart},   {"spi", check_spi},     {"spis", check_spis}, {"twi", check_twi},
    {"rng", check_rng},     {"temp", check_temp},   {"ecb", check_ecb},   {"radio", check_radio},
    {"nvmc", check_nvmc},   {"ficr", check_ficr},
#ifdef NRF51
    {"adc", check_adc},
#else
    {"uarte", check_uarte}, {"spim", check_spim},   {"twim", check_twim}, {"saadc", check_saadc},
    {"pwm", check_pwm},
#endif
    {0, 0},
};

static volatile uint32_t slept;

static void wake(void)
{
    clear_event(&TIMER_COMPARE(TIMER0, 2));
    slept = 1;
}

void sleep_to(uint32_t microsecond)
{
    slept = 0;
    TIMER_CC(TIMER0, 2) = microsecond;
    clear_event(&TIMER_COMPARE(TIMER0, 2));
    on_interrupt(ID_TIMER0, wake);
    INTENSET(TIMER0) = INT_COMPARE(2);
    sleep_until(slept || microseconds() >= microsecond);
    INTENCLR(TIMER0) = INT_COMPARE(2);
    no_interrupt(ID_TIMER0);
}

int main(void)
{
    uint32_t life = check_life(MEMORY);

    switch (life) {
    case 0:
        MEMORY->failures += check_all(checks);
        return check_reset_ordered();
    case 1:
        MEMORY->failures += check_run("power", check_power_kept);
        MEMORY->failures += check_run("wdt", check_wdt);
        return check_reset_ordered();
    case 2:
        MEMORY->failures += check_run("wdt", check_wdt_kept);
        break;
    default:
        MEMORY->failures += check_run("wdt", check_wdt_reset);
        return (int)MEMORY->failures;
    }
    /* A watchdog that is not fed. */
    return check_reset_awaited();
}
