/* UARTE: whole buffers out and in, a buffer that takes over from another by the shortcut. */
#include "uart.h"
#include "checks.h"

static char words[] = "> by DMA\n";
static volatile char heard[4];
static volatile uint32_t ended, stopped, full, timeouts, uart;

static void event(void)
{
    if (UART_ENDTX(uart)) {
        clear_event(&UART_ENDTX(uart));
        ended++;
    }
    if (UART_TXSTOPPED(uart)) {
        clear_event(&UART_TXSTOPPED(uart));
        stopped++;
    }
    if (UART_ENDRX(uart)) {
        clear_event(&UART_ENDRX(uart));
        full++;
    }
    if (UART_RXTO(uart)) {
        clear_event(&UART_RXTO(uart));
        timeouts++;
    }
}

static void send(void)
{
    UART_TXD_PTR(uart) = (uint32_t)words;
    UART_TXD_MAXCNT(uart) = sizeof words - 1;
    UART_TXSTARTED(uart) = 0;
    microseconds_start();
    UART_STARTTX(uart) = 1;
    wait_for(UART_TXSTARTED(uart));
    sleep_until(ended == 1);
    expect_between(microseconds(), (sizeof words - 1) * FRAME - 2, (sizeof words - 1) * FRAME + 10);
    expect(UART_TXD_AMOUNT(uart), sizeof words - 1);
    UART_STOPTX(uart) = 1;
    sleep_until(stopped == 1);
}

static void receive(void)
{
    UART_RXD_PTR(uart) = (uint32_t)heard;
    UART_RXD_MAXCNT(uart) = 2;
    SHORTS(uart) = ENDRX_STARTRX;
    UART_RXSTARTED(uart) = 0;
    UART_STARTRX(uart) = 1;
    /* PTR was taken and may be that of the next buffer. */
    wait_for(UART_RXSTARTED(uart));
    UART_RXD_PTR(uart) = (uint32_t)&heard[2];
    sleep_until(full == 1);
    expect(UART_RXD_AMOUNT(uart), 2);
    expect(heard[0] << 8 | heard[1], 0x6566);
    SHORTS(uart) = 0;
    sleep_until(full == 2);
    expect(UART_RXD_AMOUNT(uart), 2);
    expect(heard[2] << 8 | heard[3], 0x6768);
    UART_STOPRX(uart) = 1;
    sleep_until(timeouts == 1);
}

void check_uarte(void)
{
    uart = UART0;
    uart_pins(uart);
    UART_ENABLE(uart) = ENABLE_UARTE;
    on_interrupt(ID_UART0, event);
    INTENSET(uart) = INT_ENDTX | INT_TXSTOPPED | INT_ENDRX | INT_RXTO;
    send();
    receive();
    INTENCLR(uart) = ALL;
    no_interrupt(ID_UART0);
    UART_ENABLE(uart) = 0;

    /* The other one, with pins that nobody drives: it is stopped with its buffer empty. */
    uart = PERIPHERAL(ID_UARTE1);
    full = timeouts = 0;
    GPIO_PIN_CNF(P0, PIN_A) = CNF_PULLUP;
    UART_PSELRXD(uart) = PIN_A;
    UART_BAUDRATE(uart) = BAUD1M;
    UART_ENABLE(uart) = ENABLE_UARTE;
    on_interrupt(ID_UARTE1, event);
    INTENSET(uart) = INT_ENDRX | INT_RXTO;
    UART_RXD_PTR(uart) = (uint32_t)heard;
    UART_RXD_MAXCNT(uart) = 4;
    UART_STARTRX(uart) = 1;
    wait_for(UART_RXSTARTED(uart));
    UART_STOPRX(uart) = 1;
    sleep_until(timeouts == 1);
    expect(full, 1);
    expect(UART_RXD_AMOUNT(uart), 0);
    UART_ENABLE(uart) = 0;
    INTENCLR(uart) = ALL;
    no_interrupt(ID_UARTE1);
    GPIO_PIN_CNF(P0, PIN_A) = CNF_DISCONNECT;
}
