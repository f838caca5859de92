#include "clocks.h"
#include "checks.h"

#define RCC_CR REG32(RCC + 0x00)
#define CR_HSEON (1u << 16)
#define CR_HSERDY (1u << 17)
#define CR_HSEBYP (1u << 18) /* a clock comes, there is no crystal */
#define CR_PLLON (1u << 24)
#define CR_PLLRDY (1u << 25)

/* Where the families have CFGR, the divider of APB1 in it, and the RTC's clock; and which clock SW selects by which number. */
#if defined(STM32F2) || defined(STM32F4)
#define RCC_CFGR REG32(RCC + 0x08)
#define RCC_BDCR REG32(RCC + 0x70)
#define PPRE1 10
#elif defined(STM32L1)
#define RCC_CFGR REG32(RCC + 0x08)
#define PPRE1 8
#elif defined(STM32L4)
#define RCC_CFGR REG32(RCC + 0x08)
#define RCC_BDCR REG32(RCC + 0x90)
#define PPRE1 8
#else
#define RCC_CFGR REG32(RCC + 0x04)
#define RCC_BDCR REG32(RCC + 0x20)
#define PPRE1 8
#endif
#if defined(STM32L1) || defined(STM32L4)
#define SW_PLL 3u
#else
#define SW_PLL 2u
#endif
#define CAN_ENABLE ((uint32_t)HAS_CAN << 25)
#define FLASH_ACR REG32(FLASH + 0x00)

static void on(uint32_t enable, uint32_t ready)
{
    RCC_CR |= enable;
    wait_for(RCC_CR & ready);
}

static void use(uint32_t clock)
{
    RCC_CFGR = (RCC_CFGR & ~3u) | clock;
    wait_for((RCC_CFGR >> 2 & 3) == clock);
}

#if defined(STM32F1)

void clocks_on(void)
{
    REG32(RCC + 0x14) |= 1u << 0 | 1u << 6;                        /* DMA1, CRC */
    REG32(RCC + 0x18) |= 1u << 0 | 7u << 2 | 3u << 11 | 1u << 14;  /* AFIO, ports A to C, TIM1, SPI1, USART1 */
    REG32(RCC + 0x1C) |= 7u << 0 | 1u << 11 | 1u << 21 | 1u << 25 | 3u << 27; /* TIM2 to TIM4, WWDG, I2C1, CAN, BKP, PWR */
}

void clock_fast(void)
{
    FLASH_ACR = 0x12;
    on(CR_HSEON, CR_HSERDY);
    RCC_CFGR = 1u << 16 | 7u << 18 | 4u << PPRE1; /* HSE x 9 */
    on(CR_PLLON, CR_PLLRDY);
    use(SW_PLL);
}

#elif defined(STM32F0) || defined(STM32F3)

void clocks_on(void)
{
    REG32(RCC + 0x14) |= 1u << 0 | 1u << 6 | 7u << 17;                                  /* DMA1, CRC, ports A to C */
    REG32(RCC + 0x18) |= 1u << 0 | 3u << 11 | 1u << 14;                                 /* SYSCFG, TIM1, SPI1, USART1 */
    REG32(RCC + 0x1C) |= 3u << 0 | 1u << 4 | 1u << 11 | 1u << 17 | 1u << 21 | CAN_ENABLE | 1u << 28; /* TIM2, TIM3, TIM6, WWDG, USART2, I2C1, CAN, PWR */
}

void clock_fast(void)
{
#if defined(STM32F0)
    FLASH_ACR = 0x11;
    on(CR_HSEBYP | CR_HSEON, CR_HSERDY);
    RCC_CFGR = 2u << 15 | 4u << 18 | 4u << PPRE1; /* HSE x 6 */
#else
    FLASH_ACR = 0x12;
    on(CR_HSEBYP | CR_HSEON, CR_HSERDY);
    RCC_CFGR = 1u << 16 | 7u << 18 | 4u << PPRE1; /* HSE x 9 */
#endif
    on(CR_PLLON, CR_PLLRDY);
    use(SW_PLL);
}

#elif defined(STM32F2) || defined(STM32F4)

#define RCC_PLLCFGR REG32(RCC + 0x04)

void clocks_on(void)
{
    REG32(RCC + 0x30) |= 15u << 0 | 1u << 12 | 3u << 21; /* ports A to D, CRC, DMA1, DMA2 */
    REG32(RCC + 0x34) |= 1u << 6;                        /* RNG */
    REG32(RCC + 0x40) |= 3u << 0 | 1u << 4 | 1u << 11 | 3u << 17 | 1u << 21 | CAN_ENABLE | 1u << 28; /* TIM2, TIM3, TIM6, WWDG, USART2, USART3, I2C1, CAN, PWR */
    REG32(RCC + 0x44) |= 1u << 0 | 1u << 12 | 1u << 14; /* TIM1, SPI1, SYSCFG */
}

/* 8 MHz from outside to 1 MHz, times N, divided by 2; and by Q to 48 MHz. */
static void pll_on(void)
{
#if defined(STM32F4)
    on(CR_HSEON, CR_HSERDY);
    RCC_PLLCFGR = 8 | 336u << 6 | 1u << 22 | 7u << 24;
#else
    on(CR_HSEBYP | CR_HSEON, CR_HSERDY);
    RCC_PLLCFGR = 8 | 240u << 6 | 1u << 22 | 5u << 24;
#endif
    on(CR_PLLON, CR_PLLRDY);
}

void clock_fast(void)
{
    FLASH_ACR = 0x700 | 5;
    RCC_CFGR = 5u << PPRE1 | 4u << 13;
    pll_on();
    use(SW_PLL);
}

void clock_rng(void)
{
    pll_on();
}

#elif defined(STM32L1)

void clocks_on(void)
{
    REG32(RCC + 0x1C) |= 7u << 0 | 1u << 12 | 1u << 24; /* ports A to C, CRC, DMA1 */
    REG32(RCC + 0x20) |= 1u << 0 | 1u << 12;            /* SYSCFG, SPI1 */
    REG32(RCC + 0x24) |= 3u << 0 | 1u << 4 | 1u << 11 | 1u << 17 | 1u << 21 | CAN_ENABLE | 1u << 28; /* TIM2, TIM3, TIM6, WWDG, USART2, I2C1, CAN, PWR */
}

void clock_fast(void)
{
    PWR_CR = (PWR_CR & ~(3u << 11)) | 1u << 11; /* the voltage for 32 MHz */
    wait_for(!(REG32(0x40007004) & 1u << 4));
    FLASH_ACR = 1u << 2;
    FLASH_ACR |= 1u << 1;
    FLASH_ACR |= 1u << 0;
    on(CR_HSEBYP | CR_HSEON, CR_HSERDY);
    RCC_CFGR = 1u << 16 | 4u << 18 | 2u << 22 | 4u << PPRE1; /* HSE x 12 / 3 */
    on(CR_PLLON, CR_PLLRDY);
    use(SW_PLL);
}

#elif defined(STM32L4)

#define RCC_PLLCFGR REG32(RCC + 0x0C)
#define CR_HSION (1u << 8)
#define CR_HSIRDY (1u << 10)

void clocks_on(void)
{
    REG32(RCC + 0x48) |= 1u << 0 | 1u << 12;            /* DMA1, CRC */
    REG32(RCC + 0x4C) |= 7u << 0 | 1u << 18;            /* ports A to C, RNG */
    REG32(RCC + 0x58) |= 3u << 0 | 1u << 4 | 1u << 11 | 1u << 17 | 1u << 21 | CAN_ENABLE | 1u << 28; /* TIM2, TIM3, TIM6, WWDG, USART2, I2C1, CAN, PWR */
    REG32(RCC + 0x60) |= 1u << 0 | 3u << 11 | 1u << 14; /* SYSCFG, TIM1, SPI1, USART1 */
}

void clock_fast(void)
{
    FLASH_ACR = 0x600 | 4;
    on(CR_HSION, CR_HSIRDY);
    RCC_PLLCFGR = 2 | 10u << 8 | 1u << 24; /* HSI16 x 10 / 2 */
    on(CR_PLLON, CR_PLLRDY);
    RCC_CFGR = 4u << PPRE1;
    use(SW_PLL);
}

/* 16 MHz times 6 divided by 2, selected for the 48 MHz. */
void clock_rng(void)
{
    on(CR_HSION, CR_HSIRDY);
    RCC_PLLCFGR = 2 | 12u << 8 | 1u << 20 | 1u << 21;
    on(CR_PLLON, CR_PLLRDY);
    REG32(RCC + 0x88) = 2u << 26;
}

#endif

void clock_slow(void)
{
    use(0);
    RCC_CR &= ~(CR_PLLON | CR_HSEON);
    wait_for((RCC_CR & (CR_PLLRDY | CR_HSERDY)) == 0);
    RCC_CFGR = 0;
}

void clock_apb1(uint32_t power)
{
    RCC_CFGR = (RCC_CFGR & ~(7u << PPRE1)) | (power == 0 ? 0 : power + 3) << PPRE1;
}

void clock_rtc(void)
{
    RCC_CSR |= 1;
    wait_for(RCC_CSR & 2);
    PWR_CR |= PWR_CR_DBP;
#if defined(STM32L1)
    RCC_CSR |= 1u << 23;
    RCC_CSR &= ~(1u << 23);
    RCC_CSR |= 2u << 16 | 1u << 22;
    expect(RCC_CSR & (3u << 16 | 1u << 22), 2u << 16 | 1u << 22);
#else
    RCC_BDCR |= 1u << 16;
    RCC_BDCR &= ~(1u << 16);
    RCC_BDCR |= 2u << 8 | 1u << 15;
    expect(RCC_BDCR & (3u << 8 | 1u << 15), 2u << 8 | 1u << 15);
#endif
}

#if HAS_ADC

void clock_adc(void)
{
#if defined(STM32F0) || defined(STM32F1)
    REG32(RCC + 0x18) |= 1u << 9;
#elif defined(STM32F3)
    REG32(RCC + 0x14) |= 1u << 28;
#elif defined(STM32L4)
    REG32(RCC + 0x4C) |= 1u << 13;
    REG32(RCC + 0x88) |= 3u << 28; /* where it does not run on the bus: the core's, too */
#elif defined(STM32L1)
    REG32(RCC + 0x20) |= 1u << 9;
    on(1u << 0, 1u << 1); /* it runs on HSI16 */
#else
    REG32(RCC + 0x44) |= 1u << 8;
#endif
}

#endif

#if HAS_DAC

void clock_dac(void)
{
    /* The DAC and TIM7. */
#if defined(STM32F0) || defined(STM32F3)
    REG32(RCC + 0x1C) |= 1u << 5 | 1u << 29;
#if defined(STM32F3)
    REG32(RCC + 0x14) |= 1u << 1; /* DMA2 */
#endif
#elif defined(STM32L1)
    REG32(RCC + 0x24) |= 1u << 5 | 1u << 29;
#elif defined(STM32L4)
    REG32(RCC + 0x58) |= 1u << 5 | 1u << 29;
#else
    REG32(RCC + 0x40) |= 1u << 5 | 1u << 29;
#endif
}

#endif
