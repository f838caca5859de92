/* The console on UART0 of the MPS2, by polling. */
#include "console.h"
#include "mps2.h"

uint32_t console_init(void)
{
    /* 115200 baud. The UART does nothing while BAUDDIV is below 16. */
    UART0->bauddiv = CLOCK_HZ / 115200;
    UART0->ctrl = UART_CTRL_TXEN | UART_CTRL_RXEN;
    return CLOCK_HZ;
}

void console_text(const char *text)
{
    for (; *text != '\0'; text++) {
        while (UART0->state & UART_STATE_TXFULL) {
        }
        UART0->data = (uint8_t)*text;
    }
}
