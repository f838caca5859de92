/* Flash: unlocking, erasing, programming, the interrupt at the end, what is refused. */
#include "checks.h"

#define PAGE(offset) REG32(FLASH_PAGE + (offset))

static volatile uint32_t ends;

#if FLASH_F1

/* F0, F1, F3: pages, halfwords (PM0075 3) */
#define FLASH_KEYR REG32(FLASH + 0x04)
#define FLASH_SR REG32(FLASH + 0x0C)
#define FLASH_CR REG32(FLASH + 0x10)
#define FLASH_AR REG32(FLASH + 0x14)
#define SR_BSY (1u << 0)
#define SR_PGERR (1u << 2)
#define SR_EOP (1u << 5)
#define SR_ERRORS (1u << 2 | 1u << 4)
#define CR_PG (1u << 0)
#define CR_PER (1u << 1)
#define CR_STRT (1u << 6)
#define CR_LOCK (1u << 7)
#define CR_ERRIE (1u << 10)
#define CR_EOPIE (1u << 12)
#define ERASED 0xFFFFFFFF

static void erase(void)
{
    FLASH_CR = CR_PER | CR_EOPIE;
    FLASH_AR = FLASH_PAGE;
    FLASH_CR |= CR_STRT;
    wait_for(!(FLASH_SR & SR_BSY));
    FLASH_CR = 0;
}

static void program(uint32_t offset, uint32_t word)
{
    FLASH_CR = CR_PG;
    for (uint32_t half = 0; half < 4; half += 2) {
        *(volatile uint16_t *)(FLASH_PAGE + offset + half) = (uint16_t)(word >> half * 8);
        wait_for(!(FLASH_SR & SR_BSY));
    }
    FLASH_CR = 0;
}

/* What is programmed cannot be programmed again, but to zero. */
static void refused(void)
{
    FLASH_SR = SR_EOP | SR_ERRORS;
    FLASH_CR = CR_PG;
    *(volatile uint16_t *)FLASH_PAGE = 0x1111;
    wait_for(!(FLASH_SR & SR_BSY));
    expect(FLASH_SR & SR_ERRORS, SR_PGERR);
    expect(PAGE(0), 0xCAFEBABE);
    FLASH_SR = SR_ERRORS;
    expect(FLASH_SR & SR_ERRORS, 0);
    *(volatile uint16_t *)FLASH_PAGE = 0;
    wait_for(!(FLASH_SR & SR_BSY));
    expect(PAGE(0), 0xCAFE0000);
    expect(FLASH_SR & SR_ERRORS, 0);
    FLASH_CR = 0;
}

#elif FLASH_F4

/* F2, F4: sectors, up to words (RM0090 3.9) */
#define FLASH_KEYR REG32(FLASH + 0x04)
#define FLASH_OPTKEYR REG32(FLASH + 0x08)
#define FLASH_SR REG32(FLASH + 0x0C)
#define FLASH_CR REG32(FLASH + 0x10)
#define FLASH_OPTCR REG32(FLASH + 0x14)
#define SR_EOP (1u << 0)
#define SR_WRPERR (1u << 4)
#define SR_PGSERR (1u << 7)
#define SR_BSY (1u << 16)
#define SR_ERRORS (0xFu << 4)
#define CR_PG (1u << 0)
#define CR_SER (1u << 1)
#define CR_SNB (3u << 3)
#define CR_PSIZE_32 (2u << 8)
#define CR_STRT (1u << 16)
#define CR_EOPIE (1u << 24)
#define CR_LOCK (1u << 31)
#define OPTCR_LOCK (1u << 0)
#define OPTCR_STRT (1u << 1)
#define OPTCR_NWRP3 (1u << 19)
#define ERASED 0xFFFFFFFF

static void erase(void)
{
    FLASH_CR = CR_PSIZE_32 | CR_SER | CR_SNB | CR_EOPIE;
    FLASH_CR |= CR_STRT;
    wait_for(!(FLASH_SR & SR_BSY));
    FLASH_CR = CR_EOPIE;
}

static void program(uint32_t offset, uint32_t word)
{
    FLASH_CR = CR_PSIZE_32 | CR_PG;
    PAGE(offset) = word;
    wait_for(!(FLASH_SR & SR_BSY));
    FLASH_CR = 0;
}

static void protect(uint32_t on)
{
    FLASH_OPTKEYR = 0x08192A3B;
    FLASH_OPTKEYR = 0x4C5D6E7F;
    expect(FLASH_OPTCR & OPTCR_LOCK, 0);
    FLASH_OPTCR = on ? FLASH_OPTCR & ~OPTCR_NWRP3 : FLASH_OPTCR | OPTCR_NWRP3;
    FLASH_OPTCR |= OPTCR_STRT;
    wait_for(!(FLASH_SR & SR_BSY));
    FLASH_OPTCR |= OPTCR_LOCK;
}

/* A sector that the option bytes protect; a store without PG. */
static void refused(void)
{
    FLASH_SR = SR_EOP | SR_ERRORS;
    PAGE(4) = 0;
    expect(FLASH_SR & SR_ERRORS, SR_PGSERR);
    FLASH_SR = SR_ERRORS;
    expect(FLASH_SR & SR_ERRORS, 0);
    protect(1);
    program(8, 0);
    expect(FLASH_SR & SR_ERRORS, SR_WRPERR);
    FLASH_SR = SR_ERRORS;
    expect(PAGE(8), ERASED);
    protect(0);
    program(8, 0x11223344);
    expect(FLASH_SR & SR_ERRORS, 0);
    expect(PAGE(8), 0x11223344);
}

#elif FLASH_L1

/* L1: pages of 256 bytes that are zero when erased, words; EEPROM (RM0038 3.9) */
#define FLASH_PECR REG32(FLASH + 0x04)
#define FLASH_PEKEYR REG32(FLASH + 0x0C)
#define FLASH_PRGKEYR REG32(FLASH + 0x10)
#define FLASH_SR REG32(FLASH + 0x18)
#define SR_BSY (1u << 0)
#define SR_EOP (1u << 1)
#define SR_ERRORS (0xFu << 8)
#define PECR_PELOCK (1u << 0)
#define PECR_PRGLOCK (1u << 1)
#define PECR_PROG (1u << 3)
#define PECR_ERASE (1u << 9)
#define PECR_EOPIE (1u << 16)
#define EEPROM REG32(0x08080010)
#define ERASED 0

static void erase(void)
{
    FLASH_PECR |= PECR_ERASE | PECR_PROG | PECR_EOPIE;
    PAGE(0) = 0;
    wait_for(!(FLASH_SR & SR_BSY));
    FLASH_PECR &= ~(PECR_ERASE | PECR_PROG);
}

static void program(uint32_t offset, uint32_t word)
{
    FLASH_PECR &= ~PECR_EOPIE;
    PAGE(offset) = word;
    wait_for(!(FLASH_SR & SR_BSY));
}

static void refused(void)
{
    /* The EEPROM, which needs no erasing. */
    EEPROM = 0x12345678;
    wait_for(!(FLASH_SR & SR_BSY));
    expect(EEPROM, 0x12345678);
    EEPROM = 0x87654321;
    wait_for(!(FLASH_SR & SR_BSY));
    expect(EEPROM, 0x87654321);
    expect(FLASH_SR & SR_ERRORS, 0);
}

#elif FLASH_L4

/* L4: pages of 2 KiB, double words (RM0351 3.7) */
#define FLASH_KEYR REG32(FLASH + 0x08)
#define FLASH_SR REG32(FLASH + 0x10)
#define FLASH_CR REG32(FLASH + 0x14)
#define SR_EOP (1u << 0)
#define SR_PROGERR (1u << 3)
#define SR_SIZERR (1u << 6)
#define SR_PGSERR (1u << 7)
#define SR_BSY (1u << 16)
#define SR_ERRORS (0x3Fu << 3)
#define CR_PG (1u << 0)
#define CR_PER (1u << 1)
#define CR_PNB(page) ((page) << 3)
#define CR_STRT (1u << 16)
#define CR_EOPIE (1u << 24)
#define CR_LOCK (1u << 31)
#define ERASED 0xFFFFFFFF

static void erase(void)
{
    FLASH_CR = CR_PER | CR_PNB((FLASH_PAGE - 0x08000000) / 2048) | CR_EOPIE;
    FLASH_CR |= CR_STRT;
    wait_for(!(FLASH_SR & SR_BSY));
    FLASH_CR = CR_EOPIE;
}

static void program(uint32_t offset, uint32_t word)
{
    FLASH_CR = CR_PG;
    PAGE(offset * 2) = word;
    PAGE(offset * 2 + 4) = ~word;
    wait_for(!(FLASH_SR & SR_BSY));
    FLASH_CR = 0;
}

static void refused(void)
{
    FLASH_SR = SR_EOP | SR_ERRORS;
    /* What is not erased; what is not a double word; a store without PG. */
    program(0, 0x11111111);
    expect(FLASH_SR & SR_PROGERR, SR_PROGERR);
    expect(PAGE(0), 0xCAFEBABE);
    FLASH_SR = SR_ERRORS;
    FLASH_CR = CR_PG;
    *(volatile uint16_t *)(FLASH_PAGE + 64) = 0;
    expect(FLASH_SR & SR_SIZERR, SR_SIZERR);
    FLASH_SR = SR_ERRORS;
    FLASH_CR = 0;
    PAGE(64) = 0;
    expect(FLASH_SR & SR_PGSERR, SR_PGSERR);
    FLASH_SR = SR_ERRORS;
    expect(PAGE(64), ERASED);
    expect(FLASH_SR & SR_ERRORS, 0);
}

#endif

static void end_of_operation(void)
{
    expect(FLASH_SR & SR_EOP, SR_EOP);
    FLASH_SR = SR_EOP;
    ends++;
}

void check_flash(void)
{
    ends = 0;
#if FLASH_L1
    expect(FLASH_PECR & (PECR_PELOCK | PECR_PRGLOCK), PECR_PELOCK | PECR_PRGLOCK);
    FLASH_PEKEYR = 0x89ABCDEF;
    FLASH_PEKEYR = 0x02030405;
    FLASH_PRGKEYR = 0x8C9DAEBF;
    FLASH_PRGKEYR = 0x13141516;
    expect(FLASH_PECR & (PECR_PELOCK | PECR_PRGLOCK), 0);
#else
    expect(FLASH_CR & CR_LOCK, CR_LOCK);
    FLASH_CR |= CR_PG;
    expect(FLASH_CR & CR_PG, 0);
    FLASH_KEYR = 0x45670123;
    FLASH_KEYR = 0xCDEF89AB;
    expect(FLASH_CR & CR_LOCK, 0);
#endif
    on_interrupt(IRQ_FLASH, end_of_operation);
    erase();
    wait_for(ends == 1);
    no_interrupt(IRQ_FLASH);
    expect(PAGE(0), ERASED);
    program(0, 0xCAFEBABE);
    program(4, 0x0BADF00D);
    expect(PAGE(0), 0xCAFEBABE);
#if FLASH_L4
    expect(PAGE(8), 0x0BADF00D);
#else
    expect(PAGE(4), 0x0BADF00D);
#endif
    expect(FLASH_SR & SR_ERRORS, 0);
    refused();
    erase();
    expect(PAGE(0), ERASED);
    expect(PAGE(4), ERASED);
#if FLASH_L1
    FLASH_PECR |= PECR_PELOCK;
    expect(FLASH_PECR & (PECR_PELOCK | PECR_PRGLOCK), PECR_PELOCK | PECR_PRGLOCK);
#else
    FLASH_CR |= CR_LOCK;
    expect(FLASH_CR & CR_LOCK, CR_LOCK);
#endif
}
