/* The frame of check.h. */
#include "check.h"
#include "console.h"
#include "semihosting.h"

#define SCB_AIRCR REG32(0xE000ED0C)
#define AIRCR_SYSRESETREQ (0x05FAu << 16 | 1u << 2)
#define MAGIC 0xFEEDC0DE

static void (*handlers[100])(void);
static const char *name;
static uint32_t failed;

void check_between(int line, uint32_t got, uint32_t low, uint32_t high)
{
    if (got >= low && got <= high)
        return;
    failed++;
    console_text(name);
    console_text(".c:");
    console_decimal((uint32_t)line);
    console_text(": got 0x");
    console_hex(got);
    console_text(", expected 0x");
    console_hex(low);
    if (low != high) {
        console_text(" to 0x");
        console_hex(high);
    }
    console_text("\n");
}

void check_equal(int line, uint32_t got, uint32_t wanted)
{
    check_between(line, got, wanted, wanted);
}

void on_interrupt(uint32_t number, void (*handler)(void))
{
    handlers[number] = handler;
    *(&NVIC_ICPR0 + number / 32) = 1u << number % 32;
    *(&NVIC_ISER0 + number / 32) = 1u << number % 32;
}

void no_interrupt(uint32_t number)
{
    *(&NVIC_ICER0 + number / 32) = 1u << number % 32;
    __asm__ volatile("dsb\n\tisb" : : : "memory");
}

void External_Handler(void)
{
    uint32_t number = read_ipsr() - 16;

    handlers[number]();
}

void HardFault_Handler(void)
{
    console_text(name);
    console_text(": hard fault\n");
    semihosting_exit(99);
}

void stopwatch_start(void)
{
    systick_start(1u << 24, 0);
}

uint32_t stopwatch(void)
{
    return 0xFFFFFF - SYST_CVR;
}

uint32_t check_run(const char *what, void (*check)(void))
{
    name = what;
    failed = 0;
    check();
    console_text(name);
    console_text(failed != 0 ? ": FAILED\n" : ": ok\n");
    return failed != 0;
}

uint32_t check_all(const struct check *checks)
{
    uint32_t failures = 0;

    for (; checks->name != 0; checks++)
        failures += check_run(checks->name, checks->check);
    return failures;
}

uint32_t check_life(volatile struct lives *lives)
{
    if (lives->magic != MAGIC) {
        lives->magic = MAGIC;
        lives->life = 0;
        lives->failures = 0;
    }
    return lives->life++;
}

int check_reset_ordered(void)
{
    SCB_AIRCR = AIRCR_SYSRESETREQ;
    return check_reset_awaited();
}

int check_reset_awaited(void)
{
    static volatile uint32_t alive = 1;

    name = "reset";
    wait_for(!alive);
    return 98;
}
