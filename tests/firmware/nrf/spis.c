/* SPIS without a master: who has the buffers. */
#include "serial.h"
#include "checks.h"

#define ACQUIRE REG32(SERIAL1 + 0x024)
#define RELEASE REG32(SERIAL1 + 0x028)
#define ACQUIRED REG32(SERIAL1 + 0x128)
#define SEMSTAT REG32(SERIAL1 + 0x400)
#define INT_ACQUIRED (1u << 10)
#define SEMSTAT_FREE 0
#define SEMSTAT_CPU 1

static volatile uint32_t acquired;

static void event(void)
{
    clear_event(&ACQUIRED);
    acquired++;
}

void check_spis(void)
{
    SERIAL_ENABLE(SERIAL1) = ENABLE_SPIS;
    on_interrupt(ID_SERIAL1, event);
    INTENSET(SERIAL1) = INT_ACQUIRED;
    /* The core has them at first. It is the master who takes them when they are free. */
    expect(SEMSTAT, SEMSTAT_CPU);
    expect(acquired, 0);
    RELEASE = 1;
    expect(SEMSTAT, SEMSTAT_FREE);
    ACQUIRE = 1;
    sleep_until(acquired == 1);
    expect(SEMSTAT, SEMSTAT_CPU);
    INTENCLR(SERIAL1) = ALL;
    no_interrupt(ID_SERIAL1);
    serial_off(SERIAL1);
}
