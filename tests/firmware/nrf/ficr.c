/* FICR: what the chip is. UICR: words for the customer. */
#include "checks.h"

/* 7.1, 8.1; 4.4.1, 4.5.1 */
#define FICR 0x10000000
#define CODEPAGESIZE REG32(FICR + 0x010)
#define CODESIZE REG32(FICR + 0x014)
#define NUMRAMBLOCK REG32(FICR + 0x034)
#define SIZERAMBLOCKS REG32(FICR + 0x038)
#define DEVICEADDRTYPE REG32(FICR + 0x0A0)
#define INFO_PART REG32(FICR + 0x100)
#define INFO_RAM REG32(FICR + 0x10C)
#define INFO_FLASH REG32(FICR + 0x110)
#define UICR 0x10001000
#define CUSTOMER(n) REG32(UICR + 0x080 + 4 * (n))
#define NVMC_READY REG32(PERIPHERAL(ID_NVMC) + 0x400)
#define NVMC_CONFIG REG32(PERIPHERAL(ID_NVMC) + 0x504)

void check_ficr(void)
{
    uint32_t size = CODESIZE;

#ifdef NRF51
    expect(CODEPAGESIZE, 0x400);
    expect(size, 256);
    expect(NUMRAMBLOCK * SIZERAMBLOCKS, 16 * 1024);
#else
    expect(CODEPAGESIZE, 0x1000);
    expect(size, 256);
    expect(INFO_PART, 0x52840);
    expect(INFO_RAM, 256);
    expect(INFO_FLASH, 1024);
#endif

    /* A word that is written twice the same is the same. */
    for (uint32_t i = 0; i < 2; i++) {
        NVMC_CONFIG = 1;
        CUSTOMER(31) = 0x600DF00D;
        wait_for(NVMC_READY & 1);
        NVMC_CONFIG = 0;
        expect(CUSTOMER(31), 0x600DF00D);
    }
}
