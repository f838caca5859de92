/* PPI: timers, pins and other timers with nobody in between; groups, forks, a channel that is connected for ever. */
#include "checks.h"
#include "pins.h"

#define EVENT(event) ((uint32_t) & (event))
#define TASK(task) ((uint32_t) & (task))

static volatile uint32_t full;

static void counted(void)
{
    clear_event(&TIMER_COMPARE(TIMER2, 0));
    full++;
}

static void connect(uint32_t channel, uint32_t event, uint32_t task)
{
    PPI_EEP(channel) = event;
    PPI_TEP(channel) = task;
}

static void counter(uint32_t timer, uint32_t value)
{
    TIMER_STOP(timer) = 1;
    TIMER_CLEAR(timer) = 1;
    TIMER_MODE(timer) = MODE_COUNTER;
    TIMER_BITMODE(timer) = BITMODE_16;
    TIMER_CC(timer, 0) = value;
    SHORTS(timer) = 0;
    clear_event(&TIMER_COMPARE(timer, 0));
    TIMER_START(timer) = 1;
}

static uint32_t count(uint32_t timer)
{
    TIMER_CAPTURE(timer, 1) = 1;
    return TIMER_CC(timer, 1);
}

/* TIMER1 toggles a pin; the pin's level is sensed; the PORT event counts in TIMER2; when that is full, it ends all. */
static void loop(void)
{
    TIMER_STOP(TIMER1) = 1;
    TIMER_CLEAR(TIMER1) = 1;
    TIMER_MODE(TIMER1) = MODE_TIMER;
    TIMER_PRESCALER(TIMER1) = 0;
    TIMER_CC(TIMER1, 0) = 80;
    SHORTS(TIMER1) = COMPARE_CLEAR(0);
    counter(TIMER2, 5);
    on_interrupt(ID_TIMER2, counted);
    INTENSET(TIMER2) = INT_COMPARE(0);

    GPIO_PIN_CNF(P0, PIN_B) = CNF_OUTPUT | CNF_SENSE_HIGH;
    GPIOTE_CONFIG(0) = CONFIG_TASK(PIN_B) | CONFIG_TOGGLE;
    connect(0, EVENT(TIMER_COMPARE(TIMER1, 0)), TASK(GPIOTE_OUT(0)));
    connect(1, EVENT(GPIOTE_PORT), TASK(TIMER_COUNT(TIMER2)));
    connect(2, EVENT(TIMER_COMPARE(TIMER2, 0)), TASK(PPI_CHG_DIS(0)));
    connect(3, EVENT(TIMER_COMPARE(TIMER2, 0)), TASK(TIMER_STOP(TIMER1)));
    PPI_CHG(0) = 3;
    PPI_CHENSET = 0xC;
    expect(PPI_CHEN, 0xC);
    TIMER_START(TIMER1) = 1;
    /* Nothing is connected yet. */
    wait_for(TIMER_COMPARE(TIMER1, 0));
    expect(GPIO_IN(P0) >> PIN_B & 1, 0);
    PPI_CHG_EN(0) = 1;
    expect(PPI_CHENSET, 0xF);
    sleep_until(full == 1);
    expect(PPI_CHEN, 0xC);
    expect(count(TIMER2), 5);
    /* It rose for the fifth time and stayed there. */
    expect(GPIO_IN(P0) >> PIN_B & 1, 1);
    PPI_CHENCLR = 0xC;
    expect(PPI_CHEN, 0);
    no_interrupt(ID_TIMER2);
    INTENCLR(TIMER2) = ALL;
    GPIOTE_CONFIG(0) = 0;
    GPIO_PIN_CNF(P0, PIN_B) = CNF_DISCONNECT;
}

/* An edge of a pin captures a timer and starts another. */
static void captured(void)
{
    GPIO_PIN_CNF(P0, PIN_A) = CNF_PULLDOWN;
    GPIOTE_CONFIG(1) = CONFIG_EVENT(PIN_A) | CONFIG_LOTOHI;
    connect(4, EVENT(GPIOTE_IN(1)), TASK(TIMER_CAPTURE(TIMER0, 1)));
    connect(5, EVENT(GPIOTE_IN(1)), TASK(TIMER_COUNT(TIMER2)));
    counter(TIMER2, 0);
    microseconds_start();
    TIMER_CC(TIMER0, 1) = 0;
    PPI_CHENSET = 0x30;
    wait_for(microseconds() >= 20);
    GPIO_PIN_CNF(P0, PIN_A) = CNF_PULLUP;
    wait_for(count(TIMER2) == 1);
    expect_between(TIMER_CC(TIMER0, 1), 20, 30);
    PPI_CHENCLR = 0x30;
    GPIO_PIN_CNF(P0, PIN_A) = CNF_PULLDOWN;
    GPIO_PIN_CNF(P0, PIN_A) = CNF_PULLUP;
    expect(count(TIMER2), 1);
    GPIOTE_CONFIG(1) = 0;
    GPIO_PIN_CNF(P0, PIN_A) = CNF_DISCONNECT;
}

/* Channel 31 is from COMPARE[0] of RTC0 to START of TIMER0. */
static void fixed(void)
{
    TIMER_STOP(TIMER0) = 1;
    TIMER_CLEAR(TIMER0) = 1;
    RTC_CLEAR(RTC0) = 1;
    RTC_CC(RTC0, 0) = 3;
    RTC_EVTENSET(RTC0) = INT_COMPARE(0);
    clear_event(&RTC_COMPARE(RTC0, 0));
    PPI_CHENSET = 1u << 31;
    expect(count(TIMER0), 0);
    RTC_START(RTC0) = 1;
    wait_for(RTC_COMPARE(RTC0, 0));
    wait_for(count(TIMER0) > 0);
    RTC_EVTENCLR(RTC0) = ALL;
    RTC_STOP(RTC0) = 1;
    PPI_CHENCLR = ALL;
}

#ifdef NRF52

/* One event, two tasks, on the last channel that is free. */
static void forked(void)
{
    counter(TIMER1, 0);
    counter(TIMER2, 0);
    counter(TIMER3, 1);
    connect(19, EVENT(TIMER_COMPARE(TIMER3, 0)), TASK(TIMER_COUNT(TIMER1)));
    PPI_FORK(19) = TASK(TIMER_COUNT(TIMER2));
    PPI_CHG(5) = 1u << 19;
    PPI_CHG_EN(5) = 1;
    expect(PPI_CHEN, 1u << 19);
    TIMER_COUNT(TIMER3) = 1;
    wait_for(count(TIMER2) == 1);
    expect(count(TIMER1), 1);
    PPI_CHG_DIS(5) = 1;
    PPI_FORK(19) = 0;
}

#endif

void check_ppi(void)
{
    loop();
    captured();
    fixed();
#ifdef NRF52
    forked();
#endif
    TIMER_STOP(TIMER1) = 1;
    TIMER_STOP(TIMER2) = 1;
}
