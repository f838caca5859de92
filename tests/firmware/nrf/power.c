/* POWER: why it was reset, what is kept over a reset, the power of RAM. */
#include "checks.h"

/* nRF51 RM 12.2; nRF52840 PS 5.3.7 */
#define GPREGRET REG32(CLOCK + 0x51C)
#define GPREGRET2 REG32(CLOCK + 0x520)
#define RAMON REG32(CLOCK + 0x524)
#define DCDCEN REG32(CLOCK + 0x578)
#define RAM_POWER(n) REG32(CLOCK + 0x900 + 16 * (n))
#define RAM_POWERSET(n) REG32(CLOCK + 0x904 + 16 * (n))
#define RAM_POWERCLR(n) REG32(CLOCK + 0x908 + 16 * (n))
#define S0RETENTION (1u << 16)

void check_power(void)
{
    /* A debugger may have left a cause. Causes are cleared by ones. */
    POWER_RESETREAS = ALL;
    expect(POWER_RESETREAS, 0);
    /* Eight bits. */
    GPREGRET = 0x1A5;
    expect(GPREGRET, 0xA5);
#ifdef NRF51
    expect(RAMON & 3, 3);
#else
    GPREGRET2 = 0x3C;
    expect(GPREGRET2, 0x3C);
    expect(RAM_POWER(1) & 0xFFFF, 0xFFFF);
    RAM_POWERSET(1) = S0RETENTION;
    expect(RAM_POWER(1) & S0RETENTION, S0RETENTION);
    RAM_POWERCLR(1) = S0RETENTION;
    expect(RAM_POWER(1) & S0RETENTION, 0);
#endif
    DCDCEN = 1;
    expect(DCDCEN, 1);
}

/* After a reset by software. */
void check_power_kept(void)
{
    expect(POWER_RESETREAS, RESETREAS_SREQ);
    POWER_RESETREAS = RESETREAS_DOG;
    expect(POWER_RESETREAS, RESETREAS_SREQ);
    POWER_RESETREAS = RESETREAS_SREQ;
    expect(POWER_RESETREAS, 0);
    expect(GPREGRET, 0xA5);
#ifdef NRF52
    expect(GPREGRET2, 0x3C);
#endif
    GPREGRET = 0;
    expect(DCDCEN, 0);
    expect(CLOCK_HFCLKSTAT & 1, 0);
}
