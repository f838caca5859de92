/* TEMP: a measurement, in quarters of a degree. */
#include "checks.h"

/* 20.2; 6.28 */
#define TEMP_BASE PERIPHERAL(ID_TEMP)
#define START REG32(TEMP_BASE + 0x000)
#define STOP REG32(TEMP_BASE + 0x004)
#define DATARDY REG32(TEMP_BASE + 0x100)
#define TEMP REG32(TEMP_BASE + 0x508)
#define INT_DATARDY 1

static volatile uint32_t measured;

static void ready(void)
{
    clear_event(&DATARDY);
    measured++;
}

void check_temp(void)
{
    on_interrupt(ID_TEMP, ready);
    INTENSET(TEMP_BASE) = INT_DATARDY;
    microseconds_start();
    START = 1;
    sleep_until(measured == 1);
    expect_between(microseconds(), 20, 60);
    /* The room is between 0 and 50 degrees. */
    expect_between(TEMP, 0, 50 * 4);
    STOP = 1;
    expect(measured, 1);
    INTENCLR(TEMP_BASE) = ALL;
    no_interrupt(ID_TEMP);
}
