/* The checks of an nRF's peripherals, each in the file of its name. */
#ifndef CHECKS_H
#define CHECKS_H

#include "nrf.h"

void check_clock(void);
void check_power(void);
void check_gpio(void);
void check_gpiote(void);
void check_timer(void);
void check_rtc(void);
void check_ppi(void);
void check_swi(void);
void check_uart(void);
void check_uarte(void);
void check_spi(void);
void check_spim(void);
void check_spis(void);
void check_twi(void);
void check_twim(void);
void check_rng(void);
void check_temp(void);
void check_ecb(void);
void check_adc(void);
void check_saadc(void);
void check_pwm(void);
void check_radio(void);
void check_nvmc(void);
void check_ficr(void);
void check_wdt(void);

/* What is looked at after a reset; main.c tells after which. */
void check_power_kept(void);
void check_wdt_kept(void);
void check_wdt_reset(void);

#endif
