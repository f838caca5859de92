/* GPIOTE: edges that resistors make are events, tasks drive pins, SENSE is the PORT event. */
#include "checks.h"
#include "pins.h"

#ifdef NRF51
#define LAST 3
#else
#define LAST 7
#endif
#define INT_IN(n) (1u << (n))
#define INT_PORT (1u << 31)

static volatile uint32_t edges, ports;

static void event(void)
{
    if (GPIOTE_IN(0)) {
        clear_event(&GPIOTE_IN(0));
        edges++;
    }
    if (GPIOTE_IN(LAST)) {
        clear_event(&GPIOTE_IN(LAST));
        edges += 0x100;
    }
    if (GPIOTE_PORT) {
        clear_event(&GPIOTE_PORT);
        ports++;
    }
}

static void pull(uint32_t pin, uint32_t how)
{
    GPIO_PIN_CNF(P0, pin) = how;
    for (uint32_t i = 0; i < 20; i++)
        __asm__ volatile("nop");
}

/* Counts events of a rising and of a falling edge. A channel's event is cleared after it was configured. */
static void edges_of(uint32_t channel, uint32_t polarity, uint32_t rising, uint32_t falling)
{
    pull(PIN_A, CNF_PULLDOWN);
    GPIOTE_CONFIG(channel) = CONFIG_EVENT(PIN_A) | polarity;
    clear_event(&GPIOTE_IN(channel));
    INTENSET(GPIOTE) = INT_IN(channel);
    edges = 0;
    pull(PIN_A, CNF_PULLUP);
    expect(edges, rising);
    pull(PIN_A, CNF_PULLDOWN);
    expect(edges, rising + falling);
    INTENCLR(GPIOTE) = INT_IN(channel);
    GPIOTE_CONFIG(channel) = 0;
}

static uint32_t driven(void)
{
    return GPIO_IN(P0) >> PIN_B & 1;
}

static void tasks(uint32_t channel)
{
    GPIO_PIN_CNF(P0, PIN_B) = CNF_PULLUP;
    GPIOTE_CONFIG(channel) = CONFIG_TASK(PIN_B) | CONFIG_TOGGLE | CONFIG_OUTINIT;
    expect(driven(), 1);
    GPIOTE_OUT(channel) = 1;
    expect(driven(), 0);
    GPIOTE_OUT(channel) = 1;
    expect(driven(), 1);
    /* The port cannot drive it now. */
    GPIO_OUTCLR(P0) = 1u << PIN_B;
    GPIO_DIRSET(P0) = 1u << PIN_B;
    expect(driven(), 1);
#ifdef NRF52
    GPIOTE_CLR(channel) = 1;
    GPIOTE_CLR(channel) = 1;
    expect(driven(), 0);
    GPIOTE_SET(channel) = 1;
    expect(driven(), 1);
#endif
    GPIOTE_CONFIG(channel) = 0;
    expect(driven(), 0);
    GPIO_DIRCLR(P0) = 1u << PIN_B;
    GPIOTE_CONFIG(channel) = CONFIG_TASK(PIN_B) | CONFIG_LOTOHI;
    expect(driven(), 0);
    GPIOTE_OUT(channel) = 1;
    GPIOTE_OUT(channel) = 1;
    expect(driven(), 1);
    GPIOTE_CONFIG(channel) = CONFIG_TASK(PIN_B) | CONFIG_HITOLO | CONFIG_OUTINIT;
    expect(driven(), 1);
    GPIOTE_OUT(channel) = 1;
    expect(driven(), 0);
    GPIOTE_CONFIG(channel) = 0;
}

void check_gpiote(void)
{
    on_interrupt(ID_GPIOTE, event);
    edges_of(0, CONFIG_LOTOHI, 1, 0);
    edges_of(0, CONFIG_HITOLO, 0, 1);
    edges_of(0, CONFIG_TOGGLE, 1, 1);
    edges_of(LAST, CONFIG_TOGGLE, 0x100, 0x100);
    tasks(1);
    tasks(LAST);

    /* DETECT is the sum of all pins: only when none is as sensed can it rise anew. */
    pull(PIN_A, CNF_PULLDOWN | CNF_SENSE_HIGH);
    pull(PIN_B, CNF_PULLUP | CNF_SENSE_LOW);
#ifdef NRF52
    GPIO_LATCH(P0) = ALL;
#endif
    clear_event(&GPIOTE_PORT);
    ports = 0;
    INTENSET(GPIOTE) = INT_PORT;
    pull(PIN_A, CNF_PULLUP | CNF_SENSE_HIGH);
    expect(ports, 1);
    pull(PIN_B, CNF_PULLDOWN | CNF_SENSE_LOW);
    expect(ports, 1);
    pull(PIN_A, CNF_PULLDOWN | CNF_SENSE_HIGH);
    pull(PIN_A, CNF_PULLUP | CNF_SENSE_HIGH);
    expect(ports, 1);
    pull(PIN_A, CNF_PULLDOWN | CNF_SENSE_HIGH);
    pull(PIN_B, CNF_PULLUP | CNF_SENSE_LOW);
    pull(PIN_B, CNF_PULLDOWN | CNF_SENSE_LOW);
    expect(ports, 2);
    INTENCLR(GPIOTE) = ALL;
    no_interrupt(ID_GPIOTE);
    pull(PIN_A, CNF_DISCONNECT);
    pull(PIN_B, CNF_DISCONNECT);
}
