/* TIMER: compare with its shortcuts, capture, counting, widths; the interrupt of each of them. */
#include "checks.h"

static const uint32_t timers[] = {
    ID_TIMER1, ID_TIMER2,
#ifdef NRF52
    ID_TIMER3, ID_TIMER4,
#endif
    ID_TIMER0,
};
static uint32_t timer;
static volatile uint32_t compares, at[4];

static void compare(void)
{
    expect(TIMER_COMPARE(timer, 0), 1);
    clear_event(&TIMER_COMPARE(timer, 0));
    TIMER_CAPTURE(timer, 3) = 1;
    if (compares < 4)
        at[compares] = TIMER_CC(timer, 3);
    compares++;
}

static void configure(uint32_t mode, uint32_t bits, uint32_t prescaler, uint32_t shorts)
{
    TIMER_STOP(timer) = 1;
    TIMER_CLEAR(timer) = 1;
    TIMER_MODE(timer) = mode;
    TIMER_BITMODE(timer) = bits;
    TIMER_PRESCALER(timer) = prescaler;
    SHORTS(timer) = shorts;
    clear_event(&TIMER_COMPARE(timer, 0));
    compares = 0;
}

static uint32_t count(void)
{
    TIMER_CAPTURE(timer, 2) = 1;
    return TIMER_CC(timer, 2);
}

/* A period that a shortcut makes, in ticks of 1 us. */
static void period(void)
{
    configure(MODE_TIMER, BITMODE_16, 4, COMPARE_CLEAR(0));
    TIMER_CC(timer, 0) = 20;
    INTENSET(timer) = INT_COMPARE(0);
    stopwatch_start();
    TIMER_START(timer) = 1;
    wait_for(compares == 3);
    TIMER_STOP(timer) = 1;
    expect_between(stopwatch(), 60 * MHZ, 68 * MHZ);
    expect_between(at[0], 0, 6);
    expect_between(at[2], 0, 6);

    /* Once: it stops where it is equal, and goes on from there. */
    configure(MODE_TIMER, BITMODE_16, 0, COMPARE_STOP(0));
    TIMER_CC(timer, 0) = 100;
    TIMER_START(timer) = 1;
    wait_for(compares == 1);
    expect(count(), 100);
    expect(count(), 100);
    SHORTS(timer) = 0;
    TIMER_START(timer) = 1;
    TIMER_STOP(timer) = 1;
    expect_between(count(), 100, 130);
    expect(compares, 1);
    TIMER_CLEAR(timer) = 1;
    expect(count(), 0);
}

static void counting(uint32_t mode)
{
    configure(mode, BITMODE_8, 0, 0);
    TIMER_CC(timer, 0) = 3;
    TIMER_COUNT(timer) = 1;
    expect(count(), 0);
    TIMER_START(timer) = 1;
    TIMER_COUNT(timer) = 1;
    TIMER_COUNT(timer) = 1;
    expect(count(), 2);
    expect(compares, 0);
    TIMER_COUNT(timer) = 1;
    expect(count(), 3);
    wait_for(compares == 1);
    /* Eight bits. */
    for (uint32_t i = 0; i < 254; i++)
        TIMER_COUNT(timer) = 1;
    expect(count(), 1);
    SHORTS(timer) = COMPARE_CLEAR(0);
    TIMER_COUNT(timer) = 1;
    TIMER_COUNT(timer) = 1;
    wait_for(compares == 2);
    expect(count(), 0);
    SHORTS(timer) = 0;
}

/* Comes to a value that shows how wide it is. */
static void wide(uint32_t bits, uint32_t value, uint32_t seen)
{
    configure(MODE_TIMER, bits, 0, 0);
    TIMER_CC(timer, 0) = value;
    TIMER_START(timer) = 1;
    sleep_until(compares == 1);
    TIMER_STOP(timer) = 1;
    expect_between(at[0], seen, seen + 100);
}

void check_timer(void)
{
    for (uint32_t i = 0; i < sizeof timers / sizeof timers[0]; i++) {
        timer = PERIPHERAL(timers[i]);
        expect(TIMER_PRESCALER(timer) | TIMER_MODE(timer) | TIMER_BITMODE(timer), timers[i] == ID_TIMER0 ? 7 : 4);
        on_interrupt(timers[i], compare);
        period();
        counting(MODE_COUNTER);
#ifdef NRF52
        counting(MODE_LOW_POWER_COUNTER);
#endif
        INTENCLR(timer) = ALL;
        no_interrupt(timers[i]);
    }

    /* TIMER0 is last: it has all widths. The others of the nRF51 have 16 bits. */
    on_interrupt(ID_TIMER0, compare);
    INTENSET(timer) = INT_COMPARE(0);
    wide(BITMODE_16, 0, 0);
    wide(BITMODE_24, 70000, 70000);
    wide(BITMODE_32, 70000, 70000);
    microseconds_start();
    timer = TIMER1;
    on_interrupt(ID_TIMER1, compare);
    INTENSET(timer) = INT_COMPARE(0);
    /* All the way around: 65536 ticks. */
    wide(BITMODE_16, 0, 0);
    expect_between(microseconds(), 4090, 4110);
    TIMER_SHUTDOWN(timer) = 1;
    for (uint32_t i = 0; i < 2; i++) {
        INTENCLR(PERIPHERAL(ID_TIMER0 + i)) = ALL;
        no_interrupt(ID_TIMER0 + i);
    }

#ifdef NRF52
    /* Six channels. */
    timer = TIMER3;
    configure(MODE_COUNTER, BITMODE_32, 0, COMPARE_CLEAR(5));
    TIMER_CC(timer, 5) = 2;
    TIMER_CC(timer, 4) = 1;
    TIMER_START(timer) = 1;
    TIMER_COUNT(timer) = 1;
    expect(TIMER_COMPARE(timer, 4), 1);
    TIMER_COUNT(timer) = 1;
    expect(TIMER_COMPARE(timer, 5), 1);
    expect(count(), 0);
    TIMER_STOP(timer) = 1;
    SHORTS(timer) = 0;
#endif
}
