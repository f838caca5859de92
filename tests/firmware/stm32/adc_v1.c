/* ADC of F1, F2, F4, L1: the internal reference by interrupt, by DMA and by a timer's trigger, the analog watchdog, an
 * injected conversion (RM0008 11, RM0090 13, RM0038 12).
 */
#include "checks.h"
#include "clocks.h"
#include "dma.h"
#include "tim.h"

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
#endif

/* The internal reference, about 1.2 V of 3.3 V. */
#define VREFINT 17u
#define LOW 1300
#define HIGH 1750

static const struct dma mover = DMA_ADC1;
static volatile uint32_t conversions, watched, injected, value, halves, completes;
static volatile uint16_t values[4];

static void served(void)
{
    uint32_t status = ADC_SR;

    if ((ADC_CR1 & CR1_EOCIE) && (status & SR_EOC)) {
        value = ADC_DR;
        conversions++;
        expect(ADC_SR & SR_EOC, 0);
    }
    if ((ADC_CR1 & CR1_AWDIE) && (status & SR_AWD)) {
        ADC_SR = ~SR_AWD;
        ADC_CR1 &= ~CR1_AWDIE;
        watched++;
    }
    if ((ADC_CR1 & CR1_JEOCIE) && (status & SR_JEOC)) {
        value = ADC_JDR1;
        ADC_SR = ~SR_JEOC;
        injected++;
    }
}

static void moved(void)
{
    uint32_t events = dma_events(&mover);

    halves += (events & DMA_HALF) != 0;
    completes += (events & DMA_COMPLETE) != 0;
}

static void power_up(void)
{
    clock_adc();
#if defined(STM32F1)
    ADC_CR2 = CR2_ADON | CR2_TSVREFE;
    stopwatch_start();
    while (stopwatch() < 100) {
    }
    ADC_CR2 |= CR2_RSTCAL;
    wait_for(!(ADC_CR2 & CR2_RSTCAL));
    ADC_CR2 |= CR2_CAL;
    wait_for(!(ADC_CR2 & CR2_CAL));
#else
    ADC_CCR |= CCR_TSVREFE;
    ADC_CR2 = CR2_ADON;
    stopwatch_start();
    while (stopwatch() < 100) {
    }
#if defined(STM32L1)
    wait_for(ADC_SR & 1u << 6);
#endif
#endif
}

void check_adc(void)
{
    conversions = watched = injected = halves = completes = 0;
    power_up();
    ADC_SMPR = 7u << 21;
    ADC_SQR1 = 0;
    ADC_SQR_FIRST = VREFINT;
    on_interrupt(IRQ_ADC, served);

    /* One conversion, and how long it takes with the longest sampling. */
    ADC_CR1 = CR1_EOCIE;
    ADC_CR2 = CR2_ADON | CR2_TSVREFE | CR2_BY_SOFTWARE;
    stopwatch_start();
    ADC_CR2 |= CR2_SWSTART;
    wait_for(conversions == 1);
    expect_between(stopwatch(), ADC_CYCLES, ADC_CYCLES + 200);
    expect_between(value, LOW, HIGH);

    /* A timer starts each. */
    tim_period(TIM3, 0, 2999);
    TIM_CR2(TIM3) = CR2_MMS_UPDATE;
    ADC_CR2 = CR2_ADON | CR2_TSVREFE | CR2_BY_TIM3;
    expect(conversions, 1);
    TIM_CR1(TIM3) = CR1_CEN;
    wait_for(conversions == 4);
    TIM_CR1(TIM3) = 0;
    ADC_CR1 = 0;

    /* A sequence of four, again and again, moved by DMA. */
    ADC_SQR1 = 3u << 20;
    ADC_SQR_FIRST = VREFINT | VREFINT << 5 | VREFINT << 10 | VREFINT << 15;
    ADC_CR1 = CR1_SCAN;
    on_interrupt(mover.irq, moved);
    dma_start(&mover, (uint32_t)&ADC_DR, values, 4, DMA_CIRCULAR | DMA_HALFWORDS);
#if defined(STM32F1)
    ADC_CR2 = CR2_ADON | CR2_TSVREFE | CR2_BY_SOFTWARE | CR2_CONT | CR2_DMA;
#else
    ADC_CR2 = CR2_ADON | CR2_CONT | CR2_DMA | CR2_DDS;
#endif
    ADC_CR2 |= CR2_SWSTART;
    wait_for(completes == 2);
    expect(halves, 2);
    ADC_CR2 = CR2_ADON | CR2_TSVREFE;
    for (uint32_t i = 0; i < 4; i++)
        expect_between(values[i], LOW, HIGH);
    stopwatch_start();
    while (stopwatch() < 2 * ADC_CYCLES) {
    }
    dma_stop(&mover);
    no_interrupt(mover.irq);

    /* A value above what the watchdog lets pass. */
    ADC_SR = 0;
    ADC_SQR1 = 0;
    ADC_HTR = 100;
    ADC_LTR = 0;
    ADC_CR1 = CR1_AWDEN | CR1_AWDIE;
    ADC_CR2 = CR2_ADON | CR2_TSVREFE | CR2_BY_SOFTWARE;
    ADC_CR2 |= CR2_SWSTART;
    wait_for(watched == 1);
    ADC_CR1 = 0;
    (void)ADC_DR;

    ADC_JSQR = VREFINT << 15; /* a sequence of one is the fourth of four */
    ADC_CR1 = CR1_JEOCIE;
    ADC_CR2 = CR2_ADON | CR2_TSVREFE | CR2_INJECTED_BY_SOFTWARE;
    value = 0;
    ADC_CR2 |= CR2_JSWSTART;
    wait_for(injected == 1);
    expect_between(value, LOW, HIGH);
    ADC_CR1 = 0;
    ADC_CR2 = 0;
    no_interrupt(IRQ_ADC);
}
