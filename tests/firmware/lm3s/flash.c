/* Flash: a page erased, words programmed, by polling and by interrupt; what has no key. */
#include "checks.h"
#include "sysctl.h"

#define FMA REG32(FLASH_CTRL + 0x000)
#define FMD REG32(FLASH_CTRL + 0x004)
#define FMC REG32(FLASH_CTRL + 0x008)
#define FCRIS REG32(FLASH_CTRL + 0x00C)
#define FCIM REG32(FLASH_CTRL + 0x010)
#define FCMISC REG32(FLASH_CTRL + 0x014)
#define FMC_WRKEY 0xA4420000
#define FMC_WRITE (1u << 0)
#define FMC_ERASE (1u << 1)
#define INT_ACCESS (1u << 0)
#define INT_PROGRAM (1u << 1)

/* The last page but one. */
#define PAGE 0x3F800
#define PAGE_SIZE 0x400
#define WORD(offset) REG32(PAGE + (offset))

static volatile uint32_t ends;

static void end(void)
{
    expect(FCMISC, INT_PROGRAM);
    FCMISC = INT_PROGRAM;
    expect(FCRIS, 0);
    ends++;
}

static void program(uint32_t offset, uint32_t value)
{
    FMA = PAGE + offset;
    FMD = value;
    FMC = FMC_WRKEY | FMC_WRITE;
    wait_for(!(FMC & FMC_WRITE));
}

void check_flash(void)
{
    uint32_t behind;

    /* It is told the clock, in MHz less one. */
    USECRL = CLOCK / 1000000 - 1;
    FCMISC = INT_ACCESS | INT_PROGRAM;

    /* 20 ms or more. The address is any in the page. */
    FCIM = INT_PROGRAM;
    on_interrupt(IRQ_FLASH_CTRL, end);
    FMA = PAGE + 0x124;
    stopwatch_start();
    FMC = FMC_WRKEY | FMC_ERASE;
    sleep_until(ends == 1);
    expect_between(stopwatch(), CLOCK_LEAST / 1000 * 20, CLOCK_MOST / 1000 * 100);
    expect(FMC & FMC_ERASE, 0);
    FCIM = 0;
    for (uint32_t offset = 0; offset < PAGE_SIZE; offset += 60)
        expect(WORD(offset), 0xFFFFFFFF);

    program(0, 0x12345678);
    expect(WORD(0), 0x12345678);
    expect(FCRIS, INT_PROGRAM);
    expect(FCMISC, 0);
    program(PAGE_SIZE - 4, 0xCAFE0001);
    expect(WORD(PAGE_SIZE - 4), 0xCAFE0001);
    expect(WORD(4), 0xFFFFFFFF);
    /* Bits only go down. */
    program(0, 0xFFFF0000);
    expect(WORD(0), 0x12340000);

    /* Without the key nothing happens. */
    FCMISC = INT_PROGRAM;
    FMA = PAGE;
    FMD = 0;
    FMC = FMC_WRITE;
    expect(FMC & FMC_WRITE, 0);
    expect(WORD(0), 0x12340000);
    expect(FCRIS, 0);

    /* All of it, but no more, is wiped again. */
    program(PAGE_SIZE, 0x55555555);
    behind = WORD(PAGE_SIZE);
    FCMISC = INT_PROGRAM;
    FCIM = INT_PROGRAM;
    FMA = PAGE;
    FMC = FMC_WRKEY | FMC_ERASE;
    sleep_until(ends == 2);
    expect(WORD(0), 0xFFFFFFFF);
    expect(WORD(PAGE_SIZE - 4), 0xFFFFFFFF);
    expect(WORD(PAGE_SIZE), behind);
    no_interrupt(IRQ_FLASH_CTRL);
    FCIM = 0;
}
