/* ECB: the example of FIPS 197, appendix B; a block that is stopped. */
#include "checks.h"

/* 22.2; 6.7 */
#define ECB PERIPHERAL(ID_ECB)
#define STARTECB REG32(ECB + 0x000)
#define STOPECB REG32(ECB + 0x004)
#define ENDECB REG32(ECB + 0x100)
#define ERRORECB REG32(ECB + 0x104)
#define ECBDATAPTR REG32(ECB + 0x504)
#define INT_ENDECB 1
#define INT_ERRORECB 2

/* Key, clear text, cipher text. */
static volatile uint8_t data[48] = {
    0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c,
    0x32, 0x43, 0xf6, 0xa8, 0x88, 0x5a, 0x30, 0x8d, 0x31, 0x31, 0x98, 0xa2, 0xe0, 0x37, 0x07, 0x34,
};
static const uint8_t cipher[16] = {
    0x39, 0x25, 0x84, 0x1d, 0x02, 0xdc, 0x09, 0xfb, 0xdc, 0x11, 0x85, 0x97, 0x19, 0x6a, 0x0b, 0x32,
};
static volatile uint32_t ends, errors;

static void event(void)
{
    if (ENDECB) {
        clear_event(&ENDECB);
        ends++;
    }
    if (ERRORECB) {
        clear_event(&ERRORECB);
        errors++;
    }
}

void check_ecb(void)
{
    on_interrupt(ID_ECB, event);
    INTENSET(ECB) = INT_ENDECB | INT_ERRORECB;
    ECBDATAPTR = (uint32_t)data;
    microseconds_start();
    STARTECB = 1;
    sleep_until(ends == 1);
    expect_between(microseconds(), 5, 30);
    for (uint32_t i = 0; i < 16; i++)
        expect(data[32 + i], cipher[i]);

    STARTECB = 1;
    STOPECB = 1;
    sleep_until(errors == 1);
    expect(ends, 1);
    STARTECB = 1;
    sleep_until(ends == 2);
    INTENCLR(ECB) = ALL;
    no_interrupt(ID_ECB);
}
