/* Checks of the peripherals of an STM32, each by the book: registers as the reference manual has them, interrupts, DMA.
 * The resets that the watchdogs make, and the flags they leave, are the end of it: the program lives four times.
 */
#include "check.h"
#include "clocks.h"
#include "console.h"
#include "semihosting.h"

#define SCB_AIRCR REG32(0xE000ED0C)
#define AIRCR_SYSRESETREQ (0x05FAu << 16 | 1u << 2)

/* Behind the stack (stm32.ld); no start-up code clears it. */
#define MEMORY ((volatile struct memory *)0x20001FE0)
struct memory {
    uint32_t magic, life, failures;
};
#define MAGIC 0xFEEDC0DE

static void (*handlers[100])(void);
static const char *name;
static uint32_t failed;

static const struct {
    const char *name;
    void (*check)(void);
} checks[] = {
    {"rcc", check_rcc},     {"gpio", check_gpio},   {"exti", check_exti}, {"tim", check_tim}, {"dma", check_dma},
    {"usart", check_usart}, {"flash", check_flash}, {"crc", check_crc},   {"rtc", check_rtc},
#if HAS_SPI
    {"spi", check_spi},
#endif
#if HAS_I2C
    {"i2c", check_i2c},
#endif
#if HAS_ADC
    {"adc", check_adc},
#endif
#if HAS_CAN
    {"can", check_can},
#endif
#if HAS_RNG
    {"rng", check_rng},
#endif
};

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

static void run(const char *what, void (*check)(void))
{
    name = what;
    failed = 0;
    check();
    MEMORY->failures += failed != 0;
    console_text(name);
    console_text(failed != 0 ? ": FAILED\n" : ": ok\n");
}

int main(void)
{
    if (MEMORY->magic != MAGIC) {
        MEMORY->magic = MAGIC;
        MEMORY->life = 0;
        MEMORY->failures = 0;
    }
    clocks_on();
    switch (MEMORY->life++) {
    case 0:
        for (uint32_t i = 0; i < sizeof checks / sizeof checks[0]; i++)
            run(checks[i].name, checks[i].check);
        SCB_AIRCR = AIRCR_SYSRESETREQ;
        break;
    case 1:
        run("wwdg", check_wwdg);
        break;
    case 2:
        run("iwdg", check_iwdg);
        break;
    default:
        return (int)MEMORY->failures;
    }
    /* The reset that was ordered comes now, or a watchdog that is not fed. */
    name = "reset";
    wait_for(MEMORY->magic != MAGIC);
    return 98;
}
