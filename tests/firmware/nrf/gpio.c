/* GPIO: direction, levels, resistors, drivers that leave one level alone, SENSE with what it latches. What SENSE makes of an
 * interrupt is in gpiote.c.
 */
#include "checks.h"
#include "pins.h"

#define A (1u << PIN_A)
#define B (1u << PIN_B)

/* A resistor takes its time to move a pin. */
static uint32_t level(uint32_t port, uint32_t pin)
{
    for (uint32_t i = 0; i < 20; i++)
        __asm__ volatile("nop");
    return GPIO_IN(port) >> pin & 1;
}

static void resistors(uint32_t port, uint32_t pin)
{
    GPIO_PIN_CNF(port, pin) = CNF_PULLUP;
    expect(level(port, pin), 1);
    GPIO_PIN_CNF(port, pin) = CNF_PULLDOWN;
    expect(level(port, pin), 0);
    /* Open drain: it only pulls down. */
    GPIO_OUTSET(port) = 1u << pin;
    GPIO_PIN_CNF(port, pin) = CNF_OUTPUT | CNF_S0D1 | CNF_PULLDOWN;
    expect(level(port, pin), 0);
    GPIO_PIN_CNF(port, pin) = CNF_OUTPUT | CNF_S0D1 | CNF_PULLUP;
    expect(level(port, pin), 1);
    GPIO_OUTCLR(port) = 1u << pin;
    expect(level(port, pin), 0);
    /* Open source: it only pulls up. */
    GPIO_PIN_CNF(port, pin) = CNF_OUTPUT | CNF_D0S1 | CNF_PULLUP;
    expect(level(port, pin), 1);
    GPIO_PIN_CNF(port, pin) = CNF_OUTPUT | CNF_D0S1 | CNF_PULLDOWN;
    expect(level(port, pin), 0);
    GPIO_OUTSET(port) = 1u << pin;
    expect(level(port, pin), 1);
    GPIO_OUTCLR(port) = 1u << pin;
    GPIO_PIN_CNF(port, pin) = CNF_DISCONNECT;
}

#ifdef NRF52

static void latches(void)
{
    GPIO_PIN_CNF(P0, PIN_A) = CNF_PULLDOWN | CNF_SENSE_HIGH;
    GPIO_PIN_CNF(P0, PIN_B) = CNF_PULLUP | CNF_SENSE_LOW;
    (void)level(P0, PIN_A);
    GPIO_LATCH(P0) = ALL;
    expect(GPIO_LATCH(P0), 0);
    GPIO_PIN_CNF(P0, PIN_A) = CNF_PULLUP | CNF_SENSE_HIGH;
    (void)level(P0, PIN_A);
    expect(GPIO_LATCH(P0), A);
    /* While the pin is as sensed, it latches again. */
    GPIO_LATCH(P0) = A;
    expect(GPIO_LATCH(P0), A);
    GPIO_PIN_CNF(P0, PIN_A) = CNF_PULLDOWN | CNF_SENSE_HIGH;
    GPIO_PIN_CNF(P0, PIN_B) = CNF_PULLDOWN | CNF_SENSE_LOW;
    (void)level(P0, PIN_A);
    expect(GPIO_LATCH(P0), A | B);
    GPIO_LATCH(P0) = A;
    expect(GPIO_LATCH(P0), B);
    GPIO_PIN_CNF(P0, PIN_A) = CNF_DISCONNECT;
    GPIO_PIN_CNF(P0, PIN_B) = CNF_DISCONNECT;
    GPIO_LATCH(P0) = ALL;
    expect(GPIO_LATCH(P0), 0);
}

#endif

void check_gpio(void)
{
    expect(GPIO_PIN_CNF(P0, PIN_A), CNF_DISCONNECT);
    /* The direction is in three registers and in the pin's own. */
    GPIO_DIRSET(P0) = A | B;
    expect(GPIO_DIR(P0) & (A | B), A | B);
    expect(GPIO_DIRCLR(P0) & (A | B), A | B);
    expect(GPIO_PIN_CNF(P0, PIN_B), CNF_DISCONNECT | CNF_OUTPUT);
    GPIO_DIRCLR(P0) = B;
    expect(GPIO_DIR(P0) & (A | B), A);
    GPIO_PIN_CNF(P0, PIN_B) = CNF_OUTPUT;
    expect(GPIO_DIRSET(P0) & (A | B), A | B);

    /* A has its input buffer disconnected. */
    GPIO_OUTSET(P0) = A | B;
    expect(GPIO_OUT(P0) & (A | B), A | B);
    expect(GPIO_IN(P0) & (A | B), B);
    GPIO_PIN_CNF(P0, PIN_A) = CNF_OUTPUT;
    GPIO_OUTCLR(P0) = B;
    expect(GPIO_IN(P0) & (A | B), A);
    GPIO_OUT(P0) = (GPIO_OUT(P0) & ~A) | B;
    expect(GPIO_IN(P0) & (A | B), B);
    expect(GPIO_OUTCLR(P0) & (A | B), B);
    GPIO_OUTCLR(P0) = B;
    GPIO_DIRCLR(P0) = A | B;

    resistors(P0, PIN_A);
    resistors(P0, PIN_B);
#ifdef NRF52
    resistors(P1, 2);
    latches();
#endif
    GPIO_PIN_CNF(P0, PIN_A) = CNF_DISCONNECT;
    GPIO_PIN_CNF(P0, PIN_B) = CNF_DISCONNECT;
}
