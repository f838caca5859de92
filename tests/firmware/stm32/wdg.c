/* The watchdogs: fed for a while, then left to bite. main.c sees what the reset leaves. */
#include "checks.h"

#define WWDG_CR REG32(WWDG + 0x00)
#define WWDG_CFR REG32(WWDG + 0x04)
#define WWDG_SR REG32(WWDG + 0x08)
#define WWDG_CR_WDGA (1u << 7)
#define WWDG_CFR_EWI (1u << 9)
#define WWDG_CFR_NO_WINDOW 0x7Fu

#define IWDG_KR REG32(IWDG + 0x00)
#define IWDG_PR REG32(IWDG + 0x04)
#define IWDG_RLR REG32(IWDG + 0x08)
#define IWDG_SR REG32(IWDG + 0x0C)

/* Why the chip was reset; all these flags are at the same place in every family. */
#define RCC_CSR_PINRSTF (1u << 26)
#define RCC_CSR_SFTRSTF (1u << 28)
#define RCC_CSR_IWDGRSTF (1u << 29)
#define RCC_CSR_WWDGRSTF (1u << 30)

static volatile uint32_t warnings;

/* Any reset of the chip pulls the pin, too. The flags add up until they are removed. */
static void expect_reset(uint32_t flag)
{
    expect(RCC_CSR >> 25 << 25, flag | RCC_CSR_PINRSTF);
    RCC_CSR |= RCC_CSR_RMVF;
    expect(RCC_CSR >> 25 << 25, 0);
    RCC_CSR &= ~RCC_CSR_RMVF;
}

/* At 0x40, one count before the end; only twice is it wound up again. */
static void warned(void)
{
    expect(WWDG_SR, 1);
    WWDG_SR = 0;
    if (++warnings < 3)
        WWDG_CR = WWDG_CR_WDGA | 0x42;
}

void check_wwdg(void)
{
    warnings = 0;
    expect_reset(RCC_CSR_SFTRSTF);
    expect(WWDG_CR, 0x7F);
    on_interrupt(IRQ_WWDG, warned);
    WWDG_SR = 0;
    WWDG_CFR = WWDG_CFR_EWI | WWDG_CFR_NO_WINDOW;
    /* Two counts of 4096 cycles of APB1 to the first warning: between one and two, as the prescaler runs free. */
    stopwatch_start();
    WWDG_CR = WWDG_CR_WDGA | 0x42;
    wait_for(warnings == 1);
    expect_between(stopwatch(), 4096, 2 * 4096 + 100);
    stopwatch_start();
    wait_for(warnings == 2);
    expect_between(stopwatch(), 2 * 4096 - 200, 2 * 4096 + 200);
    wait_for(warnings == 3);
    expect(WWDG_CR & WWDG_CR_WDGA, WWDG_CR_WDGA);
}

void check_reset(void)
{
    expect_reset(RCC_CSR_IWDGRSTF);
}

void check_iwdg(void)
{
    expect_reset(RCC_CSR_WWDGRSTF);
    expect(IWDG_PR, 0);
    expect(IWDG_RLR, 0xFFF);
    /* Protected until the key comes. */
    IWDG_RLR = 5;
    expect(IWDG_RLR, 0xFFF);
    IWDG_KR = 0xCCCC;
    IWDG_KR = 0x5555;
    IWDG_PR = 0;
    IWDG_RLR = 15;
    wait_for(IWDG_SR == 0);
    expect(IWDG_RLR, 15);
    /* 16 counts of a fourth of about 40 kHz, 1.6 ms; fed, it lets 4 ms pass. */
    for (uint32_t feeding = 0; feeding < 8; feeding++) {
        IWDG_KR = 0xAAAA;
        stopwatch_start();
        while (stopwatch() < CLOCK_SLOW / 2000) {
        }
    }
}
