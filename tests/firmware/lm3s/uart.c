/* UART: characters out, their time, both FIFOs with their interrupts, the receive time-out, loopback, an overrun. */
#include "uart.h"
#include "checks.h"

/* Cycles for a bit, few to keep the run short: 16 times two and a half. */
#define BIT 40

static const char *volatile text;
static volatile uint32_t refills, heard, received, timeouts, overruns;

static void fill(void)
{
    while (*text != '\0' && !(UARTFR(UART0) & FR_TXFF))
        UARTDR(UART0) = (uint8_t)*text++;
}

/* Two wait in the FIFO: there is room for fourteen. */
static void refill(void)
{
    expect(UARTMIS(UART0), INT_TX);
    UARTICR(UART0) = INT_TX;
    refills++;
    fill();
}

static void hear(uint32_t characters)
{
    for (; characters > 0 && !(UARTFR(UART0) & FR_RXFE); characters--) {
        heard = heard << 8 | (UARTDR(UART0) & 0xFFF);
        received++;
    }
}

/* Four at once, and what is left when nothing more comes. */
static void receive(void)
{
    if (UARTMIS(UART0) & INT_RX) {
        hear(4);
        expect(UARTRIS(UART0) & INT_RX, 0);
    } else {
        expect(UARTMIS(UART0), INT_RT);
        timeouts++;
        hear(16);
        expect(UARTRIS(UART0) & INT_RT, 0);
    }
}

static void overrun(void)
{
    expect(UARTMIS(UART1), INT_OE);
    UARTICR(UART1) = INT_OE;
    overruns++;
}

/* The line is what is set behind it. */
static void configure(uint32_t uart, uint32_t ctl, uint32_t lcrh)
{
    UARTCTL(uart) = 0;
    UARTIBRD(uart) = 2;
    UARTFBRD(uart) = 32;
    UARTLCRH(uart) = lcrh;
    UARTCTL(uart) = ctl | CTL_UARTEN;
}

static void transmitting(void)
{
    expect(UARTCTL(UART0), CTL_TXE | CTL_RXE);
    expect(UARTIFLS(UART0), 0x12);
    expect(UARTFR(UART0) & FR_ALL, FR_TXFE | FR_RXFE);

    /* Ten bits. The second waits, for there is no FIFO. */
    configure(UART0, CTL_TXE, LCRH_WLEN(8));
    stopwatch_start();
    UARTDR(UART0) = '>';
    UARTDR(UART0) = '>';
    expect(UARTFR(UART0) & FR_ALL, FR_BUSY | FR_TXFF | FR_RXFE);
    wait_for(!(UARTFR(UART0) & FR_TXFF));
    expect_between(stopwatch(), 10 * BIT, 12 * BIT);
    wait_for(!(UARTFR(UART0) & FR_BUSY));
    expect_between(stopwatch(), 20 * BIT, 22 * BIT);
    expect(UARTFR(UART0) & FR_ALL, FR_TXFE | FR_RXFE);

    configure(UART0, CTL_TXE, LCRH_WLEN(8) | LCRH_FEN);
    UARTIFLS(UART0) = 0;
    UARTICR(UART0) = 0x7FF;
    expect(UARTRIS(UART0) & INT_TX, 0);
    UARTIM(UART0) = INT_TX;
    on_interrupt(IRQ_UART0, refill);
    text = " by interrupt, twice what there is room for\n";
    stopwatch_start();
    fill();
    sleep_until(refills == 3);
    expect(*text, '\0');
    UARTIM(UART0) = 0;
    wait_for(!(UARTFR(UART0) & FR_BUSY));
    expect_between(stopwatch(), 44 * 10 * BIT, 45 * 10 * BIT);
}

/* "abcdef" arrives. */
static void receiving(void)
{
    UARTIFLS(UART0) = 1u << 3;
    UARTIM(UART0) = INT_RX | INT_RT;
    on_interrupt(IRQ_UART0, receive);
    UARTCTL(UART0) |= CTL_RXE;
    sleep_until(received == 4);
    expect(heard, 0x61626364);
    stopwatch_start();
    sleep_until(received == 6);
    expect(heard & 0xFFFF, 0x6566);
    expect(timeouts, 1);
    expect_between(stopwatch(), (2 * 10 + 31) * BIT - 150, (2 * 10 + 33) * BIT + 150);
    no_interrupt(IRQ_UART0);
    UARTIM(UART0) = 0;
}

static void send(uint32_t character)
{
    wait_for(!(UARTFR(UART1) & FR_TXFF));
    UARTDR(UART1) = character;
}

static void sent(void)
{
    wait_for(!(UARTFR(UART1) & FR_BUSY));
}

static void loopback(void)
{
    configure(UART1, CTL_LBE | CTL_TXE | CTL_RXE, LCRH_WLEN(8) | LCRH_FEN);
    send('U');
    send('*');
    sent();
    expect(UARTDR(UART1), 'U');
    expect(UARTDR(UART1), '*');
    expect(UARTFR(UART1) & FR_RXFE, FR_RXFE);

    /* Sixteen fit, one is lost. */
    UARTICR(UART1) = 0x7FF;
    for (uint32_t i = 0; i < 17; i++)
        send('a' + i);
    sent();
    expect(UARTFR(UART1) & FR_RXFF, FR_RXFF);
    expect(UARTRIS(UART1) & (INT_OE | INT_RX), INT_OE | INT_RX);
    for (uint32_t i = 0; i < 16; i++)
        expect(UARTDR(UART1), 'a' + i);
    expect(UARTRIS(UART1) & INT_RX, 0);

    /* Without FIFO, with an interrupt: the next one that arrives tells it, too. */
    configure(UART1, CTL_LBE | CTL_TXE | CTL_RXE, LCRH_WLEN(5));
    UARTICR(UART1) = 0x7FF;
    UARTRSR(UART1) = 0;
    UARTIM(UART1) = INT_OE;
    on_interrupt(IRQ_UART1, overrun);
    send('?');
    sent();
    (void)UARTDR(UART1);
    UARTRSR(UART1) = 0;
    send('?');
    sent();
    expect(overruns, 0);
    send('!');
    wait_for(overruns == 1);
    sent();
    expect(UARTRSR(UART1), RSR_OE);
    /* Five bits. */
    expect(UARTDR(UART1), 0x1F);
    expect(UARTRSR(UART1), RSR_OE);
    send('\n');
    sent();
    expect(UARTDR(UART1), DR_OE | '\n');
    UARTRSR(UART1) = 0;
    expect(UARTRSR(UART1), 0);
    no_interrupt(IRQ_UART1);
}

void check_uart(void)
{
    expect(UARTPeriphID0(UART0), 0x11);
    expect(UARTPCellID3(UART0), 0xB1);
    transmitting();
    receiving();
    loopback();
}
