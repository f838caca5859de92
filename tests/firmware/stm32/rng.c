/* Random number generator: numbers that differ, and an interrupt for each. */
#include "checks.h"
#include "clocks.h"

#define RNG_CR REG32(RNG + 0x00)
#define RNG_SR REG32(RNG + 0x04)
#define RNG_DR REG32(RNG + 0x08)
#define CR_RNGEN (1u << 2)
#define CR_IE (1u << 3)
#define SR_DRDY (1u << 0)

static volatile uint32_t got, numbers[3];

static void random(void)
{
    expect(RNG_SR, SR_DRDY);
    if (got < 3)
        numbers[got++] = RNG_DR;
    else
        RNG_CR &= ~CR_IE;
}

void check_rng(void)
{
    got = 0;
    clock_rng();
    expect(RNG_SR & SR_DRDY, 0);
    RNG_CR = CR_RNGEN;
    wait_for(RNG_SR & SR_DRDY);
    expect(RNG_SR, SR_DRDY);
    (void)RNG_DR;
    expect(RNG_SR & SR_DRDY, 0);
    on_interrupt(IRQ_RNG, random);
    RNG_CR = CR_RNGEN | CR_IE;
    wait_for(got == 3);
    RNG_CR = 0;
    clock_slow();
    no_interrupt(IRQ_RNG);
    expect(numbers[0] == numbers[1] || numbers[1] == numbers[2], 0);
}
