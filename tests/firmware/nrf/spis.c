/* SPIS and TWIS without a master: who has the buffers, and that it has stopped. */
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

#ifdef NRF52

static volatile uint32_t stops;

static void stopped(void)
{
    clear_event(&SERIAL_STOPPED(SERIAL1));
    stops++;
}

#endif

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

#ifdef NRF52
    SERIAL_ENABLE(SERIAL1) = ENABLE_TWIS;
    on_interrupt(ID_SERIAL1, stopped);
    INTENSET(SERIAL1) = INT_STOPPED;
    TWI_STOP(SERIAL1) = 1;
    sleep_until(stops == 1);
    INTENCLR(SERIAL1) = ALL;
    no_interrupt(ID_SERIAL1);
    serial_off(SERIAL1);
#endif
}
