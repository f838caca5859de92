/* The I/O of the FPGA: LEDs, buttons, the counters (Arm DAI 0385, FPGA system control). */
#include "checks.h"

#define LED0 REG32(FPGAIO + 0x000)
#define BUTTON REG32(FPGAIO + 0x008)
#define CLK1HZ REG32(FPGAIO + 0x010)
#define CLK100HZ REG32(FPGAIO + 0x014)
#define COUNTER REG32(FPGAIO + 0x018)
#define PRESCALE REG32(FPGAIO + 0x01C)
#define PSCNTR REG32(FPGAIO + 0x020)
#define TIMER_CTRL REG32(TIMER0 + 0x000)
#define TIMER_RELOAD REG32(TIMER0 + 0x008)
#define TIMER_INTCLEAR REG32(TIMER0 + 0x00C)
#define TIMER_CTRL_RUN (1u << 3 | 1u << 0)

static volatile uint32_t over;

static void end(void)
{
    TIMER_CTRL = 0;
    TIMER_INTCLEAR = 1;
    over = 1;
}

static void sleep_for(uint32_t cycles)
{
    over = 0;
    on_interrupt(IRQ_TIMER0, end);
    TIMER_RELOAD = cycles;
    TIMER_CTRL = TIMER_CTRL_RUN;
    sleep_until(over);
    no_interrupt(IRQ_TIMER0);
}

void check_fpgaio(void)
{
    uint32_t seconds, hundredths, before;

    expect(LED0 & 3, 0);
    LED0 = 1;
    expect(LED0 & 3, 1);
    LED0 = 2;
    expect(LED0 & 3, 2);
    LED0 = 0;
    /* Nobody presses any. */
    expect(BUTTON & 3, 0);

    /* Two seconds and a half. */
    seconds = CLK1HZ;
    hundredths = CLK100HZ;
    sleep_for(CLOCK / 2 * 5);
    expect_between(CLK1HZ - seconds, 2, 3);
    expect_between(CLK100HZ - hundredths, 249, 251);
    CLK1HZ = 1000;
    CLK100HZ = 2000;
    expect_between(CLK1HZ, 1000, 1001);
    expect_between(CLK100HZ, 2000, 2001);

    /* Every clock, then every tenth. */
    PRESCALE = 0;
    PSCNTR = 0;
    COUNTER = 100;
    stopwatch_start();
    before = COUNTER;
    expect_between(before, 100, 200);
    while (stopwatch() < 500) {
    }
    expect_between(COUNTER - before, 490, 600);
    PRESCALE = 9;
    PSCNTR = 9;
    COUNTER = 0xFFFFFFF0;
    stopwatch_start();
    expect_between(PSCNTR, 0, 9);
    while (stopwatch() < 1000) {
    }
    expect_between(COUNTER + 0x10, 98, 112);
    PRESCALE = 0;
}
