/* The dual timer: n is 0 or 1 (DDI 0479 4.2). */
#ifndef DUAL_H
#define DUAL_H

#include "checks.h"

#define TIMERLOAD(n) REG32(DUALTIMER + 0x20 * (n) + 0x00)
#define TIMERVALUE(n) REG32(DUALTIMER + 0x20 * (n) + 0x04)
#define TIMERCONTROL(n) REG32(DUALTIMER + 0x20 * (n) + 0x08)
#define TIMERINTCLR(n) REG32(DUALTIMER + 0x20 * (n) + 0x0C)
#define TIMERRIS(n) REG32(DUALTIMER + 0x20 * (n) + 0x10)
#define TIMERMIS(n) REG32(DUALTIMER + 0x20 * (n) + 0x14)
#define TIMERBGLOAD(n) REG32(DUALTIMER + 0x20 * (n) + 0x18)
#define TIMERITCR REG32(DUALTIMER + 0xF00)
#define TIMERITOP REG32(DUALTIMER + 0xF04)
#define CONTROL_ONE_SHOT (1u << 0)
#define CONTROL_SIZE_32 (1u << 1)
#define CONTROL_BY_16 (1u << 2)
#define CONTROL_BY_256 (2u << 2)
#define CONTROL_INT (1u << 5)
#define CONTROL_PERIODIC (1u << 6)
#define CONTROL_ENABLE (1u << 7)

#endif
