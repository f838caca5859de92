/* RNG: bytes by interrupt, one by the shortcut, with and without bias correction. */
#include "checks.h"

/* 21.2; 6.19 */
#define RNG PERIPHERAL(ID_RNG)
#define START REG32(RNG + 0x000)
#define STOP REG32(RNG + 0x004)
#define VALRDY REG32(RNG + 0x100)
#define CONFIG REG32(RNG + 0x504)
#define VALUE REG32(RNG + 0x508)
#define VALRDY_STOP 1
#define INT_VALRDY 1
#define CONFIG_DERCEN 1
#ifdef NRF51
#define TYPICAL 167 /* us */
#else
#define TYPICAL 30
#endif

static volatile uint32_t made, ones, zeros;

static void ready(void)
{
    clear_event(&VALRDY);
    expect(VALUE & ~0xFFu, 0);
    ones |= VALUE;
    zeros |= ~VALUE;
    made++;
}

void check_rng(void)
{
    on_interrupt(ID_RNG, ready);
    INTENSET(RNG) = INT_VALRDY;
    microseconds_start();
    START = 1;
    /* In 16 bytes each bit was likely both (one run of 4000 fails). */
    sleep_until(made == 16);
    STOP = 1;
    expect_between(microseconds(), 16 * TYPICAL / 2, 16 * TYPICAL * 2);
    expect(ones & 0xFF, 0xFF);
    expect(zeros & 0xFF, 0xFF);

    made = 0;
    CONFIG = CONFIG_DERCEN;
    SHORTS(RNG) = VALRDY_STOP;
    START = 1;
    sleep_until(made == 1);
    microseconds_start();
    sleep_to(1000);
    expect(made, 1);
    START = 1;
    sleep_until(made == 2);
    INTENCLR(RNG) = ALL;
    no_interrupt(ID_RNG);
}
