/* Checks of the peripherals of an STM32, each by the book: registers as the reference manual has them, interrupts, DMA.
 * The resets that the watchdogs make, and the flags they leave, are the end of it: the program lives four times.
 */
#include "checks.h"
#include "clocks.h"
#include "console.h"
#include "semihosting.h"

/* Behind the stack (stm32.ld); no start-up code clears it. */
#define MEMORY ((volatile struct lives *)0x20001FE0)

static const struct check checks[] = {
    {"rcc", check_rcc},     {"gpio", check_gpio},   {"exti", check_exti}, {"tim", check_tim}, {"dma", check_dma},
    {"usart", check_usart}, {"flash", check_flash}, {"crc", check_crc},   {"rtc", check_rtc},
#if HAS_SPI
    {"spi", check_spi},
#endif
#if HAS_I2C
    {"i2c", check_i2c},
#endif
#if HAS_ADC
    {"adc", check_adc},
#endif
#if HAS_DAC
    {"dac", check_dac},
#endif
#if HAS_CAN
    {"can", check_can},
#endif
#if HAS_RNG
    {"rng", check_rng},
#endif
    {0, 0},
};

int main(void)
{
    uint32_t life = check_life(MEMORY);

    clocks_on();
    switch (life) {
    case 0:
        RCC_CSR |= RCC_CSR_RMVF; /* the power-on reset, which some say is one of the pin, too */
        MEMORY->failures += check_all(checks);
        return check_reset_ordered();
    case 1:
        MEMORY->failures += check_run("wwdg", check_wwdg);
        break;
    case 2:
        MEMORY->failures += check_run("iwdg", check_iwdg);
        break;
    default:
        MEMORY->failures += check_run("reset", check_reset);
        return (int)MEMORY->failures;
    }
    /* A watchdog that is not fed. */
    return check_reset_awaited();
}
