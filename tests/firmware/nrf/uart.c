/* UART: characters one by one, out and in, by polling and by interrupt. */
#include "uart.h"
#include "checks.h"

static const char *volatile text;
static volatile uint32_t received, timeouts;
static volatile char heard[4];

static void serve(void)
{
    if (UART_TXDRDY(UART0)) {
        clear_event(&UART_TXDRDY(UART0));
        if (*text != '\0' && *++text != '\0')
            UART_TXD(UART0) = (uint8_t)*text;
    }
    if (UART_RXDRDY(UART0)) {
        clear_event(&UART_RXDRDY(UART0));
        heard[received++ & 3] = (char)UART_RXD(UART0);
    }
    if (UART_RXTO(UART0)) {
        clear_event(&UART_RXTO(UART0));
        timeouts++;
    }
}

static uint32_t word(void)
{
    return (uint32_t)heard[0] << 24 | (uint32_t)heard[1] << 16 | (uint32_t)heard[2] << 8 | (uint32_t)heard[3];
}

void check_uart(void)
{
    uart_pins(UART0);
    UART_ENABLE(UART0) = ENABLE_UART;

    UART_STARTTX(UART0) = 1;
    expect(UART_TXDRDY(UART0), 0);
    stopwatch_start();
    UART_TXD(UART0) = '>';
    wait_for(UART_TXDRDY(UART0));
    expect_between(stopwatch(), FRAME * MHZ - MHZ, FRAME * MHZ + 2 * MHZ + 48);

    /* The first character by hand, the others follow. */
    UART_TXDRDY(UART0) = 0;
    text = " by interrupt\n";
    on_interrupt(ID_UART0, serve);
    INTENSET(UART0) = INT_TXDRDY;
    UART_TXD(UART0) = ' ';
    sleep_until(*text == '\0');
    INTENCLR(UART0) = INT_TXDRDY;
    UART_STOPTX(UART0) = 1;

    /* "abcdefgh" arrives. */
    INTENSET(UART0) = INT_RXDRDY | INT_RXTO;
    UART_STARTRX(UART0) = 1;
    sleep_until(received == 4);
    expect(word(), 0x61626364);
#ifdef NRF51
    /* On the nRF52 the UARTE gets the rest. */
    INTENCLR(UART0) = INT_RXDRDY;
    for (uint32_t i = 0; i < 4; i++) {
        wait_for(UART_RXDRDY(UART0));
        UART_RXDRDY(UART0) = 0;
        heard[i] = (char)UART_RXD(UART0);
    }
    expect(word(), 0x65666768);
#endif
    UART_STOPRX(UART0) = 1;
    sleep_until(timeouts == 1);
    expect(UART_ERRORSRC(UART0), 0);
    INTENCLR(UART0) = ALL;
    no_interrupt(ID_UART0);
    UART_ENABLE(UART0) = 0;
}
