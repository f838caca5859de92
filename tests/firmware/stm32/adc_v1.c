/* ADC of F1, F2, F4, L1: the internal reference by interrupt, by DMA and by a timer's trigger, the analog watchdog, an
 * injected conversion (RM0008 11, RM0090 13, RM0038 12).
 */
#include "adc_v1.h"
#include "checks.h"
#include "clocks.h"
#include "dma.h"
#include "tim.h"

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

#if !defined(STM32F1)
    /* At half the clock; its flags are in the common register, too. */
    ADC_CR1 = 0;
    ADC_CCR |= CCR_ADCPRE_NEXT;
    stopwatch_start();
    ADC_CR2 |= CR2_SWSTART;
    wait_for(ADC_CSR & SR_EOC);
    expect_between(stopwatch(), 2 * ADC_CYCLES, 2 * ADC_CYCLES + 60);
    (void)ADC_DR;
    expect(ADC_CSR & SR_EOC, 0);
    ADC_CCR &= ~CCR_ADCPRE_NEXT;
    ADC_CR1 = CR1_EOCIE;
#endif

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
