/* CLOCK: both clocks are started, the low-frequency one is calibrated, and its timer counts a quarter of a second. */
#include "checks.h"

/* nRF51 RM 13.2; nRF52840 PS 5.4.3 */
#define LFCLKSTART REG32(CLOCK + 0x008)
#define LFCLKSTOP REG32(CLOCK + 0x00C)
#define CAL REG32(CLOCK + 0x010)
#define CTSTART REG32(CLOCK + 0x014)
#define CTSTOP REG32(CLOCK + 0x018)
#define LFCLKSTARTED REG32(CLOCK + 0x104)
#define DONE REG32(CLOCK + 0x10C)
#define CTTO REG32(CLOCK + 0x110)
#define HFCLKRUN REG32(CLOCK + 0x408)
#define LFCLKRUN REG32(CLOCK + 0x414)
#define LFCLKSTAT REG32(CLOCK + 0x418)
#define LFCLKSRCCOPY REG32(CLOCK + 0x41C)
#define LFCLKSRC REG32(CLOCK + 0x518)
#define CTIV REG32(CLOCK + 0x538)
#define INT_HFCLKSTARTED (1u << 0)
#define INT_LFCLKSTARTED (1u << 1)
#define INT_DONE (1u << 3)
#define INT_CTTO (1u << 4)
#define STAT_XTAL (1u << 0)
#define STAT_RUNNING (1u << 16)
#define SRC_RC 0

static volatile uint32_t high, low, calibrated, timeouts;

static void event(void)
{
    if (CLOCK_HFCLKSTARTED) {
        clear_event(&CLOCK_HFCLKSTARTED);
        high++;
    }
    if (LFCLKSTARTED) {
        clear_event(&LFCLKSTARTED);
        low++;
    }
    if (DONE) {
        clear_event(&DONE);
        calibrated++;
    }
    if (CTTO) {
        clear_event(&CTTO);
        timeouts++;
    }
}

void check_clock(void)
{
    on_interrupt(ID_POWER_CLOCK, event);
    INTENSET(CLOCK) = INT_HFCLKSTARTED | INT_LFCLKSTARTED | INT_DONE | INT_CTTO;
    expect(CLOCK_HFCLKSTAT & STAT_XTAL, 0);
    expect(HFCLKRUN, 0);
    CLOCK_HFCLKSTART = 1;
    expect(HFCLKRUN, 1);
    sleep_until(high == 1);
    expect(CLOCK_HFCLKSTAT, STAT_RUNNING | STAT_XTAL);

    expect(LFCLKSTAT & STAT_RUNNING, 0);
    LFCLKSRC = SRC_RC;
    LFCLKSTART = 1;
    expect(LFCLKRUN, 1);
    expect(LFCLKSRCCOPY, SRC_RC);
    sleep_until(low == 1);
    expect(LFCLKSTAT, STAT_RUNNING | SRC_RC);

    CAL = 1;
    sleep_until(calibrated == 1);

    /* CTIV counts quarters of a second. */
    microseconds_start();
    CTIV = 1;
    CTSTART = 1;
    sleep_until(timeouts == 1);
    expect_between(microseconds(), 245000, 255000);
    CTSTOP = 1;

    /* Off, and on again for those who need it. */
    CLOCK_HFCLKSTOP = 1;
    wait_for(!(CLOCK_HFCLKSTAT & STAT_XTAL));
    expect(HFCLKRUN, 0);
    CLOCK_HFCLKSTART = 1;
    sleep_until(high == 2);
    expect(timeouts, 1);
    expect(low, 1);
    INTENCLR(CLOCK) = ALL;
    no_interrupt(ID_POWER_CLOCK);
}
