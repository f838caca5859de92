/* TWIM as a master that nobody answers, with buffers. */
#include "serial.h"
#include "checks.h"

#define RXSTARTED(base) REG32((base) + 0x14C)
#define TXSTARTED(base) REG32((base) + 0x150)
#define LASTTX_STOP (1u << 9)

static uint32_t twim;
static volatile uint32_t errors, stops;
static uint8_t out[2] = {1, 2};
static volatile uint8_t in[2];

static void event(void)
{
    if (TWI_ERROR(twim)) {
        clear_event(&TWI_ERROR(twim));
        errors++;
        TWI_STOP(twim) = 1;
    }
    if (SERIAL_STOPPED(twim)) {
        clear_event(&SERIAL_STOPPED(twim));
        stops++;
    }
}

static void instance(uint32_t id)
{
    twim = PERIPHERAL(id);
    errors = stops = 0;
    twi_pins(twim);
    SERIAL_ENABLE(twim) = ENABLE_TWIM;
    on_interrupt(id, event);
    INTENSET(twim) = INT_ERROR | INT_STOPPED;

    SERIAL_TXD_PTR(twim) = (uint32_t)out;
    SERIAL_TXD_MAXCNT(twim) = 2;
    SHORTS(twim) = LASTTX_STOP;
    TWI_STARTTX(twim) = 1;
    wait_for(TXSTARTED(twim));
    sleep_until(stops == 1);
    expect(errors, 1);
    expect(TWI_ERRORSRC(twim), ERRORSRC_ANACK);
    TWI_ERRORSRC(twim) = ERRORSRC_ANACK;
    expect(SERIAL_TXD_AMOUNT(twim), 0);

    SHORTS(twim) = 0;
    SERIAL_RXD_PTR(twim) = (uint32_t)in;
    SERIAL_RXD_MAXCNT(twim) = 2;
    TWI_STARTRX(twim) = 1;
    wait_for(RXSTARTED(twim));
    sleep_until(stops == 2);
    expect(errors, 2);
    expect(TWI_ERRORSRC(twim), ERRORSRC_ANACK);
    TWI_ERRORSRC(twim) = ERRORSRC_ANACK;
    expect(SERIAL_RXD_AMOUNT(twim), 0);
    INTENCLR(twim) = ALL;
    no_interrupt(id);
    serial_off(twim);
}

void check_twim(void)
{
    instance(ID_SERIAL0);
    instance(ID_SERIAL1);
}
