/* I2C as a master whom nobody answers: by polling and by interrupt, how long it takes, the bus that stays busy until a stop. */
#include "checks.h"

#define I2CMSA REG32(I2C0 + 0x000)
#define I2CMCS REG32(I2C0 + 0x004)
#define I2CMDR REG32(I2C0 + 0x008)
#define I2CMTPR REG32(I2C0 + 0x00C)
#define I2CMIMR REG32(I2C0 + 0x010)
#define I2CMRIS REG32(I2C0 + 0x014)
#define I2CMMIS REG32(I2C0 + 0x018)
#define I2CMICR REG32(I2C0 + 0x01C)
#define I2CMCR REG32(I2C0 + 0x020)
#define MCS_RUN (1u << 0)
#define MCS_START (1u << 1)
#define MCS_STOP (1u << 2)
#define MCS_BUSY (1u << 0)
#define MCS_ERROR (1u << 1)
#define MCS_ADRACK (1u << 2)
#define MCS_ARBLST (1u << 4)
#define MCS_IDLE (1u << 5)
#define MCS_BUSBSY (1u << 6)
#define MCR_MFE (1u << 4)

#define TPR 3
/* The clock is six of these low and four high. */
#define BIT (2 * (1 + TPR) * 10)

static volatile uint32_t ends;

static void end(void)
{
    expect(I2CMMIS, 1);
    I2CMICR = 1;
    expect(I2CMRIS, 0);
    ends++;
}

void check_i2c(void)
{
    expect(I2CMTPR, 1);
    expect(I2CMCS & (MCS_IDLE | MCS_BUSY | MCS_BUSBSY), MCS_IDLE);
    /* Not before it is on. */
    I2CMSA = 0x3B << 1;
    I2CMCS = MCS_RUN | MCS_START | MCS_STOP;
    expect(I2CMCS & MCS_BUSY, 0);
    I2CMCR = MCR_MFE;
    I2CMTPR = TPR;

    /* A byte in one go, and nobody there: an error, nothing of it before the address is through. */
    I2CMICR = 1;
    I2CMDR = 0x55;
    stopwatch_start();
    I2CMCS = MCS_RUN | MCS_START | MCS_STOP;
    expect(I2CMCS & MCS_BUSY, MCS_BUSY);
    wait_for(!(I2CMCS & MCS_BUSY));
    expect_between(stopwatch(), 9 * BIT, 13 * BIT);
    expect(I2CMCS & (MCS_ERROR | MCS_ADRACK | MCS_ARBLST | MCS_BUSBSY), MCS_ERROR | MCS_ADRACK);
    expect(I2CMRIS, 1);
    expect(I2CMMIS, 0);
    I2CMICR = 1;

    /* Without the stop the bus stays taken. To read goes wrong in the same way. */
    on_interrupt(IRQ_I2C0, end);
    I2CMIMR = 1;
    I2CMSA = 0x3B << 1 | 1;
    I2CMCS = MCS_RUN | MCS_START;
    sleep_until(ends == 1);
    expect(I2CMCS & (MCS_BUSY | MCS_ERROR | MCS_ADRACK | MCS_BUSBSY), MCS_ERROR | MCS_ADRACK | MCS_BUSBSY);
    I2CMCS = MCS_STOP;
    wait_for(!(I2CMCS & (MCS_BUSY | MCS_BUSBSY)));
    expect(I2CMCS & (MCS_IDLE | MCS_ERROR), MCS_IDLE);
    I2CMIMR = 0;
    no_interrupt(IRQ_I2C0);
    I2CMCR = 0;
}
