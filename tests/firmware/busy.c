/* A driver at work: a 1 kHz tick that blinks, a UART that is fed while it has room, a button that is polled. What is
 * measured with it is the way to the devices and back. Unlike mmio.c it does a given amount of work: how many
 * instructions that takes hardly depends on the speed of the core and of the UART.
 */
#include "console.h"
#include "mps2.h"

#ifndef ROUNDS
#define ROUNDS 0
#endif

/* How often the loop runs; 0 is for ever. A benchmark patches it in the image. */
const volatile uint32_t busy_rounds = ROUNDS;

#define REPORT_EVERY 4096 /* about 75,000 instructions; at 115200 baud a line takes half of that */
#define BUTTON (1u << 0)
#define LED (1u << 1)

static char line[] = "round 00000000\n";
static const char *unsent = "";

void SysTick_Handler(void)
{
    GPIO0->dataout ^= LED;
}

/* Looks at the UART also when there is nothing to send: the number of accesses does not depend on its speed either. */
static void feed_uart(void)
{
    uint32_t full = UART0->state & UART_STATE_TXFULL;

    if (*unsent != '\0' && !full)
        UART0->data = (uint8_t)*unsent++;
}

static void flush_uart(void)
{
    while (*unsent != '\0')
        feed_uart();
}

static void report(uint32_t round)
{
    flush_uart();
    for (int i = 13; i >= 6; i--, round >>= 4)
        line[i] = "0123456789abcdef"[round & 15];
    unsent = line;
}

int main(void)
{
    uint32_t presses = 0, was_pressed = 0;

    console_init();
    GPIO0->outenset = LED;
    systick_start(CLOCK_HZ / 1000, SYST_CSR_TICKINT);
    for (uint32_t round = 1; busy_rounds == 0 || round <= busy_rounds; round++) {
        uint32_t pressed = GPIO0->data & BUTTON;

        presses += pressed & ~was_pressed;
        was_pressed = pressed;
        feed_uart();
        if (round % REPORT_EVERY == 0)
            report(round);
    }
    flush_uart();
    console_text("button presses ");
    console_decimal(presses);
    console_text("\n");
    return 0;
}
