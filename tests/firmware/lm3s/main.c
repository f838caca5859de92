/* Checks of the peripherals of an LM3S6965, each by the data sheet. A reset by software and one by the watchdog are the end of
 * it: the program lives three times.
 */
#include "checks.h"
#include "console.h"
#include "sysctl.h"

/* Behind the variables (lm3s.ld); no start-up code clears it. */
#define MEMORY ((volatile struct lives *)0x2000FFE0)

static const struct check checks[] = {
    {"sysctl", check_sysctl}, {"gptm", check_gptm}, {"gpio", check_gpio}, {"uart", check_uart},   {"ssi", check_ssi},
    {"i2c", check_i2c},       {"adc", check_adc},   {"flash", check_flash}, {0, 0},
};

/* Every module that the part has but those for Ethernet. */
static void clocks_on(void)
{
    RCGC0 |= RCGC0_ADC | RCGC0_WDT;
    RCGC1 = 0x030F5317;
    RCGC2 = 0x0000007F;
    (void)RCGC2;
}

int main(void)
{
    uint32_t life = check_life(MEMORY);

    clocks_on();
    switch (life) {
    case 0:
        MEMORY->failures += check_all(checks);
        return check_reset_ordered();
    case 1:
        MEMORY->failures += check_run("wdt", check_wdt);
        break;
    default:
        MEMORY->failures += check_run("reset", check_reset);
        return (int)MEMORY->failures;
    }
    /* A watchdog that is not fed. */
    return check_reset_awaited();
}
