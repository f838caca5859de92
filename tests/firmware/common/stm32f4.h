/* The part of the STM32F407 that the fixtures use, as ST's RM0090 names it. */
#ifndef STM32F4_H
#define STM32F4_H

#include "cortexm.h"

#define HSI_HZ 16000000u

struct stm32_rcc {
    volatile uint32_t cr, pllcfgr, cfgr, cir;
    volatile uint32_t ahb1rstr, ahb2rstr, ahb3rstr, reserved0;
    volatile uint32_t apb1rstr, apb2rstr, reserved1[2];
    volatile uint32_t ahb1enr, ahb2enr, ahb3enr, reserved2;
    volatile uint32_t apb1enr, apb2enr;
};
#define RCC ((struct stm32_rcc *)0x40023800)
#define RCC_CR_HSEON (1u << 16)
#define RCC_CR_HSERDY (1u << 17)
#define RCC_CR_PLLON (1u << 24)
#define RCC_CR_PLLRDY (1u << 25)
#define RCC_CFGR_SW_PLL 2u
#define RCC_CFGR_SWS_MASK (3u << 2)
#define RCC_CFGR_SWS_PLL (2u << 2)
#define RCC_AHB1ENR_GPIOAEN (1u << 0)
#define RCC_AHB1ENR_GPIODEN (1u << 3)
#define RCC_APB1ENR_TIM2EN (1u << 0)
#define RCC_APB1ENR_USART2EN (1u << 17)

#define FLASH_ACR REG32(0x40023C00)

struct stm32_gpio {
    volatile uint32_t moder, otyper, ospeedr, pupdr, idr, odr, bsrr, lckr, afrl, afrh;
};
#define GPIOA ((struct stm32_gpio *)0x40020000)
#define GPIOD ((struct stm32_gpio *)0x40020C00)

struct stm32_usart {
    volatile uint32_t sr, dr, brr, cr1, cr2, cr3, gtpr;
};
#define USART2 ((struct stm32_usart *)0x40004400)
#define USART_SR_TC (1u << 6)
#define USART_SR_TXE (1u << 7)
#define USART_CR1_RE (1u << 2)
#define USART_CR1_TE (1u << 3)
#define USART_CR1_UE (1u << 13)

struct stm32_timer {
    volatile uint32_t cr1, cr2, smcr, dier, sr, egr, ccmr1, ccmr2, ccer, cnt, psc, arr;
};
#define TIM2 ((struct stm32_timer *)0x40000000)

#endif
