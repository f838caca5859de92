/* The clock tree and what hangs on it, as far as it differs from family to family (clocks.c). */
#ifndef CLOCKS_H
#define CLOCKS_H

#include <stdint.h>

/* Lets all peripherals run that are checked. */
void clocks_on(void);

/* From the clock after reset to the PLL, and back. */
void clock_fast(void);
void clock_slow(void);

/* APB1 gets the core clock divided by 2 to the power of this, 0 to 4. */
void clock_apb1(uint32_t power);

/* A clock of 48 MHz for the random number generator. */
void clock_rng(void);

/* The clock of the converters. */
void clock_adc(void);
void clock_dac(void);

/* The low-speed internal oscillator for the RTC, whose registers may be written from now on. */
void clock_rtc(void);

#endif
