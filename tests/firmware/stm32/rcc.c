/* Reset and clock control: oscillators and their interrupts, the PLL, prescalers, and that all clocks follow. */
#include "checks.h"
#include "clocks.h"
#include "rtc.h"
#include "tim.h"

static volatile uint32_t ready_interrupts;

/* RC oscillator for the RTC: RCC_CIR bits 0 (flag), 8 (enable), 16 (clear), the L4 has a register for each. */
static void ready(void)
{
    ready_interrupts++;
    expect(RCC_LSIRDYF, 1);
    RCC_LSIRDYC();
}

/* How many core clock cycles 2000 cycles of TIM2 take. */
static uint32_t timer_in_cycles(void)
{
    uint32_t begin;

    tim_period(TIM2, 1, 0xFFFF);
    stopwatch_start();
    TIM_CR1(TIM2) = CR1_CEN;
    while (TIM_CNT(TIM2) < 100) {
    }
    begin = stopwatch();
    while (TIM_CNT(TIM2) < 1100) {
    }
    begin = stopwatch() - begin;
    TIM_CR1(TIM2) = 0;
    return begin;
}

static void near(uint32_t got, uint32_t wanted)
{
    expect_between(got, wanted - wanted / 50, wanted + wanted / 50);
}

void check_rcc(void)
{
    uint32_t slow, fast;

    /* An oscillator that gets ready says so. */
    ready_interrupts = 0;
    expect(RCC_CSR & 3, 0);
    on_interrupt(IRQ_RCC, ready);
    RCC_LSIRDYIE(1);
    RCC_CSR |= 1;
    wait_for(ready_interrupts == 1);
    expect(RCC_CSR & 3, 3);
    RCC_LSIRDYIE(0);
    no_interrupt(IRQ_RCC);

    /* The core gets faster against the RTC by what the PLL multiplies. */
    clock_rtc();
    rtc_start();
    slow = rtc_measure();
    clock_fast();
    fast = rtc_measure();
    expect_between(fast * 10 / slow, CLOCK_FAST_TENTHS - CLOCK_FAST_TENTHS / 50 - 1,
                   CLOCK_FAST_TENTHS + CLOCK_FAST_TENTHS / 50 + 1);

    /* A timer on a divided bus gets twice the clock of the bus. */
    clock_apb1(2);
    near(timer_in_cycles(), 2 * 2000);
    clock_slow();
    near(rtc_measure(), slow);
    for (uint32_t power = 0; power <= 4; power++) {
        clock_apb1(power);
        near(timer_in_cycles(), 2000 << (power == 0 ? 0 : power - 1));
    }
    clock_apb1(0);

    /* A reset of one peripheral, TIM2. */
    TIM_ARR(TIM2) = 5;
    RCC_APB1RSTR |= 1u;
    RCC_APB1RSTR &= ~1u;
    expect(TIM_ARR(TIM2) & 0xFFFF, 0xFFFF);
}
