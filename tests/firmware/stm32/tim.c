/* Timers: update, preload, one pulse, compare, capture, one timer that drives another, the repetition counter. */
#include "tim.h"
#include "checks.h"

static volatile uint32_t updates, at[4];

static void update(void)
{
    expect(TIM_SR(TIM2) & SR_UIF, SR_UIF);
    TIM_SR(TIM2) = ~SR_UIF;
    if (updates < 4)
        at[updates] = stopwatch();
    updates++;
}

static void basic_update(void)
{
    TIM_SR(TIM_BASIC) = ~SR_UIF;
    if (++updates == 5)
        TIM_CR1(TIM_BASIC) &= ~CR1_CEN;
}

static void period(void)
{
    updates = 0;
    tim_period(TIM2, 7, 99);
    on_interrupt(IRQ_TIM2, update);
    TIM_DIER(TIM2) = DIER_UIE;
    stopwatch_start();
    TIM_CR1(TIM2) = CR1_CEN;
    wait_for(updates >= 3);
    TIM_CR1(TIM2) = 0;
    expect_between(at[0], 800, 900);
    expect_between(at[2] - at[0], 1560, 1640);

    /* With ARPE a new period counts from the next update on. */
    updates = 0;
    tim_period(TIM2, 7, 99);
    TIM_DIER(TIM2) = DIER_UIE;
    TIM_CR1(TIM2) = CR1_ARPE | CR1_CEN;
    TIM_ARR(TIM2) = 199;
    stopwatch_start();
    wait_for(updates >= 2);
    TIM_CR1(TIM2) = 0;
    expect_between(at[0], 740, 900);
    expect_between(at[1] - at[0], 1560, 1640);

    /* An update by software sets the flag, unless URS says that only an overflow does. */
    TIM_DIER(TIM2) = 0;
    TIM_EGR(TIM2) = EGR_UG;
    expect(TIM_SR(TIM2) & SR_UIF, SR_UIF);
    TIM_SR(TIM2) = 0;
    TIM_CR1(TIM2) = CR1_URS;
    TIM_EGR(TIM2) = EGR_UG;
    expect(TIM_SR(TIM2) & SR_UIF, 0);

    /* One pulse stops at the update. */
    updates = 0;
    tim_period(TIM2, 0, 499);
    TIM_DIER(TIM2) = DIER_UIE;
    TIM_CR1(TIM2) = CR1_OPM | CR1_CEN;
    wait_for(updates == 1);
    expect(TIM_CR1(TIM2) & CR1_CEN, 0);
    expect(TIM_CNT(TIM2), 0);

    /* Down. */
    tim_period(TIM2, 0, 999);
    TIM_CR1(TIM2) = CR1_DIR;
    TIM_EGR(TIM2) = EGR_UG;
    expect(TIM_CNT(TIM2), 999);
    TIM_CR1(TIM2) = CR1_DIR | CR1_CEN;
    wait_for(TIM_CNT(TIM2) < 900);
    no_interrupt(IRQ_TIM2);
    TIM_CR1(TIM2) = 0;
}

static volatile uint32_t compares, compared;

static void compare(void)
{
    expect(TIM_SR(TIM2) & SR_CC1IF, SR_CC1IF);
    TIM_SR(TIM2) = ~SR_CC1IF;
    compared = TIM_CNT(TIM2);
    compares++;
}

static void comparing(void)
{
    compares = 0;
    tim_period(TIM2, 0, 999);
    TIM_CCR1(TIM2) = 500;
    TIM_DIER(TIM2) = DIER_CC1IE;
    on_interrupt(IRQ_TIM2, compare);
    TIM_CR1(TIM2) = CR1_CEN;
    wait_for(compares == 2);
    expect_between(compared, 500, 600);
    no_interrupt(IRQ_TIM2);
    TIM_CR1(TIM2) = 0;
}

static volatile uint32_t captures, captured[3];

static void capture(void)
{
    expect(TIM_SR(TIM3) & SR_CC1IF, SR_CC1IF);
    /* Reading clears the flag. */
    if (captures < 3)
        captured[captures] = TIM_CCR1(TIM3);
    captures++;
    expect(TIM_SR(TIM3) & SR_CC1IF, 0);
}

static void linked(void)
{
    /* TIM3 captures when TIM2 updates: its internal trigger 1. */
    captures = 0;
    tim_period(TIM3, 0, 0xFFFF);
    TIM_SMCR(TIM3) = SMCR_ITR1;
    TIM_CCMR1(TIM3) = 3; /* CC1S: TRC */
    TIM_CCER(TIM3) = 1;
    TIM_DIER(TIM3) = DIER_CC1IE;
    on_interrupt(IRQ_TIM3, capture);
    tim_period(TIM2, 3, 249);
    TIM_CR2(TIM2) = CR2_MMS_UPDATE;
    TIM_CR1(TIM3) = CR1_CEN;
    TIM_CR1(TIM2) = CR1_CEN;
    wait_for(captures >= 3);
    TIM_CR1(TIM2) = 0;
    TIM_CR1(TIM3) = 0;
    no_interrupt(IRQ_TIM3);
    expect_between(captured[1] - captured[0], 980, 1020);
    expect_between(captured[2] - captured[1], 980, 1020);

    /* A second capture before the first was read. */
    TIM_DIER(TIM3) = 0;
    TIM_EGR(TIM3) = EGR_CC1G;
    expect(TIM_SR(TIM3) & (SR_CC1IF | SR_CC1OF), SR_CC1IF);
    TIM_EGR(TIM3) = EGR_CC1G;
    expect(TIM_SR(TIM3) & (SR_CC1IF | SR_CC1OF), SR_CC1IF | SR_CC1OF);

    /* TIM3 counts the updates of TIM2. */
    tim_period(TIM2, 0, 199);
    TIM_CR2(TIM2) = CR2_MMS_UPDATE;
    tim_period(TIM3, 0, 0xFFFF);
    TIM_SMCR(TIM3) = SMCR_ITR1 | SMCR_CLOCK;
    TIM_CR1(TIM3) = CR1_CEN;
    expect(TIM_CNT(TIM3), 0);
    TIM_EGR(TIM2) = EGR_UG;
    expect(TIM_CNT(TIM3), 1);
    TIM_CR1(TIM2) = CR1_CEN;
    wait_for(TIM_CNT(TIM3) == 4);
    TIM_CR1(TIM2) = 0;

    /* TIM2's start starts TIM3; its enable signal lets it count or not. */
    tim_period(TIM2, 0, 0xFFFF);
    TIM_CR2(TIM2) = CR2_MMS_ENABLE;
    tim_period(TIM3, 0, 0xFFFF);
    TIM_SMCR(TIM3) = SMCR_ITR1 | SMCR_TRIGGER;
    expect(TIM_CR1(TIM3) & CR1_CEN, 0);
    TIM_CR1(TIM2) = CR1_CEN;
    wait_for(TIM_CR1(TIM3) & CR1_CEN);
    TIM_CR1(TIM2) = 0;
    tim_period(TIM3, 0, 0xFFFF);
    TIM_SMCR(TIM3) = SMCR_ITR1 | SMCR_GATED;
    TIM_CR1(TIM3) = CR1_CEN;
    expect(TIM_CNT(TIM3), 0);
    TIM_CR1(TIM2) = CR1_CEN;
    wait_for(TIM_CNT(TIM3) > 20);
    TIM_CR1(TIM2) = 0;
    captures = TIM_CNT(TIM3);
    expect(TIM_CNT(TIM3), captures);
    TIM_CR1(TIM3) = 0;
}

static void basic(void)
{
    updates = 0;
    tim_period(TIM_BASIC, 0, 299);
    TIM_DIER(TIM_BASIC) = DIER_UIE;
    on_interrupt(IRQ_TIM_BASIC, basic_update);
    stopwatch_start();
    TIM_CR1(TIM_BASIC) = CR1_CEN;
    wait_for(updates == 5);
    expect_between(stopwatch(), 1500, 1650);
    no_interrupt(IRQ_TIM_BASIC);
}

#ifdef TIM1

static void advanced_update(void)
{
    TIM_SR(TIM1) = ~SR_UIF;
    updates++;
}

/* With a repetition counter of 2 every third overflow is an update. */
static void advanced(void)
{
    updates = 0;
    TIM_RCR(TIM1) = 2;
    tim_period(TIM1, 0, 199);
    TIM_DIER(TIM1) = DIER_UIE;
    on_interrupt(IRQ_TIM1_UP, advanced_update);
    stopwatch_start();
    TIM_CR1(TIM1) = CR1_CEN;
    wait_for(updates == 2);
    expect_between(stopwatch(), 1200, 1300);
    TIM_CR1(TIM1) = 0;
    no_interrupt(IRQ_TIM1_UP);
}

#endif

void check_tim(void)
{
    period();
    comparing();
    linked();
    basic();
#ifdef TIM1
    advanced();
#endif
}
