/* WDT: what it is told before it runs, reloads that keep it quiet, a reset by software that it outlives, and its own. */
#include "checks.h"

/* 24.2; 6.36 */
#define WDT PERIPHERAL(ID_WDT)
#define START REG32(WDT + 0x000)
#define TIMEOUT REG32(WDT + 0x100)
#define RUNSTATUS REG32(WDT + 0x400)
#define REQSTATUS REG32(WDT + 0x404)
#define CRV REG32(WDT + 0x504)
#define RREN REG32(WDT + 0x508)
#define RR(n) REG32(WDT + 0x600 + 4 * (n))
#define RELOAD 0x6E524635
#define INT_TIMEOUT 1
#define TICKS 33
#define TIME (TICKS * 1000000 / 32768) /* us */

static volatile uint32_t timeouts;

static void timeout(void)
{
    clear_event(&TIMEOUT);
    timeouts++;
}

static void half(void)
{
    microseconds_start();
    sleep_to(TIME / 2);
}

static void feed(void)
{
    RR(0) = RELOAD;
    expect(REQSTATUS, 0x80);
    RR(7) = RELOAD;
}

void check_wdt(void)
{
    expect(RUNSTATUS, 0);
    CRV = TICKS - 1;
    RREN = 0x81;
    on_interrupt(ID_WDT, timeout);
    INTENSET(WDT) = INT_TIMEOUT;
    START = 1;
    expect(RUNSTATUS, 1);
    expect(REQSTATUS, 0x81);
    /* It can no longer be changed. */
    CRV = 0xFFFF;
    RREN = 1;
    expect(CRV, TICKS - 1);
    expect(RREN, 0x81);
    for (uint32_t i = 0; i < 3; i++) {
        half();
        feed();
    }
    expect(timeouts, 0);
}

/* After a reset by software, which is none to the watchdog. */
void check_wdt_kept(void)
{
    expect(POWER_RESETREAS, RESETREAS_SREQ);
    POWER_RESETREAS = ALL;
    expect(RUNSTATUS, 1);
    expect(CRV, TICKS - 1);
    feed();
    on_interrupt(ID_WDT, timeout);
    INTENSET(WDT) = INT_TIMEOUT;
    half();
    feed();
    /* One register of two is not enough. The event is two clocks before the reset. */
    half();
    RR(0) = RELOAD;
    RR(7) = ~RELOAD;
    expect(timeouts, 0);
    sleep_until(timeouts == 1);
    expect_between(microseconds(), TIME - 100, TIME + 100);
}

/* After its own reset. */
void check_wdt_reset(void)
{
    expect(POWER_RESETREAS, RESETREAS_DOG);
    POWER_RESETREAS = ALL;
    expect(RUNSTATUS, 0);
    expect(RREN, 1);
    expect(CRV, ALL);
}
