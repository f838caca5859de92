/* The interrupts that belong to software. On the nRF52 the EGU is at the same place: its events, by task and by the PPI. */
#include "checks.h"

#define SOFTWARE 6

static volatile uint32_t came;

static void arrived(void)
{
    came |= 1u << (read_ipsr() - 16 - ID_SWI0);
}

#ifdef NRF52

/* nRF52840 PS 6.8 */
#define EGU(n) PERIPHERAL(ID_SWI0 + (n))
#define TRIGGER(n, i) REG32(EGU(n) + 0x000 + 4 * (i))
#define TRIGGERED(n, i) REG32(EGU(n) + 0x100 + 4 * (i))

static volatile uint32_t events[SOFTWARE];

static void triggered(void)
{
    uint32_t egu = read_ipsr() - 16 - ID_SWI0;

    for (uint32_t i = 0; i < 16; i++) {
        if (TRIGGERED(egu, i)) {
            clear_event(&TRIGGERED(egu, i));
            events[egu] |= 1u << i;
        }
    }
}

static void generators(void)
{
    for (uint32_t n = 0; n < SOFTWARE; n++) {
        on_interrupt(ID_SWI0 + n, triggered);
        INTENSET(EGU(n)) = 1u << n | 1u << 15;
        TRIGGER(n, 15) = 1;
        expect(events[n], 1u << 15);
        /* An event without its interrupt. */
        TRIGGER(n, 14) = 1;
        expect(events[n], 1u << 15);
        expect(TRIGGERED(n, 14), 1);
        clear_event(&TRIGGERED(n, 14));
    }
    /* The first starts the second, and so on. */
    for (uint32_t n = 0; n < SOFTWARE - 1; n++) {
        PPI_EEP(n) = (uint32_t)&TRIGGERED(n, n);
        PPI_TEP(n) = (uint32_t)&TRIGGER(n + 1, n + 1);
    }
    PPI_CHENSET = 0x1F;
    TRIGGER(0, 0) = 1;
    for (uint32_t n = 0; n < SOFTWARE; n++) {
        wait_for(events[n] == (1u << n | 1u << 15));
        INTENCLR(EGU(n)) = ALL;
        no_interrupt(ID_SWI0 + n);
    }
    PPI_CHENCLR = ALL;
}

#endif

void check_swi(void)
{
    for (uint32_t n = 0; n < SOFTWARE; n++)
        on_interrupt(ID_SWI0 + n, arrived);
    for (uint32_t n = 0; n < SOFTWARE; n++) {
        NVIC_ISPR0 = 1u << (ID_SWI0 + n);
        wait_for(came >> n & 1);
        expect(came, (2u << n) - 1);
        no_interrupt(ID_SWI0 + n);
    }
#ifdef NRF52
    generators();
#endif
}
