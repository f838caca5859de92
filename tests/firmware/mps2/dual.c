/* The dual timer: both counters at once, periodic, once, free, in both sizes and all prescales; loads now and later; its
 * integration test.
 */
#include "dual.h"

static volatile uint32_t interrupts[2], at[2][3], tested;

static void zero(void)
{
    for (uint32_t n = 0; n < 2; n++)
        if (TIMERMIS(n) & 1) {
            expect(TIMERRIS(n), 1);
            if (interrupts[n] < 3)
                at[n][interrupts[n]] = stopwatch();
            interrupts[n]++;
            TIMERINTCLR(n) = 1;
            expect(TIMERRIS(n), 0);
        }
}

static void test(void)
{
    expect(TIMERMIS(0) | TIMERMIS(1), 0);
    TIMERITOP = 0;
    tested++;
}

static void start(uint32_t n, uint32_t load, uint32_t control)
{
    TIMERCONTROL(n) = 0;
    interrupts[n] = 0;
    TIMERCONTROL(n) = control;
    TIMERLOAD(n) = load;
    TIMERCONTROL(n) = control | CONTROL_INT | CONTROL_ENABLE;
}

/* The first counts clocks in 32 bits, the second sixteen at a time in 16 bits. */
static void both(void)
{
    stopwatch_start();
    start(0, 6999, CONTROL_SIZE_32 | CONTROL_PERIODIC);
    start(1, 99, CONTROL_PERIODIC | CONTROL_BY_16);
    wait_for(interrupts[1] == 3);
    expect_between(at[1][0], 99 * 16, 100 * 16 + 200);
    expect_between(at[1][2] - at[1][0], 2 * 1600 - 40, 2 * 1600 + 40);
    TIMERCONTROL(1) = 0;
    wait_for(interrupts[0] == 2);
    TIMERCONTROL(0) = 0;
    expect_between(at[0][0], 6990, 7200);
    expect_between(at[0][1] - at[0][0], 6960, 7040);
}

static void once(void)
{
    start(0, 9, CONTROL_ONE_SHOT | CONTROL_PERIODIC | CONTROL_BY_256);
    stopwatch_start();
    wait_for(interrupts[0] == 1);
    expect_between(at[0][0], 9 * 256 - 200, 10 * 256 + 200);
    expect(TIMERVALUE(0) & 0xFFFF, 0);
    while (stopwatch() < 20 * 256) {
    }
    expect(interrupts[0], 1);
    /* A new load is a new count. */
    stopwatch_start();
    TIMERLOAD(0) = 4;
    wait_for(interrupts[0] == 2);
    expect_between(at[0][1], 3 * 256, 5 * 256 + 200);
    /* Or no longer to be so. */
    TIMERCONTROL(0) &= ~CONTROL_ONE_SHOT;
    wait_for(interrupts[0] == 4);
    TIMERCONTROL(0) = 0;
}

static void later(void)
{
    /* Free, it goes on from the top. */
    start(1, 300, 0);
    wait_for(interrupts[1] == 1);
    expect_between(TIMERVALUE(1) & 0xFFFF, 0xFF00, 0xFFFF);

    /* The one in the background waits for zero, and both are the value of the next load. */
    start(0, 1000, CONTROL_SIZE_32 | CONTROL_PERIODIC);
    stopwatch_start();
    TIMERBGLOAD(0) = 499;
    expect(TIMERLOAD(0), 499);
    expect_between(TIMERVALUE(0), 900, 1000);
    wait_for(interrupts[0] == 3);
    expect_between(at[0][0], 960, 1100);
    expect_between(at[0][2] - at[0][0], 960, 1040);

    /* Off, it is still. Without the interrupt there is the raw flag. */
    TIMERCONTROL(0) = CONTROL_SIZE_32 | CONTROL_PERIODIC;
    at[0][0] = TIMERVALUE(0);
    expect(TIMERVALUE(0), at[0][0]);
    TIMERCONTROL(0) = CONTROL_SIZE_32 | CONTROL_PERIODIC | CONTROL_ENABLE;
    wait_for(TIMERRIS(0) & 1);
    expect(TIMERMIS(0), 0);
    TIMERCONTROL(0) = 0;
    TIMERCONTROL(1) = 0;
    TIMERINTCLR(0) = 1;
    TIMERINTCLR(1) = 1;
}

void check_dual(void)
{
    expect(PID0(DUALTIMER), 0x23);
    for (uint32_t n = 0; n < 2; n++) {
        expect(TIMERLOAD(n), 0);
        expect(TIMERVALUE(n), 0xFFFFFFFF);
        expect(TIMERCONTROL(n), CONTROL_INT);
    }
    on_interrupt(IRQ_DUALTIMER, zero);
    both();
    once();
    later();

    /* In the integration test a register is the interrupt. */
    on_interrupt(IRQ_DUALTIMER, test);
    TIMERITCR = 1;
    TIMERITOP = 1;
    wait_for(tested == 1);
    TIMERITOP = 2;
    wait_for(tested == 2);
    TIMERITCR = 0;
    no_interrupt(IRQ_DUALTIMER);
}
