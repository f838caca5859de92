/* ADC of the nRF51: conversions of an input that nobody drives, in each resolution. */
#include "checks.h"

/* 30.1 */
#define ADC PERIPHERAL(ID_ADC)
#define START REG32(ADC + 0x000)
#define STOP REG32(ADC + 0x004)
#define END REG32(ADC + 0x100)
#define BUSY REG32(ADC + 0x400)
#define ENABLE REG32(ADC + 0x500)
#define CONFIG REG32(ADC + 0x504)
#define RESULT REG32(ADC + 0x508)
#define INT_END 1
#define CONFIG_AIN4 (1u << 4 << 8)
#define CONFIG_INPSEL_THIRD (2u << 2)
#define CONFIG_REFSEL_VBG 0

static volatile uint32_t ends;

static void ended(void)
{
    clear_event(&END);
    ends++;
}

void check_adc(void)
{
    static const uint32_t times[] = {20, 36, 68};

    on_interrupt(ID_ADC, ended);
    INTENSET(ADC) = INT_END;
    /* Off, it does nothing. */
    START = 1;
    expect(BUSY, 0);
    ENABLE = 1;
    for (uint32_t resolution = 0; resolution < 3; resolution++) {
        ends = 0;
        CONFIG = resolution | CONFIG_INPSEL_THIRD | CONFIG_REFSEL_VBG | CONFIG_AIN4;
        microseconds_start();
        START = 1;
        expect(BUSY, 1);
        sleep_until(ends == 1);
        expect_between(microseconds(), times[resolution] - 1, times[resolution] + 15);
        expect(BUSY, 0);
        expect_between(RESULT, 0, (256u << resolution) - 1);
    }
    START = 1;
    STOP = 1;
    expect(BUSY, 0);
    microseconds_start();
    sleep_to(80);
    expect(ends, 1);
    ENABLE = 0;
    INTENCLR(ADC) = ALL;
    no_interrupt(ID_ADC);
}
