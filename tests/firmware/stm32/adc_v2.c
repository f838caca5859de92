/* ADC of F0, F3 and L4: on, calibrated, one conversion of the temperature and of the internal reference, how long it
 * takes, off, and on with another clock (RM0091 13, RM0316 15, RM0351 18).
 */
#include "adc_v2.h"
#include "clocks.h"

volatile uint32_t adc_seen, adc_conversions, adc_value;

static uint32_t temperature, reference, kept;

static void served(void)
{
    uint32_t status = ADC_ISR & ADC_IER;

    if (status & EOC) {
        adc_value = ADC_DR;
        adc_conversions++;
        expect(ADC_ISR & EOC, 0);
    }
    ADC_ISR = status & ~EOC;
    adc_seen |= status;
}

void adc_pause(uint32_t cycles)
{
    stopwatch_start();
    while (stopwatch() < cycles) {
    }
}

void adc_configure(uint32_t cfgr)
{
    ADC_IER = 0;
    ADC_CFGR = kept | cfgr;
    (void)ADC_DR;
    ADC_ISR = EVERYTHING;
    adc_seen = adc_conversions = adc_value = 0;
}

void adc_sampling(uint32_t smp)
{
#if defined(STM32F0)
    ADC_SMPR1 = smp;
#else
    ADC_SMPR1 = smp * 01111111111u;
    ADC_SMPR2 = smp * 0111111111u;
#endif
}

void adc_channel(uint32_t channel)
{
#if defined(STM32F0)
    ADC_CHSELR = 1u << channel;
#else
    ADC_SQR1 = channel << 6;
#endif
}

void adc_both(void)
{
#if defined(STM32F0)
    ADC_CHSELR = 1u << ADC_TEMPERATURE | 1u << ADC_VREFINT;
#else
    ADC_SQR1 = 1u | ADC_TEMPERATURE << 6 | ADC_VREFINT << 12;
#endif
}

void adc_start(void)
{
    ADC_CR = CR_POWER | CR_ADSTART;
}

uint32_t adc_which(uint32_t value)
{
    uint32_t between = (temperature + reference) / 2;

    return (value > between) == (temperature > between) ? ADC_TEMPERATURE : ADC_VREFINT;
}

/* The value of one channel, and how long it takes with the longest sampling. */
static uint32_t converted(uint32_t channel)
{
    uint32_t value;

    adc_configure(0);
    adc_channel(channel);
    stopwatch_start();
    adc_start();
    while (stopwatch() < ADC_CYCLES / 2) {
    }
    expect(ADC_ISR, 0);
    expect(ADC_CR & CR_ADSTART, CR_ADSTART);
    wait_for(ADC_ISR & EOSMP);
    wait_for(ADC_ISR & EOC);
    expect_between(stopwatch(), ADC_CYCLES, ADC_CYCLES + 60);
    expect(ADC_ISR & (EOC | EOS | OVR), EOC | EOS);
    expect(ADC_CR & CR_ADSTART, 0);
    value = ADC_DR;
    expect(ADC_ISR & (EOC | EOS), EOS);
    return value;
}

static void enable(void)
{
    adc_seen = 0;
    ADC_ISR = ADRDY;
    ADC_IER = ADRDY;
    ADC_CR = CR_POWER | CR_ADEN;
    wait_for(adc_seen & ADRDY);
    expect(ADC_CR, CR_POWER | CR_ADEN);
}

static void power_up(void)
{
    clock_adc();
#if defined(STM32F0)
    expect(ADC_CR, 0);
    ADC_CFGR2 = 1u << 30; /* half the clock of APB */
    kept = 0;
#else
    expect(ADC_CR, CR_DEEPPWD);
    ADC_CR = 0;
    ADC_CR = CR_ADVREGEN;
    kept = ADC_CFGR; /* JQDIS of the L4 */
#endif
    expect(ADC_TR1, 0x0FFF0000);
    adc_pause(200);
#if defined(STM32F0)
    ADC_CCR = CCR_VREFEN | CCR_TSEN;
#else
    ADC_CCR = CCR_VREFEN | CCR_TSEN | CCR_CKMODE(1u);
#endif
    stopwatch_start();
    ADC_CR = CR_POWER | CR_ADCAL;
    expect(ADC_CR, CR_POWER | CR_ADCAL);
    wait_for(!(ADC_CR & CR_ADCAL));
    expect_between(stopwatch(), ADC_CALIBRATION, ADC_CALIBRATION + 40);
#if defined(STM32F0)
    expect_between(ADC_DR, 0, 0x7F); /* what it found */
#else
    expect_between(ADC_CALFACT, 0, 0x7F);
#endif
    adc_pause(100); /* until the sensors are up, too */
    on_interrupt(IRQ_ADC, served);
    enable();
}

void check_adc(void)
{
    power_up();
    adc_sampling(7);
    temperature = converted(ADC_TEMPERATURE);
    expect_between(temperature, TEMPERATURE_LOW, TEMPERATURE_HIGH);
    reference = converted(ADC_VREFINT);
    expect_between(reference, REFERENCE_LOW, REFERENCE_HIGH);
    adc_regular();
#if !defined(STM32F0)
    adc_injected();
#endif

    /* Off, and on with another clock. */
    ADC_CR = CR_POWER | CR_ADDIS;
    wait_for(!(ADC_CR & (CR_ADDIS | CR_ADEN)));
#if defined(STM32F0)
    ADC_CFGR2 = 0;
#elif defined(STM32F3)
    ADC_CCR = CCR_VREFEN | CCR_TSEN | CCR_CKMODE(2u);
#else
    ADC_CCR = CCR_VREFEN | CCR_TSEN | 1u << 18;
#endif
    enable();
    adc_sampling(7);
    adc_configure(0);
    stopwatch_start();
    adc_start();
    wait_for(ADC_ISR & EOC);
    expect_between(stopwatch(), ADC_OTHER_CYCLES, ADC_OTHER_CYCLES + 60);
    expect(adc_which(ADC_DR), ADC_VREFINT);
    ADC_CR = CR_POWER | CR_ADDIS;
    ADC_IER = 0;
    no_interrupt(IRQ_ADC);
}
