/* The watchdog (DDI 0479 4.4): its lock, its integration test, time-outs that are served, and one that is not. Its interrupt is the
 * NMI; main.c sees the reset.
 */
#include "checks.h"

#define WDOGLOAD REG32(WATCHDOG + 0x000)
#define WDOGVALUE REG32(WATCHDOG + 0x004)
#define WDOGCONTROL REG32(WATCHDOG + 0x008)
#define WDOGINTCLR REG32(WATCHDOG + 0x00C)
#define WDOGRIS REG32(WATCHDOG + 0x010)
#define WDOGMIS REG32(WATCHDOG + 0x014)
#define WDOGLOCK REG32(WATCHDOG + 0xC00)
#define WDOGITCR REG32(WATCHDOG + 0xF00)
#define WDOGITOP REG32(WATCHDOG + 0xF04)
#define CONTROL_INTEN (1u << 0)
#define CONTROL_RESEN (1u << 1)
#define ITOP_WDOGINT (1u << 1)
#define UNLOCK 0x1ACCE551

static volatile uint32_t timeouts, tests, at[3], served = 1, unserved;

void watchdog_interrupt(void)
{
    if (WDOGITCR & 1) {
        WDOGITOP = 0;
        tests++;
        return;
    }
    expect(WDOGMIS, 1);
    if (!served) {
        unserved = 1;
        return;
    }
    if (timeouts < 3)
        at[timeouts] = stopwatch();
    timeouts++;
    WDOGINTCLR = 1;
    expect(WDOGRIS, 0);
}

void check_watchdog(void)
{
    expect(PID0(WATCHDOG), 0x24);
    expect(WDOGLOAD, 0xFFFFFFFF);
    expect(WDOGVALUE, 0xFFFFFFFF);
    expect(WDOGCONTROL, 0);
    expect(WDOGRIS, 0);

    /* Any value locks, one unlocks. */
    expect(WDOGLOCK, 0);
    WDOGLOCK = 1;
    expect(WDOGLOCK, 1);
    WDOGLOAD = 2000;
    WDOGCONTROL = CONTROL_INTEN;
    expect(WDOGLOAD, 0xFFFFFFFF);
    expect(WDOGCONTROL, 0);
    WDOGLOCK = UNLOCK;
    expect(WDOGLOCK, 0);

    WDOGITCR = 1;
    WDOGITOP = ITOP_WDOGINT;
    wait_for(tests == 1);
    WDOGITCR = 0;
    expect(timeouts, 0);

    WDOGLOAD = 2000;
    stopwatch_start();
    WDOGCONTROL = CONTROL_INTEN;
    wait_for(timeouts == 3);
    expect_between(at[0], 1990, 2100);
    expect_between(at[2] - at[0], 3960, 4150);

    /* Off, it stands still; on again, it begins again. */
    WDOGCONTROL = 0;
    at[0] = WDOGVALUE;
    expect(WDOGVALUE, at[0]);
    WDOGCONTROL = CONTROL_INTEN;
    expect_between(WDOGVALUE, 1900, 2000);

    /* Served in time it says nothing. */
    for (uint32_t feeding = 0; feeding < 3; feeding++) {
        WDOGINTCLR = 1;
        stopwatch_start();
        while (stopwatch() < 1500) {
        }
        expect_between(WDOGVALUE, 300, 510);
    }
    expect(timeouts, 3);
    wait_for(timeouts == 4);

    /* Of two time-outs that nobody serves, the first interrupts and the second resets. */
    served = 0;
    WDOGCONTROL = CONTROL_RESEN | CONTROL_INTEN;
    WDOGLOAD = 1000;
    wait_for(unserved);
    expect(WDOGRIS, 1);
}

/* What the watchdog's reset leaves. */
void check_reset(void)
{
    expect(WDOGLOAD, 0xFFFFFFFF);
    expect(WDOGCONTROL, 0);
    expect(WDOGRIS, 0);
    expect(WDOGLOCK, 0);
}
