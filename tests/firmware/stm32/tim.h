/* The registers of a timer, the same in all families (RM0008 14.4 and 15.4). */
#ifndef TIM_H
#define TIM_H

#include "cortexm.h"

#define TIM_CR1(base) REG32((base) + 0x00)
#define TIM_CR2(base) REG32((base) + 0x04)
#define TIM_SMCR(base) REG32((base) + 0x08)
#define TIM_DIER(base) REG32((base) + 0x0C)
#define TIM_SR(base) REG32((base) + 0x10)
#define TIM_EGR(base) REG32((base) + 0x14)
#define TIM_CCMR1(base) REG32((base) + 0x18)
#define TIM_CCER(base) REG32((base) + 0x20)
#define TIM_CNT(base) REG32((base) + 0x24)
#define TIM_PSC(base) REG32((base) + 0x28)
#define TIM_ARR(base) REG32((base) + 0x2C)
#define TIM_RCR(base) REG32((base) + 0x30)
#define TIM_CCR1(base) REG32((base) + 0x34)
#define TIM_CCR2(base) REG32((base) + 0x38)

#define CR1_CEN (1u << 0)
#define CR1_UDIS (1u << 1)
#define CR1_URS (1u << 2)
#define CR1_OPM (1u << 3)
#define CR1_DIR (1u << 4)
#define CR1_ARPE (1u << 7)
#define CR2_MMS_ENABLE (1u << 4)
#define CR2_MMS_UPDATE (2u << 4)
#define SMCR_GATED 5u
#define SMCR_TRIGGER 6u
#define SMCR_CLOCK 7u
#define SMCR_ITR1 (1u << 4)
#define DIER_UIE (1u << 0)
#define DIER_CC1IE (1u << 1)
#define DIER_UDE (1u << 8)
#define SR_UIF (1u << 0)
#define SR_CC1IF (1u << 1)
#define SR_CC1OF (1u << 9)
#define EGR_UG (1u << 0)
#define EGR_CC1G (1u << 1)

/* Stops a timer and gives it a period: (prescaler + 1) * (reload + 1) cycles of its clock. */
static inline void tim_period(uint32_t base, uint32_t prescaler, uint32_t reload)
{
    TIM_CR1(base) = 0;
    TIM_CR2(base) = 0;
    TIM_SMCR(base) = 0;
    TIM_DIER(base) = 0;
    TIM_CCER(base) = 0;
    TIM_CCMR1(base) = 0;
    TIM_PSC(base) = prescaler;
    TIM_ARR(base) = reload;
    TIM_EGR(base) = EGR_UG;
    TIM_SR(base) = 0;
}

#endif
