/* An STM32F103 and what is soldered to it: a 24LC256 on I2C, an MX25L on SPI, a button, a voltage, a line (outside.toml). */
#include "outside.h"
#include "clocks.h"
#include "tim.h"

static const struct check checks[] = {
    {"eeprom", check_eeprom},
    {"nor", check_nor},
    {"world", check_world},
    {0, 0},
};

static volatile uint32_t over;

static void time_over(void)
{
    TIM_SR(TIM2) = 0;
    over = 1;
}

/* Asleep: a part that is busy for milliseconds is nothing to look at all the time. */
void pause(uint32_t milliseconds)
{
    over = 0;
    tim_period(TIM2, CLOCK_SLOW / 2000 - 1, 2 * milliseconds - 1); /* a reload value of 0 would stop it */
    on_interrupt(IRQ_TIM2, time_over);
    TIM_DIER(TIM2) = DIER_UIE;
    TIM_CR1(TIM2) = CR1_OPM | CR1_CEN;
    sleep_until(over);
    no_interrupt(IRQ_TIM2);
}

int main(void)
{
    clocks_on();
    return (int)check_all(checks);
}
