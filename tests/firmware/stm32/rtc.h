/* The RTC as a measure of the core clock. */
#ifndef RTC_H
#define RTC_H

#include <stdint.h>

/* Lets the RTC count the oscillator of clock_rtc. */
void rtc_start(void);
/* Core clock cycles in 32 of its periods. */
uint32_t rtc_measure(void);

#endif
