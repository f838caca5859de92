/* External interrupts (RM0008 10.3). */
#ifndef EXTI_H
#define EXTI_H

#include "family.h"

#define EXTI_IMR REG32(EXTI + 0x00)
#define EXTI_EMR REG32(EXTI + 0x04)
#define EXTI_RTSR REG32(EXTI + 0x08)
#define EXTI_FTSR REG32(EXTI + 0x0C)
#define EXTI_SWIER REG32(EXTI + 0x10)
#define EXTI_PR REG32(EXTI + 0x14)

#endif
