/* The watchdog: its lock, time-outs that are served, and one that is not. main.c sees the reset. */
#include "checks.h"
#include "gptm.h"
#include "sysctl.h"

#define WDTLOAD REG32(WATCHDOG0 + 0x000)
#define WDTVALUE REG32(WATCHDOG0 + 0x004)
#define WDTCTL REG32(WATCHDOG0 + 0x008)
#define WDTICR REG32(WATCHDOG0 + 0x00C)
#define WDTRIS REG32(WATCHDOG0 + 0x010)
#define WDTMIS REG32(WATCHDOG0 + 0x014)
#define WDTLOCK REG32(WATCHDOG0 + 0xC00)
#define CTL_INTEN (1u << 0)
#define CTL_RESEN (1u << 1)
#define UNLOCK 0x1ACCE551

static volatile uint32_t timeouts, at[3];

static void timeout(void)
{
    expect(WDTMIS, 1);
    if (timeouts < 3)
        at[timeouts] = stopwatch();
    timeouts++;
    WDTICR = 1;
    expect(WDTRIS, 0);
}

static void zero(void)
{
    timeouts++;
    WDTLOAD = 5000;
    WDTICR = 1;
}

static void unserved(void)
{
    timeouts++;
    no_interrupt(IRQ_WATCHDOG0);
}

void check_wdt(void)
{
    expect(RESC & RESC_CAUSES, RESC_SW);
    RESC = 0;

    expect(WDTLOAD, 0xFFFFFFFF);
    expect(WDTVALUE, 0xFFFFFFFF);
    expect(WDTCTL, 0);
    /* Any value locks, one unlocks. */
    expect(WDTLOCK, 0);
    WDTLOCK = 5;
    expect(WDTLOCK, 1);
    WDTLOAD = 2000;
    WDTCTL = CTL_INTEN;
    expect(WDTLOAD, 0xFFFFFFFF);
    expect(WDTCTL, 0);
    WDTLOCK = UNLOCK;
    expect(WDTLOCK, 0);

    timeouts = 0;
    on_interrupt(IRQ_WATCHDOG0, timeout);
    WDTLOAD = 2000;
    stopwatch_start();
    WDTCTL = CTL_INTEN;
    wait_for(timeouts == 3);
    expect_between(at[0], 2000, 2100);
    expect_between(at[2] - at[0], 3960, 4150);
    /* Once on, it is on. */
    WDTCTL = 0;
    expect(WDTCTL, CTL_INTEN);

    /* Served in time it says nothing. */
    for (uint32_t feeding = 0; feeding < 3; feeding++) {
        stopwatch_start();
        WDTLOAD = 2000;
        while (stopwatch() < 1500) {
        }
        expect_between(WDTVALUE, 300, 510);
    }
    expect(timeouts, 3);

    /* A zero is a time-out at once. */
    on_interrupt(IRQ_WATCHDOG0, zero);
    WDTLOAD = 0;
    wait_for(timeouts == 4);
    expect_between(WDTVALUE, 4000, 5000);

    /* The first time-out that nobody serves interrupts, the second resets. */
    on_interrupt(IRQ_WATCHDOG0, unserved);
    WDTCTL = CTL_RESEN | CTL_INTEN;
    WDTLOAD = 1000;
    wait_for(timeouts == 5);
    expect(WDTRIS, 1);
}

/* What the watchdog's reset leaves. */
void check_reset(void)
{
    expect(RESC & RESC_CAUSES, RESC_WDT);
    expect(RCC, RCC_RESET);
    expect(WDTLOAD, 0xFFFFFFFF);
    expect(WDTCTL, 0);
    expect(WDTRIS, 0);
    expect(GPTM_CFG(TIMER1), 0);
}
