/* The timer (DDI 0479 4.1): over and over by interrupt, a value set while it runs, no reload, standing still. */
#include "checks.h"

#define CTRL REG32(TIMER0 + 0x000)
#define VALUE REG32(TIMER0 + 0x004)
#define RELOAD REG32(TIMER0 + 0x008)
#define INTSTATUS REG32(TIMER0 + 0x00C)
#define INTCLEAR INTSTATUS
#define CTRL_EN (1u << 0)
#define CTRL_IRQEN (1u << 3)

static volatile uint32_t interrupts, at[3];

static void zero(void)
{
    expect(INTSTATUS, 1);
    if (interrupts < 3)
        at[interrupts] = stopwatch();
    interrupts++;
    INTCLEAR = 1;
    expect(INTSTATUS, 0);
}

void check_timer(void)
{
    uint32_t value;

    expect(PID0(TIMER0), 0x22);
    expect(CTRL, 0);
    expect(VALUE, 0);
    expect(RELOAD, 0);

    /* From the reload value through zero: one more than the value. */
    on_interrupt(IRQ_TIMER0, zero);
    RELOAD = 999;
    expect(VALUE, 999);
    stopwatch_start();
    CTRL = CTRL_IRQEN | CTRL_EN;
    wait_for(interrupts == 3);
    CTRL = 0;
    expect_between(at[0], 990, 1100);
    expect_between(at[2] - at[0], 1960, 2040);

    /* Off, it keeps its value. */
    value = VALUE;
    expect_between(value, 800, 999);
    expect(VALUE, value);

    /* Set while it runs. */
    interrupts = 0;
    CTRL = CTRL_IRQEN | CTRL_EN;
    VALUE = 3000;
    stopwatch_start();
    wait_for(interrupts == 2);
    CTRL = 0;
    expect_between(at[0], 2960, 3100);
    expect_between(at[1] - at[0], 980, 1020);

    /* Without a reload value it stays at zero. */
    interrupts = 0;
    RELOAD = 0;
    VALUE = 200;
    CTRL = CTRL_IRQEN | CTRL_EN;
    wait_for(interrupts == 1);
    stopwatch_start();
    while (stopwatch() < 500) {
    }
    expect(interrupts, 1);
    expect(VALUE, 0);
    CTRL = 0;

    /* Without the interrupt there is no flag either. */
    VALUE = 100;
    CTRL = CTRL_EN;
    wait_for(VALUE == 0);
    expect(INTSTATUS, 0);
    expect(interrupts, 1);
    CTRL = 0;
    no_interrupt(IRQ_TIMER0);
}
