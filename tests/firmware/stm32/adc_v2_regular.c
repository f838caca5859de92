/* ADC of F0, F3 and L4: sequences of two by interrupt, one at a time, by a timer's trigger and by DMA, what nobody reads,
 * the analog watchdog, alignment and resolution (RM0091 13, RM0316 15, RM0351 18).
 */
#include "adc_v2.h"
#include "dma.h"
#include "tim.h"

static const struct dma mover = DMA_ADC1;
static volatile uint32_t completes;
static volatile uint16_t values[4];

static void moved(void)
{
    completes += (dma_events(&mover) & DMA_COMPLETE) != 0;
}

static void stop(void)
{
    ADC_CR = CR_POWER | CR_ADSTP;
    wait_for(!(ADC_CR & (CR_ADSTP | CR_ADSTART)));
}

static void sequences(void)
{
    /* Both, each with its interrupt, and one at the end. */
    adc_configure(0);
    adc_both();
    ADC_IER = EOC | EOS;
    adc_start();
    wait_for(adc_conversions == 1);
    expect(adc_which(adc_value), ADC_TEMPERATURE);
    expect(adc_seen & EOS, 0);
    wait_for(adc_conversions == 2);
    expect(adc_which(adc_value), ADC_VREFINT);
    expect(adc_seen, EOC | EOS);
    expect(ADC_CR & CR_ADSTART, 0);

    /* One for each start. */
    adc_configure(CFGR_DISCEN);
    ADC_IER = EOC | EOS;
    adc_start();
    wait_for(!(ADC_CR & CR_ADSTART));
    expect(adc_which(adc_value), ADC_TEMPERATURE);
    expect(adc_seen, EOC);
    adc_start();
    wait_for(!(ADC_CR & CR_ADSTART));
    expect(adc_which(adc_value), ADC_VREFINT);
    expect(adc_seen, EOC | EOS);

#if defined(STM32F0)
    adc_configure(CFGR_SCANDIR);
    ADC_IER = EOC;
    adc_start();
    wait_for(adc_conversions == 1);
    expect(adc_which(adc_value), ADC_VREFINT);
    wait_for(adc_conversions == 2);
    expect(adc_which(adc_value), ADC_TEMPERATURE);
#endif
}

static void requested(void)
{
    /* A timer starts each, for as long as it is let. */
    tim_period(TIM3, 0, 499);
    TIM_CR2(TIM3) = CR2_MMS_UPDATE;
    adc_channel(ADC_VREFINT);
    adc_configure(CFGR_BY_TIM3);
    ADC_IER = EOC;
    TIM_CR1(TIM3) = CR1_CEN;
    adc_start();
    expect(adc_conversions, 0);
    stopwatch_start();
    wait_for(adc_conversions == 3);
    expect_between(stopwatch(), 1550, 1800);
    expect(ADC_CR & CR_ADSTART, CR_ADSTART);
    stop();
    TIM_CR1(TIM3) = 0;
}

/* Both, for ever, of which DMA takes some. */
static void move(uint32_t cfgr, uint32_t count, uint32_t how)
{
    adc_both();
    adc_configure(CFGR_DMAEN | CFGR_CONT | cfgr);
    ADC_IER = OVR;
    completes = 0;
    dma_start(&mover, (uint32_t)&ADC_DR, values, count, DMA_HALFWORDS | how);
    adc_start();
    wait_for(completes == (how & DMA_CIRCULAR ? 2u : 1u));
}

static void moving(void)
{
    on_interrupt(mover.irq, moved);
    move(CFGR_DMACFG, 4, DMA_CIRCULAR);
    stop();
    dma_stop(&mover);
    expect(adc_seen, 0);
    for (uint32_t i = 0; i < 4; i++)
        expect(adc_which(values[i]), i & 1 ? ADC_VREFINT : ADC_TEMPERATURE);

    /* Whoever asks for ever finds that nobody comes any more; whoever asked for these only does not. */
    move(CFGR_DMACFG, 3, 0);
    wait_for(adc_seen & OVR);
    expect(adc_which(ADC_DR), ADC_VREFINT);
    stop();
    move(0, 3, 0);
    adc_pause(3 * 200);
    stop();
    expect(adc_seen, 0);
    dma_stop(&mover);
    no_interrupt(mover.irq);
}

/* What nobody reads: the old value stays, or the new one comes, or the next conversion waits. */
static void unread(void)
{
    adc_both();
    adc_configure(0);
    ADC_IER = OVR;
    adc_start();
    wait_for(adc_seen & OVR);
    expect(adc_which(ADC_DR), ADC_TEMPERATURE);
    adc_configure(CFGR_OVRMOD);
    ADC_IER = OVR;
    adc_start();
    wait_for(adc_seen & OVR);
    expect(adc_which(ADC_DR), ADC_VREFINT);

    adc_configure(CFGR_AUTDLY);
    ADC_IER = OVR;
    adc_start();
    wait_for(ADC_ISR & EOC);
    adc_pause(300);
    expect(ADC_ISR & (EOC | EOS), EOC);
    expect(adc_which(ADC_DR), ADC_TEMPERATURE);
    wait_for(ADC_ISR & EOC);
    expect(adc_which(ADC_DR), ADC_VREFINT);
    expect(adc_seen, 0);
}

/* Whether the watchdog says that the reference is outside. */
static uint32_t watched(uint32_t cfgr, uint32_t low, uint32_t high)
{
    adc_channel(ADC_VREFINT);
    adc_configure(CFGR_AWD1EN | cfgr);
    ADC_TR1 = high << 16 | low;
    ADC_IER = AWD1 | EOS;
    adc_start();
    wait_for(adc_seen & EOS);
    return (adc_seen & AWD1) != 0;
}

static void data(void)
{
    expect(watched(0, REFERENCE_LOW, REFERENCE_HIGH), 0);
    expect(watched(0, 0, REFERENCE_LOW), 1);
    expect(watched(0, REFERENCE_HIGH, 0xFFF), 1);
    expect(watched(CFGR_AWD1SGL | CFGR_AWD1CH(ADC_VREFINT), 0, REFERENCE_LOW), 1);
    expect(watched(CFGR_AWD1SGL | CFGR_AWD1CH(ADC_TEMPERATURE), 0, REFERENCE_LOW), 0);

    adc_configure(CFGR_ALIGN);
    adc_start();
    wait_for(ADC_ISR & EOC);
    expect_between(ADC_DR, REFERENCE_LOW << 4, REFERENCE_HIGH << 4);
    adc_configure(CFGR_RES_8);
    adc_start();
    wait_for(ADC_ISR & EOC);
    expect_between(ADC_DR, REFERENCE_LOW >> 4, REFERENCE_HIGH >> 4);
}

void adc_regular(void)
{
    sequences();
    adc_sampling(ADC_SMP);
    requested();
    moving();
    unread();
    data();
}
