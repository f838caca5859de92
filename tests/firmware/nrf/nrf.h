/* Where the peripherals of the nRF51 and nRF52 are, and what they have in common: tasks, events, shortcuts and interrupt
 * enables (nRF51 Series Reference Manual 3.0, chapter 10; nRF52840 Product Specification 1.1, 6.1).
 */
#ifndef NRF_H
#define NRF_H

#include "check.h"

/* A peripheral by its number, which is that of its interrupt, too. */
#define PERIPHERAL(id) (0x40000000 + 0x1000 * (uint32_t)(id))
#define ID_POWER_CLOCK 0
#define ID_RADIO 1
#define ID_UART0 2
#define ID_SERIAL0 3 /* SPI0, TWI0 and their like */
#define ID_SERIAL1 4
#define ID_GPIOTE 6
#define ID_ADC 7 /* nRF52: SAADC */
#define ID_TIMER0 8
#define ID_TIMER1 9
#define ID_TIMER2 10
#define ID_RTC0 11
#define ID_TEMP 12
#define ID_RNG 13
#define ID_ECB 14
#define ID_WDT 16
#define ID_RTC1 17
#define ID_SWI0 20 /* nRF52: EGU0, too; five others follow */
#define ID_TIMER3 26
#define ID_TIMER4 27
#define ID_PWM0 28
#define ID_NVMC 30
#define ID_PPI 31
#define ID_PWM1 33
#define ID_PWM2 34
#define ID_SERIAL2 35
#define ID_RTC2 36
#define ID_UARTE1 40
#define ID_PWM3 45
#define ID_SPIM3 47

/* Registers of any of them. */
#define SHORTS(base) REG32((base) + 0x200)
#define INTENSET(base) REG32((base) + 0x304)
#define INTENCLR(base) REG32((base) + 0x308)
#define ALL 0xFFFFFFFF

/* TIMER (18; 6.30) */
#define TIMER0 PERIPHERAL(ID_TIMER0)
#define TIMER1 PERIPHERAL(ID_TIMER1)
#define TIMER2 PERIPHERAL(ID_TIMER2)
#define TIMER3 PERIPHERAL(ID_TIMER3)
#define TIMER_START(timer) REG32((timer) + 0x000)
#define TIMER_STOP(timer) REG32((timer) + 0x004)
#define TIMER_COUNT(timer) REG32((timer) + 0x008)
#define TIMER_CLEAR(timer) REG32((timer) + 0x00C)
#define TIMER_SHUTDOWN(timer) REG32((timer) + 0x010)
#define TIMER_CAPTURE(timer, n) REG32((timer) + 0x040 + 4 * (n))
#define TIMER_COMPARE(timer, n) REG32((timer) + 0x140 + 4 * (n))
#define TIMER_MODE(timer) REG32((timer) + 0x504)
#define TIMER_BITMODE(timer) REG32((timer) + 0x508)
#define TIMER_PRESCALER(timer) REG32((timer) + 0x510)
#define TIMER_CC(timer, n) REG32((timer) + 0x540 + 4 * (n))
#define MODE_TIMER 0
#define MODE_COUNTER 1
#define MODE_LOW_POWER_COUNTER 2
#define BITMODE_16 0
#define BITMODE_8 1
#define BITMODE_24 2
#define BITMODE_32 3
#define COMPARE_CLEAR(n) (1u << (n))
#define COMPARE_STOP(n) (1u << (8 + (n)))
#define INT_COMPARE(n) (1u << (16 + (n)))

/* RTC (19; 6.22) */
#define RTC0 PERIPHERAL(ID_RTC0)
#define RTC1 PERIPHERAL(ID_RTC1)
#define RTC_START(rtc) REG32((rtc) + 0x000)
#define RTC_STOP(rtc) REG32((rtc) + 0x004)
#define RTC_CLEAR(rtc) REG32((rtc) + 0x008)
#define RTC_TRIGOVRFLW(rtc) REG32((rtc) + 0x00C)
#define RTC_TICK(rtc) REG32((rtc) + 0x100)
#define RTC_OVRFLW(rtc) REG32((rtc) + 0x104)
#define RTC_COMPARE(rtc, n) REG32((rtc) + 0x140 + 4 * (n))
#define RTC_EVTENSET(rtc) REG32((rtc) + 0x344)
#define RTC_EVTENCLR(rtc) REG32((rtc) + 0x348)
#define RTC_COUNTER(rtc) REG32((rtc) + 0x504)
#define RTC_PRESCALER(rtc) REG32((rtc) + 0x508)
#define RTC_CC(rtc, n) REG32((rtc) + 0x540 + 4 * (n))

/* PPI (16; 6.16) */
#define PPI PERIPHERAL(ID_PPI)
#define PPI_CHG_EN(n) REG32(PPI + 8 * (n))
#define PPI_CHG_DIS(n) REG32(PPI + 8 * (n) + 4)
#define PPI_CHEN REG32(PPI + 0x500)
#define PPI_CHENSET REG32(PPI + 0x504)
#define PPI_CHENCLR REG32(PPI + 0x508)
#define PPI_EEP(n) REG32(PPI + 0x510 + 8 * (n))
#define PPI_TEP(n) REG32(PPI + 0x514 + 8 * (n))
#define PPI_CHG(n) REG32(PPI + 0x800 + 4 * (n))
#define PPI_FORK(n) REG32(PPI + 0x910 + 4 * (n))

/* CLOCK and POWER (12, 13; 5.3, 5.4) */
#define CLOCK PERIPHERAL(ID_POWER_CLOCK)
#define CLOCK_HFCLKSTART REG32(CLOCK + 0x000)
#define CLOCK_HFCLKSTOP REG32(CLOCK + 0x004)
#define CLOCK_HFCLKSTARTED REG32(CLOCK + 0x100)
#define CLOCK_HFCLKSTAT REG32(CLOCK + 0x40C)
#define POWER_RESETREAS REG32(CLOCK + 0x400)
#define RESETREAS_DOG (1u << 1)
#define RESETREAS_SREQ (1u << 2)

#ifdef NRF51
#define MHZ 16
#else
#define MHZ 64
#endif

/* Clears an event. The write must have arrived before a handler returns, or it is entered again. */
static inline void clear_event(volatile uint32_t *event)
{
    *event = 0;
    (void)*event;
}

/* Microseconds by TIMER0, which unlike SysTick counts on while the core sleeps. */
static inline void microseconds_start(void)
{
    TIMER_STOP(TIMER0) = 1;
    TIMER_MODE(TIMER0) = MODE_TIMER;
    TIMER_BITMODE(TIMER0) = BITMODE_32;
    TIMER_PRESCALER(TIMER0) = 4;
    TIMER_CLEAR(TIMER0) = 1;
    TIMER_START(TIMER0) = 1;
}

/* Sleeps until so many of them have passed since the start; main.c. */
void sleep_to(uint32_t microsecond);

static inline uint32_t microseconds(void)
{
    TIMER_CAPTURE(TIMER0, 3) = 1;
    return TIMER_CC(TIMER0, 3);
}

#endif
