/* PWM: sequences of values from memory, repeated, delayed, in loops; steps by a task; each of them. */
#include "checks.h"
#include "pins.h"

/* 6.17 */
#define STOP(pwm) REG32((pwm) + 0x004)
#define SEQSTART(pwm, n) REG32((pwm) + 0x008 + 4 * (n))
#define NEXTSTEP(pwm) REG32((pwm) + 0x010)
#define STOPPED(pwm) REG32((pwm) + 0x104)
#define SEQSTARTED(pwm, n) REG32((pwm) + 0x108 + 4 * (n))
#define SEQEND(pwm, n) REG32((pwm) + 0x110 + 4 * (n))
#define PWMPERIODEND(pwm) REG32((pwm) + 0x118)
#define LOOPSDONE(pwm) REG32((pwm) + 0x11C)
#define ENABLE(pwm) REG32((pwm) + 0x500)
#define MODE(pwm) REG32((pwm) + 0x504)
#define COUNTERTOP(pwm) REG32((pwm) + 0x508)
#define PRESCALER(pwm) REG32((pwm) + 0x50C)
#define DECODER(pwm) REG32((pwm) + 0x510)
#define LOOP(pwm) REG32((pwm) + 0x514)
#define SEQ_PTR(pwm, n) REG32((pwm) + 0x520 + 0x20 * (n))
#define SEQ_CNT(pwm, n) REG32((pwm) + 0x524 + 0x20 * (n))
#define SEQ_REFRESH(pwm, n) REG32((pwm) + 0x528 + 0x20 * (n))
#define SEQ_ENDDELAY(pwm, n) REG32((pwm) + 0x52C + 0x20 * (n))
#define PSEL_OUT(pwm, n) REG32((pwm) + 0x560 + 4 * (n))
#define INT_STOPPED (1u << 1)
#define INT_SEQEND(n) (1u << (4 + (n)))
#define INT_PWMPERIODEND (1u << 6)
#define INT_LOOPSDONE (1u << 7)
#define SEQEND0_STOP (1u << 0)
#define LOOPSDONE_STOP (1u << 4)
#define UP_AND_DOWN 1
#define DECODER_NEXTSTEP (1u << 8)
#define PERIOD 20 /* us, with 1 MHz */

static const uint32_t pwms[] = {ID_PWM0, ID_PWM1, ID_PWM2, ID_PWM3};
static uint32_t pwm;
static uint16_t values[4] = {5, 10, 15, 20};
static volatile uint32_t stops, seqends[2], periods, loops;

static void event(void)
{
    for (uint32_t n = 0; n < 2; n++) {
        if (SEQEND(pwm, n)) {
            clear_event(&SEQEND(pwm, n));
            seqends[n]++;
        }
    }
    if (PWMPERIODEND(pwm)) {
        clear_event(&PWMPERIODEND(pwm));
        periods++;
    }
    if (LOOPSDONE(pwm)) {
        clear_event(&LOOPSDONE(pwm));
        loops++;
    }
    if (STOPPED(pwm)) {
        clear_event(&STOPPED(pwm));
        stops++;
    }
}

static void sequence(uint32_t n, uint32_t count, uint32_t refresh, uint32_t delay)
{
    SEQ_PTR(pwm, n) = (uint32_t)values;
    SEQ_CNT(pwm, n) = count;
    SEQ_REFRESH(pwm, n) = refresh;
    SEQ_ENDDELAY(pwm, n) = delay;
    stops = seqends[0] = seqends[1] = periods = loops = 0;
}

/* Plays until it has stopped, which takes some of its periods. */
static void play(uint32_t shorts, uint32_t least, uint32_t most)
{
    SHORTS(pwm) = shorts;
    microseconds_start();
    SEQSTART(pwm, 0) = 1;
    wait_for(SEQSTARTED(pwm, 0));
    clear_event(&SEQSTARTED(pwm, 0));
    sleep_until(stops == 1);
    expect_between(microseconds(), least * PERIOD - 2, most * PERIOD + 10);
    SHORTS(pwm) = 0;
}

static void instance(uint32_t id)
{
    pwm = PERIPHERAL(id);
    on_interrupt(id, event);
    PSEL_OUT(pwm, 0) = PIN_A;
    ENABLE(pwm) = 1;
    PRESCALER(pwm) = 4;
    COUNTERTOP(pwm) = PERIOD;
    LOOP(pwm) = 0;
    sequence(0, 4, 0, 0);
    INTENSET(pwm) = INT_STOPPED | INT_SEQEND(0) | INT_SEQEND(1) | INT_LOOPSDONE | INT_PWMPERIODEND;
    play(SEQEND0_STOP, 4, 5);
    expect(seqends[0], 1);
    expect_between(periods, 4, 5);
}

static void more(void)
{
    /* Up and down it takes twice the time; each value is there three times. */
    MODE(pwm) = UP_AND_DOWN;
    sequence(0, 1, 2, 0);
    play(SEQEND0_STOP, 6, 8);
    expect_between(periods, 3, 4);
    MODE(pwm) = 0;

    /* Both sequences twice, with a pause behind the second. */
    sequence(1, 1, 0, 3);
    sequence(0, 2, 0, 0);
    LOOP(pwm) = 2;
    play(LOOPSDONE_STOP, 2 * (2 + 1 + 3), 2 * (2 + 1 + 3) + 1);
    expect(seqends[0], 2);
    expect(seqends[1], 2);
    expect(loops, 1);
    LOOP(pwm) = 0;

    /* By hand: it goes on with the last value until it is told. */
    DECODER(pwm) = DECODER_NEXTSTEP;
    sequence(0, 2, 0, 0);
    SEQSTART(pwm, 0) = 1;
    sleep_until(periods == 3);
    expect(seqends[0], 0);
    NEXTSTEP(pwm) = 1;
    NEXTSTEP(pwm) = 1;
    sleep_until(seqends[0] == 1);
    STOP(pwm) = 1;
    sleep_until(stops == 1);
    DECODER(pwm) = 0;
}

void check_pwm(void)
{
    for (uint32_t i = 0; i < sizeof pwms / sizeof pwms[0]; i++) {
        instance(pwms[i]);
        if (i == 0)
            more();
        ENABLE(pwm) = 0;
        INTENCLR(pwm) = ALL;
        PSEL_OUT(pwm, 0) = ALL;
        no_interrupt(pwms[i]);
    }
}
