/* What a busy driver does all day: a 1 kHz tick, a UART fed by polling, a button read by polling, a LED. */
#include "console.h"
#include "mps2.h"

#define TICKS 200
#define REPORT_EVERY 20
#define BUTTON (1u << 0)
#define LED (1u << 1)

static volatile uint32_t ticks;

void SysTick_Handler(void)
{
    ticks++;
    GPIO0->dataout ^= LED;
}

int main(void)
{
    uint32_t presses = 0, was_pressed = 0;

    console_init();
    GPIO0->outenset = LED;
    systick_start(CLOCK_HZ / 1000, SYST_CSR_TICKINT);

    for (uint32_t wanted = REPORT_EVERY; wanted <= TICKS; wanted += REPORT_EVERY) {
        while (ticks < wanted) {
            uint32_t pressed = GPIO0->data & BUTTON;

            presses += pressed && !was_pressed;
            was_pressed = pressed;
        }
        console_text("tick ");
        console_decimal(wanted);
        console_text("\n");
    }
    console_text("button presses ");
    console_decimal(presses);
    console_text("\n");
    return 0;
}
