/* SPIM: buffers out and in, of different lengths; a list of buffers that its shortcut goes through; each of them. */
#include "serial.h"
#include "checks.h"

#define START(base) REG32((base) + 0x010)
#define STOP(base) REG32((base) + 0x014)
#define SUSPEND(base) REG32((base) + 0x01C)
#define RESUME(base) REG32((base) + 0x020)
#define ENDRX(base) REG32((base) + 0x110)
#define END(base) REG32((base) + 0x118)
#define ENDTX(base) REG32((base) + 0x120)
#define STARTED(base) REG32((base) + 0x14C)
#define ORC(base) REG32((base) + 0x5C0)
#define INT_END (1u << 6)
#define END_START (1u << 17)

static const uint32_t spims[] = {ID_SERIAL0, ID_SERIAL1, ID_SERIAL2, ID_SPIM3};
static uint32_t spim;
static volatile uint8_t out[4] = {1, 2, 3, 4}, in[10];
static volatile uint32_t ends, stops;

static void event(void)
{
    if (END(spim)) {
        clear_event(&END(spim));
        ends++;
        /* The last one of the list has begun. */
        if (ends == 2)
            SHORTS(spim) = 0;
    }
    if (SERIAL_STOPPED(spim)) {
        clear_event(&SERIAL_STOPPED(spim));
        stops++;
    }
}

static void buffers(uint32_t sent, uint32_t received)
{
    for (uint32_t i = 0; i < sizeof in; i++)
        in[i] = 0;
    ends = stops = 0;
    ENDRX(spim) = ENDTX(spim) = STARTED(spim) = 0;
    SERIAL_TXD_PTR(spim) = (uint32_t)out;
    SERIAL_TXD_MAXCNT(spim) = sent;
    SERIAL_RXD_PTR(spim) = (uint32_t)in;
    SERIAL_RXD_MAXCNT(spim) = received;
}

static void instance(uint32_t id)
{
    spim = PERIPHERAL(id);
    spi_pins(spim);
    SERIAL_FREQUENCY(spim) = FREQUENCY_M1;
    ORC(spim) = 0xA5;
    SERIAL_ENABLE(spim) = ENABLE_SPIM;
    on_interrupt(id, event);
    INTENSET(spim) = INT_END | INT_STOPPED;
    buffers(4, 8);
    microseconds_start();
    START(spim) = 1;
    wait_for(STARTED(spim));
    sleep_until(ends == 1);
    expect_between(microseconds(), 8 * 8 - 1, 8 * 8 + 10);
    expect(ENDRX(spim) & ENDTX(spim), 1);
    expect(SERIAL_TXD_AMOUNT(spim), 4);
    expect(SERIAL_RXD_AMOUNT(spim), 8);
    expect(in[0] & in[7], 0xFF);
    expect(in[8], 0);
    STOP(spim) = 1;
    sleep_until(stops == 1);
}

void check_spim(void)
{
    for (uint32_t i = 0; i < sizeof spims / sizeof spims[0]; i++) {
        instance(spims[i]);
        if (i == 0) {
            /* Three entries of two. */
            buffers(1, 2);
            SERIAL_RXD_LIST(spim) = LIST_ARRAY;
            SHORTS(spim) = END_START;
            START(spim) = 1;
            sleep_until(ends == 3);
            expect(in[0] & in[5], 0xFF);
            expect(in[6], 0);
            SERIAL_RXD_LIST(spim) = 0;

            /* Between two bytes it can wait. */
            buffers(4, 4);
            microseconds_start();
            START(spim) = 1;
            wait_for(STARTED(spim));
            SUSPEND(spim) = 1;
            sleep_to(100);
            expect(ends, 0);
            RESUME(spim) = 1;
            sleep_until(ends == 1);
            expect_between(microseconds(), 100, 140);
            expect(in[0] & in[3], 0xFF);

            /* Stopped in the middle. */
            buffers(4, 10);
            START(spim) = 1;
            wait_for(STARTED(spim));
            STOP(spim) = 1;
            sleep_until(stops == 1);
            expect_between(SERIAL_RXD_AMOUNT(spim), 0, 2);
            expect(in[9], 0);
        }
        INTENCLR(spim) = ALL;
        no_interrupt(spims[i]);
        serial_off(spim);
    }
}
