/* ADC of F3 and L4, what the F0 does not have: injected channels, offsets, the second watchdog, the flags in the common
 * register, oversampling (RM0316 15, RM0351 18).
 */
#include "adc_v2.h"
#include "tim.h"

#define JSQR_BY_TIM3 (ADC_JEXTSEL_TIM3 << 2 | 1u << 6)
#define JSQR_ONE(channel) ((channel) << 8)
#define JSQR_TWO(first, second) (1u | (first) << 8 | (second) << 14)
#define OFR_ENABLE (1u << 31)
#define OFR_CHANNEL(channel) ((channel) << 26)
#define CFGR2_ROVSE (1u << 0)
#define CFGR2_OVSR(power) (((power)-1u) << 2)
#define CFGR2_OVSS(shift) ((shift) << 5)

static void inject(void)
{
    ADC_CR = CR_POWER | CR_JADSTART;
}

static void injected(void)
{
    adc_configure(0);
    ADC_JSQR = JSQR_TWO(ADC_TEMPERATURE, ADC_VREFINT);
    ADC_IER = JEOS;
    inject();
    expect(ADC_CR & (CR_ADSTART | CR_JADSTART), CR_JADSTART);
    wait_for(adc_seen & JEOS);
    expect(ADC_CR & CR_JADSTART, 0);
    /* A read of the data clears JEOC. */
    expect(ADC_ISR & (EOC | JEOC | JEOS), JEOC);
    expect(ADC_CSR & (EOC | JEOC | JEOS), JEOC);
    expect(adc_which(ADC_JDR1), ADC_TEMPERATURE);
    expect(ADC_ISR & JEOC, 0);
    expect(ADC_CSR & JEOC, 0);
    expect(adc_which(ADC_JDR2), ADC_VREFINT);

    /* With an offset the value has a sign. */
    ADC_OFR1 = OFR_ENABLE | OFR_CHANNEL(ADC_VREFINT) | 0xFFF;
    adc_configure(0);
    ADC_JSQR = JSQR_TWO(ADC_VREFINT, ADC_TEMPERATURE);
    ADC_IER = JEOS;
    inject();
    wait_for(adc_seen & JEOS);
    expect_between(ADC_JDR1, 0x10000 - 0xFFF + REFERENCE_LOW, 0x10000 - 0xFFF + REFERENCE_HIGH);
    expect(adc_which(ADC_JDR2), ADC_TEMPERATURE);
    ADC_OFR1 = 0;

    /* It comes between, and what it interrupted begins anew. */
    adc_sampling(7);
    adc_channel(ADC_TEMPERATURE);
    adc_configure(0);
    ADC_JSQR = JSQR_ONE(ADC_VREFINT);
    ADC_IER = EOC | JEOS;
    adc_start();
    adc_pause(ADC_CYCLES / 2);
    stopwatch_start();
    inject();
    wait_for(adc_seen & JEOS);
    expect_between(stopwatch(), ADC_CYCLES, ADC_CYCLES + 100);
    expect(adc_seen & EOC, 0);
    wait_for(adc_seen & EOC);
    expect_between(stopwatch(), 2 * ADC_CYCLES, 2 * ADC_CYCLES + 150);
    expect(adc_which(adc_value), ADC_TEMPERATURE);
    expect(adc_which(ADC_JDR1), ADC_VREFINT);
    adc_sampling(ADC_SMP);

    /* By a timer; and behind each regular sequence. */
    adc_configure(0);
    ADC_JSQR = JSQR_ONE(ADC_TEMPERATURE) | JSQR_BY_TIM3;
    ADC_IER = JEOS;
    tim_period(TIM3, 0, 299);
    TIM_CR2(TIM3) = CR2_MMS_UPDATE;
    inject();
    expect(adc_seen, 0);
    TIM_CR1(TIM3) = CR1_CEN;
    wait_for(adc_seen & JEOS);
    TIM_CR1(TIM3) = 0;
    expect(ADC_CR & CR_JADSTART, CR_JADSTART);
    expect(adc_which(ADC_JDR1), ADC_TEMPERATURE);
    ADC_CR = CR_POWER | CR_JADSTP;
    wait_for(!(ADC_CR & (CR_JADSTP | CR_JADSTART)));

    adc_channel(ADC_TEMPERATURE);
    adc_configure(CFGR_JAUTO);
    ADC_JSQR = JSQR_ONE(ADC_VREFINT);
    ADC_IER = EOC | JEOS;
    adc_start();
    wait_for(adc_seen & EOC);
    expect(adc_seen, EOC);
    wait_for(adc_seen & JEOS);
    expect(adc_which(adc_value), ADC_TEMPERATURE);
    expect(adc_which(ADC_JDR1), ADC_VREFINT);
}

/* Whether the second watchdog says that the upper eight bits of the reference are above a value. */
static uint32_t above(uint32_t value, uint32_t channels)
{
    adc_channel(ADC_VREFINT);
    adc_configure(0);
    ADC_AWD2CR = channels;
    ADC_TR2 = value << 16;
    ADC_IER = AWD2 | EOS;
    adc_start();
    wait_for(adc_seen & EOS);
    ADC_AWD2CR = 0;
    return (adc_seen & AWD2) != 0;
}

void adc_injected(void)
{
    injected();
    expect(above(REFERENCE_LOW >> 4, 1u << ADC_VREFINT), 1);
    expect(above(REFERENCE_HIGH >> 4, 1u << ADC_VREFINT), 0);
    expect(above(REFERENCE_LOW >> 4, 1u << ADC_TEMPERATURE), 0);

#if defined(STM32L4)
    /* The sum of eight, divided by four. */
    adc_sampling(3);
    adc_configure(0);
    ADC_CFGR2 = CFGR2_ROVSE | CFGR2_OVSR(3) | CFGR2_OVSS(2u);
    stopwatch_start();
    adc_start();
    wait_for(ADC_ISR & EOC);
    expect_between(stopwatch(), 8 * 37, 8 * 37 + 60);
    expect_between(ADC_DR, 2 * REFERENCE_LOW, 2 * REFERENCE_HIGH);
    ADC_CFGR2 = 0;
#endif
}
