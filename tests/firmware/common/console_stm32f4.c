/* The console on USART2 of the STM32F4 (PA2, PA3), with the clock tree brought up as board support packages do. */
#include "console.h"
#include "stm32f4.h"

/* A crystal that does not start must not hang the boot: give up after this many looks. */
#define PATIENCE 2000

static int becomes(volatile uint32_t *status, uint32_t mask, uint32_t wanted)
{
    for (int looks = 0; looks < PATIENCE; looks++)
        if ((*status & mask) == wanted)
            return 1;
    return 0;
}

/* 8 MHz crystal, PLL: 8 / M 8 * N 336 / P 2 = 168 MHz; APB1 = 42 MHz, APB2 = 84 MHz.
 * Without crystal or PLL the chip stays on its internal 16 MHz.
 */
static uint32_t clock_init(void)
{
    RCC->cr |= RCC_CR_HSEON;
    if (!becomes(&RCC->cr, RCC_CR_HSERDY, RCC_CR_HSERDY))
        return HSI_HZ;

    RCC->pllcfgr = 8u | 336u << 6 | 0u << 16 | 1u << 22 | 7u << 24;
    RCC->cr |= RCC_CR_PLLON;
    if (!becomes(&RCC->cr, RCC_CR_PLLRDY, RCC_CR_PLLRDY))
        return HSI_HZ;

    /* Five wait states before the clock goes up (RM0090 3.5.1), with prefetch and both caches. */
    FLASH_ACR = 5u | 7u << 8;
    RCC->cfgr = 5u << 10 | 4u << 13 | RCC_CFGR_SW_PLL;
    if (!becomes(&RCC->cfgr, RCC_CFGR_SWS_MASK, RCC_CFGR_SWS_PLL))
        return HSI_HZ;
    return 168000000;
}

uint32_t console_init(void)
{
    uint32_t core_hz = clock_init();
    uint32_t apb1_hz = core_hz == HSI_HZ ? HSI_HZ : core_hz / 4;

    RCC->ahb1enr |= RCC_AHB1ENR_GPIOAEN;
    RCC->apb1enr |= RCC_APB1ENR_USART2EN;
    (void)RCC->apb1enr; /* a clock needs two cycles before the device can be used */

    /* PA2 and PA3: alternate function 7. */
    GPIOA->moder = (GPIOA->moder & ~(15u << 4)) | 10u << 4;
    GPIOA->afrl = (GPIOA->afrl & ~(255u << 8)) | 0x77u << 8;

    USART2->brr = (apb1_hz + 115200 / 2) / 115200;
    USART2->cr1 = USART_CR1_UE | USART_CR1_TE | USART_CR1_RE;
    return core_hz;
}

void console_text(const char *text)
{
    for (; *text != '\0'; text++) {
        while (!(USART2->sr & USART_SR_TXE)) {
        }
        USART2->dr = (uint8_t)*text;
    }
    /* All bits out of the pin: what follows on another channel really follows. */
    while (!(USART2->sr & USART_SR_TC)) {
    }
}
