/* RADIO: its states, a packet that it sends by its shortcuts, a receiver that hears nobody; started by a timer through the
 * PPI.
 */
#include "checks.h"

/* 17.2; 6.20.14 */
#define RADIO PERIPHERAL(ID_RADIO)
#define TXEN REG32(RADIO + 0x000)
#define RXEN REG32(RADIO + 0x004)
#define START REG32(RADIO + 0x008)
#define STOP REG32(RADIO + 0x00C)
#define DISABLE REG32(RADIO + 0x010)
#define RSSISTART REG32(RADIO + 0x014)
#define READY REG32(RADIO + 0x100)
#define ADDRESS REG32(RADIO + 0x104)
#define PAYLOAD REG32(RADIO + 0x108)
#define END REG32(RADIO + 0x10C)
#define DISABLED REG32(RADIO + 0x110)
#define RSSIEND REG32(RADIO + 0x11C)
#define BCMATCH REG32(RADIO + 0x128)
#define PACKETPTR REG32(RADIO + 0x504)
#define FREQUENCY REG32(RADIO + 0x508)
#define MODE REG32(RADIO + 0x510)
#define PCNF0 REG32(RADIO + 0x514)
#define PCNF1 REG32(RADIO + 0x518)
#define BASE0 REG32(RADIO + 0x51C)
#define PREFIX0 REG32(RADIO + 0x524)
#define TXADDRESS REG32(RADIO + 0x52C)
#define RXADDRESSES REG32(RADIO + 0x530)
#define CRCCNF REG32(RADIO + 0x534)
#define CRCPOLY REG32(RADIO + 0x538)
#define RSSISAMPLE REG32(RADIO + 0x548)
#define STATE REG32(RADIO + 0x550)
#define BCC REG32(RADIO + 0x560)
#define READY_START (1u << 0)
#define END_DISABLE (1u << 1)
#define ADDRESS_BCSTART (1u << 6)
#define INT_READY (1u << 0)
#define INT_END (1u << 3)
#define INT_DISABLED (1u << 4)
#define INT_BCMATCH (1u << 10)
#define STATE_DISABLED 0
#define STATE_RXRU 1
#define STATE_RXIDLE 2
#define STATE_RX 3
#define STATE_TXRU 9
#define STATE_TXIDLE 10
#define STATE_TX 11

/* Length, payload. */
static uint8_t packet[] = {4, 0x11, 0x22, 0x33, 0x44};
static volatile uint32_t readies, ends, disables, matches, at[4];

static void event(void)
{
    if (READY) {
        clear_event(&READY);
        readies++;
        at[0] = microseconds();
    }
    if (END) {
        clear_event(&END);
        ends++;
        at[1] = microseconds();
    }
    if (DISABLED) {
        clear_event(&DISABLED);
        disables++;
        at[2] = microseconds();
    }
    if (BCMATCH) {
        clear_event(&BCMATCH);
        matches++;
        at[3] = microseconds();
    }
}

static void off(void)
{
    DISABLE = 1;
    sleep_until(disables == 1);
    expect(STATE, STATE_DISABLED);
    readies = ends = disables = 0;
}

/* Preamble, four bytes of address, length, four bytes, two of CRC: 8 us each. */
static void send(void)
{
    microseconds_start();
    SHORTS(RADIO) = READY_START | END_DISABLE | ADDRESS_BCSTART;
    BCC = 24; /* bits behind the address */
    ADDRESS = PAYLOAD = 0;
    TXEN = 1;
    expect(STATE, STATE_TXRU);
    sleep_until(disables == 1);
    expect(readies, 1);
    expect(ends, 1);
    expect(ADDRESS & PAYLOAD, 1);
    expect(STATE, STATE_DISABLED);
    expect_between(at[0], 120, 150);
    expect_between(at[1] - at[0], 12 * 8 - 4, 12 * 8 + 10);
    expect_between(at[2] - at[1], 2, 20);
    expect(matches, 1);
    expect_between(at[3] - at[0], (5 + 3) * 8 - 4, (5 + 3) * 8 + 10);
    SHORTS(RADIO) = 0;
    readies = ends = disables = 0;
}

void check_radio(void)
{
    on_interrupt(ID_RADIO, event);
    INTENSET(RADIO) = INT_READY | INT_END | INT_DISABLED | INT_BCMATCH;
    expect(STATE, STATE_DISABLED);
    FREQUENCY = 40;
    MODE = 0; /* Nrf_1Mbit */
    PCNF0 = 8;
    PCNF1 = 8 | 3u << 16;
    BASE0 = 0x12345678;
    PREFIX0 = 0x9A;
    TXADDRESS = 0;
    RXADDRESSES = 1;
    CRCCNF = 2;
    CRCPOLY = 0x11021;
    PACKETPTR = (uint32_t)packet;
    send();

    /* Step by step. */
    TXEN = 1;
    sleep_until(readies == 1);
    expect(STATE, STATE_TXIDLE);
    START = 1;
    expect(STATE, STATE_TX);
    sleep_until(ends == 1);
    expect(STATE, STATE_TXIDLE);
    off();

    RXEN = 1;
    expect(STATE, STATE_RXRU);
    sleep_until(readies == 1);
    expect(STATE, STATE_RXIDLE);
    START = 1;
    wait_for(STATE == STATE_RX);
    RSSISTART = 1;
    wait_for(RSSIEND);
    expect_between(RSSISAMPLE, 20, 127);
    STOP = 1;
    wait_for(STATE == STATE_RXIDLE);
    expect(ends, 0);
    off();

    /* Channels 20 and 22: COMPARE[0] and COMPARE[1] of TIMER0 to TXEN and DISABLE. */
    microseconds_start();
    TIMER_CC(TIMER0, 0) = 20;
    TIMER_CC(TIMER0, 1) = 200;
    PPI_CHENSET = 5u << 20;
    sleep_until(disables == 1);
    PPI_CHENCLR = ALL;
    expect(readies, 1);
    expect_between(at[0], 140, 175);
    expect_between(at[2], 200, 225);
    INTENCLR(RADIO) = ALL;
    no_interrupt(ID_RADIO);
}
