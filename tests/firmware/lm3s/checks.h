/* The checks of an LM3S6965's peripherals, and where those are (LM3S6965 data sheet, memory map and interrupts). */
#ifndef CHECKS_H
#define CHECKS_H

#include "check.h"

#define WATCHDOG0 0x40000000
#define GPIOB 0x40005000
#define GPIOD 0x40007000
#define SSI0 0x40008000
#define UART0 0x4000C000
#define UART1 0x4000D000
#define I2C0 0x40020000
#define TIMER0 0x40030000
#define TIMER1 0x40031000
#define TIMER2 0x40032000
#define TIMER3 0x40033000
#define ADC0 0x40038000
#define FLASH_CTRL 0x400FD000

#define IRQ_GPIOD 3
#define IRQ_UART0 5
#define IRQ_UART1 6
#define IRQ_SSI0 7
#define IRQ_I2C0 8
#define IRQ_ADC0SS0 14
#define IRQ_ADC0SS3 17
#define IRQ_WATCHDOG0 18
#define IRQ_TIMER0A 19
#define IRQ_TIMER0B 20
#define IRQ_TIMER1A 21
#define IRQ_TIMER3A 35
#define IRQ_SYSCTL 28
#define IRQ_FLASH_CTRL 29

/* The internal oscillator, which is the clock after a reset, within three tenths. */
#define CLOCK 12000000
#define CLOCK_LEAST (CLOCK / 10 * 7)
#define CLOCK_MOST (CLOCK / 10 * 13)

/* The checks, each in the file of its name. */
void check_sysctl(void);
void check_gptm(void);
void check_gpio(void);
void check_uart(void);
void check_ssi(void);
void check_i2c(void);
void check_adc(void);
void check_flash(void);

/* The watchdog ends in a reset. */
void check_wdt(void);
void check_reset(void);

#endif
