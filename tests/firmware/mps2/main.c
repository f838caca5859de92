/* Checks of the peripherals of an MPS2 image, those of the CMSDK (Arm DDI 0479) and those of the board. A reset by software and
 * one by the watchdog are the end of it: the program lives three times.
 */
#include "checks.h"
#include "console.h"

#define SCB_VTOR REG32(0xE000ED08)

/* The end of the RAM that the linker scripts give to variables; no start-up code clears it. */
#ifdef AN505
#define MEMORY ((volatile struct lives *)0x383FFFE0)
#else
#define MEMORY ((volatile struct lives *)0x203FFFE0)
#endif

/* startup_dispatch.c: 16 exceptions and 100 interrupts. */
#define VECTORS 116
#define NMI 2
typedef void (*vector)(void);
extern const vector vectors[VECTORS];

static const struct check checks[] = {
    {"uart", check_uart}, {"timer", check_timer},   {"dual", check_dual},
    {"gpio", check_gpio}, {"fpgaio", check_fpgaio}, {"scc", check_scc},   {0, 0},
};

/* A vector table with a place for the NMI. */
static void vectors_to_ram(void)
{
    static vector table[VECTORS] __attribute__((aligned(512)));

    for (uint32_t i = 0; i < VECTORS; i++)
        table[i] = vectors[i];
    table[NMI] = watchdog_interrupt;
    SCB_VTOR = (uint32_t)table;
    __asm__ volatile("dsb\n\tisb" : : : "memory");
}

int main(void)
{
    uint32_t life = check_life(MEMORY);

    vectors_to_ram();
    switch (life) {
    case 0:
        MEMORY->failures += check_all(checks);
        return check_reset_ordered();
    case 1:
        MEMORY->failures += check_run("watchdog", check_watchdog);
        break;
    default:
        MEMORY->failures += check_run("reset", check_reset);
        return (int)MEMORY->failures;
    }
    /* A watchdog that is not fed. */
    return check_reset_awaited();
}
