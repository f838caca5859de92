/* ADC: the temperature, a sequence in the test mode that says what was sampled, priorities, a timer that starts samples, FIFOs too
 * empty and too full.
 */
#include "checks.h"
#include "gptm.h"
#include "sysctl.h"

#define ADCACTSS REG32(ADC0 + 0x000)
#define ADCRIS REG32(ADC0 + 0x004)
#define ADCIM REG32(ADC0 + 0x008)
#define ADCISC REG32(ADC0 + 0x00C)
#define ADCOSTAT REG32(ADC0 + 0x010)
#define ADCEMUX REG32(ADC0 + 0x014)
#define ADCUSTAT REG32(ADC0 + 0x018)
#define ADCSSPRI REG32(ADC0 + 0x020)
#define ADCPSSI REG32(ADC0 + 0x028)
#define ADCSAC REG32(ADC0 + 0x030)
#define ADCSSMUX(n) REG32(ADC0 + 0x040 + 0x20 * (n))
#define ADCSSCTL(n) REG32(ADC0 + 0x044 + 0x20 * (n))
#define ADCSSFIFO(n) REG32(ADC0 + 0x048 + 0x20 * (n))
#define ADCSSFSTAT(n) REG32(ADC0 + 0x04C + 0x20 * (n))
#define ADCTMLB REG32(ADC0 + 0x100)
#define SS(n) (1u << (n))
#define EMUX(n, source) ((source) << 4 * (n))
#define EMUX_TIMER 5u
#define EMUX_ALWAYS 15u
#define CTL(step, what) ((what) << 4 * (step))
#define CTL_D 1u
#define CTL_END 2u
#define CTL_IE 4u
#define CTL_TS 8u
#define FSTAT_FULL (1u << 12)
#define FSTAT_EMPTY (1u << 8)
/* A sample of the test mode. */
#define LOOP_COUNT(sample) ((sample) >> 6 & 15)
#define LOOP_KIND 0x1F
#define LOOP_DIFF (1u << 4)
#define LOOP_TS (1u << 3)

static volatile uint32_t dones, first, samples;

static void done(void)
{
    if (dones++ == 0)
        first = ADCISC;
    ADCISC = ADCISC;
}

static void sampled(void)
{
    ADCISC = SS(3);
    expect(ADCRIS & SS(3), 0);
    (void)ADCSSFIFO(3);
    if (++samples == 3)
        GPTM_CTL(TIMER2) = 0;
}

static void temperature(void)
{
    expect(ADCSSPRI, 0x3210);
    expect(ADCSSFSTAT(3), FSTAT_EMPTY);
    ADCSSMUX(3) = 0;
    ADCSSCTL(3) = CTL(0, CTL_TS | CTL_IE | CTL_END);
    /* Nothing starts while it is off. */
    ADCPSSI = SS(3);
    ADCACTSS = SS(3);
    ADCIM = SS(3);
    on_interrupt(IRQ_ADC0SS3, done);
    dones = 0;
    ADCPSSI = SS(3);
    wait_for(dones == 1);
    /* Between 0 and 50 degrees. */
    expect_between(ADCSSFIFO(3), 443, 671);
    expect(ADCSSFSTAT(3) & FSTAT_EMPTY, FSTAT_EMPTY);

    /* The mean of 64, a microsecond each. */
    ADCSAC = 6;
    stopwatch_start();
    ADCPSSI = SS(3);
    wait_for(dones == 2);
    expect_between(stopwatch(), CLOCK_LEAST / 1000000 * 64, CLOCK_MOST / 1000000 * 64 + 200);
    expect_between(ADCSSFIFO(3), 443, 671);
    ADCSAC = 0;
    no_interrupt(IRQ_ADC0SS3);
}

static void sequence(void)
{
    uint32_t sample, before = 0;
    static const uint32_t kinds[4] = {2, LOOP_DIFF | 1, LOOP_TS, 3};

    ADCTMLB = 1;
    ADCACTSS = 0;
    ADCSSMUX(0) = 0x3012;
    ADCSSCTL(0) = CTL(3, CTL_IE | CTL_END) | CTL(2, CTL_TS) | CTL(1, CTL_D);
    ADCACTSS = SS(0);
    ADCIM = SS(0);
    on_interrupt(IRQ_ADC0SS0, done);
    dones = 0;
    ADCPSSI = SS(0);
    wait_for(dones == 1);
    expect(first, SS(0));
    expect(ADCSSFSTAT(0), 4u << 4);
    for (uint32_t step = 0; step < 4; step++) {
        sample = ADCSSFIFO(0);
        expect(sample & LOOP_KIND, kinds[step]);
        if (step > 0)
            expect(LOOP_COUNT(sample), (LOOP_COUNT(before) + 1) & 15);
        before = sample;
    }
    expect(ADCSSFSTAT(0), FSTAT_EMPTY | 4u << 4 | 4);
    expect(ADCUSTAT, 0);
    (void)ADCSSFIFO(0);
    expect(ADCUSTAT, SS(0));
    ADCUSTAT = SS(0);
    expect(ADCUSTAT, 0);

    /* Both at once: the third is the first by its priority. */
    ADCSSCTL(0) = CTL(0, CTL_IE | CTL_END);
    ADCSSCTL(3) = CTL(0, CTL_IE | CTL_END);
    ADCSSPRI = 0x0123;
    ADCACTSS = SS(0) | SS(3);
    ADCIM = 0;
    ADCISC = SS(0) | SS(3);
    ADCPSSI = SS(0) | SS(3);
    wait_for((ADCRIS & (SS(0) | SS(3))) == (SS(0) | SS(3)));
    expect(ADCISC, 0);
    before = ADCSSFIFO(3);
    expect(LOOP_COUNT(ADCSSFIFO(0)), (LOOP_COUNT(before) + 1) & 15);
    ADCSSPRI = 0x3210;
    ADCISC = SS(0) | SS(3);
    no_interrupt(IRQ_ADC0SS0);
    ADCTMLB = 0;
}

static void triggered(void)
{
    /* A timer starts each sample. */
    ADCACTSS = 0;
    ADCEMUX = EMUX(3, EMUX_TIMER);
    ADCSSCTL(3) = CTL(0, CTL_TS | CTL_IE | CTL_END);
    ADCACTSS = SS(3);
    ADCIM = SS(3);
    on_interrupt(IRQ_ADC0SS3, sampled);
    GPTM_CTL(TIMER2) = 0;
    GPTM_CFG(TIMER2) = GPTM_CFG_32;
    GPTM_TAMR(TIMER2) = MR_PERIODIC;
    GPTM_TAILR(TIMER2) = 999;
    stopwatch_start();
    GPTM_CTL(TIMER2) = CTL_TAOTE | CTL_TAEN;
    wait_for(samples == 3);
    expect_between(stopwatch(), 3000, 3200);
    expect(ADCOSTAT, 0);
    no_interrupt(IRQ_ADC0SS3);

    /* On and on: more than one that nobody reads is too much. */
    ADCIM = 0;
    ADCACTSS = 0;
    ADCEMUX = EMUX(3, EMUX_ALWAYS);
    ADCACTSS = SS(3);
    wait_for(ADCOSTAT & SS(3));
    expect(ADCSSFSTAT(3) & FSTAT_FULL, FSTAT_FULL);
    ADCACTSS = 0;
    ADCEMUX = 0;
    expect_between(ADCSSFIFO(3), 443, 671);
    ADCOSTAT = SS(3);
    expect(ADCOSTAT & SS(3), 0);
    ADCISC = SS(3);
}

void check_adc(void)
{
    pll_on();
    temperature();
    sequence();
    triggered();
    pll_off();
}
