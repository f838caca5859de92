#include "clocks.h"
#include "check.h"

#if defined(STM32F1)

#define RCC_CR REG32(RCC + 0x00)
#define RCC_CFGR REG32(RCC + 0x04)
#define RCC_BDCR REG32(RCC + 0x20)
#define FLASH_ACR REG32(FLASH + 0x00)
#define PPRE1 8

void clocks_on(void)
{
    REG32(RCC + 0x14) |= 1u << 0 | 1u << 6;                           /* AHB: DMA1, CRC */
    REG32(RCC + 0x18) |= 1u << 0 | 7u << 2 | 1u << 11 | 1u << 14;     /* APB2: AFIO, ports A to C, TIM1, USART1 */
    REG32(RCC + 0x1C) |= 7u << 0 | 1u << 11 | 1u << 21 | 3u << 27;    /* APB1: TIM2 to 4, WWDG, I2C1, BKP, PWR */
}

void clock_fast(void)
{
    FLASH_ACR = 0x12;
    RCC_CR |= 1u << 16;
    wait_for(RCC_CR & 1u << 17);
    RCC_CFGR = 1u << 16 | 7u << 18 | 4u << PPRE1; /* HSE x 9 */
    RCC_CR |= 1u << 24;
    wait_for(RCC_CR & 1u << 25);
    RCC_CFGR |= 2;
    wait_for((RCC_CFGR >> 2 & 3) == 2);
}

void clock_slow(void)
{
    RCC_CFGR &= ~3u;
    wait_for((RCC_CFGR >> 2 & 3) == 0);
    RCC_CR &= ~(1u << 24 | 1u << 16);
    wait_for((RCC_CR & (1u << 25 | 1u << 17)) == 0);
    RCC_CFGR = 0;
    FLASH_ACR = 0x10;
}

#endif

void clock_apb1(uint32_t power)
{
    RCC_CFGR = (RCC_CFGR & ~(7u << PPRE1)) | (power == 0 ? 0 : power + 3) << PPRE1;
}

#if !defined(STM32L1)

void clock_rtc(void)
{
    RCC_CSR |= 1;
    wait_for(RCC_CSR & 2);
    PWR_CR |= PWR_CR_DBP;
    RCC_BDCR |= 1u << 16;
    RCC_BDCR &= ~(1u << 16);
    RCC_BDCR |= 2u << 8 | 1u << 15;
    expect(RCC_BDCR & (3u << 8 | 1u << 15), 2u << 8 | 1u << 15);
}

#endif
