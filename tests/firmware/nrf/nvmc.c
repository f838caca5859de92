/* NVMC: a page behind the program is erased, written and erased again. */
#include "checks.h"

/* 6.2; 4.3 */
#define NVMC PERIPHERAL(ID_NVMC)
#define READY REG32(NVMC + 0x400)
#define CONFIG REG32(NVMC + 0x504)
#define ERASEPAGE REG32(NVMC + 0x508)
#define CONFIG_REN 0
#define CONFIG_WEN 1
#define CONFIG_EEN 2
#define PAGE 0x20000
#ifdef NRF51
#define PAGE_SIZE 0x400
#else
#define PAGE_SIZE 0x1000
#endif

static void configure(uint32_t config)
{
    wait_for(READY & 1);
    CONFIG = config;
    expect(CONFIG, config);
}

static void erase(uint32_t address)
{
    configure(CONFIG_EEN);
    ERASEPAGE = address;
    wait_for(READY & 1);
    configure(CONFIG_REN);
}

static void write(uint32_t address, uint32_t value)
{
    configure(CONFIG_WEN);
    REG32(address) = value;
    wait_for(READY & 1);
    configure(CONFIG_REN);
}

void check_nvmc(void)
{
    erase(PAGE);
    erase(PAGE + PAGE_SIZE);
    expect(REG32(PAGE), ALL);
    write(PAGE, 0x12345678);
    write(PAGE + PAGE_SIZE - 4, 0xCAFE0000);
    write(PAGE + PAGE_SIZE, 0x89ABCDEF);
    expect(REG32(PAGE), 0x12345678);
    expect(REG32(PAGE + 4), ALL);
    /* Bits can only be cleared. */
    write(PAGE, 0xFFFF00FF);
    expect(REG32(PAGE), 0x12340078);
    /* Only the page. */
    erase(PAGE);
    expect(REG32(PAGE), ALL);
    expect(REG32(PAGE + PAGE_SIZE - 4), ALL);
    expect(REG32(PAGE + PAGE_SIZE), 0x89ABCDEF);
    erase(PAGE + PAGE_SIZE);
    expect(REG32(PAGE + PAGE_SIZE), ALL);
}
