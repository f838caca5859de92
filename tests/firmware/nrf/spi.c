/* SPI as a master of nobody: what is not there answers ones. Each direction holds two characters. */
#include "serial.h"
#include "checks.h"

#define READY REG32(SERIAL0 + 0x108)
#define RXD REG32(SERIAL0 + 0x518)
#define TXD REG32(SERIAL0 + 0x51C)
#define INT_READY (1u << 2)
#define CHARACTER 8 /* us */

static volatile uint32_t received, ones;

static void ready(void)
{
    clear_event(&READY);
    ones += RXD == 0xFF;
    received++;
    if (received < 5)
        TXD = received;
}

void check_spi(void)
{
    spi_pins(SERIAL0);
    SERIAL_FREQUENCY(SERIAL0) = FREQUENCY_M1;
    SERIAL_ENABLE(SERIAL0) = ENABLE_SPI;

    stopwatch_start();
    TXD = 0x5A;
    wait_for(READY);
    expect_between(stopwatch(), CHARACTER * MHZ, (CHARACTER + 2) * MHZ + 48);
    READY = 0;
    expect(RXD, 0xFF);

    /* Two at once: the second is ready when the first was read. */
    TXD = 1;
    TXD = 2;
    wait_for(READY);
    READY = 0;
    stopwatch_start();
    wait_for(stopwatch() > (CHARACTER + 2) * MHZ);
    expect(READY, 0);
    expect(RXD, 0xFF);
    wait_for(READY);
    READY = 0;
    expect(RXD, 0xFF);
    expect(READY, 0);

    on_interrupt(ID_SERIAL0, ready);
    INTENSET(SERIAL0) = INT_READY;
    TXD = 0;
    sleep_until(received == 5);
    expect(ones, 5);
    INTENCLR(SERIAL0) = ALL;
    no_interrupt(ID_SERIAL0);
    serial_off(SERIAL0);
}
