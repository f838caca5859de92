/* Echoes each line in capitals. The receive interrupt fills a queue; the main loop sleeps while it is
 * empty. `quit` ends it.
 */
#include "console.h"
#include "mps2.h"

#define QUEUE_SIZE 64 /* a power of two */

static volatile char queue[QUEUE_SIZE];
static volatile uint32_t written, taken;

void UART0_RX_Handler(void)
{
    UART0->intclear = UART_INT_RX;
    while (UART0->state & UART_STATE_RXFULL) {
        char byte = (char)UART0->data;

        if (written - taken < QUEUE_SIZE)
            queue[written++ % QUEUE_SIZE] = byte;
    }
}

static char next_byte(void)
{
    /* Test and sleep with interrupts masked: a byte that comes between the two still ends the WFI,
     * because a pending interrupt wakes the core even when PRIMASK keeps it from being taken. */
    interrupts_off();
    while (written == taken) {
        wait_for_interrupt();
        interrupts_on();
        interrupts_off();
    }
    interrupts_on();
    return queue[taken++ % QUEUE_SIZE];
}

static int is(const char *line, const char *wanted)
{
    while (*line != '\0' && *line == *wanted)
        line++, wanted++;
    return *line == *wanted;
}

int main(void)
{
    char line[81];
    uint32_t length = 0;

    console_init();
    UART0->ctrl |= UART_CTRL_RXIRQEN;
    NVIC_ISER0 = 1u << IRQ_UART0_RX;
    console_text("type lines, quit ends\n");

    for (;;) {
        char byte = next_byte();

        if (byte != '\n') {
            if (length < sizeof line - 1)
                line[length++] = byte;
            continue;
        }
        line[length] = '\0';
        length = 0;
        if (is(line, "quit"))
            break;
        for (char *c = line; *c != '\0'; c++)
            if (*c >= 'a' && *c <= 'z')
                *c -= 'a' - 'A';
        console_text(line);
        console_text("\n");
    }
    console_text("bye\n");
    return 0;
}
