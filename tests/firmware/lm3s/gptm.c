/* Timers: 32 bits over and over and once, twice 16 bits with a prescaler, the real-time clock. */
#include "gptm.h"
#include "checks.h"

static volatile uint32_t timeouts, timeouts_b, at[3], matches;

static void timeout(void)
{
    expect(GPTM_MIS(TIMER0), GPTM_TATO);
    if (timeouts < 3)
        at[timeouts] = stopwatch();
    timeouts++;
    GPTM_ICR(TIMER0) = GPTM_TATO;
    expect(GPTM_RIS(TIMER0) & GPTM_TATO, 0);
}

static void timeout_b(void)
{
    GPTM_ICR(TIMER0) = GPTM_TBTO;
    timeouts_b++;
}

static void match(void)
{
    expect(GPTM_MIS(TIMER1), GPTM_RTC);
    GPTM_ICR(TIMER1) = GPTM_RTC;
    matches++;
}

static void start(uint32_t mode, uint32_t load)
{
    timeouts = 0;
    GPTM_CTL(TIMER0) = 0;
    GPTM_CFG(TIMER0) = GPTM_CFG_32;
    GPTM_TAMR(TIMER0) = mode;
    GPTM_TAILR(TIMER0) = load;
    GPTM_IMR(TIMER0) = GPTM_TATO;
    on_interrupt(IRQ_TIMER0A, timeout);
    stopwatch_start();
    GPTM_CTL(TIMER0) = CTL_TAEN;
}

static void whole(void)
{
    expect(GPTM_TAILR(TIMER0), 0xFFFFFFFF);
    expect(GPTM_TAR(TIMER0), 0xFFFFFFFF);
    start(MR_PERIODIC, 999);
    wait_for(timeouts == 3);
    GPTM_CTL(TIMER0) = 0;
    expect_between(at[0], 1000, 1100);
    expect_between(at[2] - at[0], 1960, 2040);

    start(MR_ONE_SHOT, 500);
    expect_between(GPTM_TAR(TIMER0), 400, 500);
    wait_for(timeouts == 1);
    expect(GPTM_CTL(TIMER0) & CTL_TAEN, 0);
    expect_between(at[0], 500, 600);
    while (stopwatch() < 1500) {
    }
    expect(timeouts, 1);

    /* A new value counts from now on. */
    start(MR_PERIODIC, 1000000);
    GPTM_TAILR(TIMER0) = 700;
    wait_for(timeouts == 2);
    GPTM_CTL(TIMER0) = 0;
    expect_between(at[0], 700, 850);
    expect_between(at[1] - at[0], 680, 720);

    /* Without the interrupt there is the flag. */
    start(MR_ONE_SHOT, 50);
    GPTM_IMR(TIMER0) = 0;
    wait_for(GPTM_RIS(TIMER0) & GPTM_TATO);
    expect(GPTM_MIS(TIMER0), 0);
    expect(timeouts, 0);
    GPTM_ICR(TIMER0) = GPTM_TATO;
    no_interrupt(IRQ_TIMER0A);
}

static void halves(void)
{
    timeouts = timeouts_b = 0;
    GPTM_CTL(TIMER0) = 0;
    GPTM_CFG(TIMER0) = GPTM_CFG_16;
    GPTM_TAMR(TIMER0) = MR_ONE_SHOT;
    GPTM_TBMR(TIMER0) = MR_PERIODIC;
    GPTM_TAILR(TIMER0) = 0x10000 + 499;
    GPTM_TBILR(TIMER0) = 299;
    expect(GPTM_TAILR(TIMER0), 499);
    expect(GPTM_TBILR(TIMER0), 299);
    /* A counts every fourth clock. */
    GPTM_TAPR(TIMER0) = 3;
    GPTM_TBPR(TIMER0) = 0;
    GPTM_IMR(TIMER0) = GPTM_TATO | GPTM_TBTO;
    on_interrupt(IRQ_TIMER0A, timeout);
    on_interrupt(IRQ_TIMER0B, timeout_b);
    stopwatch_start();
    GPTM_CTL(TIMER0) = CTL_TAEN | CTL_TBEN;
    sleep_until(timeouts == 1);
    expect_between(timeouts_b, 6, 7);
    expect_between(at[0], 1990, 2150);
    expect(GPTM_CTL(TIMER0), CTL_TBEN);
    sleep_until(timeouts_b == 9);
    expect_between(stopwatch(), 2690, 2850);
    GPTM_CTL(TIMER0) = 0;
    no_interrupt(IRQ_TIMER0A);
    no_interrupt(IRQ_TIMER0B);
    GPTM_TAPR(TIMER0) = 0;
}

/* It begins with 1, or what it is told; what a second is, sysctl.c looks at. */
static void real_time(void)
{
    matches = 0;
    GPTM_CFG(TIMER1) = GPTM_CFG_RTC;
    expect(GPTM_TAR(TIMER1), 1);
    GPTM_TAMATCHR(TIMER1) = 3;
    GPTM_IMR(TIMER1) = GPTM_RTC;
    on_interrupt(IRQ_TIMER1A, match);
    GPTM_CTL(TIMER1) = CTL_RTCEN | CTL_TAEN;
    sleep_until(matches == 1);
    expect(GPTM_TAR(TIMER1), 3);
    GPTM_TAILR(TIMER1) = 0x1FFFE;
    expect(GPTM_TAR(TIMER1), 0x1FFFE);
    GPTM_TAMATCHR(TIMER1) = 0x20000;
    sleep_until(matches == 2);
    expect(GPTM_TAR(TIMER1), 0x20000);
    GPTM_CTL(TIMER1) = 0;
    no_interrupt(IRQ_TIMER1A);
}

void check_gptm(void)
{
    whole();
    halves();
    real_time();
}
