/* ADC of F1, F2, F4, L1 (RM0008 11.12, RM0090 13.13, RM0038 12.15). */
#ifndef ADC_V1_H
#define ADC_V1_H

#include "family.h"

#define ADC_SR REG32(ADC1 + 0x00)
#define ADC_CR1 REG32(ADC1 + 0x04)
#define ADC_CR2 REG32(ADC1 + 0x08)
#if defined(STM32L1)
#define ADC_SMPR REG32(ADC1 + 0x10) /* SMPR2: channels 10 to 19 */
#define ADC_HTR REG32(ADC1 + 0x28)
#define ADC_LTR REG32(ADC1 + 0x2C)
#define ADC_SQR1 REG32(ADC1 + 0x30)
#define ADC_SQR_FIRST REG32(ADC1 + 0x40) /* SQR5 */
#define ADC_JSQR REG32(ADC1 + 0x44)
#define ADC_JDR1 REG32(ADC1 + 0x48)
#define ADC_DR REG32(ADC1 + 0x58)
#else
#define ADC_SMPR REG32(ADC1 + 0x0C) /* SMPR1: channels 10 to 17 */
#define ADC_HTR REG32(ADC1 + 0x24)
#define ADC_LTR REG32(ADC1 + 0x28)
#define ADC_SQR1 REG32(ADC1 + 0x2C)
#define ADC_SQR_FIRST REG32(ADC1 + 0x34) /* SQR3 */
#define ADC_JSQR REG32(ADC1 + 0x38)
#define ADC_JDR1 REG32(ADC1 + 0x3C)
#define ADC_DR REG32(ADC1 + 0x4C)
#endif
#define SR_AWD (1u << 0)
#define SR_EOC (1u << 1)
#define SR_JEOC (1u << 2)
#define CR1_EOCIE (1u << 5)
#define CR1_AWDIE (1u << 6)
#define CR1_JEOCIE (1u << 7)
#define CR1_SCAN (1u << 8)
#define CR1_AWDEN (1u << 23)
#define CR2_ADON (1u << 0)
#define CR2_CONT (1u << 1)
#define CR2_DMA (1u << 8)
#if defined(STM32F1)
#define CR2_CAL (1u << 2)
#define CR2_RSTCAL (1u << 3)
#define CR2_BY_SOFTWARE (7u << 17 | 1u << 20)
#define CR2_BY_TIM3 (4u << 17 | 1u << 20)
#define CR2_INJECTED_BY_SOFTWARE (7u << 12 | 1u << 15)
#define CR2_JSWSTART (1u << 21)
#define CR2_SWSTART (1u << 22)
#define CR2_TSVREFE (1u << 23)
#else
#define CR2_DDS (1u << 9)
#define CR2_BY_SOFTWARE 0u
#define CR2_BY_TIM3 (ADC_EXTSEL_TIM3 << 24 | 1u << 28)
#define CR2_INJECTED_BY_SOFTWARE 0u
#define CR2_JSWSTART (1u << 22)
#define CR2_SWSTART (1u << 30)
#define CR2_TSVREFE 0u
#define CCR_TSVREFE (1u << 23)
#define CCR_ADCPRE_NEXT (1u << 16)
#endif

#endif
