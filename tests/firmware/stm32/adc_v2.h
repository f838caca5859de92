/* ADC of F0, F3 and L4, and what its files of checks share (RM0091 13.12, RM0316 15.5, RM0351 18.6). */
#ifndef ADC_V2_H
#define ADC_V2_H

#include "checks.h"

#define ADC_ISR REG32(ADC1 + 0x00)
#define ADC_IER REG32(ADC1 + 0x04)
#define ADC_CR REG32(ADC1 + 0x08)
#define ADC_CFGR REG32(ADC1 + 0x0C) /* CFGR1 on the F0 */
#define ADC_CFGR2 REG32(ADC1 + 0x10)
#define ADC_SMPR1 REG32(ADC1 + 0x14) /* SMPR on the F0 */
#define ADC_SMPR2 REG32(ADC1 + 0x18)
#define ADC_TR1 REG32(ADC1 + 0x20) /* TR on the F0 */
#define ADC_TR2 REG32(ADC1 + 0x24)
#define ADC_CHSELR REG32(ADC1 + 0x28) /* of the F0 */
#define ADC_SQR1 REG32(ADC1 + 0x30)
#define ADC_DR REG32(ADC1 + 0x40)
#define ADC_JSQR REG32(ADC1 + 0x4C)
#define ADC_OFR1 REG32(ADC1 + 0x60)
#define ADC_JDR1 REG32(ADC1 + 0x80)
#define ADC_JDR2 REG32(ADC1 + 0x84)
#define ADC_AWD2CR REG32(ADC1 + 0xA0)
#define ADC_CALFACT REG32(ADC1 + 0xB4)
#define ADC_CSR REG32(ADC_COMMON + 0x00)

/* Of ISR and IER. */
#define ADRDY (1u << 0)
#define EOSMP (1u << 1)
#define EOC (1u << 2)
#define EOS (1u << 3)
#define OVR (1u << 4)
#define JEOC (1u << 5)
#define JEOS (1u << 6)
#define AWD1 (1u << 7)
#define AWD2 (1u << 8)
#define EVERYTHING 0x7FFu

#define CR_ADEN (1u << 0)
#define CR_ADDIS (1u << 1)
#define CR_ADSTART (1u << 2)
#define CR_JADSTART (1u << 3)
#define CR_ADSTP (1u << 4)
#define CR_JADSTP (1u << 5)
#define CR_ADVREGEN (1u << 28)
#define CR_DEEPPWD (1u << 29) /* on the F3 the upper bit of ADVREGEN */
#define CR_ADCAL (1u << 31)
#ifdef STM32F0
#define CR_POWER 0u
#else
#define CR_POWER CR_ADVREGEN
#endif
#define CFGR_DMAEN (1u << 0)
#define CFGR_DMACFG (1u << 1)
#define CFGR_SCANDIR (1u << 2)
#define CFGR_RES_8 (2u << 3)
#define CFGR_ALIGN (1u << 5)
#define CFGR_BY_TIM3 (ADC_EXTSEL_TIM3 << 6 | 1u << 10)
#define CFGR_OVRMOD (1u << 12)
#define CFGR_CONT (1u << 13)
#define CFGR_AUTDLY (1u << 14) /* WAIT on the F0 */
#define CFGR_DISCEN (1u << 16)
#define CFGR_AWD1SGL (1u << 22)
#define CFGR_AWD1EN (1u << 23)
#define CFGR_JAUTO (1u << 25)
#define CFGR_AWD1CH(channel) ((channel) << 26)
#define CCR_CKMODE(mode) ((mode) << 16)
#define CCR_VREFEN (1u << 22)
#define CCR_TSEN (1u << 23)

/* The internal reference, about 1.2 V of 3.3 V or 3 V. */
#define REFERENCE_LOW 1300
#define REFERENCE_HIGH 1800

/* What the interrupts told, how many conversions were among it, and the last one's value. */
extern volatile uint32_t adc_seen, adc_conversions, adc_value;

/* What is converted, as bits of CFGR; nothing of the past is left. */
void adc_configure(uint32_t cfgr);
/* How long samples take. */
void adc_sampling(uint32_t smp);
/* Converts one channel, or the temperature and then the reference. */
void adc_channel(uint32_t channel);
void adc_both(void);
void adc_start(void);
/* Which of the two a value is. */
uint32_t adc_which(uint32_t value);
void adc_pause(uint32_t cycles);

/* The regular channels; the injected ones and what else the F0 does not have. */
void adc_regular(void);
void adc_injected(void);

#endif
