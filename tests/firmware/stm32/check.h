/* The small frame around the checks: what was expected, what came, and interrupts by number. */
#ifndef CHECK_H
#define CHECK_H

#include <stdint.h>

#include "cortexm.h"
#include "family.h"

/* How often a wait looks before it gives up. */
#define PATIENCE 200000

/* Each says so if it is not as expected, and with which line of the check. */
void check_equal(int line, uint32_t got, uint32_t wanted);
void check_between(int line, uint32_t got, uint32_t low, uint32_t high);

#define expect(got, wanted) check_equal(__LINE__, (got), (wanted))
#define expect_between(got, low, high) check_between(__LINE__, (got), (low), (high))
#define wait_for(condition)                                                                                            \
    do {                                                                                                               \
        uint32_t left = PATIENCE;                                                                                      \
        while (!(condition) && --left > 0) {                                                                           \
        }                                                                                                              \
        check_equal(__LINE__, left > 0, 1);                                                                            \
    } while (0)

/* Lets an interrupt come, to this handler; or no more. */
void on_interrupt(uint32_t number, void (*handler)(void));
void no_interrupt(uint32_t number);

/* Core clock cycles since it was started, up to 2^24. SysTick, because the Cortex-M0 has no cycle counter. */
void stopwatch_start(void);
uint32_t stopwatch(void);

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
void check_can(void);

/* The watchdogs end in a reset; main.c tells what is looked at after it. */
void check_wwdg(void);
void check_iwdg(void);

#endif
