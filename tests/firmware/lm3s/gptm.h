/* A general-purpose timer (LM3S6965 data sheet, register map of the timers). */
#ifndef GPTM_H
#define GPTM_H

#include "cortexm.h"

#define GPTM_CFG(timer) REG32((timer) + 0x00)
#define GPTM_TAMR(timer) REG32((timer) + 0x04)
#define GPTM_TBMR(timer) REG32((timer) + 0x08)
#define GPTM_CTL(timer) REG32((timer) + 0x0C)
#define GPTM_IMR(timer) REG32((timer) + 0x18)
#define GPTM_RIS(timer) REG32((timer) + 0x1C)
#define GPTM_MIS(timer) REG32((timer) + 0x20)
#define GPTM_ICR(timer) REG32((timer) + 0x24)
#define GPTM_TAILR(timer) REG32((timer) + 0x28)
#define GPTM_TBILR(timer) REG32((timer) + 0x2C)
#define GPTM_TAMATCHR(timer) REG32((timer) + 0x30)
#define GPTM_TAPR(timer) REG32((timer) + 0x38)
#define GPTM_TBPR(timer) REG32((timer) + 0x3C)
#define GPTM_TAR(timer) REG32((timer) + 0x48)
#define GPTM_TBR(timer) REG32((timer) + 0x4C)

#define GPTM_CFG_32 0u
#define GPTM_CFG_RTC 1u
#define GPTM_CFG_16 4u
#define MR_ONE_SHOT 1u
#define MR_PERIODIC 2u
#define CTL_TAEN (1u << 0)
#define CTL_RTCEN (1u << 4)
#define CTL_TAOTE (1u << 5)
#define CTL_TBEN (1u << 8)

/* The interrupts, in IMR, RIS, MIS and ICR. */
#define GPTM_TATO (1u << 0)
#define GPTM_RTC (1u << 3)
#define GPTM_TBTO (1u << 8)

#endif
