/* SAADC: two channels of inputs that nobody drives, by DMA; a limit; a sample rate; oversampling; calibration. */
#include "checks.h"

/* 6.23 */
#define SAADC PERIPHERAL(ID_ADC)
#define START REG32(SAADC + 0x000)
#define SAMPLE REG32(SAADC + 0x004)
#define STOP REG32(SAADC + 0x008)
#define CALIBRATEOFFSET REG32(SAADC + 0x00C)
#define STARTED REG32(SAADC + 0x100)
#define END REG32(SAADC + 0x104)
#define DONE REG32(SAADC + 0x108)
#define RESULTDONE REG32(SAADC + 0x10C)
#define CALIBRATEDONE REG32(SAADC + 0x110)
#define STOPPED REG32(SAADC + 0x114)
#define LIMITH(n) REG32(SAADC + 0x118 + 8 * (n))
#define LIMITL(n) REG32(SAADC + 0x11C + 8 * (n))
#define STATUS REG32(SAADC + 0x400)
#define ENABLE REG32(SAADC + 0x500)
#define CH_PSELP(n) REG32(SAADC + 0x510 + 16 * (n))
#define CH_PSELN(n) REG32(SAADC + 0x514 + 16 * (n))
#define CH_CONFIG(n) REG32(SAADC + 0x518 + 16 * (n))
#define CH_LIMIT(n) REG32(SAADC + 0x51C + 16 * (n))
#define RESOLUTION REG32(SAADC + 0x5F0)
#define OVERSAMPLE REG32(SAADC + 0x5F4)
#define SAMPLERATE REG32(SAADC + 0x5F8)
#define RESULT_PTR REG32(SAADC + 0x62C)
#define RESULT_MAXCNT REG32(SAADC + 0x630)
#define RESULT_AMOUNT REG32(SAADC + 0x634)
#define INT_END (1u << 1)
#define INT_CALIBRATEDONE (1u << 4)
#define INT_STOPPED (1u << 5)
#define INT_LIMITL(n) (1u << (7 + 2 * (n)))
#define AIN(n) (1 + (n))
#define CONFIG_TACQ_10US (2u << 16)
#define CONFIG_DIFFERENTIAL (1u << 20)
#define SAMPLERATE_TIMERS (1u << 12)
#define NOWHERE 0x5555

static volatile int16_t results[8];
static volatile uint32_t ends, stops, calibrations, lows;

static void event(void)
{
    if (END) {
        clear_event(&END);
        ends++;
    }
    if (STOPPED) {
        clear_event(&STOPPED);
        stops++;
    }
    if (CALIBRATEDONE) {
        clear_event(&CALIBRATEDONE);
        calibrations++;
    }
    if (LIMITL(1)) {
        clear_event(&LIMITL(1));
        lows++;
    }
}

static void begin(uint32_t count)
{
    for (uint32_t i = 0; i < 8; i++)
        results[i] = NOWHERE;
    ends = 0;
    RESULT_PTR = (uint32_t)results;
    RESULT_MAXCNT = count;
    STARTED = DONE = RESULTDONE = 0;
    START = 1;
    wait_for(STARTED);
    microseconds_start();
}

void check_saadc(void)
{
    on_interrupt(ID_ADC, event);
    INTENSET(SAADC) = INT_END | INT_CALIBRATEDONE | INT_STOPPED | INT_LIMITL(1);
    ENABLE = 1;
    CALIBRATEOFFSET = 1;
    sleep_until(calibrations == 1);

    /* AIN4, and AIN5 against itself, 12 bits. All of the second is below its lower limit. */
    CH_PSELP(0) = AIN(4);
    CH_PSELP(1) = CH_PSELN(1) = AIN(5);
    CH_CONFIG(0) = CONFIG_TACQ_10US;
    CH_CONFIG(1) = CONFIG_TACQ_10US | CONFIG_DIFFERENTIAL;
    CH_LIMIT(1) = 0x7FFF7FFF;
    RESOLUTION = 2;
    begin(4);
    SAMPLE = 1;
    expect(STATUS, 1);
    wait_for(DONE);
    wait_for(lows == 1);
    expect_between(microseconds(), 20, 40);
    expect(RESULTDONE, 1);
    expect(ends, 0);
    wait_for(!STATUS);
    SAMPLE = 1;
    sleep_until(ends == 1);
    expect(lows, 2);
    expect(RESULT_AMOUNT, 4);
    for (uint32_t i = 0; i < 4; i += 2) {
        expect_between((uint32_t)(results[i] + 100), 0, 4195);
        expect_between((uint32_t)(results[i + 1] + 16), 0, 32);
    }
    expect(results[4], NOWHERE);

    /* By itself, one channel every 400 cycles of 16 MHz. */
    CH_PSELP(1) = CH_PSELN(1) = 0;
    SAMPLERATE = SAMPLERATE_TIMERS | 400;
    begin(6);
    SAMPLE = 1;
    sleep_until(ends == 1);
    expect_between(microseconds(), 5 * 25 + 8, 6 * 25 + 15);
    expect(RESULT_AMOUNT, 6);
    STOP = 1;
    sleep_until(stops == 1);

    /* Of four samples one result. */
    SAMPLERATE = 0;
    OVERSAMPLE = 2;
    begin(1);
    for (uint32_t i = 0; i < 4; i++) {
        expect(ends, 0);
        DONE = 0;
        SAMPLE = 1;
        wait_for(DONE);
    }
    sleep_until(ends == 1);
    OVERSAMPLE = 0;
    expect(RESULT_AMOUNT, 1);
    expect(results[1], NOWHERE);
    ENABLE = 0;
    INTENCLR(SAADC) = ALL;
    no_interrupt(ID_ADC);
}
