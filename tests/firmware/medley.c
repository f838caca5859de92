/* All that travel through a run must find, in a few thousand instructions: handlers that nest, code in RAM that changes,
 * functions that run always, once and never, and stores of every kind to pages that are busy, quiet and shared.
 */
#include "console.h"
#include "mps2.h"
#include "semihosting.h"

#define ROUNDS 32
#define SYS_ELAPSED 0x30
#define BIT(address, bit) REG32(0x22000000 + ((uint32_t)(address) - 0x20000000) * 32 + (bit) * 4)
#define ALIAS 0x00400000 /* the RAM appears again that much higher (AN385 table 3-1) */

typedef uint32_t function(uint32_t);

/* Pages: of a few stores only, of code, and two that stores and copies lie across. */
static volatile uint32_t quiet[256] __attribute__((aligned(1024)));
static volatile uint16_t code[512] __attribute__((aligned(1024)));
static volatile uint32_t busy[512] __attribute__((aligned(1024)));

static volatile uint32_t ticks, switches, calls, flags;
static volatile uint64_t elapsed;

void SysTick_Handler(void)
{
    if (++ticks % 3 == 0)
        SCB_ICSR = ICSR_PENDSVSET;
}

void PendSV_Handler(void)
{
    switches++;
    busy[8 + switches % 8] = switches;
}

void SVC_Handler(void)
{
    calls++;
    SCB_ICSR = ICSR_PENDSVSET; /* behind this handler */
}

/* Runs in RAM, where it is changed. */
static uint32_t from_ram(uint32_t round)
{
    code[0] = (uint16_t)(0x3000 | (round & 15)); /* adds r0, #round */
    code[1] = 0x0840;                            /* lsrs r0, r0, #1 */
    code[2] = 0x4770;                            /* bx lr */
    __asm__ volatile("dsb\n\tisb" : : : "memory");
    return ((function *)((uint32_t)code | 1))(round * 8);
}

__attribute__((noinline)) static void once(void)
{
    quiet[1] = 0x600d;
}

__attribute__((noinline, used)) void never(void)
{
    quiet[2] = 0xbad;
}

/* Stores under conditions, of several words, across the end of a KiB, and through both aliases. */
__attribute__((noinline)) static void store(uint32_t value)
{
    uint32_t address = (uint32_t)&busy[253];

    __asm__ volatile("lsrs r2, %1, #1\n\t"
                     "ite cs\n\t"
                     "strcs %1, [%0]\n\t"
                     "strcc %1, [%0, #4]\n\t"
                     "ldm %0, {r2, r3}\n\t"
                     "add r12, %0, #8\n\t"
                     "stm r12, {r2, r3}\n\t"          /* the last word of a page, the first of the next */
                     "strd r3, r2, [%0, #16]\n\t"
                     "str %1, [%0, #25]\n\t"          /* not aligned */
                     "1: ldrex r2, [%0, #32]\n\t"
                     "adds r2, #1\n\t"
                     "strex r3, r2, [%0, #32]\n\t"
                     "cmp r3, #0\n\t"
                     "bne 1b"
                     : : "r"(address), "r"(value) : "r2", "r3", "r12", "cc", "memory");
    BIT(&flags, value & 31) = 1;
    *(volatile uint8_t *)((uint32_t)&flags + ALIAS + 1) ^= (uint8_t)value;
}

int main(void)
{
    uint32_t sum = 0;

    console_init();
    SCB_SHPR(EXCEPTION_PENDSV) = 0xFF;
    SCB_SHPR(EXCEPTION_SVCALL) = 0x80;
    systick_start(173, SYST_CSR_TICKINT);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        sum = sum * 31 + from_ram(round);
        store(round);
        if (round == 5)
            once();
        if (round % 11 == 3)
            quiet[0] = round;
        if (round % 8 == 6)
            semihosting(SYS_ELAPSED, &elapsed); /* the host writes */
        if (round % 4 == 1)
            __asm__ volatile("svc 0" : : : "memory");
    }
    SYST_CSR = 0;
    console_text("sum ");
    console_hex(sum);
    console_text(calls == ROUNDS / 4 && quiet[0] == 25 ? ", all done\n" : ", something is missing\n");
    return 0;
}
