/* UART (DDI 0479 4.3): characters out and how long they take, by interrupt, too many of them; characters in by interrupt and by
 * polling.
 */
#include "checks.h"

#define DATA REG32(UART0 + 0x000)
#define STATE REG32(UART0 + 0x004)
#define CTRL REG32(UART0 + 0x008)
#define INTSTATUS REG32(UART0 + 0x00C)
#define INTCLEAR INTSTATUS
#define BAUDDIV REG32(UART0 + 0x010)
#define STATE_TX_FULL (1u << 0)
#define STATE_RX_FULL (1u << 1)
#define STATE_TX_OVERRUN (1u << 2)
#define CTRL_TX (1u << 0)
#define CTRL_RX (1u << 1)
#define CTRL_TX_INT (1u << 2)
#define CTRL_RX_INT (1u << 3)
#define CTRL_TX_OVERRUN_INT (1u << 4)
#define INT_TX (1u << 0)
#define INT_RX (1u << 1)
#define INT_TX_OVERRUN (1u << 2)

/* Cycles for a bit, few to keep the run short. */
#define BIT 32

static const char *volatile text;
static volatile uint32_t overruns, received, heard;

/* The buffer has become empty. */
static void transmit(void)
{
    expect(INTSTATUS, INT_TX);
    INTCLEAR = INT_TX;
    if (*text != '\0')
        DATA = (uint8_t)*text++;
    else
        CTRL &= ~CTRL_TX_INT;
}

static void overrun(void)
{
    expect(INTSTATUS, INT_TX_OVERRUN);
    expect(STATE & STATE_TX_OVERRUN, STATE_TX_OVERRUN);
    INTCLEAR = INT_TX_OVERRUN;
    overruns++;
}

static void receive(void)
{
    expect(INTSTATUS, INT_RX);
    expect(STATE & STATE_RX_FULL, STATE_RX_FULL);
    INTCLEAR = INT_RX;
    expect(INTSTATUS, 0);
    if (++received == 4)
        CTRL = CTRL_RX;
    heard = heard << 8 | (DATA & 0xFF);
}

static void transmitting(void)
{
    /* The second waits in the buffer while the first is sent, the third does not fit. */
    CTRL = CTRL_TX | CTRL_TX_OVERRUN_INT;
    on_interrupt(IRQ_UART_OVERRUN, overrun);
    stopwatch_start();
    DATA = '>';
    wait_for(!(STATE & STATE_TX_FULL));
    expect_between(stopwatch(), 0, 3 * BIT);
    DATA = '>';
    expect(STATE, STATE_TX_FULL);
    DATA = '?';
    wait_for(overruns == 1);
    expect(STATE, STATE_TX_FULL);
    wait_for(!(STATE & STATE_TX_FULL));
    expect_between(stopwatch(), 10 * BIT, 13 * BIT);
    DATA = ' ';
    wait_for(!(STATE & STATE_TX_FULL));
    expect_between(stopwatch(), 20 * BIT, 23 * BIT);
    expect(overruns, 1);
    no_interrupt(IRQ_UART_OVERRUN);

    /* Without the interrupt there is the flag, which a one clears. */
    CTRL = CTRL_TX;
    DATA = 'b';
    DATA = '?';
    expect(STATE, STATE_TX_FULL | STATE_TX_OVERRUN);
    expect(INTSTATUS, 0);
    STATE = STATE_TX_OVERRUN;
    expect(STATE, STATE_TX_FULL);
    wait_for(!(STATE & STATE_TX_FULL));

    text = "y interrupt\n";
    on_interrupt(IRQ_UART0_TX, transmit);
    CTRL = CTRL_TX | CTRL_TX_INT;
    DATA = (uint8_t)*text++;
    wait_for(*text == '\0' && !(CTRL & CTRL_TX_INT));
    expect(INTSTATUS, 0);
    no_interrupt(IRQ_UART0_TX);
}

/* "abcde" arrives. */
static void receiving(void)
{
    on_interrupt(IRQ_UART0_RX, receive);
    CTRL = CTRL_RX | CTRL_RX_INT;
    sleep_until(received == 4);
    expect(heard, 0x61626364);
    no_interrupt(IRQ_UART0_RX);
    /* Without the interrupt there is the flag. */
    wait_for(STATE & STATE_RX_FULL);
    expect(INTSTATUS, 0);
    expect(DATA & 0xFF, 'e');
    expect(STATE & STATE_RX_FULL, 0);
    CTRL = 0;
}

void check_uart(void)
{
    expect(PID0(UART0), 0x21);
    expect(STATE, 0);
    expect(CTRL, 0);
    expect(BAUDDIV, 0);
    BAUDDIV = BIT;
    expect(BAUDDIV, BIT);
    transmitting();
    receiving();
}
