/* RTC: ticks, compare, overflow, the prescaler; events that only interrupt and events that only go to the PPI. What it is
 * told it does at the next edges of its clock, so that times are as exact as two of them.
 */
#include "checks.h"

#define INT_TICK (1u << 0)
#define INT_OVRFLW (1u << 1)
#define LFCLK 31 /* us, about */

static const uint32_t rtcs[] = {
#ifdef NRF52
    ID_RTC2,
#endif
    ID_RTC1, ID_RTC0,
};
static uint32_t rtc;
static volatile uint32_t ticks, overflows, compares;

static void event(void)
{
    if (RTC_TICK(rtc)) {
        clear_event(&RTC_TICK(rtc));
        ticks++;
    }
    if (RTC_OVRFLW(rtc)) {
        clear_event(&RTC_OVRFLW(rtc));
        overflows++;
    }
    if (RTC_COMPARE(rtc, 0)) {
        clear_event(&RTC_COMPARE(rtc, 0));
        compares++;
    }
}

static void pause(uint32_t us)
{
    sleep_to(microseconds() + us);
}

static void begin(uint32_t prescaler)
{
    RTC_STOP(rtc) = 1;
    pause(2 * LFCLK);
    RTC_PRESCALER(rtc) = prescaler;
    RTC_CLEAR(rtc) = 1;
    pause(2 * LFCLK);
    INTENCLR(rtc) = ALL;
    ticks = overflows = compares = 0;
}

static void instance(uint32_t id)
{
    rtc = PERIPHERAL(id);
    on_interrupt(id, event);
    begin(0);
    INTENSET(rtc) = INT_TICK;
    RTC_START(rtc) = 1;
    sleep_until(ticks == 1);
    microseconds_start();
    sleep_until(ticks == 9);
    expect_between(microseconds(), 8 * LFCLK - LFCLK, 8 * LFCLK + LFCLK);
    INTENCLR(rtc) = INT_TICK;
    expect_between(RTC_COUNTER(rtc), 9, 10);
    RTC_PRESCALER(rtc) = 5;
    expect(RTC_PRESCALER(rtc), 0);

    /* A prescaler of 3 makes ticks of 4 clocks. */
    begin(3);
    RTC_CC(rtc, 0) = 5;
    INTENSET(rtc) = INT_COMPARE(0);
    microseconds_start();
    RTC_START(rtc) = 1;
    sleep_until(compares == 1);
    expect_between(microseconds(), 20 * LFCLK - 2 * LFCLK, 20 * LFCLK + 3 * LFCLK);
    expect(RTC_COUNTER(rtc), 5);
    RTC_STOP(rtc) = 1;
    pause(6 * LFCLK);
    expect_between(RTC_COUNTER(rtc), 5, 6);

    /* 16 ticks before it overflows. */
    begin(0);
    INTENSET(rtc) = INT_OVRFLW;
    RTC_START(rtc) = 1;
    RTC_TRIGOVRFLW(rtc) = 1;
    microseconds_start();
    sleep_until(overflows == 1);
    expect_between(microseconds(), 15 * LFCLK - LFCLK, 16 * LFCLK + 3 * LFCLK);
    expect(RTC_COUNTER(rtc), 0);
    no_interrupt(id);
}

/* CLEAR also restarts the prescaler. */
static void cleared(void)
{
    begin(19);
    RTC_CC(rtc, 0) = 1;
    on_interrupt(ID_RTC0, event);
    INTENSET(rtc) = INT_COMPARE(0);
    RTC_START(rtc) = 1;
    microseconds_start();
    pause(12 * LFCLK);
    expect(compares, 0);
    RTC_CLEAR(rtc) = 1;
    sleep_until(compares == 1);
    expect_between(microseconds(), 32 * LFCLK - 3 * LFCLK, 32 * LFCLK + 3 * LFCLK);
    INTENCLR(rtc) = ALL;
    no_interrupt(ID_RTC0);
}

void check_rtc(void)
{
    microseconds_start();
    for (uint32_t i = 0; i < sizeof rtcs / sizeof rtcs[0]; i++)
        instance(rtcs[i]);
    cleared();

    /* Enabled neither as an interrupt nor for the PPI, it does not happen. */
    begin(0);
    clear_event(&RTC_COMPARE(rtc, 1));
    clear_event(&RTC_COMPARE(rtc, 2));
    RTC_CC(rtc, 1) = 1;
    RTC_CC(rtc, 2) = 1;
    RTC_EVTENSET(rtc) = INT_COMPARE(2);
    RTC_START(rtc) = 1;
    wait_for(RTC_COMPARE(rtc, 2));
    expect(RTC_COMPARE(rtc, 1), 0);
    expect(RTC_TICK(rtc), 0);
    RTC_EVTENCLR(rtc) = ALL;
    begin(0);
}
