/* TWI as a master that nobody answers, with a register for each direction. */
#include "serial.h"
#include "checks.h"

#define TXD REG32(SERIAL1 + 0x51C)

static volatile uint32_t errors, stops;

static void event(void)
{
    if (TWI_ERROR(SERIAL1)) {
        clear_event(&TWI_ERROR(SERIAL1));
        errors++;
    }
    if (SERIAL_STOPPED(SERIAL1)) {
        clear_event(&SERIAL_STOPPED(SERIAL1));
        stops++;
    }
}

static void unanswered(uint32_t number)
{
    sleep_until(errors == number);
    /* Start condition, address, direction, and the bit where an answer should be. */
    expect_between(microseconds(), 9 * 5 / 2, 12 * 5 / 2 + 10);
    expect(TWI_ERRORSRC(SERIAL1), ERRORSRC_ANACK);
    TWI_ERRORSRC(SERIAL1) = ERRORSRC_ANACK;
    expect(TWI_ERRORSRC(SERIAL1), 0);
    TWI_STOP(SERIAL1) = 1;
    sleep_until(stops == number);
}

void check_twi(void)
{
    twi_pins(SERIAL1);
    SERIAL_ENABLE(SERIAL1) = ENABLE_TWI;
    on_interrupt(ID_SERIAL1, event);
    INTENSET(SERIAL1) = INT_ERROR | INT_STOPPED;

    microseconds_start();
    TWI_STARTTX(SERIAL1) = 1;
    TXD = 0x12;
    unanswered(1);
    microseconds_start();
    TWI_STARTRX(SERIAL1) = 1;
    unanswered(2);
    INTENCLR(SERIAL1) = ALL;
    no_interrupt(ID_SERIAL1);
    serial_off(SERIAL1);
}
