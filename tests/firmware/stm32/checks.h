/* The checks of an STM32's peripherals. */
#ifndef CHECKS_H
#define CHECKS_H

#include "check.h"
#include "family.h"

/* The checks, each in the file of its name. */
void check_rcc(void);
void check_gpio(void);
void check_exti(void);
void check_tim(void);
void check_dma(void);
void check_usart(void);
void check_crc(void);
void check_flash(void);
void check_rtc(void);
void check_i2c(void);
void check_rng(void);
void check_spi(void);
void check_adc(void);
void check_dac(void);
void check_can(void);

/* RCC_CSR: removes the flags that tell why the chip was reset. */
#ifdef STM32L4
#define RCC_CSR_RMVF (1u << 23)
#else
#define RCC_CSR_RMVF (1u << 24)
#endif

/* The watchdogs end in a reset; main.c tells what is looked at after it. */
void check_wwdg(void);
void check_iwdg(void);
void check_reset(void);

#endif
