/* DAC: the formats of data, triggers by software, noise and triangle (RM0090 14, RM0091 14, RM0351 19). */
#include "dac.h"
#include "clocks.h"

/* A few cycles of APB1, after which what was written or triggered is there. */
static void settle(void)
{
    for (int i = 0; i < 4; i++)
        (void)DAC_CR;
}

void dac_outputs(int line, uint32_t first, uint32_t second)
{
    settle();
    check_equal(line, DAC_DOR1, first);
    check_equal(line, DAC_DOR2, second);
}

void dac_trigger(uint32_t channels)
{
    DAC_SWTRIGR = channels;
    settle();
    expect(DAC_SWTRIGR, 0);
}

static void formats(void)
{
    DAC_CR = CR_EN | SECOND(CR_EN);
    DAC_DHR12R1 = 0x123;
    DAC_DHR12R2 = 0x456;
    expect_out(0x123, 0x456);
    DAC_DHR12L1 = 0x9870;
    expect_out(0x987, 0x456);
    DAC_DHR12L2 = 0xABC0;
    expect_out(0x987, 0xABC);
    DAC_DHR8R1 = 0x21;
    expect_out(0x210, 0xABC);
    DAC_DHR8R2 = 0x43;
    expect_out(0x210, 0x430);
    DAC_DHR12RD = 0x05550777;
    expect_out(0x777, 0x555);
    DAC_DHR12LD = 0x12304560;
    expect_out(0x456, 0x123);
    DAC_DHR8RD = 0x9A65;
    expect_out(0x650, 0x9A0);
    DAC_CR = 0;
}

static void triggers(void)
{
    DAC_DHR12RD = 0;
    DAC_CR = CR_EN | CR_TSEL(TSEL_SOFTWARE) | SECOND(CR_EN | CR_TSEL(TSEL_SOFTWARE));
    expect_out(0, 0);
    DAC_CR |= CR_TEN | SECOND(CR_TEN);
    DAC_DHR12RD = 0x02220111;
    expect_out(0, 0);
    dac_trigger(1);
    expect_out(0x111, 0);
    DAC_DHR12RD = 0x04440333;
    dac_trigger(2);
    expect_out(0x111, 0x444);
    dac_trigger(3);
    expect_out(0x333, 0x444);
    DAC_CR = 0;
}

#define BY_SOFTWARE (CR_TEN | CR_TSEL(TSEL_SOFTWARE))

static void waves(void)
{
    uint32_t least = 0xFFF, most = 0, last;

    /* The noise that begins with 0xAAA. The amplitude masks it, on top of what is held. */
    DAC_DHR12RD = 0x01000000;
    DAC_CR = BY_SOFTWARE | CR_NOISE | CR_MAMP(11u) | SECOND(BY_SOFTWARE | CR_NOISE | CR_MAMP(3u));
    DAC_CR |= CR_EN | SECOND(CR_EN);
    dac_trigger(3);
    expect_out(0xAAA, 0x10A);
    dac_trigger(3);
    expect_out(0xD55, 0x105);
    dac_trigger(1);
    expect_out(0xEAA, 0x105);
    dac_trigger(2);
    expect_out(0xEAA, 0x10A);

    /* Up and down between what is held and 7 more, by one each time. */
    DAC_CR = 0;
    DAC_DHR12R1 = 0x200;
    DAC_CR = BY_SOFTWARE | CR_TRIANGLE | CR_MAMP(2u);
    DAC_CR |= CR_EN;
    dac_trigger(1);
    last = DAC_DOR1;
    expect_between(last, 0x200, 0x201);
    for (int i = 0; i < 30; i++) {
        dac_trigger(1);
        expect(DAC_DOR1 == last + 1 || DAC_DOR1 == last - 1, 1);
        last = DAC_DOR1;
        least = last < least ? last : least;
        most = last > most ? last : most;
    }
    expect(least, 0x200);
    expect(most, 0x207);
    DAC_CR = 0;
}

void check_dac(void)
{
    clock_dac();
    expect(DAC_CR, 0);
    formats();
    triggers();
    waves();
    dac_moving();
}
