/* Code in RAM that is written while the program runs: by its own stores of each width, through another address of the RAM,
 * bit by bit through the bit-band alias, by itself, and under a handler's feet. A DSB and an ISB follow each change, as
 * the Armv7-M ARM wants it (A3.8.3).
 */
#include "console.h"
#include "mps2.h"

typedef uint32_t function(uint32_t);

/* Thumb encodings (Armv7-M ARM A7.7). */
#define MOVS_R0(value) (0x2000 | (value))
#define ADDS_R0(value) (0x3000 | (value))
#define MOVW_R0_FIRST 0xF240 /* the second halfword holds the lower eight bits of the value */
#define BX_LR 0x4770

#define ALIAS 0x00400000 /* the RAM appears again that much higher (AN385 table 3-1) */
#define BIT(address, bit) REG32(0x22000000 + ((uint32_t)(address) - 0x20000000) * 32 + (bit) * 4)

/* Begins with a KiB, so that what lies across the end of one is known. */
static volatile uint16_t code[1024] __attribute__((aligned(1024)));
static volatile uint32_t last_tick;
static int failed;

/* Adds one to its own MOVS each time. Runs wherever it is copied to. */
__attribute__((naked, aligned(4))) static void counter(void)
{
    __asm__ volatile("adr r1, 1f\n\t"
                     "ldrh r2, [r1]\n\t"
                     "adds r2, #1\n\t"
                     "strh r2, [r1]\n\t"
                     "dsb\n\t"
                     "isb\n\t"
                     ".balign 4\n"
                     "1:\n\t"
                     "movs r0, #0\n\t"
                     "bx lr");
}
#define COUNTER_HALFWORDS 12 /* with two that do not matter */

static void synchronise(void)
{
    __asm__ volatile("dsb\n\tisb" : : : "memory");
}

static uint32_t call(volatile const uint16_t *at, uint32_t value)
{
    return ((function *)((uint32_t)at | 1))(value);
}

static void expect(const char *what, uint32_t got, uint32_t wanted)
{
    console_text(what);
    console_decimal(got);
    if (got != wanted) {
        console_text(", not ");
        console_decimal(wanted);
        failed = 1;
    }
    console_text("\n");
}

void SysTick_Handler(void)
{
    last_tick = call(code, 0);
}

int main(void)
{
    console_init();

    code[0] = ADDS_R0(3);
    code[1] = BX_LR;
    synchronise();
    expect("written                     ", call(code, 4), 7);
    code[0] = ADDS_R0(5);
    synchronise();
    expect("a halfword changed          ", call(code, 4), 9);
    *(volatile uint8_t *)code = 6;
    synchronise();
    expect("a byte changed              ", call(code, 4), 10);
    *(volatile uint32_t *)code = (uint32_t)BX_LR << 16 | ADDS_R0(7);
    synchronise();
    expect("a word changed              ", call(code, 4), 11);

    code[0 + ALIAS / 2] = ADDS_R0(8);
    synchronise();
    expect("changed at the alias        ", call(code, 4), 12);
    expect("run at the alias            ", call(code + ALIAS / 2, 5), 13);
    code[0] = ADDS_R0(9);
    synchronise();
    expect("changed, run at the alias   ", call(code + ALIAS / 2, 5), 14);

    uint32_t sum = 0;
    for (uint32_t bit = 0; bit < 8; bit++) {
        code[0] = MOVS_R0(0);
        synchronise();
        sum += call(code, 0);
        BIT(code, bit) = 1;
        synchronise();
        sum += call(code, 0);
    }
    expect("changed bit by bit          ", sum, 255);

    volatile uint16_t *edge = code + 511; /* the second halfword is the first of the next KiB */
    edge[0] = MOVW_R0_FIRST;
    edge[1] = 100;
    edge[2] = BX_LR;
    synchronise();
    sum = call(edge, 0);
    for (uint32_t value = 1; value <= 10; value++) {
        edge[1] = value;
        synchronise();
        sum += call(edge, 0);
    }
    expect("across two pages            ", sum, 155);

    volatile uint16_t *copy = code + 640;
    for (uint32_t half = 0; half < COUNTER_HALFWORDS; half++)
        copy[half] = ((const uint16_t *)((uint32_t)counter & ~1u))[half];
    synchronise();
    sum = 0;
    for (uint32_t round = 0; round < 50; round++)
        sum += call(copy, 0);
    expect("code that changes itself    ", sum, 1275);

    code[0] = MOVS_R0(0);
    synchronise();
    systick_start(2500, SYST_CSR_TICKINT);
    for (uint32_t value = 1; value <= 30; value++) {
        if (value % 2)
            code[0] = MOVS_R0(value);
        else
            code[0 + ALIAS / 2] = MOVS_R0(value);
        synchronise();
        while (last_tick != value)
            ;
    }
    expect("changed under a handler     ", last_tick, 30);

    console_text(failed ? "FAILED\n" : "ok\n");
    return failed;
}
